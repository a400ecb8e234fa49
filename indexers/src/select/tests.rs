//! Laws that every format keeps, told by models of how runners understand what they are told. The runners
//! themselves are asked in `tests/select_formats`.

use proptest::prelude::*;
use regex::Regex;

use super::*;
use crate::run::cmake_regex;
use crate::run::go::pattern::{self, Pattern};
use crate::run::go::skip;

/// The folder in which nothing is written.
const FOLDER: &str = "/state/select";

fn names(tests: &[(&str, &str)]) -> Vec<TestName> {
    tests.iter().map(|(suite, name)| TestName::new(*suite, *name)).collect()
}

fn show(
    format: &Format<'_>,
    run: &[(&str, &str)],
    skip: &[(&str, &str)],
    strangers: Strangers,
    form: Form,
) -> String {
    let (run, skip) = (names(run), names(skip));
    let choice = Choice { run: &run, skip: &skip, strangers };
    let rendered = render(format, &choice, form, Path::new(FOLDER));
    let mut shown = rendered.stdout.clone();
    for (name, value) in &rendered.environment {
        shown.push_str(&format!("{name}={value}\n"));
    }
    for file in rendered.files.iter().filter(|file| !file.name.ends_with(".py")) {
        shown.push_str(&format!("{}: {}\n", file.name, String::from_utf8_lossy(&file.bytes).trim_end()));
    }
    for note in &rendered.notes {
        shown.push_str(&format!("note: {note}\n"));
    }
    shown.push_str(&format!("{:?}, kept {}, empty {}\n", rendered.form, rendered.kept, rendered.empty));
    shown
}

/// What the formats have to know.
struct Known {
    binaries: BTreeSet<String>,
    folders: BTreeMap<String, std::path::PathBuf>,
    entries: Vec<ctest::Entry>,
}

impl Known {
    fn new(tests: &[&TestName]) -> Known {
        let distinct: BTreeSet<&TestName> = tests.iter().copied().collect();
        let entries = distinct.into_iter().map(|test| ctest::Entry {
            name: format!("{}/{}", test.suite, test.name),
            tests: vec![(*test).clone()],
        });
        Known {
            binaries: tests.iter().map(|test| test.suite.to_string()).collect(),
            folders: BTreeMap::new(),
            entries: entries.collect(),
        }
    }

    fn formats(&self) -> Vec<Format<'_>> {
        let go = go::Go { exec: "/bin/skiptrace-go-exec", chain: &[], run: None, folders: &self.folders };
        vec![
            Format::Nextest(nextest::Nextest {
                binaries: &self.binaries,
                profile: "default",
                config: "",
                filtered: false,
            }),
            Format::CargoTest(CargoTest::NoFilters),
            Format::CargoTest(CargoTest::Parts),
            Format::CargoTest(CargoTest::Exact),
            Format::Go(go),
            Format::Gotestsum(go),
            Format::Gtest,
            Format::Ctest(ctest::Ctest { entries: &self.entries, release: (3, 25), exclude: None }),
            Format::Ctest(ctest::Ctest { entries: &self.entries, release: (3, 29), exclude: None }),
            Format::Pytest,
            Format::JunitNames,
            Format::Plain,
        ]
    }
}

