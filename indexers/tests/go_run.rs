//! Has the go tool build packages in which everything goes wrong that can, and compares what is said of their tests
//! with what the go tool and the tests themselves say.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use skiptrace_engine::record::Outcome;
use skiptrace_indexers::run::case::{Case, CommandLine};
use skiptrace_indexers::run::driver::{self, Observer, Options, Ran, drive};
use skiptrace_indexers::run::go::command::GoCommand;
use skiptrace_indexers::run::go::image::{self, Image};
use skiptrace_indexers::run::go::kept::{self, Kept};
use skiptrace_indexers::run::go::list::{ListError, Listed, list};
use skiptrace_indexers::run::go::pattern::{self, Pattern};
use skiptrace_indexers::run::go::shim::{self, Mode, Plan};
use skiptrace_indexers::run::go::subset::{Choice, Choices, Selected, Subset, subset};
use skiptrace_indexers::run::go::testlog::{self, TestLog};
use skiptrace_indexers::run::go::{args, cases};
use skiptrace_indexers::run::native::Listing;
use skiptrace_indexers::run::process::{self, Finished, RunError};
use skiptrace_indexers::run::scratch::{Cell, Scratch};
use skiptrace_indexers::run::watch::Watch;

/// A module in a folder whose name needs care.
struct Project {
    root: tempfile::TempDir,
}

impl Project {
    /// Makes the module; `None`, said aloud, without the go tool and what stands in for its test binaries.
    fn new(files: &[(&str, &str)]) -> Option<Project> {
        let missing =
            if !Command::new("go").arg("version").output().is_ok_and(|output| output.status.success()) {
                Some("there is no go tool")
            } else if !example().is_file() {
                Some("the examples are not built (`cargo test --examples` builds them)")
            } else {
                None
            };
        if let Some(why) = missing {
            let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "{why}, and SKIPTRACE_REQUIRE_TOOLS=1 is set");
            eprintln!("skipped: {why}");
            return None;
        }
        let project = Project { root: tempfile::tempdir().unwrap() };
        fs::create_dir_all(project.tools()).unwrap();
        project.write("go.mod", "module example.com/m\n\ngo 1.22\n");
        for (path, text) in files {
            project.write(path, text);
        }
        shim::link(Path::new(&example()), &project.tools()).unwrap();
        Some(project)
    }

    fn module(&self) -> PathBuf {
        self.root.path().join("a b ünï")
    }

    fn tools(&self) -> PathBuf {
        self.root.path().join("our tools")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.module().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn exec(&self) -> String {
        self.tools().join(shim::NAME).to_str().unwrap().to_owned()
    }

    fn run(&self, words: &[String], variables: &[(&str, &str)]) -> Output {
        Command::new(&words[0])
            .args(&words[1..])
            .current_dir(self.module())
            .env_remove("GOFLAGS")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    /// Has the go tool build what a command tests, and keeps it.
    fn keep(&self, text: &str) -> Vec<Kept> {
        let command = parse(text, "");
        let recording = command.recording().unwrap();
        let words = recording.go_test(&self.exec(), &["./...".to_owned()]).unwrap();
        let folder = tempfile::tempdir_in(self.root.path()).unwrap().keep();
        let mode = Mode::Keep(folder.clone());
        let plan = Plan { mode, chain: recording.chain }.to_text().unwrap();
        let output = self.run(&words, &[(shim::PLAN, &plan)]);
        assert!(output.status.success(), "{words:?} {}", both(&output));
        kept::read(&folder, &environment()).unwrap()
    }

    fn keep_one(&self, text: &str) -> Kept {
        let mut kept = self.keep(text);
        assert_eq!(kept.len(), 1);
        kept.remove(0)
    }

    fn list(&self, kept: &Kept) -> Result<Listed, ListError> {
        let scratch = tempfile::tempdir().unwrap();
        let listing = Listing {
            scratch: scratch.path().to_owned(),
            timeout: Duration::from_secs(5),
            max_output: 1 << 20,
        };
        list(kept, &listing)
    }
}

fn example() -> PathBuf {
    // Beside the folder of the tests.
    let tests = std::env::current_exe().unwrap();
    tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/go_exec")
        .with_extension(std::env::consts::EXE_EXTENSION)
}

fn environment() -> BTreeMap<OsString, OsString> {
    std::env::vars_os().filter(|(name, _)| name != "GOFLAGS").collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn parse(text: &str, goflags: &str) -> GoCommand {
    GoCommand::parse(&words(text), goflags, &|_| None).unwrap().unwrap()
}

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Hands tests their folders, and reads what they leave.
struct Reader;

struct Left {
    log: TestLog,
    counted: bool,
    output: Vec<u8>,
}

impl Observer for Reader {
    type Trace = Left;

    fn variables(&self, _: &Case, _: &Path) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }

    fn run(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        cell: &Cell,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> Result<Finished, RunError> {
        let log = cell.output().join("testlog");
        let command = cases::with_folders(command, &cell.profiles(), &log);
        process::run(&command, variables, cell.output(), timeout, watch)
    }

    fn reduce(&self, case: &Case, cell: &Cell) -> Left {
        let log = fs::read(cell.output().join("testlog")).unwrap_or_default();
        let counted = fs::read_dir(cell.profiles())
            .unwrap()
            .flatten()
            .any(|file| file.file_name().to_string_lossy().starts_with("covcounters."));
        let output = fs::read(cell.output().join("stdout")).unwrap_or_default();
        Left { log: testlog::read(&log, &case.command.cwd), counted, output }
    }
}

fn run_all(cases: &[Case]) -> Vec<(Outcome, Left)> {
    let options =
        Options { jobs: 4, runs: 1, retries: 0, timeout: None, private_temporary: false, keep_output: false };
    let scratch = Scratch::new(None).unwrap();
    let ran = drive(cases, &options, &scratch, &Watch::start(), &Reader, &|_: driver::Event<'_, Left>| {});
    let ended = |ran| match ran {
        Ran::Runs(mut runs) => {
            let run = runs.remove(0);
            (run.outcome, run.trace)
        }
        _ => panic!("a test did not run"),
    };
    ran.into_iter().map(ended).collect()
}

const LIB: &str = "package a\n\nfunc F(x int) int { return x + 1 }\n";

const TRAPS: &str = r#"package a

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestPass(t *testing.T)         { F(1) }
func TestSkip(t *testing.T)         { t.Skip("not here") }
func TestFail(t *testing.T)         { t.Error("no") }
func TestExit0(t *testing.T)        { os.Exit(0) }
func TestExit3(t *testing.T)        { F(1); os.Exit(3) }
func TestPanic(t *testing.T)        { panic("no") }
func TestLogFatal(t *testing.T)     { log.Fatal("no") }
func TestNoNewline(t *testing.T)    { fmt.Print("no newline") }
func TestClosesStdout(t *testing.T) { os.Stdout.Close() }
func TestSlow(t *testing.T)         { time.Sleep(time.Minute) }
func TestGoroutine(t *testing.T)    { go panic("elsewhere"); time.Sleep(time.Second) }
func TestParallel(t *testing.T) {
	t.Parallel()
	t.Run("one", func(t *testing.T) { t.Parallel(); F(1) })
	t.Run("two", func(t *testing.T) { t.Parallel(); F(2) })
}
func TestReads(t *testing.T) {
	os.ReadFile("testdata/in put.txt")
	os.Getenv("WANTED")
	os.Stat("../go.mod")
	os.Chdir(t.TempDir())
	os.ReadFile("there")
}
func TestStartsItself(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), "CHILD=1")
	out, err := child.CombinedOutput()
	if err == nil || string(out) != "in the child\n" {
		t.Fatal(string(out), err)
	}
}
func TestChild(t *testing.T) {
	if os.Getenv("CHILD") == "" {
		t.Skip("only as a child")
	}
	fmt.Println("in the child")
	os.Exit(7)
}
func TestÜmlaut_1(t *testing.T) { F(1) }
func ExampleF()                 { fmt.Println(F(1)) /* Output: 2 */ }
func ExampleF_silent()          { fmt.Println(F(1)) }
func FuzzF(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, x int) { F(x) })
}
func BenchmarkF(b *testing.B) { F(1) }
"#;

