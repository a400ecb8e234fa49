//! What is done with a fuzzer's bytes, and what has to hold of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;

use skiptrace_engine::unit::UnitKind;
use skiptrace_indexers::build::cargo_config;
use skiptrace_indexers::build::dep_info::DepInfo;
use skiptrace_indexers::build::invocation::{Invocation, note_of};
use skiptrace_indexers::build::lockfile::Lockfile;
use skiptrace_indexers::build::ninja_deps::NinjaDeps;
use skiptrace_indexers::build::script::ScriptOutput;
use skiptrace_indexers::go::covdata::{CounterFile, FileName, MetaFile, PackageBlob};
use skiptrace_indexers::go::home::line_directives;
use skiptrace_indexers::go::profile::Profile;
use skiptrace_indexers::llvm::binary::{Binary, BinaryWithRegions};
use skiptrace_indexers::llvm::dwarf;
use skiptrace_indexers::llvm::indexed::read_merged;
use skiptrace_indexers::llvm::layout::{CounterWidth, Layout};
use skiptrace_indexers::llvm::mapping::Rule;
use skiptrace_indexers::llvm::profile::{Layouts, RawProfile, RawProfiles, Scratch, read_profiles};
use skiptrace_indexers::results::datadog;
use skiptrace_indexers::results::{Format, Source, read};
use skiptrace_indexers::run::libtest;
use skiptrace_indexers::run::native::{LeftOut, catch2, doctest, gtest};
use skiptrace_indexers::units::go_facts::go_facts;
use skiptrace_indexers::units::{Language, cut};

use super::elf;
use super::listings::Stage;

/// The body of a target.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const ALL: [(&str, Target); 15] = [
    ("profile", profile),
    ("merged", merged),
    ("binary", binary),
    ("coverage_map", coverage_map),
    ("dep_info", dep_info),
    ("ninja_deps", ninja_deps),
    ("units", units),
    ("results", results),
    ("test_events", test_events),
    ("lists", lists),
    ("invocation", invocation),
    ("cargo", cargo),
    ("covmeta", covmeta),
    ("covcounters", covcounters),
    ("cover_profile", cover_profile),
];

/// Any bytes are profiles or errors, and reading no more than counters says what reading everything does.
pub fn profile(data: &[u8]) {
    let profiles: Vec<_> = RawProfiles::new(data).collect();
    assert!(!profiles.is_empty(), "a file says nothing at all");
    let whole: Vec<&RawProfile<'_>> = profiles.iter().filter_map(|profile| profile.as_ref().ok()).collect();
    let mut layouts = Layouts::default();
    for profile in &whole {
        if let Some(layout) = layout_of(profile) {
            let _ = profile.matches(&layout);
            layouts.add(Arc::new(layout));
        }
    }
    let mut n_answers = 0;
    let reading = read_profiles(data, &layouts, &mut Scratch::default(), |hits| {
        n_answers += 1;
        let layout = layouts.get(hits.binary).expect("a binary that is known");
        assert!(
            hits.slots.is_sorted() && hits.slots.iter().all(|slot| (*slot as usize) < layout.slots.len())
        );
        let says_so = |profile: &&&RawProfile<'_>| {
            layout_of(profile)
                .is_some_and(|own| own.data_hash == layout.data_hash || layout.data_hash.is_none())
                && naive_hits(profile, layout).as_deref() == Some(hits.slots)
        };
        assert!(whole.iter().any(|profile| says_so(&profile)) || !layout.build_id.is_empty());
    });
    assert!(reading.n_profiles > 0 || !reading.errors.is_empty(), "a file says nothing at all");
    assert!(n_answers >= reading.n_profiles);
    if reading.errors.is_empty() {
        assert_eq!(reading.n_profiles, profiles.len());
        assert_eq!(whole.len(), profiles.len());
    }
}

/// Returns what the binary of a profile says of itself, if the profile repeats it.
fn layout_of(profile: &RawProfile<'_>) -> Option<Layout> {
    let records = profile.records().ok()?;
    Some(Layout {
        build_id: profile.build_ids.first().cloned().unwrap_or_default(),
        data_hash: profile.data_hash(),
        data_bytes: profile.data.len() as u64,
        n_data: profile.header().n_data,
        n_counters: profile.header().n_counters,
        counter_width: profile.counter_width(),
        slots: records.slots(profile.header()).ok()?,
    })
}