#[test]
fn what_each_runner_is_told() {
    let run = [("p", "must"), ("p::it", "both")];
    let skip = [("p", "both"), ("p", "need not"), ("p::it", "a/b")];
    let tests = names(&[&run[..], &skip[..]].concat());
    let known = Known::new(&tests.iter().collect::<Vec<_>>());
    let mut shown = String::new();
    for format in known.formats() {
        for (strangers, form) in
            [(Strangers::Run, Form::Skip), (Strangers::Leave, Form::Skip), (Strangers::Leave, Form::Run)]
        {
            shown.push_str(&format!("== {} {strangers:?} {form:?}\n", format.name()));
            shown.push_str(&show(&format, &run, &skip, strangers, form));
        }
        shown.push_str(&format!("== {} nothing\n", format.name()));
        shown.push_str(&show(&format, &[], &skip, Strangers::Leave, Form::Skip));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn where_nothing_is_left_out_nothing_is_told() {
    let tests = names(&[("p", "a")]);
    let known = Known::new(&tests.iter().collect::<Vec<_>>());
    for format in known.formats() {
        for strangers in [Strangers::Run, Strangers::Leave] {
            let choice = Choice { run: &tests, skip: &[], strangers };
            let rendered = render(&format, &choice, Form::Skip, Path::new(FOLDER));
            assert_eq!(rendered, Rendered::default(), "{}", format.name());
        }
        // Nobody knows anything, so everything runs.
        let choice = Choice { run: &[], skip: &[], strangers: Strangers::Run };
        assert_eq!(render(&format, &choice, Form::Run, Path::new(FOLDER)).arguments, [""; 0]);
    }
}

#[test]
fn a_binary_that_is_gone_is_not_named() {
    let binaries = BTreeSet::from(["p".to_owned()]);
    let format = Format::Nextest(nextest::Nextest {
        binaries: &binaries,
        profile: "default",
        config: "",
        filtered: false,
    });
    let tests = [("gone", "x"), ("p", "a")];
    let shown = show(&format, &[], &tests, Strangers::Run, Form::Skip);
    assert!(!shown.contains("gone") && shown.contains("kept 1"), "{shown}");
    // What must run is looked for wherever it may be now.
    let shown = show(&format, &tests, &[], Strangers::Leave, Form::Run);
    assert!(!shown.contains("gone") && shown.contains("(test(/^(?:x)$/))"), "{shown}");
}

#[test]
fn what_ctest_holds_unknown_runs_and_what_it_holds_together_stays_together() {
    let entry =
        |name: &str, tests: &[(&str, &str)]| ctest::Entry { name: name.to_owned(), tests: names(tests) };
    let entries =
        [entry("opaque", &[]), entry("one", &[("s", "a"), ("s", "b")]), entry("two", &[("s", "c")])];
    for release in [(3, 25), (3, 29)] {
        let format = Format::Ctest(ctest::Ctest { entries: &entries, release, exclude: None });
        let told = |run: &[(&str, &str)], skip: &[(&str, &str)], strangers| {
            show(&format, run, skip, strangers, Form::Skip)
        };
        let nothing = told(&[], &[("s", "a"), ("s", "b"), ("s", "c")], Strangers::Leave);
        assert!(nothing.contains("empty false") && !nothing.contains(".*"), "{nothing}");
        assert!(
            nothing.contains("(one|two)")
                || nothing.ends_with("opaque\n")
                || nothing.contains(".txt: opaque")
        );
        let part = told(&[("s", "b")], &[("s", "a"), ("s", "c")], Strangers::Run);
        assert!(part.contains("two") && !part.contains("one") && part.contains("kept 1"), "{part}");
        // A test in it that nobody knows keeps it.
        let unknown = told(&[], &[("s", "a"), ("s", "c")], Strangers::Run);
        assert!(
            unknown.contains("two") && !unknown.contains("one") && unknown.contains("kept 1"),
            "{unknown}"
        );
    }
}

#[test]
fn no_argument_is_too_long_for_five_thousand_names() {
    let test =
        |n: usize| TestName::new("p", format!("module_{}::with a longish name/{n}-é", n * 7919 % 5000));
    let all: Vec<TestName> = (0..6000).map(test).collect::<BTreeSet<_>>().into_iter().collect();
    let (run, skip) = all.split_at(all.len() / 3);
    let known = Known::new(&all.iter().collect::<Vec<_>>());
    for format in known.formats() {
        for (strangers, form) in [(Strangers::Run, Form::Skip), (Strangers::Leave, Form::Run)] {
            let rendered = render(&format, &Choice { run, skip, strangers }, form, Path::new(FOLDER));
            let longest =
                rendered.arguments.iter().chain(rendered.environment.iter().map(|(_, value)| value));
            let total: usize = rendered.arguments.iter().map(String::len).sum();
            let longest = longest.map(String::len).max().unwrap_or_default();
            assert!(longest < 100_000 && total < 1_500_000, "{} {longest} {total}", format.name());
        }
    }
}

/// Returns whether a runner would run a test.
fn runs(format: &Format<'_>, rendered: &Rendered, test: &TestName) -> bool {
    let (suite, name) = (&*test.suite, &*test.name);
    let argument = |flag: &str| {
        let mut words = rendered.arguments.iter();
        words.find(|word| *word == flag).and_then(|_| words.next()).map(String::as_str)
    };
    let file = |name: &str| {
        let file = rendered.files.iter().find(|file| file.name == name);
        file.map(|file| String::from_utf8(file.bytes.clone()).unwrap())
    };
    match format {
        Format::Nextest(_) => argument("-E").is_none_or(|filter| filterset(filter, suite, name)),
        Format::CargoTest(filters) => {
            let exact =
                *filters == CargoTest::Exact || rendered.arguments.iter().any(|word| word == "--exact");
            let is = |filter: &str| if exact { name == filter } else { name.contains(filter) };
            let positional: Vec<&String> =
                rendered.arguments.iter().filter(|word| !word.starts_with("--")).collect();
            (positional.is_empty() || positional.iter().any(|filter| is(filter)))
                && !rendered.arguments.iter().any(|word| word.strip_prefix("--skip=").is_some_and(&is))
        }
        Format::Go(_) | Format::Gotestsum(_) => {
            if rendered.arguments.iter().any(|word| word == "-run=^$") {
                return false;
            }
            let Some(choices) = file("go-choices.json") else { return true };
            let choices: serde_json::Value = serde_json::from_str(&choices).unwrap();
            let packages = choices["packages"].as_array().unwrap();
            let Some(package) = packages.iter().find(|package| package[0] == suite) else { return true };
            let list = |kind: &str| -> Option<Vec<String>> {
                let names = package[2].get(kind)?.as_array()?;
                Some(names.iter().map(|name| name.as_str().unwrap().to_owned()).collect())
            };
            if let Some(skipped) = list("Without") {
                let (pattern, kept) = skip::pattern(&skipped, pattern::LIMIT);
                assert_eq!(kept, 0);
                return pattern.is_none_or(|pattern| !skip::tests::leaves_out(&pattern, name));
            }
            list("Tests").is_none_or(|wanted| {
                pattern::exact(&wanted).iter().any(|pattern| {
                    let elements: Vec<&str> = name.split('/').collect();
                    let parsed = Pattern::parse(pattern);
                    parsed.alternatives().iter().any(|alternative| {
                        let mut pairs = alternative.iter().zip(&elements);
                        pairs.all(|(regex, element)| Regex::new(regex).unwrap().is_match(element))
                    })
                })
            })
        }
        Format::Gtest => {
            if rendered.arguments == ["--gtest_filter=-*"] {
                return false;
            }
            let place = rendered.stdout.lines().position(|line| {
                line.split_once('\t')
                    .is_some_and(|(program, _)| *program == suite.escape_default().to_string())
            });
            let place = match place {
                Some(place) => place + 1,
                None if rendered.notes.contains(&format!("the flag is for {suite} only")) => 1,
                None => return true,
            };
            let Some(flags) = file(&format!("gtest-{place}.flags")) else { return true };
            let filter = flags.trim_end_matches('\n').strip_prefix("--gtest_filter=").unwrap();
            assert!(!filter.contains('\n'));
            let (positive, negative) = filter.split_once('-').unwrap_or((filter, ""));
            let any = |patterns: &str| {
                patterns.split(':').any(|pattern| globbed(pattern.as_bytes(), name.as_bytes()))
            };
            (positive.is_empty() || any(positive)) && (negative.is_empty() || !any(negative))
        }
        Format::Ctest(ctest) => {
            let own = format!("{suite}/{name}");
            let lines = file("ctest-names.txt");
            let listed = lines.is_some_and(|lines| lines.lines().any(|line| line == own));
            if rendered.arguments.iter().any(|word| word.starts_with("--tests-from-file=")) {
                return listed;
            }
            assert!(ctest.release >= (3, 29) || !listed);
            let excluded = argument("--exclude-regex");
            !listed
                && excluded.is_none_or(|regex| !cmake_regex::compile(regex).unwrap().is_match(own.as_bytes()))
        }
        Format::Pytest => {
            let Some(choice) = file("skiptrace_selection.json") else { return true };
            let choice: serde_json::Value = serde_json::from_str(&choice).unwrap();
            let id = serde_json::Value::from(match suite {
                "" => name.to_owned(),
                _ if name.starts_with(&format!("{suite}::")) => name.to_owned(),
                _ => format!("{suite}::{name}"),
            });
            match choice.get("run") {
                Some(run) => run.as_array().unwrap().contains(&id),
                None => !choice["skip"].as_array().unwrap().contains(&id),
            }
        }
        Format::JunitNames | Format::Plain => true,
    }
}

/// Returns whether a pattern with stars and question marks matches all of a text.
fn globbed(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|at| globbed(rest, &text[at..])),
        Some((b'?', rest)) => !text.is_empty() && globbed(rest, &text[1..]),
        Some((byte, rest)) => text.first() == Some(byte) && globbed(rest, &text[1..]),
    }
}

