//! Which conditions of a recording of Go's tests are others now, asked without building.

use skiptrace_engine::recording::EnvironmentKey;
use skiptrace_indexers::record::go::{Question, conditions};
use skiptrace_indexers::run::watch::Watch;
use skiptrace_tests::go_project::GoProject;

use crate::PROGRAM;

/// Returns the names of what differs now from a recording.
fn differing(project: &GoProject, cwd: &str, words: Option<&str>, recorded: &EnvironmentKey) -> String {
    let root = project.sandbox.work();
    let words: Option<Vec<String>> = words.map(|words| words.split_whitespace().map(str::to_owned).collect());
    let question = Question {
        words: words.as_deref(),
        cwd: &root.join(cwd),
        variables: &std::env::vars_os().collect(),
        repository: &root,
        watch: &Watch::interrupted_by(Default::default()),
    };
    let differences = conditions(&question, recorded).unwrap();
    differences.into_iter().map(|difference| difference.part).collect::<Vec<_>>().join(" ")
}

#[test]
fn conditions_are_known_before_a_build() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&[
        ("m/go.mod", "module example.org/p\n\ngo 1.20\n"),
        ("m/p/p.go", "package p\n\nfunc One() int {\n\treturn 1\n}\n"),
        (
            "m/p/p_test.go",
            "package p\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fail()\n\t}\n}\n",
        ),
    ]);
    let folder = project.sandbox.work().join("m");
    let record = |words: &str| {
        let recorded = project.record_from(&folder, &[], words);
        recorded.index.recordings()[0].environment.clone()
    };
    let plain = record("go test ./...");
    assert_eq!(plain.parts.get("folder").map(String::as_str), Some("m"));
    assert_eq!(plain.parts.get("arguments"), None);
    // From wherever it is asked.
    for cwd in ["", "m", "m/p"] {
        assert_eq!(differing(&project, cwd, None, &plain), "", "{cwd}");
    }
    assert_eq!(differing(&project, "m", Some("go test -v ./p"), &plain), "");
    assert_eq!(differing(&project, "m", Some("go test -tags=x -short ./p"), &plain), "tags test arguments");
    assert_eq!(differing(&project, "", Some("go test -C m ./..."), &plain), "");

    let tagged = record("go test -tags=b,a -ldflags=-s -race=false ./... -args x");
    assert_eq!(differing(&project, "", None, &tagged), "");
    assert_eq!(
        differing(&project, "m", Some("go test -tags a,b -ldflags -s -race=false ./p -args x"), &tagged),
        ""
    );
    let told = differing(&project, "m", Some("go test ./..."), &tagged);
    assert_eq!(told, "flags tags test arguments");

    // What nobody can know to be the same, and what is another machine's.
    let mut other = plain.clone();
    other.parts.insert("go".to_owned(), "go1.1".to_owned());
    other.parts.insert("$SOMETHING".to_owned(), "x".to_owned());
    assert_eq!(differing(&project, "", None, &other), "$SOMETHING go");
}
