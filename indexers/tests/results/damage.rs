//! Files that end early, or are something else.

use std::fs;
use std::io::Write;

use insta::assert_snapshot;
use skiptrace_indexers::results::Why;

use crate::{lines, results_of, sample, told};

const COMPLETE: [&str; 12] = [
    "nextest.xml",
    "nextest-libtest-plus.json",
    "go-test.json",
    "gotestsum-rerun.json",
    "gotestsum-broken.xml",
    "pytest-rerun.xml",
    "gtest.xml",
    "gtest.json",
    "ctest.xml",
    "surefire.xml",
    "bazel.xml",
    "nextest-flaky-fails.xml",
];

/// Wherever a file is cut, it says so: never are the tests that are missing taken for tests that did not run.
#[test]
fn files_that_end_early_are_errors() {
    for name in COMPLETE {
        let bytes = fs::read(sample(name)).expect("there is such a sample");
        let end = bytes.trim_ascii_end().len() - 1;
        let whole = lines(&results_of(name, &bytes).expect("it is whole").1);
        for len in (0..end).step_by(1 + bytes.len() / 400) {
            match results_of(name, &bytes[..len]) {
                Err(error) => {
                    assert!(!matches!(error.why, Why::Io(_)), "{name}, {len}: {error}");
                    assert!(error.to_string().contains(name) && !error.hint().is_empty());
                }
                // Streams of events have no end of their own: after that of a suite there may be another.
                Ok((_, results)) => {
                    assert!(name.ends_with(".json") && name != "gtest.json", "{name}, {len}");
                    assert!(lines(&results) != whole || len + 600 > end, "{name}, {len}");
                    assert!(bytes[..len].ends_with(b"\n") || bytes[..len].ends_with(b"}"), "{name}, {len}");
                }
            }
        }
    }
}

#[test]
fn errors_say_which_file_where_and_what() {
    let error = |name: &str, text: &str| {
        let error = results_of(name, text.as_bytes()).expect_err("it is wrong");
        format!("{error}\nhint: {}", error.hint())
    };
    assert_snapshot!(error("a.xml", ""), @"
    cannot read the results `a.xml`: the file is empty
    hint: the run was cut off, or the file is still being written: have the job write it again, or leave it out
    ");
    assert_snapshot!(error("a.xml", "ok 1 - tap"), @"
    cannot read the results `a.xml`: the file is in no format of results that is known (JUnit XML, `go test -json`, nextest's libtest-json, GoogleTest JSON)
    hint: have the runner write JUnit XML, or the output of `go test -json`, of nextest's `--message-format libtest-json`, or of `--gtest_output=json:`
    ");
    assert_snapshot!(error("a.xml", "<html><body/></html>"), @"
    cannot read the results `a.xml`: the root element is `html`, which is none of JUnit's (at byte 6)
    hint: have the runner write JUnit XML, or the output of `go test -json`, of nextest's `--message-format libtest-json`, or of `--gtest_output=json:`
    ");
    assert_snapshot!(error("a.xml", "<testsuites><testsuite name='s'><testcase name='t'><failure>x"), @"
    cannot read the results `a.xml`: the file ends early: inside of the test `t` (at byte 61)
    hint: the run was cut off, or the file is still being written: have the job write it again, or leave it out
    ");
    assert_snapshot!(error("a.xml", "<testsuites><testsuite name='s'></testsuites>"), @"
    cannot read the results `a.xml`: the file is damaged: ill-formed document: expected `</testsuite>`, but `</testsuites>` was found (at byte 32)
    hint: something else was written into the file, such as a second stream: have the runner write to a file of its own
    ");
    assert_snapshot!(error("a.json", "{\"Action\":\"start\",\"Package\":\"p\"}\n"), @"
    cannot read the results `a.json`: the file ends early: there is no end of the package `p` (at line 1)
    hint: the run was cut off, or the file is still being written: have the job write it again, or leave it out
    ");
    assert_snapshot!(error("a.json", "{\"Action\":\"start\",\"Package\":\"p\"}\n{\"Action\":\"ru"), @"
    cannot read the results `a.json`: the file ends early: inside of an event (at line 2)
    hint: the run was cut off, or the file is still being written: have the job write it again, or leave it out
    ");
    assert_snapshot!(
        error("a.json", "{\"Action\":\"start\",\"Package\":\"p\"}\n{\"Action\":\"ru{\"Action\"\n{}\n"), @"
    cannot read the results `a.json`: the file is damaged: an event is cut up: expected `,` or `}` at line 1 column 16 (at line 2)
    hint: something else was written into the file, such as a second stream: have the runner write to a file of its own
    "
    );
    assert_snapshot!(error("a.json", "{\"tests\": 1,\n\"testsuites\": [{\"name\": \"x\","), @"
    cannot read the results `a.json`: the file ends early: inside of its document (at line 2)
    hint: the run was cut off, or the file is still being written: have the job write it again, or leave it out
    ");
    assert_snapshot!(error("a.json", "{\"tests\": 1, \"name\": \"AllTests\"}"), @"
    cannot read the results `a.json`: the file is in no format of results that is known (JUnit XML, `go test -json`, nextest's libtest-json, GoogleTest JSON)
    hint: have the runner write JUnit XML, or the output of `go test -json`, of nextest's `--message-format libtest-json`, or of `--gtest_output=json:`
    ");
}

#[test]
fn packed_files_are_unpacked_and_cut_ones_are_cut() {
    let bytes = fs::read(sample("nextest.xml")).expect("there is such a sample");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).expect("memory takes all writes");
    let packed = packed.finish().expect("memory takes all writes");
    let (_, results) = results_of("nextest.xml.gz", &packed).expect("it is sound");
    assert!(told("nextest.xml").ends_with(&lines(&results)));
    for len in (20..packed.len()).step_by(97) {
        let error = results_of("nextest.xml.gz", &packed[..len]).expect_err("it is cut");
        assert!(matches!(error.why, Why::Truncated(_)), "{len}: {error}");
    }
}
