//! One profile of 560 kB, read for what ran, beside what reading takes that cannot be avoided.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use skiptrace_benches::synthetic::{Profile, profile};
use skiptrace_indexers::llvm::profile::{Header, Layouts, RawProfiles, Scratch, Sections, read_file};

const N_FUNCTIONS: u32 = 3400;
/// Of so many functions one ran: few for a test of one thing, many for one that goes through everything.
const EVERY: [u32; 3] = [1, 10, 1000];

fn main() {
    divan::main();
}

struct OnDisk {
    _folder: tempfile::TempDir,
    path: PathBuf,
    profile: Profile,
}

fn on_disk(every: u32) -> &'static OnDisk {
    static FILES: [OnceLock<OnDisk>; 3] = [const { OnceLock::new() }; 3];
    let at = EVERY.iter().position(|other| *other == every).expect("one of these");
    FILES[at].get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let path = folder.path().join("default.profraw");
        let profile = profile(N_FUNCTIONS, every);
        fs::write(&path, &profile.bytes).expect("a file in a folder of ours");
        OnDisk { _folder: folder, path, profile }
    })
}

#[divan::bench(args = EVERY)]
fn read(bencher: Bencher<'_, '_>, every: u32) {
    let OnDisk { path, profile, .. } = on_disk(every);
    let mut layouts = Layouts::default();
    layouts.add(std::sync::Arc::new(profile.layout.clone()));
    let mut scratch = Scratch::default();
    bencher.counter(BytesCount::new(profile.bytes.len())).counter(ItemsCount::new(1usize)).bench_local(
        || {
            let mut n_hits = 0;
            let reading = read_file(path, &layouts, &mut scratch, |hits| n_hits += hits.slots.len());
            assert!(reading.errors.is_empty() && n_hits as u32 == N_FUNCTIONS.div_ceil(every));
            n_hits
        },
    );
}

/// Opening, the header, and the counters into memory: what nobody can do without.
#[divan::bench(args = EVERY)]
fn bound(bencher: Bencher<'_, '_>, every: u32) {
    let OnDisk { path, profile, .. } = on_disk(every);
    let mut buffer = vec![0; profile.bytes.len()];
    bencher.counter(BytesCount::new(profile.bytes.len())).counter(ItemsCount::new(1usize)).bench_local(
        || {
            let file = File::open(path).expect("it was just written");
            let size = file.metadata().expect("it is open").len();
            file.read_exact_at(&mut buffer[..1024], 0).expect("it is larger");
            let header = Header::parse(&buffer[..1024]).expect("it is a profile");
            let sections = Sections::locate(header, 0, size).expect("it is a profile");
            let counters = &mut buffer[..(sections.counters.end - sections.counters.start) as usize];
            file.read_exact_at(counters, sections.counters.start).expect("it is a profile");
        },
    );
}

/// All of it, as one who looks at every record does.
#[divan::bench(args = EVERY)]
fn records(bencher: Bencher<'_, '_>, every: u32) {
    let OnDisk { path, profile, .. } = on_disk(every);
    bencher.counter(BytesCount::new(profile.bytes.len())).bench_local(|| {
        let bytes = fs::read(path).expect("it was just written");
        RawProfiles::new(&bytes)
            .map(|profile| {
                let profile = profile.expect("it is a profile");
                profile.records().expect("they are whole").slots(profile.header()).expect("they fit").len()
            })
            .sum::<usize>()
    });
}
