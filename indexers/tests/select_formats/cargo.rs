//! nextest and `cargo test`.

use super::*;
use skiptrace_indexers::select::CargoTest;
use skiptrace_indexers::select::nextest::{Nextest, binary_ids, has_filterset};

const MANIFEST: &str = r#"
[package]
name = "awk-ward"
version = "0.1.0"
edition = "2021"
[features]
never = []
[[test]]
name = "custom"
harness = false
[[test]]
name = "unbuilt"
required-features = ["never"]
[[bin]]
name = "tool"
path = "src/main.rs"
[workspace]
"#;

/// A program that lists and runs tests as libtest does, whatever they are called.
const CUSTOM: &str = r#"
use std::io::Write;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let names = include!("names.rs");
    if has("--list") {
        if !has("--ignored") {
            for name in names { println!("{name}: test"); }
        }
        return;
    }
    let at = args.iter().position(|arg| arg == "--exact").expect("nextest gives a name");
    let name = args.iter().skip(at + 1).find(|arg| names.contains(&arg.as_str())).expect("a name").clone();
    let mut log = std::fs::OpenOptions::new().append(true).create(true).open(std::env::var("LOG").unwrap()).unwrap();
    log.write_all(format!("awk-ward::custom\0{name}\0").as_bytes()).unwrap();
}
"#;

const NOTE: &str = r#"
#[cfg(test)]
fn note(name: &str) {
    use std::io::Write;
    let mut log = std::fs::OpenOptions::new().append(true).create(true).open(std::env::var("LOG").unwrap()).unwrap();
    log.write_all(format!("{}\0{name}\0", SUITE).as_bytes()).unwrap();
}
"#;

/// Returns the text of a program with these tests, by module and name.
fn program(suite: &str, tests: &[(&str, &str)]) -> (String, Vec<TestName>) {
    let mut text = format!("#[cfg(test)]\nconst SUITE: &str = {suite:?};\n{NOTE}\n");
    let mut names = Vec::new();
    for (module, name) in tests {
        let full = if module.is_empty() { (*name).to_owned() } else { format!("{module}::{name}") };
        let mut test = format!("#[test] fn {name}() {{ crate::note({full:?}); }}");
        for module in module.split("::").filter(|module| !module.is_empty()).collect::<Vec<_>>().iter().rev()
        {
            test = format!("#[allow(non_snake_case)] mod {module} {{ {test} }}");
        }
        text.push_str(&format!("{test}\n"));
        names.push(TestName::new(suite, full));
    }
    (text, names)
}

const LIBRARY: &[(&str, &str)] = &[
    ("a", "works"),
    ("b", "works"),
    ("bb", "works_too"),
    ("c::größe", "größe"),
    ("d", "r#type"),
    ("", "top"),
    ("e", "a"),
    ("f", "ab"),
    ("i", "both"),
];
const OTHER: &[(&str, &str)] =
    &[("a", "works"), ("b", "other"), ("", "top"), ("", "topmost"), ("g", "a"), ("h", "b"), ("i", "both")];

struct Crate {
    project: Project,
    tests: BTreeSet<TestName>,
}

impl Crate {
    fn new(custom: &[String]) -> Crate {
        let (library, mut tests) = program("awk-ward", LIBRARY);
        let library = format!("/// ```\n/// assert!(true);\n/// ```\npub fn documented() {{}}\n{library}");
        let (other, others) = program("awk-ward::other", OTHER);
        tests.extend(others);
        let (tool, tools) = program("awk-ward::bin/tool", &[("a", "works"), ("", "in_tool")]);
        tests.extend(tools);
        tests.extend(custom.iter().map(|name| TestName::new("awk-ward::custom", name.as_str())));
        let project = Project::new(&[
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", &library),
            ("src/main.rs", &format!("fn main() {{}}\n{tool}")),
            ("tests/other.rs", &other),
            ("tests/unbuilt.rs", "#[test] fn unbuilt() {}"),
            ("tests/custom.rs", CUSTOM),
            ("tests/names.rs", &format!("{custom:?}")),
        ]);
        // It is no test of its own.
        fs::create_dir(project.path("tests/custom")).unwrap();
        fs::rename(project.path("tests/custom.rs"), project.path("tests/custom/main.rs")).unwrap();
        fs::rename(project.path("tests/names.rs"), project.path("tests/custom/names.rs")).unwrap();
        Crate { project, tests: tests.into_iter().collect() }
    }

    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.args(args).env("CARGO_TARGET_DIR", self.project.path("target"));
        for name in [
            "CARGO_BUILD_TARGET",
            "RUSTFLAGS",
            "NEXTEST_PROFILE",
            "CARGO_MANIFEST_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
        ] {
            command.env_remove(name);
        }
        // A run may itself be one of nextest's tests.
        command.env_remove("NEXTEST").env_remove("NEXTEST_RUN_ID").env("NEXTEST_NO_INPUT_HANDLER", "1");
        command
    }

    fn binaries(&self) -> BTreeSet<String> {
        let mut command = cargo_metadata::MetadataCommand::new();
        command.manifest_path(self.project.path("Cargo.toml")).no_deps();
        binary_ids(&command.exec().unwrap())
    }

    fn nextest(&self, rendered: &Rendered, args: &[&str]) -> BTreeSet<TestName> {
        let mut command = self.cargo(&["nextest", "run", "--no-fail-fast", "--offline"]);
        let (output, ran) = self.project.run(command.args(args).args(&rendered.arguments), rendered);
        assert!(output.status.success(), "{:?} {}", rendered.notes, both(&output));
        ran
    }
}