/// Returns what a filterset says of a test, as far as ours use the language.
fn filterset(text: &str, suite: &str, name: &str) -> bool {
    if text == "none()" {
        return false;
    }
    // No regular expression of ours has a slash.
    let mut structure = String::new();
    for (place, piece) in text.split('/').enumerate() {
        if place % 2 == 0 {
            structure.push_str(piece);
        } else {
            let is_id = structure.ends_with("binary_id(");
            let of = if is_id { suite } else { name };
            structure.push(if Regex::new(piece).unwrap().is_match(of) { '1' } else { '0' });
        }
    }
    let mut text = structure.replace("binary_id(1)", "1").replace("binary_id(0)", "0");
    text = text.replace("test(1)", "1").replace("test(0)", "0");
    while text.len() > 1 {
        let before = text.clone();
        for (from, to) in [
            ("(0)", "0"),
            ("(1)", "1"),
            ("!0", "1"),
            ("!1", "0"),
            ("0&0", "0"),
            ("0&1", "0"),
            ("1&0", "0"),
            ("1&1", "1"),
        ] {
            text = text.replace(from, to);
        }
        for (from, to) in [("0|0", "0"), ("0|1", "1"), ("1|0", "1"), ("1|1", "1")] {
            text = text.replace(from, to);
        }
        assert_ne!(text, before);
    }
    text == "1"
}

