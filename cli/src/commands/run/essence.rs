//! What of a failed test's output people want to see: without what its framework says of a run of one test.

/// Returns what a test of Rust printed, and how it panicked.
pub(super) fn of_libtest(output: &str, name: &str) -> String {
    let begin = format!("---- {name} stdout ----\n");
    let Some(start) = output.find(&begin).map(|at| at + begin.len()) else { return output.to_owned() };
    let rest = &output[start..];
    let end = rest.find("\n\nfailures:\n").unwrap_or(rest.len());
    // What went past the harness comes after its last words.
    let (own, after) = rest.split_at(end);
    let last = "\ntest result: FAILED.";
    let past = after.find(last).and_then(|at| after[at + last.len()..].split_once('\n'));
    let past = past.map_or("", |(_, past)| past.trim());
    if past.is_empty() { own.trim().to_owned() } else { format!("{}\n{past}", own.trim()) }
}

/// Returns what a test of Go said before it failed.
pub(super) fn of_go(output: &str, name: &str) -> String {
    let own = format!("--- FAIL: {name} (");
    let is_noise = |line: &str| {
        let line = line.trim_start_matches('\u{16}');
        ["=== RUN ", "=== PAUSE ", "=== CONT ", "=== NAME ", "exit status "]
            .iter()
            .any(|start| line.starts_with(start))
            || line == "FAIL"
            || line.starts_with(&own)
            || line.starts_with("coverage: ")
    };
    let lines: Vec<&str> = output.lines().filter(|line| !is_noise(line)).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Returns what a test of GoogleTest said between its start and its end.
pub(super) fn of_google_test(output: &str) -> String {
    let Some(start) = output.find("[ RUN      ]") else { return output.to_owned() };
    let rest = output[start..].split_once('\n').map_or("", |(_, rest)| rest);
    // One that crashed has no end.
    match rest.split_once("[  FAILED  ]") {
        Some((own, _)) => own.trim_end().to_owned(),
        None => rest.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frameworks_say_of_one_test_is_left_out() {
        let of_rust = "\nrunning 1 test\ntest a::b ... FAILED\n\nfailures:\n\n---- a::b stdout ----\nhello\n\n\
                       thread 'a::b' panicked at src/lib.rs:3:5:\nno\n\n\nfailures:\n    a::b\n\n\
                       test result: FAILED. 0 passed; 1 failed\n\n\nraw words\n";
        insta::assert_snapshot!(of_libtest(of_rust, "a::b"), @r"
        hello

        thread 'a::b' panicked at src/lib.rs:3:5:
        no
        raw words
        ");
        assert_eq!(of_libtest("it crashed", "a::b"), "it crashed");
        let go = "=== RUN   TestA\n    a_test.go:7: no\n--- FAIL: TestA (0.00s)\nFAIL\n";
        assert_eq!(of_go(go, "TestA"), "    a_test.go:7: no");
        let google =
            "[==========] Running 1 test\n[ RUN      ] A.b\nt.cpp:1: Failure\n[  FAILED  ] A.b (0 ms)\nmore";
        assert_eq!(of_google_test(google), "t.cpp:1: Failure");
        assert_eq!(of_google_test("[ RUN      ] A.b\nSegmentation"), "Segmentation");
    }
}
