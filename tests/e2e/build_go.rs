//! `skiptrace index build --go-covdata`, with what real Go programs leave.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use skiptrace_tests::Sandbox;
use skiptrace_tests::tools::require;

use crate::sandbox;

const FILES: &[(&str, &str)] = &[
    (
        "go.mod",
        "module example.com/m/v2\n\ngo 1.22\n\nrequire example.com/nested v0.0.0\n\n\
         replace example.com/nested => ./nested\n",
    ),
    ("nested/go.mod", "module example.com/nested\n\ngo 1.22\n"),
    ("nested/deep/n.go", "package deep\n\nfunc Deep() int {\n\treturn 1\n}\n"),
    ("pkg/consts/consts.go", "package consts\n\nconst Limit = 3\n"),
    (
        "pkg/a/a.go",
        "package a\n\nimport \"example.com/m/v2/pkg/consts\"\n\nfunc A(n int) int {\n\tif n > consts.Limit {\n\t\t\
         return 1\n\t}\n\treturn 2\n}\n\nfunc Never() {}\n",
    ),
    ("pkg/b/b.go", "package b\n\nfunc B() int {\n\treturn 3\n}\n"),
    ("pkg/start/start.go", "package start\n\nfunc Start() int {\n\treturn 4\n}\n"),
    (
        "cmd/agent/main.go",
        r#"package main

import (
	"os"
	"os/exec"

	"example.com/m/v2/pkg/a"
	"example.com/m/v2/pkg/b"
	"example.com/m/v2/pkg/start"
	"example.com/nested/deep"
)

func main() {
	start.Start()
	for _, arg := range os.Args[1:] {
		switch arg {
		case "a":
			a.A(1)
		case "b":
			b.B()
		case "deep":
			deep.Deep()
		case "panic":
			panic("on purpose")
		default:
			exec.Command(arg).Run()
		}
	}
}
"#,
    ),
    (
        "cmd/worker/main.go",
        "package main\n\nimport \"example.com/m/v2/pkg/b\"\n\nfunc main() {\n\tb.B()\n}\n",
    ),
    (".gitignore", "/bin/\n/cov/\n/base/\n/tmp/\n"),
];

/// A repository, its programs, and what running them left.
struct Project {
    sandbox: Sandbox,
}

impl Project {
    fn new() -> Option<Project> {
        require("go")?;
        let sandbox = sandbox();
        sandbox.repo().commit("first", FILES);
        let project = Project { sandbox };
        for program in ["agent", "worker"] {
            let to = format!("bin/{program}");
            let from = format!("./cmd/{program}");
            project.go(&["build", "-cover", "-coverpkg=example.com/...", "-o", &to, &from]);
        }
        project.go(&["build", "-o", "bin/plain", "./cmd/worker"]);
        Some(project)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.work().join(path)
    }

