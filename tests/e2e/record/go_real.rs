//! Modules that others wrote, recorded, and held against Go's own reading of its coverage, test by test.
//!
//! They are fetched by the go tool, so this runs by hand:
//!
//! ```console
//! $ SKIPTRACE_GO_MODULES='example.com/module@v1.2.3 …' cargo test -p skiptrace-tests --test e2e go_real -- --ignored --nocapture
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_engine::id::TestId;
use skiptrace_engine::unit::UnitKind;
use skiptrace_tests::Recorded;
use skiptrace_tests::go_project::GoProject;

use crate::PROGRAM;

/// At most so many tests of a package are compared, evenly from all.
const SAMPLE: usize = 40;

/// Lines of files that Go says ran.
type Lines = BTreeMap<String, BTreeSet<u32>>;

#[test]
#[ignore = "fetches what SKIPTRACE_GO_MODULES names"]
fn go_says_the_same() {
    let modules = std::env::var("SKIPTRACE_GO_MODULES").expect("SKIPTRACE_GO_MODULES says which modules");
    for module in modules.split_whitespace() {
        compare(module);
    }
}

fn compare(module: &str) {
    let project = GoProject::empty(PROGRAM).expect("go is there");
    let work = project.sandbox.work();
    let downloaded = go(&work, &["mod", "download", "-json", module]);
    let about: serde_json::Value = serde_json::from_str(&downloaded).expect("the go tool writes JSON");
    copy_writable(Path::new(about["Dir"].as_str().expect("it has a folder")), &work);
    go(&work, &["mod", "download"]);
    project.commit(&[]);
    let recorded = project.record(&[], "go test ./...");
    eprintln!("{module}: {}", recorded.output.stderr().lines().last().unwrap_or_default());

    let path = go(&work, &["list", "-m"]).trim().to_owned();
    let covdata = PathBuf::from(go(&work, &["tool", "-n", "covdata"]).trim());
    let mut by_suite: BTreeMap<&str, Vec<TestId>> = BTreeMap::new();
    for (test, record) in (0..).zip(recorded.index.tests()).filter(|(_, test)| test.can_prove()) {
        by_suite.entry(&record.key.suite).or_default().push(TestId(test));
    }
    let (mut n_tests, mut n_blocks, mut wrong) = (0, 0, Vec::new());
    for (suite, tests) in by_suite {
        let binary =
            project.sandbox.path().join(format!("{}.test", suite.rsplit('/').next().unwrap_or_default()));
        let measured = format!("-coverpkg={path}/...");
        let name = binary.to_str().expect("sandboxes are text");
        go(&work, &["test", "-c", "-o", name, "-cover", "-covermode=set", &measured, suite]);
        let folder = go(&work, &["list", "-f", "{{.Dir}}", suite]);
        for test in tests.iter().step_by(tests.len().div_ceil(SAMPLE)) {
            let name = &*recorded.index.tests()[test.index()].key.name;
            let Some(ran) = ran(&project, &binary, folder.trim(), name, &covdata, &path) else { continue };
            n_tests += 1;
            n_blocks += ran.values().map(BTreeSet::len).sum::<usize>();
            wrong.extend(
                differences(&recorded, *test, &ran).into_iter().map(|what| format!("{suite} {name}: {what}")),
            );
        }
    }
    eprintln!(
        "{module}: {n_tests} tests, {n_blocks} lines on which blocks begin that ran, {} differences",
        wrong.len()
    );
    assert!(n_tests > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a test and returns the first lines of the blocks that ran, as Go tells them; `None` if it left nothing.
fn ran(
    project: &GoProject,
    binary: &Path,
    folder: &str,
    test: &str,
    covdata: &Path,
    module: &str,
) -> Option<Lines> {
    let left = project.sandbox.path().join("left");
    let _ = fs::remove_dir_all(&left);
    fs::create_dir(&left).expect("the sandbox is ours");
    let left = left.to_str().expect("sandboxes are text");
    let mut command = project.sandbox.command(binary);
    command.args([format!("-test.run=^{test}$"), format!("-test.gocoverdir={left}")]).current_dir(folder);
    // Where what it starts leaves its coverage.
    command.env("GOCOVERDIR", left);
    command.output().expect("it can be run");
    let text = project.sandbox.path().join("text");
    let _ = fs::remove_file(&text);
    let name = text.to_str().expect("sandboxes are text");
    let _ = project
        .sandbox
        .command(covdata)
        .args(["textfmt", &format!("-i={left}"), &format!("-o={name}")])
        .output();
    let text = fs::read_to_string(&text).ok().filter(|text| text.lines().count() > 1)?;
    let mut lines = Lines::new();
    for line in text.lines().skip(1).filter(|line| !line.ends_with(" 0")) {
        let (file, place) = line.rsplit_once(':').expect("a file and a place");
        let first = place.split('.').next().and_then(|line| line.parse().ok()).expect("a line");
        let file = file.strip_prefix(module).and_then(|file| file.strip_prefix('/'));
        lines.entry(file.expect("it is of the module").to_owned()).or_default().insert(first);
    }
    Some(lines)
}

/// Returns what ran and is in no unit of the footprint, and functions of the footprint in which nothing ran.
fn differences(recorded: &Recorded, test: TestId, ran: &Lines) -> Vec<String> {
    let mut wrong = Vec::new();
    let none = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for file in recorded.index.files() {
        let path = file.path.as_str();
        let lines = ran.get(path).unwrap_or(&none);
        seen.insert(path);
        let units = recorded.index.units_of(file).iter();
        let own: Vec<_> = units.filter(|unit| recorded.index.set(unit.own).contains(test)).collect();
        let has = |first: u32, last: u32, line: u32| first <= line && line <= last;
        for line in lines {
            let is_in =
                own.iter().any(|unit| unit.listed.is_some_and(|listed| has(listed.start, listed.end, *line)));
            // A file as a whole has no lines.
            if !is_in && !own.iter().any(|unit| unit.listed.is_none()) {
                wrong.push(format!("{path}:{line} ran and is missing"));
            }
        }
        let is_counted = path.ends_with(".go") && !path.ends_with("_test.go");
        for unit in own.iter().filter(|unit| is_counted && unit.kind == UnitKind::Function) {
            let Some(listed) = unit.listed else { continue };
            if !lines.iter().any(|line| has(listed.start, listed.end, *line)) {
                wrong.push(format!("{path}: `{}` did not run", unit.name));
            }
        }
    }
    wrong.extend(
        ran.keys().filter(|file| !seen.contains(file.as_str())).map(|file| format!("{file} is missing")),
    );
    wrong
}

/// Runs the go tool as it is set up on this machine, for it has to fetch.
fn go(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("go").args(args).current_dir(folder).output().expect("go can be run");
    assert!(output.status.success(), "go {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// Copies a module out of the go tool's cache, where nothing can be written to.
fn copy_writable(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder can be read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("the sandbox is ours");
            copy_writable(&entry.path(), &target);
        } else {
            // Content alone: permissions stay behind.
            fs::write(&target, fs::read(entry.path()).expect("the file can be read"))
                .expect("the sandbox is ours");
        }
    }
}
