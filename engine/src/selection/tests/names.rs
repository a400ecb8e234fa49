//! What is followed by its name.

use super::*;

#[test]
fn names_are_followed_through_items() {
    insta::assert_snapshot!(check(&with("f one=1/1", "f one=2/1")), @r"
    one: executed
    two: named
    ");
    // The macro that names it cannot be trusted, so whoever was compiled with it is concerned; who was not compiled from
    // the file of either has another one.
    insta::assert_snapshot!(check(&with("i LIMIT=1", "i LIMIT=2")), @r"
    four: named
    one: named
    three: named
    two: named
    ");
    insta::assert_snapshot!(check(&with("i Shape=1 LIMIT", "i Shape=2")), @"three: named");
    insta::assert_snapshot!(check(&with("i Shape=1 LIMIT", "")), @"three: named");
    insta::assert_snapshot!(check(&[A, &["f Shape=1/1"]].concat()), @"three: named");
}

#[test]
fn what_only_a_file_can_mean_stays_there() {
    insta::assert_snapshot!(check(&with("i own_it=1", "i own_it=2")), @"four: named");
    insta::assert_snapshot!(check(&with("i use_it=1", "i use_it=2")), @r"
    four: same-file
    one: same-file
    three: same-file
    two: same-file
    ");
}

#[test]
fn what_the_compiler_asked_for_concerns_who_was_compiled_with_it() {
    // `limit` is evaluated for LIMIT, by way of `const_more`, and in `evaluating`; `caller` runs it, if at all.
    let then = [
        "f const_limit=1/1",
        "f const_more=1/1 const_limit",
        "i LIMIT=1 const_more",
        "f one=1/1 LIMIT",
        "f two=1/1 const_limit evaluates",
        "f three=1/1 const_limit",
        "f four=1/1 const_more",
    ];
    let index = index_of(&[("a.toy", &then)]);
    let now: Vec<&str> = then
        .iter()
        .map(|unit| if unit.contains("const_limit=") { "f const_limit=1/2" } else { unit })
        .collect();
    let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", &now))))]);
    insta::assert_snapshot!(said(&ask(&index, &present, Policy::Balanced, &PathRules::default())), @"
    const_limit: executed
    one: named
    two: named
    ");
}

#[test]
fn what_is_in_scope_of_a_file_is_so_where_its_module_is_taken_over() {
    let then =
        ["i use_it=1", "i use_public=1", "i use_inside=1", "i mod_below=1", "f one=1/1", "f inner_one=1/1"];
    let index = index_of(&[
        ("src/a.toy", &then),
        ("src/a/below.toy", &["i glob=1 takes_all", "f two=1/1"]),
        ("src/a/plain.toy", &["f three=1/1"]),
        ("other/far.toy", &["i glob=1 takes_all", "f four=1/1"]),
    ]);
    let said_of = |import: &str| {
        let edited = format!("i {import}=2");
        let was = format!("i {import}=1");
        let now = then.map(|unit| if unit == was { &*edited } else { unit });
        let present = Present::from([(path("src/a.toy"), changed(Some(source("src/a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    insta::assert_snapshot!(said_of("use_it"), @"
    inner_one: same-file
    one: same-file
    two: same-file
    ");
    // All of that module is in its file.
    insta::assert_snapshot!(said_of("use_inside"), @"inner_one: same-file");
    insta::assert_snapshot!(said_of("use_public"), @"
    four: same-file
    inner_one: same-file
    one: same-file
    two: same-file
    ");
}

#[test]
fn what_only_a_module_can_mean_stays_where_all_of_it_is() {
    let said_of = |then: &[&str], edited: &str, more: &str| {
        let index = index_of(&[("src/a.toy", then), ("b.toy", &["f far=1/1 private inner_private", more])]);
        let now: Vec<String> =
            then.iter().map(|unit| unit.replace(&format!("{edited}=1"), &format!("{edited}=2"))).collect();
        let now: Vec<&str> = now.iter().map(String::as_str).collect();
        let present = Present::from([(path("src/a.toy"), changed(Some(source("src/a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    let then = ["i private=1", "i inner_private=1", "f one=1/1 private", "f two=1/1 inner_private"];
    assert_eq!(said_of(&then, "i private", "i x=1"), "one: named");
    assert_eq!(said_of(&then, "inner_private", "i x=1"), "two: named");
    // Another file may be part of the module.
    assert_eq!(said_of(&then, "i private", "i x=1 includes"), "far: named\none: named");
    let with_more = [&then[..], &["i mod_below=1"]].concat();
    assert_eq!(said_of(&with_more, "i private", "i x=1"), "far: named\none: named");
    assert_eq!(said_of(&with_more, "inner_private", "i x=1"), "two: named");
    let with_more = [&then[..], &["i inner_mod_below=1"]].concat();
    assert_eq!(said_of(&with_more, "inner_private", "i x=1"), "far: named\ntwo: named");
}

#[test]
fn a_type_is_followed_to_who_makes_it_and_not_to_what_holds_it() {
    let then = [
        "i Made=1",
        "f one=1/1 Made",
        "i Holder=1 Made holder_Holder",
        "f two=1/1 Holder",
        "i Maker=1 Made",
        "f three=1/1 Maker",
        "i useful=1 Made",
        "f four=1/1 useful",
        "f five=1/1 Holder Size",
    ];
    let index = index_of(&[("a.toy", &then)]);
    let now = then.map(|unit| if unit == "i Made=1" { "i Made=2" } else { unit });
    let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", &now))))]);
    insta::assert_snapshot!(said(&ask(&index, &present, Policy::Balanced, &PathRules::default())), @"
    five: named
    four: named
    one: named
    three: named
    ");
}

#[test]
fn what_takes_two_names_concerns_who_has_both() {
    let then = [
        "i both=1",
        "i perhaps=1",
        "f one=1/1 both",
        "f two=1/1 Shape",
        "f three=1/1 both Shape",
        "i Item=1 both",
        "f four=1/1 Item Shape",
        "f five=1/1 perhaps",
    ];
    let said_of = |edited: &str, more: (&str, &[&str])| {
        let index = index_of(&[("src/a.toy", &then), more]);
        let was = format!("i {edited}=1");
        let is = format!("i {edited}=2");
        let now = then.map(|unit| if unit == was { &*is } else { unit });
        let present = Present::from([(path("src/a.toy"), changed(Some(source("src/a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    let nothing: (&str, &[&str]) = ("b.toy", &["i x=1"]);
    assert_eq!(said_of("both", nothing), "four: named\nthree: named");
    // A mark counts where it is looked for.
    assert_eq!(said_of("perhaps", nothing), "");
    assert_eq!(said_of("perhaps", ("b.toy", &["i x=1 mark"])), "");
    assert_eq!(said_of("perhaps", ("src/b.toy", &["i x=1 mark"])), "five: named");
}

#[test]
fn a_method_concerns_more_where_others_may_ask_for_it() {
    let said_of = |asked_for: &[Option<&str>]| {
        let mut index = index_of(&[("a.toy", &["i asked=1", "f one=1/1 asked"])]);
        let first = index.recordings[0].clone();
        index.recordings = (0..)
            .zip(asked_for)
            .map(|(time, asked_for)| Recording {
                recorded_at: Timestamp(time),
                asked_for: asked_for.map(|name| vec![Identifier::of(name)]),
                ..first.clone()
            })
            .collect();
        let now = ["i asked=2", "f one=1/1 asked"];
        let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    assert_eq!(said_of(&[Some("other")]), "");
    assert_eq!(said_of(&[Some("asked")]), "one: named");
    // Where nobody looked, it may be.
    assert_eq!(said_of(&[None]), "one: named");
    assert_eq!(said_of(&[Some("other"), Some("asked")]), "one: named");
    assert_eq!(said_of(&[Some("other"), None]), "one: named");
}

#[test]
fn where_names_cannot_be_trusted_all_that_was_compiled_counts() {
    let b = ["f far=1/1 own_it", "i any_macro=2 LIMIT"];
    let present = Present::from([(path("b.toy"), changed(Some(source("b.toy", &b))))]);
    let said_now = said(&ask(&all(), &present, Policy::Balanced, &PathRules::default()));
    assert_eq!(said_now.lines().count(), 6, "{said_now}");
    let present =
        Present::from([(path("a.toy"), changed(Some(source("a.toy", &with("f one=1/1", "f one=2/1")))))]);
    insta::assert_snapshot!(said(&ask(&all(), &present, Policy::Strict, &PathRules::default())), @r"
    four: compiled
    one: executed compiled
    three: compiled
    two: compiled
    ");
}
