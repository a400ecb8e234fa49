//! What acts though nobody executes it.

use super::*;

#[test]
fn who_mentions_whom_decides_what_is_initialised_first() {
    let files: [(&str, &[&str]); 3] = [
        (
            "p/a.toy",
            &[
                "i acts_first=1 ord_spare var_table ord_member",
                "i acts_second=1",
                "f ord_spare=1/1 quiet",
                "f ord_deep=1/1 quiet",
                "f ord_free=1/1 quiet",
                "f ord_member=1/1 quiet",
                "f idle=1/1",
            ],
        ),
        ("p/b.toy", &["i var_table=1 ord_deep", "f ord_waits=1/1 acts_second", "f far=1/1"]),
        ("q/c.toy", &["i var_other=1 ord_alone", "f ord_alone=1/1", "i var_more=1"]),
    ];
    let index = index_of(&files);
    let mut told = String::new();
    for (file, then, now) in [
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=1/2 quiet loud"),
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=1/2 quiet acts_second"),
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=2/2 quiet acts_second"),
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=1/2 quiet ord_free"),
        ("p/a.toy", "f ord_deep=1/1 quiet", "f ord_deep=1/2 ord_waits"),
        ("p/a.toy", "f ord_member=1/1 quiet", "f ord_member=1/2 acts_second"),
        ("p/a.toy", "f ord_free=1/1 quiet", "f ord_free=1/2 acts_second"),
        ("p/a.toy", "f idle=1/1", "f ord_new=1/1 acts_second"),
        ("p/b.toy", "f ord_waits=1/1 acts_second", "f ord_waits=1/2"),
        ("p/b.toy", "i var_table=1 ord_deep", "i var_table=2 ord_deep ord_waits"),
        ("p/b.toy", "i var_table=1 ord_deep", "i var_table=2 ord_deep ord_free"),
        ("q/c.toy", "f ord_alone=1/1", "f ord_alone=1/2 var_more"),
    ] {
        let units = files.iter().find(|(path, _)| *path == file).unwrap().1;
        assert!(units.contains(&then), "{then}");
        let units: Vec<&str> = units.iter().map(|unit| if *unit == then { now } else { unit }).collect();
        let present = Present::from([(path(file), changed(Some(source(file, &units))))]);
        let said = said(&ask(&index, &present, Policy::Balanced, &PathRules::default()));
        let everybody = said.matches("compiled").count() == 8;
        let said = if everybody { "everybody".to_owned() } else { said.replace('\n', ", ") };
        told.push_str(&format!("{then} => {now}: {said}\n"));
    }
    insta::assert_snapshot!(told, @"
    f ord_spare=1/1 quiet => f ord_spare=1/2 quiet loud: ord_spare: executed
    f ord_spare=1/1 quiet => f ord_spare=1/2 quiet acts_second: everybody
    f ord_spare=1/1 quiet => f ord_spare=2/2 quiet acts_second: everybody
    f ord_spare=1/1 quiet => f ord_spare=1/2 quiet ord_free: ord_spare: executed
    f ord_deep=1/1 quiet => f ord_deep=1/2 ord_waits: everybody
    f ord_member=1/1 quiet => f ord_member=1/2 acts_second: everybody
    f ord_free=1/1 quiet => f ord_free=1/2 acts_second: ord_free: executed
    f idle=1/1 => f ord_new=1/1 acts_second: idle: executed
    f ord_waits=1/1 acts_second => f ord_waits=1/2: ord_waits: executed
    i var_table=1 ord_deep => i var_table=2 ord_deep ord_waits: everybody
    i var_table=1 ord_deep => i var_table=2 ord_deep ord_free: 
    f ord_alone=1/1 => f ord_alone=1/2 var_more: ord_alone: executed
    ");
}

#[test]
fn what_calls_somebody_who_sees_where_may_have_moved() {
    let index = index(|builder, number| {
        builder.add_file(number, source("c.toy", &["f seeing=1/1 who_calls"]));
        builder.add_file(number, source("d.toy", &["f calling=1/1 seeing"]));
        builder
            .observe(
                number,
                Observation {
                    test: TestKey::new("job".parse().unwrap(), "suite", "calling"),
                    role: Role::Test,
                    outcome: Outcome::Passed,
                    health: Health::OK,
                    duration: Duration::from_secs(1),
                    executed: vec![Executed { path: path("d.toy"), parts: Parts::Units(vec![0]) }],
                    opened: Vec::new(),
                    consulted: Vec::new(),
                },
            )
            .unwrap();
    });
    insta::assert_snapshot!(check_path(&index, "d.toy", Some(&["f calling=1/1 seeing"])), @"calling: moved");
    // A macro of another file hands on the place of its use, be it through another macro.
    let index = super::index(|builder, number| {
        builder.add_file(number, source("m.toy", &["i macro_line=1 LINE", "i macro_plain=1"]));
        builder.add_file(number, source("n.toy", &["i macro_here=1 macro_line"]));
        let units =
            ["f uses=1/1 macro_here", "f idle=1/1 macro_plain", "i PLACE=1 macro_line", "f names=1/1 PLACE"];
        builder.add_file(number, source("d.toy", &units));
        for (unit, name) in [(0, "using"), (1, "idling"), (3, "naming")] {
            builder
                .observe(
                    number,
                    Observation {
                        test: TestKey::new("job".parse().unwrap(), "suite", name),
                        role: Role::Test,
                        outcome: Outcome::Passed,
                        health: Health::OK,
                        duration: Duration::from_secs(1),
                        executed: vec![Executed { path: path("d.toy"), parts: Parts::Units(vec![unit]) }],
                        opened: Vec::new(),
                        consulted: Vec::new(),
                    },
                )
                .unwrap();
        }
    });
    let units =
        ["f uses=1/1 macro_here", "f idle=1/1 macro_plain", "i PLACE=1 macro_line", "f names=1/1 PLACE"];
    insta::assert_snapshot!(check_path(&index, "d.toy", Some(&units)), @r"
    naming: named
    using: moved
    ");
    // Who sees all places is concerned by whatever it executes.
    let index = super::index(|builder, number| {
        builder.add_file(number, source("c.toy", &["f hook=1/1 sees_all"]));
        builder.add_file(number, source("d.toy", &["f panics=1/1"]));
        let both = ["c.toy", "d.toy"].map(|file| Executed { path: path(file), parts: Parts::Units(vec![0]) });
        builder
            .observe(
                number,
                Observation {
                    test: TestKey::new("job".parse().unwrap(), "suite", "hooked"),
                    role: Role::Test,
                    outcome: Outcome::Passed,
                    health: Health::OK,
                    duration: Duration::from_secs(1),
                    executed: both.to_vec(),
                    opened: Vec::new(),
                    consulted: Vec::new(),
                },
            )
            .unwrap();
    });
    insta::assert_snapshot!(check_path(&index, "d.toy", Some(&["f panics=1/1"])), @"hooked: moved");
    assert_eq!(check_path(&index, "a.toy", Some(A)), "");
    let index = super::index(|builder, number| {
        builder.add_file(number, source("c.toy", &["f seeing=1/1 who_calls"]));
    });
    assert_eq!(check_path(&index, "c.toy", Some(&["f seeing=1/1 who_calls"])), "");
}

#[test]
fn who_weighs_code_sees_what_nobody_executes() {
    let then = [
        "f weighs=1/1 Weight",
        "i MACRO=1 Weight",
        "f by_macro=1/1 MACRO",
        "f plain=1/1",
        "f idle=1/1 hidden",
    ];
    let index = index_of(&[("a.toy", &then), ("b.toy", &["f far=1/1 Weight"])]);
    let said_of = |unit: &str, edited: &str| {
        let now = then.map(|known| if known == unit { edited } else { known });
        assert_ne!(now, then, "{unit}");
        let now: Vec<&str> = now.into_iter().filter(|unit| !unit.is_empty()).collect();
        let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default())).replace('\n', "; ")
    };
    let idle = then[4];
    insta::assert_snapshot!(said_of(idle, "f idle=1/2 hidden"), @"by_macro: weighed; far: weighed; idle: executed; weighs: weighed");
    insta::assert_snapshot!(said_of(idle, "f idle=1/2"), @"by_macro: weighed; far: weighed; idle: executed; weighs: weighed");
    insta::assert_snapshot!(said_of(idle, ""), @"by_macro: weighed; far: weighed; idle: executed; weighs: weighed");
    insta::assert_snapshot!(said_of("f plain=1/1", "f plain=1/2"), @"plain: executed");
    insta::assert_snapshot!(said_of("f plain=1/1", "f plain=1/2 hidden"), @"by_macro: weighed; far: weighed; plain: executed; weighs: weighed");
}