#[test]
fn every_end_of_a_test_is_told() {
    let lib = ("a/a.go", LIB);
    let traps = TRAPS.replace(" /* Output: 2 */ ", "\n\t// Output: 2\n");
    let Some(project) = Project::new(&[lib, ("a/a_test.go", &traps), ("none/n.go", "package none\n")]) else {
        return;
    };
    let kept = project.keep_one("go test -timeout=4s ./...");
    assert_eq!(kept.cwd.canonicalize().unwrap(), project.module().join("a").canonicalize().unwrap());
    let image = image::read(&kept.binary);
    assert_eq!(image.import_path(), Some("example.com/m/a"));
    let listed = project.list(&kept).unwrap();
    assert_eq!(listed.left_out, BTreeSet::new());
    let tests: Vec<Case> = listed.names.iter().map(|name| cases::case(&kept, "a", name)).collect();
    let ended: BTreeMap<&str, (Outcome, Left)> =
        listed.names.iter().map(String::as_str).zip(run_all(&tests)).collect();
    let told: String = ended
        .iter()
        .map(|(name, (outcome, left))| {
            format!("{name} {outcome:?} counted={} log={}\n", left.counted, left.log.whole)
        })
        .collect();
    insta::assert_snapshot!(told, @"
    ExampleF Passed counted=true log=true
    FuzzF Passed counted=true log=true
    TestChild Skipped counted=true log=true
    TestClosesStdout Failed counted=true log=true
    TestExit0 Failed counted=false log=false
    TestExit3 Failed counted=true log=false
    TestFail Failed counted=true log=true
    TestGoroutine Failed counted=false log=false
    TestLogFatal Failed counted=true log=false
    TestNoNewline Passed counted=true log=true
    TestPanic Failed counted=false log=false
    TestParallel Passed counted=true log=true
    TestPass Passed counted=true log=true
    TestReads Passed counted=true log=true
    TestSkip Skipped counted=true log=true
    TestSlow Failed counted=true log=true
    TestStartsItself Passed counted=true log=true
    TestÜmlaut_1 Passed counted=true log=true
    ");
    let log = &ended["TestReads"].1.log;
    let package = kept.env["PWD".as_ref() as &std::ffi::OsStr].clone().map(PathBuf::from).unwrap();
    assert!(log.opened.contains(&package.join("testdata/in put.txt")), "{log:?}");
    assert!(log.statted.contains(&package.join("../go.mod")), "{log:?}");
    assert!(log.variables.contains("WANTED".as_ref() as &std::ffi::OsStr), "{log:?}");
    assert!(
        log.opened.iter().any(|path| path.ends_with("there") && path.parent() != Some(&package)),
        "{log:?}"
    );
    let subtests = cases::subtests(&ended["TestParallel"].1.output);
    assert_eq!(subtests, ["TestParallel/one".to_owned(), "TestParallel/two".to_owned()].into());
    assert_eq!(cases::subtests(&ended["FuzzF"].1.output), ["FuzzF/seed#0".to_owned()].into());

    let [nothing, pair, wrong] = [
        cases::nothing(&kept, "a"),
        cases::together(&kept, "a", &["TestPass", "TestNoNewline", "TestSkip"]),
        cases::together(&kept, "a", &["TestPass", "TestFail"]),
    ];
    let ended = run_all(&[nothing, pair, wrong, cases::case(&kept, "a", "TestNone")]);
    let outcomes: Vec<Outcome> = ended.iter().map(|(outcome, _)| *outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed, Outcome::Passed, Outcome::Failed, Outcome::Failed]);
    assert!(ended[0].1.counted);
}