/// Looks at one counter after the other.
fn naive_hits(profile: &RawProfile<'_>, layout: &Layout) -> Option<Vec<u32>> {
    let mut hits = Vec::new();
    for (number, slot) in (0..).zip(&layout.slots) {
        let mut counted = false;
        for at in slot.first as usize..slot.first as usize + slot.n_counters as usize {
            counted |= match layout.counter_width {
                CounterWidth::Eight => profile.counters.get(at * 8..at * 8 + 8)? != [0; 8],
                CounterWidth::One => *profile.counters.get(at)? == 0,
            };
        }
        if counted {
            hits.push(number);
        }
    }
    Some(hits)
}

/// Any bytes are a merged profile or an error, and of a profile each function is there once.
pub fn merged(data: &[u8]) {
    let Ok(functions) = read_merged(data) else { return };
    assert!(!functions.is_empty());
    let key = |at: usize| {
        let function = &functions[at];
        (function.name_hash, function.structure_hash, function.counters.len())
    };
    assert!((1..functions.len()).all(|at| key(at - 1) < key(at)));
    let n_counters: usize = functions.iter().map(|function| function.counters.len()).sum();
    assert!(n_counters <= data.len(), "there are more counters than bytes");
}

/// Any bytes are binaries or an error.
pub fn binary(data: &[u8]) {
    let _ = dwarf::source_files_in(data);
    let binaries = Binary::parse(data);
    let detailed = BinaryWithRegions::parse(data);
    let (Ok(binaries), Ok(detailed)) = (&binaries, &detailed) else {
        assert_eq!(binaries.is_ok(), detailed.is_ok());
        return;
    };
    assert!(binaries.iter().eq(detailed.iter().map(|detailed| &detailed.binary)));
    for detailed in detailed {
        walk(detailed);
    }
}

/// Any map in a sound file is a binary or an error.
pub fn coverage_map(data: &[u8]) {
    let mut payloads = elf::payloads(data);
    binary(&elf::write(&payloads));
    elf::relist(&mut payloads);
    binary(&elf::write(&payloads));
}

/// Goes through everything that a binary offers.
fn walk(detailed: &BinaryWithRegions) {
    let Binary { layout, files, functions } = &detailed.binary;
    let n_functions = functions.len() as u32;
    for slot in &layout.slots {
        assert!(u64::from(slot.first) + u64::from(slot.n_counters) <= layout.n_counters);
        assert!(slot.function.is_none_or(|function| function < n_functions));
    }
    for function in functions {
        assert!(function.places.iter().all(|place| (place.file as usize) < files.len()));
    }
    assert!(detailed.binary.indistinct().iter().all(|function| *function < n_functions));
    for function in (0..n_functions.min(1000)).chain([n_functions, u32::MAX]) {
        for regions in detailed.regions(function).into_iter().flatten() {
            let n_counters = regions.n_counters() as usize;
            for counters in [vec![1; n_counters.min(64)], vec![u64::MAX; n_counters.min(64)]] {
                for rule in [Rule::Exact, Rule::Possible] {
                    if let Some(counts) = regions.counts(&counters, rule) {
                        assert_eq!(counts.len(), regions.regions.len());
                    }
                }
            }
        }
    }
}

/// Any bytes are a depfile or an error, and what it names is of its text.
pub fn dep_info(data: &[u8]) {
    for info in [DepInfo::parse_rustc(data), DepInfo::parse_make(data)].into_iter().flatten() {
        let sources = info.sources();
        assert!(!sources.is_empty(), "a depfile of nothing is an answer");
        let n_bytes: usize = sources.iter().map(|source| source.len()).sum();
        assert!(n_bytes <= data.len());
    }
}

