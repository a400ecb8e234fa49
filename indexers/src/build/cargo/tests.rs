//! Small workspaces, built by the real cargo: what it says is compared with what is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::Metadata;
use skiptrace_engine::path::RepoPath;

use super::compilation::inputs::{Inputs, PackageName, Problem};
use super::compilation::{Compilations, CrateKind};
use super::messages::{self, Built};
use super::{metadata, suite};
use crate::build::dep_info::DepInfo;
use crate::build::paths::Normalizer;
use crate::build::rustc_wrapper::{CompilationEnvironment, Instrumented, command_line};
use crate::build::testing::{Sandbox, tool};

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
    metadata: Metadata,
    built: Built,
}

fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Builds the tests; coverage of this test run must not leak into it.
fn build(sandbox: Sandbox, args: &[&str], env: &[(&str, &Path)]) -> Workspace {
    let root = sandbox.path().join("repo/ws");
    let target = sandbox.path().join("repo/target");
    let mut variables: Vec<(OsString, OsString)> = [
        ("CARGO_TARGET_DIR", target.as_os_str()),
        ("CARGO_BUILD_BUILD_DIR", target.as_os_str()),
        ("SKIPTRACE_TEST_SET", "a\nb\\c".as_ref()),
        ("CARGO_INCREMENTAL", "0".as_ref()),
        ("CARGO_NET_OFFLINE", "true".as_ref()),
        ("RUSTC_WRAPPER", "".as_ref()),
        ("RUSTFLAGS", "".as_ref()),
    ]
    .map(|(name, value)| (name.into(), value.to_owned()))
    .to_vec();
    variables.extend(env.iter().map(|(name, value)| ((*name).into(), value.as_os_str().to_owned())));
    let command: Vec<OsString> = ["test"].iter().chain(args).map(Into::into).collect();
    let built = messages::build(&cargo(), &root, &command, &variables).unwrap();
    let mut metadata = metadata::run(&cargo(), &root, &["--offline".into()]).unwrap();
    // The build was told another folder than this question.
    metadata.target_directory = target.to_str().unwrap().into();
    metadata.build_directory = None;
    Workspace { sandbox, root, metadata, built }
}

impl Workspace {
    fn compilations(&self) -> Compilations {
        let roots = metadata::roots(&self.metadata, &self.sandbox.path().join("repo"), None);
        let mut normalizer = Normalizer::new(roots);
        Compilations::read(&self.metadata, &self.built, &mut normalizer)
    }
}

fn texts<'a>(paths: impl IntoIterator<Item = &'a RepoPath>) -> Vec<&'a str> {
    paths.into_iter().map(RepoPath::as_str).collect()
}

const CORE: [&str; 10] = [
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
];

