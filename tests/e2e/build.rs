//! `skiptrace index build`.

use std::fs;

use insta::assert_snapshot;
use skiptrace_tests::Sandbox;
use skiptrace_tests::tools::require;

use crate::sandbox;

const ONE: &str = "fn one() -> i32 {\n    1\n}\n\nfn two() -> i32 {\n    2\n}\n\nconst LIMIT: i32 = 3;\n";

/// What a tracefile says of tests of `src/one.rs`.
fn tracefile(function: &str, line: u32) -> String {
    format!(
        "TN:\nSF:src/one.rs\nFN:1,one\nFN:5,two\nFNDA:1,{function}\nDA:{line},1\nDA:{},1\nend_of_record\n",
        line + 1
    )
}

/// A repository with coverage of two tests, made somewhere else.
fn covered(sandbox: &Sandbox) {
    let files = [("src/one.rs", ONE), ("src/data.txt", "x\n"), (".gitignore", "coverage/\n")];
    sandbox.repo().commit("first", &files);
    for (test, function, line) in [("one", "one", 1), ("two", "two", 5)] {
        sandbox.write(format!("coverage/{test}/x.info"), &tracefile(function, line));
        let metadata =
            format!(r#"{{"suite": "unit", "test": "{test}", "outcome": "passed", "duration_ms": 3}}"#);
        sandbox.write(format!("coverage/{test}/metadata.json"), &metadata);
    }
}

#[test]
fn it_says_what_it_built_and_where_it_went() {
    let sandbox = sandbox();
    covered(&sandbox);
    let build = || sandbox.skiptrace(["index", "build", "--lcov", "coverage"]).success();
    assert_snapshot!(build().snapshot(), @"
    exit code: 0
    --- stderr ---
    built 2 tests over 1 file into the function index of `89535d67f899` (749 B) in `$DIR/work/.git/skiptrace/store`
    ");
    // The same again is nothing new.
    assert_snapshot!(build().snapshot(), @"
    exit code: 0
    --- stderr ---
    built 2 tests over 1 file into the function index of `89535d67f899` (749 B) in `$DIR/work/.git/skiptrace/store`, where it was already
    ");
}

#[test]
fn what_it_answers_is_safe() {
    let sandbox = sandbox();
    covered(&sandbox);
    let _ = sandbox.skiptrace(["index", "build", "--lcov", "coverage"]).success();
    let query = |what: &str, key: &str| sandbox.skiptrace(["index", "query", what, key]).success().snapshot();
    assert_snapshot!(query("--unit", "src/one.rs#one"), @"
    exit code: 0
    --- stdout ---
    default: 1 of 2 tests must run
      unit::one
    --- stderr ---
    default: `src/one.rs#one` reaches 1 test
    ");
    // An item may act on everything that knows the file.
    assert_snapshot!(query("--unit", "src/one.rs#LIMIT"), @"
    exit code: 0
    --- stdout ---
    default: 2 of 2 tests must run
      unit::one
      unit::two
    --- stderr ---
    default: `src/one.rs#LIMIT` reaches 2 tests
    ");
    // The coverage does not know this file.
    assert_snapshot!(query("--file", "src/data.txt"), @"
    exit code: 0
    --- stdout ---
    default: everything must run
      unit::one
      unit::two
    --- stderr ---
    default: everything, because no recording of the job knows `src/data.txt`
    ");
}

#[test]
fn what_is_checked_out_does_not_matter() {
    let sandbox = sandbox();
    covered(&sandbox);
    let build = |output: &str| {
        let _ = sandbox
            .skiptrace(["index", "build", "--lcov", "coverage", "--commit", "main~0", "-o", output, "-q"])
            .success();
        fs::read(sandbox.work().join(output)).unwrap()
    };
    let clean = build("clean.idx");
    sandbox.write("src/one.rs", "fn other() {}\n");
    assert_eq!(clean, build("dirty.idx"));
}

#[test]
fn what_proves_nothing_is_named() {
    let sandbox = sandbox();
    covered(&sandbox);
    sandbox.write("coverage/loose test.info", &tracefile("one", 1));
    sandbox.write("coverage/cut/metadata.json", r#"{"test": "cut", "outcome": "passed"}"#);
    sandbox.write("coverage/cut/x.info", "SF:src/one.rs\nDA:1,1\n");
    sandbox.write("coverage/unnamed/metadata.json", r#"{"outcome": "failed"}"#);
    sandbox.write("coverage/unnamed/x.info", &tracefile("one", 1));
    sandbox.write("coverage/broken/metadata.json", "{");
    let build = ["index", "build", "--lcov", "coverage"];
    assert_snapshot!(sandbox.skiptrace(build).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    warning: 1 place is left out, and what it may be a test of always runs
      `broken/metadata.json`: it cannot be understood: EOF while parsing an object at line 1 column 1
    warning: 1 folder without the name of a test in `metadata.json` gave tests their own name: `unnamed`
    warning: 2 tests can never be skipped on this evidence
      `cut/x.info`: it ends after line 2, inside of the record of `src/one.rs`; it was not written to its end: `cut`
      its outcome is not known (--assume-passed if only passing runs are here): `loose test`
    built 5 tests (1 failed) over 1 file into the function index of `89535d67f899` (783 B) in `$DIR/work/.git/skiptrace/store`
    ");
    let strict = ["index", "build", "--lcov", "coverage", "--strict", "-o", "strict.idx"];
    assert_snapshot!(sandbox.skiptrace(strict).code(1).snapshot(), @"
    exit code: 1
    --- stderr ---
    warning: 1 place is left out, and what it may be a test of always runs
      `broken/metadata.json`: it cannot be understood: EOF while parsing an object at line 1 column 1
    warning: 1 folder without the name of a test in `metadata.json` gave tests their own name: `unnamed`
    warning: 2 tests can never be skipped on this evidence
      `cut/x.info`: it ends after line 2, inside of the record of `src/one.rs`; it was not written to its end: `cut`
      its outcome is not known (--assume-passed if only passing runs are here): `loose test`
    warning: nothing was kept, because --strict allows none of this
    ");
    assert!(!sandbox.work().join("strict.idx").exists());
}

#[test]
fn jobs_are_kept_apart() {
    let sandbox = sandbox();
    covered(&sandbox);
    sandbox.write(
        "coverage/e2e/metadata.json",
        r#"{"job_name": "e2e", "test": "TestAll", "outcome": "passed"}"#,
    );
    sandbox.write("coverage/e2e/x.info", &tracefile("two", 5));
    let build = ["index", "build", "--lcov", "coverage", "--json"];
    assert_snapshot!(sandbox.skiptrace(build).success().stdout(), @r#"{"schema":"skiptrace/index-build@1","commit":"$COMMIT","kind":"function","shard":"1/1","jobs":[{"job":"default","tests":2,"key":"skiptrace/v1/function/$COMMIT/default/1-of-1.idx","created":true},{"job":"e2e","tests":1,"key":"skiptrace/v1/function/$COMMIT/e2e/1-of-1.idx","created":true}],"tests":3,"passed":3,"failed":0,"flaky":0,"skipped":0,"opaque":[],"unnamed":[],"left-out":[],"unusable-binaries":[],"binaries":0,"files":1,"bytes":1472,"file":null,"store":"$DIR/work/.git/skiptrace/store","refused":false}"#);
    let query = ["index", "query", "--unit", "src/one.rs#two"];
    assert_snapshot!(sandbox.skiptrace(query).success().stdout(), @"
    default: 1 of 2 tests must run
      unit::two
    e2e: 1 of 1 test must run
      TestAll
    ");
    // In a file they are together.
    let build = ["index", "build", "--lcov", "coverage", "-o", "all.idx", "-q"];
    let _ = sandbox.skiptrace(build).success();
    let query = ["index", "query", "all.idx", "--unit", "src/one.rs#two"];
    assert_snapshot!(sandbox.skiptrace(query).success().stdout(), @"
    default: 1 of 2 tests must run
      unit::two
    e2e: 1 of 1 test must run
      TestAll
    ");
    // Or under one name.
    let build = ["index", "build", "--lcov", "coverage", "-o", "one.idx", "--job", "all"];
    assert_snapshot!(sandbox.skiptrace(build).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    built 3 tests over 1 file into the function index of `89535d67f899` (761 B) in `one.idx`
    ");
}

#[test]
fn wrong_arguments_are_told() {
    let sandbox = sandbox();
    covered(&sandbox);
    let check = |args: &[&str], code: i32| {
        sandbox.skiptrace(["index", "build"].iter().chain(args)).code(code).snapshot()
    };
    assert_snapshot!(check(&[], 2), @"
    exit code: 2
    --- stderr ---
    error: the following required arguments were not provided:
      <--llvm <DIR>|--lcov <DIR>|--llvm-json <DIR>|--go-covdata <DIR>>
    hint: usage: skiptrace index build <--llvm <DIR>|--lcov <DIR>|--llvm-json <DIR>|--go-covdata <DIR>>
    ");
    assert_snapshot!(check(&["--llvm", "coverage"], 2), @"
    exit code: 2
    --- stderr ---
    error: the following required arguments were not provided:
      --binaries <PATH>...
    hint: usage: skiptrace index build --binaries <PATH>... <--llvm <DIR>|--lcov <DIR>|--llvm-json <DIR>|--go-covdata <DIR>>
    ");
    assert_snapshot!(check(&["--lcov", "coverage", "--llvm-json", "coverage"], 2), @"
    exit code: 2
    --- stderr ---
    error: the argument `--lcov <DIR>` cannot be used with `--llvm-json <DIR>`
    hint: usage: skiptrace index build <--llvm <DIR>|--lcov <DIR>|--llvm-json <DIR>|--go-covdata <DIR>>
    ");
    assert_snapshot!(check(&["--lcov", "nowhere"], 2), @"
    exit code: 2
    --- stderr ---
    error: cannot read the coverage
      caused by: cannot read `$DIR/work/nowhere`
      caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(check(&["--llvm", "coverage", "--binaries", "gone"], 2), @"
    exit code: 2
    --- stderr ---
    error: cannot read the coverage
      caused by: cannot read `$DIR/work/gone`
      caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(check(&["--lcov", "coverage", "--map", "x"], 2), @"
    exit code: 2
    --- stderr ---
    error: invalid value `x` for `--map <FROM=TO>`: expected `FROM=TO`, such as `/builds/app=.`
    hint: for more information, try `--help`
    ");
    assert_snapshot!(check(&["--lcov", "coverage", "--commit", "nope"], 2), @"
    exit code: 2
    --- stderr ---
    error: unknown revision `nope`
    ");
    assert_snapshot!(check(&["--lcov", "src"], 4), @"
    exit code: 4
    --- stderr ---
    warning: there is no test in the folder, so there is no index
    ");
}

const PROGRAM: &str = "#include <string.h>\nstatic int one(void) {\n    return 0;\n}\nstatic int two(void) {\n    return 0;\n}\n\
    int main(int argc, char **argv) {\n    return argc > 1 && strcmp(argv[1], \"one\") ? two() : one();\n}\n";

#[test]
fn profiles_of_clang_become_an_index() {
    let (Some(clang), Some(profdata)) = (require("clang-22"), require("llvm-profdata-22")) else { return };
    let mut sandbox = sandbox();
    sandbox.redactor.replace("clang-22", "clang");
    let files = [("src/main.c", PROGRAM), (".gitignore", "build/\n")];
    sandbox.repo().commit("first", &files);
    fs::create_dir(sandbox.work().join("build")).unwrap();
    // Compiled where the paths are other ones.
    let args = ["-fprofile-instr-generate", "-fcoverage-mapping", "-o", "build/program", "src/main.c"];
    let map = format!("-fcoverage-prefix-map={}=/builds/app", sandbox.work().display());
    assert!(sandbox.command(clang).args(args).arg(map).status().unwrap().success());
    for test in ["one", "two"] {
        let metadata = format!(r#"{{"suite": "c", "test": "{test}", "outcome": "passed"}}"#);
        sandbox.write(format!("build/coverage/{test}/metadata.json"), &metadata);
        let raw = sandbox.work().join(format!("build/coverage/{test}/1.profraw"));
        let mut run = sandbox.command(sandbox.work().join("build/program"));
        assert!(run.arg(test).env("LLVM_PROFILE_FILE", &raw).status().unwrap().success());
    }
    let merged = sandbox.work().join("build/coverage/two/2.profdata");
    let raw = sandbox.work().join("build/coverage/two/1.profraw");
    assert!(
        sandbox.command(profdata).arg("merge").arg(&raw).arg("-o").arg(merged).status().unwrap().success()
    );
    fs::remove_file(raw).unwrap();

    let build = ["index", "build", "--llvm", "build/coverage", "--binaries", "build/program"];
    let output = sandbox.skiptrace(build.into_iter().chain(["--strict", "-o", "x.idx"])).code(1);
    assert!(output.stderr().contains("say so with --map FROM=TO"), "{}", output.snapshot());
    let output = sandbox.skiptrace(build.into_iter().chain(["--strict", "--map", "/builds/app=."])).success();
    assert!(output.stderr().starts_with("built 2 tests over 1 file into"), "{}", output.snapshot());
    let query = ["index", "query", "--unit", "src/main.c#two"];
    assert_snapshot!(sandbox.skiptrace(query).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    default: 1 of 2 tests must run
      c::two
    --- stderr ---
    default: `src/main.c#two` reaches 1 test
    ");
}

#[test]
fn languages_that_only_run_need_no_compilation() {
    let sandbox = sandbox();
    sandbox.repo().commit("first", &[("app/a.py", "A = 1\n"), ("app/b.py", "B = 1\n"), ("app/c.py", "")]);
    sandbox.write(
        "../coverage/a.info",
        "SF:app/a.py\nDA:1,1\nend_of_record\nSF:app/b.py\nDA:1,0\nend_of_record\n",
    );
    sandbox.write("../coverage/sub/b.info", "SF:app/b.py\nDA:1,1\nend_of_record\n");
    let query = |file: &str, kind: &str| {
        let args = ["index", "query", "--kind", kind, "--file", file];
        sandbox.skiptrace(args).success().stdout()
    };
    for kind in ["function", "file"] {
        let build =
            ["index", "build", "--lcov", "../coverage", "--assume-passed", "--kind", kind, "--replace"];
        let _ = sandbox.skiptrace(build).success();
        assert!(query("app/a.py", kind).starts_with("default: 2 of 2 tests must run"), "{kind}");
        let _ = sandbox.skiptrace(build.into_iter().chain(["--executed-only"])).success();
        assert!(query("app/a.py", kind).starts_with("default: 1 of 2 tests must run\n  a\n"), "{kind}");
        assert!(query("app/b.py", kind).starts_with("default: 1 of 2 tests must run\n  sub::b\n"), "{kind}");
        assert!(query("app/c.py", kind).starts_with("default: everything must run"), "{kind}");
    }
}