/// Any bytes are a log or an error.
pub fn ninja_deps(data: &[u8]) {
    let Ok(log) = NinjaDeps::parse(data) else { return };
    let n_inputs: usize = log.outputs().map(|(_, inputs)| inputs.count()).sum();
    assert!(n_inputs <= data.len() / 4);
    assert!(log.damage.is_none_or(|damage| damage.offset < data.len() && damage.length == data.len()));
}

/// Any bytes are cut into units that are told apart, the same ones each time.
pub fn units(data: &[u8]) {
    for language in Language::ALL.map(Some).into_iter().chain([None]) {
        let units = cut(language, data);
        assert!(!units.is_empty(), "a file without units can change unnoticed");
        assert_eq!(units, cut(language, data));
        let n_lines = data.split(|byte| *byte == b'\n').count() as u32;
        let mut names: Vec<_> = units.iter().map(|unit| &unit.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        for unit in &units {
            assert!(unit.fingerprint.is_some());
            assert!(unit.identifiers.is_sorted_by(|a, b| a < b));
            let lines = unit.lines;
            assert!(
                unit.kind == UnitKind::Remainder || lines.start <= lines.end && lines.end <= n_lines,
                "{unit:?} of {n_lines} lines"
            );
        }
    }
    let units = cut(Some(Language::Go), data);
    let facts = go_facts(data);
    assert_eq!(facts.is_some(), units[0].kind != UnitKind::File);
    for test in facts.into_iter().flat_map(|facts| facts.tests) {
        assert_eq!(units[test.unit].name.split('#').next(), Some(test.name.as_str()));
    }
}

/// Any bytes are results or an error, the same ones however they arrive; and no more than there are bytes.
pub fn results(data: &[u8]) {
    let read = |input: &mut dyn Read| {
        let mut results = Vec::new();
        let source = Source { path: Path::new("results"), number: 3 };
        let summary = read(&source, input, &mut |result| results.push(result));
        (results, summary.map_err(|error| error.to_string()))
    };
    let (results, summary) = read(&mut &*data);
    assert_eq!(read(&mut Drops(data)), (results.clone(), summary.clone()));
    let packed = data.starts_with(&[0x1f, 0x8b]);
    assert!(packed || results.len() <= data.len(), "there are more results than bytes");
    for result in &results {
        let tally = result.tally;
        assert!(tally.passed > 0 || tally.failed > 0 || tally.errored > 0 || tally.skipped > 0);
    }
    if let Ok(summary) = summary {
        assert_eq!(summary.results, results.len() as u64);
        // What is cut off at its last byte is noticed, where there is an end to be missed.
        let end = data.trim_ascii_end().len().saturating_sub(1);
        if summary.format == Format::GtestJson {
            assert!(read(&mut &data[..end]).1.is_err());
        }
    }
}

/// Any bytes are a page, all of it, or an error; what is read twice counts once, wherever that can be known.
pub fn test_events(data: &[u8]) {
    let Ok(page) = datadog::parse(data, 1000) else { return };
    assert!(page.events.len() + page.others == page.len && page.len < 1000);
    assert!(page.after.as_deref() != Some(""));
    let finish = |pages: &[&datadog::Page]| {
        let mut events = datadog::Events::default();
        pages.iter().for_each(|page| events.add((*page).clone()));
        let mut results = Vec::new();
        events.finish(&mut |result| results.push(result)).map(|read| (results, read))
    };
    match finish(&[&page]) {
        Ok((results, read)) => {
            assert_eq!(read.events + read.doubles + read.others, page.len);
            for result in &results {
                let tally = result.tally;
                assert_eq!(tally.passed + tally.failed + tally.errored + tally.skipped, 1);
                assert!(
                    tally.forgiven <= tally.failed
                        && (!tally.is_quarantined || tally.failed + tally.errored > 0)
                );
            }
            if page.events.iter().all(|event| event.id != 0) {
                let (again, _) = finish(&[&page, &page]).expect("the commits are the same");
                assert_eq!(again, results);
            }
        }
        Err(unfit) => assert!(unfit.commits.len() > 1),
    }
}

/// Gives out one byte after the other.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(1);
        self.0.read(&mut buffer[..n])
    }
}

