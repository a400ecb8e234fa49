//! Small workspaces, built by the real cargo with the real wrapper: what is found is compared with what is known of
//! them.

use std::process::Command;

use skiptrace_engine::path::RepoPath;

use super::locate::{entries, notes_in};
use super::*;
use crate::build::invocation::EXTENSION;
use crate::build::testing::{Sandbox, compiler_wrapper, tool};
use crate::build::wrapper::{self, Packages};
use crate::run::cargo::CargoCommand;
use crate::run::cargo_test::{self, Built, CargoError};

/// A repository with a workspace in a folder of it, and a package beside that is no member.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
    };
    for (path, text) in [
        (
            "repo/ws/Cargo.toml",
            "[workspace]\nmembers = [\"core\", \"mac\", \"tool\", \"helper\", \"alone\"]\nresolver = \"2\"\n",
        ),
        (
            "repo/ws/core/Cargo.toml",
            &manifest(
                "core-lib",
                "[features]\nextra = []\nnever = []\n[dependencies]\nmac = { path = \"../mac\" }\nbeside = { path = \"../../beside\" }\n\
                 [dev-dependencies]\nhelper = { path = \"../helper\" }\n[[bench]]\nname = \"speed\"\nharness = false\n",
            ),
        ),
        (
            "repo/ws/core/build.rs",
            "mod build_part;\nfn main() {\n\
             println!(\"cargo::rerun-if-changed=schema dir\");\n\
             println!(\"cargo:rerun-if-changed=../shared.txt\");\n\
             println!(\"cargo::rerun-if-env-changed=SCHEMA\");\n\
             println!(\"cargo::rustc-env=MADE=by the script\");\n\
             let out = std::env::var(\"OUT_DIR\").unwrap();\n\
             std::fs::write(format!(\"{out}/gen.rs\"), build_part::TEXT).unwrap();\n}\n",
        ),
        ("repo/ws/core/build_part.rs", "pub const TEXT: &str = \"pub fn generated() {}\";\n"),
        ("repo/ws/core/schema dir/a#b.txt", "s\n"),
        ("repo/ws/shared.txt", "s\n"),
        ("repo/data/my file#1$.txt", "hi\n"),
        (
            "repo/ws/core/src/lib.rs",
            "include!(concat!(env!(\"OUT_DIR\"), \"/gen.rs\"));\n\
             include!(\"part.rs\");\n\
             pub const DATA: &str = include_str!(\"../../../data/my file#1$.txt\");\n\
             #[path = \"../odd.rs\"] pub mod odd;\n\
             #[cfg(feature = \"extra\")] pub mod extra;\n\
             #[cfg(feature = \"never\")] pub mod never;\n\
             #[cfg(test)] mod unit;\n\
             pub fn number() -> u32 { mac::same!(beside::NUMBER) }\n\
             pub const SET: Option<&str> = option_env!(\"SKIPTRACE_TEST_SET\");\n\
             pub const UNSET: Option<&str> = option_env!(\"SKIPTRACE_TEST_UNSET\");\n\
             pub const MADE: &str = env!(\"MADE\");\n\
             pub const VERSION: &str = env!(\"CARGO_PKG_VERSION\");\n",
        ),
        ("repo/ws/core/src/part.rs", "pub fn part() {}\n"),
        ("repo/ws/core/odd.rs", "pub fn odd() {}\n"),
        ("repo/ws/core/src/extra.rs", "pub fn extra() {}\n"),
        ("repo/ws/core/src/never.rs", "pub fn never() {}\n"),
        ("repo/ws/core/src/unit.rs", "#[test] fn unit() { helper::help() }\n"),
        (
            "repo/ws/core/tests/it.rs",
            "mod common;\n#[test] fn it() { core_lib::number(); helper::help(); }\n",
        ),
        ("repo/ws/core/tests/common/mod.rs", ""),
        ("repo/ws/core/examples/show.rs", "fn main() {}\n"),
        ("repo/ws/core/benches/speed.rs", "fn main() {}\n"),
        ("repo/ws/mac/Cargo.toml", &manifest("mac", "[lib]\nproc-macro = true\n")),
        (
            "repo/ws/mac/src/lib.rs",
            "extern crate proc_macro;\nmod inner;\n#[proc_macro]\n\
             pub fn same(input: proc_macro::TokenStream) -> proc_macro::TokenStream { inner::same(input) }\n",
        ),
        ("repo/ws/mac/src/inner.rs", "pub fn same<T>(value: T) -> T { value }\n"),
        ("repo/beside/Cargo.toml", &(manifest("beside", "") + "[workspace]\n")),
        ("repo/beside/src/lib.rs", "pub const NUMBER: u32 = 3;\n"),
        ("repo/ws/helper/Cargo.toml", &manifest("helper", "")),
        ("repo/ws/helper/src/lib.rs", "pub fn help() {}\n"),
        (
            "repo/ws/tool/Cargo.toml",
            &manifest(
                "tool",
                "[dependencies]\ncore-lib = { path = \"../core\", features = [\"extra\"] }\n\
                 [[bin]]\nname = \"my-tool\"\npath = \"src/main.rs\"\n",
            ),
        ),
        ("repo/ws/tool/src/main.rs", "mod only_here;\nfn main() { core_lib::number(); }\n"),
        ("repo/ws/tool/src/only_here.rs", ""),
        (
            "repo/ws/tool/tests/cli.rs",
            "#[test] fn cli() { std::process::Command::new(env!(\"CARGO_BIN_EXE_my-tool\")).status().unwrap(); }\n",
        ),
        ("repo/ws/alone/Cargo.toml", &manifest("alone", "")),
        ("repo/ws/alone/src/lib.rs", "#[test] fn alone() {}\n"),
        // Its build script says nothing, so that it may have read anything beside it.
        ("repo/ws/alone/build.rs", "fn main() {}\n"),
    ] {
        sandbox.write(path, text);
    }
    sandbox
}

