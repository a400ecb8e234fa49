//! Our reading of Go's coverage files against that of Go's own tool, on what real programs left.

mod damage;
mod oracle;
mod tools;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_engine::observation::Position;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;
use skiptrace_indexers::go::collect::{Collector, Grain, Reduced};
use skiptrace_indexers::go::covdata::Mode;
use skiptrace_indexers::go::home::Modules;
use skiptrace_indexers::go::profile::Profile;

use crate::oracle::Pod;
use crate::tools::{Workshop, covdata, have, textfmt};

const FIXTURE: &str = include_str!("fixture.txt");
const NATIVE: &str = include_str!("fixture_cgo.txt");
const MODES: [&str; 3] = ["set", "count", "atomic"];
const EVERYTHING: &str = "-coverpkg=example.com/shop/v5/...,plug.example/vanity/...";

fn root(path: &str) -> RepoPath {
    RepoPath::new(path).unwrap()
}

fn modules(workshop: &Workshop) -> Modules {
    let lined = root("lined/lined.go");
    let text = fs::read_to_string(workshop.path("lined/lined.go")).unwrap();
    Modules::new()
        .with_module("example.com/shop/v5", root(""))
        .with_module("plug.example/vanity", root("plugins"))
        .with_sources("example.com/shop/v5/lined", [(&lined, text.as_str())])
}

fn collector(workshop: &Workshop) -> Collector {
    Collector::new(Box::new(modules(workshop)))
}

/// Builds the test binaries of packages; returns their names and files.
fn test_binaries(workshop: &Workshop, mode: &str, packages: &[&str]) -> Vec<(String, PathBuf)> {
    let build = |package: &&str| {
        let name = package.trim_start_matches("./").replace(['/', '.'], "_");
        let program = workshop.path(&format!("bin/{mode}/{name}.test"));
        let mode = format!("-covermode={mode}");
        workshop.go(&["test", "-c", "-o", program.to_str().unwrap(), "-cover", &mode, EVERYTHING, package]);
        (name, program)
    };
    packages.iter().map(build).collect()
}

/// Runs each test in a process and a folder of its own.
fn run_tests(workshop: &Workshop, mode: &str, packages: &[&str]) -> Vec<(String, PathBuf)> {
    let mut folders = Vec::new();
    for (name, program) in test_binaries(workshop, mode, packages) {
        let list = Command::new(&program).arg("-test.list=.*").output().unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        for test in list.lines().chain([""]) {
            let folder = workshop.room(&format!("cov/{mode}/{}", folders.len()));
            let (run, folder_arg) =
                (format!("-test.run=^{test}$"), format!("-test.gocoverdir={}", folder.display()));
            workshop.cover(&program, &[&run, &folder_arg], &folder);
            folders.push((format!("{name}.{test} ({mode})"), folder));
        }
    }
    folders
}

/// Compares all that `covdata` can say of folders.
#[track_caller]
fn compare(what: &str, folders: &[&Path]) -> Vec<Pod> {
    let pods = oracle::pods(folders);
    let theirs = textfmt(folders);
    assert_eq!(oracle::textfmt(&pods), theirs, "{what}");
    let words = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(words(&oracle::func(&pods)), words(&covdata("func", folders, &[])), "{what}");
    let dump = covdata("debugdump", folders, &[]);
    let (_, dump) = dump.split_once(" */\n").unwrap();
    assert_eq!(oracle::debugdump(&pods), dump, "{what}");
    // Their text is a profile, and says the same.
    let profile = Profile::parse(theirs.as_bytes()).unwrap();
    assert_eq!(profile.mode, pods[0].mode, "{what}");
    assert_eq!(profile.blocks.len(), theirs.lines().count() - 1, "{what}");
    pods
}

/// Returns the functions that ran, as the folders' files say, in the form `file:line`.
fn executed(reduced: &Reduced, collector: Collector) -> BTreeSet<String> {
    let places = collector.into_places();
    let places = reduced.trace.places.iter().map(|number| {
        let (file, range) = places.all()[*number as usize];
        format!("{}:{}", places.files()[file as usize], range.start.line)
    });
    places.collect()
}

const PACKAGES: [&str; 6] = [".", "./consts", "./unreached", "./price", "./lined", "./plugins/deep"];

