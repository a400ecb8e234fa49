//! The go tool, with our program before its test binaries.

use std::collections::BTreeMap;

use skiptrace_indexers::run::go::shim;
use skiptrace_indexers::select::go::Go;

use super::*;

const NOTE: &str = r#"package PACKAGE

import (
	"os"
	"testing"
)

func note(t *testing.T) {
	log, err := os.OpenFile(os.Getenv("LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString("e.org/m/PACKAGE\x00" + t.Name() + "\x00"); err != nil {
		t.Fatal(err)
	}
}
"#;

/// Returns a package whose tests are called so; one has a subtest for each of `subtests`.
fn package(name: &str, tests: &[String], subtests: &[&str]) -> String {
    let mut text = NOTE.replace("PACKAGE", name);
    for test in tests {
        text.push_str(&format!("func {test}(t *testing.T) {{ note(t) }}\n"));
    }
    if !subtests.is_empty() {
        let quoted: Vec<String> = subtests.iter().map(|name| serde_json::to_string(name).unwrap()).collect();
        text.push_str(&format!(
            "func TestSubs(t *testing.T) {{\n\tfor _, name := range []string{{{}}} {{\n\t\tt.Run(name, func(t *testing.T) \
             {{ note(t) }})\n\t}}\n}}\n",
            quoted.join(", ")
        ));
    }
    text
}

struct Module {
    project: Project,
    exec: String,
}

impl Module {
    fn new(packages: &[(&str, String)]) -> Option<Module> {
        let example = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/go_exec");
        if !has("go", &["version"]) {
            return None;
        }
        if !example.is_file() {
            skipped("the examples are not built (`cargo test --examples` builds them)");
            return None;
        }
        let project = Project::new(&[("go.mod", "module e.org/m\n\ngo 1.22\n")]);
        for (name, text) in packages {
            fs::create_dir(project.path(name)).unwrap();
            fs::write(project.path(&format!("{name}/x_test.go")), text).unwrap();
        }
        let tools = project.path("our tools");
        fs::create_dir(&tools).unwrap();
        let exec = shim::link(&example, &tools).unwrap().to_str().unwrap().to_owned();
        Some(Module { project, exec })
    }

    fn tell(&self, choice: &Choice<'_>, form: Form, folders: &BTreeMap<String, PathBuf>) -> Rendered {
        let go = Go { exec: &self.exec, chain: &[], run: None, folders };
        self.project.tell(&Format::Go(go), choice, form)
    }

    fn run(&self, rendered: &Rendered, more: &[&str]) -> BTreeSet<TestName> {
        let mut command = Command::new("go");
        command.args(["test", "-count=1"]).args(more).args(&rendered.arguments).arg("./...");
        command.env_remove("GOFLAGS").env("GOWORK", "off");
        let (output, ran) = self.project.run(&mut command, rendered);
        assert!(output.status.success(), "{}", both(&output));
        ran
    }
}

#[test]
fn go_runs_exactly_what_is_left() {
    let identifiers = [
        "Test",
        "TestA",
        "TestAB",
        "Test_é",
        "TestÉ",
        "Test_",
        "Test名前",
        "Test1",
        "TestA_B",
        "TestABC",
        "Test_a",
        "Test_ab",
        "TestX",
    ];
    let tests: Vec<String> = identifiers.iter().map(|&name| name.to_owned()).collect();
    // What they are called is told by the tests; a name of a part is not told from that of its sibling with a
    // slash.
    let subtests: Vec<&str> =
        AWKWARD.iter().copied().chain(["", "a", "a", "a\nb", "\x07", "\u{200b}"]).collect();
    let subtests: Vec<&str> = subtests.into_iter().filter(|name| !name.contains('/')).collect();
    let Some(module) = Module::new(&[
        ("p", package("p", &tests, &subtests)),
        ("q", package("q", &tests[3..], &[])),
        ("new", package("new", &tests[..2], &[])),
    ]) else {
        return;
    };
    let everything = module.run(&Rendered::default(), &[]);
    assert!(everything.len() > 60, "{everything:?}");
    let in_p = module.project.path("p");
    for seed in 1..5 {
        // A package that nobody knows runs whole; folders are known or told by the binary.
        let (strange, known): (BTreeSet<_>, BTreeSet<_>) =
            everything.iter().cloned().partition(|test| &*test.suite == "e.org/m/new");
        let mut halves = halves(&known, seed);
        let folders = match seed % 2 {
            0 => BTreeMap::from([("e.org/m/p".to_owned(), in_p.clone())]),
            _ => BTreeMap::new(),
        };
        // Strangers among subtests keep all of their siblings.
        halves.run.append(&mut halves.strange);
        halves.run.sort();
        let halves = halves.with_stale("e.org/m/q", 20).with_stale("e.org/m/gone", 1);
        let rendered = module.tell(&halves.choice(Strangers::Leave), Form::Skip, &folders);
        assert_eq!(rendered.kept, 0, "{rendered:?}");
        let expected: BTreeSet<TestName> = halves.run.iter().chain(&strange).cloned().collect();
        assert_eq!(module.run(&rendered, &[]), expected, "{rendered:?}");
        // The user's own words stay.
        let only = expected.iter().filter(|test| test.name.starts_with("TestA")).cloned().collect();
        assert_eq!(module.run(&rendered, &["-skip=^Test_|^Test1$|Test[^A]|^Test$"]), only);
        // Where strangers run, subtests run with the test that they belong to.
        let rendered = module.tell(&halves.choice(Strangers::Run), Form::Skip, &folders);
        let is_sub = |test: &&TestName| test.name.contains('/');
        let kept: Vec<&TestName> = halves.skip.iter().filter(is_sub).collect();
        assert_eq!(rendered.kept, kept.len());
        assert_eq!(module.run(&rendered, &[]), expected.iter().chain(kept).cloned().collect());
        // And what is to run can be told as well.
        let rendered = module.tell(&halves.choice(Strangers::Leave), Form::Run, &folders);
        assert_eq!(module.run(&rendered, &[]), expected, "{rendered:?}");
    }
    let all: Vec<TestName> = everything.iter().cloned().collect();
    let choice = Choice { run: &[], skip: &all, strangers: Strangers::Leave };
    for form in [Form::Skip, Form::Run] {
        let rendered = module.tell(&choice, form, &BTreeMap::new());
        assert!(rendered.empty && module.run(&rendered, &[]).is_empty());
    }
}

#[test]
fn go_leaves_out_thousands_of_tests() {
    let tests: Vec<String> = (0..5000)
        .map(|n| format!("TestWithANameThatIsLongEnoughForFiveThousandNotToFit_{}", n * 7919))
        .collect();
    let Some(module) =
        Module::new(&[("p", package("p", &tests, &[])), ("q", package("q", &tests[..2], &[]))])
    else {
        return;
    };
    let everything: BTreeSet<TestName> = tests
        .iter()
        .map(|name| TestName::new("e.org/m/p", name.as_str()))
        .chain(tests[..2].iter().map(|name| TestName::new("e.org/m/q", name.as_str())))
        .collect();
    let halves = halves(&everything, 7);
    let rendered = module.tell(&halves.choice(Strangers::Run), Form::Skip, &BTreeMap::new());
    assert_eq!(rendered.kept, 0);
    let ran = module.run(&rendered, &[]);
    assert_eq!(ran, halves.with_strangers());
}
