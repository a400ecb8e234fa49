//! ninja's log of what each output was made of: `.ninja_deps`.
//!
//! ninja reads the depfile of a compilation, appends what it says to this log and deletes the depfile, so that the
//! log is the only place where header dependencies of a ninja build are kept.

use std::collections::BTreeMap;

use thiserror::Error;

const SIGNATURE: &[u8] = b"# ninjadeps\n";
/// ninja itself takes a larger record for damage.
const MAX_RECORD: usize = (1 << 19) - 1;

/// What each output was made of, as the log says in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NinjaDeps {
    /// Every path that the log names, as ninja wrote it: relative to the build folder, mostly.
    paths: Vec<Box<[u8]>>,
    /// The inputs of each output, as places in `paths`.
    inputs: BTreeMap<u32, Box<[u32]>>,
    /// Where the log stopped making sense; what comes after is lost.
    pub damage: Option<Damage>,
}

/// Where a log ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the log is damaged at byte {offset} of {length}: {reason}")]
pub struct Damage {
    /// Where the record begins that makes no sense.
    pub offset: usize,
    /// How long the log is.
    pub length: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Why a file is no log that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NinjaDepsError {
    /// It does not begin as such a log does.
    #[error("not a ninja deps log")]
    NotALog,
    /// It has a version that is unknown here.
    #[error("version {found} of ninja's deps log is unknown (known: 3 and 4)")]
    Version {
        /// Its version.
        found: u32,
    },
}

impl NinjaDeps {
    /// Parses a log. One that stops making sense is read up to there, as ninja does, and says so in
    /// [`damage`](NinjaDeps::damage).
    pub fn parse(bytes: &[u8]) -> Result<NinjaDeps, NinjaDepsError> {
        let rest = bytes.strip_prefix(SIGNATURE).ok_or(NinjaDepsError::NotALog)?;
        let (version, mut rest) = take_u32(rest).ok_or(NinjaDepsError::NotALog)?;
        let mtime_bytes = match version {
            3 => 4,
            4 => 8,
            found => return Err(NinjaDepsError::Version { found }),
        };
        let mut log = NinjaDeps::default();
        while !rest.is_empty() {
            match log.record(rest, mtime_bytes) {
                Ok(after) => rest = after,
                Err(reason) => {
                    log.damage =
                        Some(Damage { offset: bytes.len() - rest.len(), length: bytes.len(), reason });
                    break;
                }
            }
        }
        Ok(log)
    }

    /// Returns each output with its inputs, in the order in which the log first named the outputs.
    pub fn outputs(&self) -> impl Iterator<Item = (&[u8], impl Iterator<Item = &[u8]>)> {
        let path = |id: &u32| &*self.paths[*id as usize];
        self.inputs.iter().map(move |(output, inputs)| (path(output), inputs.iter().map(path)))
    }

    /// Reads one record and returns what comes after it.
    fn record<'a>(&mut self, bytes: &'a [u8], mtime_bytes: usize) -> Result<&'a [u8], &'static str> {
        let (head, rest) = take_u32(bytes).ok_or("cut off in the size of a record")?;
        let size = (head & 0x7fff_ffff) as usize;
        if size > MAX_RECORD || !size.is_multiple_of(4) {
            return Err("a record of an impossible size");
        }
        let (record, rest) = rest.split_at_checked(size).ok_or("cut off in a record")?;
        if head >> 31 == 0 {
            let (path, checksum) =
                record.split_at_checked(size.wrapping_sub(4)).ok_or("a path record without a checksum")?;
            let id = u32::try_from(self.paths.len()).map_err(|_| "too many paths")?;
            if take_u32(checksum).map(|(sum, _)| !sum) != Some(id) {
                return Err("a path whose checksum is of another");
            }
            // Padded to a multiple of four with up to three NULs.
            let n_padding = path.iter().rev().take(3).take_while(|byte| **byte == 0).count();
            self.paths.push(path[..path.len() - n_padding].into());
        } else {
            let (output, inputs) = take_u32(record).ok_or("a record without an output")?;
            let (_mtime, inputs) = inputs.split_at_checked(mtime_bytes).ok_or("a record without a time")?;
            let ids: Box<[u32]> =
                inputs.chunks_exact(4).map(|id| u32::from_le_bytes([id[0], id[1], id[2], id[3]])).collect();
            if ids.iter().chain([&output]).any(|id| *id as usize >= self.paths.len()) {
                return Err("a record of a path that was not named");
            }
            self.inputs.insert(output, ids);
        }
        Ok(rest)
    }
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::build::testing::{Sandbox, tool};

    #[derive(Debug, Clone)]
    enum Record {
        Path(String),
        Deps(u32, Vec<u32>),
    }

    fn write(version: u32, records: &[Record]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend(version.to_le_bytes());
        let mut n_paths = 0u32;
        for record in records {
            let (flag, mut body) = match record {
                Record::Path(path) => {
                    let mut body = path.clone().into_bytes();
                    body.resize(body.len().next_multiple_of(4), 0);
                    body.extend((!n_paths).to_le_bytes());
                    n_paths += 1;
                    (0, body)
                }
                Record::Deps(output, inputs) => {
                    let mut body = output.to_le_bytes().to_vec();
                    body.extend(vec![7; if version == 3 { 4 } else { 8 }]);
                    inputs.iter().for_each(|input| body.extend(input.to_le_bytes()));
                    (1u32 << 31, body)
                }
            };
            out.extend((body.len() as u32 | flag).to_le_bytes());
            out.append(&mut body);
        }
        out
    }