fn core_and(more: &[&'static str]) -> BTreeSet<&'static str> {
    CORE.iter().chain(more).copied().collect()
}

#[test]
fn every_suite_is_compiled_from_what_is_in_it() {
    let workspace = build(repository(), &["--workspace", "--all-targets"], &[]);
    let binaries = suite::test_binaries(&workspace.metadata, &workspace.built).unwrap();
    let suites: Vec<&str> = binaries.iter().map(|binary| &*binary.suite).collect();
    let expected = [
        "alone",
        "core-lib",
        "core-lib::bench/speed",
        "core-lib::example/show",
        "core-lib::it",
        "helper",
        "mac",
        "tool::bin/my-tool",
        "tool::cli",
    ];
    assert_eq!(suites, expected);
    assert!(binaries.iter().all(|binary| binary.executable.is_file() && binary.src_path.is_file()));
    let it = &binaries[4];
    assert_eq!((&*it.package, &*it.target, &it.features[..]), ("core-lib", "it", &["extra".to_owned()][..]));
    assert_eq!(it.manifest_dir, workspace.root.join("core"));
    let doc_tests = suite::doc_tests(&workspace.metadata, &workspace.built);
    let documented: BTreeSet<&str> = doc_tests.iter().map(|tests| &*tests.package).collect();
    assert_eq!(documented, BTreeSet::from(["alone", "core-lib", "helper", "mac"]));

    let compilations = workspace.compilations();
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
    assert_eq!(compilations.suites().collect::<Vec<_>>(), expected);
    for (suite, files) in &truth {
        let inputs = compilations.of_suite(suite).unwrap();
        assert_eq!(inputs.problems, BTreeSet::new(), "{suite}");
        assert_eq!(texts(&inputs.files), files.iter().copied().collect::<Vec<_>>(), "{suite}");
        assert_eq!(inputs.packages, BTreeSet::new(), "{suite}");
    }
    // The other way round it is the same.
    let files: BTreeSet<&str> = truth.values().flatten().copied().collect();
    for file in files {
        let from: BTreeSet<&str> =
            truth.iter().filter(|(_, files)| files.contains(file)).map(|(suite, _)| *suite).collect();
        // What no build script of `alone` declares is anything in its folder.
        assert_eq!(compilations.suites_from(&RepoPath::new(file).unwrap()), from, "{file}");
    }
    let from = |path: &str| compilations.suites_from(&RepoPath::new(path).unwrap());
    assert_eq!(from("ws/alone/anything.txt"), BTreeSet::from(["alone"]));
    assert_eq!(from("ws/core/schema dir/deeper/c.txt").len(), 6);
    assert_eq!(from("ws/shared.txt").len(), 6);
    assert_eq!(from("ws/core/src/never.rs"), BTreeSet::new());
    assert_eq!(from("ws/Cargo.toml").len(), 9);
    assert_eq!(from("beside/Cargo.toml").len(), 6);

    let inputs: Inputs = compilations.of_suite("tool::cli").unwrap();
    assert_eq!(texts(&inputs.declared), ["ws/core/schema dir", "ws/shared.txt"]);
    assert_eq!(inputs.undeclared, BTreeSet::new());
    assert_eq!(
        inputs.variables,
        BTreeMap::from([
            ("SKIPTRACE_TEST_SET".into(), Some("a\nb\\c".into())),
            ("SKIPTRACE_TEST_UNSET".into(), None),
        ])
    );
    let package = PackageName { name: "core-lib".into(), version: "0.1.0".into() };
    assert_eq!(inputs.script_values, BTreeMap::from([((package, "MADE".into()), "by the script".into())]));
    assert_eq!(inputs.script_variables, BTreeSet::from(["SCHEMA".into()]));
    let features = workspace.built.features(&workspace.metadata);
    assert_eq!(features["core-lib@0.1.0"], BTreeSet::from(["extra".to_owned()]));

    // Documentation is tested with the library and its development dependencies.
    let tests = doc_tests.iter().find(|tests| &*tests.package == "core-lib").unwrap();
    let inputs = compilations.of_doc_tests(&tests.package_id).unwrap();
    let expected: Vec<&str> = core_and(&["ws/helper/src/lib.rs"]).into_iter().collect();
    assert_eq!(texts(&inputs.files), expected);
    let kinds: BTreeSet<CrateKind> = compilations.crates().map(|krate| krate.kind).collect();
    assert!(kinds.contains(&CrateKind::ProcMacro) && kinds.contains(&CrateKind::Program), "{kinds:?}");

    says_what_nextest_says(&workspace, &suites);
    what_cannot_be_read_is_told(&workspace);
    what_the_graph_misses_is_in_everything(workspace);
}

fn says_what_nextest_says(workspace: &Workspace, suites: &[&str]) {
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
    let theirs: Vec<&str> = list["rust-binaries"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(suites, theirs.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
}

/// Breaks the build folder, step by step.
fn what_cannot_be_read_is_told(workspace: &Workspace) {
    let deps = workspace.sandbox.path().join("repo/target/debug/deps");
    let find = |prefix: &str| -> Vec<PathBuf> {
        let files = std::fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap().path());
        let wanted = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(prefix) && name.ends_with(".d")
        };
        files.filter(wanted).collect()
    };
    let problems = |suite: &str| workspace.compilations().of_suite(suite).unwrap().problems;
    let [beside] = &find("beside-")[..] else { panic!("one build of `beside`") };
    let whole = std::fs::read(beside).unwrap();

    std::fs::write(beside, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(problems("tool::cli").first(), Some(Problem::Malformed { .. })));
    assert_eq!(problems("helper"), BTreeSet::new());
    std::fs::write(beside, String::from_utf8(whole.clone()).unwrap().replace("src/lib.rs", "src/other.rs"))
        .unwrap();
    assert!(matches!(problems("tool::cli").first(), Some(Problem::OtherDepInfo { .. })));
    std::fs::write(beside, String::from_utf8(whole.clone()).unwrap().replacen(": ", ": /etc/passwd ", 1))
        .unwrap();
    assert!(matches!(problems("tool::cli").first(), Some(Problem::Outside { .. })));
    std::fs::remove_file(beside).unwrap();
    assert!(matches!(problems("tool::cli").first(), Some(Problem::NoDepInfo { .. })));
    std::fs::write(beside, whole).unwrap();
    assert_eq!(problems("tool::cli"), BTreeSet::new());

    let script = workspace.built.scripts.iter().find(|run| run.package_id.repr.contains("core-lib")).unwrap();
    std::fs::remove_file(script.out_dir.parent().unwrap().join("output")).unwrap();
    assert!(matches!(problems("core-lib").first(), Some(Problem::NoScriptOutput { .. })));
}

/// Takes away what cargo said of the dependencies.
fn what_the_graph_misses_is_in_everything(mut workspace: Workspace) {
    let files = |workspace: &Workspace| workspace.compilations().of_suite("helper").unwrap().files;
    assert_eq!(texts(&files(&workspace)), ["ws/helper/src/lib.rs"]);
    for node in &mut workspace.metadata.resolve.as_mut().unwrap().nodes {
        node.deps.retain(|dependency| dependency.name != "beside");
    }
    assert_eq!(texts(&files(&workspace)), ["beside/src/lib.rs", "ws/helper/src/lib.rs"]);
    let runs = std::mem::take(&mut workspace.built.scripts);
    let problems = workspace.compilations().of_suite("alone").unwrap().problems;
    assert_eq!(problems, BTreeSet::from([Problem::NoScriptOutput { package: "alone".into() }]));
    workspace.built.scripts = runs;
    workspace.metadata.packages.retain(|package| package.name != "beside");
    let problems = workspace.compilations().of_suite("helper").unwrap().problems;
    assert!(matches!(problems.first(), Some(Problem::UnknownPackage { .. })), "{problems:?}");
}

#[test]
fn a_program_copied_by_several_builds_is_found() {
    // Two builds with other flags leave two files of the program, of which the copy is the later.
    let first = build(repository(), &["-p", "tool", "--test", "cli"], &[]);
    let path = first.root.join("tool/src/only_here.rs");
    let before = first.compilations().of_suite("tool::cli").unwrap();
    assert!(texts(&before.files).contains(&"ws/tool/src/only_here.rs"));
    let root = first.root.clone();
    std::fs::remove_file(path).unwrap();
    std::fs::write(root.join("tool/src/main.rs"), "mod moved;\nfn main() { core_lib::number(); }\n").unwrap();
    std::fs::write(root.join("tool/src/moved.rs"), "").unwrap();
    let args = [
        "-p",
        "tool",
        "--test",
        "cli",
        "--config",
        "profile.dev.debug=0",
        "--config",
        "profile.dev.opt-level=1",
    ];
    let second = build(first.sandbox, &args, &[]);
    let after = second.compilations().of_suite("tool::cli").unwrap();
    assert_eq!(after.problems, BTreeSet::new());
    let files = texts(&after.files);
    assert!(
        files.contains(&"ws/tool/src/moved.rs") && !files.contains(&"ws/tool/src/only_here.rs"),
        "{files:?}"
    );
}

#[test]
fn the_wrapper_instruments_the_repository_and_no_host_tool() {
    // A shell that keeps variables with a dash in their names, as `CARGO_BIN_EXE_my-tool` is one.
    if tool("bash").is_none() {
        return;
    }
    let sandbox = repository();
    let (wrapper, log) = (sandbox.path().join("wrapper"), sandbox.path().join("log"));
    let script = "#!/bin/bash\nprintf '%s\\0' \"$CARGO_MANIFEST_DIR\" \"$CARGO_CRATE_NAME\" \"${CARGO_BIN_NAME-unset}\" \
        \"$#\" \"$@\" >> \"$WRAPPER_LOG\"\nexec \"$@\"\n";
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    // One compiler at a time, so that what they write does not mix.
    let args = ["--workspace", "--all-targets", "-j1"];
    let workspace = build(sandbox, &args, &[("RUSTC_WRAPPER", &wrapper), ("WRAPPER_LOG", &log)]);

    let all = Instrumented::of(&workspace.metadata, &[&workspace.sandbox.path().join("repo")]);
    let folder = |path: &str| workspace.sandbox.path().join("repo").join(path).to_str().unwrap().to_owned();
    let members = ["beside", "ws/alone", "ws/core", "ws/helper", "ws/mac", "ws/tool"].map(folder);
    assert_eq!(all.folders().collect::<Vec<_>>(), members);
    // Of a smaller repository, what is outside of it is not instrumented.
    let inner = Instrumented::of(&workspace.metadata, &[&workspace.root]);
    assert_eq!(inner.folders().collect::<Vec<_>>(), members[1..]);

    let text = String::from_utf8(std::fs::read(log).unwrap()).unwrap();
    let mut words = text.split_terminator('\0');
    let mut seen = BTreeSet::new();
    let (mut n_real, mut n_other) = (0, 0);
    while let Some(manifest_dir) = words.next() {
        let crate_name = words.next().unwrap();
        let bin_name = Some(words.next().unwrap()).filter(|name| *name != "unset");
        let n_args: usize = words.next().unwrap().parse().unwrap();
        let argv: Vec<OsString> = words.by_ref().take(n_args).map(Into::into).collect();
        let environment = CompilationEnvironment {
            manifest_dir: Some(manifest_dir.as_ref()),
            crate_name: Some(crate_name.as_ref()),
            bin_name: bin_name.map(AsRef::as_ref),
        };
        let command = command_line(&argv, environment, &all, None);
        assert_eq!(command[..argv.len()], argv);
        if command.len() > argv.len() {
            assert_eq!(command[argv.len()], "-Cinstrument-coverage");
            let is_test = argv.iter().any(|arg| arg == "--test");
            seen.insert(format!("{crate_name}{}", if is_test { " (test)" } else { "" }));
            // rustc takes it: the very command, with what was added.
            if crate_name == "helper" && !is_test {
                let done = Command::new(&command[0])
                    .args(&command[1..])
                    .current_dir(&workspace.root)
                    .env("CARGO_MANIFEST_DIR", manifest_dir)
                    .output()
                    .unwrap();
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            }
            n_real += 1;
        } else {
            n_other += 1;
        }
    }
    let expected = [
        "alone",
        "alone (test)",
        "beside",
        "core_lib",
        "core_lib (test)",
        "helper",
        "helper (test)",
        "it (test)",
        "mac (test)",
        "my_tool",
        "my_tool (test)",
        "show (test)",
        "cli (test)",
        "speed",
    ];
    // `alone` is built only as a test: nothing else needs it.
    let expected: BTreeSet<String> =
        expected.iter().filter(|name| **name != "alone").map(|name| (*name).to_owned()).collect();
    assert_eq!(seen.iter().filter(|name| *name != "alone").cloned().collect::<BTreeSet<_>>(), expected);
    // The macro, two build scripts and at least one question for the version.
    assert!(n_real >= expected.len() && n_other >= 4, "{n_real} {n_other}");
}

#[test]
fn a_failed_build_is_no_build() {
    let sandbox = repository();
    std::fs::write(sandbox.path().join("repo/ws/helper/src/lib.rs"), "no rust").unwrap();
    let target = sandbox.path().join("target");
    let env = [("CARGO_TARGET_DIR".into(), target.into_os_string())];
    let command: Vec<OsString> = ["test", "-p", "helper", "--offline"].map(Into::into).to_vec();
    let error = messages::build(&cargo(), &sandbox.path().join("repo/ws"), &command, &env).unwrap_err();
    assert!(error.to_string().starts_with("`cargo test -p helper --offline` failed"), "{error}");
}

#[test]
fn the_dep_info_of_this_crate_is_read() {
    // What this test runs from was built by cargo a moment ago.
    let executable = std::env::current_exe().unwrap();
    let dep_info = executable.with_extension("d");
    let info = DepInfo::parse_rustc(&std::fs::read(dep_info).unwrap()).unwrap();
    let this = file!().replace('\\', "/");
    assert!(info.sources().iter().any(|source| source.ends_with(this.as_bytes())), "{this}");
}
