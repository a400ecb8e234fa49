//! Recording Go modules again after something changed in them.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use skiptrace_engine::codec::encode;
use skiptrace_tests::Recorded;
use skiptrace_tests::go_project::{GoProject, check};
use skiptrace_tests::tools::require;

use crate::PROGRAM;

const ALL: usize = 16;

/// Puts a program before the go tool that writes down what the go tool is told.
fn listen(project: &mut GoProject) -> Option<()> {
    let go = require("go")?;
    let bin = project.sandbox.home().join("bin");
    let script = format!("#!/bin/sh\necho \"$@\" >> \"$HOME/go.log\"\nexec {} \"$@\"\n", go.display());
    project.sandbox.write(bin.join("go"), &script);
    std::fs::set_permissions(bin.join("go"), PermissionsExt::from_mode(0o755)).unwrap();
    project.sandbox.var("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    Some(())
}

/// Records what changed since `base`, and returns what ran.
fn update(project: &GoProject, base: &Recorded) -> (Recorded, BTreeSet<String>, String) {
    let file = project.sandbox.path().join("base.idx");
    std::fs::write(&file, encode(&base.index).unwrap()).unwrap();
    let log = project.sandbox.home().join("go.log");
    let _ = std::fs::remove_file(&log);
    // Who runs side by side counts as the reader of each other's files.
    let options = ["--jobs", "1", "--update", file.to_str().unwrap()];
    let recorded = project.record(&options, "go test ./...");
    assert_eq!(recorded.index.tests().len(), ALL, "{}", recorded.output.snapshot());
    assert!(recorded.index.tests().iter().all(|test| test.can_prove()), "{}", recorded.output.snapshot());
    let ran = recorded.truth.keys().filter(|name| !name.starts_with("before ")).cloned().collect();
    let log = std::fs::read_to_string(log).unwrap();
    let told = log.lines().find(|line| line.starts_with("test ")).unwrap_or_default().to_owned();
    assert_eq!(project.status(), "");
    (recorded, ran, told)
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_a_change_touches_is_recorded_again() {
    let Some(mut project) = GoProject::of_fixture(PROGRAM, "go_changes") else { return };
    if listen(&mut project).is_none() {
        return;
    }
    project.add_truth("truth");
    project.commit(&[]);
    let first = project.record(&["--jobs", "1"], "go test ./...");
    assert_eq!(check(&first, &["Give"], &[]), ALL, "{}", first.output.snapshot());

    // 1. Nothing.
    let (same, ran, told) = update(&project, &first);
    assert_eq!((ran, &*told), (names(&[]), ""), "{}", same.output.snapshot());

    // 2. One of each, each in packages of its own.
    project.edit("body/body.go", "return 1", "return 1 + 0");
    project.edit("consts/consts.go", "Size = 3", "Size = 5");
    project.edit("wire/wire.go", "json:\"id\"", "json:\"ID\"");
    project.edit("assets/page.html", "<p>", "<br>");
    project.edit("outer/outer.go", "}\n", "}\n\nfunc (Outer) Name() string { return \"outer\" }\n");
    project.edit(
        "printed/printed.go",
        "int\n",
        "int\n\nfunc (m Money) String() string { return \"much\" }\n",
    );
    project.edit("data/testdata/data.txt", "data", "other data");
    project.edit("data/testdata/many/1", "1", "2");
    project.edit("start/start.go", "Started = 1", "Started = 2");
    project.sandbox.var("EDIT_FLAVOUR", "sour");
    project.commit(&[]);
    let (second, ran, told) = update(&project, &same);
    let expected = names(&[
        "TestBodyOne",
        "TestCaller",
        "TestClient",
        "TestDataListed",
        "TestDataRead",
        "TestDataVariable",
        "TestPage",
        "TestPrinter",
        "TestSized",
        "TestStarted",
    ]);
    assert!(ran.is_superset(&expected), "{ran:?}: {}", second.output.snapshot());
    // Who ran at about the same moment counts as a reader: more run again, never fewer.
    let blamed = names(&["TestDataNone", "TestDataOther"]);
    let more: BTreeSet<_> = ran.difference(&expected).cloned().collect();
    assert!(more.is_subset(&blamed), "{more:?}: {}", second.output.snapshot());
    // Packages of which no test runs are not even built.
    let packages: BTreeSet<&str> =
        told.split(' ').filter_map(|word| word.strip_prefix("example.org/edit/")).collect();
    let built = ["body", "caller", "client", "data", "page", "printer", "sized", "started"];
    assert_eq!(packages, built.into(), "{told}");
    check(&second, &["Give", "Outer.Name", "Money.String"], &[]);

    // 3. Comments, and a function in another place.
    let text = project.sandbox.read("body/body.go");
    let (head, two) = text.split_once("func Two").unwrap();
    let one = format!("// Two is first.\nfunc Two{two}\n// One is last.\nfunc One");
    project.commit(&[("body/body.go", &head.replacen("func One", &one, 1))]);
    project.edit("calm/calm.go", "Calm is calm", "Calm is very calm");
    project.commit(&[]);
    let (third, ran, told) = update(&project, &second);
    assert_eq!((ran, &*told), (names(&[]), ""), "{}", third.output.snapshot());

    // 4. Another version of a module, then something that is said of it for the first time.
    project.edit("go.mod", "example.org/dep v0.0.1", "example.org/dep v0.0.2");
    project.commit(&[]);
    let (fourth, ran, _) = update(&project, &third);
    assert_eq!(ran, names(&["TestTakesDep"]), "{}", fourth.output.snapshot());
    project.edit(
        "go.mod",
        "replace example.org/other",
        "exclude example.org/other v0.0.9\n\nreplace example.org/other",
    );
    project.commit(&[]);
    let (fourth, ran, _) = update(&project, &fourth);
    assert_eq!(ran, names(&["TestTakesOther"]), "{}", fourth.output.snapshot());
    check(&fourth, &["Give", "Outer.Name", "Money.String"], &[]);

    // 5. A file that nobody knows.
    project.commit(&[("body/more.go", "package body\n\nfunc init() {}\n")]);
    let (fifth, ran, _) = update(&project, &fourth);
    assert!(ran.is_superset(&names(&["TestBodyOne", "TestBodyTwo"])), "{}", fifth.output.snapshot());
}