/// Whatever a program answers when it is asked for its tests, it has some, each with a name, or there is an error.
pub fn lists(data: &[u8]) {
    let stage = Stage::get();
    let (binary, listing) = (stage.program(data), stage.listing());
    let options = Default::default();
    let lists = [
        gtest::list(&binary, options, &listing),
        catch2::list(&binary, options, &listing),
        doctest::list(&binary, options, &listing),
        libtest::list(&binary, LeftOut::Skip, &listing),
    ];
    let n_errors = lists.iter().filter(|list| list.is_err()).count();
    for cases in lists.iter().flatten() {
        let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
    assert!(n_errors >= 2, "no text is a list of tests in three frameworks");
}

/// Any words are a compilation or none, and its note comes back.
pub fn invocation(data: &[u8]) {
    let words: Vec<OsString> =
        data.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    let _ = note_of(Path::new(&words[0]));
    if let Ok(note) = serde_json::from_slice::<Invocation>(data) {
        let text = serde_json::to_vec(&note).expect("what was text is text");
        assert_eq!(serde_json::from_slice::<Invocation>(&text).expect("it was just written"), note);
    }
    if let Some(invocation) = Invocation::of(&words, &BTreeMap::new(), Path::new("/w")) {
        assert!(!invocation.crate_name.is_empty());
        let _ = (invocation.note(), invocation.dep_info(), invocation.stem());
    }
}

/// Any bytes are what cargo says and keeps, or an error.
pub fn cargo(data: &[u8]) {
    if let Ok(lockfile) = Lockfile::parse(data) {
        assert_eq!(lockfile.digest(), Lockfile::parse(data).expect("it was just read").digest());
    }
    let script = ScriptOutput::parse(data);
    assert!(script.paths.len() + script.variables.len() <= data.len());
    cargo_config::parse_cfg(&String::from_utf8_lossy(data));
}

/// Any bytes are a meta file or an error, and no byte of one is decoded twice.
pub fn covmeta(data: &[u8]) {
    let Ok(meta) = MetaFile::parse(data) else { return };
    assert!(meta.packages.iter().map(|package| package.bytes().len()).sum::<usize>() < data.len());
    let packages: Result<Vec<_>, _> = meta.packages.iter().map(PackageBlob::decode).collect();
    let Ok(packages) = packages else { return };
    for (blob, package) in meta.packages.iter().zip(&packages) {
        assert_eq!(package.functions.len(), blob.n_functions());
        assert!(package.units.len() <= blob.bytes().len() / 5);
        let of_functions: usize =
            package.functions.iter().map(|function| package.units_of(function).len()).sum();
        assert_eq!(of_functions, package.units.len());
    }
    let _ = meta.verify(meta.packages.iter().zip(&packages));
}

/// Any bytes are a counter file or an error, and what is read twice says the same.
pub fn covcounters(data: &[u8]) {
    let Ok(file) = CounterFile::parse(data) else { return };
    let read = || {
        let mut functions = Vec::new();
        let arguments = file.read(&mut Vec::new(), |function| {
            functions.push((function.package, function.function, function.counters.to_vec()));
            Ok(())
        });
        (functions, arguments.map_err(|error| error.to_string()))
    };
    let (functions, arguments) = read();
    assert!(functions.iter().map(|(_, _, counters)| 3 + counters.len()).sum::<usize>() <= data.len());
    assert_eq!(read(), (functions, arguments));
}

/// Any bytes are a text profile or an error; of one, twice the same is the same units. The same bytes serve as the
/// name of a file, and as Go source with directives.
pub fn cover_profile(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = FileName::parse(text);
        assert!(line_directives(text).is_sorted());
    }
    let Ok(profile) = Profile::parse(data) else { return };
    assert!(profile.blocks.len() < data.len());
    let twice = Profile::parse(&data.repeat(2)).expect("each half is one");
    assert_eq!(twice.mode, profile.mode);
    assert_eq!(twice.blocks.len(), profile.blocks.len());
    for (twice, once) in twice.blocks.iter().zip(&profile.blocks) {
        assert_eq!((&twice.file, twice.unit, twice.count == 0), (&once.file, once.unit, once.count == 0));
    }
}
