//! What can be asked of `go test`, and of recording it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use skiptrace_engine::codec::decode;
use skiptrace_engine::index::Index;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Outcome, Problem};
use skiptrace_engine::tree::{listed, lookups};
use skiptrace_tests::Recorded;
use skiptrace_tests::go_project::{GoProject, check};
use skiptrace_tests::tools::require;

use crate::PROGRAM;

fn names(recorded: &Recorded) -> Vec<&str> {
    recorded.index.tests().iter().map(|test| &*test.key.name).collect()
}

#[test]
fn command_lines_are_the_users() {
    let Some(mut project) = GoProject::of_fixture_in(PROGRAM, "go", "ein Ort/ü") else { return };
    let module = project.sandbox.work().join("ein Ort/ü");
    let plain = project.record(&[], "go test ./tagged");
    assert_eq!(names(&plain), ["TestTagged", "TestTaggedShort"]);
    assert_eq!(check(&plain, &[], &[]), 2);
    for (from, words, expected, provable) in [
        ("", "go test -short -tags spicy ./tagged", "TestTagged TestTaggedShort TestTaggedSpicy", 2),
        ("tagged", "go test -v -count=1 -run Tagged$ -cover", "TestTagged", 1),
        ("shapes", "go test . -run=Generic|Clo -skip Closures", "TestShapesGeneric", 1),
        ("..", "go test -C ü -run Deferred ./shapes", "TestShapesDeferred", 1),
        (
            "",
            "go test -parallel 1 -cpu 1 -failfast ./examples ./parallel -run ^Ex|One$",
            "ExampleReverse TestParallelOne",
            2,
        ),
    ] {
        let recorded = project.record_from(&module.join(from), &[], words);
        assert_eq!(names(&recorded).join(" "), expected, "{words}: {}", recorded.output.snapshot());
        assert_eq!(check(&recorded, &[], &[]), provable, "{words}: {}", recorded.output.snapshot());
        let files = recorded.index.files();
        let is_inside =
            |path: &RepoPath| path.as_str().starts_with("ein Ort/ü/") || [lookups(), listed()].contains(path);
        assert!(files.iter().all(|file| is_inside(&file.path)), "{files:?}");
        assert_eq!(project.status(), "", "{words}");
    }
    // The conditions tell these apart.
    let environment = |recorded: &Recorded| recorded.index.recordings()[0].environment.clone();
    let again = project.record(&[], "go test ./tagged");
    assert_eq!(environment(&again), environment(&plain));
    let short = project.record(&[], "go test -short ./tagged");
    assert_ne!(environment(&short), environment(&plain));
    project.sandbox.var("GOFLAGS", "-tags=spicy");
    let flags = project.record(&[], "go test ./tagged");
    assert_eq!(names(&flags).len(), 3, "{}", flags.output.snapshot());
    assert_eq!(check(&flags, &[], &[]), 3);
    assert_ne!(environment(&flags), environment(&plain));
}

#[test]
fn limits_of_time() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let recorded = project.record(&[], "go test -timeout 1s -run NeverEnds ./lives");
    let said = recorded.output.stderr();
    assert!(said.contains("panic: test timed out after 1s"), "{said}");
    assert_eq!(recorded.test("TestLivesNeverEnds").1.outcome, Outcome::Failed);
    assert!(!recorded.proves("TestLivesNeverEnds"));
    let ours = project.record(&["--timeout", "1s"], "go test -run NeverEnds ./lives");
    assert_eq!(ours.test("TestLivesNeverEnds").1.outcome, Outcome::TimedOut);
}

#[test]
fn races_are_looked_for() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    // The race detector needs C on some systems, and is not on all.
    let mut probe = project.sandbox.command("go");
    if !probe.args(["build", "-race", "-o", "/dev/null", "./command"]).output().unwrap().status.success() {
        let _ = require("race detector of go");
        return;
    }
    let recorded = project.record(&[], "go test -race ./parallel ./mains");
    assert_eq!(check(&recorded, &[], &[]), 6, "{}", recorded.output.snapshot());
}

#[test]
fn parts_make_a_whole() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let words = "go test ./shapes ./boot ./mains ./examples";
    let names = |index: &Index| -> BTreeSet<String> {
        index.tests().iter().map(|test| test.key.to_string()).collect()
    };
    let whole = project.record(&[], words);
    assert_eq!(check(&whole, &["Nothing"], &[]), whole.index.tests().len());
    let mut parts = Vec::new();
    for shard in ["1/2", "2/2"] {
        let part = project.record(&["--shard", shard], words);
        assert_eq!(check(&part, &["Nothing"], &[]), part.index.tests().len());
        assert!(part.index.tests().len() < whole.index.tests().len(), "{}", part.tests());
        let copy = project.sandbox.home().join(format!("{}.idx", &shard[..1]));
        std::fs::copy(project.sandbox.path().join("recorded.idx"), &copy).unwrap();
        parts.push(copy);
    }
    let merged = project.sandbox.home().join("merged.idx");
    let args = ["index", "merge", "-o"].map(PathBuf::from).into_iter().chain([merged.clone()]).chain(parts);
    let _ = project.sandbox.skiptrace(args).success();
    let merged = decode(&*std::fs::read(merged).unwrap()).unwrap();
    assert_eq!(names(&merged), names(&whole.index));
}