struct Workspace {
    sandbox: Sandbox,
    root: PathBuf,
    built: Vec<Built>,
    variables: BTreeMap<OsString, OsString>,
}

/// Builds the tests; `None` without the wrapper. Coverage of this test run must not leak into it.
fn build(sandbox: Sandbox, args: &[&str]) -> Option<Workspace> {
    let built = try_build(&sandbox, args)?.unwrap();
    let root = sandbox.path().join("repo/ws");
    let variables = BTreeMap::from([("SCHEMA".into(), "s".into())]);
    Some(Workspace { sandbox, root, built, variables })
}

fn try_build(sandbox: &Sandbox, args: &[&str]) -> Option<Result<Vec<Built>, CargoError>> {
    let wrapper = compiler_wrapper()?;
    let repository = sandbox.path().join("repo");
    let own = ["beside", "ws/alone", "ws/core", "ws/helper", "ws/mac", "ws/tool"];
    let packages = Packages::In(own.iter().map(|folder| repository.join(folder)).collect());
    let plan = wrapper::Plan { packages, chain: None };
    let variables = [
        ("CARGO_TARGET_DIR", repository.join("target").into_os_string()),
        ("SKIPTRACE_TEST_SET", "a\nb\\c".into()),
        ("CARGO_INCREMENTAL", "0".into()),
        ("CARGO_NET_OFFLINE", "true".into()),
        ("RUSTFLAGS", "".into()),
        ("RUSTC_WRAPPER", wrapper.into_os_string()),
        (wrapper::PLAN, plan.hand_over(sandbox.path()).unwrap()),
        ("LLVM_PROFILE_FILE", sandbox.path().join("build-%p.profraw").into_os_string()),
    ]
    .map(|(name, value)| (name.into(), value))
    .to_vec();
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let words: Vec<String> =
        [program.as_str(), "test"].iter().chain(args).map(|word| (*word).to_owned()).collect();
    let command = CargoCommand::parse(&words).unwrap();
    Some(cargo_test::build(&command, &repository.join("ws"), &variables))
}

impl Workspace {
    fn suites(&self) -> Vec<&str> {
        self.built.iter().map(|built| built.suite.as_str()).collect()
    }

    fn compiled(&self, suite: &str) -> Compiled {
        let built = self.built.iter().find(|built| built.suite == suite).unwrap();
        self.compiled_to(&built.executable)
    }