    /// Runs the real tool, with the user's own caches.
    fn go(&self, args: &[&str]) -> String {
        let mut command = Command::new("go");
        command.args(args).current_dir(self.sandbox.work());
        command.envs([("GOWORK", "off"), ("GOFLAGS", ""), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a program, which may fail, for a suite.
    fn run(&self, folder: &str, program: &str, args: &[&str]) {
        let folder = self.path(folder);
        fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new(self.path("bin").join(program));
        let path = std::env::join_paths([self.path("bin")]).unwrap();
        let _ = command.args(args).env("GOCOVERDIR", folder).env("PATH", path).output().unwrap();
    }

    fn metadata(&self, suite: &str, text: &str) {
        self.sandbox.write(format!("cov/{suite}/metadata.json"), text);
    }

    fn passed(&self, suite: &str, job: &str, test: &str) {
        let text = format!(r#"{{"job_name": "{job}", "test": "{test}", "outcome": "passed"}}"#);
        self.metadata(suite, &text);
    }

    fn suite(&self, name: &str, job: &str, runs: &[(&str, &[&str])]) {
        self.passed(name, job, name);
        for (program, args) in runs {
            self.run(&format!("cov/{name}/coverage/{program}"), program, args);
        }
    }

    fn build(&self, args: &[&str], code: i32) -> (String, Value) {
        let all = ["index", "build", "--go-covdata", "cov", "--json", "-o", "out.idx"];
        let output = self.sandbox.skiptrace(all.iter().chain(args)).code(code);
        (output.snapshot(), serde_json::from_str(&output.stdout()).unwrap())
    }

    /// Returns the tests that a change selects; `*` for everything.
    fn query(&self, what: &str, key: &str) -> String {
        let args = ["index", "query", "./out.idx", what, key];
        let text = self.sandbox.skiptrace(args).success().stdout();
        if text.contains("everything must run") {
            return "*".to_owned();
        }
        text.lines().filter_map(|line| line.strip_prefix("  ")).collect::<Vec<_>>().join(" ")
    }

    /// Returns the packages that the tool says each suite executed something of.
    fn truth(&self, suites: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
        let mut truth: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for suite in suites {
            let mut folders = Vec::new();
            below(&self.path(&format!("cov/{suite}/coverage")), &mut folders);
            let folders: Vec<String> = folders.iter().map(|path| path.display().to_string()).collect();
            let text = self.path("tmp.txt");
            self.go(&["tool", "covdata", "textfmt", "-i", &folders.join(","), "-o", text.to_str().unwrap()]);
            for line in fs::read_to_string(&text).unwrap().lines().skip(1) {
                let (file, rest) = line.rsplit_once(':').unwrap();
                let package = file.rsplit_once('/').unwrap().0;
                let folder = package.replace("example.com/m/v2/", "").replace("example.com/", "");
                if !rest.ends_with(" 0") {
                    truth.entry(folder).or_default().insert((*suite).to_owned());
                }
            }
        }
        truth
    }
}

/// Collects the folders that have files.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    if entries.iter().any(|path| path.is_file()) {
        found.push(folder.to_owned());
    }
    entries.iter().filter(|path| path.is_dir()).for_each(|path| below(path, found));
}

/// Returns the reasons for which tests always run, by test; what names files is left out.
fn opaque(document: &Value) -> BTreeMap<String, String> {
    let all = document["opaque"].as_array().unwrap();
    let reasons = |one: &Value| {
        let all = one["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap().to_owned());
        all.collect::<Vec<_>>().join("; ")
    };
    all.iter().map(|one| (one["test"].as_str().unwrap().to_owned(), reasons(one))).collect()
}

#[test]
fn packages_are_those_that_the_tool_says() {
    let Some(project) = Project::new() else { return };
    project.suite("one", "e2e", &[("agent", &["a"]), ("worker", &[])]);
    project.suite("two", "e2e", &[("agent", &["deep"]), ("agent", &["b"])]);
    project.suite("three", "e2e", &[("worker", &[])]);
    let (_, document) = project.build(&["--kind", "package", "--executed-only", "--strict"], 0);
    assert_eq!((&document["tests"], &document["binaries"]), (&3.into(), &2.into()));
    let truth = project.truth(&["one", "two", "three"]);
    assert_eq!(truth.len(), 6, "{truth:?}");
    for (package, tests) in &truth {
        let tests: Vec<&str> =
            ["one", "three", "two"].into_iter().filter(|test| tests.contains(*test)).collect();
        assert_eq!(project.query("--key", package), tests.join(" "), "{package}");
    }
    // What binaries link is what the tool lists; a package of constants has nothing that runs.
    let folders = project.path("cov/one/coverage/agent").display().to_string();
    let listed = project.go(&["tool", "covdata", "pkglist", "-i", &folders]);
    assert!(listed.contains("example.com/m/v2/pkg/consts"), "{listed}");
    assert_eq!(project.query("--key", "pkg/consts"), "one three two");
    assert_eq!(project.query("--key", "pkg/unheard/of"), "*");
}

#[test]
fn functions_reach_those_that_ran_them_and_constants_those_that_link_them() {
    let Some(project) = Project::new() else { return };
    project.suite("one", "e2e", &[("agent", &["a"])]);
    project.suite("two", "e2e", &[("agent", &["deep"])]);
    project.suite("lone", "lone", &[("worker", &[])]);
    let _ = project.build(&["--strict"], 0);
    let ask = |job: &str, what: &str, key: &str| {
        let args = ["index", "query", "./out.idx", "--job", job, what, key];
        let text = project.sandbox.skiptrace(args).success().stdout();
        let all = text.contains("everything must run");
        let tests: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        if all { "*".to_owned() } else { tests.join(" ") }
    };
    for (key, expected) in [
        ("pkg/a/a.go#A", "one"),
        ("pkg/a/a.go#Never", ""),
        ("nested/deep/n.go#Deep", "two"),
        ("pkg/b/b.go#B", ""),
        ("pkg/start/start.go#Start", "one two"),
        ("pkg/consts/consts.go#const Limit", "one two"),
    ] {
        assert_eq!(ask("e2e", "--unit", key), expected, "{key}");
    }
    assert_eq!(ask("lone", "--unit", "pkg/b/b.go#B"), "lone");
    assert_eq!(ask("lone", "--unit", "pkg/a/a.go#A"), "");
    // Nothing that the job runs links it.
    assert_eq!(ask("lone", "--unit", "pkg/consts/consts.go#const Limit"), "*");
    assert_eq!(ask("lone", "--file", "go.mod"), "*");
}

#[test]
fn what_is_not_whole_always_runs_and_is_named() {
    let Some(project) = Project::new() else { return };
    let of_agent: &[(&str, &[&str])] = &[("agent", &["a"])];
    for name in ["whole", "cut", "orphaned"] {
        project.suite(name, "e2e", of_agent);
    }
    project.suite("both", "e2e", &[("agent", &["worker"])]);
    project.suite("killed", "e2e", &[("agent", &["panic"]), ("worker", &[])]);
    project.suite("uninstrumented", "e2e", &[("agent", &["plain"])]);
    project.passed("empty", "e2e", "empty");
    project.run("cov/unnamed/coverage", "agent", &["b"]);
    fs::create_dir_all(project.path("cov/nothing")).unwrap();
    let files = |suite: &str| {
        let folder = project.path(&format!("cov/{suite}/coverage/agent"));
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    };
    let [counters, _] = &files("cut")[..] else { panic!("{:?}", files("cut")) };
    let bytes = fs::read(counters).unwrap();
    fs::write(counters, &bytes[..bytes.len() / 2]).unwrap();
    fs::remove_file(&files("orphaned")[1]).unwrap();

    let (_, document) = project.build(&["--assume-passed", "--expect", "e2e=agent"], 0);
    assert_eq!(document["unnamed"].to_string(), r#"["nothing","unnamed"]"#);
    let told = opaque(&document);
    let names: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(names, ["cut", "empty", "killed", "nothing", "orphaned"]);
    for (test, part) in [
        ("cut", "covcounters"),
        (
            "empty",
            "there are no counters of `agent`, which tests of job `e2e` are expected to run; there is no coverage in its folder",
        ),
        ("killed", "began and never wrote its counters"),
        ("killed", "there are no counters of `agent`"),
        ("nothing", "there is no coverage in its folder"),
        ("orphaned", "covmeta"),
    ] {
        assert!(told[test].contains(part), "{test}: {}", told[test]);
    }
    // They run whatever changes; what is whole does not.
    let _ = project.build(&["--assume-passed", "--job", "e2e", "--expect", "e2e=agent,worker"], 0);
    assert_eq!(
        project.query("--unit", "pkg/a/a.go#Never"),
        "cut empty killed nothing orphaned uninstrumented unnamed whole"
    );

    // Only who names the binaries hears of one that was not instrumented.
    fs::remove_dir_all(project.path("cov")).unwrap();
    project.suite("both", "e2e", &[("agent", &["worker"])]);
    project.suite("uninstrumented", "e2e", &[("agent", &["plain"])]);
    fs::remove_file(project.path("out.idx")).unwrap();
    let strict = [
        "index",
        "build",
        "--go-covdata",
        "cov",
        "--strict",
        "-o",
        "out.idx",
        "--expect",
        "e2e=agent,worker",
    ];
    assert_snapshot!(project.sandbox.skiptrace(strict).code(1).snapshot(), @r"
    exit code: 1
    --- stderr ---
    warning: 1 expected program left no counters where tests should have run it
      job `e2e`, test `uninstrumented`: `worker`
    warning: 1 test can never be skipped on this evidence
      there are no counters of `worker`, which tests of job `e2e` are expected to run: `uninstrumented`
    warning: nothing was kept, because --strict allows none of this
    ");
    assert!(!project.path("out.idx").exists());
    project.metadata(
        "both",
        r#"{"job_name": "e2e", "test": "both", "outcome": "passed", "binaries": ["worker"]}"#,
    );
    let _ = project.build(&["--strict"], 0);
    let (_, document) = project.build(&["--strict", "--expect", "renamed=agent"], 1);
    assert_eq!(document["left-out"][0]["path"], "job renamed");
}

#[test]
fn what_a_baseline_covers_is_a_class_of_its_own() {
    let Some(project) = Project::new() else { return };
    project.suite("one", "e2e", &[("agent", &["a"])]);
    project.suite("two", "e2e", &[("agent", &["b"])]);
    project.run("base", "agent", &[]);
    let build = ["index", "build", "--go-covdata", "cov", "-o", "out.idx", "--kind", "diffed-function"];
    assert_snapshot!(project.sandbox.skiptrace(build).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: an index of kind `diffed-function` needs a run to subtract
    hint: say which with --baseline DIR
    ");
    let build = [&build[..], &["--baseline", "base", "--assume-passed"]].concat();
    let built = project.sandbox.skiptrace(&build).success().snapshot();
    let built = built.lines().find(|line| line.starts_with("the baseline")).unwrap().to_owned();
    assert_snapshot!(built, @"the baseline `base` reached 2 units, 1 of which no test reaches by anything of its own (`query.shared` says what a change of them selects)");
    let show = |key: &str| project.query("--unit", key);
    assert_eq!(show("pkg/a/a.go#A"), "one");
    // Every test covers it as the baseline does; `main` each by something of its own.
    assert_eq!(show("pkg/start/start.go#Start"), "base one two");
    assert_eq!(show("cmd/agent/main.go#main"), "base one two");
    let baseline = |key: &str| {
        let args = ["index", "query", "./out.idx", "--unit", key];
        let mut command = project.sandbox.skiptrace_command();
        let text = project.sandbox.output(command.args(args).env("SKIPTRACE_QUERY_SHARED", "baseline"));
        let text = text.success().stdout();
        text.lines().filter_map(|line| line.strip_prefix("  ")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(baseline("pkg/start/start.go#Start"), "base");
    assert_eq!(baseline("cmd/agent/main.go#main"), "base one two");
    let (_, document) =
        project.build(&["--kind", "diffed-package", "--baseline", "base", "--assume-passed"], 0);
    assert_eq!(document["baseline"]["test"], "base");
}

#[test]
fn text_profiles_prefixes_and_rules() {
    let Some(project) = Project::new() else { return };
    project.passed("text", "e2e", "text");
    project.run("tmp", "agent", &["a"]);
    let (from, to) = (project.path("tmp"), project.path("cov/text/coverage.txt"));
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
    project.go(&["tool", "covdata", "textfmt", "-i", from, "-o", to]);
    project.suite("other", "e2e", &[("agent", &["b"])]);
    project.passed("foreign", "e2e", "foreign");
    project.sandbox.write("cov/foreign/x.out", "mode: set\ngithub.com/org/repo/pkg/b/b.go:3.16,5.2 1 1\n");
    project.passed("log", "e2e", "log");
    project.sandbox.write("cov/log/nohup.out", "hello\n");
    let (_, document) = project.build(&["--expect", "e2e=agent"], 0);
    let told = opaque(&document);
    assert_eq!(told.keys().collect::<Vec<_>>(), ["foreign", "log"]);
    assert!(told["foreign"].contains("which nobody can place in the repository"), "{}", told["foreign"]);
    assert!(told["log"].contains("line 1 of the profile is not `mode: set`"), "{}", told["log"]);

    fs::remove_dir_all(project.path("cov/log")).unwrap();
    let args = [
        "--module-prefix",
        "github.com/org/repo",
        "--run-all",
        "build/*",
        "--run-all",
        "Makefile",
        "--strict",
    ];
    let _ = project.build(&args, 0);
    assert_eq!(project.query("--unit", "pkg/a/a.go#A"), "text");
    assert_eq!(project.query("--unit", "pkg/b/b.go#B"), "foreign other");
    // A text profile does not say what was linked.
    assert_eq!(project.query("--unit", "pkg/consts/consts.go#const Limit"), "foreign other text");
    for path in ["build/deep/x", "Makefile"] {
        let args = ["index", "query", "./out.idx", "--file", path];
        let output = project.sandbox.skiptrace(args).success().snapshot();
        assert!(output.contains("matches the run-all rule"), "{output}");
    }
}

#[test]
fn packages_without_counters_are_inputs_of_all_that_link_them() {
    let Some(project) = Project::new() else { return };
    let cover = "-coverpkg=example.com/m/v2/cmd/...,example.com/m/v2/pkg/a";
    project.go(&["build", "-cover", cover, "-o", "bin/agent", "./cmd/agent"]);
    project.suite("one", "e2e", &[("agent", &[])]);
    project.suite("two", "e2e", &[("agent", &["b"])]);
    let (_, document) = project.build(&[], 0);
    assert_eq!(
        document["uncounted-packages"].to_string(),
        r#"["example.com/m/v2/pkg/b","example.com/m/v2/pkg/consts","example.com/m/v2/pkg/start","example.com/nested/deep"]"#
    );
    assert_eq!(project.query("--unit", "pkg/b/b.go#B"), "one two");
    assert_eq!(project.query("--unit", "pkg/a/a.go#A"), "");
}

#[test]
fn programs_are_known_by_what_they_are_or_else_by_what_they_were_started_as() {
    let Some(project) = Project::new() else { return };
    let test = "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) {\n\tB()\n}\n";
    project.sandbox.write("pkg/b/b_test.go", test);
    project.go(&["test", "-c", "-cover", "-o", "bin/other", "./pkg/b"]);
    // One says that it is the worker, whatever it is called; the other has no counters in `main`.
    // No copy: a process that somebody else starts at that moment would keep it from being started.
    fs::remove_file(project.path("bin/agent")).unwrap();
    fs::hard_link(project.path("bin/worker"), project.path("bin/agent")).unwrap();
    project.suite("one", "e2e", &[("agent", &[])]);
    let folder = project.path("cov/two/coverage/other").display().to_string();
    project.suite("two", "e2e", &[("other", &[&format!("-test.gocoverdir={folder}")])]);
    let missing = |expected: &str| {
        let (_, document) = project.build(&["--expect", expected], 0);
        let all = document["missing-binaries"].as_array().cloned().unwrap_or_default();
        let names = all.iter().map(|one| one["test"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(missing("e2e=agent"), "one two");
    assert_eq!(missing("e2e=worker"), "two");
    assert_eq!(missing("e2e=example.com/m/v2/cmd/worker"), "two");
    assert_eq!(missing("e2e=other"), "one");
    let (_, document) = project.build(&[], 0);
    assert!(opaque(&document).is_empty());
}

#[test]
fn coverage_of_another_commit_proves_nothing() {
    let Some(project) = Project::new() else { return };
    project.suite("one", "e2e", &[("agent", &["b"])]);
    let repo = project.sandbox.repo();
    repo.git(["mv", "pkg/b/b.go", "pkg/b/c.go"]);
    repo.git(["commit", "-qm", "second"]);
    let (_, document) = project.build(&[], 0);
    let told = opaque(&document);
    assert!(told["one"].contains("pkg/b/b.go"), "{told:?}");
    let (_, document) = project.build(&["--commit", "HEAD~1", "--strict"], 0);
    assert!(opaque(&document).is_empty());
}
