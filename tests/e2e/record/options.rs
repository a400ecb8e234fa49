//! What can be asked of a recording, and how it ends.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use skiptrace_engine::codec::decode;
use skiptrace_engine::record::{Outcome, Problem};
use skiptrace_engine::unit::UnitKind;

use super::*;

fn runners() -> Vec<&'static str> {
    let mut runners = vec!["cargo test"];
    if require("cargo-nextest").is_some() {
        runners.push("cargo nextest run");
    }
    runners
}

#[test]
fn recordings_in_the_store() {
    let mut project = CargoProject::of_fixture(PROGRAM, "small");
    let record = ["record", "--json", "--", "cargo", "test", "-p", "small"];
    for (length, name) in [("--short=40", "$COMMIT"), ("--short=12", "$SHORT")] {
        let id = project.sandbox.repo().git(["rev-parse", length, "HEAD"]);
        project.sandbox.redactor.replace(id, name);
    }
    let first = project.sandbox.skiptrace(record).success();
    let mut document: serde_json::Value = serde_json::from_str(&first.stdout()).unwrap();
    assert!(document["bytes"].take().as_u64().is_some_and(|bytes| bytes > 500), "{document}");
    assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
    {
      "bytes": null,
      "carried": 0,
      "clean": true,
      "commit": "$COMMIT",
      "complete": true,
      "failed": [],
      "file": null,
      "files": 7,
      "flaky": [],
      "ignored": 4,
      "job": "default",
      "key": "skiptrace/v1/function/$COMMIT/default/1-of-1.idx",
      "kind": "function",
      "missing": [],
      "opaque": [],
      "passed": 3,
      "schema": "skiptrace/record@1",
      "shard": "1/1",
      "store": "$DIR/work/.git/skiptrace/store",
      "tests": 3,
      "unsettled": [],
      "unstable": []
    }
    "#);
    assert_snapshot!(project.sandbox.skiptrace(["record", "--", "cargo", "test"]).code(2).stderr(), @"
    error: `$DIR/work/.git/skiptrace/store` has an index of `$SHORT` for job `default` already
    hint: --replace puts a new one in its place, --output FILE writes it to a file
    ");
    let replace = ["record", "--replace", "-q", "--", "cargo", "test", "-p", "small"];
    assert_eq!(project.sandbox.skiptrace(replace).success().stdout(), "");
    let shown = project.sandbox.skiptrace(["index", "show", "--tests"]).success().stdout();
    assert!(shown.contains("tests::adds"), "{shown}");
    assert_eq!(project.status(), "");
}

#[test]
fn parts_make_a_whole() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let names = |index: &skiptrace_engine::index::Index| -> BTreeSet<String> {
        index.tests().iter().map(|test| test.key.to_string()).collect()
    };
    for runner in runners() {
        let whole = project.record(&[], runner);
        assert_eq!(whole.check_exact(&[]), 3);
        let mut parts = Vec::new();
        for shard in ["1/2", "2/2"] {
            let part = project.record(&["--shard", shard], runner);
            part.check_exact(&[]);
            assert!(part.index.tests().len() < 3, "{}", part.tests());
            let name = format!("{}.idx", &shard[..1]);
            std::fs::copy(project.sandbox.path().join("recorded.idx"), project.sandbox.home().join(&name))
                .unwrap();
            parts.push(project.sandbox.home().join(name));
        }
        let merged = project.sandbox.home().join("merged.idx");
        let args = ["index", "merge", "-o"].map(std::path::PathBuf::from);
        let _ = project.sandbox.skiptrace(args.into_iter().chain([merged.clone()]).chain(parts)).success();
        let merged = decode(&*std::fs::read(merged).unwrap()).unwrap();
        assert_eq!(names(&merged), names(&whole.index));
    }
}

#[test]
fn places_and_command_lines() {
    let project = CargoProject::of_fixture_in(PROGRAM, "small", "ein Ort/ü");
    let work = project.sandbox.work();
    let link = project.sandbox.path().join("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&work, &link).unwrap();
    let mut ways = vec![
        (work.join("ein Ort/ü/src"), "cargo test", 3),
        (link.join("ein Ort/ü"), "cargo test --lib -- --test-threads=1 --nocapture", 3),
        (work.join("ein Ort"), "cargo test --manifest-path ü/Cargo.toml -q adds", 1),
        (work.join("ein Ort/ü"), "cargo t s -- --skip subtracts --format terse", 2),
        (work.join("ein Ort/ü"), "cargo test -- --exact tests::adds", 1),
    ];
    if require("cargo-nextest").is_some() {
        ways.push((work.join("ein Ort/ü/src"), "cargo nextest run", 3));
        ways.push((link.join("ein Ort"), "cargo nextest run --manifest-path=ü/Cargo.toml adds", 1));
    }
    for (from, runner, expected) in ways {
        let recorded = project.record_from(&from, &[], runner);
        assert_eq!(recorded.check_exact(&[]), expected, "{runner}: {}", recorded.output.snapshot());
        let files = recorded.index.files();
        let is_there = |path: &str| path.starts_with("ein Ort/ü/") || path == ".git/listed";
        assert!(files.iter().all(|file| is_there(file.path.as_str())), "{files:?}");
        assert_eq!(project.status(), "");
    }
}

#[test]
fn kinds_and_work_trees() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    project.sandbox.write(
        "src/plus.rs",
        "pub fn plus(a: u32, b: u32) -> u32 {\n    truth::hit(\"plus\");\n    b + a\n}\n",
    );
    let recorded = project.record(&["--kind", "file", "--json", "--jobs", "1"], "cargo test");
    let document: serde_json::Value = serde_json::from_slice(recorded.output.raw_stdout()).unwrap();
    assert_eq!(document["clean"], false);
    assert_eq!(document["kind"], "file");
    assert_eq!(recorded.index.recordings()[0].tree, None);
    assert!(
        recorded.index.units().iter().all(|unit| unit.kind == UnitKind::File),
        "{:?}",
        recorded.index.units()
    );
    let (adds, _) = recorded.test("tests::adds");
    assert_eq!(recorded.files(adds), ["src/lib.rs", "src/plus.rs", "truth/src/lib.rs"].into());
    // The sources with the one that nothing executed. What cargo builds by is depended on, not compiled.
    assert_eq!(recorded.compiled(adds).len(), 4, "{:?}", recorded.compiled(adds));
}