    fn compiled_to(&self, path: &Path) -> Compiled {
        let roots = Roots {
            repository: self.sandbox.path().join("repo"),
            workspace: self.root.clone(),
            build_folders: vec![self.sandbox.path().join("repo/target")],
            cargo_home: None,
            prefix_maps: Vec::new(),
        };
        Crates::new(roots, &self.variables).compiled(path)
    }

    /// Returns the suites that have a file, or a folder around it.
    fn from(&self, path: &str) -> Vec<&str> {
        let path = RepoPath::new(path).unwrap();
        let around: BTreeSet<RepoPath> =
            std::iter::successors(Some(path.clone()), RepoPath::parent).collect();
        let has = |compiled: &Compiled| {
            compiled.files.contains(&path)
                || compiled.manifests.contains_key(&path)
                || compiled.workspaces.contains(&path)
                || !compiled.folders.is_disjoint(&around)
        };
        self.suites().into_iter().filter(|suite| has(&self.compiled(suite))).collect()
    }

    /// Returns the only file of a name in a folder of the build.
    fn only(&self, folder: &str, is_wanted: impl Fn(&str) -> bool) -> PathBuf {
        let files = entries(&self.sandbox.path().join("repo/target/debug").join(folder));
        let wanted = |path: &PathBuf| is_wanted(path.file_name().unwrap().to_str().unwrap());
        let found: Vec<PathBuf> = files.into_iter().filter(wanted).collect();
        let [only] = &found[..] else { panic!("{found:?}") };
        only.clone()
    }
}

/// Returns the sources of a suite: its files without the manifests.
fn sources(compiled: &Compiled) -> BTreeSet<&str> {
    compiled.files.iter().map(RepoPath::as_str).filter(|path| !path.ends_with("Cargo.toml")).collect()
}