#[test]
fn every_test_is_read_as_covdata_reads_it() {
    if !have("go") {
        return;
    }
    let workshop = Workshop::new(FIXTURE);
    let mut n_compared = 0;
    for (mode, name) in [Mode::Set, Mode::Count, Mode::Atomic].into_iter().zip(MODES) {
        for (what, folder) in run_tests(&workshop, name, &PACKAGES) {
            let pods = compare(&what, &[&folder]);
            assert_eq!(pods.len(), 1, "{what}");
            assert_eq!(pods[0].mode, mode, "{what}");
            let reduced = collector(&workshop).collect(std::slice::from_ref(&folder));
            let n_files = pods[0].files.len();
            assert_eq!(reduced.written.len(), n_files, "{what}");
            assert!(reduced.orphans.is_empty(), "{what}");
            // Of packages without functions nothing can be counted; of those that nothing calls, nothing was.
            let n_functions: usize = pods[0].packages.iter().map(|package| package.functions.len()).sum();
            if n_files == 0 && n_functions == 0 {
                assert!(what.starts_with("consts."), "{what}");
                assert_eq!((reduced.trace.troubles, reduced.silent), (vec![], vec![]), "{what}");
            } else if n_files == 0 {
                assert!(what.starts_with("unreached."), "{what}");
                assert_eq!(reduced.silent.len(), 1, "{what}");
                assert_eq!(reduced.trace.troubles[0].problem, Problem::ProcessKilled, "{what}");
            } else {
                assert_eq!(reduced.trace.troubles, [], "{what}");
                let test = reduced.written[0].arguments.args.iter().find(|arg| arg.starts_with("-test.run="));
                assert!(test.is_some_and(|test| {
                    what.contains(test.trim_start_matches("-test.run=^").trim_end_matches('$'))
                }));
            }
            places_are_theirs(&what, &workshop, &folder, &pods);
            n_compared += 1;
        }
    }
    assert_eq!(n_compared, 3 * 24);
}

/// Compares the places of both grains with what the pods say, in their own words.
fn places_are_theirs(what: &str, workshop: &Workshop, folder: &Path, pods: &[Pod]) {
    let folders = [folder.to_owned()];
    let is_lined = |file: &str| file.starts_with("example.com/shop/v5/lined/");
    let path = |file: &str| match file.strip_prefix("plug.example/vanity/") {
        Some(rest) => format!("plugins/{rest}"),
        None => file.strip_prefix("example.com/shop/v5/").unwrap().to_owned(),
    };
    let (mut functions, mut blocks) = (BTreeSet::new(), BTreeSet::new());
    for (_, function, units, counters) in pods.iter().flat_map(Pod::functions) {
        let hit: Vec<_> = units.iter().zip(counters).filter(|(_, counter)| *counter != 0).collect();
        if hit.is_empty() {
            continue;
        }
        let file = if is_lined(&function.file) { "lined/lined.go".to_owned() } else { path(&function.file) };
        let range = match is_lined(&function.file) && units.iter().any(|unit| unit.start.column == 0)
            || function.file.ends_with("/other.go")
            || function.file.ends_with("/.")
        {
            true => (1, 1, u32::MAX, 1),
            false => {
                let start = units.iter().map(|unit| (unit.start.line, unit.start.column)).min().unwrap();
                let end = units.iter().map(|unit| (unit.end.line, unit.end.column)).max().unwrap();
                (start.0, start.1, end.0, end.1)
            }
        };
        functions.insert((file.clone(), range));
        if range.2 == u32::MAX {
            blocks.insert((file, range));
            continue;
        }
        for (unit, _) in hit {
            // An empty `case` has a unit without text.
            let (start, end) =
                (unit.start, unit.end.max(Position { column: unit.start.column + 1, ..unit.start }));
            let range = (start.line, start.column, end.line, end.column);
            blocks.insert((file.clone(), range));
        }
    }
    for (grain, expected) in [(Grain::Function, functions), (Grain::Block, blocks)] {
        let collector = collector(workshop).with_grain(grain);
        let reduced = collector.collect(&folders);
        let places = collector.into_places();
        let ours: BTreeSet<_> = reduced
            .trace
            .places
            .iter()
            .map(|number| {
                let (file, range) = places.all()[*number as usize];
                let (start, end) = (range.start, range.end);
                (places.files()[file as usize].to_string(), (start.line, start.column, end.line, end.column))
            })
            .collect();
        assert_eq!(ours, expected, "{what}, {grain:?}");
    }
}

