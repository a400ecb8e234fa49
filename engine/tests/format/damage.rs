//! Damaged files: always an error that names the place, never a panic, never a smaller answer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use skiptrace_engine::codec::{CodecError, IndexReader, decode, encode};
use skiptrace_engine::index::query::{Answer, Cause, Reason, SharedPolicy, impacted, partition};
use skiptrace_engine::index::{Evidence, Index};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::variable::Variables;

use crate::fuzz::container::{File, Place, Section, UNKEPT, VARIABLES, places, write_varint};
use crate::fuzz::mutate::{Random, mutate};
use crate::fuzz::{samples, targets};

static RICH: LazyLock<Vec<u8>> =
    LazyLock::new(|| encode(&samples::rich(IndexKind::FUNCTION.diffed())).unwrap());
static LARGE: LazyLock<(Index, Vec<u8>)> = LazyLock::new(|| {
    let index = samples::large();
    let bytes = encode(&index).unwrap();
    (index, bytes)
});

/// Returns the section that reading the whole of `bytes` complains of.
#[track_caller]
fn corrupt_section(bytes: &[u8]) -> String {
    match decode(bytes) {
        Err(CodecError::Corrupt { section, .. }) => section.to_string(),
        other => panic!("no corruption was noticed: {other:?}"),
    }
}

fn place_of(places: &[Place], at: usize) -> &'static str {
    places.iter().find(|place| place.range.contains(&at)).expect("places have no gaps").section
}

#[test]
fn the_samples_have_all_sections() {
    for bytes in [&*RICH, &LARGE.1] {
        let sections: BTreeSet<_> = places(bytes).into_iter().map(|place| place.section).collect();
        assert!(sections.len() >= 11, "{sections:?}");
    }
    let blocks = |section: &str| places(&LARGE.1).iter().filter(|place| place.section == section).count();
    for section in ["tests", "files", "units", "sets", "identifiers"] {
        assert!(blocks(section) > 1, "one block of {section}");
    }
}

#[test]
fn each_flipped_byte_is_noticed_in_its_section() {
    let (bytes, places) = (&*RICH, places(&RICH));
    for at in 0..bytes.len() {
        for pattern in [1 << (at % 8), 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= pattern;
            assert_eq!(corrupt_section(&damaged), place_of(&places, at), "byte {at} ^ {pattern:#x}");
        }
    }
}

#[test]
fn a_flipped_byte_is_noticed_in_any_block() {
    let (bytes, places) = (&LARGE.1, places(&LARGE.1));
    for place in &places {
        let mut damaged = bytes.clone();
        damaged[place.range.start + place.range.len() / 2] ^= 4;
        assert_eq!(corrupt_section(&damaged), place.section, "{place:?}");
    }
}

#[test]
fn each_cut_is_noticed() {
    for len in 0..RICH.len() {
        assert_eq!(corrupt_section(&RICH[..len]), "trailer", "cut to {len}");
        if len > 0 {
            assert_eq!(corrupt_section(&RICH[len..]), "trailer", "{len} cut off the front");
        }
    }
}

#[test]
fn what_is_put_in_or_taken_out_is_noticed() {
    for seed in 0..2000 {
        let mut random = Random(seed);
        let mut damaged = RICH.clone();
        let at = random.below(RICH.len());
        if seed % 2 == 0 {
            let len = 1 + random.below(20);
            damaged.splice(at..at, random.bytes(len));
        } else {
            damaged.drain(at..(at + 1 + random.below(20)).min(RICH.len()));
        }
        if damaged != *RICH {
            assert_eq!(corrupt_section(&damaged), "trailer", "seed {seed}");
        }
    }
}

