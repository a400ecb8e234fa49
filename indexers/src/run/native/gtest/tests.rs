use proptest::prelude::*;

use super::*;
use crate::run::native::testing::{Bench, run, told, told_together};
use crate::run::native::{Framework, list as list_any};
use crate::run::verdict::Judgement;

const PROGRAM: &str = r#"
#include <gtest/gtest.h>
#include <cstdio>
#include <cstdlib>
// Tells the name of the running test to whoever asks through the environment.
struct Log : testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& info) override {
    const char* path = std::getenv("LOG");
    if (!path) return;
    std::FILE* file = std::fopen(path, "a");
    std::fprintf(file, "%s.%s|", info.test_suite_name(), info.name());
    std::fclose(file);
  }
};
TEST(Plain, Passes) { SUCCEED(); }
TEST(Plain, PassesToo) { SUCCEED(); }
TEST(Plain, Fails) { EXPECT_EQ(1, 2); }
TEST(Plain, DISABLED_Off) { FAIL(); }
TEST(DISABLED_All, One) { SUCCEED(); }
TEST(Plain, Skips) { GTEST_SKIP() << "why"; }
TEST(Plain, Leaves) { std::_Exit(0); }
TEST(PlainDeathTest, Dies) { EXPECT_DEATH(std::abort(), ""); }
class P : public testing::TestWithParam<const char*> {};
TEST_P(P, Works) { SUCCEED(); }
INSTANTIATE_TEST_SUITE_P(Inst, P, testing::Values("a b", "c:* # GetParam() = \n x"));
INSTANTIATE_TEST_SUITE_P(Named, P, testing::Values("one", "two"),
                         [](const auto& info) { return std::string(info.param); });
template <class T> class Typed : public testing::Test {};
using Types = testing::Types<int, std::pair<int, long>>;
TYPED_TEST_SUITE(Typed, Types);
TYPED_TEST(Typed, Size) { SUCCEED(); }
struct F : testing::Test { void TestBody() override {} };
int main(int argc, char** argv) {
  std::puts("a main that talks.");
  for (const char* name : {"a*b", "axb", "c:d", "-lead", "twice", "twice", "sp ace, [x]", "ünicode"})
    testing::RegisterTest("Dyn", name, nullptr, nullptr, __FILE__, __LINE__, []() -> F* { return new F; });
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new Log);
  return RUN_ALL_TESTS();
}
"#;

#[test]
fn each_test_runs_alone() {
    let bench = Bench::new();
    let Some(mut binary) = bench.compile("t", PROGRAM, "gtest/gtest.h", &["-lgtest", "-lpthread"]) else {
        return;
    };
    let cases = list_any(&binary, None, Options::default(), &bench.listing()).unwrap();
    insta::assert_snapshot!(told(&cases, &bench), @r#"
    "PlainDeathTest.Dies": Passed ran PlainDeathTest.Dies
    "Plain.Passes": Passed ran Plain.Passes
    "Plain.PassesToo": Passed ran Plain.PassesToo
    "Plain.Fails": Failed ran Plain.Fails
    "Plain.DISABLED_Off" (left out): NothingRan ran nothing
    "Plain.Skips": Skipped ran Plain.Skips
    "Plain.Leaves": NothingRan ran Plain.Leaves
    "DISABLED_All.One" (left out): NothingRan ran nothing
    "Typed/0.Size": Passed ran Typed/0.Size
    "Typed/1.Size": Passed ran Typed/1.Size
    "Dyn.a?b:Dyn.axb": Passed ran Dyn.a*b + Dyn.axb
    "Dyn.c:d": Passed ran Dyn.c:d
    "Dyn.-lead": Passed ran Dyn.-lead
    "Dyn.twice": Passed ran Dyn.twice + Dyn.twice
    "Dyn.sp ace, [x]": Passed ran Dyn.sp ace, [x]
    "Dyn.ünicode": Passed ran Dyn.ünicode
    "Inst/P.Works/0": Passed ran Inst/P.Works/0
    "Inst/P.Works/1": Passed ran Inst/P.Works/1
    "Named/P.Works/one": Passed ran Named/P.Works/one
    "Named/P.Works/two": Passed ran Named/P.Works/two
    "#);

    let some = |names: &[&str]| {
        let of = |name: &&str| cases.iter().find(|case| *case.name == **name).unwrap();
        together(&names.iter().map(of).collect::<Vec<_>>(), None).unwrap()
    };
    let runs = [
        some(&["Plain.Passes", "Dyn.c:d", "Plain.Skips", "Inst/P.Works/1"]),
        some(&["Plain.Passes", "Plain.Fails", "Dyn.-lead"]),
        some(&["Plain.Passes", "Plain.Leaves", "Dyn.-lead"]),
        together(&cases.iter().collect::<Vec<_>>(), Some(LeftOut::Skip)).unwrap(),
    ];
    insta::assert_snapshot!(runs.map(|run| told_together(&run, &bench)).concat(), @r#"
    4 began, 4 ran, 0 failed: {}
    3 began, 3 ran, 1 failed: {"Plain.Fails"}
    2 began, and nothing is told
    6 began, and nothing is told
    "#);

    let all = Options { left_out: LeftOut::Run, death_tests: DeathTests::Threadsafe };
    let cases = list(&binary, all, &bench.listing()).unwrap();
    let of = |name: &str| cases.iter().find(|case| &*case.name == name).unwrap();
    assert!(cases.iter().all(|case| !case.skipped));
    assert_eq!(run(of("Plain.DISABLED_Off")), Judgement::Failed);
    assert_eq!(run(of("DISABLED_All.One")), Judgement::Passed);
    assert_eq!(run(of("PlainDeathTest.Dies")), Judgement::Passed);

    // A filter in the surroundings changes neither the list nor what runs.
    binary.command.env.insert("GTEST_SHUFFLE".into(), Some("1".into()));
    assert_eq!(list(&binary, all, &bench.listing()).unwrap().len(), cases.len());

    // A name that is not there, as from a stale list.
    let mut stale = of("Plain.Passes").clone();
    stale.command.args[0] = "--gtest_filter=Plain.Gone".into();
    assert_eq!(run(&stale), Judgement::NothingRan);

    // It is asked as what it is, and no other.
    assert!(list_any(&binary, Some(Framework::Doctest), all, &bench.listing()).is_err());
    bench.assert_untouched();
}

#[test]
fn a_main_that_ignores_the_question_is_one_test() {
    let program = r#"
        #include <gtest/gtest.h>
        int main(int argc, char** argv) { testing::InitGoogleTest(&argc, argv); return 0; }
    "#;
    let bench = Bench::new();
    let Some(binary) = bench.compile("t", program, "gtest/gtest.h", &["-lgtest", "-lpthread"]) else {
        return;
    };
    let cases = list_any(&binary, None, Options::default(), &bench.listing()).unwrap();
    assert_eq!(
        cases.iter().map(|case| (&*case.name, &case.verdict)).collect::<Vec<_>>(),
        [("t", &Verdict::ExitCode)]
    );
}

#[test]
fn text_is_read_as_json_is() {
    let text = "Running main() from gtest_main.cc\nPlain.\n  Passes\n  DISABLED_Off\n\
        Typed/0.  # TypeParam = int\n  Size\nInst/P.\n  Works/0  # GetParam() = \"a b\"\n";
    let json = br#"{"tests": 4, "name": "AllTests", "testsuites": [
        {"name": "Plain", "tests": 2, "testsuite": [{"name": "Passes", "line": 3}, {"name": "DISABLED_Off"}]},
        {"name": "Typed\/0", "tests": 1, "testsuite": [{"name": "Size", "type_param": "int"}]},
        {"name": "Inst\/P", "tests": 1, "testsuite": [{"name": "Works\/0", "value_param": "\"a b\""}]}]}"#;
    let names = parse_text(text.as_bytes()).unwrap();
    assert_eq!(names, parse_json(json).unwrap());
    let told: Vec<String> = names.iter().map(Name::full).collect();
    assert_eq!(told, ["Plain.Passes", "Plain.DISABLED_Off", "Typed/0.Size", "Inst/P.Works/0"]);
    for name in ["ünicode", "\u{c3}\u{bc}nicode", "日本"] {
        let json = serde_json::json!({"testsuites": [{"name": "S", "testsuite": [{"name": name}]}]});
        let names = parse_json(json.to_string().as_bytes()).unwrap();
        assert_eq!(names[0].full(), if name == "日本" { "S.日本" } else { "S.ünicode" });
    }
    assert!(parse_text(b"Plain.\n  Passes\nFailed to connect\n").is_err());
    assert!(parse_text(b"  Passes\n").is_err());
}

