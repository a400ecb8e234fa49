//! Folders of files by hand: what collecting them says.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::go::covdata::tests::encode::{self, Flavor, Segment, fnv};
use crate::go::home::{Home, PackageId};

/// A folder with coverage files.
struct Folder {
    folder: TempDir,
    n_files: usize,
}

impl Folder {
    fn new() -> Folder {
        Folder { folder: tempfile::tempdir().unwrap(), n_files: 0 }
    }

    fn meta(&self, meta: &encode::Meta) -> MetaHash {
        let (bytes, hash) = encode::meta(meta, fnv);
        fs::write(self.folder.path().join(format!("covmeta.{}", MetaHash(hash))), bytes).unwrap();
        MetaHash(hash)
    }

    fn counters(&mut self, hash: MetaHash, flavor: Flavor, segments: &[Segment]) {
        self.n_files += 1;
        let name = format!("covcounters.{hash}.{}.17", self.n_files);
        fs::write(self.folder.path().join(name), encode::counters(hash.0, flavor, segments)).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

fn homes(package: &PackageId<'_>, file: &str) -> Home {
    match file.rsplit_once('/') {
        Some((folder, base)) if folder == package.path => Home::Repo(format!("src/{base}").parse().unwrap()),
        _ => Home::Unknown,
    }
}

fn segment(functions: &[(u32, u32, &[u32])]) -> Segment {
    let functions =
        functions.iter().map(|(package, function, counters)| (*package, *function, counters.to_vec()));
    Segment { args: Vec::new(), functions: functions.collect() }
}

fn told(reduced: &Reduced) -> Vec<String> {
    reduced
        .trace
        .troubles
        .iter()
        .map(|trouble| format!("{}: {}", trouble.problem.name(), trouble.detail))
        .collect()
}

fn lines(reduced: &Reduced, collector: Collector) -> Vec<(u32, u32)> {
    let places = collector.into_places();
    let lines = reduced.trace.places.iter().map(|number| {
        let (_, range) = places.all()[*number as usize];
        (range.start.line, range.end.line)
    });
    lines.collect()
}

#[test]
fn a_function_is_one_place_and_a_block_is_one_of_its_own() {
    let mut folder = Folder::new();
    let hash = folder.meta(&encode::sample());
    folder.counters(hash, Flavor::Uleb, &encode::sample_segments());
    for (grain, expected) in [
        (Grain::Function, vec![(3, 300), (310, 310), (320, 321)]),
        (Grain::Block, vec![(3, 5), (5, 7), (310, 310), (320, 321)]),
    ] {
        let collector = Collector::new(Box::new(homes)).with_grain(grain);
        let reduced = collector.collect(&[folder.path()]);
        assert_eq!(told(&reduced), [""; 0]);
        assert_eq!(*reduced.written[0].arguments.args, ["./p".into(), "x y".into()]);
        let linked: Vec<_> =
            collector.binary(0).packages.into_iter().map(|linked| linked.n_functions).collect();
        assert_eq!(linked, [3, 0]);
        assert_eq!(lines(&reduced, collector), expected);
    }
}

#[test]
fn counters_of_another_layout_are_told() {
    let check = |functions: &[(u32, u32, &[u32])]| {
        let mut folder = Folder::new();
        let hash = folder.meta(&encode::sample());
        folder.counters(hash, Flavor::Little, &[segment(functions)]);
        let reduced = Collector::new(Box::new(homes)).collect(&[folder.path()]);
        told(&reduced).join("").replace(&hash.to_string(), "HASH")
    };
    let all = [
        check(&[(2, 0, &[1])]),
        check(&[(u32::MAX, 0, &[1])]),
        check(&[(0, 3, &[1])]),
        check(&[(0, u32::MAX, &[1])]),
        check(&[(1, 0, &[])]),
        check(&[(0, 0, &[1, 1])]),
        check(&[(0, 0, &[0, 0, 0, 0])]),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    foreign profile: `covcounters.HASH.1.17`: it counts in package 2, but the binary has 2
    foreign profile: `covcounters.HASH.1.17`: it counts in package 4294967295, but the binary has 2
    foreign profile: `covcounters.HASH.1.17`: it counts in function 3 of `example.com/m/p`, which has 3
    foreign profile: `covcounters.HASH.1.17`: it counts in function 4294967295 of `example.com/m/p`, which has 3
    foreign profile: `covcounters.HASH.1.17`: it counts in function 0 of `example.com/m/consts`, which has 0
    foreign profile: `covcounters.HASH.1.17`: it has 2 counters for function 0 of `example.com/m/p`, which has 3 units
    foreign profile: `covcounters.HASH.1.17`: it has 4 counters for function 0 of `example.com/m/p`, which has 3 units
    ");
    assert_eq!(check(&[(0, 0, &[0, 0, 1])]), "");
}

#[test]
fn names_and_contents_have_to_agree() {
    let mut folder = Folder::new();
    let hash = folder.meta(&encode::sample());
    folder.counters(hash, Flavor::Uleb, &encode::sample_segments());
    let other = MetaHash([1; 16]);
    let rename =
        |from: String, to: String| fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
    rename(format!("covcounters.{hash}.1.17"), format!("covcounters.{other}.1.17"));
    fs::copy(folder.path().join(format!("covmeta.{hash}")), folder.path().join(format!("covmeta.{other}")))
        .unwrap();
    fs::write(folder.path().join("covmeta.x"), "").unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let reduced = Collector::new(Box::new(homes)).collect(&[folder.path()]);
    insta::assert_snapshot!(told(&reduced).join("\n").replace(&hash.to_string(), "HASH"), @r"
    opaque: `covmeta.x` is not how Go names a coverage file
    foreign profile: `covmeta.01010101010101010101010101010101`: the file's name has hash `01010101010101010101010101010101`, its content `HASH`
    killed process: a process of the binary with `covmeta.HASH` began and never wrote its counters
    ");
    assert_eq!(reduced.trace.places, [0; 0]);
}

#[test]
fn what_nobody_can_place_is_distrusted_only_when_it_ran() {
    let mut meta = encode::sample();
    meta.packages[0].functions[1].file = "generated.y".into();
    // A `//line` directive without a column.
    meta.packages[0].functions[2].units[0][1] = 0;
    let run = |functions: &[(u32, u32, &[u32])], unplaced, grain| {
        let mut folder = Folder::new();
        let hash = folder.meta(&meta);
        folder.counters(hash, Flavor::Uleb, &[segment(functions)]);
        let collector = Collector::new(Box::new(homes)).with_unplaced(unplaced).with_grain(grain);
        told(&collector.collect(&[folder.path()]))
    };
    for grain in [Grain::Function, Grain::Block] {
        assert_eq!(run(&[(0, 0, &[1, 1, 1])], Unplaced::Distrust, grain), [""; 0]);
        assert_eq!(run(&[(0, 1, &[0])], Unplaced::Distrust, grain), [""; 0]);
        for function in [1, 2] {
            let told = run(&[(0, function, &[1])], Unplaced::Distrust, grain);
            assert_eq!(told.len(), 1);
            assert!(told[0].starts_with("opaque: it executed code of `example.com/m/p`"), "{told:?}");
            assert_eq!(run(&[(0, function, &[1])], Unplaced::Ignore, grain), [""; 0]);
        }
    }
}

#[test]
fn whole_files_are_places_too() {
    let mut folder = Folder::new();
    let hash = folder.meta(&encode::sample());
    folder.counters(hash, Flavor::Uleb, &encode::sample_segments());
    let files = ["a.go", "b.go"].map(|path| path.parse().unwrap());
    let collector = Collector::new(Box::new(move |_: &PackageId<'_>, _: &str| Home::Whole(files.to_vec())));
    let reduced = collector.collect(&[folder.path()]);
    assert_eq!(lines(&reduced, collector), [(1, u32::MAX); 2]);
}

/// Packages that two binaries link are the same places.
#[test]
fn binaries_share_their_packages() {
    let mut folder = Folder::new();
    let one = encode::sample();
    let mut two = one.clone();
    two.packages.remove(1);
    for meta in [&one, &two] {
        let hash = folder.meta(meta);
        folder.counters(hash, Flavor::Uleb, &[segment(&[(0, 0, &[1, 0, 0])])]);
    }
    let collector = Collector::new(Box::new(homes));
    let reduced = collector.collect(&[folder.path()]);
    assert_eq!(told(&reduced), [""; 0]);
    assert_eq!((reduced.trace.binaries.len(), reduced.trace.places.len()), (2, 1));
    let programs = &collector.known().binaries;
    assert!(Arc::ptr_eq(&programs[0].tables[0], &programs[1].tables[0]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However counters are spread over segments, files and folders: what ran is what any of them counted.
    #[test]
    fn files_are_united(
        hits in prop::collection::vec((0u32..3, prop::array::uniform3(0u32..2), 0usize..4, any::<bool>()), 0..12),
        flavor in prop_oneof![Just(Flavor::Little), Just(Flavor::Big), Just(Flavor::Uleb)],
    ) {
        let meta = encode::sample();
        let n_units = |function: u32| meta.packages[0].functions[function as usize].units.len();
        let mut folders = [Folder::new(), Folder::new()];
        let hash = folders[0].meta(&meta);
        let mut expected = BTreeSet::new();
        for file in 0..4 {
            let mut segments = vec![segment(&[])];
            for (function, counters, _, is_next) in hits.iter().filter(|hit| hit.2 == file) {
                let counters = &counters[..n_units(*function)];
                if counters.iter().any(|counter| *counter > 0) {
                    expected.insert([3, 310, 320][*function as usize]);
                }
                if *is_next {
                    segments.push(segment(&[]));
                }
                segments.last_mut().unwrap().functions.push((0, *function, counters.to_vec()));
            }
            folders[file % 2].counters(hash, flavor, &segments);
        }
        let paths = folders.each_ref().map(Folder::path);
        let reversed: Vec<PathBuf> = paths.iter().rev().cloned().collect();
        for order in [paths.to_vec(), reversed] {
            let collector = Collector::new(Box::new(homes));
            let reduced = collector.collect(&order);
            prop_assert_eq!(told(&reduced), [""; 0]);
            let lines: BTreeSet<u32> = lines(&reduced, collector).into_iter().map(|(start, _)| start).collect();
            prop_assert_eq!(&lines, &expected);
        }
    }
}
