//! `skiptrace replay`.

use skiptrace_tests::tools::require;
use skiptrace_tests::{CargoProject, GoProject, Output};

use crate::PROGRAM;

/// What `replay --json` answered.
fn document(output: &Output) -> serde_json::Value {
    serde_json::from_slice(output.raw_stdout())
        .unwrap_or_else(|error| panic!("{error}: {}", output.snapshot()))
}

/// Returns, for each commit, `passed over`, or what was skipped by each age.
fn skipped(document: &serde_json::Value) -> Vec<String> {
    let line = |commit: &serde_json::Value| {
        if !commit["passed_over"].is_null() {
            return "passed over".to_owned();
        }
        let aged = commit["selections"].as_array().unwrap().iter().map(|selection| {
            let misses = selection["misses"].as_array().unwrap().len();
            let n = |name: &str| selection[name].as_u64().unwrap();
            format!("; {} ({}): {} run, {misses} missed", n("age"), n("distance"), n("run"))
        });
        format!("{} tests{}", commit["tests"], aged.collect::<String>())
    };
    document["commits"].as_array().unwrap().iter().map(line).collect()
}

/// Everything in a repository's own folder that replaying could have left something in.
fn traces_left(git: impl Fn(&[&str]) -> String) -> [String; 3] {
    [
        git(&["worktree", "list", "--porcelain"]).matches("worktree ").count().to_string(),
        git(&["for-each-ref", "--format=%(refname)"]),
        git(&["status", "--porcelain", "--ignored"]),
    ]
}

#[test]
fn go_commits_are_replayed() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    let go = |double: &str, half: &str| {
        format!(
            "package a\n\nfunc Double(a int) int {{\n\t{double}\n}}\n\nfunc Half(a int) int {{\n\t{half}\n}}\n"
        )
    };
    let tests = "package a\n\nimport \"testing\"\n\nfunc TestDouble(t *testing.T) {\n\tif Double(2) != 4 {\n\t\tt.Fail()\n\t}\n}\n\n\
                 func TestHalf(t *testing.T) {\n\tif Half(4) != 2 {\n\t\tt.Fail()\n\t}\n}\n";
    project.commit(&[
        ("go.mod", "module example.com/a\n\ngo 1.21\n"),
        ("a/a.go", &go("return a + a", "return a / 2")),
        ("a/a_test.go", tests),
        ("docs/README.md", "a\n"),
    ]);
    project.commit(&[("docs/README.md", "b\n")]);
    project.commit(&[("a/a.go", &go("return 2 * a", "return a / 2"))]);
    project.commit(&[("a/a.go", &go("return 2 * a", "return"))]);
    project.commit(&[("a/a.go", &go("return 2 * a", "return a - a / 2 - 1"))]);
    let git = |args: &[&str]| {
        let output = project.sandbox.command("git").args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let before = traces_left(git);
    let args = ["replay", "HEAD", "--ages", "1,2", "--json", "--", "go", "test", "./..."];
    let output = project.sandbox.skiptrace(args).success();
    let document = document(&output);
    assert_eq!(document["schema"], "skiptrace/replay@1");
    assert_eq!(
        skipped(&document),
        [
            "2 tests",
            "2 tests; 1 (1): 0 run, 0 missed",
            "2 tests; 1 (1): 1 run, 0 missed; 2 (2): 1 run, 0 missed",
            // It does not build, so the one after it goes by the commit before.
            "passed over",
            "2 tests; 1 (2): 1 run, 0 missed; 2 (2): 1 run, 0 missed",
        ],
        "{}",
        output.snapshot()
    );
    assert_eq!(document["summary"][0]["commits"], 3);
    assert_eq!(document["summary"][0]["skipped"]["median"], 0.5);
    assert_eq!(traces_left(git), before);
    assert_eq!(project.left_over(), [""; 0]);
}

