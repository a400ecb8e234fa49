//! A workspace, built in two folders and in other ways.

use std::path::Path;

use super::*;
use crate::build::crates::Crates;
use crate::build::testing::{Sandbox, compiler_wrapper};
use crate::record::rust::Instrument;
use crate::record::rust::conditions::{Present, conditions};
use crate::run::cargo::CargoCommand;
use crate::run::cargo_test;
use crate::run::driver;
use crate::run::native::LeftOut;
use crate::run::watch::Watch;

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\nresolver = \"2\"\n"),
        (
            "a/Cargo.toml",
            "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\nmore = []\n\
             [dependencies]\nb = { path = \"../b\" }\n[dev-dependencies]\nc = { path = \"../c\" }\n",
        ),
        (
            "a/build.rs",
            "fn main() { println!(\"cargo::rustc-env=MADE={}\", std::env::var(\"OUT_DIR\").unwrap()); }",
        ),
        (
            "a/src/lib.rs",
            "pub const PLACE: &str = concat!(env!(\"MADE\"), env!(\"CARGO_MANIFEST_DIR\"));\n#[test] fn it() {}\n",
        ),
        ("b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("c/Cargo.toml", "[package]\nname = \"c\"\nversion = \"0.3.0\"\nedition = \"2024\"\n"),
        ("c/src/lib.rs", ""),
        ("b/src/lib.rs", "pub const PLACE: Option<&str> = option_env!(\"SKIPTRACE_TEST_PLACE\");\n"),
    ] {
        sandbox.write(path, text);
    }
    sandbox
}

/// Builds the tests as they are built for a recording, and returns the conditions.
fn key(sandbox: &Sandbox, wrapper: &Path, args: &str, instrument: Instrument) -> EnvironmentKey {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let words: Vec<String> = [program.as_str(), "test", "--offline", "--target-dir=target"]
        .into_iter()
        .chain(args.split(' '))
        .map(str::to_owned)
        .collect();
    let watch = Watch::start();
    let request = Request {
        command: CargoCommand::parse(&words).unwrap(),
        cwd: sandbox.path().to_owned(),
        variables: std::env::vars_os().collect(),
        repository: sandbox.path().to_owned(),
        program: wrapper.to_owned(),
        instrument,
        driver: driver::Options {
            jobs: 1,
            runs: 1,
            retries: 0,
            timeout: None,
            private_temporary: false,
            keep_output: false,
        },
        left_out: LeftOut::Skip,
        wanted: Default::default(),
        watch: &watch,
        listener: &|_| (),
    };
    let mut plan = Plan::make(&request).unwrap();
    // What documentation is compiled with and a library is not.
    let given = &plan.development[&sandbox.path().join("a")];
    assert_eq!(Vec::from_iter(given), [&("c".to_owned(), "0.3.0".to_owned())]);
    assert!(plan.development[&sandbox.path().join("b")].is_empty());
    plan.build.push(("SKIPTRACE_TEST_PLACE".into(), sandbox.path().join("b").into()));
    let built = cargo_test::build(&request.command, &request.cwd, &plan.build).unwrap();
    let mut crates = Crates::new(plan.roots.clone(), &request.variables);
    let mut compiled = Compiled::default();
    for built in built {
        compiled.add(&crates.compiled(&built.executable));
    }
    assert_eq!(compiled.unknown.iter().cloned().collect::<Vec<_>>().join("\n"), "");
    of(&plan, &request, &compiled)
}

