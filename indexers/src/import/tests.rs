//! One program, run once per test by real tools, imported in every form.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use skiptrace_engine::id::{CommitId, ObjectId};
use skiptrace_engine::index::Index;
use skiptrace_engine::index::query::{Answer, Cause, ChangedKey, SharedPolicy, impacted};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Shard};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::variable::Variables;
use tempfile::TempDir;

use super::*;
use crate::build::paths::PrefixMap;
use crate::record::fold::{Noticed, fold};
use crate::record::sources::Tree;

const MAIN: &str = r#"#include "shared.h"
#include "inner/b.h"
#include <string.h>

static const int LIMIT = 3;

static int only_a(int n) {
    if (n > LIMIT) {
        return n;
    }
    return DOUBLE(n);
}

int only_b(int n)
{
    return from_b(n) + in_header(n);
}

int never(int n) { return n; }

int main(int argc, char **argv) {
    if (argc < 2) return 1;
    if (!strcmp(argv[1], "a")) return only_a(1) - 2;
    if (!strcmp(argv[1], "b")) return only_b(1) - 3;
    return 0;
}
"#;
const SHARED_H: &str = "#ifndef S\n#define S\n#define DOUBLE(x) ((x) * 2)\n\
    static inline int in_header(int n) {\n    return n + 1;\n}\nstruct Unused { int x; };\n#endif\n";
const B_H: &str = "int from_b(int n);\n";
const B_C: &str =
    "#include \"b.h\"\n\nint from_b(int n) {\n    return n;\n}\n\nint other_b(void) {\n    return 1;\n}\n";
const CPP: &str = r#"#include "list.hpp"

namespace {
struct Only {
    explicit Only(int n) : n(n) {}
    ~Only() { touched(n); }
    static void touched(int) {}
    int n;
};
}

static int with_lambda(int n) {
    auto add = [n](int m) { return n + m; };
    return add(1);
}

int main(int argc, char **argv) {
    char which = argc > 1 ? argv[1][0] : 'n';
    if (which == 'a') { List<int> list; list.push(with_lambda(1)); return list.size() - 1; }
    if (which == 'b') { Only only(1); List<long> list; return larger<long>(list.size(), 0); }
    return 0;
}
"#;
const LIST_HPP: &str = r#"#pragma once
template <typename T> T larger(T a, T b) {
    return a > b ? a : b;
}

template <typename T> class List {
public:
    void push(T item) { last = item; n += 1; }
    int size() const { return n; }
private:
    T last{};
    int n = 0;
};
"#;
const RUST: &str = r#"mod inner { pub fn from_b(n: i32) -> i32 { n } }

fn only_a(n: i32) -> i32 {
    [n].iter().map(|n| n + 1).sum()
}

fn only_b<T: Into<i32>>(n: T) -> i32 {
    inner::from_b(n.into())
}

#[allow(dead_code)]
fn never() {}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("a") => assert_eq!(only_a(1), 2),
        Some("b") => assert_eq!(only_b(1i16), 1),
        _ => {}
    }
}
"#;

/// A folder with a program, and what was collected of three runs of it.
struct Project {
    folder: TempDir,
    tracked: BTreeSet<RepoPath>,
    binary: PathBuf,
    llvm: u32,
}

struct Disk<'a>(&'a Path);

impl Tree for Disk<'_> {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        fs::read(self.0.join(path.as_str())).ok()
    }

    fn blob(&self, _: &RepoPath) -> Option<ObjectId> {
        None
    }

    fn is_unsettled(&self, _: &RepoPath) -> bool {
        false
    }
}

