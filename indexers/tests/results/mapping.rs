//! Which tests of an index the names in real files mean.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use insta::assert_snapshot;
use skiptrace_engine::evaluation::{Match, Universe};
use skiptrace_engine::id::RecordingId;
use skiptrace_engine::record::{Health, Outcome, Role, TestKey, TestRecord};
use skiptrace_engine::selection::Decided;

use crate::{results_of, sample};

/// Says of each result of a sample which of the tests, each `suite | name`, is meant.
#[track_caller]
fn check(name: &str, tests: &[&str]) -> String {
    let decided = |test: &&str| {
        let (suite, name) = test.split_once(" | ").expect("a suite and a name");
        let record = TestRecord {
            key: TestKey::new("unit".parse().expect("it is a name"), suite, name),
            outcome: Outcome::Passed,
            health: Health::OK,
            duration: Duration::ZERO,
            role: Role::Test,
            recording: RecordingId(0),
        };
        Decided { record, why: Vec::new() }
    };
    let known: Vec<Decided> = tests.iter().map(decided).collect();
    let universe = Universe::new(&known);
    let bytes = fs::read(sample(name)).expect("there is such a sample");
    let (_, results) = results_of(name, &bytes).expect("it is sound");
    let mut text = String::new();
    for (told, _) in results.iter() {
        let found = match universe.find(told) {
            Match::Test(at) => tests[at].to_owned(),
            Match::Part(at) => format!("part of {}", tests[at]),
            Match::Several(several) => {
                several.into_iter().map(|at| tests[at]).collect::<Vec<_>>().join(", or ")
            }
            Match::Unknown => "unknown".to_owned(),
        };
        writeln!(text, "{} {} -> {found}", told.suite, told.name).expect("it is text");
    }
    text
}