/// Returns what everything is compiled from that is given the library `core-lib`, and more.
fn core_and(more: &[&'static str]) -> BTreeSet<&'static str> {
    let core = [
        "beside/src/lib.rs",
        "data/my file#1$.txt",
        "ws/core/build.rs",
        "ws/core/build_part.rs",
        "ws/core/odd.rs",
        "ws/core/src/extra.rs",
        "ws/core/src/lib.rs",
        "ws/core/src/part.rs",
        "ws/mac/src/inner.rs",
        "ws/mac/src/lib.rs",
        "ws/shared.txt",
    ];
    core.iter().chain(more).copied().collect()
}

#[test]
fn every_suite_is_compiled_from_what_is_known_of_it() {
    let Some(workspace) = build(repository(), &["--workspace", "--all-targets"]) else { return };
    let truth: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
        ("alone", BTreeSet::from(["ws/alone/build.rs", "ws/alone/src/lib.rs"])),
        ("core-lib", core_and(&["ws/core/src/unit.rs", "ws/helper/src/lib.rs"])),
        ("core-lib::bench/speed", core_and(&["ws/core/benches/speed.rs", "ws/helper/src/lib.rs"])),
        ("core-lib::example/show", core_and(&["ws/core/examples/show.rs", "ws/helper/src/lib.rs"])),
        (
            "core-lib::it",
            core_and(&["ws/core/tests/it.rs", "ws/core/tests/common/mod.rs", "ws/helper/src/lib.rs"]),
        ),
        ("helper", BTreeSet::from(["ws/helper/src/lib.rs"])),
        ("mac", BTreeSet::from(["ws/mac/src/inner.rs", "ws/mac/src/lib.rs"])),
        ("tool::bin/my-tool", core_and(&["ws/tool/src/main.rs", "ws/tool/src/only_here.rs"])),
        ("tool::cli", core_and(&["ws/tool/src/main.rs", "ws/tool/src/only_here.rs", "ws/tool/tests/cli.rs"])),
    ]);
    assert_eq!(workspace.suites(), truth.keys().copied().collect::<Vec<_>>());
    for (suite, files) in &truth {
        let compiled = workspace.compiled(suite);
        assert_eq!(compiled.unknown, BTreeSet::new(), "{suite}");
        assert_eq!(sources(&compiled), *files, "{suite}");
        assert!(compiled.packages.iter().all(|package| package.version.is_none()), "{suite}");
    }
    // The other way round it is the same.
    for file in truth.values().flatten() {
        let from: Vec<&str> =
            truth.iter().filter(|(_, files)| files.contains(file)).map(|(suite, _)| *suite).collect();
        assert_eq!(workspace.from(file), from, "{file}");
    }
    // The build script of `alone` does not say what it reads, and cannot read anything.
    assert_eq!(workspace.from("ws/alone/anything.txt"), [""; 0]);
    assert_eq!(workspace.from("ws/core/schema dir/deeper/c.txt").len(), 6);
    assert_eq!(workspace.from("ws/core/src/never.rs"), [""; 0]);
    assert_eq!(workspace.from("ws/Cargo.toml").len(), 9);
    assert_eq!(workspace.from("ws/core/Cargo.toml").len(), 6);
    assert_eq!(workspace.from("beside/Cargo.toml").len(), 6);

    // What is executed while something is compiled.
    let acting: Vec<String> =
        workspace.compiled("core-lib::it").acting.iter().map(ToString::to_string).collect();
    let made_by = [
        "ws/core/build.rs",
        "ws/core/build_part.rs",
        "ws/mac/src/inner.rs",
        "ws/mac/src/lib.rs",
        "ws/shared.txt",
    ];
    assert_eq!(acting, made_by);
    for suite in ["mac", "helper", "alone"] {
        let mut acting = workspace.compiled(suite).acting;
        acting.remove(&RepoPath::new("ws/alone/build.rs").unwrap());
        assert_eq!((acting, workspace.compiled(suite).acting_folders), Default::default(), "{suite}");
    }
    let about = |suite: &str, manifest: &str| {
        let own = workspace.compiled(suite).manifests[&RepoPath::new(manifest).unwrap()].clone();
        (own.is_tested, own.sees_about)
    };
    assert_eq!(about("core-lib::it", "ws/core/Cargo.toml"), (true, true));
    assert_eq!(about("tool::cli", "ws/core/Cargo.toml"), (false, true));
    assert_eq!(about("core-lib", "ws/helper/Cargo.toml"), (false, false));

    let compiled = workspace.compiled("tool::cli");
    assert_eq!(compiled.folders, BTreeSet::from([RepoPath::new("ws/core/schema dir").unwrap()]));
    let read = ["MADE", "SCHEMA", "SKIPTRACE_TEST_SET", "SKIPTRACE_TEST_UNSET"]
        .map(|name| compiled.variables.get(name).map(|value| value.as_deref()));
    // What a build script sets is made of what the script is.
    assert_eq!(read, [None, Some(Some("s")), Some(Some("a\nb\\c")), Some(None)]);
    assert_eq!(compiled.features()["core-lib"], BTreeSet::from(["extra".to_owned()]));
    assert!(compiled.common_flags().contains(&"--edition 2021".to_owned()), "{compiled:?}");

    tools_of_the_compiler_do_not_count(&workspace);
    libraries_are_found_by_their_notes(&workspace);
    says_what_nextest_says(&workspace);
    what_cannot_be_read_is_told(&workspace);
}

/// The macro and build scripts run while tests are compiled, and would leave profiles in the source tree.
fn tools_of_the_compiler_do_not_count(workspace: &Workspace) {
    let target = workspace.sandbox.path().join("repo/target/debug");
    let builds = entries(&target.join("build"));
    let folders = [target.join("deps"), target.join("examples")].into_iter().chain(builds);
    let notes: Vec<Invocation> =
        folders.flat_map(|folder| notes_in(&folder)).map(|note| read_note(&note).unwrap()).collect();
    let uncounted: BTreeSet<(&str, bool)> = notes
        .iter()
        .filter(|note| !note.instrumented)
        .map(|note| (note.crate_name.as_str(), note.is_test))
        .collect();
    assert_eq!(uncounted, BTreeSet::from([("build_script_build", false), ("mac", false)]));
    assert_eq!(notes.iter().filter(|note| note.is_script).count(), 2);
    assert!(notes.len() > uncounted.len() + 10);
}