/// A reader of damaged bytes answers as one of sound bytes does, or that everything runs because of the damage.
#[test]
fn damage_in_a_block_never_makes_an_answer_smaller() {
    let (index, bytes) = &*LARGE;
    let job = samples::job("unit");
    let universe: BTreeSet<_> = index.tests().iter().step_by(40).map(|test| test.key.clone()).collect();
    let (mut unharmed, mut fell_open) = (0, 0);
    let now = samples::variables();
    for place in places(bytes) {
        let mut damaged = bytes.clone();
        damaged[place.range.start] ^= 0x10;
        let reader = match IndexReader::open(damaged.as_slice()) {
            Ok(reader) => reader,
            Err(error) => {
                assert!(matches!(place.section, "meta" | "directory" | "footer" | "trailer"), "{place:?}");
                assert!(error.to_string().contains(place.section), "{error} for {place:?}");
                continue;
            }
        };
        for changes in targets::changes() {
            // One reader for each question, or a block read for one would be there for the next.
            match impacted(&reader, &job, &changes, SharedPolicy::Run, &now) {
                Answer::Everything(Cause::Unreadable(why)) => {
                    assert!(why.contains(&format!("its {} section", place.section)), "{why} for {place:?}");
                    fell_open += 1;
                }
                answer => {
                    let sound = impacted(index, &job, &changes, SharedPolicy::Run, &now);
                    assert_eq!(answer, sound, "{changes:?}");
                    assert_ne!(place.section, "variables", "every question is one of them too");
                    unharmed += 1;
                }
            }
            let sound = partition(&[index], &job, &changes, SharedPolicy::Run, &now, &universe);
            let harmed = partition(&[&reader], &job, &changes, SharedPolicy::Run, &now, &universe);
            assert!(harmed.skip.is_subset(&sound.skip), "{changes:?} with damage in {place:?}");
            assert!(
                harmed.skip == sound.skip || harmed.causes.iter().any(|cause| cause.code() == "unreadable")
            );
        }
    }
    assert!(unharmed > 20 && fell_open > 20, "{unharmed} unharmed, {fell_open} fell open");
}

