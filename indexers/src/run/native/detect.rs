//! Which test framework a binary speaks.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use memchr::memmem::Finder;

/// A test framework of C and C++.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// GoogleTest.
    GoogleTest,
    /// Catch2, versions 2 and 3.
    Catch2,
    /// doctest.
    Doctest,
    /// None: the executable is one test.
    Plain,
}

impl Framework {
    /// All of them.
    pub const ALL: [Framework; 4] =
        [Framework::GoogleTest, Framework::Catch2, Framework::Doctest, Framework::Plain];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Framework::GoogleTest => "googletest",
            Framework::Catch2 => "catch2",
            Framework::Doctest => "doctest",
            Framework::Plain => "plain",
        }
    }

    /// Returns texts of which a binary that speaks it has at least one. They are in its data, or, where the
    /// framework is a shared library, among the names that it wants from there.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Framework::GoogleTest => {
                &["gtest_list_tests", "_ZN7testing14InitGoogleTest", "_ZN7testing8UnitTest11GetInstance"]
            }
            Framework::Catch2 => &["list-test-names-only", "Catch2TestRun", "_ZN5Catch7Session"],
            Framework::Doctest => &["list-test-cases", "_ZN7doctest7ContextC"],
            Framework::Plain => &[],
        }
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no framework's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown test framework `{0}` (known frameworks: googletest, catch2, doctest, plain)")]
pub struct UnknownFramework(String);

impl FromStr for Framework {
    type Err = UnknownFramework;

    fn from_str(name: &str) -> Result<Framework, UnknownFramework> {
        let found = Framework::ALL.into_iter().find(|framework| framework.name() == name);
        found.ok_or_else(|| UnknownFramework(name.to_owned()))
    }
}

/// How much of a file is looked at. Nothing runs unless a mark is found, so a larger one is a plain executable.
const MAX_LOOKED_AT: u64 = 8 << 30;

/// How much of a file is in memory at a time.
const CHUNK: usize = 1 << 20;

/// Returns the frameworks whose marks the executable at `path` bears, without running it.
///
/// A mark is no proof: whoever asks must see whether the answer is one.
pub fn candidates(path: &Path) -> io::Result<Vec<Framework>> {
    candidates_in(File::open(path)?)
}

fn candidates_in(file: impl Read) -> io::Result<Vec<Framework>> {
    let mut missing: Vec<(Framework, Vec<Finder<'_>>)> = Framework::ALL
        .into_iter()
        .map(|framework| (framework, framework.marks().iter().map(Finder::new).collect()))
        .collect();
    let longest = Framework::ALL.iter().flat_map(|framework| framework.marks()).map(|mark| mark.len()).max();
    let overlap = longest.unwrap_or(1) - 1;
    let mut found = Vec::new();
    let mut file = file.take(MAX_LOOKED_AT);
    let mut chunk = Vec::with_capacity(CHUNK + overlap);
    let mut is_first = true;
    loop {
        let n_read = file.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        if is_first && !is_executable(&chunk) {
            return Ok(Vec::new());
        }
        is_first = false;
        missing.retain(|(framework, finders)| {
            let is_there = finders.iter().any(|finder| finder.find(&chunk).is_some());
            if is_there {
                found.push(*framework);
            }
            !is_there
        });
        if n_read == 0 {
            break;
        }
        // A mark may lie across the border.
        chunk.drain(..chunk.len().saturating_sub(overlap));
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns whether the file begins as executables do; a script is none, whatever it mentions.
fn is_executable(start: &[u8]) -> bool {
    const MAGICS: [&[u8]; 5] =
        [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
    MAGICS.iter().any(|magic| start.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_back() {
        for framework in Framework::ALL {
            assert_eq!(framework.name().parse(), Ok(framework));
        }
        insta::assert_snapshot!("gtest".parse::<Framework>().unwrap_err(), @"unknown test framework `gtest` (known frameworks: googletest, catch2, doctest, plain)");
    }

    #[test]
    fn scripts_are_plain() {
        assert_eq!(candidates_in(&b"#!/bin/sh\n./t --gtest_list_tests\n"[..]).unwrap(), []);
        assert_eq!(candidates_in(&b""[..]).unwrap(), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn marks_are_found_wherever_they_are(
            place in prop_oneof![0usize..64, CHUNK - 64..CHUNK + 64, 2 * CHUNK - 90..2 * CHUNK],
            framework in prop::sample::select(&Framework::ALL[..3]),
            which in 0usize..3,
        ) {
            let marks = framework.marks();
            let mut bytes = b"\x7fELF".to_vec();
            bytes.resize(bytes.len() + place, b'.');
            bytes.extend_from_slice(marks[which % marks.len()].as_bytes());
            prop_assert_eq!(candidates_in(&bytes[..]).unwrap(), [framework]);
            bytes.pop();
            prop_assert_eq!(candidates_in(&bytes[..]).unwrap(), []);
        }
    }
}