#[test]
fn rust() {
    let tests =
        ["shop | tests::price_of_none", "shop | tests::price_of_two", "shop::it | buys", "shop::it | never"];
    assert_snapshot!(check("nextest.xml", &tests), @"
    shop tests::price_of_none -> shop | tests::price_of_none
    shop tests::price_of_two -> shop | tests::price_of_two
    shop tests::slow -> unknown
    shop::it buys -> shop::it | buys
    shop::it crashes -> unknown
    shop::it never -> shop::it | never
    shop::it sometimes -> unknown
    ");
    let only = |text: String| {
        text.lines().map(|line| line.rsplit(" -> ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(only(check("nextest-libtest-plus.json", &tests)), only(check("nextest.xml", &tests)));
    // What does not tell binaries is understood all the same, until a second binary has the name.
    assert_snapshot!(check("nextest-libtest.json", &tests), @"
    shop::it buys -> shop::it | buys
    shop::it crashes -> unknown
    shop::it never -> shop::it | never
    shop::it sometimes -> unknown
    shop::shop tests::price_of_none -> shop | tests::price_of_none
    shop::shop tests::price_of_two -> shop | tests::price_of_two
    shop::shop tests::slow -> unknown
    ");
    let twice = [&tests[..], &["shop::bin/shop | tests::price_of_two"]].concat();
    assert_snapshot!(check("libtest.json", &twice), @"
     -> shop | tests::price_of_none, or shop | tests::price_of_two, or shop::it | buys, or shop::it | never, or shop::bin/shop | tests::price_of_two
    buys -> shop::it | buys
    crashes -> unknown
    never -> shop::it | never
    tests::price_of_none -> shop | tests::price_of_none
    tests::price_of_two -> shop | tests::price_of_two, or shop::bin/shop | tests::price_of_two
    tests::slow -> unknown
    ");
    assert_snapshot!(check("libtest.xml", &tests), @"
    tests::price_of_none -> shop | tests::price_of_none
    tests::price_of_two -> shop | tests::price_of_two
    ");
}

#[test]
fn go() {
    let package = |test: &str| format!("example.com/shop/cart | {test}");
    let tests = ["ExampleSum", "FuzzSum", "TestFlaky", "TestSum", "TestTable"].map(package);
    let mut tests: Vec<&str> = tests.iter().map(String::as_str).collect();
    assert_snapshot!(check("gotestsum-rerun.xml", &tests), @"
    example.com/shop/cart ExampleSum -> example.com/shop/cart | ExampleSum
    example.com/shop/cart FuzzSum -> example.com/shop/cart | FuzzSum
    example.com/shop/cart FuzzSum/seed#0 -> part of example.com/shop/cart | FuzzSum
    example.com/shop/cart TestFlaky -> example.com/shop/cart | TestFlaky
    example.com/shop/cart TestSkipped -> unknown
    example.com/shop/cart TestSum -> example.com/shop/cart | TestSum
    example.com/shop/cart TestTable -> example.com/shop/cart | TestTable
    example.com/shop/cart TestTable/a/b -> part of example.com/shop/cart | TestTable
    example.com/shop/cart TestTable/bad_one -> part of example.com/shop/cart | TestTable
    example.com/shop/cart TestTable/good -> part of example.com/shop/cart | TestTable
    ");
    tests.extend(["example.com/shop/broken | TestB", "example.com/shop/silent | TestS"]);
    assert_snapshot!(check("gotestsum-broken.xml", &tests), @"
    example.com/shop/broken  -> example.com/shop/broken | TestB
    example.com/shop/panics TestOne -> unknown
    example.com/shop/panics TestPanics -> unknown
    example.com/shop/silent  -> example.com/shop/silent | TestS
    ");
}

#[test]
fn native() {
    let tests = [
        "build/unit_tests | Math.adds",
        "build/unit_tests | Math.fails",
        "build/unit_tests | Inst/P.works/0",
        "ctest | good",
        "ctest | bad",
    ];
    let gtest = check("gtest.xml", &tests);
    assert_snapshot!(gtest, @"
    Inst/P.works/0 -> build/unit_tests | Inst/P.works/0
    Inst/P.works/1 -> unknown
    Math.DISABLED_off -> unknown
    Math.adds -> build/unit_tests | Math.adds
    Math.fails -> build/unit_tests | Math.fails
    Math.skipped -> unknown
    Ty/0.typed -> unknown
    Ty/1.typed -> unknown
    ");
    assert_eq!(check("gtest.json", &tests), gtest);
    assert_snapshot!(check("ctest.xml", &tests), @"
    bad -> ctest | bad
    good -> ctest | good
    missing -> unknown
    off -> unknown
    skip -> unknown
    slow -> unknown
    ");
}

/// CMake calls instances by their values, and these look like the numbers by which GoogleTest calls them.
#[test]
fn cmake() {
    let tests = [
        "unit_tests | Math.adds",
        "unit_tests | Math.fails",
        "unit_tests | Inst/P.works/0",
        "unit_tests | Inst/P.works/1",
        "unit_tests | Ty/0.typed",
        "unit_tests | Ty/1.typed",
    ];
    assert_snapshot!(check("ctest-gtest.xml", &tests), @"
    Inst/P.works/1 -> unit_tests | Inst/P.works/0, or unit_tests | Inst/P.works/1
    Inst/P.works/2 -> unit_tests | Inst/P.works/0, or unit_tests | Inst/P.works/1
    Math.adds -> unit_tests | Math.adds
    Math.fails -> unit_tests | Math.fails
    Math.off -> unknown
    Math.skipped -> unknown
    Ty.typed<char> -> unit_tests | Ty/0.typed, or unit_tests | Ty/1.typed
    Ty.typed<int> -> unit_tests | Ty/0.typed, or unit_tests | Ty/1.typed
    ");
}

#[test]
fn python() {
    let tests = [
        "tests/test_a.py | TestK::test_in",
        "tests/test_a.py | TestK::test_param",
        "tests/test_a.py | test_fails",
        "tests/test_broken.py | test_x",
    ];
    assert_snapshot!(check("pytest.xml", &tests), @r"
    tests.test_a test_both -> unknown
    tests.test_a test_fails -> tests/test_a.py | test_fails
    tests.test_a test_flaky -> unknown
    tests.test_a test_setup -> unknown
    tests.test_a test_skip -> unknown
    tests.test_a test_sub -> unknown
    tests.test_a test_teardown -> unknown
    tests.test_a test_xfail -> unknown
    tests.test_a.TestK test_in -> tests/test_a.py | TestK::test_in
    tests.test_a.TestK test_param[\xe9::]] -> part of tests/test_a.py | TestK::test_param
    tests.test_a.TestK test_param[a b] -> part of tests/test_a.py | TestK::test_param
    tests.test_a.TestK test_param[c/d] -> part of tests/test_a.py | TestK::test_param
    ");
    assert_snapshot!(check("pytest-broken.xml", &tests), @"tests.test_broken  -> tests/test_broken.py | test_x");
}

/// Of an index that was imported, which has no suites or the classes for them.
#[test]
fn java() {
    assert_snapshot!(check("surefire.xml", &["ex.ShopTest | bad", " | ex.ShopTest.good", " | ex.ShopTest#flaky"]), @"
    ex.ShopTest bad -> ex.ShopTest | bad
    ex.ShopTest error -> unknown
    ex.ShopTest flaky ->  | ex.ShopTest#flaky
    ex.ShopTest good ->  | ex.ShopTest.good
    ex.ShopTest off -> unknown
    ");
}

#[test]
fn bazel() {
    assert_snapshot!(check("bazel.xml", &["bazel-bin/pkg/unit | Math.adds", "bazel-bin/pkg/unit | Math.fails"]), @" pkg/unit -> bazel-bin/pkg/unit | Math.adds, or bazel-bin/pkg/unit | Math.fails");
    assert_snapshot!(check("bazel.xml", &[" | pkg/unit"]), @" pkg/unit ->  | pkg/unit");
}
