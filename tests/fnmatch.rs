//! Patterns mean what Python's `fnmatch` says: compared with it on many of them.

use std::io::Write;
use std::process::{Command, Stdio};

use skiptrace_engine::glob::Glob;
use skiptrace_tests::tools;

const SCRIPT: &str = "
import fnmatch, json, sys
for line in sys.stdin:
    pattern, text = json.loads(line)
    print(int(fnmatch.fnmatchcase(text, pattern)))
";

/// Patterns and texts over few characters, so that many of them match.
fn cases() -> Vec<(String, String)> {
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut draw = |from: &[char], longest: usize| -> String {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        (0..next() % (longest + 1)).map(|_| from[next() % from.len()]).collect()
    };
    let pattern_chars: Vec<char> = "ab/.**??[]!-é".chars().collect();
    let text_chars: Vec<char> = "ab/.]-é\n".chars().collect();
    (0..40_000).map(|_| (draw(&pattern_chars, 9), draw(&text_chars, 6))).collect()
}

#[test]
fn patterns_match_what_python_matches() {
    let Some(python) = tools::require("python3") else { return };
    let cases = cases();
    let mut child = Command::new(python)
        .args(["-X", "utf8", "-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let lines: String = cases.iter().map(|case| serde_json::to_string(case).unwrap() + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().unwrap().expect("python reads");
    assert!(output.status.success());
    let answers: Vec<bool> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "1").collect();
    assert_eq!(answers.len(), cases.len());
    let matching = answers.iter().filter(|matches| **matches).count();
    assert!(matching > cases.len() / 100, "only {matching} match, so there is little to compare");
    for ((pattern, text), expected) in cases.iter().zip(answers) {
        assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern:?} against {text:?}");
    }
}