/// Returns whether these programs are installed, and says so if not.
fn have(names: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&&str| !std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let Some(missing) = names.iter().find(is_there) else { return true };
    let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "`{missing}` is not installed");
    eprintln!("skipped: `{missing}` is not installed");
    false
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Project {
    fn new(files: &[(&str, &str)], compiler: &str, args: &[&str]) -> Project {
        let folder = tempfile::tempdir().unwrap();
        let project = Project {
            tracked: files.iter().map(|(path, _)| RepoPath::new(*path).unwrap()).collect(),
            binary: folder.path().join("bin/program"),
            llvm: 22,
            folder,
        };
        for (path, text) in files {
            project.write(path, text);
        }
        fs::create_dir(project.path("bin")).unwrap();
        run(Command::new(compiler)
            .args(args)
            .args(["-o", "bin/program"])
            .env("LLVM_PROFILE_FILE", "/dev/null")
            .current_dir(project.root()));
        project
    }

    fn c() -> Option<Project> {
        Project::c_of(22)
    }

    fn c_of(llvm: u32) -> Option<Project> {
        let files = [("main.c", MAIN), ("shared.h", SHARED_H), ("inner/b.h", B_H), ("inner/b.c", B_C)];
        let tools = ["clang", "llvm-cov", "llvm-profdata"].map(|tool| format!("{tool}-{llvm}"));
        have(&[&tools[0], &tools[1], &tools[2]]).then(|| {
            let args = ["-fprofile-instr-generate", "-fcoverage-mapping", "-O0", "main.c", "inner/b.c"];
            Project { llvm, ..Project::new(&files, &tools[0], &args) }.collected()
        })
    }

    fn cpp() -> Option<Project> {
        have(&["clang++-22", "llvm-cov-22", "llvm-profdata-22"]).then(|| {
            let args = ["-fprofile-instr-generate", "-fcoverage-mapping", "-std=c++17", "main.cpp"];
            Project::new(&[("main.cpp", CPP), ("list.hpp", LIST_HPP)], "clang++-22", &args).collected()
        })
    }

    fn rust() -> Option<Project> {
        have(&["rustc", "llvm-cov-22", "llvm-profdata-22"]).then(|| {
            let args = ["--edition=2024", "-Cinstrument-coverage", "src/main.rs"];
            Project::new(&[("src/main.rs", RUST)], "rustc", &args).collected()
        })
    }

    /// Runs each test, and leaves its coverage in every form.
    fn collected(self) -> Project {
        for test in ["a", "b", "none"] {
            let metadata = format!(r#"{{"suite": "s", "test": "{test}", "outcome": "passed"}}"#);
            for form in ["raw", "merged", "text", "lcov", "json"] {
                self.write(&format!("{form}/{test}/metadata.json"), &metadata);
            }
            let raw = self.path(&format!("raw/{test}/coverage/1.profraw"));
            run(Command::new(&self.binary).arg(test).env("LLVM_PROFILE_FILE", &raw));
            let merged = self.path(&format!("merged/{test}/x.profdata"));
            let text = self.path(&format!("text/{test}/x.proftext"));
            let merge = |flags: &[&str], to: &Path| {
                let mut command = Command::new(format!("llvm-profdata-{}", self.llvm));
                run(command.arg("merge").args(flags).arg(&raw).arg("-o").arg(to));
            };
            merge(&["-sparse"], &merged);
            merge(&["-text"], &text);
            let export = |format: &str| {
                let mut command = Command::new(format!("llvm-cov-{}", self.llvm));
                let profile = format!("-instr-profile={}", merged.display());
                run(command.arg("export").arg(format!("-format={format}")).arg(profile).arg(&self.binary))
            };
            fs::write(self.path(&format!("lcov/{test}/x.info")), export("lcov")).unwrap();
            fs::write(self.path(&format!("json/{test}/x.json")), export("text")).unwrap();
        }
        self
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn format(&self, form: &str) -> Format {
        match form {
            "lcov" => Format::Lcov,
            "json" => Format::LlvmJson,
            _ => Format::Llvm(vec![self.path("bin")]),
        }
    }

    fn import(&self, form: &str) -> Imported {
        self.import_with(form, self.format(form), self.roots())
    }

    fn roots(&self) -> Roots {
        let (repository, workspace) = (self.root().to_owned(), self.root().to_owned());
        Roots { repository, workspace, ..Roots::default() }
    }

    fn import_with(&self, form: &str, format: Format, roots: Roots) -> Imported {
        let request = Request {
            folder: &self.path(form),
            format,
            job: None,
            default_job: job(),
            assume_passed: false,
            roots,
            tracked: &self.tracked,
            tree: &Disk(self.root()),
            baseline: None,
            diffed: false,
            expected: &Expected::new(),
        };
        import(&request).unwrap()
    }

    fn index(&self, imported: Imported) -> (Index, Noticed) {
        self.index_with(imported, Reach::All)
    }

    fn index_with(&self, imported: Imported, reach: Reach) -> (Index, Noticed) {
        let mut gathered = imported.gathered(reach, recording);
        assert_eq!(gathered.len(), 1);
        fold(gathered.remove(0), IndexKind::FUNCTION, &Disk(self.root())).unwrap()
    }
}

fn job() -> JobName {
    "job".parse().unwrap()
}

fn recording(job: &JobName) -> Recording {
    Recording {
        job: job.clone(),
        shard: Shard::WHOLE,
        recorded_at: Timestamp(1),
        commit: "0123456789abcdef0123456789abcdef01234567".parse::<CommitId>().unwrap(),
        tree: None,
        branch: None,
        environment: EnvironmentKey::default(),
        tool: "test".to_owned(),
        origin: Origin::Imported,
        asked_for: None,
    }
}

/// Returns the functions that each test executed.
fn footprints(index: &Index) -> BTreeMap<String, Vec<String>> {
    let mut footprints: BTreeMap<String, Vec<String>> =
        index.tests().iter().map(|test| (test.key.name.to_string(), Vec::new())).collect();
    for file in index.files() {
        for unit in index.units_of(file) {
            for test in index.set(unit.own).iter() {
                let functions = footprints.get_mut(&*index.tests()[test.index()].key.name).unwrap();
                functions.push(format!("{}#{}", file.path, unit.name));
            }
        }
    }
    footprints
}

fn troubles(noticed: &Noticed) -> Vec<String> {
    let each = noticed.opaque.iter().flat_map(|opaque| &opaque.troubles);
    each.map(|trouble| trouble.detail.clone()).collect()
}

/// Returns the tests that a change reaches, or that everything must run.
fn reached(index: &Index, change: ChangedKey) -> Result<Vec<String>, Cause> {
    match impacted(index, &job(), &[change], SharedPolicy::Run, &Variables::Unknown) {
        Answer::Everything(cause) => Err(cause),
        Answer::Subset(subset) => {
            Ok(subset.run.iter().map(|test| index.tests()[test.index()].key.name.to_string()).collect())
        }
    }
}

fn unit(file: &str, name: &str) -> ChangedKey {
    ChangedKey::Unit { file: RepoPath::new(file).unwrap(), name: name.into() }
}

#[test]
fn old_compilers_give_the_same_functions() {
    let Some(newest) = Project::c() else { return };
    let expected = footprints(&newest.index(newest.import("raw")).0);
    for project in [14, 16, 19].into_iter().filter_map(Project::c_of) {
        for form in ["raw", "merged", "text", "json", "lcov"] {
            let (index, noticed) = project.index(project.import(form));
            assert_eq!(troubles(&noticed), [""; 0], "{form} of {}", project.llvm);
            assert_eq!(footprints(&index), expected, "{form} of {}", project.llvm);
        }
    }
}

#[test]
fn every_form_gives_the_same_functions() {
    let Some(project) = Project::c() else { return };
    let (index, noticed) = project.index(project.import("raw"));
    assert_eq!(troubles(&noticed), [""; 0]);
    let raw = footprints(&index);
    insta::assert_debug_snapshot!(raw, @r#"
    {
        "a": [
            "main.c#main",
            "main.c#only_a",
            "shared.h##define DOUBLE",
        ],
        "b": [
            "inner/b.c#from_b",
            "main.c#main",
            "main.c#only_b",
            "shared.h#in_header(int n)",
        ],
        "none": [
            "main.c#main",
        ],
    }
    "#);
    for form in ["merged", "text", "json", "lcov"] {
        let (index, noticed) = project.index(project.import(form));
        assert_eq!(troubles(&noticed), [""; 0], "{form}");
        assert_eq!(footprints(&index), raw, "{form}");
    }
}

#[test]
fn every_form_gives_the_same_functions_of_rust() {
    let Some(project) = Project::rust() else { return };
    let (index, noticed) = project.index(project.import("raw"));
    assert_eq!(troubles(&noticed), [""; 0]);
    let raw = footprints(&index);
    insta::assert_debug_snapshot!(raw, @r#"
    {
        "a": [
            "src/main.rs#main",
            "src/main.rs#only_a",
        ],
        "b": [
            "src/main.rs#inner::from_b",
            "src/main.rs#main",
            "src/main.rs#only_b",
            "src/main.rs#mod inner",
        ],
        "none": [
            "src/main.rs#main",
        ],
    }
    "#);
    for form in ["merged", "text", "json", "lcov"] {
        let (index, noticed) = project.index(project.import(form));
        assert_eq!(troubles(&noticed), [""; 0], "{form}");
        assert_eq!(footprints(&index), raw, "{form}");
    }
}

#[test]
fn every_form_gives_the_same_functions_of_cpp() {
    let Some(project) = Project::cpp() else { return };
    let (index, noticed) = project.index(project.import("raw"));
    assert_eq!(troubles(&noticed), [""; 0]);
    let raw = footprints(&index);
    insta::assert_debug_snapshot!(raw, @r#"
    {
        "a": [
            "list.hpp#List::push(T item)",
            "list.hpp#List::size() const",
            "list.hpp#List",
            "main.cpp#main(int argc, char**argv)",
            "main.cpp#with_lambda(int n)",
        ],
        "b": [
            "list.hpp#List::size() const",
            "list.hpp#larger(T a, T b)",
            "list.hpp#List",
            "main.cpp#(anonymous)::Only::Only(int n)",
            "main.cpp#(anonymous)::Only::touched(int)",
            "main.cpp#(anonymous)::Only::~Only()",
            "main.cpp#main(int argc, char**argv)",
            "main.cpp#(anonymous)::Only",
        ],
        "none": [
            "main.cpp#main(int argc, char**argv)",
        ],
    }
    "#);
    for form in ["merged", "text", "json", "lcov"] {
        let (index, noticed) = project.index(project.import(form));
        assert_eq!(troubles(&noticed), [""; 0], "{form}");
        assert_eq!(footprints(&index), raw, "{form}");
    }
}

/// Functions select who ran them, other text of a known file all tests, and an unknown file everything.
#[test]
fn what_coverage_does_not_know_runs_everything() {
    let Some(project) = Project::c() else { return };
    for form in ["raw", "merged", "json", "lcov"] {
        let (index, _) = project.index(project.import(form));
        let all = vec!["a".to_owned(), "b".to_owned(), "none".to_owned()];
        assert_eq!(reached(&index, unit("main.c", "only_a")), Ok(vec!["a".to_owned()]), "{form}");
        assert_eq!(reached(&index, unit("inner/b.c", "from_b")), Ok(vec!["b".to_owned()]), "{form}");
        assert_eq!(reached(&index, unit("main.c", "never")), Ok(vec![]), "{form}");
        assert_eq!(reached(&index, unit("main.c", "LIMIT")), Ok(all.clone()), "{form}");
        assert_eq!(reached(&index, ChangedKey::File(RepoPath::new("shared.h").unwrap())), Ok(all), "{form}");
        // No function stands in it, so no coverage names it.
        let header = ChangedKey::File(RepoPath::new("inner/b.h").unwrap());
        assert_eq!(reached(&index, header.clone()), Err(Cause::UnknownKey(header)), "{form}");
        let new = unit("inner/b.c", "no_such_function");
        assert!(matches!(reached(&index, new), Err(Cause::UnknownKey(_))), "{form}");
    }
}

#[test]
fn damaged_and_foreign_profiles_prove_nothing() {
    let Some(project) = Project::c() else { return };
    let cut = |path: &str| {
        let bytes = fs::read(project.path(path)).unwrap();
        fs::write(project.path(path), &bytes[..bytes.len() * 2 / 3]).unwrap();
    };
    cut("raw/a/coverage/1.profraw");
    fs::write(project.path("raw/b/2.profraw"), "").unwrap();
    fs::remove_dir_all(project.path("raw/none/coverage")).unwrap();
    cut("merged/a/x.profdata");
    cut("lcov/a/x.info");
    cut("json/a/x.json");
    let opaque = |form: &str| {
        let (index, noticed) = project.index(project.import(form));
        assert_eq!(index.provable().len() + noticed.opaque.len(), 3, "{form}");
        let names: Vec<String> = noticed.opaque.iter().map(|opaque| opaque.test.name.to_string()).collect();
        let here = project.root().display().to_string();
        let troubles = troubles(&noticed).into_iter().map(|text| text.replace(&here, "$DIR"));
        (names.join(" "), troubles.collect::<Vec<_>>())
    };
    insta::assert_debug_snapshot!(opaque("raw"), @r#"
    (
        "a b none",
        [
            "`a/coverage/1.profraw`: the profile ends inside of the data",
            "`b/2.profraw`: the profile is empty: its process ended before it could write it",
            "there is no coverage in its folder",
        ],
    )
    "#);
    insta::assert_debug_snapshot!(opaque("merged"), @r#"
    (
        "a",
        [
            "`a/x.profdata`: the profile is damaged: the table of functions ends early",
        ],
    )
    "#);
    insta::assert_debug_snapshot!(opaque("lcov"), @r#"
    (
        "a",
        [
            "`a/x.info`: it ends after line 49, inside of the record of `$DIR/main.c`; it was not written to its end",
        ],
    )
    "#);
    insta::assert_debug_snapshot!(opaque("json"), @r#"
    (
        "a",
        [
            "`a/x.json`: it is no export of llvm-cov: EOF while parsing a string at line 1 column 3214",
        ],
    )
    "#);
}

#[test]
fn profiles_without_their_binary_prove_nothing() {
    let Some(project) = Project::c() else { return };
    project.write("empty/readme", "");
    for form in ["raw", "merged", "text"] {
        let format = Format::Llvm(vec![project.path("empty")]);
        let (index, noticed) = project.index(project.import_with(form, format, project.roots()));
        assert_eq!((index.provable().len(), noticed.opaque.len()), (0, 3), "{form}");
        assert!(troubles(&noticed).iter().all(|text| text.contains("binar")), "{:?}", troubles(&noticed));
    }
    // What is named, and is no binary, is told.
    let imported = project.import_with("raw", Format::Llvm(vec![project.path("main.c")]), project.roots());
    assert_eq!(imported.unusable.len(), 1);
}

#[test]
fn coverage_of_another_machine_needs_a_map() {
    let Some(project) = Project::c() else { return };
    let here = project.root().canonicalize().unwrap().display().to_string();
    for form in ["lcov", "json"] {
        for test in ["a", "b", "none"] {
            let file =
                project.path(&format!("{form}/{test}/x.{}", if form == "lcov" { "info" } else { "json" }));
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.contains(&here));
            fs::write(&file, text.replace(&here, "/builds/app")).unwrap();
        }
        let (index, noticed) = project.index(project.import(form));
        assert_eq!(index.provable().len(), 0, "{form}");
        let text = "`/builds/app/main.c` may be `main.c` of the repository; say so with --map FROM=TO";
        assert!(troubles(&noticed).iter().any(|trouble| trouble == text), "{:?}", troubles(&noticed));

        let map = PrefixMap { from: here.as_str().into(), to: "/builds/app".into() };
        let roots = Roots { prefix_maps: vec![map], ..project.roots() };
        let (index, _) = project.index(project.import_with(form, project.format(form), roots));
        assert_eq!(footprints(&index), footprints(&project.index(project.import("raw")).0), "{form}");
    }
}

#[test]
fn who_executed_nothing_of_ours_proves_nothing() {
    let Some(project) = Project::c() else { return };
    project.write("other/metadata.json", r#"{"test":"t","outcome":"passed"}"#);
    project.write("other/x.info", "SF:/usr/include/c.h\nDA:1,1\nend_of_record\n");
    let (index, noticed) = project.index(project.import_with("other", Format::Lcov, project.roots()));
    assert_eq!(index.provable().len(), 0);
    assert!(troubles(&noticed)[0].starts_with("it executed nothing of the repository"));
}

#[test]
fn outcomes_that_nobody_says_prove_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.info"), "SF:a.py\nDA:1,1\nend_of_record\n").unwrap();
    let repository = tempfile::tempdir().unwrap();
    let tracked = [RepoPath::new("a.py").unwrap()].into();
    let healthy = |assume_passed| {
        let request = Request {
            folder: folder.path(),
            format: Format::Lcov,
            job: Some("mine".parse().unwrap()),
            default_job: job(),
            assume_passed,
            roots: Roots {
                repository: repository.path().to_owned(),
                workspace: repository.path().to_owned(),
                ..Roots::default()
            },
            tracked: &tracked,
            tree: &Disk(repository.path()),
            baseline: None,
            diffed: false,
            expected: &Expected::new(),
        };
        let imported = import(&request).unwrap();
        let test = &imported.jobs[&"mine".parse::<JobName>().unwrap()][0];
        assert_eq!((&*test.suite, &*test.name), ("", "t"));
        test.runs[0].health().is_ok()
    };
    assert!(!healthy(false));
    assert!(healthy(true));
}

/// A merged profile that is cut anywhere is an error, or all that ran is before the cut.
#[test]
fn merged_profiles_that_end_early_lose_nothing_silently() {
    let Some(project) = Project::c() else { return };
    let bytes = fs::read(project.path("merged/a/x.profdata")).unwrap();
    let whole = crate::llvm::indexed::read_merged(&bytes).unwrap();
    let mut n_errors = 0;
    for end in 0..bytes.len() {
        match crate::llvm::indexed::read_merged(&bytes[..end]) {
            Ok(functions) => assert_eq!(functions, whole, "cut at {end}"),
            Err(_) => n_errors += 1,
        }
    }
    assert!(n_errors > bytes.len() / 2);
}

#[test]
fn who_says_that_files_only_run_gets_those_that_ran_them() {
    let Some(project) = Project::c() else { return };
    let (index, _) = project.index_with(project.import("lcov"), Reach::Executed);
    let header = ChangedKey::File(RepoPath::new("shared.h").unwrap());
    assert_eq!(reached(&index, header), Ok(vec!["a".to_owned(), "b".to_owned()]));
    let unknown = ChangedKey::File(RepoPath::new("inner/b.h").unwrap());
    assert_eq!(reached(&index, unknown.clone()), Err(Cause::UnknownKey(unknown)));
}
