//! What decides how tests are built: who runs again when it changes.

use skiptrace_engine::codec::encode;
use skiptrace_engine::path::RepoPath;

use super::*;

const USER: [&str; 2] = ["user_counts", "user_is_named"];

/// A recording that is brought up to date after each change.
struct Updated {
    project: CargoProject,
    base: std::path::PathBuf,
}

impl Updated {
    fn of(project: CargoProject, args: &str) -> (Updated, Recorded) {
        let recorded = project.record(&[], args);
        let base = project.sandbox.path().join("base.idx");
        let updated = Updated { project, base };
        updated.keep(&recorded);
        (updated, recorded)
    }

    fn keep(&self, recorded: &Recorded) {
        std::fs::write(&self.base, encode(&recorded.index).unwrap()).unwrap();
    }

    /// Replaces text in a file, and returns which tests run again for that.
    #[track_caller]
    fn edit(&self, path: &str, old: &str, new: &str) -> Vec<String> {
        let text = self.project.sandbox.read(path);
        assert!(text.contains(old), "{text}");
        self.project.commit(&[(path, &text.replacen(old, new, 1))]);
        let recorded =
            self.project.record(&["--update", self.base.to_str().unwrap()], "cargo test --workspace --lib");
        assert_eq!(recorded.index.tests().len(), 7, "{}", recorded.output.snapshot());
        self.keep(&recorded);
        recorded.truth.into_keys().collect()
    }
}

fn and<'a>(some: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut all = [some, more].concat();
    all.sort_unstable();
    all
}

#[test]
fn what_acts_while_tests_are_built_concerns_all_of_them() {
    let project = CargoProject::of_fixture(PROGRAM, "building");
    let (updated, first) = Updated::of(project, "cargo test --workspace --lib");
    assert_eq!(first.truth.len(), 7, "{}", first.output.snapshot());
    // A macro, what it calls, and what only looks like more.
    assert_eq!(
        updated.edit("maker/src/lib.rs", "format!(\"\\\"{text}\\\"\")", "format!(\"\\\"{text}2\\\"\")"),
        USER
    );
    assert_eq!(
        updated.edit("letters/src/lib.rs", "    text.to_uppercase()", "    text.to_ascii_uppercase()"),
        and(&USER, &["letters_are_raised", "plain_shouts"])
    );
    // A build script, and what it is linked with.
    assert_eq!(updated.edit("made/build.rs", "{{ {number} }}", "{{ {number} + 1 }}"), ["made_is_a_number"]);
    assert_eq!(updated.edit("numbers/src/lib.rs", "17", "18"), ["made_is_a_number"]);
    // What runs in no build concerns whoever executes it.
    assert_eq!(updated.edit("plain/src/lib.rs", "    4", "    2 + 2"), ["plain_counts"]);
}

#[test]
fn a_manifest_concerns_whoever_is_built_by_it() {
    let project = CargoProject::of_fixture(PROGRAM, "building");
    let (updated, _) = Updated::of(project, "cargo test --workspace --lib");
    let nobody: [&str; 0] = [];
    assert_eq!(updated.edit("Cargo.toml", "[workspace]", "# All of it.\n[workspace]"), nobody);
    assert_eq!(updated.edit("Cargo.toml", "opt-level = 2", "opt-level = 3"), nobody);
    // Whose version is seen by a macro, or nobody; what it says to people, by who could look it up.
    assert_eq!(updated.edit("user/Cargo.toml", "0.1.0", "0.1.1"), USER);
    assert_eq!(updated.edit("truth/Cargo.toml", "0.1.0", "0.1.1"), nobody);
    assert_eq!(updated.edit("alone/Cargo.toml", "publish", "description = \"x\"\npublish"), nobody);
    // What only tests are given concerns these.
    let edited = updated.edit("letters/Cargo.toml", "\"../truth\" }", "\"../truth\", features = [] }");
    assert_eq!(edited, ["letters_are_raised"]);
    // What is in a folder is built whatever its version.
    let edited = updated.edit("letters/Cargo.toml", "features = [] }", "features = [], version = \"0.1\" }");
    assert_eq!(edited, nobody);
    let of_letters = and(&USER, &["letters_are_raised", "plain_counts", "plain_shouts"]);
    assert_eq!(updated.edit("letters/Cargo.toml", "loud = []", "loud = []\nquiet = []"), of_letters);
    // What a workspace offers concerns who takes it.
    let edited = updated.edit("Cargo.toml", "{ path = \"letters\" }", "{ path = \"./letters\" }");
    assert_eq!(edited, of_letters);
}

