//! Records a CMake project with real tools, and compares what is said of each test with what it really called: every
//! function of the project writes its name into a file.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_engine::recording::Shard;
use skiptrace_indexers::record::native::{NativeCommand, Request, record};
use skiptrace_indexers::record::outcome::Outcome;
use skiptrace_indexers::run::driver;
use skiptrace_indexers::run::native::LeftOut;
use skiptrace_indexers::run::wanted::Wanted;
use skiptrace_indexers::run::watch::Watch;

const NOTE: &str = r#"#pragma once
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
static inline void note(const char *name) {
  char line[64];
  int length = (int)strlen(name);
  memcpy(line, name, length);
  line[length] = '\n';
  int file = open(TRUTH, O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (write(file, line, length + 1) < 0) _exit(9);
  close(file);
}
#define NOTE note(__func__)
"#;

const CMAKE: &str = r#"cmake_minimum_required(VERSION 3.16)
project(sample CXX)
enable_testing()
add_compile_definitions("TRUTH=\"${CMAKE_SOURCE_DIR}/truth\"" "BIN=\"${CMAKE_BINARY_DIR}\"")
add_library(core SHARED core.cpp table.cpp)
add_library(plug1 MODULE plug1.cpp)
add_library(plug2 MODULE plug2.cpp)
set_target_properties(plug1 PROPERTIES OUTPUT_NAME plug LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/p1)
set_target_properties(plug2 PROPERTIES OUTPUT_NAME plug LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/p2)
add_executable(helper helper.cpp)
add_executable(tests tests.cpp)
target_link_libraries(tests core gtest gtest_main dl pthread)
add_executable(plain plain.cpp)
add_test(NAME unit COMMAND tests)
add_test(NAME plain COMMAND plain)
"#;

const TESTS: &str = r#"#include "core.h"
#include "note.h"
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
extern char **environ;
void in_child() { NOTE; }
void after_fork() { NOTE; }
void in_thread() { NOTE; }
int spawn(const char *how, char **variables) {
  const char *args[] = {"helper", how, nullptr};
  pid_t pid;
  if (posix_spawn(&pid, BIN "/helper", nullptr, nullptr, (char **)args, variables)) return -1;
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}
void load(const char *path) {
  void *plugin = dlopen(path, RTLD_NOW);
  ASSERT_TRUE(plugin);
  ((void (*)())dlsym(plugin, "enter"))();
  dlclose(plugin);
}
TEST(Fine, Calls) { core_one(); }
TEST(Fine, Thread) { std::thread(in_thread).join(); core_two(); }
TEST(Fine, Loads) { load(BIN "/p1/libplug.so"); }
TEST(Fine, LoadsBoth) { load(BIN "/p1/libplug.so"); load(BIN "/p2/libplug.so"); }
TEST(Fine, ForkReturns) { pid_t pid = fork(); if (!pid) { in_child(); exit(0); } waitpid(pid, nullptr, 0); }
TEST(Racing, TwoForks) {
  pid_t one = fork(); if (!one) { in_child(); exit(0); }
  pid_t two = fork(); if (!two) { after_fork(); exit(0); }
  waitpid(one, nullptr, 0); waitpid(two, nullptr, 0);
}
TEST(Fine, Helper) { EXPECT_EQ(spawn("return", environ), 0); }
TEST(Fine, System) { EXPECT_EQ(system(BIN "/helper return; true"), 0); }
TEST(Lossy, ForkLeaves) { pid_t pid = fork(); if (!pid) { in_child(); _exit(0); } waitpid(pid, nullptr, 0); }
TEST(Lossy, ForkBecomes) {
  pid_t pid = fork();
  if (!pid) { in_child(); execl("/bin/true", "true", nullptr); }
  waitpid(pid, nullptr, 0);
}
TEST(Lossy, Killed) { EXPECT_EQ(spawn("kill", environ), SIGKILL); }
TEST(Lossy, Leaves) { EXPECT_EQ(spawn("leave", environ), 0); }
TEST(Lossy, Becomes) { EXPECT_EQ(spawn("become", environ), 0); }
TEST(Lossy, Dies) { EXPECT_DEATH({ in_child(); abort(); }, ""); }
TEST(Lossy, Daemon) {
  pid_t pid = fork();
  if (!pid) { setsid(); in_child(); pause(); }
  usleep(100000);
}
TEST(Elsewhere, NoVariables) { char *none[] = {nullptr}; EXPECT_EQ(spawn("return", none), 0); }
"#;

const HELPER: &str = r#"#include "note.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
void help() { NOTE; }
int main(int, char **args) {
  help();
  if (!strcmp(args[1], "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(args[1], "leave")) _exit(0);
  if (!strcmp(args[1], "become")) execl("/bin/true", "true", nullptr);
  return 0;
}
"#;

const PLAIN: &str = r#"#include "note.h"
#include <stdlib.h>
void plainly() { NOTE; }
int main() {
  close(0); close(1); close(2);
  if (chdir("/")) return 1;
  clearenv();
  plainly();
}
"#;

/// A test, what it called, what its recording has, and what is wrong with that.
type Compared = (String, BTreeSet<String>, BTreeSet<String>, Vec<String>);

struct Project {
    root: tempfile::TempDir,
}

impl Project {
    /// Builds the project; `None` where a tool is missing.
    fn build(generator: &str, flags: &str) -> Option<Project> {
        let root = tempfile::tempdir().unwrap();
        let project = Project { root };
        for (name, text) in [
            ("note.h", NOTE),
            ("CMakeLists.txt", CMAKE),
            ("tests.cpp", TESTS),
            ("helper.cpp", HELPER),
            ("plain.cpp", PLAIN),
            ("core.h", "#pragma once\nvoid core_one();\nvoid core_two();\nextern const int table[2];\n"),
            (
                "core.cpp",
                "#include \"core.h\"\n#include \"note.h\"\nvoid core_one() { NOTE; }\nvoid core_two() { NOTE; }\n",
            ),
            ("table.cpp", "#include \"core.h\"\nconst int table[2] = {1, 2};\n"),
            ("plug1.cpp", "#include \"note.h\"\nextern \"C\" void enter() { NOTE; }\n"),
            (
                "plug2.cpp",
                "#include \"note.h\"\nvoid deeper() { NOTE; }\nextern \"C\" void enter() { deeper(); }\n",
            ),
        ] {
            fs::write(project.root().join(name), text).unwrap();
        }
        let flags = format!("-fprofile-instr-generate -fcoverage-mapping {flags}");
        let configured = Command::new("cmake")
            .args(["-S", ".", "-B", "build", "-G", generator, "-DCMAKE_BUILD_TYPE=Debug"])
            .arg("-DCMAKE_CXX_COMPILER=clang++-22")
            .arg(format!("-DCMAKE_CXX_FLAGS={flags}"))
            .current_dir(project.root())
            .output();
        let built = configured.is_ok_and(|output| output.status.success())
            && Command::new("cmake")
                .args(["--build", "build", "-j2"])
                .current_dir(project.root())
                .output()
                .is_ok_and(|output| output.status.success());
        if !built {
            assert_ne!(
                std::env::var("SKIPTRACE_REQUIRE_TOOLS").as_deref(),
                Ok("1"),
                "the project is not built"
            );
            eprintln!("skipped: CMake, clang 22 or GoogleTest is missing");
        }
        built.then_some(project)
    }

    fn root(&self) -> &Path {
        self.root.path()
    }

    fn record(&self, command: &[&str], wanted: Wanted) -> Outcome {
        let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let watch = Watch::start();
        let request = Request {
            command: NativeCommand::parse(&words, self.root()).unwrap().unwrap(),
            framework: None,
            cwd: self.root().to_owned(),
            variables: std::env::vars_os().collect(),
            repository: self.root().canonicalize().unwrap(),
            driver: driver::Options {
                jobs: 2,
                runs: 1,
                retries: 0,
                timeout: None,
                private_temporary: true,
                keep_output: false,
            },
            left_out: LeftOut::Skip,
            wanted,
            filter: None,
            watch: &watch,
            listener: &|_| {},
        };
        record(&request).unwrap()
    }

    /// Records some of the tests, by their names.
    fn record_those(&self, command: &[&str], is_wanted: impl Fn(&str) -> bool) -> Outcome {
        let all = self.record(command, Wanted::default());
        let unwanted = all.tests.iter().filter(|test| !is_wanted(&test.name));
        let without = unwanted.map(|test| (test.suite.to_string(), test.name.to_string())).collect();
        self.record(command, Wanted::new(Shard::WHOLE, without))
    }

    /// Records each test alone, and says of each which functions it called, which the recording has, and what is
    /// wrong with it.
    fn compare(&self, command: &[&str]) -> Vec<Compared> {
        let all = self.record(command, Wanted::default());
        assert!(all.missing.is_empty(), "{:?}", all.missing);
        let names: BTreeSet<(String, String)> =
            all.tests.iter().map(|test| (test.suite.to_string(), test.name.to_string())).collect();
        let one = |(suite, name): (String, String)| {
            let _ = fs::remove_file(self.root().join("truth"));
            let mut others = names.clone();
            others.remove(&(suite, name.clone()));
            let outcome = self.record(command, Wanted::new(Shard::WHOLE, others));
            let truth = fs::read_to_string(self.root().join("truth")).unwrap_or_default();
            let truth = truth.lines().map(str::to_owned).collect();
            let [test] = &outcome.tests[..] else { panic!("{name}: {:?}", outcome.missing) };
            assert_eq!(test.outcome.name(), "passed", "{name}");
            let executed = test.runs.iter().flat_map(|trace| &trace.places);
            let executed = executed.filter_map(|place| self.function(&outcome, *place)).collect();
            let troubles =
                test.runs.iter().flat_map(|trace| &trace.troubles).map(|trouble| trouble.detail.clone());
            (name, truth, executed, troubles.collect())
        };
        names.iter().cloned().map(one).collect()
    }

    /// Returns the function that begins where a place does.
    fn function(&self, outcome: &Outcome, place: u32) -> Option<String> {
        let (file, range) = outcome.places.all()[place as usize];
        let path = self.root().join(outcome.places.files()[file as usize].as_str());
        let text = fs::read_to_string(path).unwrap();
        let line = text.lines().nth(range.start.line as usize - 1)?;
        let name = line.split("void ").nth(1)?.split('(').next()?;
        Some(name.to_owned())
    }
}

fn check(project: &Project, command: &[&str], lossy: bool) {
    let found = project.compare(command);
    assert_eq!(found.len(), 17, "{:?}", found.iter().map(|found| &found.0).collect::<Vec<_>>());
    for (name, truth, executed, troubles) in found {
        assert!(!truth.is_empty(), "{name} told nothing");
        let loses = lossy && name.starts_with("Lossy.") || name.starts_with("Elsewhere.");
        // Two that write to one file at the same time may be told apart, or not; then the test is distrusted.
        let may_lose = lossy && name.starts_with("Racing.");
        assert!(may_lose || troubles.is_empty() != loses, "{name}: {troubles:?}");
        let missing: Vec<_> = truth.difference(&executed).collect();
        if troubles.is_empty() {
            assert!(missing.is_empty(), "{name} executed {missing:?} as well");
        }
        // Nothing is made up either.
        let surplus: Vec<_> = executed.difference(&truth).filter(|name| *name != "note").collect();
        assert!(surplus.iter().all(|name| ["load"].contains(&name.as_str())), "{name}: {surplus:?}");
    }
}

const RELOCATION: &str = "-mllvm -runtime-counter-relocation";

#[test]
fn lost_profiles_are_noticed() {
    if let Some(project) = Project::build("Ninja", "") {
        check(&project, &["ctest", "--test-dir", "build"], true);
    }
}

#[test]
fn nothing_is_lost_with_counters_that_move() {
    if let Some(project) = Project::build("Ninja", RELOCATION) {
        check(&project, &["build/tests", "build/plain"], false);
    }
}

#[test]
fn suites_know_what_they_were_compiled_from() {
    for generator in ["Ninja", "Unix Makefiles"] {
        let Some(project) = Project::build(generator, "") else { return };
        let outcome = project
            .record_those(&["build/tests", "build/plain"], |name| name.contains("Load") || name == "plain");
        let files = |suite: &str| -> Vec<&str> {
            outcome.compiled[suite]
                .iter()
                .map(|path| path.as_str())
                .filter(|path| !path.starts_with("build/"))
                .collect()
        };
        assert_eq!(files("plain"), ["note.h", "plain.cpp"], "{generator}");
        let expected = ["core.cpp", "core.h", "note.h", "plug1.cpp", "plug2.cpp", "table.cpp", "tests.cpp"];
        assert_eq!(files("tests"), expected, "{generator}");
        // What has no function counts in no test, so each depends on all of it.
        let whole = |name: &str| -> Vec<&str> {
            let test = outcome.tests.iter().find(|test| &*test.name == name).unwrap();
            test.uncounted.iter().map(|part| part.path.as_str()).collect()
        };
        assert_eq!(whole("Fine.Loads"), ["core.h", "table.cpp"], "{generator}");
        assert!(whole("plain").is_empty());
        let key = &outcome.environment.parts;
        assert_eq!(key["profile"], "Debug");
        assert!(key["compilers"].contains("clang version 22"), "{key:?}");

        // What is edited and not built again is not what runs.
        let text = fs::read_to_string(project.root().join("plain.cpp")).unwrap();
        fs::write(project.root().join("plain.cpp"), format!("\n{text}")).unwrap();
        let stale = project
            .record_those(&["build/tests", "build/plain"], |name| name == "Fine.Loads" || name == "plain");
        for test in &stale.tests {
            let troubles: Vec<&str> =
                test.runs[0].troubles.iter().map(|trouble| trouble.detail.as_str()).collect();
            let is_told = troubles.iter().any(|trouble| trouble.contains("`plain.cpp` as it is now"));
            assert_eq!(is_told, &*test.name == "plain", "{generator}: {}: {troubles:?}", test.name);
        }
        assert_eq!(stale.tests.len(), 2);
    }
}

#[test]
fn filters_of_ctest_choose() {
    let Some(project) = Project::build("Ninja", "") else { return };
    let names = |command: &[&str]| -> Vec<String> {
        let outcome = project.record_those(command, |name| !name.starts_with("Lossy"));
        outcome.tests.iter().map(|test| test.name.to_string()).collect()
    };
    assert_eq!(names(&["ctest", "--test-dir", "build", "-R", "pl.in"]), ["plain"]);
    assert_eq!(names(&["ctest", "--test-dir", "build", "-E", "plain"]).len(), 9);
}

#[test]
fn a_build_without_coverage_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let program: PathBuf = root.path().join("t");
    fs::copy("/bin/true", &program).unwrap();
    let watch = Watch::start();
    let request = Request {
        command: NativeCommand::Programs(vec![program]),
        framework: None,
        cwd: root.path().to_owned(),
        variables: Default::default(),
        repository: root.path().to_owned(),
        driver: driver::Options {
            jobs: 1,
            runs: 1,
            retries: 0,
            timeout: None,
            private_temporary: true,
            keep_output: false,
        },
        left_out: LeftOut::Skip,
        wanted: Wanted::default(),
        filter: None,
        watch: &watch,
        listener: &|_| {},
    };
    let error = record(&request).unwrap_err().to_string();
    assert!(error.contains("-fcoverage-mapping"), "{error}");
}
