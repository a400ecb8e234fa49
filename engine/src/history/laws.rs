//! What holds for every run and its forms.

use proptest::prelude::*;

use super::testing::any_record;
use super::*;

proptest! {
    #[test]
    fn a_run_is_its_lines_and_its_object(record in any_record()) {
        let text = lines::encode(&record);
        prop_assert_eq!(&lines::decode(&text[..]).unwrap(), &record);
        prop_assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1 + record.tests.len());
        prop_assert_eq!(&object::unpack(&object::pack(&record), record.run.id).unwrap(), &record);
        let other = object::unpack(&object::pack(&record), RunId::new(record.run.at(), !0));
        prop_assert!(matches!(other, Err(FormatError::OtherRun(_))), "{other:?}");
    }

    #[test]
    fn runs_one_after_the_other_are_all_read(records in proptest::collection::vec(any_record(), 0..4)) {
        let join = |form: fn(&RunRecord) -> Vec<u8>| records.iter().flat_map(form).collect::<Vec<u8>>();
        for bytes in [join(lines::encode), join(object::pack)] {
            let read: Result<Vec<_>, _> = object::read(&bytes[..]).unwrap().collect();
            prop_assert_eq!(&read.unwrap(), &records);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\" a-z0-9]{0,80}") {
        let id = RunId::new(crate::time::Timestamp(0), 0);
        for bytes in [&bytes[..], text.as_bytes()] {
            let _ = lines::decode(bytes).map(|record| record.tests.len());
            let _ = object::unpack(bytes, id).map(|record| record.tests.len());
            if let Ok(runs) = object::read(bytes) {
                let _ = runs.count();
            }
        }
    }

    #[test]
    fn a_damaged_object_is_refused_or_the_same(record in any_record(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = object::pack(&record);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = object::unpack(&bytes, record.run.id) {
            prop_assert_eq!(&read, &record);
        }
        bytes.truncate(at);
        prop_assert!(object::unpack(&bytes, record.run.id).is_err());
    }

    #[test]
    fn damaged_lines_never_panic(record in any_record(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = lines::encode(&record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = lines::decode(&bytes[..]);
    }
}

const RUN: &str = r#"{"schema":"skiptrace/history-run@1","at_ms":1767323045678,"job":"unit"}"#;

fn error(text: &str) -> String {
    lines::decode(text.as_bytes()).expect_err(text).to_string()
}

#[test]
fn a_run_needs_no_more_than_a_moment_and_a_job() {
    let read = |text: &str| lines::decode(text.as_bytes()).unwrap();
    let test = r#"{"test":"a","decision":"run","later":[1]}"#;
    let record = read(&format!("{RUN}\n\n{test}\r\n"));
    assert_eq!(record.run.job.as_str(), "unit");
    assert_eq!(record.run.id.day().to_string(), "2026-01-02");
    assert_eq!(record.tests.keys().next(), Some(&TestName::new("", "a")));
    // What it says is what it is known by.
    assert_eq!(read(&format!("{RUN}\n{test}")).run.id, record.run.id);
    assert_ne!(read(RUN).run.id, record.run.id);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    insta::assert_snapshot!(error(""), @"expected one run, found 0");
    insta::assert_snapshot!(error(&format!("{RUN}\n{RUN}")), @"expected one run, found 2");
    insta::assert_snapshot!(error("{\"test\":\"a\"}"), @r#"line 1: a run begins with a line that has `"schema":"skiptrace/history-run@1"`"#);
    insta::assert_snapshot!(error(&RUN.replace("@1", "@2")), @"line 1 has version 2 of its form, and this skiptrace reads up to 1");
    insta::assert_snapshot!(error(&RUN.replace("history-run@1", "select@1")), @"line 1: `skiptrace/select@1` is not `skiptrace/history-run@1`");
    insta::assert_snapshot!(error(&RUN.replace("at_ms", "on")), @"line 1: neither `run` nor `at_ms` says when the run began");
    let test = r#"{"test":"a","decision":"run"}"#;
    insta::assert_snapshot!(error(&format!("{RUN}\n{test}\n{test}")), @"line 3: the run has the test `a` already");
    insta::assert_snapshot!(error(&format!("{RUN}\n{}", test.replace("run", "jump"))), @"line 2: unknown decision `jump` (known decisions: run, would-skip, skip)");
    let outcome = r#"{"test":"a","decision":"run","outcome":"fine"}"#;
    insta::assert_snapshot!(error(&format!("{RUN}\n{outcome}")), @"line 2: unknown outcome `fine` (known outcomes: passed, skipped, flaky, timed-out, failed)");
    let other = r#"{"test":"a","decision":"run","run":"20260102T030405678Z-000000000abc"}"#;
    insta::assert_snapshot!(error(&format!("{RUN}\n{other}")), @"line 2: it belongs to another run than `20260102T030405678Z-000000000000`");
    let large = RUN.replace("}", r#","known":9007199254740992}"#);
    insta::assert_snapshot!(error(&large), @"line 1: 9007199254740992 is too large a number at line 1 column 96");
    let long = format!("{RUN}\n{{\"test\":\"{}\"}}", "a".repeat(2 << 20));
    insta::assert_snapshot!(error(&long), @"line 2: it is longer than 1048576 bytes");
}

#[test]
fn a_run_that_is_too_large_is_refused() {
    let mut runs = lines::Runs::new(RUN.as_bytes()).with_largest(RUN.len() as u64 - 1);
    assert_eq!(runs.next().unwrap().unwrap_err().to_string(), "line 1: the run is larger than 70 bytes");
    assert!(runs.next().is_none());
}

#[test]
fn a_newer_version_is_told_from_damage_whatever_else_it_says() {
    let line = r#"{"schema":"skiptrace/history-run@7","job":{"name":1},"test":[]}"#;
    assert!(matches!(
        lines::decode(line.as_bytes()),
        Err(FormatError::TooNew { found: 7, supported: 1, .. })
    ));
}