#[test]
fn directories_of_several_processes_and_binaries() {
    if !have("go") {
        return;
    }
    let workshop = Workshop::new(FIXTURE);
    for mode in MODES {
        let programs = ["app", "helper"].map(|name| {
            let program = workshop.path(&format!("bin/{name}-{mode}"));
            let mode = format!("-covermode={mode}");
            let package = format!("./cmd/{name}");
            workshop.go(&["build", "-o", program.to_str().unwrap(), "-cover", &mode, EVERYTHING, &package]);
            program
        });
        let [one, two] = ["one", "two"].map(|name| workshop.room(&format!("cov-{mode}-{name}")));
        // A process and its children, then another binary, all in one folder; some of it again in another.
        workshop.cover(&programs[0], &["x"], &one);
        workshop.cover(&programs[0], &["exit"], &one);
        workshop.cover(&programs[1], &[], &one);
        workshop.cover(&programs[0], &["child"], &two);
        let pods = compare("one", &[&one]);
        let mut n_files: Vec<usize> = pods.iter().map(|pod| pod.files.len()).collect();
        n_files.sort_unstable();
        assert_eq!(n_files, [1, 6]);
        compare("both", &[&one, &two]);

        let collector = collector(&workshop);
        let reduced = collector.collect(&[one.clone(), two.clone()]);
        assert_eq!(reduced.trace.troubles, []);
        assert_eq!((reduced.written.len(), reduced.trace.binaries.len()), (8, 2));
        let pids: BTreeSet<u64> = reduced.written.iter().map(|written| written.pid).collect();
        assert_eq!(pids.len(), 8);
        let linked = collector.binary(reduced.trace.binaries[0]).packages;
        assert!(
            linked
                .iter()
                .any(|package| &*package.path == "example.com/shop/v5/consts" && package.n_functions == 0)
                || linked.len() == 2
        );
        let alone = executed(&reduced, collector);

        // Merged, their processes are one, and what ran is the same.
        let merged = workshop.room(&format!("merged-{mode}"));
        covdata("merge", &[&one, &two], &[&format!("-o={}", merged.display())]);
        compare("merged", &[&merged]);
        let collector = self::collector(&workshop);
        let reduced = collector.collect(&[merged]);
        assert_eq!(reduced.trace.troubles, []);
        assert_eq!(reduced.written.iter().map(|written| written.pid).collect::<Vec<_>>(), [0, 0]);
        assert_eq!(executed(&reduced, collector), alone);

        // Two programs made one have another hash, made in another way.
        let combined = workshop.room(&format!("combined-{mode}"));
        covdata("merge", &[&one, &two], &["-pcombine", &format!("-o={}", combined.display())]);
        assert_eq!(compare("combined", &[&combined]).len(), 1);
        let collector = self::collector(&workshop);
        let reduced = collector.collect(&[combined]);
        assert_eq!(reduced.trace.troubles, []);
        assert_eq!(executed(&reduced, collector), alone);
    }
}

#[test]
fn processes_that_end_badly_are_noticed() {
    if !have("go") {
        return;
    }
    let workshop = Workshop::new(FIXTURE);
    let program = workshop.path("bin/app");
    workshop.go(&["build", "-o", program.to_str().unwrap(), "-cover", EVERYTHING, "./cmd/app"]);
    let collect = |folder: &PathBuf| collector(&workshop).collect(std::slice::from_ref(folder));
    let problems = |reduced: &Reduced| -> Vec<Problem> {
        reduced.trace.troubles.iter().map(|trouble| trouble.problem).collect()
    };

    let nothing = workshop.room("nothing");
    assert_eq!(problems(&collect(&nothing)), [Problem::MissingBinary]);
    assert_eq!(problems(&collect(&workshop.path("absent"))), [Problem::Opaque, Problem::MissingBinary]);

    // Its children end well, so that only who counts processes notices that it did not.
    let panicked = workshop.room("panicked");
    workshop.cover(&program, &["panic"], &panicked);
    let reduced = collect(&panicked);
    assert_eq!(problems(&reduced), []);
    assert_eq!(reduced.written.len(), 2);
    assert!(reduced.written.iter().all(|written| *written.arguments.args[1] == *"child"));

    // Without their files there is a binary that began, and nothing else.
    for written in &reduced.written {
        fs::remove_file(&written.file).unwrap();
    }
    let silent = collect(&panicked);
    assert_eq!(problems(&silent), [Problem::ProcessKilled]);
    assert_eq!(silent.silent, [reduced.written[0].meta]);
    let told = collector(&workshop);
    told.set_countless(silent.silent[0]);
    assert_eq!(problems(&told.collect(std::slice::from_ref(&panicked))), []);

    // And without the meta file, counters mean nothing, unless somebody added the binary.
    let orphaned = workshop.room("orphaned");
    workshop.cover(&program, &["child"], &orphaned);
    let meta = orphaned.join(format!("covmeta.{}", reduced.written[0].meta));
    let kept = workshop.room("kept").join(meta.file_name().unwrap());
    fs::rename(&meta, &kept).unwrap();
    let orphan = collect(&orphaned);
    assert_eq!(problems(&orphan), [Problem::ForeignProfile]);
    assert_eq!(orphan.orphans, [orphan.written[0].file.clone()]);
    assert_eq!(orphan.trace.places, [0; 0]);
    let told = collector(&workshop);
    assert_eq!(told.add(&kept).unwrap(), reduced.written[0].meta);
    let adopted = told.collect(std::slice::from_ref(&orphaned));
    assert_eq!((problems(&adopted), adopted.orphans.len()), (vec![], 0));
    assert!(!adopted.trace.places.is_empty());
    // That another test's folder has the meta file is a matter of the moment, and counts for nothing.
    let told = collector(&workshop);
    told.collect(&[kept.parent().unwrap().to_owned()]);
    assert_eq!(problems(&told.collect(std::slice::from_ref(&orphaned))), [Problem::ForeignProfile]);

    // What a process was writing when it was killed.
    let unfinished = workshop.room("unfinished");
    workshop.cover(&program, &["child"], &unfinished);
    fs::write(unfinished.join(format!("tmp.covcounters.{}.1.2", reduced.written[0].meta)), "").unwrap();
    assert_eq!(problems(&collect(&unfinished)), [Problem::ProcessKilled]);
}