#[test]
fn versions_are_negotiated() {
    let with = |version, readable_from| {
        let file = File { version, readable_from, ..File::parse(&RICH) };
        decode(file.to_bytes()).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(with(1, 1), Ok(()));
    assert_eq!(with(2, 2), Ok(()));
    assert_eq!(with(9, 2), Ok(()), "a newer version that this one can read");
    insta::assert_snapshot!(with(9, 3).unwrap_err(), @"the index has format version 3; this version of skiptrace reads up to 2");
    insta::assert_snapshot!(with(0, 0).unwrap_err(), @"the index has format version 0; this version of skiptrace reads from 1");

    let with_section = |required| {
        let mut file = File { version: 3, ..File::parse(&RICH) };
        file.sections.insert(4, Section { code: 77, required, frames: vec![b"new".to_vec(), vec![]] });
        decode(file.to_bytes()).map_err(|error| error.to_string())
    };
    assert_eq!(with_section(0).unwrap(), decode(RICH.as_slice()).unwrap());
    insta::assert_snapshot!(with_section(1).unwrap_err(), @"the index has format version 3; this version of skiptrace reads up to 2");

    for code in 1..=8 {
        let mut file = File::parse(&RICH);
        file.sections.retain(|section| section.code != code);
        assert!(decode(file.to_bytes()).unwrap_err().to_string().contains("it is missing"));
    }
}

/// Files without variables are as they were before there were any; of those that have some, older readers say that
/// they are too new, rather than leave out what keeps a test from being skipped.
#[test]
fn variables_make_a_file_newer() {
    let without = File::parse(&encode(&samples::tiny()).unwrap());
    assert_eq!((without.version, without.readable_from, without.sections.len()), (1, 1, 8));
    let with = File::parse(&encode(&samples::tiny_with_variables()).unwrap());
    assert_eq!((with.version, with.readable_from, with.sections.len()), (2, 2, 9));
    let variables = &with.sections[8];
    assert_eq!((variables.code, variables.required, variables.frames.len()), (VARIABLES, 1, 1));

    // A file that has none, though it could.
    let stripped = File { sections: with.sections[..8].to_vec(), ..with };
    assert_eq!(decode(stripped.to_bytes()).unwrap().variables(), []);
}

/// What is said twice, for being found faster, is no other when it is found slowly, and is never believed unseen by
/// whoever reads all.
#[test]
fn files_that_git_does_not_keep_are_found_with_their_block_and_without() {
    let (index, bytes) = &*LARGE;
    let all = Evidence::unkept(index).unwrap();
    assert_eq!(all.len(), index.files().len());
    let with = File::parse(bytes);
    let unkept = with.sections.last().unwrap();
    assert_eq!((unkept.code, unkept.required, unkept.frames.len()), (UNKEPT, 0, 1));
    let without = File { sections: with.sections[..with.sections.len() - 1].to_vec(), ..with.clone() };
    for file in [&with, &without] {
        let bytes = file.to_bytes();
        assert_eq!(IndexReader::open(bytes.as_slice()).unwrap().unkept().unwrap(), all);
        assert_eq!(decode(bytes).unwrap(), *index);
    }
    // The last file is said not to have been there.
    let mut lying = with;
    *lying.section_mut(UNKEPT).frames[0].last_mut().unwrap() = 1;
    let refused = decode(lying.to_bytes()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "the index is corrupt in its unkept section: it says other things of the files than they do"
    );
}

#[test]
fn variables_that_make_no_sense_are_refused() {
    let refusal = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut file = File::parse(&encode(&samples::tiny_with_variables()).unwrap());
        change(&mut file.section_mut(VARIABLES).frames);
        let bytes = file.to_bytes();
        targets::codec(&bytes);
        decode(bytes).unwrap_err().to_string()
    };
    let one = |payload: &[u8]| refusal(&|frames| frames[0] = payload.to_vec());
    let corrupt = "the index is corrupt in its variables section";
    for (payload, why) in [
        (&[1, 0, 1, b'A', 0, 9][..], "a variable names a set that is not there"),
        (&[1, 0, 1, b'A', 0, 0], "a variable was consulted by nobody"),
        (&[1, 0, 1, b'A', 2, 1], "a variable is in an unknown state"),
        (&[1, 0, 1, 0xff, 0, 1], "a text is not UTF-8"),
        (&[1, 0, 1, b'A', 1, 1, 7], "it ends early"),
        (&[1, 0, 1, b'A', 0, 1, 0], "it has more than it announces"),
        (&[2, 0, 1, b'A', 1, 0, 0, 0, 1, 1], "variables are not sorted"),
        (&[2, 0, 1, b'B', 0, 1, b'A', 0, 0, 1, 1], "variables are not sorted"),
        (&[0xff, 0xff, 0xff, 0xff, 0x0f], "it announces more than it has"),
    ] {
        assert_eq!(one(payload), format!("{corrupt}: {why}"), "{payload:?}");
    }
    let long = [&[1, 0, 0x81, 0x20][..], &[b'x'; 4097], &[0, 1]].concat();
    assert!(one(&long).ends_with("it has 4097 bytes (at most 4096 are kept)"), "{}", one(&long));
    let twice = refusal(&|frames| frames.extend(frames.clone()));
    assert_eq!(twice, format!("{corrupt}: it is not one block"));
}

/// Where nobody says what the environment is, whoever consulted any of it runs.
#[test]
fn an_unknown_environment_proves_nothing() {
    let (index, job) = (samples::tiny_with_variables(), samples::job("unit"));
    let ask = |variables: &Variables| {
        let answer = impacted(&index, &job, &[], SharedPolicy::Run, variables);
        let Answer::Subset(subset) = answer else { panic!("{answer:?}") };
        (subset.run.len(), subset.reasons.into_iter().map(|(reason, _)| reason).collect::<Vec<_>>())
    };
    assert_eq!(ask(&samples::variables()), (0, vec![]));
    let [home, hostname] = [0, 1].map(|at| index.variables()[at].consulted.name.clone());
    assert_eq!(ask(&Variables::known::<&str, &str>([])), (2, vec![Reason::Variable(home.clone())]));
    let unknown = vec![Reason::UnknownVariable(home), Reason::UnknownVariable(hostname)];
    assert_eq!(ask(&Variables::default()), (2, unknown));
}

