//! What is written is read, and what cannot be is refused by name.

#[allow(unreachable_pub)]
pub(in crate::go) mod encode;

use md5::{Digest, Md5};
use proptest::prelude::*;
use skiptrace_engine::observation::Position;

use self::encode::{Flavor, Segment, fnv};
use super::*;

fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

fn any_function() -> impl Strategy<Value = encode::Function> {
    let value = prop_oneof![0u32..200, any::<u32>()];
    let units = prop::collection::vec(prop::array::uniform5(value), 0..6);
    ("[a-zA-Zé.*]{0,9}", "[a-z/ é]{0,9}.go", units, any::<bool>())
        .prop_map(|(name, file, units, is_literal)| encode::Function { name, file, units, is_literal })
}

fn any_package() -> impl Strategy<Value = encode::Package> {
    let functions = prop::collection::vec(any_function(), 0..5);
    ("[a-z./]{1,12}", "[a-z]{1,5}", "[a-z./]{0,8}", functions)
        .prop_map(|(path, name, module, functions)| encode::Package { path, name, module, functions })
}

pub(in crate::go) fn any_meta() -> impl Strategy<Value = encode::Meta> {
    (1u8..=3, 1u8..=2, prop::collection::vec(any_package(), 0..5))
        .prop_map(|(mode, granularity, packages)| encode::Meta { mode, granularity, packages })
}

fn any_flavor() -> impl Strategy<Value = Flavor> {
    prop_oneof![Just(Flavor::Little), Just(Flavor::Big), Just(Flavor::Uleb)]
}

fn any_segment() -> impl Strategy<Value = Segment> {
    let value = prop_oneof![Just(0), 1u32..200, any::<u32>()];
    let functions =
        prop::collection::vec((any::<u32>(), any::<u32>(), prop::collection::vec(value, 0..6)), 0..6);
    let args = prop::collection::vec("[a-z =é-]{0,9}", 0..12);
    (args, functions).prop_map(|(args, functions)| {
        let mut pairs: Vec<(String, String)> =
            args.into_iter().enumerate().map(|(at, arg)| (format!("argv{at}"), arg)).collect();
        pairs.push(("GOOS".into(), "plan9".into()));
        pairs.sort();
        Segment { args: pairs, functions }
    })
}

fn decoded(meta: &MetaFile<'_>) -> Vec<Package> {
    meta.packages.iter().map(|blob| blob.decode().unwrap()).collect()
}

fn expected(package: &encode::Package) -> Package {
    let mut expected = Package {
        path: package.path.as_str().into(),
        name: package.name.as_str().into(),
        module: package.module.as_str().into(),
        ..Package::default()
    };
    for function in &package.functions {
        expected.functions.push(Function {
            name: function.name.as_str().into(),
            file: function.file.as_str().into(),
            first_unit: expected.units.len() as u32,
            n_units: function.units.len() as u32,
            is_literal: function.is_literal,
        });
        expected.units.extend(function.units.iter().map(
            |[line, column, end_line, end_column, n_statements]| Unit {
                start: Position { line: *line, column: *column },
                end: Position { line: *end_line, column: *end_column },
                n_statements: *n_statements,
            },
        ));
    }
    expected
}