#[test]
fn several_runs_and_tries() {
    let Some(mut project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let counts = project.sandbox.home().join("counts");
    std::fs::create_dir(&counts).unwrap();
    project.sandbox.var("WOBBLY", counts.to_str().unwrap());
    let recorded = project.record(&["--runs", "4"], "go test -run Settles ./wobbly");
    let problems = |name: &str| recorded.test(name).1.health.problems().collect::<Vec<_>>();
    assert_eq!(problems("TestWobblyNeverSettles"), [Problem::UnstableFootprint]);
    assert_eq!(problems("TestWobblySettles"), []);
    assert_eq!(check(&recorded, &[], &[]), 1);
    let said = recorded.output.stderr();
    assert!(said.contains("did not execute the same in every run"), "{said}");
    let flaky = project.record(&["--retries", "1"], "go test -run Flickers ./wobbly");
    assert_eq!(flaky.test("TestWobblyFlickers").1.outcome, Outcome::Flaky);
    assert!(!flaky.proves("TestWobblyFlickers"));
    let said = flaky.output.success().stderr();
    assert!(said.contains("1 flaky"), "{said}");
}

#[test]
fn variables_are_compared() {
    let Some(mut project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let recorded = project.record(&[], "go test -run Read|Variable ./files");
    assert_eq!(check(&recorded, &[], &[]), 2);
    let file = project.sandbox.path().join("recorded.idx");
    let args = ["index", "query", file.to_str().unwrap(), "--unit", "files/files.go#List"];
    let said = project.sandbox.skiptrace(args).success().snapshot();
    assert_snapshot!(said, @"
    exit code: 0
    --- stdout ---
    default: 0 of 2 tests must run
    ");
    project.sandbox.var("ZOO_FLAVOUR", "sour");
    let said = project.sandbox.skiptrace(args).success().snapshot();
    assert_snapshot!(said, @"
    exit code: 0
    --- stdout ---
    default: 1 of 2 tests must run
      example.org/zoo/files::TestFilesVariable
    --- stderr ---
    default: the variable `ZOO_FLAVOUR` is not what it was when 1 test consulted it
    ");
}

#[test]
fn interruptions_leave_what_is_whole() {
    use std::os::unix::process::CommandExt;
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let file = project.sandbox.path().join("interrupted.idx");
    let words = "go test -run LivesPasses|NeverEnds ./lives";
    let mut command = project.record_command(&["--jobs", "1"], words, &file);
    let child = command.process_group(0).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while !project.truth().contains_key("TestLivesNeverEnds") {
        assert!(started.elapsed() < Duration::from_secs(120), "it never slept");
        std::thread::sleep(Duration::from_millis(50));
    }
    let kill = Command::new("kill").args(["-INT", "--", &format!("-{}", child.id())]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let index = decode(&*std::fs::read(&file).unwrap()).unwrap();
    let shown = project.sandbox.skiptrace(["index", "show", file.to_str().unwrap()]).success();
    let left = Recorded { index, truth: project.truth(), output: shown };
    // What it does in one process with the other one, nobody has seen.
    assert_eq!(left.tests(), "example.org/zoo/lives TestLivesPasses: passed, opaque\n");
    assert_eq!(check(&left, &[], &[]), 0);
    assert_eq!(project.left_over(), [""; 0]);
    assert_eq!(project.status(), "");
}

#[test]
fn gotestsum_is_go_test() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    if require("git").is_none() {
        return;
    }
    // Gotestsum itself is not run, so it need not be there.
    let words = "gotestsum --format dots --junitfile junit.xml -- -run Deferred ./shapes";
    let recorded = project.record(&[], words);
    assert_eq!(names(&recorded), ["TestShapesDeferred"]);
    assert_eq!(check(&recorded, &[], &[]), 1);
    assert_eq!(project.status(), "");
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go_changes") else { return };
    let file = project.sandbox.path().join("none.idx");
    let mut told = String::new();
    for (options, words) in [
        (&[][..], "go test -c ./body"),
        (&[], "go test -run TestBodyOne/sub ./body"),
        (&[], "go test ./nowhere"),
        (&[], "go test -unknown-flag-without-value -count"),
        (&["--instrument", "all"], "go test ./body"),
    ] {
        let output = project.sandbox.output(&mut project.record_command(options, words, &file));
        assert!(!output.has_succeeded() && !file.exists(), "{}", output.snapshot());
        let said = output.stderr();
        // The reason for a missing folder is in Go's own words.
        let hidden = ["building", "running", "  stat "];
        let said = said.lines().filter(|line| !hidden.iter().any(|start| line.starts_with(start)));
        told.push_str(&format!("$ {words}\n{}\n", said.collect::<Vec<_>>().join("\n")));
    }
    std::fs::remove_file(project.sandbox.work().join("go.mod")).unwrap();
    let output = project.sandbox.output(&mut project.record_command(&[], "go test ./...", &file));
    told.push_str(&output.code(5).stderr());
    assert_snapshot!(told, @"
    $ go test -c ./body
    error: nothing was recorded
      caused by: `-c` builds a test binary and runs no test: leave it out
    $ go test -run TestBodyOne/sub ./body
    error: nothing was recorded
      caused by: `-run=TestBodyOne/sub` names subtests, which are recorded with the test that they are part of: name the tests alone, without what comes after `/`
    $ go test ./nowhere
    error: nothing was recorded
      caused by: the go tool built no test binary:
    # ./nowhere
    stat $DIR/work/nowhere: directory not found
    FAIL	./nowhere [setup failed]
    FAIL
    $ go test -unknown-flag-without-value -count
    error: nothing was recorded
      caused by: `-count` needs a value: give it as `-count=VALUE`
    $ go test ./body
    error: `--instrument all` is for what cargo runs
    hint: leave it out: dependencies of Go are known by their versions
    building the tests with coverage
    error: nothing was recorded
      caused by: there is no `go.mod` in `$DIR/work` or above it; run this inside of a module
    ");
}