#[test]
fn several_runs_and_tries() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let wobbly = project.record(&["--runs", "3", "--ignored"], "cargo test wobbles");
    assert_eq!(
        wobbly.test("tests::wobbles").1.health.problems().collect::<Vec<_>>(),
        [Problem::UnstableFootprint]
    );
    let (test, _) = wobbly.test("tests::wobbles");
    let executed = wobbly.executed(test, &[UnitKind::Function]);
    assert_eq!(executed, ["count", "first", "second", "third", "wobbles"].map(str::to_owned).into());

    let settled = project.record(&["--runs", "4"], "cargo test settles -- --ignored");
    assert_eq!(settled.check_exact(&[]), 1, "{}", settled.tests());
    assert!(
        settled.output.stderr().contains("did not execute the same in every run"),
        "{}",
        settled.output.stderr()
    );

    let flaky = project.record(&["--retries", "2", "--ignored"], "cargo test flickers");
    assert_eq!(flaky.test("tests::flickers").1.outcome, Outcome::Flaky);
    let flaky = flaky.output.success().stderr();
    assert!(flaky.contains("1 flaky"), "{flaky}");

    if require("cargo-nextest").is_some() {
        for name in ["flickers", "wobbles"] {
            std::fs::remove_file(project.sandbox.home().join(name)).unwrap();
        }
        let wobbly = project.record(&["--runs", "3", "--ignored"], "cargo nextest run wobbles");
        let (test, record) = wobbly.test("tests::wobbles");
        assert!(!record.can_prove(), "{}", wobbly.tests());
        assert_eq!(wobbly.executed(test, &[UnitKind::Function]), executed);
        let flaky =
            project.record(&["--retries", "2", "--ignored", "--jobs", "1"], "cargo nextest run flickers");
        assert_eq!(flaky.test("tests::flickers").1.outcome, Outcome::Flaky);
    }
}

#[test]
fn ends_without_results() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let record = |runner: &str| {
        let words = ["record", "-q", "-o", "../out.idx", "--"].into_iter().chain(runner.split_whitespace());
        project.sandbox.skiptrace(words)
    };
    for runner in runners() {
        assert_eq!(record(&format!("{runner} nothing_is_called_so")).code(4).stdout(), "", "{runner}");
    }
    project.sandbox.write("src/plus.rs", "pub fn plus() -> u32 { \"x\" }\n");
    for runner in runners() {
        let said = record(runner).code(5).stderr();
        assert!(said.contains("mismatched types") && said.contains("error: nothing was recorded"), "{said}");
    }
    project.sandbox.write("Cargo.toml", "[package\n");
    for runner in runners() {
        let said = record(runner).code(5).stderr();
        assert!(said.contains("Cargo.toml"), "{said}");
    }
    let said = record("make test").code(2).stderr();
    assert!(said.contains("cargo nextest run"), "{said}");
    std::fs::remove_file(project.sandbox.work().join("Cargo.toml")).unwrap();
    let said = project.sandbox.skiptrace(["record"]).code(2).stderr();
    assert!(said.contains("Cargo.toml"), "{said}");
}

/// Interrupts a recording while a test sleeps, as a terminal does or as a supervisor does, and returns what is left.
#[cfg(unix)]
fn interrupted(project: &CargoProject, runner: &str, whom: &str) -> Recorded {
    use std::os::unix::process::CommandExt;
    project.forget_truth();
    let file = project.sandbox.path().join("interrupted.idx");
    let mut command = project.record_command(&["--jobs", "1"], runner, &file);
    let child = command.process_group(0).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let started = std::time::Instant::now();
    while !project.truth().contains_key("sleeps") || !project.truth().contains_key("adds") {
        assert!(started.elapsed() < Duration::from_secs(60), "it never slept");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(300));
    let pid = format!("{whom}{}", child.id());
    assert!(std::process::Command::new("kill").args(["-INT", "--", &pid]).status().unwrap().success());
    let started = std::time::Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed() < Duration::from_secs(30), "it did not stop");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = project.sandbox.skiptrace(["index", "show", file.to_str().unwrap()]).success();
    assert!(shown.stdout().contains("CAN BE SKIPPED"), "{}", shown.snapshot());
    let index = decode(&*std::fs::read(&file).unwrap()).unwrap();
    Recorded { index, truth: project.truth(), output: shown }
}

#[cfg(unix)]
#[test]
fn interruptions_leave_what_is_whole() {
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let mut runners = vec!["cargo test --lib -- --include-ignored adds subtracts sleeps"];
    if require("cargo-nextest").is_some() {
        runners.push("cargo nextest run -j1 --run-ignored all -E test(/adds|sleeps|subtracts/)");
    }
    for runner in runners {
        for whom in ["-", ""] {
            let left = interrupted(&project, runner, whom);
            // What tests do in one process, which nextest never has them share, nobody had seen by then.
            let is_whole = runner.contains("nextest");
            assert_eq!(left.proves("tests::adds"), is_whole, "{runner}: {}", left.tests());
            assert!(!left.tests().contains("sleeps: passed"), "{runner}: {}", left.tests());
            left.check_law();
        }
    }
}