proptest! {
    #[test]
    fn meta_files_say_what_was_written(meta in any_meta(), is_old in any::<bool>()) {
        let (bytes, hash) = encode::meta(&meta, if is_old { md5 } else { fnv });
        let read = MetaFile::parse(&bytes).unwrap();
        let packages = decoded(&read);
        prop_assert_eq!(read.hash, MetaHash(hash));
        prop_assert_eq!(read.mode as u8 + 1, meta.mode);
        prop_assert_eq!(read.granularity as u8 + 1, meta.granularity);
        prop_assert_eq!(&packages, &meta.packages.iter().map(expected).collect::<Vec<_>>());
        read.verify(read.packages.iter().zip(&packages)).unwrap();
    }

    /// A toolchain that hashes in a way of its own is believed.
    #[test]
    fn unknown_hashes_are_no_damage(meta in any_meta()) {
        let (bytes, _) = encode::meta(&meta, |bytes| fnv(&[bytes, b"!"].concat()));
        let read = MetaFile::parse(&bytes).unwrap();
        let packages = decoded(&read);
        prop_assert!(read.verify(read.packages.iter().zip(&packages)).is_ok());
    }

    #[test]
    fn counter_files_say_what_was_written(
        hash in any::<[u8; 16]>(),
        flavor in any_flavor(),
        segments in prop::collection::vec(any_segment(), 1..4),
    ) {
        let bytes = encode::counters(hash, flavor, &segments);
        let file = CounterFile::parse(&bytes).unwrap();
        prop_assert_eq!(file.meta, MetaHash(hash));
        let mut functions = Vec::new();
        let arguments = file.read(&mut Vec::new(), |function| {
            functions.push((function.package, function.function, function.counters.to_vec()));
            Ok(())
        });
        let written: Vec<_> = segments.iter().flat_map(|segment| segment.functions.clone()).collect();
        prop_assert_eq!(functions, written);
        let arguments = arguments.unwrap();
        prop_assert_eq!(&*arguments.goos, "plan9");
        let args = &segments[0].args;
        let args: Vec<Box<str>> = (0..args.len() - 1)
            .map(|at| args.iter().find(|(key, _)| *key == format!("argv{at}")).unwrap().1.as_str().into())
            .collect();
        prop_assert_eq!(arguments.args, args);
    }

    /// Cut anywhere, and with anything behind it, a file is refused.
    ///
    /// Where segments were appended to a file, it was whole before that. No toolchain does so.
    #[test]
    fn other_lengths_are_refused(
        meta in any_meta(),
        flavor in any_flavor(),
        segments in prop::collection::vec(any_segment(), 1..4),
    ) {
        let (bytes, hash) = encode::meta(&meta, fnv);
        for len in 0..bytes.len() {
            prop_assert!(MetaFile::parse(&bytes[..len]).is_err(), "meta file cut at {}", len);
        }
        prop_assert!(MetaFile::parse(&[&bytes[..], b"\0"].concat()).is_err());
        let bytes = encode::counters(hash, flavor, &segments);
        let read = |bytes: &[u8]| CounterFile::parse(bytes)?.read(&mut Vec::new(), |_| Ok(()));
        for len in 0..bytes.len() {
            let is_whole = (1..segments.len())
                .any(|n_segments| encode::counters(hash, flavor, &segments[..n_segments]).len() == len);
            prop_assert_eq!(read(&bytes[..len]).is_ok(), is_whole, "counter file cut at {}", len);
        }
        prop_assert!(read(&[&bytes[..], b"\0"].concat()).is_err());
    }

    #[test]
    fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), is_meta in any::<bool>()) {
        let bytes = [if is_meta { b"\0cvm\x01\0\0\0" } else { b"\0cwm\x01\0\0\0" }, &bytes[..]].concat();
        let _ = MetaFile::parse(&bytes);
        let _ = CounterFile::parse(&bytes).map(|file| file.read(&mut Vec::new(), |_| Ok(())));
    }
}

/// Returns what reading all of a meta file says.
fn read_meta(bytes: &[u8]) -> Result<(), CovdataError> {
    let meta = MetaFile::parse(bytes)?;
    let packages: Vec<Package> = meta.packages.iter().map(PackageBlob::decode).collect::<Result<_, _>>()?;
    meta.verify(meta.packages.iter().zip(&packages))
}

