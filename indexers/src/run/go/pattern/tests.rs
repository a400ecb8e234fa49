use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Vec<Vec<String>> {
    Pattern::parse(text).alternatives().to_vec()
}

#[test]
fn patterns_are_cut_outside_of_brackets() {
    insta::assert_debug_snapshot!(
        ["A", "A/b|C", "[/|]a/b", "(a/b|c)/d", r"a\/b\|c", "", "a//b", "|", "a]b/c", r"[\]/]x", "x)/y", "[)]/y"]
            .map(|text| format!("{text:12} {:?}", parsed(text))),
        @r#"
    [
        "A            [[\"A\"]]",
        "A/b|C        [[\"A\", \"b\"], [\"C\"]]",
        "[/|]a/b      [[\"[/|]a\", \"b\"]]",
        "(a/b|c)/d    [[\"(a/b|c)\", \"d\"]]",
        "a\\/b\\|c      [[\"a\\\\/b\\\\|c\"]]",
        "             [[\"\"]]",
        "a//b         [[\"a\", \"\", \"b\"]]",
        "|            [[\"\"], [\"\"]]",
        "a]b/c        [[\"a]b\", \"c\"]]",
        "[\\]/]x       [[\"[\\\\]/]x\"]]",
        "x)/y         [[\"x)/y\"]]",
        "[)]/y        [[\"[)]\", \"y\"]]",
    ]
    "#
    );
}

#[test]
fn only_the_first_elements_choose_top_level_tests() {
    assert_eq!(Pattern::parse("^TestA$/x|B c").top_level(), "(?:^TestA$)|(?:B_c)");
    assert!(Pattern::parse("A/b").names_subtests());
    assert!(!Pattern::parse("A|(b/c)").names_subtests());
}

#[test]
fn names_become_patterns() {
    let check = |names: &[&str]| exact(names).join("  ");
    assert_eq!(check(&["TestA"]), "^TestA$");
    assert_eq!(check(&["TestA", "TestB", "TestA"]), "^(TestA|TestB)$");
    assert_eq!(check(&["TestA", "TestA/b", "TestA/b/c"]), "^TestA$");
    assert_eq!(check(&["TestA/b", "TestA/c", "TestB/c"]), "^TestA$/^(b|c)$|^TestB$/^c$");
    assert_eq!(check(&["TestA/", "TestA/[x/y]|#01"]), r"^TestA$/^$|^TestA$/^\[x$/^y\]\|#01$");
    assert_eq!(check(&[]), "");
}

#[test]
fn long_patterns_are_cut() {
    let names: Vec<String> = (0..5000).map(|n| format!("TestSomethingWithALongName{n}")).collect();
    let patterns = exact_within(&names, 10_000);
    assert!(patterns.len() > 10, "{}", patterns.len());
    assert!(patterns.iter().all(|pattern| pattern.len() <= 10_000));
    let mut found: Vec<String> = Vec::new();
    for pattern in &patterns {
        let inner = pattern.trim_start_matches("^(").trim_end_matches(")$");
        found.extend(inner.split('|').map(str::to_owned));
    }
    found.sort();
    let mut expected = names;
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn blanks_and_what_cannot_be_printed_are_rewritten() {
    for (name, expected) in [
        ("a b\tc\n", "a_b_c_"),
        ("\u{a0}\u{2003}\u{3000}", "___"),
        ("\0\x01\x07\x08\x1b\x7f", r"\x00\x01\a\b\x1b\x7f"),
        ("\u{80}\u{ad}\u{200b}\u{200c}\u{feff}\u{e000}", r"\u0080\u00ad\u200b\u200c\ufeff\ue000"),
        ("\u{e0020}\u{10ffff}", r"\U000e0020\U0010ffff"),
        ("é世e\u{301}🎉\"'\\`", "é世e\u{301}🎉\"'\\`"),
    ] {
        assert_eq!(rewritten(name), expected, "{name:?}");
    }
}

/// Whether a name that consists of these elements is let run, told as package `testing` does.
fn runs(pattern: &str, name: &str) -> bool {
    parsed(pattern).iter().any(|elements| {
        elements.iter().zip(name.split('/')).all(|(element, own)| {
            regex::bytes::Regex::new(&format!("(?-u){element}")).unwrap().is_match(own.as_bytes())
        })
    })
}

proptest! {
    #[test]
    fn patterns_match_exactly_their_names(
        names in prop::collection::btree_set("[AB](/[a-b\\[\\]|()\\\\.*#^$]{1,3}){0,2}", 1..6),
        other in "[AB](/[a-b\\[\\]|()\\\\.*#^$]{1,3}){0,3}",
        limit in 1_usize..60,
    ) {
        let patterns = exact_within(&names, limit);
        let related = |one: &str, two: &str| {
            one == two || one.starts_with(&format!("{two}/")) || two.starts_with(&format!("{one}/"))
        };
        for name in &names {
            prop_assert!(patterns.iter().any(|pattern| runs(pattern, name)), "{name} in {patterns:?}");
        }
        let expected = names.iter().any(|name| related(name, &other));
        prop_assert_eq!(patterns.iter().any(|pattern| runs(pattern, &other)), expected, "{} in {:?}", other, patterns);
    }

    #[test]
    fn any_text_is_a_pattern(text in "\\PC{0,20}|[\\[\\]()|/\\\\aé]{0,12}") {
        let pattern = Pattern::parse(&text);
        prop_assert!(pattern.alternatives().iter().all(|elements| !elements.is_empty()));
        let elements: Vec<String> = pattern.alternatives().iter().map(|elements| elements.join("/")).collect();
        prop_assert_eq!(elements.join("|"), text);
    }

    #[test]
    fn rewriting_is_done_once(name in "\\PC{0,10}") {
        prop_assert_eq!(rewritten(&rewritten(&name)), rewritten(&name));
    }
}