#[test]
fn features_that_somebody_asks_for_are_everybodys() {
    let project = CargoProject::of_fixture(PROGRAM, "building");
    let recorded = project.record(&[], "cargo test --workspace --lib");
    let units_of = |path: &str, test: &str| -> Vec<String> {
        let (id, _) = recorded.test(test);
        let file = recorded.index.file(&RepoPath::new(path).unwrap()).unwrap().1;
        let units = recorded.index.units_of(file).iter();
        units
            .filter(|unit| recorded.index.set(unit.own).contains(id))
            .map(|unit| unit.name.to_string())
            .collect()
    };
    // The feature `loud` of `letters` may be asked for by anybody who depends on it.
    assert_eq!(units_of("maker/Cargo.toml", "tests::plain_shouts"), ["dependencies letters"]);
    assert_eq!(units_of("maker/Cargo.toml", "tests::alone_counts"), [""; 0]);
    let lock = units_of("Cargo.lock", "tests::plain_shouts");
    assert_eq!(lock, ["dependents letters", "package letters", "package plain", "package truth"]);
    assert_eq!(units_of("Cargo.lock", "tests::alone_counts"), ["package alone", "package truth"]);
}

#[test]
fn a_lockfile_that_git_ignores_counts() {
    let project = CargoProject::of_fixture(PROGRAM, "building");
    std::fs::write(project.sandbox.work().join(".gitignore"), "/target\nCargo.lock\n").unwrap();
    project.sandbox.repo().git(["rm", "--cached", "-q", "Cargo.lock"]);
    std::fs::remove_file(project.sandbox.work().join("Cargo.lock")).unwrap();
    project.sandbox.repo().commit("ignored", &[]);
    // Cargo writes it while the recording is made.
    let recorded = project.record(&[], "cargo test -p alone --lib");
    let file = recorded.index.file(&RepoPath::new("Cargo.lock").unwrap()).unwrap().1;
    assert_eq!(file.blob, None);
    let names: Vec<&str> = recorded.index.units_of(file).iter().map(|unit| &*unit.name).collect();
    assert!(names.contains(&"package alone"), "{names:?}");
    assert!(recorded.index.units_of(file).iter().all(|unit| unit.fingerprint.is_some()));
    assert!(recorded.proves("tests::alone_counts"));
}

#[test]
fn a_bump_concerns_whoever_is_compiled_from_it() {
    let project = CargoProject::of_fixture(PROGRAM, "building");
    // Somebody else's packages, kept on this machine.
    let shelf = project.sandbox.path().join("shelf");
    for (name, rest) in [("inner", ""), ("outer", "[dependencies]\ninner = \"1\"\n"), ("beside", "")] {
        let folder = shelf.join(name);
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{rest}");
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(folder.join("src/lib.rs"), "").unwrap();
        std::fs::write(folder.join(".cargo-checksum.json"), "{\"files\":{},\"package\":\"00\"}").unwrap();
    }
    let manifest = |path: &str, old: &str, new: &str| project.sandbox.read(path).replacen(old, new, 1);
    let letters = manifest(
        "letters/Cargo.toml",
        "[dev-dependencies]",
        "[dependencies]\nouter = \"1\"\n[dev-dependencies]\nbeside = \"1\"",
    );
    let config = format!(
        "[source.crates-io]\nreplace-with = \"shelf\"\n[source.shelf]\ndirectory = {:?}\n",
        shelf.to_str().unwrap()
    );
    std::fs::create_dir_all(project.sandbox.home().join(".cargo")).unwrap();
    std::fs::write(project.sandbox.home().join(".cargo/config.toml"), config).unwrap();
    project.commit(&[("letters/Cargo.toml", &letters)]);
    let recorded = project.record(&[], "cargo test --workspace --lib");
    let whom = |unit: &str| -> Vec<String> {
        let file = recorded.index.file(&RepoPath::new("Cargo.lock").unwrap()).unwrap().1;
        let unit = recorded.index.units_of(file).iter().find(|known| &*known.name == unit);
        let tests = recorded.index.set(unit.expect("it is locked").own).iter();
        let mut names: Vec<String> = tests
            .map(|test| {
                recorded.index.tests()[test.index()].key.name.trim_start_matches("tests::").to_owned()
            })
            .collect();
        names.sort();
        names
    };
    let of_letters = and(&USER, &["letters_are_raised", "plain_counts", "plain_shouts"]);
    assert_eq!(whom("package outer 1.0.0"), of_letters, "{}", recorded.output.snapshot());
    assert_eq!(whom("package inner 1.0.0"), of_letters);
    assert_eq!(whom("package beside 1.0.0"), ["letters_are_raised"]);
    assert_eq!(whom("package numbers"), ["made_is_a_number"]);
    assert_eq!(whom("dependents inner 1.0.0"), [""; 0]);
    assert!(recorded.proves("tests::plain_shouts"));
}
