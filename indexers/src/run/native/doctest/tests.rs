use proptest::prelude::*;

use super::*;
use crate::run::native::list as list_any;
use crate::run::native::testing::{Bench, run, told, told_together};
use crate::run::verdict::Judgement;

const PROGRAM: &str = r#"
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <cstdio>
#include <cstdlib>
static void log(const char* name) {
  const char* path = std::getenv("LOG");
  if (!path) return;
  std::FILE* file = std::fopen(path, "a");
  std::fprintf(file, "%s|", name);
  std::fclose(file);
}
#define RUNS(name) TEST_CASE(name) { log(name); CHECK(1 == 1); }
RUNS("plain")
RUNS("plain too")
RUNS("with, comma")
RUNS("back\\slash")
RUNS("back\\, comma")
RUNS("ends with \\")
RUNS(" leading")
RUNS("\"quoted\" & <tagged>")
RUNS("[tag] ünicode")
RUNS("--dt-reporters=junit")
RUNS("new\nline")
RUNS("star*")
RUNS("star of it")
RUNS("Case")
RUNS("case")
TEST_CASE("many") { log("many"); for (int i = 0; i < 1200; i++) CHECK(i >= 0); }
TEST_CASE("empty") { log("empty"); }
TEST_CASE("fails") { log("fails"); CHECK(1 == 2); }
TEST_CASE("fails as it should" * doctest::should_fail()) { log("fails as it should"); CHECK(1 == 2); }
TEST_CASE("skipped" * doctest::skip()) { log("skipped"); }
TEST_SUITE("s") { TEST_CASE("same") { log("s/same"); } }
TEST_SUITE("t") { TEST_CASE("same") { log("t/same"); } }
TEST_CASE_TEMPLATE("template", T, int, char) { log("template"); CHECK(sizeof(T) > 0); }
"#;

#[test]
fn each_test_runs_alone() {
    let bench = Bench::new();
    let Some(binary) = bench.compile("t", PROGRAM, "doctest/doctest.h", &[]) else { return };
    let cases = list_any(&binary, None, Options::default(), &bench.listing()).unwrap();
    insta::assert_snapshot!(told(&cases, &bench), @r#"
    "plain": Passed ran plain
    "plain too": Passed ran plain too
    "with, comma": Passed ran with, comma
    "back\\slash": Passed ran back\slash
    "back\\, comma": Passed ran back\, comma
    "ends with \\": Passed ran ends with \
    " leading": Passed ran  leading
    "\"quoted\" & <tagged>": Passed ran "quoted" & <tagged>
    "[tag] ünicode": Passed ran [tag] ünicode
    "--dt-reporters=junit": Passed ran --dt-reporters=junit
    "new\nline": Passed ran new
    line
    "star of it,star*": Passed ran star* + star of it
    "Case": Passed ran Case
    "case": Passed ran case
    "many": Passed ran many
    "empty": Passed ran empty
    "fails": Failed ran fails
    "fails as it should": Passed ran fails as it should
    "skipped" (left out): NothingRan ran nothing
    "same": Passed ran s/same + t/same
    "template<int>": Passed ran template
    "template<char>": Passed ran template
    "#);

    let some = |names: &[&str]| {
        let of = |name: &&str| cases.iter().find(|case| *case.name == **name).unwrap();
        together(&names.iter().map(of).collect::<Vec<_>>(), None).unwrap()
    };
    let runs = [
        some(&["plain", "with, comma", "back\\slash"]),
        some(&["plain", "fails", "fails as it should"]),
        together(&cases.iter().collect::<Vec<_>>(), Some(LeftOut::Skip)).unwrap(),
    ];
    insta::assert_snapshot!(runs.map(|run| told_together(&run, &bench)).concat(), @"
    3 began, 3 ran, 0 failed: {}
    3 began, 3 ran, 1 failed: {}
    23 began, 23 ran, 1 failed: {}
    ");

    let all = Options { left_out: LeftOut::Run, ..Options::default() };
    let cases = list(&binary, all, &bench.listing()).unwrap();
    let of = |name: &str| cases.iter().find(|case| &*case.name == name).unwrap();
    assert_eq!(run(of("skipped")), Judgement::Passed);
    let mut stale = of("plain").clone();
    stale.command.args[0] = "--dt-test-case=gone".into();
    assert_eq!(run(&stale), Judgement::NothingRan);
    bench.assert_untouched();
}

#[test]
fn tests_without_a_name_come_with_all() {
    let program = r#"
        #define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
        #include <doctest/doctest.h>
        TEST_CASE("named") {}
        TEST_CASE("") {}
    "#;
    let bench = Bench::new();
    let Some(binary) = bench.compile("t", program, "doctest/doctest.h", &[]) else { return };
    let cases = list_any(&binary, None, Options::default(), &bench.listing()).unwrap();
    insta::assert_snapshot!(told(&cases, &bench), @r#"
    "named": Passed ran nothing
    "*": Passed ran nothing
    "#);
}

#[test]
fn lists_that_are_none() {
    assert!(parse("").is_err());
    assert!(parse("<?xml version=\"1.0\"?><doctest><TestCase name=\"a\"/>").is_err());
    assert!(parse("<?xml version=\"1.0\"?><doctest><TestCase name=\"a\"></TestCase></doctest>").is_err());
    assert_eq!(parse("hello\n<?xml version=\"1.0\"?><doctest></doctest>bye"), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn no_list_panics(text in "(<\\?xml|<TestCase |name=\"|\"|/>|</doctest>|<doctest>|&amp;|&#x|[a-z&;<>]){0,20}") {
        let _ = parse(&text);
    }
}