#[test]
fn a_wrong_skip_is_a_miss_and_a_flaky_test_is_none() {
    let Some(mut project) = GoProject::empty(PROGRAM) else { return };
    let state = project.sandbox.path().join("state");
    std::fs::create_dir(&state).unwrap();
    project.sandbox.var("STATE", state.to_str().unwrap());
    // What tests find outside of the repository is beyond what can be known, and stands for a mistake of ours. Each time
    // they run twice, alone and together, and once more together where one fails alone. Of one test the second time fails;
    // of the other that and the next three, which are at the same commit, and not the three behind those, which are at the
    // one before.
    let count = "func count(name string) int {\n\tname = os.Getenv(\"STATE\") + \"/\" + name\n\tdata, _ := os.ReadFile(name)\n\t\
                 os.WriteFile(name, append(data, 'x'), 0o600)\n\treturn len(data) * one()\n}\n";
    let tests = format!(
        "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n{count}\n\
         func TestFlaky(t *testing.T) {{\n\tif n := count(\"flaky\"); n == 2 || n == 3 {{\n\t\tt.Fail()\n\t}}\n}}\n\n\
         func TestWrong(t *testing.T) {{\n\tif n := count(\"wrong\"); n >= 2 && n < 14 {{\n\t\tt.Fail()\n\t}}\n}}\n"
    );
    project.commit(&[
        ("go.mod", "module example.com/a\n\ngo 1.21\n"),
        ("a/a.go", "package a\n\nfunc one() int {\n\treturn 1\n}\n"),
        ("a/a_test.go", &tests),
        ("docs/README.md", "a\n"),
    ]);
    project.commit(&[("docs/README.md", "b\n")]);
    let args = ["replay", "HEAD~1..", "--json", "--", "go", "test", "./..."];
    let output = project.sandbox.skiptrace(args).code(1);
    let document = document(&output);
    let selection = &document["commits"][1]["selections"][0];
    assert_eq!(selection["misses"].as_array().unwrap().len(), 1, "{}", output.snapshot());
    let miss = &selection["misses"][0];
    assert_eq!(
        (&miss["name"], &miss["was"], &miss["now"]),
        (&"TestWrong".into(), &"passed".into(), &"failed".into())
    );
    assert_eq!(selection["flaky"][0]["name"], "TestFlaky", "{}", output.snapshot());
    // Both have been run so often by now that they pass each time.
    let output = project.sandbox.skiptrace(["replay", "HEAD~1..", "--", "go", "test", "./..."]).success();
    assert!(output.stdout().contains("AGE  COMMITS  MISSES"), "{}", output.snapshot());
}

#[test]
fn cargo_commits_are_replayed_with_one_lockfile() {
    let project = CargoProject::empty(PROGRAM);
    let lib = |twice: &str| {
        format!(
            "pub fn twice(a: u32) -> u32 {{\n    {twice}\n}}\n\npub fn half(a: u32) -> u32 {{\n    a / 2\n}}\n\n\
             #[cfg(test)]\nmod tests {{\n    #[test]\n    fn twice() {{\n        assert_eq!(super::twice(2), 4);\n    }}\n\n    \
             #[test]\n    fn half() {{\n        assert_eq!(super::half(2), 1);\n    }}\n}}\n"
        )
    };
    // A lockfile that is there and not committed is not the clone's.
    project.sandbox.write(".gitignore", "Cargo.lock\ntarget/\n");
    project.commit(&[
        ("Cargo.toml", "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/lib.rs", &lib("a + a")),
    ]);
    project.commit(&[("src/lib.rs", &lib("2 * a"))]);
    let mut runners = vec!["cargo test --lib"];
    if require("cargo-nextest").is_some() {
        runners.push("cargo nextest run");
    }
    for runner in runners {
        let args = ["replay", "HEAD~1..", "--json", "--"].into_iter().chain(runner.split(' '));
        let output = project.sandbox.skiptrace(args).success();
        let expected = ["2 tests", "2 tests; 1 (1): 1 run, 0 missed"];
        assert_eq!(skipped(&document(&output)), expected, "{}", output.snapshot());
    }
    assert_eq!(project.status(), "");
}

#[test]
fn what_was_recorded_before_is_used_again() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    let tests = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n";
    project.commit(&[("go.mod", "module example.com/a\n\ngo 1.21\n"), ("a_test.go", tests)]);
    project.commit(&[("README.md", "a\n")]);
    let work = project.sandbox.path().join("kept");
    let args = ["replay", "HEAD", "--work", work.to_str().unwrap(), "--", "go", "test", "./..."];
    let first = project.sandbox.skiptrace(args).success();
    let times = || -> Vec<std::time::SystemTime> {
        let folders = std::fs::read_dir(work.join("recordings")).unwrap();
        let entries = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
        let mut times: Vec<_> =
            entries.map(|entry| entry.unwrap().metadata().unwrap().modified().unwrap()).collect();
        times.sort();
        times
    };
    let recorded = times();
    assert_eq!(recorded.len(), 4);
    assert_eq!(project.sandbox.skiptrace(args).success().stdout(), first.stdout());
    assert_eq!(times(), recorded);
}

#[test]
fn a_range_without_commits_is_the_users_mistake() {
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    repo.commit("one", &[("a", "a\n")]);
    let output = sandbox.skiptrace(["replay", "HEAD..HEAD"]).code(2);
    assert!(output.stderr().contains("there are no commits in `HEAD..HEAD`"), "{}", output.snapshot());
    let output = sandbox.skiptrace(["replay", "nothing..HEAD"]);
    assert!(!output.has_succeeded(), "{}", output.snapshot());
    let _ = sandbox.skiptrace(["replay", "HEAD", "--ages", "0"]).code(2);
}
