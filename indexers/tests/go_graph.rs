//! What Go test binaries are made of, as the real go command lists small modules that have every trap in them.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::build::environment::Machine;
use skiptrace_indexers::build::go::compiled::{Binaries, Build, TestBinary};
use skiptrace_indexers::build::go::environment::{GoBuild, GoEnvironment, go};
use skiptrace_indexers::build::go::flags::BuildFlags;
use skiptrace_indexers::build::go::graph::PackageGraph;
use skiptrace_indexers::build::go::list::{list, main_modules};
use skiptrace_indexers::build::go::modules::Modules;
use skiptrace_indexers::build::go::places::Places;
use skiptrace_indexers::build::go::tool::{GoTool, ToolError};
use skiptrace_indexers::run::watch::Watch;

/// A folder with a repository `repo` in it, and room for what is beside that.
struct Fixture {
    folder: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
    args: Vec<&'static str>,
    /// Where the go command runs, in the folder.
    runs_in: &'static str,
    /// What is taken for the repository, in the folder.
    repository: &'static str,
}

/// Everything that is found out about a fixture.
struct Found {
    environment: GoEnvironment,
    flags: BuildFlags,
    graph: PackageGraph,
    modules: Modules,
    binaries: Binaries,
}

impl Fixture {
    /// Writes files, or says that the test is skipped for want of the go command.
    fn new(files: &[(&str, &str)]) -> Option<Fixture> {
        if Command::new("go").arg("version").output().is_err() {
            let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "`go` is not installed, and SKIPTRACE_REQUIRE_TOOLS=1 is set");
            eprintln!("skipped: `go` is not installed");
            return None;
        }
        let fixture = Fixture {
            folder: tempfile::tempdir().unwrap(),
            env: vec![("CGO_ENABLED", "0".to_owned())],
            args: Vec::new(),
            runs_in: "repo",
            repository: "repo",
        };
        for (path, text) in files {
            fixture.write(path, text);
        }
        Some(fixture)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path("repo").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn variables(&self) -> Vec<(&str, String)> {
        let plain = ["GOFLAGS", "GOWORK", "GOEXPERIMENT", "GODEBUG"].map(|name| (name, String::new()));
        let fixed = [("GOENV", "off"), ("GOPROXY", "off"), ("GOSUMDB", "off"), ("GOTOOLCHAIN", "local")];
        let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
        plain.into_iter().chain(fixed).chain(self.env.iter().cloned()).collect()
    }

    fn tool(&self) -> GoTool {
        let env = self.variables().into_iter();
        let env = env.map(|(name, value)| (name.into(), Some(value.into())));
        GoTool::find("go".as_ref(), &self.path(self.runs_in), env.collect()).unwrap()
    }