#[test]
fn arguments_that_choose_one_test() {
    assert_eq!(chosen(["--gtest_filter=A.b", "--gtest_also_run_disabled_tests"]), Some("A.b"));
    for others in [
        &["--gtest_filter=A.*"][..],
        &["--gtest_filter=A.b:A.c"],
        &["--gtest_filter=A.b-A.c"],
        &["--gtest_filter=A.b", "--verbose"],
        &["--gtest_filter=A.b", "--gtest_filter=A.c"],
        &["--gtest_filter="],
        &[],
    ] {
        assert_eq!(chosen(others.iter().copied()), None, "{others:?}");
    }
}

fn naive(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => naive(rest, name) || !name.is_empty() && naive(pattern, &name[1..]),
        ([first, rest @ ..], [byte, name @ ..]) => (first == byte || *first == b'?') && naive(rest, name),
        _ => false,
    }
}

proptest! {
    #[test]
    fn patterns_match_as_they_should(pattern in "[ab?*]{0,8}", name in "[ab]{0,8}") {
        prop_assert_eq!(
            matches(pattern.as_bytes(), name.as_bytes()),
            naive(pattern.as_bytes(), name.as_bytes())
        );
    }

    #[test]
    fn a_name_is_matched_by_its_pattern(name in "\\PC{0,12}") {
        prop_assert!(matches(pattern(&name).as_bytes(), name.as_bytes()) || !name.is_ascii());
    }

    #[test]
    fn no_list_panics(text in "([A-Za-z./ #=\\n]|  # GetParam\\(\\) = ){0,60}", bytes in any::<Vec<u8>>()) {
        let _ = parse_text(text.as_bytes());
        let _ = parse_text(&bytes);
        let _ = parse_json(&bytes);
    }
}

#[test]
fn filters_choose_as_google_test_does() {
    for (filter, chosen) in [
        ("*", vec!["A.b", "A.c", "B.b"]),
        ("", vec!["A.b", "A.c", "B.b"]),
        ("A.*", vec!["A.b", "A.c"]),
        ("A.?:B.*", vec!["A.b", "A.c", "B.b"]),
        ("-A.*", vec!["B.b"]),
        ("A.*-*.c:B.*", vec!["A.b"]),
        ("C.*", vec![]),
    ] {
        let all = ["A.b", "A.c", "B.b"];
        let found: Vec<&str> = all.into_iter().filter(|name| is_chosen(filter, name)).collect();
        assert_eq!(found, chosen, "{filter}");
    }
}
