//! What processes leave behind, by how they end. The rules of what a missing file means rest on these facts.

use std::collections::BTreeSet;
use std::fs;

use skiptrace_engine::record::Problem;

use crate::llvm::profile::*;

use super::tools::{COMPILERS, Compiler, Workshop, check_against_llvm, functions_of};

const C: &str = r#"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
__attribute__((noinline)) void in_child(void) { }
__attribute__((noinline)) void in_parent(void) { }
static void end(const char *how) {
  if (!strcmp(how, "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(how, "_exit")) _exit(0);
  if (!strcmp(how, "abort")) abort();
  exit(0);
}
int main(int argc, char **argv) {
  if (!strcmp(argv[1], "child")) { in_child(); end(argv[2]); }
  in_parent();
  pid_t child = 0;
  if (strcmp(argv[1], "end") && !(child = fork())) {
    if (!strcmp(argv[1], "spawn")) execl("/proc/self/exe", "p", "child", argv[2], (char *)0);
    in_child();
    end(argv[2]);
  }
  if (child) waitpid(child, 0, 0); else end(argv[2]);
  return 0;
}
"#;

const RUST: &str = r#"
extern "C" {
    fn _exit(code: i32) -> !; fn getpid() -> i32; fn kill(pid: i32, signal: i32) -> i32;
    fn fork() -> i32; fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
}
#[inline(never)] fn in_child() {}
#[inline(never)] fn in_parent() {}
fn end(how: &str) -> ! {
    match how {
        "kill" => unsafe { kill(getpid(), 9); loop {} },
        "_exit" => unsafe { _exit(0) },
        "abort" => std::process::abort(),
        _ => std::process::exit(0),
    }
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "child" { in_child(); end(&args[2]) }
    in_parent();
    match &*args[1] {
        "spawn" => { std::process::Command::new("/proc/self/exe").args(["child", &args[2]]).status().unwrap(); }
        "fork" => unsafe {
            let child = fork();
            if child == 0 { in_child(); end(&args[2]) }
            waitpid(child, &mut 0, 0);
        },
        _ => end(&args[2]),
    }
}
"#;

fn program(compiler: Compiler, relocation: bool) -> Option<(Workshop, std::path::PathBuf)> {
    let source = match compiler {
        Compiler::Clang(_) => C,
        Compiler::Rustc => RUST,
    };
    let here = compiler.is_here();
    here.then(|| Workshop::new(compiler)).map(|workshop| {
        let flags = if relocation { compiler.relocation() } else { &[] };
        let program = workshop.compile("program", source, flags);
        (workshop, program)
    })
}

/// Returns the sizes of all files in profiles, and what ran by all that they say.
fn left(workshop: &Workshop) -> (Vec<usize>, BTreeSet<u64>) {
    let mut ran = BTreeSet::new();
    let profiles = workshop.profiles();
    let sizes = profiles.iter().map(|path| {
        let bytes = fs::read(path).unwrap();
        if bytes.is_empty() {
            let reading = read_file(path, &Layouts::default(), &mut Scratch::default(), |_| {});
            assert_eq!(reading.health().problems().collect::<Vec<_>>(), [Problem::ProcessKilled]);
            assert!(workshop.show(path).is_none());
            return 0;
        }
        ran.extend(check_against_llvm(workshop, path));
        RawProfiles::new(&bytes).count()
    });
    (sizes.collect(), ran)
}

/// What ran, when everything that ran is told.
fn everything(workshop: &Workshop, program: &std::path::Path, args: &[&str]) -> BTreeSet<u64> {
    workshop.run(program, args, "%p-%m.profraw");
    left(workshop).1
}

#[test]
fn a_process_that_dies_leaves_an_empty_file_only_where_it_is_the_first() {
    for (workshop, program) in COMPILERS.into_iter().filter_map(|compiler| program(compiler, false)) {
        let all = everything(&workshop, &program, &["spawn", "exit"]);
        for how in ["kill", "_exit", "abort"] {
            workshop.run(&program, &["end", how], "%p.profraw");
            assert_eq!(left(&workshop), (vec![0], BTreeSet::new()), "{how}");

            // The first process says in the environment that files were made: its children make none.
            workshop.run(&program, &["spawn", how], "%p.profraw");
            let (profiles, ran) = left(&workshop);
            assert_eq!(profiles, [1], "{how}: the child leaves nothing at all");
            assert!(ran.len() < all.len(), "{how}: what the child ran is lost");

            if how != "abort" {
                workshop.run(&program, &["fork", how], "%p.profraw");
                assert_eq!(left(&workshop).0, [1], "{how}: neither does a forked one");
            }
        }
    }
}

#[test]
fn continuous_profiles_survive_every_end() {
    for (workshop, program) in COMPILERS.into_iter().filter_map(|compiler| program(compiler, true)) {
        for way in ["spawn", "fork"] {
            let all = everything(&workshop, &program, &[way, "exit"]);
            for how in ["exit", "kill", "_exit", "abort"] {
                for pattern in ["%p%c.profraw", "%m%c.profraw", "%p-%m%c.profraw"] {
                    workshop.run(&program, &[way, how], pattern);
                    let (profiles, ran) = left(&workshop);
                    let n_files = if way == "spawn" && pattern.contains("%p") { 2 } else { 1 };
                    assert_eq!(profiles, vec![1; n_files], "{way} {how} {pattern}");
                    assert_eq!(ran, all, "{way} {how} {pattern}");
                }
            }
        }
    }
}

#[test]
fn a_forked_child_appends_its_profile() {
    for (workshop, program) in COMPILERS.into_iter().filter_map(|compiler| program(compiler, false)) {
        workshop.run(&program, &["fork", "exit"], "%p.profraw");
        let (profiles, ran) = left(&workshop);
        assert_eq!(profiles, [2]);
        // The child's is the first: it ends before its parent does, and ran more.
        let bytes = fs::read(&workshop.profiles()[0]).unwrap();
        let first = functions_of(&bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(first.values().filter(|counts| counts.iter().any(|count| *count > 0)).count(), ran.len());
    }
}

const MAIN_OF_LIBRARIES: &str = r#"
#include <dlfcn.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    void *library = dlopen(argv[i], RTLD_NOW);
    if (!library) return 1;
    ((void (*)(void))dlsym(library, "run"))();
  }
  return 0;
}
"#;

#[test]
fn libraries_of_one_process_need_files_of_their_own_in_continuous_mode() {
    for compiler in [14, 16, 19, 22].map(Compiler::Clang).into_iter().filter(|compiler| compiler.is_here()) {
        let workshop = Workshop::new(compiler);
        let build = |relocation: &[&str]| {
            let library = |name: &str, source: &str| {
                let flags = [&["-shared", "-fPIC"], relocation].concat();
                workshop.compile(name, source, &flags).to_str().unwrap().to_owned()
            };
            let first =
                library("a.so", "int in_a(int x) { return x ? 1 : 2; } int run(void) { return in_a(1); }");
            let second =
                library("b.so", "int in_b(int x) { return x; } int run(void) { return in_b(1) && in_b(2); }");
            let flags = [&["-ldl"], relocation].concat();
            (workshop.compile("program", MAIN_OF_LIBRARIES, &flags), [first, second])
        };
        let (program, libraries) = build(&[]);
        let libraries: Vec<&str> = libraries.iter().map(String::as_str).collect();
        assert!(workshop.run(&program, &libraries, "%p.profraw").success());
        assert_eq!(left(&workshop).0, [3], "one file with three profiles");
        let all = left(&workshop).1;
        assert!(workshop.run(&program, &libraries, "%m.profraw").success());
        assert_eq!(left(&workshop), (vec![1; 3], all.clone()));

        let (program, libraries) = build(compiler.relocation());
        let libraries: Vec<&str> = libraries.iter().map(String::as_str).collect();
        for pattern in ["%m%c.profraw", "%p-%m%c.profraw"] {
            assert!(workshop.run(&program, &libraries, pattern).success());
            assert_eq!(left(&workshop), (vec![1; 3], all.clone()), "{pattern}");
        }
        // Each truncates the file of the one before it: never to be used.
        assert!(workshop.run(&program, &libraries, "%p%c.profraw").success());
        let (profiles, ran) = left(&workshop);
        assert_eq!(profiles, [1]);
        assert!(ran.len() < all.len());
    }
}
