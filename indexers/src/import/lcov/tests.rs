use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn show(text: &str) -> String {
    let files = match read(text.as_bytes()) {
        Ok(files) => files,
        Err(error) => return error.to_string(),
    };
    let file = |file: &CoveredFile| {
        let ranges = file.executed.iter().map(|range| format!("{}-{}", range.start.line, range.last_line()));
        format!("{}: {}", file.path, ranges.collect::<Vec<_>>().join(" "))
    };
    files.iter().map(file).collect::<Vec<_>>().join("\n")
}

#[test]
fn functions_and_lines_that_ran_are_ranges() {
    assert_snapshot!(show("TN:x\nSF:a.c\nFN:3,f\nFN:9,g\nFNDA:2,f\nFNDA:0,g\nFNF:2\nDA:3,2\nDA:4,2\nDA:6,1,abc==\n\
        DA:9,0\nBRDA:3,0,0,-\nLF:4\nend_of_record\r\nSF:dir/b c.c\nDA:1,0\nend_of_record\n"), @"
    a.c: 3-3 3-4 6-6
    dir/b c.c: 
    ");
}

#[test]
fn ends_of_functions_are_understood_in_both_forms() {
    assert_snapshot!(show("SF:a\nFN:3,8,f<int, 4>\nFNDA:1,f<int, 4>\nend_of_record\n"), @"a: 3-8");
    assert_snapshot!(
        show("SF:a\nFNL:0,3,8\nFNL:1,10,12\nFNL:2,20\nFNA:0,0,f\nFNA:1,0,g\nFNA:1,3,g2\nFNA:2,1,h\nend_of_record\n"),
        @"a: 10-12 20-20"
    );
    // Counts may come before places, and functions of one name are all meant.
    assert_snapshot!(show("SF:a\nFNDA:1,f\nFN:3,f\nFN:30,f\nend_of_record\n"), @"a: 3-3 30-30");
}

#[test]
fn strange_counts_have_run() {
    assert_snapshot!(show("SF:a\nDA:1,-1\nDA:3,1e+20\nDA:5,99999999999999999999999\nDA:7,0.0\nend_of_record\n"), @"a: 1-1 3-3 5-5");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    assert_snapshot!(show(""), @"there is no record in it; its test left no coverage, or it was not written to its end");
    assert_snapshot!(show("SF:a\nDA:1,1\n"), @"it ends after line 2, inside of the record of `a`; it was not written to its end");
    assert_snapshot!(show("DA:1,1\n"), @"line 1: `DA` comes before any `SF`");
    assert_snapshot!(show("SF:a\nSF:b\n"), @"line 2: the record of `a` has no end");
    assert_snapshot!(show("SF:a\nDA:x,1\n"), @"line 2: `x` is no line number");
    assert_snapshot!(show("SF:a\nDA:1,many\n"), @"line 2: `many` is no count");
    assert_snapshot!(show("SF:a\nDA:1\n"), @"line 2: there is no comma in `1`");
    assert_snapshot!(show("SF:a\nFNDA:1,f\nend_of_record\n"), @"line 3: function `f` ran and has no place (`FN`)");
    assert_snapshot!(show("SF:a\nNEW:1\n"), @"line 2: `NEW` is unknown, and may say what ran; convert with a known version of lcov");
    assert_snapshot!(show("hello\n"), @"line 1: `hello` is no record");
    assert_snapshot!(show("SF:\nend_of_record\n"), @"line 2: the record names no source file");
}

#[test]
fn lines_have_a_limit() {
    let line = format!("SF:{}\n", "a".repeat(2 << 20));
    assert!(show(&line).starts_with("line 1: it is longer"), "{:.100}", show(&line));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(bytes.as_slice());
    }

    #[test]
    fn any_records_are_read(lines in prop::collection::vec("(SF|FN|FNDA|FNL|FNA|DA|end_of_record):?[0-9,a:-]{0,12}", 0..20)) {
        let _ = read(lines.join("\n").as_bytes());
    }

    /// Whoever cuts a tracefile short anywhere gets an error, or whole records.
    #[test]
    fn a_cut_is_noticed(cut in 0usize..60) {
        let text = "SF:a\nFN:1,2,f\nFNDA:1,f\nDA:1,1\nDA:2,1\nend_of_record\n";
        let whole = read(text.as_bytes()).unwrap();
        if let Ok(files) = read(&text.as_bytes()[..cut.min(text.len())]) {
            prop_assert_eq!(files, whole);
        }
    }
}