fn libraries_are_found_by_their_notes(workspace: &Workspace) {
    let library = workspace.only("deps", |name| name.starts_with("libcore_lib-") && name.ends_with(".rlib"));
    let compiled = workspace.compiled_to(&library);
    assert_eq!(sources(&compiled), core_and(&[]));
    let note = note_of(&library).unwrap();
    assert_eq!(workspace.compiled_to(&note.with_extension("")), compiled, "by the note's own name as well");
}

fn says_what_nextest_says(workspace: &Workspace) {
    if tool("cargo-nextest").is_none() {
        return;
    }
    let done = Command::new("cargo-nextest")
        .args(["nextest", "list", "--workspace", "--all-targets", "--offline"])
        .args(["--list-type", "binaries-only", "--message-format", "json"])
        .current_dir(&workspace.root)
        .env("CARGO_TARGET_DIR", workspace.sandbox.path().join("nextest"))
        .env_remove("RUSTC_WRAPPER")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let list: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let theirs: BTreeSet<&str> =
        list["rust-binaries"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(workspace.suites(), theirs.into_iter().collect::<Vec<_>>());
}

/// Breaks the build folder, step by step.
fn what_cannot_be_read_is_told(workspace: &Workspace) {
    let unknown = |suite: &str| {
        let unknown: Vec<String> = workspace.compiled(suite).unknown.into_iter().collect();
        unknown.join("\n").replace(workspace.sandbox.path().to_str().unwrap(), "")
    };
    let beside = workspace.only("deps", |name| name.starts_with("beside-") && name.ends_with(".d"));
    let whole = fs::read_to_string(&beside).unwrap();

    fs::write(&beside, &whole[..whole.len() - 1]).unwrap();
    insta::assert_snapshot!(unknown("tool::cli"), @"which files `beside` was compiled from: its dep-info: cut off in its last line");
    assert_eq!(unknown("helper"), "");
    fs::write(&beside, whole.replace("src/lib.rs", "src/other.rs")).unwrap();
    insta::assert_snapshot!(unknown("tool::cli"), @"which files `beside` was compiled from: its dep-info does not name its first file");
    fs::write(&beside, whole.replacen(": ", ": /etc/passwd ", 1)).unwrap();
    insta::assert_snapshot!(unknown("tool::cli"), @"when `/etc/passwd` changes, which `beside` was compiled from: it is in no package and not in the repository");
    fs::write(&beside, whole.replacen(": ", ": ../ws/target/made.rs ../target/made.rs ", 1)).unwrap();
    insta::assert_snapshot!(unknown("tool::cli"), @"when `made.rs` changes, which `beside` was compiled from: it is in no package and not in the repository");
    fs::remove_file(&beside).unwrap();
    insta::assert_snapshot!(unknown("tool::cli"), @"which files `beside` was compiled from: its dep-info: No such file or directory (os error 2)");
    fs::write(&beside, whole).unwrap();
    assert_eq!(unknown("tool::cli"), "");

    let note = beside.with_extension(EXTENSION);
    let whole = fs::read_to_string(&note).unwrap();
    fs::write(&note, &whole[..whole.len() / 2]).unwrap();
    assert!(unknown("tool::cli").starts_with("how `beside-"), "{}", unknown("tool::cli"));
    // A package that is neither of the repository nor told by its version.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut moved: Invocation = serde_json::from_str(&whole).unwrap();
    moved.manifest_dir = elsewhere.path().to_owned();
    fs::write(&note, serde_json::to_vec(&moved).unwrap()).unwrap();
    insta::assert_snapshot!(unknown("tool::cli"), @"when package `beside` changes: it is not in the repository, and its version does not say what is in it");
    fs::write(elsewhere.path().join(CHECKSUMS), "{}").unwrap();
    assert_eq!(unknown("tool::cli"), "");
    let packages = workspace.compiled("tool::cli").packages;
    assert!(packages.contains(&Package { name: "beside".into(), version: Some("0.1.0".into()) }));
    fs::write(&note, whole).unwrap();

    let runs = |name: &str| name.starts_with("core-lib-");
    let builds: Vec<PathBuf> = entries(&workspace.sandbox.path().join("repo/target/debug/build"))
        .into_iter()
        .filter(|path| runs(path.file_name().unwrap().to_str().unwrap()))
        .collect();
    for output in builds.iter().map(|folder| folder.join("output")).filter(|path| path.is_file()) {
        fs::remove_file(output).unwrap();
    }
    insta::assert_snapshot!(unknown("core-lib"), @"what the build script of `core-lib` read: No such file or directory (os error 2)");
    for note in builds.iter().flat_map(|folder| notes_in(folder)) {
        fs::remove_file(note).unwrap();
    }
    insta::assert_snapshot!(unknown("core-lib"), @"
    what the build script of `core-lib` is made of
    what the build script of `core-lib` read: No such file or directory (os error 2)
    ");
    assert_eq!(unknown("helper"), "");
}

#[test]
fn a_program_copied_by_several_builds_is_found() {
    // Two builds with other flags leave two files of the program, of which the copy is the later.
    let cli = ["-p", "tool", "--test", "cli"];
    let Some(first) = build(repository(), &cli) else { return };
    assert!(sources(&first.compiled("tool::cli")).contains("ws/tool/src/only_here.rs"));
    fs::remove_file(first.root.join("tool/src/only_here.rs")).unwrap();
    fs::write(first.root.join("tool/src/main.rs"), "mod moved;\nfn main() { core_lib::number(); }\n")
        .unwrap();
    fs::write(first.root.join("tool/src/moved.rs"), "").unwrap();
    let config = ["--config", "profile.dev.debug=0", "--config", "profile.dev.opt-level=1"];
    let second = build(first.sandbox, &[&cli[..], &config].concat()).unwrap();
    let after = second.compiled("tool::cli");
    assert_eq!(after.unknown, BTreeSet::new());
    let files = sources(&after);
    assert!(
        files.contains("ws/tool/src/moved.rs") && !files.contains("ws/tool/src/only_here.rs"),
        "{files:?}"
    );
    // Where it is no link, nobody can say which of the two it is a copy of.
    let program = second.sandbox.path().join("repo/target/debug/my-tool");
    let copy = second.sandbox.path().join("copy");
    fs::copy(&program, &copy).unwrap();
    fs::rename(copy, &program).unwrap();
    let after = second.compiled("tool::cli");
    let files = sources(&after);
    assert!(
        files.contains("ws/tool/src/moved.rs") && files.contains("ws/tool/src/only_here.rs"),
        "{files:?}"
    );
    // A program that is nowhere in the build is not known.
    fs::rename(&program, program.with_file_name("other")).unwrap();
    let compiled = second.compiled_to(&program.with_file_name("other"));
    assert_eq!(compiled.unknown, BTreeSet::from(["how `other` was compiled".to_owned()]));
}

#[test]
fn what_runs_for_another_target_is_found() {
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let args = ["-p", "core-lib", "--lib", "--features", "extra", "--target", host];
    let Some(workspace) = build(repository(), &args) else { return };
    let compiled = workspace.compiled("core-lib");
    assert_eq!(compiled.unknown, BTreeSet::new());
    assert_eq!(sources(&compiled), core_and(&["ws/core/src/unit.rs", "ws/helper/src/lib.rs"]));
}

#[test]
fn a_failed_build_is_no_build() {
    let sandbox = repository();
    sandbox.write("repo/ws/helper/src/lib.rs", "no rust");
    let Some(result) = try_build(&sandbox, &["-p", "helper", "--offline"]) else { return };
    let error = result.unwrap_err();
    assert!(error.to_string().contains("test -p helper --offline --no-run` failed"), "{error}");
}

#[test]
fn the_dep_info_of_this_crate_is_read() {
    // What this test runs from was built by cargo a moment ago.
    let executable = std::env::current_exe().unwrap();
    let dep_info = executable.with_extension("d");
    let info = DepInfo::parse_rustc(&fs::read(dep_info).unwrap()).unwrap();
    let this = file!().replace('\\', "/");
    assert!(info.sources().iter().any(|source| source.ends_with(this.as_bytes())), "{this}");
}
