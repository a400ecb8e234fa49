use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::run::native::testing::{Bench, run, told, told_together};
use crate::run::verdict::Judgement;

const PROGRAM: &str = r##"
fn log(name: &str) {
    if let Ok(path) = std::env::var("LOG") {
        use std::io::Write;
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        write!(file.unwrap(), "{name}|").unwrap();
    }
}
mod a {
    #[test] fn passes() { super::log("a::passes"); }
    #[test] fn passes_too() { super::log("a::passes_too"); }
    #[test] fn r#match() { super::log("a::r#match"); }
    #[test] fn größe() { super::log("a::größe"); }
}
#[test] fn passes() { log("passes"); }
#[test] fn fails() { log("fails"); panic!("no"); }
#[test] #[should_panic] fn panics() { log("panics"); panic!("yes"); }
#[test] #[ignore = "slow"] fn ignored() { log("ignored"); }
#[test] fn leaves() { log("leaves"); std::process::exit(0); }
"##;

/// Compiles a program with rustc, which every machine that builds this has.
fn compile(bench: &Bench, source: &str, args: &[&str]) -> Binary {
    let mut binary = bench.script("t", "");
    let file = bench.path("t.rs");
    std::fs::write(&file, source).unwrap();
    binary.command.program = bench.path("t-tests");
    binary.command.args.clear();
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2021"])
        .args(args)
        .arg("-o")
        .args([&binary.command.program, &file])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    binary
}

#[test]
fn each_test_runs_alone() {
    let bench = Bench::new();
    let binary = compile(&bench, PROGRAM, &["--test"]);
    let cases = list(&binary, LeftOut::Skip, &bench.listing()).unwrap();
    insta::assert_snapshot!(told(&cases, &bench), @r#"
    "a::größe": Passed ran a::größe
    "a::passes": Passed ran a::passes
    "a::passes_too": Passed ran a::passes_too
    "a::r#match": Passed ran a::r#match
    "fails": Failed ran fails
    "ignored" (left out): NothingRan ran nothing
    "leaves": NothingRan ran leaves
    "panics": Passed ran panics
    "passes": Passed ran passes
    "#);

    let some = |names: &[&str]| {
        let of = |name: &&str| cases.iter().find(|case| *case.name == **name).unwrap();
        together(&names.iter().map(of).collect::<Vec<_>>(), None).unwrap()
    };
    let mut command = binary.command.clone();
    command.args.extend(["--skip".into(), "leaves".into()]);
    let runs = [
        some(&["passes", "panics", "a::größe"]),
        some(&["passes", "fails"]),
        together(&cases.iter().collect::<Vec<_>>(), Some(&command)).unwrap(),
    ];
    insta::assert_snapshot!(runs.map(|run| told_together(&run, &bench)).concat(), @r#"
    3 began, 3 ran, 0 failed: {}
    2 began, 2 ran, 1 failed: {"fails"}
    7 began, 7 ran, 1 failed: {"fails"}
    "#);
    // How many others began beside the one that leaves, chance decides.
    let left = told_together(&some(&["passes", "leaves"]), &bench);
    assert!(left.ends_with("began, and nothing is told\n"), "{left}");

    let cases = list(&binary, LeftOut::Run, &bench.listing()).unwrap();
    let of = |name: &str| cases.iter().find(|case| &*case.name == name).unwrap();
    assert!(!of("ignored").skipped);
    assert_eq!(run(of("ignored")), Judgement::Passed);
    let mut stale = of("passes").clone();
    *stale.command.args.last_mut().unwrap() = "gone".into();
    assert_eq!(run(&stale), Judgement::NothingRan);
    bench.assert_untouched();
}

#[test]
fn a_binary_without_tests_has_none() {
    let bench = Bench::new();
    let binary = compile(&bench, "fn main() {}", &["--test"]);
    assert_eq!(list(&binary, LeftOut::Skip, &bench.listing()).unwrap(), []);
}

#[test]
fn a_harness_of_its_own_is_one_test() {
    for script in [
        // It ignores what it is asked, and runs everything.
        "exit 0",
        "echo running; echo done",
        "exit 3",
        // It knows the option, and something else by it.
        "echo 'one: test'; echo 'and more'",
        "echo ': test'",
        // It lists for `--ignored` what it does not list at all.
        r#"case "$*" in *--ignored) echo 'two: test';; *) echo 'one: test';; esac"#,
        "printf '\\377: test\\n'",
    ] {
        let bench = Bench::new();
        let binary = bench.script("t", script);
        let cases = list(&binary, LeftOut::Skip, &bench.listing()).unwrap();
        assert_eq!(cases, [plain::case(&binary)], "{script}");
    }
}

#[test]
fn a_harness_that_answers_alike_is_listed() {
    let bench = Bench::new();
    let binary = bench.script(
        "t",
        r#"case "$*" in
            *--ignored) echo 'dir: file (x): test';;
            --list*) echo 'dir: file (x): test'; echo '-lead: benchmark'; echo 'twice: test'; echo 'twice: test';;
        esac"#,
    );
    let cases = list(&binary, LeftOut::Skip, &bench.listing()).unwrap();
    let told: Vec<String> = cases
        .iter()
        .map(|case| format!("{} {:?} {}", case.name, &case.command.args[1..], case.skipped))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    -lead ["--exact", "--", "-lead"] false
    dir: file (x) ["--exact", "dir: file (x)"] true
    twice ["--exact", "twice"] false
    "#);
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let bench = Bench::new();
    let mut binary = bench.script("t", "");
    binary.command.program = bench.path("gone");
    let error = list(&binary, LeftOut::Skip, &bench.listing()).unwrap_err();
    assert!(matches!(error, ListError::Start { .. }));
}

proptest! {
    #[test]
    fn every_line_is_a_test_or_nothing_is(names in prop::collection::vec("[a-z: ]{1,8}", 0..6), odd in "[a-z]{1,9}") {
        let mut text: String = names.iter().map(|name| format!("{name}: test\n")).collect();
        prop_assert_eq!(parse(&text), Ok(names));
        text.push_str(&odd);
        prop_assert!(parse(&text).is_err());
    }
}