#[test]
fn what_is_no_index_is_called_none() {
    let message = |bytes: &[u8]| {
        let error = decode(bytes).unwrap_err().to_string();
        assert_eq!(IndexReader::open(bytes).unwrap_err().to_string(), error);
        error
    };
    let zip = [b"PK\x05\x06".as_slice(), &[0; 60]].concat();
    let text = "{\"unit\": {\"pkg/a\": [\"TestA\"]}}\n".repeat(3);
    insta::assert_snapshot!(message(b""), @"the index is corrupt in its trailer section: it is too short to be a skiptrace index");
    insta::assert_snapshot!(message(b"x"), @"the index is corrupt in its trailer section: it is too short to be a skiptrace index");
    insta::assert_snapshot!(message(&zip), @"the index is corrupt in its trailer section: its checksum does not match: the file is cut, damaged, or no skiptrace index");
    insta::assert_snapshot!(message(text.as_bytes()), @"the index is corrupt in its trailer section: its checksum does not match: the file is cut, damaged, or no skiptrace index");
    insta::assert_snapshot!(message(&RICH[..RICH.len() - 1]), @"the index is corrupt in its trailer section: its checksum does not match: the file is cut, damaged, or no skiptrace index");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Checksums keep out accidents. Behind them, too, any payload is an index or an error.
    #[test]
    fn damage_under_sound_checksums_is_survived(seed: u64, code in 1u8..=9, n_changes in 1usize..3) {
        let mut random = Random(seed);
        let mut file = File::parse(&RICH);
        for _ in 0..n_changes {
            let frames = &mut file.section_mut(code).frames;
            match random.below(20) {
                0 => frames.clear(),
                1 => frames.extend(frames.clone()),
                _ => {
                    let frame = random.below(frames.len());
                    frames.iter_mut().skip(frame).take(1).for_each(|frame| mutate(frame, &mut random));
                }
            }
        }
        targets::codec(&file.to_bytes());
    }
}

/// A few bytes that say that there is a lot are refused before room is made for it.
#[test]
fn what_announces_too_much_is_refused() {
    let refusal = |code: u8, frame: Vec<u8>| {
        let mut file = File::parse(&RICH);
        file.section_mut(code).frames = vec![frame];
        decode(file.to_bytes()).unwrap_err().to_string()
    };
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f].repeat(8);
    for code in 1..=9 {
        assert!(refusal(code, huge.clone()).contains("corrupt"), "section {code}");
        assert!(refusal(code, vec![0; 70_000_000]).contains("corrupt"), "section {code}");
    }
}

/// Writes a directory's and a meta section's counts anew; the rest of the file stays.
#[test]
fn announced_counts_make_no_room_by_themselves() {
    // No test, no file, one block of units and one of sets, both of which announce as many as there can be.
    let number = |value: u64| {
        let mut bytes = Vec::new();
        write_varint(&mut bytes, value);
        bytes
    };
    for (units, locals, pool) in [(u32::MAX, 0, 1), (0, u32::MAX - 1, 1), (0, 0, u32::MAX)] {
        let meta = format!(
            r#"{{"format":1,"kind":"function","recordings":[],"expected":[],"jobs":[],"counts":{{"tests":0,"files":0,"units":{units},"pool_sets":{pool}}}}}"#
        );
        let directory = [
            vec![0, 0, 0, 0, 1, 0],
            number(units.into()),
            number(locals.into()),
            vec![1],
            number(pool.into()),
            vec![0],
        ];
        let frames: [&[Vec<u8>]; 8] = [
            &[],
            &[],
            &[vec![0; 100]],
            &[vec![0; 100]],
            &[],
            &[vec![0]],
            &[meta.into_bytes()],
            &[directory.concat()],
        ];
        let sections =
            (1..).zip(frames).map(|(code, frames)| Section { code, required: 1, frames: frames.to_vec() });
        let file = File { sections: sections.collect(), version: 1, readable_from: 1 };
        let error = decode(file.to_bytes()).unwrap_err().to_string();
        assert!(error.contains("its units section") || error.contains("its sets section"), "{error}");
        targets::codec(&file.to_bytes());
    }
}

#[test]
fn the_lazy_reader_has_what_the_whole_has() {
    let (index, bytes) = &*LARGE;
    let reader = IndexReader::open(bytes.as_slice()).unwrap();
    assert_eq!(reader.jobs(), index.jobs());
    let now = samples::variables();
    for changes in targets::changes() {
        for job in index.jobs() {
            assert_eq!(
                impacted(&reader, &job.job, &changes, SharedPolicy::Run, &now),
                impacted(index, &job.job, &changes, SharedPolicy::Run, &now)
            );
        }
    }
}