#[test]
fn each_damage_of_a_meta_file_has_a_name() {
    let (whole, _) = encode::meta(&encode::sample(), fnv);
    read_meta(&whole).unwrap();
    let blob = whole.windows(15).position(|window| window == b"example.com/m/p").unwrap();
    let damaged = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        read_meta(&file).unwrap_err().to_string()
    };
    let n_bytes = whole.len();
    let all = [
        ("magic", damaged(0, b"x")),
        ("version", damaged(4, &[2])),
        ("old version", damaged(4, &[0])),
        ("longer", damaged(8, &(n_bytes as u64 + 1).to_le_bytes())),
        ("shorter", damaged(8, &(n_bytes as u64 - 1).to_le_bytes())),
        ("packages", damaged(16, &u64::MAX.to_le_bytes())),
        ("fewer packages", damaged(16, &1u64.to_le_bytes())),
        ("hash", damaged(24, &[0; 16])),
        ("strings at", damaged(40, &[0])),
        ("strings len", damaged(44, &u32::MAX.to_le_bytes())),
        ("mode", damaged(48, &[4])),
        ("granularity", damaged(49, &[0])),
        ("offset", damaged(56, &[0])),
        ("overlap", damaged(64, &whole[56..64])),
        ("length", damaged(72, &u64::MAX.to_le_bytes())),
        ("text", damaged(blob, &[0xff])),
        ("other text", damaged(blob, b"E")),
        ("last byte", damaged(n_bytes - 1, b"x")),
    ];
    let all: Vec<String> = all.into_iter().map(|(what, error)| format!("{what}: {error}")).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    magic: it is no covmeta file of Go
    version: covmeta version 2 is unknown, only version 1 (Go 1.20 and later) can be read
    old version: covmeta version 0 is unknown, only version 1 (Go 1.20 and later) can be read
    longer: the file ends inside of the packages
    shorter: 1 bytes follow the end of the meta file
    packages: the file ends inside of the package table
    fewer packages: string table 0 is not where it can be
    hash: the meta file does not have the hash that it names
    strings at: string table 0 is not where it can be
    strings len: the file ends inside of the string table
    mode: counter mode 4 is unknown
    granularity: counter granularity 0 is unknown
    offset: package 0 is not where it can be
    overlap: package 1 is not where it can be
    length: package 0 is not where it can be
    text: a package's path is not UTF-8
    other text: the meta file does not have the hash that it names
    last byte: the meta file does not have the hash that it names
    ");
}

#[test]
fn each_damage_of_a_counter_file_has_a_name() {
    let segments = encode::sample_segments();
    let whole = encode::counters([7; 16], Flavor::Uleb, &segments);
    let read = |bytes: &[u8]| CounterFile::parse(bytes)?.read(&mut Vec::new(), |_| Ok(()));
    read(&whole).unwrap();
    let damaged = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        read(&file).unwrap_err().to_string()
    };
    let last = whole.len() - 16;
    let footer = whole.windows(4).enumerate().position(|(at, window)| at > 0 && window == b"\0cwm").unwrap();
    let all = [
        ("empty", read(b"").unwrap_err().to_string()),
        ("magic", damaged(0, b"x")),
        ("version", damaged(4, &[9])),
        ("flavor", damaged(24, &[3])),
        ("byte order", damaged(24, &[1, 2])),
        ("functions", damaged(32, &u64::MAX.to_le_bytes())),
        ("fewer functions", damaged(32, &[1])),
        ("texts", damaged(40, &u32::MAX.to_le_bytes())),
        ("number", damaged(48, &[0xff; 5])),
        ("arguments", damaged(44, &[0xff, 0xff])),
        ("footer", damaged(footer, b"x")),
        ("last footer", damaged(last, b"x")),
        ("no segment", damaged(last + 8, &[0])),
        ("more segments", damaged(last + 8, &[3])),
        ("fewer segments", damaged(last + 8, &[1])),
    ];
    let all: Vec<String> = all.into_iter().map(|(what, error)| format!("{what}: {error}")).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    empty: the file is empty: its process ended before it could write it
    magic: it is no covcounters file of Go
    version: covcounters version 9 is unknown, only version 1 (Go 1.20 and later) can be read
    flavor: counter flavor 3 is unknown
    byte order: byte order 2 is unknown
    functions: the file ends inside of the counters
    fewer functions: segment 0 of the counter file is not followed by its footer
    texts: the file ends inside of a segment's texts
    number: a number is too large in a segment's texts
    arguments: the file ends inside of a segment's arguments
    footer: segment 0 of the counter file is not followed by its footer
    last footer: the file ends inside of the counters
    no segment: the counter file has no segment
    more segments: segment 1 of the counter file is not followed by its footer
    fewer segments: 41 bytes follow the end of the last segment
    ");
}
