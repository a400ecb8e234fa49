//! Recording again after the project has changed, in the same target folder.

use skiptrace_engine::codec::encode;
use skiptrace_engine::id::SetId;
use skiptrace_engine::path::RepoPath;

use super::*;

#[test]
fn what_is_gone_leaves_no_trace() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let first = project.record(&[], "cargo test");
    assert_eq!(first.check_exact(&[]), 3);

    // 1. A function changes.
    let text = project.sandbox.read("src/minus.rs").replace("a - b", "a.checked_sub(b).unwrap()");
    project.commit(&[("src/minus.rs", &text)]);
    assert_eq!(project.record(&[], "cargo test").check_exact(&[]), 3);

    // 2. A module goes.
    let text = project.sandbox.read("src/lib.rs");
    let text =
        text.replace("pub mod minus;\n", "").replace("crate::minus::minus(", "std::convert::identity(");
    let text = text
        .replace("identity(3, 2)", "identity(1)")
        .replace("crate::plus::plus(3, 2), 2), 3)", "crate::plus::plus(1, 2)), 3)");
    std::fs::remove_file(project.sandbox.work().join("src/minus.rs")).unwrap();
    project.commit(&[("src/lib.rs", &text)]);
    let recorded = project.record(&[], "cargo test");
    assert_eq!(recorded.check_exact(&[]), 3, "{}", recorded.output.snapshot());
    let looked_into = recorded.index.files().iter().filter(|file| !recorded.index.is_by_blob(file));
    let paths: Vec<&str> = looked_into.map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            ".git/listed",
            "Cargo.lock",
            "Cargo.toml",
            "src/lib.rs",
            "src/plus.rs",
            "truth/Cargo.toml",
            "truth/src/lib.rs"
        ]
    );

    // 3. The crate has another name.
    let text = project.sandbox.read("Cargo.toml").replace("name = \"small\"", "name = \"tiny\"");
    project.commit(&[("Cargo.toml", &text)]);
    let mut runners = vec!["cargo test"];
    if require("cargo-nextest").is_some() {
        runners.push("cargo nextest run");
    }
    for runner in runners {
        let recorded = project.record(&[], runner);
        assert_eq!(recorded.check_exact(&[]), 3, "{}", recorded.output.snapshot());
        assert!(recorded.index.tests().iter().all(|test| &*test.key.suite == "tiny"), "{}", recorded.tests());
    }

    // 4. A module moves into a crate of its own.
    std::fs::remove_file(project.sandbox.work().join("src/plus.rs")).unwrap();
    let lib = project.sandbox.read("src/lib.rs").replace("pub mod plus;", "pub use plus;");
    let manifest =
        project.sandbox.read("Cargo.toml").replace("truth = {", "plus = { path = \"plus\" }\ntruth = {");
    project.commit(&[
        ("plus/Cargo.toml", "[package]\nname = \"plus\"\nedition = \"2021\"\n[dependencies]\ntruth = { path = \"../truth\" }\n"),
        ("plus/src/lib.rs", "pub fn plus(a: u32, b: u32) -> u32 {\n    truth::hit(\"plus\");\n    a + b\n}\n"),
        ("src/lib.rs", &lib),
        ("Cargo.toml", &manifest),
    ]);
    let recorded = project.record(&[], "cargo test");
    assert_eq!(recorded.check_exact(&[]), 3, "{}", recorded.output.snapshot());
    assert_eq!(recorded.files(recorded.test("tests::adds").0).len(), 3);
}

#[test]
fn what_nothing_touched_is_taken_over() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let looks = "#[test]\nfn looks() {\n    truth::test(\"looks\");\n    \
                 assert!(std::fs::read_to_string(\"src/minus.rs\").unwrap().contains(\"minus\"));\n}\n";
    project.commit(&[("tests/looks.rs", looks)]);
    let mut runners = vec!["cargo test"];
    if require("cargo-nextest").is_some() {
        runners.push("cargo nextest run");
    }
    for (round, runner) in (1..).zip(runners) {
        let first = project.record(&["--jobs", "1"], runner);
        let names_of = |set: SetId| -> Vec<String> {
            first
                .index
                .set(set)
                .iter()
                .map(|id| first.index.tests()[id.index()].key.name.to_string())
                .collect()
        };
        let minus = RepoPath::new("src/minus.rs").unwrap();
        // Whoever reads the sources depends on them, executed or not.
        let readers = names_of(first.index.file(&minus).unwrap().1.opened);
        assert!(readers.contains(&"looks".to_owned()), "{readers:?}");
        // Whoever ran at about the same moment may be among them: more run again, never fewer.

        let base = project.sandbox.path().join("base.idx");
        std::fs::write(&base, encode(&first.index).unwrap()).unwrap();
        let update = ["--jobs", "1", "--update", base.to_str().unwrap()];
        let again = project.record(&update, runner);
        assert!(again.output.stderr().contains("taking over 4 tests"), "{}", again.output.snapshot());
        assert_eq!(again.index.tests().len(), 4);

        let text = format!(
            "pub fn minus(a: u32, b: u32) -> u32 {{\n    truth::hit(\"minus\");\n    (a + {round}) - (b + {round})\n}}\n"
        );
        project.commit(&[("src/minus.rs", &text)]);
        let changed = project.record(&update, runner);
        let said = changed.output.stderr();
        let taken_over = ["taking over 0 tests", "taking over 1 test from"];
        assert!(taken_over.iter().any(|words| said.contains(words)), "{}", changed.output.snapshot());
        assert!(["tests::adds", "tests::subtracts", "looks"].iter().all(|name| changed.proves(name)));
        assert_eq!(changed.index.recordings().len(), 1);
        let (adds, _) = changed.test("tests::adds");
        assert!(changed.files(adds).contains("src/plus.rs"), "{:?}", changed.files(adds));
        assert!(!changed.files(adds).contains("src/minus.rs"));

        // What nobody knows the readers of may concern every test.
        let notes = format!("notes-{round}.txt");
        project.commit(&[(&notes, "new")]);
        let unknown = project.record(&update, runner);
        let said = unknown.output.stderr();
        assert!(said.contains("everything is recorded again") && said.contains(&notes), "{said}");
    }
}