#[test]
fn the_users_choice_of_tests_is_the_binarys() {
    let test = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\nfunc TestAB(t *testing.T) {}\n\
                func TestB(t *testing.T) {}\nfunc TestC(t *testing.T) { t.Run(\"x\", func(t *testing.T) {}) }\n";
    let Some(project) = Project::new(&[("a/a.go", LIB), ("a/a_test.go", test)]) else { return };
    for (flags, left_out) in [
        ("", vec![]),
        ("-run=A", vec!["TestB", "TestC"]),
        ("-run=^TestA$|C", vec!["TestAB", "TestB"]),
        ("-skip=A", vec!["TestA", "TestAB"]),
        ("-run=A|B -skip=^TestA$", vec!["TestA", "TestC"]),
        ("-run=(?i)testa$", vec!["TestAB", "TestB", "TestC"]),
        ("-skip=TestC/x", vec![]),
        // The first alternative that knows a test decides, and this one is about its subtests.
        ("-skip=TestC/x|TestC|B", vec!["TestAB", "TestB"]),
    ] {
        let kept = project.keep_one(&format!("go test {flags} ./a"));
        let listed = project.list(&kept).unwrap();
        assert_eq!(listed.names, ["TestA", "TestAB", "TestB", "TestC"], "{flags}");
        let found: Vec<&String> = listed.left_out.iter().collect();
        assert_eq!(found, left_out, "{flags}");
        // What the go tool itself runs.
        let mut command = words("go test -v ./a");
        command.extend(words(flags));
        let said = both(&project.run(&command, &[]));
        for name in &listed.names {
            let ran = said.contains(&format!("=== RUN   {name}\n"));
            assert_eq!(ran, !listed.left_out.contains(name), "{flags} {name} {said}");
        }
    }
}

#[test]
fn what_programs_print_hides_no_test() {
    let main = |body: &str, run: &str| {
        format!(
            "package a\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\n\
             func TestMain(m *testing.M) {{\n{body}\n}}\n\nvar _ = fmt.Sprint(os.Args, time.Second)\n{run}"
        )
    };
    let tests =
        "func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\nfunc BenchmarkC(b *testing.B) {}\n";
    let lib = |name| (format!("{name}/a.go"), LIB.to_owned());
    let file = |name: &str, body: &str| (format!("{name}/a_test.go"), main(body, tests));
    let files = [
        lib("noisy"),
        file(
            "noisy",
            "fmt.Println(\"TestPhantom\\nTest me\"); fmt.Print(\"setting upTest\"); code := m.Run(); fmt.Println(\"TestGone\"); os.Exit(code)",
        ),
        lib("clock"),
        file("clock", "fmt.Print(time.Now().UnixNano(), \" TestX \"); m.Run()"),
        lib("phantom"),
        file("phantom", "fmt.Println(\"starting TestA\"); m.Run()"),
        lib("silent"),
        file("silent", "os.Exit(0)"),
        lib("exits"),
        file("exits", "fmt.Println(\"no database\"); os.Exit(3)"),
        lib("crash"),
        file("crash", "panic(\"early\")"),
        lib("hang"),
        file("hang", "time.Sleep(time.Hour)"),
        lib("flags"),
        file(
            "flags",
            "if len(os.Args) < 2 || os.Args[len(os.Args)-1] != \"-own\" { os.Exit(4) }; os.Args = os.Args[:len(os.Args)-1]; m.Run()",
        ),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let Some(project) = Project::new(&files) else { return };
    let kept = project.keep("go test ./...");
    let names: Vec<String> =
        kept.iter().map(|kept| kept.cwd.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["clock", "crash", "exits", "flags", "hang", "noisy", "phantom", "silent"]);
    let told: Vec<String> = kept
        .iter()
        .map(|kept| match project.list(kept) {
            Ok(listed) => format!("{} {:?}", image::read(&kept.binary).import_path().unwrap(), listed.names),
            Err(error) => {
                error.to_string().replace(&kept.cwd.display().to_string(), "FOLDER").lines().take(2).collect()
            }
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    example.com/m/clock ["TestA", "TestB"]
    the tests in `FOLDER` cannot be listed (exit status: 2): `go test -list .` there shows why; it said: panic: early
    the tests in `FOLDER` cannot be listed (exit status: 3): `go test -list .` there shows why; it said: no database
    the tests in `FOLDER` cannot be listed (exit status: 4): `go test -list .` there shows why
    the tests in `FOLDER` were not listed within 5s: does `TestMain`, or an `init`, wait for something?
    example.com/m/noisy ["TestA", "TestB"]
    example.com/m/phantom ["TestA", "TestB"]
    example.com/m/silent []
    "#);
    // A program that does not start without its own arguments gets them.
    let own = project.keep_one("go test ./flags -args -own");
    assert_eq!(project.list(&own).unwrap().names, ["TestA", "TestB"]);
}

const AWKWARD: &str = r##"package a

import (
	"encoding/json"
	"os"
	"testing"
)

func TestNames(t *testing.T) {
	var names []string
	text, err := os.ReadFile("names.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Run("in/side", func(t *testing.T) {})
		})
	}
}

func TestNamesToo(t *testing.T) { t.Run("a", func(t *testing.T) {}) }
"##;

fn names() -> Vec<&'static str> {
    vec![
        "a b",
        "a",
        "a/b",
        "",
        "",
        "dup",
        "dup",
        "dup#01",
        "x|y",
        "[z]",
        "[/]",
        "]",
        "[",
        "(p",
        "p)",
        "(a|b)/c",
        "a.b*c+?",
        "^$",
        "\\back",
        "\\",
        "ünï世",
        "tab\tnew\nline",
        "\u{1}ctl\u{7f}",
        "quote\"'`",
        "#00",
        "a//b",
        "/lead",
        "trail/",
        "{1,2}",
        "50%",
        "$",
        "🎉",
        "e\u{301}",
        "\u{200b}zero",
        "-dash",
        "a=b",
        "A",
        "in/side",
    ]
}

fn awkward(names: &[&str]) -> Option<(Project, Kept)> {
    let project = Project::new(&[("a/a.go", LIB), ("a/a_test.go", AWKWARD)])?;
    project.write("a/names.json", &serde_json::to_string(names).unwrap());
    let kept = project.keep_one("go test ./a");
    Some((project, kept))
}

/// Whether one name is the other, or what it is in, as far as package `testing` can tell.
fn related(one: &str, two: &str) -> bool {
    one.split('/').zip(two.split('/')).all(|(one, two)| one == two)
}

#[test]
fn awkward_subtests_run_alone() {
    let Some((_project, kept)) = awkward(&names()) else { return };
    let all = run_all(&[cases::case(&kept, "a", "TestNames")]).remove(0);
    assert_eq!(all.0, Outcome::Passed);
    let subtests: Vec<String> = cases::subtests(&all.1.output).into_iter().collect();
    assert_eq!(subtests.len(), names().len() * 2);
    let alone: Vec<Case> = subtests.iter().map(|name| cases::case(&kept, "a", name)).collect();
    for (name, (outcome, left)) in subtests.iter().zip(run_all(&alone)) {
        assert_eq!(outcome, Outcome::Passed, "{name}");
        let ran = cases::subtests(&left.output);
        assert!(ran.contains(name), "{name}");
        let expected: BTreeSet<String> =
            subtests.iter().filter(|other| related(name, other)).cloned().collect();
        assert_eq!(ran, expected, "{name}");
    }
    // And several at once.
    for step in 2..7 {
        let some: Vec<&String> = subtests.iter().step_by(step).collect();
        let (outcome, left) = run_all(&[cases::together(&kept, "a", &some)]).remove(0);
        assert_eq!(outcome, Outcome::Passed);
        let expected: BTreeSet<String> =
            subtests.iter().filter(|other| some.iter().any(|name| related(name, other))).cloned().collect();
        assert_eq!(cases::subtests(&left.output), expected, "{step}");
    }
}

#[test]
fn patterns_are_understood_as_package_testing_does() {
    let Some((_project, kept)) = awkward(&names()) else { return };
    let all = run_all(&[cases::case(&kept, "a", "TestNames")]).remove(0).1;
    let mut every: Vec<String> = cases::subtests(&all.output).into_iter().collect();
    every.push("TestNamesToo/a".to_owned());
    // The same every time, and as wild as they may be.
    let parts = [
        "Test", "Names", "a", "/", "|", "[/|]", "(a|b)", "(x/y)", "\\/", "^", "$", "#", ".", "]", " ", "b*",
        "[", "\\|",
    ];
    let mut seed = 1_u64;
    let mut next = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % limit
    };
    let patterns: Vec<String> =
        (0..150).map(|_| (0..=next(7)).map(|_| parts[next(parts.len())]).collect()).collect();
    let with = |pattern: &String| {
        let mut case = cases::case(&kept, "a", "TestNames");
        for arg in &mut case.command.args {
            if arg.to_string_lossy().starts_with("-test.run=") {
                *arg = format!("-test.run={pattern}").into();
            }
        }
        case
    };
    let tests: Vec<Case> = patterns.iter().map(with).collect();
    let mut understood = 0;
    for (pattern, (outcome, left)) in patterns.iter().zip(run_all(&tests)) {
        let parsed = Pattern::parse(pattern);
        let compiled: Result<Vec<Vec<regex::bytes::Regex>>, _> = parsed
            .alternatives()
            .iter()
            .map(|elements| {
                let regex = |element: &String| {
                    regex::bytes::Regex::new(&format!("(?-u){}", pattern::rewritten(element)))
                };
                elements.iter().map(regex).collect()
            })
            .collect();
        let Ok(compiled) = compiled else {
            assert_eq!(outcome, Outcome::Failed, "{pattern}");
            continue;
        };
        understood += 1;
        let runs = |name: &str| {
            compiled.iter().any(|elements| {
                elements.iter().zip(name.split('/')).all(|(element, own)| element.is_match(own.as_bytes()))
            })
        };
        // A subtest that is an ancestor's to run.
        let prefixes = |name: &str| -> Vec<String> {
            every.iter().filter(|other| name.starts_with(&format!("{other}/"))).cloned().collect()
        };
        let expected: BTreeSet<String> = every
            .iter()
            .filter(|name| {
                let top = name.split('/').next().unwrap();
                runs(top) && runs(name) && prefixes(name).iter().all(|prefix| runs(prefix))
            })
            .cloned()
            .collect();
        assert_eq!(cases::subtests(&left.output), expected, "{pattern:?}");
    }
    assert!(understood > 75, "{understood}");
}

#[test]
fn names_are_rewritten_as_package_testing_does() {
    let characters: Vec<char> =
        ('\0'..='\u{2fff}').chain(('\u{3000}'..=char::MAX).step_by(97)).filter(|c| *c != '/').collect();
    let names: Vec<String> = characters.iter().enumerate().map(|(at, c)| format!("{at}x{c}y")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some((_project, kept)) = awkward(&names) else { return };
    let (_, left) = run_all(&[cases::case(&kept, "a", "TestNames")]).remove(0);
    let told = cases::subtests(&left.output);
    assert_eq!(told.len(), names.len() * 2);
    let wrong: Vec<&&str> = names
        .iter()
        .filter(|name| !told.contains(&format!("TestNames/{}", pattern::rewritten(name))))
        .collect();
    // Each knows the characters of its own version of Unicode.
    let newer = |name: &&&str| pattern::rewritten(name) == **name;
    assert!(wrong.iter().all(newer), "{:?}", wrong.iter().filter(|name| !newer(name)).collect::<Vec<_>>());
    assert!(wrong.len() < names.len() / 50, "{}", wrong.len());
}

#[test]
fn arguments_reach_the_binary_as_foreseen() {
    let test = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n";
    let Some(project) = Project::new(&[("a/a.go", LIB), ("a/a_test.go", test)]) else { return };
    for text in [
        "go test ./a",
        "go test -short ./a -v",
        "go test ./a -run A -own value -short",
        "go test ./a -own value word -short",
        "go test ./a -own=1 -test.parallel 3 -tags=x",
        "go test ./a -short word -v",
        "go test ./a -args -v ./b",
        "go test ./a -short -- -v",
        "go test -C a -cpu 1,2 -failfast",
        "go test --test.run=A ./a --skip B -vet=off -count 2 -bench . -benchtime 1x",
        "go test ./a -unknown -race=false -args -run=x",
        "go test -parallel 2 ./a -test.unknown 5 -x",
    ] {
        let folder = tempfile::tempdir_in(project.root.path()).unwrap().keep();
        let plan = Plan { mode: Mode::Keep(folder.clone()), chain: Vec::new() }.to_text().unwrap();
        let goflags = format!("'-exec=\"{}\"'", project.exec());
        let output = project.run(&words(text), &[(shim::PLAN, &plan), ("GOFLAGS", &goflags)]);
        assert!(output.status.success(), "{text} {}", both(&output));
        let kept = kept::read(&folder, &environment()).unwrap().remove(0);
        let own = ["test.paniconexit0", "test.timeout", "test.testlogfile", "test.gocoverdir"];
        let found: Vec<String> =
            args::without(&kept.args, &own).into_iter().map(|word| word.into_string().unwrap()).collect();
        assert_eq!(found, parse(text, &goflags).binary, "{text}");
        assert_eq!(parse(text, &goflags).chain().unwrap(), [project.exec()]);
    }
}

#[test]
fn what_the_environment_asks_for_does_not_get_in_the_way() {
    let test = "import \"testing\"\n\nfunc TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\n";
    let files =
        [("p/p_test.go", format!("package p\n\n{test}")), ("q/q_test.go", format!("package q\n\n{test}"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let Some(project) = Project::new(&files) else { return };
    let goflags = "-json -v -tags=x -run=A -shuffle=on -cpuprofile=c -memprofile=m -trace=t -count=2 -failfast \
                   -coverprofile=c -bench=. -timeout=3s '-exec=wrap x' -list=X -outputdir=o -p=1 -race=false";
    let recording = parse("go test ./...", goflags).recording().unwrap();
    let folder = tempfile::tempdir_in(project.root.path()).unwrap().keep();
    let words = recording.go_test(&project.exec(), &["./...".to_owned()]).unwrap();
    let plan = Plan { mode: Mode::Keep(folder.clone()), chain: recording.chain.clone() }.to_text().unwrap();
    let output = project.run(&words, &[(shim::PLAN, &plan), ("GOFLAGS", goflags)]);
    assert!(output.status.success(), "{}", both(&output));
    assert!(!both(&output).starts_with('{'), "{}", both(&output));
    let mut given = environment();
    given.insert("GOFLAGS".into(), goflags.into());
    let kept = kept::read(&folder, &given).unwrap();
    assert_eq!(kept.len(), 2);
    for mut kept in kept {
        assert_eq!(kept.chain, ["wrap", "x"]);
        assert!(!kept.env.contains_key("GOFLAGS".as_ref() as &std::ffi::OsStr));
        kept.chain.clear();
        assert_eq!(kept.own_args(), ["-test.paniconexit0", "-test.timeout=3s"]);
        assert_eq!(project.list(&kept).unwrap().left_out, ["TestB".to_owned()].into());
        assert_eq!(run_all(&[cases::case(&kept, "p", "TestA")])[0].0, Outcome::Passed);
    }
    let left: Vec<_> =
        fs::read_dir(project.module()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

fn selected(project: &Project, name: &str, choice: Choice) -> Selected {
    Selected {
        import_path: format!("example.com/m/{name}"),
        folder: project.module().join(name),
        choice,
        others: None,
    }
}

fn tests(names: &[&str]) -> Choice {
    Choice::Tests(names.iter().map(|&name| name.to_owned()).collect())
}

/// The tests that ran, told from `go test -json`, and whether the command passed.
fn ran(project: &Project, subset: &Subset) -> (bool, BTreeSet<String>) {
    let (mut passed, mut ran) = (true, BTreeSet::new());
    let plan = subset.plan.as_ref().map(|plan| plan.to_text().unwrap()).unwrap_or_default();
    for words in &subset.commands {
        let output = project.run(words, &[(shim::PLAN, &plan)]);
        passed &= output.status.success();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect(line);
            if event["Action"] == "run" {
                let package = event["Package"].as_str().unwrap().rsplit('/').next().unwrap();
                ran.insert(format!("{package}.{}", event["Test"].as_str().unwrap()));
            }
        }
    }
    (passed, ran)
}

#[test]
fn some_tests_of_some_packages_run() {
    let test = "import \"testing\"\n\nfunc TestSame(t *testing.T) {}\nfunc TestOther(t *testing.T) { t.Run(\"sub\", \
                func(t *testing.T) {}) }\nfunc TestFails(t *testing.T) { t.Fail() }\n";
    let p = format!("package p\n\n{test}");
    let q = format!("package q\n\n{test}");
    let files = [
        ("p/p_test.go", p.as_str()),
        ("q/q_test.go", &q),
        ("broken/b_test.go", "package broken\n\nnonsense\n"),
    ];
    let Some(project) = Project::new(&files) else { return };
    let file = project.root.path().join("choices");
    let check_as = |text: &str, packages: &[Selected]| {
        let subset = subset(&parse(text, ""), packages, &project.exec(), &file).unwrap();
        let (passed, ran) = ran(&project, &subset);
        (subset.plan.is_some(), passed, ran.into_iter().collect::<Vec<_>>().join(" "))
    };
    let check = |packages: &[Selected]| check_as("go test -json ./...", packages);
    // What does not compile is not built, because nothing of it is wanted.
    let broken = selected(&project, "broken", tests(&[]));
    let found = check(&[
        selected(&project, "p", tests(&["TestSame"])),
        selected(&project, "q", tests(&["TestOther"])),
        broken.clone(),
    ]);
    assert_eq!(found, (true, true, "p.TestSame q.TestOther q.TestOther/sub".to_owned()));
    let found = check(&[
        selected(&project, "p", tests(&["TestFails"])),
        selected(&project, "q", tests(&["TestSame"])),
    ]);
    assert_eq!(found, (true, false, "p.TestFails q.TestSame".to_owned()));
    let found = check(&[selected(&project, "p", tests(&["TestOther"])), broken]);
    assert_eq!(found, (false, true, "p.TestOther p.TestOther/sub".to_owned()));
    let found = check(&[selected(&project, "p", Choice::All), selected(&project, "q", tests(&["TestSame"]))]);
    assert_eq!(
        found,
        (true, false, "p.TestFails p.TestOther p.TestOther/sub p.TestSame q.TestSame".to_owned())
    );
}

#[test]
fn the_users_own_choice_holds_where_everything_is_wanted() {
    let test = "import \"testing\"\n\nfunc TestSame(t *testing.T) {}\nfunc TestOther(t *testing.T) {}\n";
    let p = format!("package p\n\n{test}");
    let q = format!("package q\n\n{test}");
    let Some(project) = Project::new(&[("p/p_test.go", p.as_str()), ("q/q_test.go", &q)]) else { return };
    let file = project.root.path().join("choices");
    let all = [selected(&project, "p", Choice::All), selected(&project, "q", tests(&["TestSame"]))];
    for text in ["go test -json -run=Same ./...", "go test -json ./... -args -test.run=Same"] {
        let subset = subset(&parse(text, ""), &all, &project.exec(), &file).unwrap();
        let found = ran(&project, &subset);
        assert_eq!(found, (true, ["p.TestSame".to_owned(), "q.TestSame".to_owned()].into()), "{text}");
    }
}

#[test]
fn the_stand_in_changes_nothing_else() {
    let test = "package p\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestA(t *testing.T) { \
                fmt.Println(os.Getenv(\"SKIPTRACE_GO_EXEC_PLAN\"), os.Args[1:]) }\nfunc TestB(t *testing.T) {}\n\
                func TestExits(t *testing.T) { os.Exit(5) }\n";
    let Some(project) = Project::new(&[("p/p_test.go", test)]) else { return };
    let wrapper = project.tools().join("wrap");
    fs::write(&wrapper, "#!/bin/sh\necho wrapped\nexec \"$@\"\n").unwrap();
    fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let kept = project.keep_one("go test ./p");
    let file = project.root.path().join("choices");
    let wanted = |choice: Choice| {
        Choices::new(&[selected(&project, "p", choice)]).write(&file).unwrap();
        let mode = Mode::Subset { choices: file.clone(), users: None };
        Plan { mode, chain: vec![wrapper.to_str().unwrap().to_owned()] }.to_text().unwrap()
    };
    let start = |plan: &str, args: &[&str]| {
        let mut words = vec![project.exec(), kept.binary.to_str().unwrap().to_owned()];
        words.extend(args.iter().map(|&arg| arg.to_owned()));
        Command::new(&words[0])
            .args(&words[1..])
            .current_dir(project.module().join("p"))
            .env(shim::PLAN, plan)
            .output()
            .unwrap()
    };
    let one = start(&wanted(tests(&["TestA"])), &["-test.short"]);
    assert_eq!(
        String::from_utf8_lossy(&one.stdout),
        "wrapped\n [-test.run=^TestA$ -test.short]\nPASS\ncoverage: [no statements]\n"
    );
    assert_eq!(start(&wanted(tests(&["TestExits"])), &[]).status.code(), Some(5));
    // Nothing of this package: it does not even start.
    let nothing = start(&wanted(tests(&[])), &[]);
    assert_eq!((nothing.status.code(), both(&nothing)), (Some(0), String::new()));
    // It is not among those that are known, so nothing is left out.
    let plan = wanted(tests(&[]));
    Choices::new(&[]).write(&file).unwrap();
    assert_eq!(start(&plan, &[]).status.code(), Some(5));
    // Its folder is another one than it was built in.
    let elsewhere = Selected { folder: "/elsewhere".into(), ..selected(&project, "p", tests(&["TestA"])) };
    Choices::new(&[elsewhere]).write(&file).unwrap();
    assert!(both(&start(&plan, &[])).contains("-test.run=^TestA$"));
    // Somebody runs again what failed.
    let again = start(&wanted(tests(&["TestA"])), &["-test.run=^TestB$", "-test.v"]);
    let said = both(&again);
    assert!(said.contains("TestB") && !said.contains("TestA"), "{said}");
    // More names than an argument can hold.
    let mut many: BTreeSet<String> =
        (0..6000).map(|n| format!("TestOfALongName{n}OfWhichThereAreMany")).collect();
    many.extend(["TestA".to_owned(), "TestB".to_owned()]);
    let found = start(&wanted(Choice::Tests(many.clone())), &["-test.v"]);
    let said = both(&found);
    assert!(said.matches("wrapped").count() > 1 && found.status.success(), "{said}");
    assert!(
        said.contains("--- PASS: TestA") && said.contains("--- PASS: TestB") && !said.contains("TestExits")
    );
    many.insert("TestExits".to_owned());
    assert_eq!(start(&wanted(Choice::Tests(many.clone())), &[]).status.code(), Some(5));
    // A file that each process would write anew: everything runs at once.
    let profile = project.root.path().join("profile");
    let profiled =
        start(&wanted(Choice::Tests(many)), &["-test.v", &format!("-test.memprofile={}", profile.display())]);
    assert_eq!(both(&profiled).matches("wrapped").count(), 1);
}

#[test]
fn programs_are_told_by_their_files() {
    let files = [
        ("main.go", "package main\n\nimport \"example.com/m/a\"\n\nfunc main() { a.F(1) }\n"),
        ("a/a.go", LIB),
        ("main_test.go", "package main\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n"),
    ];
    let Some(project) = Project::new(&files) else { return };
    let build = |words_: &str, variables: &[(&str, &str)]| {
        let output = project.run(&words(&format!("go {words_}")), variables);
        assert!(output.status.success(), "{}", both(&output));
    };
    build("build -o plain .", &[]);
    build("build -cover -o covered .", &[]);
    build("build -cover -ldflags=-s -o stripped .", &[]);
    build("build -cover -buildmode=pie -trimpath -o pie .", &[]);
    build("test -c -o plain.test .", &[]);
    build("test -c -cover -o covered.test .", &[]);
    for (name, covered) in [
        ("plain", false),
        ("covered", true),
        ("stripped", true),
        ("pie", true),
        ("plain.test", false),
        ("covered.test", true),
    ] {
        let Image::Go(image) = image::read(&project.module().join(name)) else { panic!("{name}") };
        assert_eq!((image.counts, image.is_covered()), (covered, covered), "{name}");
        assert_eq!(image.settings.contains_key("-cover"), covered, "{name}");
        assert_eq!(image.module.as_deref(), Some("example.com/m"), "{name}");
        assert_eq!(image.path.as_deref(), Some("example.com/m"), "{name}");
        assert!(image.go.starts_with("go1.") || image.go.starts_with("devel"), "{name} {}", image.go);
        // As Go itself reads it.
        let version = project.run(&words(&format!("go version -m {name}")), &[]);
        for line in both(&version).lines().filter_map(|line| line.strip_prefix("\tbuild\t")) {
            let (key, value) = line.split_once('=').unwrap();
            assert_eq!(
                image.settings.get(key).map(String::as_str),
                Some(value.trim_matches('"')),
                "{name} {key}"
            );
        }
    }
    // Without section headers there are still the parts that are loaded.
    let mut bytes = fs::read(project.module().join("covered")).unwrap();
    if bytes.starts_with(b"\x7fELF\x02\x01") {
        bytes[40..48].fill(0);
        bytes[58..64].fill(0);
        let image = image::read_bytes(&bytes);
        assert_eq!(image.import_path(), Some("example.com/m"));
        assert!(image.go().unwrap().is_covered());
    }
    assert_eq!(image::read(Path::new("/bin/sh")), Image::Other);
    assert_eq!(image::read(&example()), Image::Other);
}

#[test]
fn programs_of_other_systems_are_told_too() {
    // Without the standard library's larger packages, which would all be built for each system.
    let files = [("main.go", "package main\n\nfunc main() {}\n")];
    let Some(project) = Project::new(&files) else { return };
    for (system, machine) in [("windows", "amd64"), ("darwin", "arm64"), ("linux", "s390x")] {
        let variables = [("GOOS", system), ("GOARCH", machine), ("CGO_ENABLED", "0")];
        let output = project.run(&words(&format!("go build -o {system}-{machine} .")), &variables);
        assert!(output.status.success(), "{}", both(&output));
        let Image::Go(image) = image::read(&project.module().join(format!("{system}-{machine}"))) else {
            panic!("{system}")
        };
        assert_eq!(image.path.as_deref(), Some("example.com/m"), "{system}");
        assert_eq!(image.settings["GOOS"], system);
        assert!(!image.is_covered());
    }
}