fn awkward(n_more: usize) -> Vec<String> {
    let mut names: Vec<String> = AWKWARD.iter().map(|name| (*name).to_owned()).collect();
    // Nextest reads a listing by lines, and does not keep the blanks at their ends.
    names.retain(|name| name.trim() == name);
    names.push("long ".repeat(300).trim_end().to_owned());
    names.extend((0..n_more).map(|n| format!("many::(case {}) of [{n}]/é", n % 7)));
    names
}

#[test]
fn nextest_runs_exactly_what_is_left() {
    if !has("cargo", &["nextest", "--version"]) {
        return;
    }
    let fixture = Crate::new(&awkward(0));
    let binaries = fixture.binaries();
    assert!(
        binaries.contains("awk-ward::unbuilt") && binaries.contains("awk-ward::bin/tool"),
        "{binaries:?}"
    );
    let nextest = Nextest { binaries: &binaries, profile: "default", config: "", filtered: false };
    for seed in 1..4 {
        // Tests that are no more, of binaries that are and of some that are not, or are not built.
        let halves =
            halves(&fixture.tests, seed).with_stale("awk-ward", 3).with_stale("awk-ward::unbuilt", 1);
        let rendered =
            fixture.project.tell(&Format::Nextest(nextest), &halves.choice(Strangers::Run), Form::Skip);
        assert!(rendered.files.is_empty() && rendered.kept == 0, "{rendered:?}");
        assert_eq!(fixture.nextest(&rendered, &[]), halves.with_strangers(), "{:?}", rendered.arguments);
        let rendered =
            fixture.project.tell(&Format::Nextest(nextest), &halves.choice(Strangers::Leave), Form::Run);
        assert_eq!(
            fixture.nextest(&rendered, &[]),
            halves.run.iter().cloned().collect(),
            "{:?}",
            rendered.arguments
        );
    }
    // A filterset of the user's stays one.
    let users = ["-E", "test(works)"].map(str::to_owned);
    assert!(has_filterset(&users));
    let halves = halves(&fixture.tests, 9);
    let nextest = Nextest { filtered: true, ..nextest };
    let rendered =
        fixture.project.tell(&Format::Nextest(nextest), &halves.choice(Strangers::Run), Form::Skip);
    let expected = halves.with_strangers().into_iter().filter(|test| test.name.contains("works")).collect();
    assert_eq!(fixture.nextest(&rendered, &["-E", "test(works)"]), expected, "{:?}", rendered.arguments);
    let all: Vec<TestName> = fixture.tests.iter().cloned().chain([TestName::new("gone", "a")]).collect();
    for form in [Form::Skip, Form::Run] {
        let choice = Choice { run: &[], skip: &all, strangers: Strangers::Leave };
        let rendered = fixture.project.tell(&Format::Nextest(nextest), &choice, form);
        assert!(rendered.empty);
        assert_eq!(fixture.nextest(&rendered, &[]), BTreeSet::new());
    }
}