    /// Runs the go command as a user would.
    fn go(&self, args: &[&str]) -> String {
        let mut command = Command::new("go");
        command.args(args).current_dir(self.path(self.runs_in)).envs(self.variables());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{args:?}\n{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn find(&self) -> Found {
        self.find_of(&["./..."])
    }

    fn find_of(&self, patterns: &[&str]) -> Found {
        let (tool, watch) = (self.tool(), Watch::start());
        let environment = tool.environment(&watch).unwrap();
        let typed = BuildFlags::parse(&self.args).unwrap();
        let flags = typed.over(&environment.flags());
        let packages = list(&tool, &typed, patterns, &watch).unwrap();
        let main = main_modules(&tool, &typed, &watch).unwrap();
        let mut places = Places::new(&self.path(self.repository), &environment);
        let modules = Modules::new(&main, &packages, &environment, &flags, &tool.folder, &mut places);
        let graph = PackageGraph::new(packages);
        let patterns = modules.cover_patterns();
        let build = Build {
            graph: &graph,
            modules: &modules,
            patterns: &patterns,
            environment: &environment,
            flags: &flags,
            folder: &tool.folder,
        };
        let binaries = Binaries::of(&build, &mut places);
        Found { environment, flags, graph, modules, binaries }
    }

    /// Replaces this fixture's folder in a text.
    fn redact(&self, text: &str) -> String {
        let real = self.folder.path().canonicalize().unwrap();
        text.replace(real.to_str().unwrap(), "<folder>")
            .replace(self.folder.path().to_str().unwrap(), "<folder>")
    }
}

impl Found {
    fn binary(&self, tested: &str) -> &TestBinary {
        &self.binaries.binaries[tested]
    }
}

fn names(paths: &BTreeSet<RepoPath>) -> String {
    paths.iter().map(RepoPath::to_string).collect::<Vec<_>>().join(" ")
}

/// Shows all that is known of a test binary; what is empty is left out.
fn show(binary: &TestBinary) -> String {
    let embeds: Vec<String> =
        binary.embeds.iter().map(|embed| format!("{}:{}", embed.folder, embed.pattern)).collect();
    let modules = binary.modules.iter().map(|module| match &module.replacement {
        Some((path, version)) => format!("{}@{} => {path}@{version}", module.path, module.version),
        None => format!("{}@{}", module.path, module.version),
    });
    let lines = [
        ("runs in", binary.folder.as_ref().map(RepoPath::to_string).unwrap_or_default()),
        ("compiled", names(&binary.compiled)),
        ("tests", names(&binary.test_files)),
        ("silent", names(&binary.silent)),
        ("silent folders", names(&binary.silent_folders)),
        ("ignored", names(&binary.ignored)),
        ("folders", names(&binary.folders)),
        ("embeds", embeds.join(" ")),
        ("modules", modules.collect::<Vec<_>>().join(" ")),
        ("module files", names(&binary.module_files)),
        ("unknown", binary.unknown.iter().cloned().collect::<Vec<_>>().join("; ")),
    ];
    let mut text = String::new();
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(text, "{name}: {value}").unwrap();
    }
    text
}

const TEST: &str = "import \"testing\"\n\nfunc TestIt(t *testing.T) {}\n";

/// `p` has tests inside and outside; the latter import `q`, which imports `p`, and is compiled again for them.
fn layered() -> Option<Fixture> {
    Fixture::new(&[
        (
            "go.mod",
            "module example.com/m/v2\n\ngo 1.20\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ./lib\n",
        ),
        ("lib/go.mod", "module example.com/lib\n\ngo 1.20\n"),
        ("lib/l.go", "package lib\n\nfunc L() int { return 1 }\n"),
        ("lib/l_test.go", "package lib\n"),
        (
            "p/p.go",
            "package p\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar A string\n\nfunc P() int { return 1 }\n",
        ),
        ("p/a.txt", "a"),
        ("p/t.txt", "t"),
        ("p/x1.txt", "x"),
        ("p/other.txt", "-"),
        (
            "p/in_test.go",
            "package p\n\nimport (\n\t_ \"embed\"\n\t\"testing\"\n)\n\n//go:embed t.txt\nvar T string\n\nfunc TestP(t *testing.T) { P() }\n",
        ),
        (
            "p/out_test.go",
            "package p_test\n\nimport (\n\t_ \"embed\"\n\t\"testing\"\n\n\t\"example.com/m/v2/q\"\n)\n\n//go:embed x*.txt\nvar X string\n\nfunc TestX(t *testing.T) { q.Q() }\n",
        ),
        (
            "q/q.go",
            "package q\n\nimport (\n\t\"example.com/lib\"\n\t\"example.com/m/v2/p\"\n)\n\nfunc Q() int { return p.P() + lib.L() }\n",
        ),
        ("q/q_windows.go", "package q\n"),
        ("q/generate.go", "//go:build ignore\n\npackage main\n"),
        ("alone/a.go", "package alone\n\nconst A = 1\n"),
        ("alone/a_test.go", "package alone_test\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {}\n"),
        ("untested/u.go", "package untested\n"),
        ("tools/go.mod", "module example.com/tools\n\ngo 1.20\n"),
        ("tools/t.go", "package tools\n"),
    ])
}

#[test]
fn tests_inside_and_outside_and_what_is_compiled_again_for_them() {
    let Some(fixture) = layered() else { return };
    let found = fixture.find();
    assert_eq!(
        found.binaries.binaries.keys().map(|key| &**key).collect::<Vec<_>>(),
        ["example.com/m/v2/alone", "example.com/m/v2/p"]
    );
    insta::assert_snapshot!(show(found.binary("example.com/m/v2/p")), @"
    runs in: p
    compiled: lib/l.go p/p.go q/q.go
    tests: p/in_test.go p/out_test.go
    silent: p/a.txt p/t.txt p/x1.txt
    ignored: q/generate.go q/q_windows.go
    folders: lib p q
    embeds: p:a.txt p:t.txt p:x*.txt
    modules: example.com/lib@v0.0.0 => ./lib@
    module files: go.mod lib/go.mod
    ");
    // A package is linked even when its tests are outside and do not import it.
    insta::assert_snapshot!(show(found.binary("example.com/m/v2/alone")), @"
    runs in: alone
    compiled: alone/a.go
    tests: alone/a_test.go
    folders: alone
    module files: go.mod
    ");
    assert!(found.binaries.broken.is_empty(), "{:?}", found.binaries.broken);
    assert_eq!(found.graph.linking("example.com/lib"), BTreeSet::from(["example.com/m/v2/p"]));
    assert_eq!(found.graph.importers("example.com/m/v2/p"), BTreeSet::from(["example.com/m/v2/q"]));
}

#[test]
fn modules_and_what_they_are_said_in() {
    let Some(fixture) = layered() else { return };
    let Found { modules, .. } = fixture.find();
    assert_eq!(modules.cover_patterns().argument().unwrap(), "example.com/lib/...,example.com/m/v2/...");
    assert_eq!(names(&modules.files), "go.mod go.sum lib/go.mod lib/go.sum");
    assert_eq!((&modules.unpinned, &modules.unknown), (&None, &BTreeSet::new()));
    let tracked = ["go.mod", "lib/go.mod", "tools/go.mod", "p/p.go"].map(|path| RepoPath::new(path).unwrap());
    assert_eq!(names(&modules.not_covered(&tracked)), "tools/go.mod");
}

/// The go command itself says what is instrumented, and by which name coverage knows it. A file without any statement
/// has nothing to count.
fn check_coverage(fixture: &Fixture, patterns: &[&str], without_statements: &[&str]) {
    let found = fixture.find_of(patterns);
    let cover = format!("-coverpkg={}", found.modules.cover_patterns().argument().unwrap());
    let profile = fixture.path("profile");
    let out = format!("-coverprofile={}", profile.display());
    assert!(!found.binaries.binaries.is_empty());
    for (tested, binary) in &found.binaries.binaries {
        fixture.go(&["test", "-vet=off", "-count=1", &cover, &out, tested]);
        let text = fs::read_to_string(&profile).unwrap();
        let lines = text.lines().skip(1);
        let covered: BTreeSet<RepoPath> = lines
            .map(|line| &line[..line.find(".go:").unwrap() + ".go".len()])
            .map(|name| found.binaries.sources[name].clone())
            .collect();
        let mut expected = binary.compiled.clone();
        expected.retain(|path| !without_statements.contains(&path.as_str()));
        assert_eq!(covered, expected, "{tested}");
    }
}

#[test]
fn coverage_names_exactly_what_is_compiled() {
    let Some(fixture) = layered() else { return };
    check_coverage(&fixture, &["./..."], &["alone/a.go"]);
    fixture.go(&["mod", "vendor"]);
    check_coverage(&fixture, &["./..."], &["alone/a.go"]);
}

/// The go command's own lists of what is linked.
const CLOSURES: [&str; 5] = ["list", "-test", "-e", "-f", "{{.ImportPath}}{{range .Deps}}\t{{.}}{{end}}"];

/// Compares the closures of the graph with those.
fn check_closures(graph: &PackageGraph, listed: &str) {
    let mut compared = 0;
    for line in listed.lines() {
        let mut words = line.split('\t');
        let Some(tested) = words.next().and_then(|path| path.strip_suffix(".test")) else { continue };
        let expected: BTreeSet<&str> = words.filter(|path| *path != "C").collect();
        let binary = format!("{tested}.test");
        let closure = graph.closure(tested);
        let closure: BTreeSet<&str> =
            closure.iter().map(|package| &*package.import_path).filter(|path| *path != binary).collect();
        assert_eq!(closure, expected, "{tested}");
        compared += 1;
    }
    assert_eq!(compared, graph.tested().count());
    assert!(compared > 0);
}

#[test]
fn closures_are_those_of_the_go_command() {
    let Some(mut fixture) = layered() else { return };
    // The latter have many variants, and import each other's tests.
    for patterns in [&["./..."][..], &["net/http", "os/user", "sort", "strings", "go/types", "encoding/json"]]
    {
        for cgo in ["0", "1"] {
            fixture.env = vec![("CGO_ENABLED", cgo.to_owned())];
            let listed = fixture.go(&[&CLOSURES, patterns].concat());
            check_closures(&fixture.find_of(patterns).graph, &listed);
        }
    }
}

#[test]
fn modules_of_the_cache_are_their_versions() {
    let files = [
        (
            "go.mod",
            "module example.com/m\n\ngo 1.20\n\nrequire (\n\texample.com/x v1.2.3\n\texample.com/y v1.0.0\n)\n\nreplace example.com/y => example.com/z v2.0.0+incompatible\n",
        ),
        ("a/a.go", "package a\n\nimport _ \"example.com/x\"\n"),
        ("b/b.go", "package b\n\nimport _ \"example.com/y\"\n"),
    ];
    let Some(mut fixture) = Fixture::new(&files) else { return };
    for folder in ["a", "b"] {
        fixture.write(&format!("{folder}/{folder}_test.go"), &format!("package {folder}\n\n{TEST}"));
    }
    // The cache is in the repository, as build services have it.
    fixture.env.push(("GOMODCACHE", fixture.path("repo/.cache").to_str().unwrap().to_owned()));
    fixture.env.push(("GOFLAGS", "-mod=mod".to_owned()));
    for (module, name, version) in
        [("example.com/x", "x", "v1.2.3"), ("example.com/z", "z", "v2.0.0+incompatible")]
    {
        let download = format!(".cache/cache/download/{module}/@v/{version}");
        let text = if name == "z" { "module example.com/y\n" } else { "module example.com/x\n" };
        fixture.write(&format!("{download}.mod"), text);
        fixture.write(&format!("{download}.info"), &format!("{{\"Version\":\"{version}\"}}"));
        fixture.write(&format!("{download}.zip"), "");
        fixture.write(&format!("{download}.ziphash"), &format!("h1:{}=", "A".repeat(43)));
        fixture.write(&format!(".cache/{module}@{version}/go.mod"), text);
        fixture.write(&format!(".cache/{module}@{version}/{name}.go"), &format!("package {name}\n"));
    }
    let found = fixture.find();
    insta::assert_snapshot!(show(found.binary("example.com/m/a")), @"
    runs in: a
    compiled: a/a.go
    tests: a/a_test.go
    folders: a
    modules: example.com/x@v1.2.3
    module files: go.mod
    ");
    insta::assert_snapshot!(show(found.binary("example.com/m/b")), @"
    runs in: b
    compiled: b/b.go
    tests: b/b_test.go
    folders: b
    modules: example.com/y@v1.0.0 => example.com/z@v2.0.0+incompatible
    module files: go.mod
    ");
}

#[test]
fn workspaces_have_several_modules() {
    let Some(mut fixture) = Fixture::new(&[
        ("go.work", "go 1.20\n\nuse (\n\t./a\n\t./b/v3\n)\n"),
        ("a/go.mod", "module example.com/a\n\ngo 1.20\n"),
        ("a/a.go", "package a\n\nimport \"example.com/b/v3\"\n\nfunc A() int { return b.B() }\n"),
        ("a/a_test.go", &format!("package a\n\n{TEST}")),
        ("b/v3/go.mod", "module example.com/b/v3\n\ngo 1.20\n"),
        ("b/v3/b.go", "package b\n\nfunc B() int { return 1 }\n"),
        ("b/v3/b_test.go", &format!("package b\n\n{TEST}")),
        ("c/go.mod", "module example.com/c\n\ngo 1.20\n"),
        ("c/c.go", "package c\n"),
    ]) else {
        return;
    };
    let found = fixture.find_of(&["./a/...", "./b/v3/..."]);
    insta::assert_snapshot!(show(found.binary("example.com/a")), @"
    runs in: a
    compiled: a/a.go b/v3/b.go
    tests: a/a_test.go
    folders: a b/v3
    module files: a/go.mod b/v3/go.mod go.work
    ");
    insta::assert_snapshot!(show(found.binary("example.com/b/v3")), @"
    runs in: b/v3
    compiled: b/v3/b.go
    tests: b/v3/b_test.go
    folders: b/v3
    module files: b/v3/go.mod go.work
    ");
    assert_eq!(found.modules.cover_patterns().argument().unwrap(), "example.com/a/...,example.com/b/v3/...");
    assert_eq!(names(&found.modules.files), "a/go.mod a/go.sum b/v3/go.mod b/v3/go.sum go.work go.work.sum");
    assert!(found.modules.unpinned.is_some());
    let tracked = ["a/go.mod", "c/go.mod"].map(|path| RepoPath::new(path).unwrap());
    assert_eq!(names(&found.modules.not_covered(&tracked)), "c/go.mod");
    check_coverage(&fixture, &["./a/...", "./b/v3/..."], &[]);

    // Without the workspace, `a` cannot find `b`.
    fixture.env.push(("GOWORK", "off".to_owned()));
    fixture.runs_in = "repo/a";
    let found = fixture.find();
    assert_eq!(found.modules.workspace, None);
    let unknown = &found.binary("example.com/a").unknown;
    assert!(unknown.iter().any(|why| why.contains("`example.com/b/v3` cannot be built")), "{unknown:?}");
    assert!(found.binaries.broken.contains_key("example.com/a"));
    fixture.env.pop();

    // A workspace and a module beside the repository are nobody's to compare.
    fixture.repository = "repo/a";
    let found = fixture.find();
    let unknown: Vec<String> =
        found.binary("example.com/a").unknown.iter().map(|why| fixture.redact(why)).collect();
    insta::assert_snapshot!(unknown.join("\n"), @"
    `example.com/b/v3` is in `<folder>/repo/b/v3`, which is not in the repository
    the main module `example.com/b/v3` is not in the repository
    the workspace `<folder>/repo/go.work` is not in the repository
    ");
}

#[test]
fn vendored_packages_act_silently() {
    let Some(fixture) = layered() else { return };
    fixture.go(&["mod", "vendor"]);
    let found = fixture.find();
    insta::assert_snapshot!(show(found.binary("example.com/m/v2/p")), @"
    runs in: p
    compiled: p/p.go q/q.go
    tests: p/in_test.go p/out_test.go
    silent: p/a.txt p/t.txt p/x1.txt vendor/example.com/lib/l.go
    ignored: q/generate.go q/q_windows.go
    folders: p q vendor/example.com/lib
    embeds: p:a.txt p:t.txt p:x*.txt
    modules: example.com/lib@v0.0.0 => ./lib@
    module files: go.mod vendor/modules.txt
    ");
    assert_eq!(names(&found.modules.files), "go.mod go.sum vendor/modules.txt");
    assert_eq!(found.modules.cover_patterns().argument().unwrap(), "example.com/m/v2/...");
    assert_eq!(found.modules.vendor, RepoPath::new("vendor").ok());
}

#[test]
fn tags_choose_files_wherever_they_are_given() {
    let Some(mut fixture) = Fixture::new(&[
        ("go.mod", "module m.example\n\ngo 1.20\n"),
        ("a.go", "package m\n"),
        ("fast.go", "//go:build fast\n\npackage m\n"),
        ("slow.go", "//go:build !fast\n\npackage m\n"),
        ("m_test.go", &format!("package m\n\n{TEST}")),
        ("fast_test.go", "//go:build fast\n\npackage m\n"),
    ]) else {
        return;
    };
    let files = |fixture: &Fixture| {
        let found = fixture.find();
        let binary = found.binary("m.example");
        format!("{} | {} | {}", names(&binary.compiled), names(&binary.test_files), names(&binary.ignored))
    };
    assert_eq!(files(&fixture), "a.go slow.go | m_test.go | fast.go fast_test.go");
    fixture.args = vec!["-tags", "fast,other"];
    assert_eq!(files(&fixture), "a.go fast.go | fast_test.go m_test.go | slow.go");
    fixture.args = vec![];
    fixture.env.push(("GOFLAGS", "-tags=fast".to_owned()));
    assert_eq!(files(&fixture), "a.go fast.go | fast_test.go m_test.go | slow.go");
    fixture.args = vec!["-tags=other"];
    assert_eq!(files(&fixture), "a.go slow.go | m_test.go | fast.go fast_test.go");
}

/// What `go list` says is embedded is what the patterns match, except for what is hidden.
#[test]
fn embedded_files_are_exact_and_patterns_know_new_ones() {
    let Some(fixture) = Fixture::new(&[
        ("go.mod", "module m.example\n\ngo 1.20\n"),
        (
            "web/w.go",
            "package web\n\nimport \"embed\"\n\n//go:embed one.txt static all:every \"with space/*.c?s\"\nvar Files embed.FS\n",
        ),
        ("web/w_test.go", &format!("package web\n\n{TEST}")),
        ("web/one.txt", ""),
        ("web/two.txt", ""),
        ("web/static/a/b.css", ""),
        ("web/static/.hidden", ""),
        ("web/static/_under/x", ""),
        ("web/every/.hidden", ""),
        ("web/every/_under/x", ""),
        ("web/with space/x.css", ""),
        ("web/with space/x.txt", ""),
    ]) else {
        return;
    };
    let found = fixture.find();
    let binary = found.binary("m.example/web");
    insta::assert_snapshot!(show(binary), @"
    runs in: web
    compiled: web/w.go
    tests: web/w_test.go
    silent: web/every/.hidden web/every/_under/x web/one.txt web/static/a/b.css web/with space/x.css
    folders: web
    embeds: web:all:every web:one.txt web:static web:with space/*.c?s
    module files: go.mod
    ");
    let matches =
        |path: &str| binary.embeds.iter().any(|embed| embed.may_match(&RepoPath::new(path).unwrap()));
    for path in &binary.silent {
        assert!(matches(path.as_str()), "{path}");
    }
    for path in ["web/two.txt", "web/static/.hidden", "web/static/_under/x", "web/with space/x.txt"] {
        assert!(!matches(path), "{path}");
    }
    // Made later, they are embedded.
    for path in ["web/static/new/deep.css", "web/every/.new", "web/with space/y.cxs"] {
        assert!(matches(path) && binary.may_gain(&RepoPath::new(path).unwrap()), "{path}");
        fixture.write(path, "");
        assert!(
            fixture.find().binary("m.example/web").silent.contains(&RepoPath::new(path).unwrap()),
            "{path}"
        );
    }
    assert!(binary.may_gain(&RepoPath::new("web/new.go").unwrap()));
    assert!(binary.may_gain(&RepoPath::new("other/go.mod").unwrap()));
    assert!(!binary.may_gain(&RepoPath::new("docs/new.md").unwrap()));
}

#[test]
fn c_and_assembly_act_silently() {
    let Some(mut fixture) = Fixture::new(&[
        ("go.mod", "module m.example\n\ngo 1.20\n"),
        (
            "c/c.go",
            "package c\n\n// #cgo CFLAGS: -I${SRCDIR}/../include\n// #cgo LDFLAGS: -L${SRCDIR}/../lib -lown\n// #include \"own.h\"\nimport \"C\"\n\nfunc F() { C.own() }\n",
        ),
        ("c/plain.go", "package c\n"),
        ("c/impl.c", "#include \"../shared/deep.h\"\n"),
        ("c/near.h", ""),
        ("c/c_test.go", &format!("package c\n\n{TEST}")),
        ("include/own.h", "#include <also.h>\n"),
        ("include/also.h", ""),
        ("include/unused.h", ""),
        ("shared/deep.h", ""),
        ("lib/libown.a", ""),
        ("s/s.go", "package s\n\nfunc Add(a, b int) int\n"),
        ("s/s_amd64.s", "#include \"textflag.h\"\n#include \"macros.h\"\n"),
        ("s/s_arm64.s", "#include \"textflag.h\"\n"),
        ("s/macros.h", ""),
        ("s/extra_linux.syso", ""),
        ("s/s_test.go", &format!("package s\n\n{TEST}")),
        ("none/n.go", "package none\n"),
        ("none/n_test.go", &format!("package none\n\n{TEST}")),
    ]) else {
        return;
    };
    fixture.env =
        vec![("CGO_ENABLED", "1".to_owned()), ("GOARCH", "amd64".to_owned()), ("GOOS", "linux".to_owned())];
    let found = fixture.find();
    insta::assert_snapshot!(show(found.binary("m.example/c")), @"
    runs in: c
    compiled: c/c.go c/plain.go
    tests: c/c_test.go
    silent: c/impl.c c/near.h include/also.h include/own.h lib/libown.a shared/deep.h
    folders: c
    module files: go.mod
    ");
    insta::assert_snapshot!(show(found.binary("m.example/s")), @"
    runs in: s
    compiled: s/s.go
    tests: s/s_test.go
    silent: s/extra_linux.syso s/macros.h s/s_amd64.s
    ignored: s/s_arm64.s
    folders: s
    module files: go.mod
    ");
    insta::assert_snapshot!(show(found.binary("m.example/none")), @"
    runs in: none
    compiled: none/n.go
    tests: none/n_test.go
    folders: none
    module files: go.mod
    ");
    assert!(found.graph.uses_cgo());
    fixture.env[0].1 = "0".to_owned();
    let found = fixture.find();
    assert!(!found.graph.uses_cgo());
    insta::assert_snapshot!(show(found.binary("m.example/c")), @"
    runs in: c
    compiled: c/plain.go
    tests: c/c_test.go
    silent: c/near.h
    ignored: c/c.go
    folders: c
    module files: go.mod
    ");
}

#[test]
fn a_replacement_outside_of_the_repository_is_not_known() {
    let Some(fixture) = Fixture::new(&[
        (
            "go.mod",
            "module m.example\n\ngo 1.20\n\nrequire out.example v0.0.0\n\nreplace out.example => ../out\n",
        ),
        ("../out/go.mod", "module out.example\n\ngo 1.20\n"),
        ("../out/o.go", "package out\n"),
        ("uses/u.go", "package uses\n\nimport _ \"out.example\"\n"),
        ("uses/u_test.go", &format!("package uses\n\n{TEST}")),
        ("not/n.go", "package not\n"),
        ("not/n_test.go", &format!("package not\n\n{TEST}")),
    ]) else {
        return;
    };
    let found = fixture.find();
    let text = fixture.redact(&show(found.binary("m.example/uses")));
    insta::assert_snapshot!(text, @"
    runs in: uses
    compiled: uses/u.go
    tests: uses/u_test.go
    folders: uses
    module files: go.mod
    unknown: `out.example` is in `<folder>/out`, which is not in the repository
    ");
    assert!(found.binary("m.example/not").unknown.is_empty());
    assert!(found.modules.replacements.is_empty());
}

#[test]
fn links_are_followed_from_wherever_the_repository_is_named() {
    let Some(mut fixture) = Fixture::new(&[
        ("go.mod", "module m.example\n\ngo 1.20\n"),
        ("real/a.go", "package real\n\nfunc A() int { return 1 }\n"),
        ("p/p.go", "package p\n\nimport _ \"m.example/alias\"\n\nfunc P() int { return 2 }\n"),
        ("p/p_test.go", &format!("package p\n\n{TEST}")),
        ("shared/common.go", "package p\n\nfunc Common() int { return 3 }\n"),
    ]) else {
        return;
    };
    symlink("real", fixture.path("repo/alias")).unwrap();
    symlink("../shared/common.go", fixture.path("repo/p/linked.go")).unwrap();
    symlink("repo", fixture.path("link")).unwrap();
    let direct = fixture.find().binaries;
    insta::assert_snapshot!(show(&direct.binaries["m.example/p"]), @"
    runs in: p
    compiled: p/p.go real/a.go shared/common.go
    tests: p/p_test.go
    silent: alias p/linked.go
    folders: p real
    module files: go.mod
    ");
    assert_eq!(direct.sources["m.example/p/linked.go"].as_str(), "shared/common.go");
    check_coverage(&fixture, &["./p"], &[]);
    for (repository, runs_in) in [("link", "link"), ("link", "repo"), ("repo", "link")] {
        (fixture.repository, fixture.runs_in) = (repository, runs_in);
        assert_eq!(fixture.find().binaries, direct, "{repository} {runs_in}");
    }
}

#[test]
fn what_cannot_be_built_is_told() {
    let Some(fixture) = Fixture::new(&[
        ("go.mod", "module m.example\n\ngo 1.20\n"),
        ("fine/f.go", "package fine\n"),
        ("fine/f_test.go", &format!("package fine\n\n{TEST}")),
        ("missing/m.go", "package missing\n\nimport _ \"nowhere.example/x\"\n"),
        ("missing/m_test.go", &format!("package missing\n\n{TEST}")),
        ("through/t.go", "package through\n\nimport _ \"m.example/missing\"\n"),
        ("through/t_test.go", &format!("package through\n\n{TEST}")),
        ("syntax/s.go", "package syntax\n"),
        ("syntax/s_test.go", "package syntax\n\nfunc {\n"),
        ("embed/e.go", "package embed\n\nimport _ \"embed\"\n\n//go:embed gone.txt\nvar X string\n"),
        ("embed/e_test.go", &format!("package embed\n\n{TEST}")),
        ("testembed/e.go", "package testembed\n"),
        (
            "testembed/e_test.go",
            "package testembed\n\nimport _ \"embed\"\n\n//go:embed gone.txt\nvar X string\n",
        ),
        ("two/a.go", "package a\n"),
        ("two/b.go", "package b\n"),
        ("two/b_test.go", "package b\n"),
        ("cycle/one/a.go", "package one\n\nimport _ \"m.example/cycle/two\"\n"),
        ("cycle/two/a.go", "package two\n\nimport _ \"m.example/cycle/one\"\n"),
        ("cycle/two/a_test.go", &format!("package two\n\n{TEST}")),
        ("bad\u{fc}/a.go", "package bad\n"),
    ]) else {
        return;
    };
    let found = fixture.find();
    assert!(found.binary("m.example/fine").unknown.is_empty());
    let mut text = String::new();
    // One reason is told once, whoever imports it.
    assert_eq!(found.binary("m.example/through").unknown.len(), 1);
    for tested in ["missing", "through", "syntax", "embed", "testembed", "two", "cycle/two"] {
        let tested = format!("m.example/{tested}");
        let unknown = found.binaries.binaries.get(&*tested).map(|binary| !binary.unknown.is_empty());
        let broken = found.binaries.broken.get(&*tested);
        // Whatever is wrong: no binary that seems to be fine.
        assert!(unknown != Some(false), "{tested}");
        assert!(unknown == Some(true) || broken.is_some(), "{tested}");
        writeln!(text, "{tested}: {unknown:?} {}", fixture.redact(broken.map_or("", |why| why))).unwrap();
    }
    insta::assert_snapshot!(text, @"
    m.example/missing: Some(true) missing/m.go:3:8: no required module provides package nowhere.example/x; to add it:
    m.example/through: Some(true) missing/m.go:3:8: no required module provides package nowhere.example/x; to add it:
    m.example/syntax: Some(true) syntax/s_test.go:3:6: expected 'IDENT', found '{'
    m.example/embed: Some(true) embed/e.go:5:12: pattern gone.txt: no matching files found
    m.example/testembed: Some(true) testembed/e_test.go:5:12: pattern gone.txt: no matching files found
    m.example/two: Some(true) found packages a (a.go) and b (b.go) in <folder>/repo/two
    m.example/cycle/two: Some(true) import cycle not allowed
    ");
}

#[test]
fn flags_that_hide_what_is_built_make_everything_unknown() {
    let Some(mut fixture) = Fixture::new(&[
        ("go.mod", "module m.example\n\ngo 1.20\n"),
        ("a.go", "package m\n"),
        ("m_test.go", &format!("package m\n\n{TEST}")),
        ("alt/other.mod", "module m.example\n\ngo 1.18\n"),
        ("../out.mod", "module m.example\n\ngo 1.20\n"),
        ("overlay.json", "{\"Replace\": {}}"),
        ("cpu.pgo", ""),
        ("cmd/main.go", "package main\n\nimport _ \"plugin\"\n\nfunc main() {}\n"),
        ("cmd/main_test.go", &format!("package main\n\n{TEST}")),
        ("cmd/default.pgo", ""),
    ]) else {
        return;
    };
    let check = |fixture: &Fixture| {
        let found = fixture.find();
        let binary = found.binary("m.example");
        let unknown = binary.unknown.iter().map(|why| fixture.redact(why)).collect::<Vec<_>>().join("; ");
        format!("{unknown} | {} | {}", names(&binary.silent), names(&found.modules.files))
    };
    assert_eq!(check(&fixture), " |  | go.mod go.sum");
    let cases: [(&[&str], &str); 5] = [
        (&["-overlay=overlay.json"], "files are replaced by the overlay `overlay.json` |  | go.mod go.sum"),
        (&["-toolexec=wrap it"], "`wrap it` stands between the go command and its tools |  | go.mod go.sum"),
        (&["-modfile=alt/other.mod"], " |  | alt/other.mod alt/other.sum go.mod"),
        (
            &["-modfile=../out.mod"],
            "the file of `-modfile` is not in the repository; the main module `m.example` is not in the repository | a.go | ",
        ),
        (&["-pgo=cpu.pgo"], " | cpu.pgo | go.mod go.sum"),
    ];
    for (args, expected) in cases {
        // The go command reads flags from both.
        fixture.args = args.to_vec();
        assert_eq!(check(&fixture), expected, "{args:?}");
        fixture.args = vec![];
        if !args[0].contains(' ') {
            fixture.env.push(("GOFLAGS", args[0].to_owned()));
            assert_eq!(check(&fixture), expected, "GOFLAGS {args:?}");
            fixture.env.pop();
        }
    }
    let found = fixture.find();
    let command = found.binary("m.example/cmd");
    assert_eq!(names(&command.silent), "cmd/default.pgo");
    assert_eq!(command.unknown, BTreeSet::from(["it can load plugins, whose code is not known".to_owned()]));
}

#[test]
fn the_environment_is_the_real_one() {
    let Some(mut fixture) = layered() else { return };
    let key = |fixture: &Fixture| {
        let found = fixture.find();
        let uses_cgo = found.graph.uses_cgo();
        let compilers = found.environment.compilers(&fixture.tool(), &Watch::start());
        go(&GoBuild {
            environment: &found.environment,
            flags: &found.flags,
            cover_mode: "set",
            uses_cgo,
            compilers: if uses_cgo { &compilers } else { &[] },
            vendored: found.modules.vendor.is_some(),
            variables: BTreeMap::new(),
            machine: Machine::current(),
            placeholders: &[],
        })
    };
    let plain = key(&fixture);
    assert!(plain.parts["go"].starts_with("go1."), "{plain:?}");
    assert!(plain.parts["target"].contains('/'), "{plain:?}");
    assert_eq!(plain, key(&fixture));
    fixture.args = vec!["-tags=x"];
    let differences = plain.differences(&key(&fixture));
    assert_eq!(differences.iter().map(|difference| &*difference.part).collect::<Vec<_>>(), ["tags"]);
    fixture.args = vec![];
    fixture.go(&["mod", "vendor"]);
    let differences = plain.differences(&key(&fixture));
    assert_eq!(differences.iter().map(|difference| &*difference.part).collect::<Vec<_>>(), ["modules"]);
}

#[test]
fn files_instead_of_packages_and_no_module_at_all() {
    let Some(fixture) =
        Fixture::new(&[("a.go", "package a\n"), ("a_test.go", &format!("package a\n\n{TEST}"))])
    else {
        return;
    };
    let found = fixture.find_of(&["a.go", "a_test.go"]);
    insta::assert_snapshot!(show(found.binary("command-line-arguments")), @"
    runs in: .
    tests: a_test.go
    silent: a.go
    folders: .
    unknown: the build has no go.mod; the main module `command-line-arguments` is not in the repository
    ");
    fixture.write("go.mod", "module m.example\n\ngo 1.20\n");
    let found = fixture.find_of(&["a.go", "a_test.go"]);
    insta::assert_snapshot!(show(found.binary("command-line-arguments")), @"
    runs in: .
    tests: a_test.go
    silent: a.go
    folders: .
    module files: go.mod
    ");
}

#[test]
fn what_the_go_command_refuses_is_told() {
    let Some(fixture) = Fixture::new(&[("go.mod", "not a module\n"), ("a.go", "package a\n")]) else {
        return;
    };
    let watch = Watch::start();
    let error = list(&fixture.tool(), &BuildFlags::default(), &["./..."], &watch).unwrap_err().to_string();
    assert!(
        error.starts_with("`go list -deps -test -e -json -- ./...` failed (exit status: 1): "),
        "{error}"
    );
    assert!(error.contains("go.mod"), "{error}");
    let error = fixture.tool().ask(&["list", "-no-such-flag"], &watch).unwrap_err();
    assert!(
        matches!(&error, ToolError::Failed { message, .. } if message.contains("no-such-flag")),
        "{error}"
    );
}

/// Reads a module that is given by `SKIPTRACE_GO_MODULE`, and says how long each step takes.
#[test]
#[ignore = "measures a module that is not part of the repository"]
fn measure() {
    let folder = PathBuf::from(std::env::var_os("SKIPTRACE_GO_MODULE").expect("a folder with a module"));
    let (watch, flags) = (Watch::start(), BuildFlags::default());
    let tool = GoTool::find("go".as_ref(), &folder, BTreeMap::new()).unwrap();
    let timed = |what: &str, started: std::time::Instant| eprintln!("{what}: {:?}", started.elapsed());
    for _ in 0..3 {
        let started = std::time::Instant::now();
        let environment = tool.environment(&watch).unwrap();
        timed("go env", started);
        let started = std::time::Instant::now();
        let packages = list(&tool, &flags, &["./..."], &watch).unwrap();
        timed("go list", started);
        let started = std::time::Instant::now();
        let main = main_modules(&tool, &flags, &watch).unwrap();
        timed("go list -m", started);
        let started = std::time::Instant::now();
        let mut places = Places::new(&folder, &environment);
        let flags = environment.flags();
        let modules = Modules::new(&main, &packages, &environment, &flags, &folder, &mut places);
        let listed = packages.len();
        let graph = PackageGraph::new(packages);
        let patterns = modules.cover_patterns();
        let build = Build {
            graph: &graph,
            modules: &modules,
            patterns: &patterns,
            environment: &environment,
            flags: &flags,
            folder: &folder,
        };
        let binaries = Binaries::of(&build, &mut places);
        timed("graph and binaries", started);
        let unknown: BTreeSet<&String> =
            binaries.binaries.values().flat_map(|binary| &binary.unknown).collect();
        eprintln!("{listed} packages, {} binaries, unknown: {unknown:?}", binaries.binaries.len());
        let listed = tool.ask(&[&CLOSURES[..], &["./..."]].concat(), &watch).unwrap();
        check_closures(&graph, std::str::from_utf8(&listed).unwrap());
        let started = std::time::Instant::now();
        let mut bytes = 0;
        let mut files = 0;
        walk(&folder, &mut |path| {
            files += 1;
            if path.extension().is_some_and(|extension| extension == "go") {
                bytes += fs::read(path).map_or(0, |text| text.len());
            }
        });
        timed("reading what the answer depends on", started);
        eprintln!("{files} files, {bytes} bytes of Go");
    }
}

fn walk(folder: &Path, on_file: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && entry.file_name() != ".git" {
            walk(&entry.path(), on_file);
        } else if kind.is_file() {
            on_file(&entry.path());
        }
    }
}