#[test]
fn two_clones_agree_and_every_difference_counts() {
    let Some(wrapper) = compiler_wrapper() else { return };
    let (one, other) = (repository(), repository());
    let first = key(&one, &wrapper, "--workspace", Instrument::Workspace);
    assert_eq!(first, key(&other, &wrapper, "--workspace", Instrument::Workspace));
    let text = format!("{first:?}");
    assert!(!text.contains(one.path().to_str().unwrap()), "{text}");
    assert_eq!(first.parts["$SKIPTRACE_TEST_PLACE"], "<repository>/b");
    // What earlier builds left in the folder is no part of the next.
    let check = |args: &str| {
        let key = key(&one, &wrapper, args, Instrument::Workspace);
        let parts: Vec<String> = first.differences(&key).into_iter().map(|other| other.part).collect();
        parts.join(" ")
    };
    assert_eq!(check("--workspace --features a/more"), "arguments crates features features of a");
    assert_eq!(check("--workspace --config build.rustflags=['--cfg=x']"), "arguments crates rustflags");
    assert_eq!(check("--workspace --config profile.dev.opt-level=1"), "arguments crates rustflags");
    assert_eq!(check("--workspace --config profile.dev.package.b.opt-level=1"), "arguments crates");
    assert_eq!(check("--workspace --release"), "crates profile rustflags");
    assert_eq!(check("-p b"), "crates dependencies features of a features of c");
    assert_eq!(check("--workspace"), "");
    beforehand(&one, &first);
}

/// What is known without a build agrees with what a build told.
fn beforehand(sandbox: &Sandbox, recorded: &EnvironmentKey) {
    let cache = tempfile::tempdir().unwrap();
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    variables.insert("SKIPTRACE_TEST_PLACE".into(), sandbox.path().join("b").into());
    let differences = |args: Option<&str>, changed: &[(&str, Option<&str>)]| {
        let mut variables = variables.clone();
        for (name, value) in changed {
            match value {
                Some(value) => variables.insert(name.into(), value.into()),
                None => variables.remove(OsStr::new(name)),
            };
        }
        let words = |args: &str| -> Vec<String> {
            let words = [program.as_str(), "test"].into_iter().chain(args.split_whitespace());
            words.map(str::to_owned).collect()
        };
        let command = args.map(|args| CargoCommand::parse(&words(args)).unwrap());
        let present = Present {
            command: command.as_ref(),
            cwd: sandbox.path(),
            variables: &variables,
            repository: sandbox.path(),
            cache: Some(cache.path()),
        };
        let parts = conditions(&present, recorded).into_iter().map(|difference| difference.part);
        parts.collect::<Vec<_>>().join(" ")
    };
    // Which packages are tested is nothing that changes them.
    for same in [None, Some(""), Some("--workspace"), Some("-p a --lib --offline -j 1")] {
        assert_eq!(differences(same, &[]), "", "{same:?}");
    }
    assert_eq!(differences(Some("--release"), &[]), "profile");
    assert_eq!(differences(Some("--target wasm32-wasip1"), &[]), "target");
    assert_eq!(differences(Some("--features a/more"), &[]), "arguments");
    assert_eq!(differences(Some("--config profile.dev.opt-level=1"), &[]), "arguments");
    let changed = |name, value| differences(None, &[(name, Some(value))]);
    assert_eq!(changed("RUSTFLAGS", "--cfg=x"), "$RUSTFLAGS");
    assert_eq!(changed("CARGO_PROFILE_DEV_OPT_LEVEL", "1"), "$CARGO_PROFILE_DEV_OPT_LEVEL");
    assert_eq!(changed("SKIPTRACE_TEST_PLACE", "elsewhere"), "$SKIPTRACE_TEST_PLACE");
    assert_eq!(differences(None, &[("SKIPTRACE_TEST_PLACE", None)]), "$SKIPTRACE_TEST_PLACE");
    assert_eq!(changed("RUSTC_WRAPPER", "/usr/bin/sccache"), "");
    assert_eq!(changed("SKIPTRACE_TEST_OTHER", "x"), "");
    assert!(changed("RUSTC", "no-such-compiler").contains("rustc"));
    // What a recording has that nobody here knows of is no reason to trust it.
    let mut strange = recorded.clone();
    strange.parts.insert("moon".to_owned(), "full".to_owned());
    let command = None;
    let (cwd, variables) = (sandbox.path(), &variables);
    let present = Present { command, cwd, variables, repository: cwd, cache: None };
    assert_eq!(conditions(&present, &strange)[0].part, "moon");
}