#[test]
fn nextest_reads_thousands_of_names_from_a_file_that_keeps_the_users_settings() {
    if !has("cargo", &["nextest", "--version"]) {
        return;
    }
    let fixture = Crate::new(&awkward(5000));
    let binaries = fixture.binaries();
    let config =
        "[profile.ci]\ndefault-filter = 'not test(in_tool)'\n[profile.ci.junit]\npath = 'here.xml'\n";
    let nextest = Nextest { binaries: &binaries, profile: "ci", config, filtered: false };
    let (run, skip): (Vec<TestName>, Vec<TestName>) =
        fixture.tests.iter().cloned().partition(|test| test.name.len() % 40 == 3);
    assert!(skip.len() > 4900 && run.len() > 3, "{} {}", skip.len(), run.len());
    let choice = Choice { run: &run[1..], skip: &skip, strangers: Strangers::Run };
    let rendered = fixture.project.tell(&Format::Nextest(nextest), &choice, Form::Skip);
    assert_eq!(rendered.files.len(), 1);
    let in_tool = TestName::new("awk-ward::bin/tool", "in_tool");
    let expected = run.iter().filter(|test| **test != in_tool).cloned().collect();
    assert_eq!(fixture.nextest(&rendered, &["-P", "ci"]), expected);
    assert!(fixture.project.path("target/nextest/ci/here.xml").is_file());
}

fn cargo_test(fixture: &Crate, rendered: &Rendered) -> (String, BTreeSet<TestName>) {
    let mut command =
        fixture.cargo(&["test", "--no-fail-fast", "--offline", "--lib", "--bins", "--test", "other", "--"]);
    let (output, mut ran) = fixture.project.run(command.args(&rendered.arguments), rendered);
    let mut told = both(&output);
    assert!(output.status.success(), "{told}");
    let mut command = fixture.cargo(&["test", "--no-fail-fast", "--offline", "--doc", "--"]);
    let (output, more) = fixture.project.run(command.args(&rendered.arguments), rendered);
    told.push_str(&both(&output));
    assert!(output.status.success(), "{told}");
    ran.extend(more);
    (told, ran)
}

#[test]
fn cargo_test_leaves_out_no_test_that_has_the_name_of_another() {
    if !has("cargo", &["--version"]) {
        return;
    }
    let mut fixture = Crate::new(&[]);
    fixture.tests.retain(|test| &*test.suite != "awk-ward::custom");
    for seed in 1..4 {
        let mut halves = halves(&fixture.tests, seed);
        halves.run.append(&mut halves.strange);
        halves.run.sort();
        let mut halves = halves.with_stale("awk-ward", 5000);
        halves.skip.push(TestName::new("awk-ward", "src/lib.rs - documented (line 1)"));
        halves.skip.sort();
        let rendered = fixture.project.tell(
            &Format::CargoTest(CargoTest::NoFilters),
            &halves.choice(Strangers::Leave),
            Form::Skip,
        );
        let shared = |test: &&TestName| halves.run.iter().any(|other| other.name == test.name);
        let n_shared = halves.skip.iter().filter(shared).count();
        assert_eq!(rendered.kept, n_shared + 1);
        let (told, ran) = cargo_test(&fixture, &rendered);
        let shared = halves.skip.iter().filter(shared);
        assert_eq!(ran, halves.run.iter().chain(shared).cloned().collect::<BTreeSet<_>>());
        assert!(told.contains("src/lib.rs - documented (line 1) ... ok"), "{told}");
        // Where strangers may have any name, nothing can be left out.
        let rendered = fixture.project.tell(
            &Format::CargoTest(CargoTest::NoFilters),
            &halves.choice(Strangers::Run),
            Form::Skip,
        );
        assert_eq!((rendered.arguments.len(), rendered.kept), (0, halves.skip.len()));
    }
    let all: Vec<TestName> = fixture.tests.iter().cloned().collect();
    let choice = Choice { run: &[], skip: &all, strangers: Strangers::Leave };
    let rendered = fixture.project.tell(&Format::CargoTest(CargoTest::NoFilters), &choice, Form::Skip);
    let (told, ran) = cargo_test(&fixture, &rendered);
    assert!(rendered.empty && ran.is_empty() && !told.contains("... ok"), "{told}");
    // Beside filters of the user's, which mean parts of names.
    let mut rendered = fixture.project.tell(&Format::CargoTest(CargoTest::Parts), &choice, Form::Skip);
    rendered.arguments.insert(0, "works".to_owned());
    let (told, ran) = cargo_test(&fixture, &rendered);
    assert!(rendered.empty && ran.is_empty() && !told.contains("... ok"), "{told}");
}
