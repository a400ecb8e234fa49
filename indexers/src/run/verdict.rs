//! How a test ended, told from its process.

use std::borrow::Cow;

use crate::run::case::{Rules, Verdict};
use crate::run::cmake_regex;

/// What a process told about its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The test ran and passed.
    Passed,
    /// The test ran and failed.
    Failed,
    /// The test chose not to run.
    Skipped,
    /// The process ended well and never said that it ran the test: nothing is known, and nothing is proven.
    NothingRan,
}

impl Verdict {
    /// Says how a test ended whose process exited with `code` (`None`: a signal ended it) and printed this.
    pub fn judge(&self, code: Option<i32>, stdout: &[u8], stderr: &[u8]) -> Judgement {
        match self {
            Verdict::ExitCode if code == Some(0) => Judgement::Passed,
            Verdict::ExitCode => Judgement::Failed,
            // A crash is not the failure that was expected.
            Verdict::Fails if code.is_some_and(|code| code != 0) => Judgement::Passed,
            Verdict::Fails => Judgement::Failed,
            Verdict::Output { skip_codes, skipped, ran } => {
                let Some(code) = code else { return Judgement::Failed };
                let says_skipped = || has_any(stdout, skipped);
                if skip_codes.contains(&code) && (skipped.is_empty() || says_skipped()) {
                    Judgement::Skipped
                } else if code != 0 {
                    Judgement::Failed
                } else if says_skipped() {
                    Judgement::Skipped
                } else if ran.is_empty() || has_any(stdout, ran) {
                    Judgement::Passed
                } else {
                    Judgement::NothingRan
                }
            }
            Verdict::Rules(rules) => rules.judge(code, stdout, stderr),
        }
    }
}

impl Rules {
    fn judge(&self, code: Option<i32>, stdout: &[u8], stderr: &[u8]) -> Judgement {
        let Some(code) = code else { return Judgement::Failed };
        if self.skip_code == Some(code) {
            return Judgement::Skipped;
        }
        let output = [stdout, stderr].concat();
        // A pattern that cannot be read finds nothing where a pass hangs on it, and something where a failure does.
        let found = |patterns: &[String], unreadable: bool| {
            patterns.iter().any(|pattern| match cmake_regex::compile(pattern) {
                Ok(regex) => regex.is_match(&output),
                Err(_) => unreadable,
            })
        };
        if found(&self.skips, true) {
            return Judgement::Skipped;
        }
        let unwanted = found(&self.fails, true) || !self.passes.is_empty() && !found(&self.passes, false);
        let success = !unwanted && (code == 0 || !self.passes.is_empty());
        if success == self.will_fail {
            Judgement::Failed
        } else if has_any(stdout, &self.idle) || !(self.ran.is_empty() || has_any(stdout, &self.ran)) {
            Judgement::NothingRan
        } else {
            Judgement::Passed
        }
    }
}

fn has_any(output: &[u8], words: &[String]) -> bool {
    if words.is_empty() {
        return false;
    }
    let output = single_blanks(output);
    words.iter().any(|words| memchr::memmem::find(&output, &single_blanks(words.as_bytes())).is_some())
}

fn single_blanks(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"  ").is_none() {
        return Cow::Borrowed(text);
    }
    let mut single = text.to_vec();
    single.dedup_by(|second, first| *second == b' ' && *first == b' ');
    Cow::Owned(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&words| words.to_owned()).collect()
    }

    #[test]
    fn exit_codes() {
        assert_eq!(Verdict::ExitCode.judge(Some(0), b"", b""), Judgement::Passed);
        assert_eq!(Verdict::ExitCode.judge(Some(3), b"", b""), Judgement::Failed);
        assert_eq!(Verdict::ExitCode.judge(None, b"", b""), Judgement::Failed);
        assert_eq!(Verdict::Fails.judge(Some(0), b"", b""), Judgement::Failed);
        assert_eq!(Verdict::Fails.judge(Some(3), b"", b""), Judgement::Passed);
        assert_eq!(Verdict::Fails.judge(None, b"", b""), Judgement::Failed);
    }

    #[test]
    fn words_of_frameworks() {
        let verdict = Verdict::Output {
            skip_codes: vec![4],
            skipped: words(&["1 skipped"]),
            ran: words(&["cases: 1 | 1 passed"]),
        };
        for (code, output, expected) in [
            (Some(0), "cases:  1 |   1 passed", Judgement::Passed),
            (Some(0), "cases: 0 | 0 passed", Judgement::NothingRan),
            (Some(1), "cases: 1 | 1 passed", Judgement::Failed),
            (Some(4), "cases: 1 | 1 skipped", Judgement::Skipped),
            (Some(0), "cases: 1 | 1 skipped", Judgement::Skipped),
            (Some(1), "cases: 1 | 1 skipped", Judgement::Failed),
            (Some(4), "cases: 1 | 4 failed", Judgement::Failed),
            (None, "cases: 1 | 1 passed", Judgement::Failed),
        ] {
            assert_eq!(verdict.judge(code, output.as_bytes(), b""), expected, "{code:?} {output}");
        }
    }

    #[test]
    fn rules_of_ctest() {
        let judge = |rules: &Rules, code, output: &str| {
            Verdict::Rules(Box::new(rules.clone())).judge(code, b"", output.as_bytes())
        };
        let plain = Rules::default();
        assert_eq!(judge(&plain, Some(0), ""), Judgement::Passed);
        assert_eq!(judge(&plain, Some(1), ""), Judgement::Failed);
        let skips = Rules { skip_code: Some(77), skips: words(&["not here"]), ..Rules::default() };
        assert_eq!(judge(&skips, Some(77), ""), Judgement::Skipped);
        assert_eq!(judge(&skips, Some(0), "it is not here"), Judgement::Skipped);
        let passes = Rules { passes: words(&["^good", "fine"]), ..Rules::default() };
        assert_eq!(judge(&passes, Some(3), "good"), Judgement::Passed);
        assert_eq!(judge(&passes, Some(0), "no good"), Judgement::Failed);
        assert_eq!(judge(&passes, None, "good"), Judgement::Failed);
        let fails = Rules { fails: words(&["[Ee]rror"]), ..Rules::default() };
        assert_eq!(judge(&fails, Some(0), "an error"), Judgement::Failed);
        assert_eq!(judge(&fails, Some(0), "fine"), Judgement::Passed);
        let inverted = Rules { will_fail: true, fails: words(&["error"]), ..Rules::default() };
        assert_eq!(judge(&inverted, Some(0), ""), Judgement::Failed);
        assert_eq!(judge(&inverted, Some(0), "error"), Judgement::Passed);
        assert_eq!(judge(&inverted, Some(1), ""), Judgement::Passed);
        assert_eq!(judge(&inverted, None, ""), Judgement::Failed);
        let idle = Verdict::Rules(Box::new(Rules { idle: words(&["ran none"]), ..Rules::default() }));
        assert_eq!(idle.judge(Some(0), b"ran none", b""), Judgement::NothingRan);
        assert_eq!(idle.judge(Some(1), b"ran none", b""), Judgement::Failed);
        assert_eq!(idle.judge(Some(0), b"ran one", b""), Judgement::Passed);
        let unreadable = Rules { fails: words(&["("]), ..Rules::default() };
        assert_eq!(judge(&unreadable, Some(0), ""), Judgement::Failed);
    }
}