    fn text(log: &NinjaDeps) -> BTreeMap<String, Vec<String>> {
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        log.outputs().map(|(output, inputs)| (text(output), inputs.map(text).collect())).collect()
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let paths = proptest::collection::vec("[a-z/ é]{1,9}".prop_map(Record::Path), 1..6);
        let deps = proptest::collection::vec((0u32..6, proptest::collection::vec(0u32..6, 0..5)), 0..8);
        (paths, deps).prop_map(|(mut records, deps)| {
            let n_paths = records.len() as u32;
            let deps = deps.into_iter().map(|(output, inputs)| {
                Record::Deps(output % n_paths, inputs.into_iter().map(|input| input % n_paths).collect())
            });
            records.extend(deps);
            records
        })
    }

    proptest! {
        #[test]
        fn the_last_record_of_an_output_wins(records in records(), version in 3u32..5) {
            let log = NinjaDeps::parse(&write(version, &records)).unwrap();
            let mut expected = BTreeMap::new();
            for record in &records {
                if let Record::Deps(output, inputs) = record {
                    expected.insert(*output, inputs.clone().into_boxed_slice());
                }
            }
            prop_assert_eq!(&log.inputs, &expected);
            prop_assert_eq!(log.damage, None);
        }

        #[test]
        fn a_cut_log_says_so(records in records(), version in 3u32..5, cut in 1usize..40) {
            let bytes = write(version, &records);
            let cut = bytes.len().saturating_sub(cut).max(SIGNATURE.len() + 4);
            let log = NinjaDeps::parse(&bytes[..cut]).unwrap();
            // A cut between two records cannot be seen; everywhere else it is told.
            let at_a_border = (0..=records.len()).any(|n| write(version, &records[..n]).len() == cut);
            prop_assert_eq!(log.damage.is_none(), at_a_border);
        }

        #[test]
        fn anything_is_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..80), version in 2u32..6, magic in any::<bool>(),
        ) {
            let mut log = if magic { write(version, &[]) } else { Vec::new() };
            log.extend(bytes);
            if let Ok(log) = NinjaDeps::parse(&log) {
                for (_, inputs) in log.outputs() {
                    prop_assert!(inputs.count() < 80);
                }
            }
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert_eq!(NinjaDeps::parse(b"# ninjalog v5\n"), Err(NinjaDepsError::NotALog));
        assert_eq!(NinjaDeps::parse(&write(5, &[])), Err(NinjaDepsError::Version { found: 5 }));
        let unnamed = NinjaDeps::parse(&write(4, &[Record::Deps(0, vec![])])).unwrap();
        insta::assert_snapshot!(unnamed.damage.unwrap(), @"the log is damaged at byte 16 of 32: a record of a path that was not named");
    }

    #[test]
    fn says_what_ninja_says() {
        let (Some(ninja), Some(gcc)) = (tool("ninja"), tool("gcc")) else { return };
        let sandbox = Sandbox::new();
        sandbox.write("a.h", "#include \"b c.h\"\n");
        sandbox.write("b c.h", "");
        sandbox.write("later.h", "");
        sandbox.write("one.c", "#include \"a.h\"\nint one(void) { return 1; }\n");
        sandbox.write("two.c", "#include \"b c.h\"\nint two(void) { return 2; }\n");
        sandbox.write(
            "build.ninja",
            &format!(
                "rule cc\n  command = {gcc} -MD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n\
                 build one.o: cc one.c\nbuild two.o: cc two.c\n"
            ),
        );
        let run = |args: &[&str]| {
            let done = Command::new(ninja).current_dir(sandbox.path()).args(args).output().unwrap();
            assert!(done.status.success(), "{done:?}");
            String::from_utf8(done.stdout).unwrap()
        };
        for change in [None, Some("#include \"later.h\"\nint two(void) { return 3; }\n")] {
            if let Some(text) = change {
                // Written again, the second record of the same output has other inputs.
                std::thread::sleep(std::time::Duration::from_millis(20));
                sandbox.write("two.c", text);
            }
            run(&[]);
            let log = NinjaDeps::parse(&std::fs::read(sandbox.path().join(".ninja_deps")).unwrap()).unwrap();
            assert_eq!(log.damage, None);
            let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let mut output = String::new();
            for line in run(&["-t", "deps"]).lines() {
                if let Some(input) = line.strip_prefix("    ") {
                    expected.get_mut(&output).unwrap().push(input.to_owned());
                } else if let Some((name, rest)) = line.split_once(": #deps") {
                    assert!(rest.contains("VALID"), "{line}");
                    output = name.to_owned();
                    expected.insert(output.clone(), Vec::new());
                }
            }
            assert_eq!(text(&log), expected);
            assert!(expected["one.o"].contains(&"b c.h".to_owned()));
            assert_eq!(expected["two.o"].contains(&"later.h".to_owned()), change.is_some());
        }
    }
}
