//! All that a workspace may be made of, built in every way.

use insta::assert_snapshot;

use super::*;

/// What is in the files of the macro and of the build script: it concerns whoever is compiled by them, called or not.
const AT_BUILD: [&str; 6] = ["derive_expands", "derive_finds_names", "expand", "main", "name_of", "named"];

#[test]
fn a_workspace() {
    let both = Both::of("workspace", &[], "--workspace");
    assert_snapshot!(both.cargo.tests(), @"
    app tests::app_has_closures: passed
    app tests::app_has_made_functions: passed
    app tests::app_has_shapes: passed
    app tests::app_is_configured: passed
    app tests::app_is_generated: passed
    app tests::app_is_generic: passed
    app tests::app_is_lazy: passed
    app tests::app_parses_nothing: passed
    app tests::app_waits: passed
    app::bench/speed bench_has_tests: passed
    app::bin/app tests::program_has_tests: passed
    app::example/demo example_has_tests: passed
    app::it it_parses: passed
    app::it it_runs_the_program: passed
    app::it it_runs_the_program_into_a_panic: passed
    base tests::base_goes_outside: passed
    base tests::base_includes: passed
    base tests::base_inlines: passed
    base::doc base/src/lib.rs: passed
    derive tests::derive_expands: passed
    derive tests::derive_finds_names: passed
    plugin::load load_both: passed
    plugin::load load_copy: passed
    plugin::load load_example: passed
    plugin::load load_library: passed
    ");
    for recorded in both.all() {
        assert_eq!(recorded.check_exact(&AT_BUILD), 24, "{}", recorded.tests());
        check_files(recorded);
    }
    // What documentation is tested with may be more than what its crate is made of.
    let (doctests, _) = both.cargo.test("base/src/lib.rs");
    assert!(both.cargo.files(doctests).contains("helper/src/lib.rs"), "{:?}", both.cargo.files(doctests));
    if let Some(nextest) = &both.nextest {
        let with_doctests = both.cargo.tests();
        let without: Vec<&str> = with_doctests.lines().filter(|line| !line.contains("::doc ")).collect();
        assert_eq!(nextest.tests().lines().collect::<Vec<_>>(), without);
    }
    assert_eq!(both.project.status(), "");
    features(&both.project);
    optimized(&both.project);
}

/// What tests were compiled from, executed or not.
fn check_files(recorded: &Recorded) {
    let (generated, _) = recorded.test("tests::app_is_generated");
    let compiled = recorded.compiled(generated);
    for path in [
        "app/build.rs",
        "app/schema.txt",
        "app/src/lib.rs",
        "base/odd place/placed.rs",
        "base/src/included.rs",
        "base/src/odd place/placed.rs",
        "derive/src/lib.rs",
        "outside/src/lib.rs",
    ] {
        let is_there = !path.starts_with("base/odd");
        assert_eq!(compiled.contains(path), is_there, "{path}: {compiled:?}");
    }
    let (program, _) = recorded.test("it_runs_the_program");
    let compiled = recorded.compiled(program);
    assert!(
        compiled.contains("app/src/main.rs") && compiled.contains("app/tests/common/mod.rs"),
        "{compiled:?}"
    );
    let (copied, _) = recorded.test("load_copy");
    assert!(recorded.files(copied).contains("plugin/src/lib.rs"));
}

/// Other features are other code.
fn features(project: &CargoProject) {
    let recorded = project.record(&[], "cargo test -p app --lib --features extra");
    assert_eq!(recorded.check_exact(&AT_BUILD), 9);
    assert!(recorded.truth["app_is_configured"].contains("extra"));
}

/// Optimizers move, merge and throw away functions, and counts are what they were.
fn optimized(project: &CargoProject) {
    let host = project.sandbox.command("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let has_nextest = require("cargo-nextest").is_some();
    for (args, is_nextest, expected) in [
        ("--release -p base --lib", false, 3),
        ("--cargo-profile thin -p app --lib", true, 9),
        ("--profile aborting -p app --bins --tests", false, 15),
        (&*format!("--target {host} -p base"), true, 3),
    ] {
        let runner = if is_nextest { "cargo nextest run" } else { "cargo test" };
        if !is_nextest || has_nextest {
            let recorded = project.record(&[], &format!("{runner} {args}"));
            assert_eq!(recorded.check_exact(&AT_BUILD), expected, "{args}: {}", recorded.output.snapshot());
        }
    }
}
