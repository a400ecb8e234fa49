//! Real files, cut and changed byte by byte.

use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_indexers::go::collect::Collector;
use skiptrace_indexers::go::covdata::{CounterFile, FileName, MetaHash};
use skiptrace_indexers::go::home::{Home, PackageId};
use skiptrace_indexers::go::profile::Profile;

use crate::oracle::decode;
use crate::tools::{Workshop, have, textfmt};
use crate::{EVERYTHING, FIXTURE, MODES};

struct Sample {
    _workshop: Workshop,
    folder: PathBuf,
    meta: PathBuf,
    counters: PathBuf,
    hash: MetaHash,
}

fn sample(mode: &str) -> Sample {
    let workshop = Workshop::new(FIXTURE);
    let program = workshop.path("app");
    let mode = format!("-covermode={mode}");
    workshop.go(&["build", "-o", program.to_str().unwrap(), "-cover", &mode, EVERYTHING, "./cmd/app"]);
    let folder = workshop.room("cov");
    workshop.cover(&program, &["child"], &folder);
    let (mut meta, mut counters, mut hash) = (None, None, None);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        match FileName::parse(path.file_name().unwrap().to_str().unwrap()).unwrap() {
            FileName::Meta(of) => (meta, hash) = (Some(path), Some(of)),
            FileName::Counters { .. } => counters = Some(path),
            other => panic!("{other:?}"),
        }
    }
    Sample {
        folder,
        meta: meta.unwrap(),
        counters: counters.unwrap(),
        hash: hash.unwrap(),
        _workshop: workshop,
    }
}

fn collector() -> Collector {
    Collector::new(Box::new(|_: &PackageId<'_>, file: &str| match file.rsplit_once('/') {
        Some((_, base)) => Home::Repo(base.parse().unwrap()),
        None => Home::Unknown,
    }))
}

/// Every file cut at every byte is told, also by a collector that knows the binary already.
#[test]
fn whatever_is_cut_is_told() {
    if !have("go") {
        return;
    }
    let Sample { folder, meta, counters, _workshop, .. } = &sample("count");
    let knowing = collector();
    let folders = std::slice::from_ref(folder);
    assert_eq!(knowing.collect(folders).trace.troubles, []);
    for file in [meta, counters] {
        let whole = fs::read(file).unwrap();
        for len in 0..whole.len() {
            fs::write(file, &whole[..len]).unwrap();
            for collector in [&knowing, &collector()] {
                let trace = collector.collect(folders).trace;
                assert!(!trace.health().is_ok(), "{} cut at {len}", file.display());
            }
        }
        fs::write(file, [&whole[..], b"\0"].concat()).unwrap();
        for collector in [&knowing, &collector()] {
            assert!(!collector.collect(folders).trace.health().is_ok(), "{} and more", file.display());
        }
        fs::write(file, &whole).unwrap();
        assert_eq!(knowing.collect(folders).trace.troubles, []);
    }
}

/// A changed byte of a meta file is noticed or has no meaning; one of a counter file does no harm.
#[test]
fn whatever_is_changed_does_no_harm() {
    if !have("go") {
        return;
    }
    let Sample { meta, counters, hash, _workshop, .. } = &sample("count");
    let changes = |file: &Path| {
        let whole = fs::read(file).unwrap();
        let n_bytes = whole.len();
        (0..n_bytes).flat_map(move |at| {
            let whole = whole.clone();
            [0x01, 0x10, 0x80, 0xff].into_iter().map(move |bits| {
                let mut changed = whole.clone();
                changed[at] ^= bits;
                (at, changed)
            })
        })
    };
    let whole = fs::read(meta).unwrap();
    let (sound, packages) = decode(&whole).unwrap();
    let mut n_silent = 0;
    for (at, changed) in changes(meta) {
        let Ok((meta, decoded)) = decode(&changed) else { continue };
        n_silent += 1;
        // Another hash is another name, which a file with this one's cannot have.
        if meta.hash == *hash {
            assert_eq!(decoded, packages, "byte {at} of the meta file");
            assert_eq!((meta.mode, meta.granularity), (sound.mode, sound.granularity), "byte {at}");
        }
    }
    assert!(n_silent < whole.len(), "most bytes mean something");

    let n_functions: Vec<usize> = packages.iter().map(|package| package.functions.len()).collect();
    for (at, changed) in changes(counters) {
        let Ok(file) = CounterFile::parse(&changed) else { continue };
        let mut n_seen = 0;
        let _ = file.read(&mut Vec::new(), |_| {
            n_seen += 1;
            Ok(())
        });
        assert!(n_seen <= changed.len(), "byte {at}");
        // And as the collector would: against the binary.
        let room = tempfile::tempdir().unwrap();
        if at % 7 == 0 {
            fs::copy(meta, room.path().join(meta.file_name().unwrap())).unwrap();
            fs::write(room.path().join(counters.file_name().unwrap()), &changed).unwrap();
            let _ = collector().collect(&[room.path().to_owned()]);
        }
    }
    assert!(n_functions.iter().sum::<usize>() > 10);
}

/// A text profile that is cut anywhere but between two lines is refused.
#[test]
fn cut_profiles_are_refused() {
    if !have("go") {
        return;
    }
    for mode in MODES {
        let sample = sample(mode);
        let text = textfmt(&[&sample.folder]);
        for len in 0..text.len() {
            let cut = Profile::parse(&text.as_bytes()[..len]);
            let is_between = len > 0 && text.as_bytes()[len - 1] == b'\n';
            assert_eq!(cut.is_ok(), is_between, "cut at {len}");
        }
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 0x80;
            assert!(Profile::parse(&changed).is_err(), "byte {at}");
        }
    }
}
