//! What is written is read, and what cannot be is refused with its line.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Profile, TextProfileError> {
    Profile::parse(text.as_bytes())
}

fn counts(text: &str) -> Vec<(String, u64)> {
    let blocks = parse(text).unwrap().blocks;
    blocks
        .into_iter()
        .map(|block| (format!("{}:{}", block.file, block.unit.start.line), block.count))
        .collect()
}

#[test]
fn repeated_units_are_united() {
    let text = |mode| {
        format!("mode: {mode}\na.go:1.2,3.4 1 1\nb.go:5.2,3.4 2 0\na.go:1.2,3.4 1 1\nb.go:5.2,3.4 2 0\n")
    };
    assert_eq!(counts(&text("set")), [("a.go:1".into(), 1), ("b.go:5".into(), 0)]);
    assert_eq!(counts(&text("count")), [("a.go:1".into(), 2), ("b.go:5".into(), 0)]);
    let most = u64::MAX;
    assert_eq!(
        counts(&format!("mode: atomic\na.go:1.2,3.4 1 {most}\na.go:1.2,3.4 1 {most}\n")),
        [("a.go:1".into(), most)]
    );
    // Several profiles one behind the other, with the line ends of another system.
    let both = "mode: set\r\na.go:1.2,3.4 1 0\r\nmode: count\r\na.go:1.2,3.4 1 7\r\n";
    assert_eq!(counts(both), [("a.go:1".into(), 7)]);
    assert_eq!(parse(both).unwrap().mode, Mode::Count);
    assert_eq!(parse("mode: set\n").unwrap().blocks, []);
}

#[test]
fn names_may_hold_what_separates() {
    for name in
        ["C:\\src\\a b.go", "a:1.2,3.4 1 1.go", "häß/ä.go", "example.com/m, n/a.go", "/abs/a.y", "mode: x"]
    {
        let profile = parse(&format!("mode: set\n{name}:10.2,11.40 3 1\n"));
        if name.starts_with("mode: ") {
            assert!(profile.is_err());
            continue;
        }
        let block = &profile.unwrap().blocks[0];
        assert_eq!((&*block.file, block.unit.end.column, block.unit.n_statements), (name, 40, 3));
    }
}

#[test]
fn errors_name_the_line() {
    let errors = [
        "",
        "a.go:1.2,3.4 1 1\n",
        "\n",
        "mode: set",
        "mode: sets\n",
        "mode: set\nmode: \n",
        "mode: set\na.go:1.2,3.4 1 1\n\n",
        "mode: set\na.go:1.2,3.4 1 1\na.go:5.2,6.4 1 1",
        "mode: set\na.go:1.2,3.4 1\n",
        "mode: set\na.go:1.2,3.4 1 -1\n",
        "mode: set\na.go:1.2,3.4 1 +1\n",
        "mode: set\na.go:1,3.4 1 1\n",
        "mode: set\na.go:1.2.3,3.4 1 1\n",
        "mode: set\n:1.2,3.4 1 1\n",
        "mode: set\na.go:1.2,3.4 1 99999999999999999999\n",
        "mode: set\na.go:4294967296.2,3.4 1 1\n",
        "mode: set\na.go:1.2,3.4 1 1\na.go:1.2,3.4 2 1\n",
    ];
    let told: Vec<String> = errors.iter().map(|text| parse(text).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    the profile is empty, without even a `mode:` line
    line 1 of the profile is not `mode: set`, `mode: count` or `mode: atomic`
    line 1 of the profile is not `mode: set`, `mode: count` or `mode: atomic`
    the profile ends inside of line 1
    line 1 of the profile names mode `sets` (known modes: set, count, atomic)
    line 2 of the profile names mode `` (known modes: set, count, atomic)
    line 3 of the profile is not `file:line.column,line.column statements count`: ``
    the profile ends inside of line 3
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:1.2,3.4 1`
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:1.2,3.4 1 -1`
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:1.2,3.4 1 +1`
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:1,3.4 1 1`
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:1.2.3,3.4 1 1`
    line 2 of the profile is not `file:line.column,line.column statements count`: `:1.2,3.4 1 1`
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:1.2,3.4 1 99999999999999999999`
    line 2 of the profile is not `file:line.column,line.column statements count`: `a.go:4294967296.2,3.4 1 1`
    line 3 of the profile gives a unit another number of statements than line 2; do not join profiles of different sources
    ");
    assert_eq!(Profile::parse(b"mode: set\n\xff\n"), Err(TextProfileError::Text { line: 2 }));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        blocks in prop::collection::btree_map(("[a-z :,.]{1,9}", any::<[u32; 4]>()), (any::<u32>(), any::<u64>()), 0..9),
    ) {
        let mut text = "mode: atomic\n".to_owned();
        for ((file, [line, column, end_line, end_column]), (n_statements, count)) in &blocks {
            text += &format!("{file}:{line}.{column},{end_line}.{end_column} {n_statements} {count}\n");
        }
        prop_assume!(!blocks.keys().any(|(file, _)| file.starts_with("mode: ")));
        let read = parse(&text).unwrap().blocks;
        prop_assert_eq!(read.len(), blocks.len());
        for (block, ((file, [line, column, end_line, end_column]), (n_statements, count))) in read.iter().zip(&blocks) {
            let unit = Unit {
                start: Position { line: *line, column: *column },
                end: Position { line: *end_line, column: *end_column },
                n_statements: *n_statements,
            };
            prop_assert_eq!((&*block.file, block.unit, block.count), (file.as_str(), unit, *count));
        }
        // Twice is the same units.
        prop_assert_eq!(parse(&text.repeat(2)).unwrap().blocks.len(), blocks.len());
    }

    #[test]
    fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
        let _ = Profile::parse(&[b"mode: set\n", &bytes[..]].concat());
    }
}
