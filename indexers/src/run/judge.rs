//! What the end of a process says of its test.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use skiptrace_engine::record::Outcome;

use super::case::Verdict;
use super::process::Finished;

/// How much of a test's output is looked through for the words of its framework.
const LOOKED_AT: u64 = 4 * 1024 * 1024;

/// Returns how a test ended whose process ended by itself.
pub fn judge(verdict: &Verdict, finished: &Finished) -> Outcome {
    let succeeded = finished.status.success();
    match verdict {
        Verdict::ExitCode => {
            if succeeded {
                Outcome::Passed
            } else {
                Outcome::Failed
            }
        }
        Verdict::Fails => {
            if succeeded {
                Outcome::Failed
            } else {
                Outcome::Passed
            }
        }
        Verdict::Output { skip_codes, skipped, ran } => {
            if finished.status.code().is_some_and(|code| skip_codes.contains(&code)) {
                return Outcome::Skipped;
            }
            if !succeeded {
                return Outcome::Failed;
            }
            let output = tail(&finished.stdout, LOOKED_AT);
            let says = |words: &[String]| words.iter().any(|words| output.contains(words.as_str()));
            if says(skipped) {
                Outcome::Skipped
            } else if ran.is_empty() || says(ran) {
                Outcome::Passed
            } else {
                // A filter that matched nothing ends well in most frameworks, and proves nothing.
                Outcome::Failed
            }
        }
    }
}

/// Returns the last `limit` bytes of a file as text; nothing if it cannot be read.
pub(crate) fn tail(path: &Path, limit: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(limit)))?;
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}