fn some_tests() -> impl Strategy<Value = BTreeSet<(String, String)>> {
    let name = prop_oneof![
        4 => "[abT.*?:|()\\[\\]/\\\\ \"'$,#é\n-]{0,6}",
        3 => "[ab]{1,2}(/[ab]{1,2}){0,2}",
    ];
    prop::collection::btree_set(("s|s::t|é x", name), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn what_must_run_does_and_what_need_not_does_not_unless_it_is_counted(
        run in some_tests(),
        skip in some_tests(),
        strange in some_tests(),
        leave in any::<bool>(),
        run_form in any::<bool>(),
    ) {
        let owned = |tests: &BTreeSet<(String, String)>| -> Vec<TestName> {
            tests.iter().map(|(suite, name)| TestName::new(suite.as_str(), name.as_str())).collect()
        };
        let (run, skip, strange) = (owned(&run), owned(&skip), owned(&strange));
        let strangers = if leave { Strangers::Leave } else { Strangers::Run };
        let form = if run_form { Form::Run } else { Form::Skip };
        let all: Vec<&TestName> = run.iter().chain(&skip).chain(&strange).collect();
        let known = Known::new(&all);
        let choice = Choice { run: &run, skip: &skip, strangers };
        for format in known.formats() {
            let rendered = render(&format, &choice, form, Path::new(FOLDER));
            if matches!(format, Format::JunitNames | Format::Plain) {
                continue;
            }
            let told = format!("{} {rendered:#?}", format.name());
            for test in &run {
                prop_assert!(runs(&format, &rendered, test), "{test:?} {told}");
            }
            let is_go = matches!(format, Format::Go(_) | Format::Gotestsum(_));
            for test in &strange {
                // Subtests are part of their test.
                let is_part = is_go && skip.iter().any(|other| {
                    other.suite == test.suite && test.name.starts_with(&format!("{}/", other.name))
                });
                if strangers == Strangers::Run && !skip.contains(test) && !is_part {
                    prop_assert!(runs(&format, &rendered, test), "{test:?} {told}");
                }
            }
            if rendered.empty {
                // Programs are started one by one, and none that nobody knows.
                let is_gtest = matches!(format, Format::Gtest);
                let known = |test: &&&TestName| skip.iter().any(|other| other.suite == test.suite);
                let listed = || all.iter().filter(|test| !is_gtest || known(test));
                prop_assert!(listed().all(|test| !runs(&format, &rendered, test)), "{told}");
            }
            if rendered.form == Form::Skip && form == Form::Skip {
                let needless = skip.iter().filter(|test| !run.contains(test));
                let n_needless = needless.filter(|test| runs(&format, &rendered, test)).count();
                prop_assert_eq!(n_needless, rendered.kept, "{}", told);
            }
        }
    }

    #[test]
    fn lists_are_read_back(tests in prop::collection::btree_set((".{0,8}", "(\\PC|[\\x00-\\x1f\\u{2028}\\\\]){0,12}"), 0..20)) {
        let tests: Vec<TestName> = tests.iter().map(|(suite, name)| TestName::new(suite.as_str(), name.as_str())).collect();
        let choice = Choice { run: &tests, skip: &[], strangers: Strangers::Leave };
        let rendered = render(&Format::Plain, &choice, Form::Run, Path::new(FOLDER));
        prop_assert_eq!(read_plain(&rendered.stdout), Ok(tests.clone()));
        prop_assert_eq!(rendered.stdout.lines().count(), tests.len());
        let rendered = render(&Format::JunitNames, &choice, Form::Run, Path::new(FOLDER));
        for (line, test) in rendered.stdout.split_terminator('\n').zip(&tests) {
            let dot = if test.suite.is_empty() { "" } else { "." };
            prop_assert_eq!(unescaped(line), Some(format!("{}{dot}{}", test.suite, test.name)));
        }
    }
}