#[test]
fn a_binary_with_nothing_to_count_is_no_trouble() {
    if !have("go") {
        return;
    }
    let workshop = Workshop::new(FIXTURE);
    let program = workshop.path("bin/consts.test");
    workshop.go(&["test", "-c", "-o", program.to_str().unwrap(), "-cover", "-coverpkg=./consts", "./consts"]);
    let folder = workshop.room("cov");
    workshop.cover(&program, &[&format!("-test.gocoverdir={}", folder.display())], &folder);
    let collector = collector(&workshop);
    let reduced = collector.collect(std::slice::from_ref(&folder));
    assert_eq!(reduced.trace.troubles, []);
    assert_eq!((reduced.written.len(), reduced.trace.binaries.as_slice()), (0, [0].as_slice()));
    let packages: Vec<_> = collector.binary(0).packages.into_iter().map(|package| package.path).collect();
    assert_eq!(packages, ["example.com/shop/v5/consts".into()]);
}

#[test]
fn cgo_is_read_as_covdata_reads_it() {
    if !have("go") || !have("gcc") {
        return;
    }
    let workshop = Workshop::new(NATIVE);
    let program = workshop.path("native.test");
    workshop.go(&["test", "-c", "-o", program.to_str().unwrap(), "-cover", "."]);
    for test in ["TestAdd", "TestPlain"] {
        let folder = workshop.room(test);
        let (run, folder_arg) =
            (format!("-test.run=^{test}$"), format!("-test.gocoverdir={}", folder.display()));
        workshop.cover(&program, &[&run, &folder_arg], &folder);
        compare(test, &[&folder]);
        let collector = Collector::new(Box::new(Modules::new().with_module("example.com/native", root(""))));
        let reduced = collector.collect(&[folder]);
        assert_eq!(reduced.trace.troubles, []);
        let expected = if test == "TestAdd" { "native.go:8" } else { "plain.go:3" };
        assert_eq!(executed(&reduced, collector), BTreeSet::from([expected.to_owned()]));
    }
}

#[test]
fn text_profiles_of_many_packages_say_the_same() {
    if !have("go") {
        return;
    }
    let workshop = Workshop::new(FIXTURE);
    for mode in MODES {
        let out = workshop.path("profile.out");
        let out_arg = format!("-coverprofile={}", out.display());
        workshop.go(&[
            "test",
            &out_arg,
            &format!("-covermode={mode}"),
            EVERYTHING,
            "./price",
            "./plugins/deep",
        ]);
        let text = fs::read_to_string(&out).unwrap();
        let profile = Profile::parse(text.as_bytes()).unwrap();
        assert_eq!(profile.mode.name(), mode);
        // A block of a package that both binaries link is there twice, and counts once.
        let mut lines: Vec<&str> =
            text.lines().skip(1).map(|line| line.rsplit_once(' ').unwrap().0).collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(profile.blocks.len(), lines.len());
        let hit = |name: &str| {
            profile.blocks.iter().filter(|block| block.file.ends_with(name)).any(|block| block.count > 0)
        };
        assert!(hit("price.go") && hit("deep.go") && !hit("shop.go"));
    }
}
