//! What real runners wrote.

use insta::assert_snapshot;

use crate::{lines, results_of, told};

#[test]
fn nextest() {
    assert_snapshot!(told("nextest.xml"), @"
    JUnit XML
    shop | tests::price_of_none: failed in 3 attempts, timed
    shop | tests::price_of_two: passed, timed
    shop | tests::slow: skipped
    shop::it | buys: passed, timed
    shop::it | crashes: failed in 3 attempts, timed
    shop::it | never: failed in 3 attempts, timed
    shop::it | sometimes: flaky in 2 attempts, timed
    ");
    assert_snapshot!(told("nextest-flaky-fails.xml"), @"
    JUnit XML
    shop | tests::price_of_none: failed in 3 attempts, timed
    shop | tests::price_of_two: passed, timed
    shop::it | buys: passed, timed
    shop::it | crashes: failed in 3 attempts, timed
    shop::it | never: failed in 3 attempts, timed
    shop::it | sometimes: flaky in 2 attempts, timed
    ");
}

#[test]
fn nextest_as_libtest() {
    let plus = told("nextest-libtest-plus.json");
    assert_snapshot!(plus, @"
    libtest JSON
    shop | tests::price_of_none: failed in 3 attempts, timed
    shop | tests::price_of_two: passed, timed
    shop | tests::slow: skipped
    shop::it | buys: passed, timed
    shop::it | crashes: failed in 3 attempts, timed
    shop::it | never: failed in 3 attempts, timed
    shop::it | sometimes: flaky in 2 attempts, timed
    ");
    // Without the kind of a binary nobody knows whether it is the package's library.
    let plain = told("nextest-libtest.json").replace("shop::shop |", "shop |");
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(&plain), sorted(&plus));
}

/// One process after the other, of which one went down.
#[test]
fn libtest() {
    assert_snapshot!(told("libtest.json"), @"
    libtest JSON
     | (all of it): errored
     | buys: passed, timed
     | crashes: errored
     | never: errored
     | tests::price_of_none: failed, timed
     | tests::price_of_two: passed, timed
     | tests::slow: skipped
    ");
    assert_snapshot!(told("libtest.xml"), @"
    JUnit XML
     | tests::price_of_none: failed
     | tests::price_of_two: passed
    ");
}

#[test]
fn go_test() {
    assert_snapshot!(told("go-test.json"), @"
    go test -json
    example.com/shop/broken | (all of it): errored
    example.com/shop/cart | ExampleSum: passed
    example.com/shop/cart | FuzzSum: passed
    example.com/shop/cart | FuzzSum/seed#0: passed
    example.com/shop/cart | TestFlaky: passed
    example.com/shop/cart | TestSkipped: skipped
    example.com/shop/cart | TestSum: passed
    example.com/shop/cart | TestTable: passed
    example.com/shop/cart | TestTable/a/b: passed
    example.com/shop/cart | TestTable/bad_one: passed
    example.com/shop/cart | TestTable/good: passed
    example.com/shop/panics | TestOne: passed
    example.com/shop/panics | TestPanics: failed
    example.com/shop/silent | (all of it): errored
    ");
    assert_snapshot!(told("go-test-count.json"), @"
    go test -json
    example.com/shop/cart | ExampleSum: passed
    example.com/shop/cart | FuzzSum: passed in 2 attempts
    example.com/shop/cart | FuzzSum/seed#0: passed in 2 attempts
    example.com/shop/cart | TestFlaky: flaky in 2 attempts
    example.com/shop/cart | TestSkipped: skipped
    example.com/shop/cart | TestSum: passed in 2 attempts
    example.com/shop/cart | TestTable: passed in 2 attempts
    example.com/shop/cart | TestTable/a/b: passed in 2 attempts
    example.com/shop/cart | TestTable/bad_one: passed in 2 attempts
    example.com/shop/cart | TestTable/good: passed in 2 attempts
    ");
}

#[test]
fn gotestsum() {
    let reruns = told("gotestsum-rerun.xml");
    assert_snapshot!(reruns, @"
    JUnit XML
    example.com/shop/cart | ExampleSum: passed
    example.com/shop/cart | FuzzSum: passed
    example.com/shop/cart | FuzzSum/seed#0: passed
    example.com/shop/cart | TestFlaky: flaky in 2 attempts
    example.com/shop/cart | TestSkipped: skipped
    example.com/shop/cart | TestSum: passed
    example.com/shop/cart | TestTable: passed
    example.com/shop/cart | TestTable/a/b: passed
    example.com/shop/cart | TestTable/bad_one: passed
    example.com/shop/cart | TestTable/good: passed
    ");
    let untimed = |text: &str| text.replace(", timed", "").lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(untimed(&told("gotestsum-rerun.json")), untimed(&reruns));
    assert_snapshot!(told("gotestsum-broken.xml"), @"
    JUnit XML
    example.com/shop/broken | (all of it): failed
    example.com/shop/panics | TestOne: passed
    example.com/shop/panics | TestPanics: failed
    example.com/shop/silent | (all of it): failed
    ");
}

#[test]
fn pytest() {
    assert_snapshot!(told("pytest.xml"), @r"
    JUnit XML
    tests.test_a | test_both: failed in 2 attempts
    tests.test_a | test_fails: failed
    tests.test_a | test_flaky: failed
    tests.test_a | test_setup: errored
    tests.test_a | test_skip: skipped
    tests.test_a | test_sub: failed, timed
    tests.test_a | test_teardown: errored
    tests.test_a | test_xfail: passed
    tests.test_a.TestK | test_in: passed
    tests.test_a.TestK | test_param[\xe9::]]: passed
    tests.test_a.TestK | test_param[a b]: passed
    tests.test_a.TestK | test_param[c/d]: failed
    ");
    assert_snapshot!(told("pytest-broken.xml"), @"
    JUnit XML
    tests.test_broken | (all of it): errored
    ");
}

/// Attempts that failed are told as if they had passed.
#[test]
fn pytest_with_reruns() {
    assert_snapshot!(told("pytest-rerun.xml"), @r"
    JUnit XML
    tests.test_a | test_both: failed in 4 attempts
    tests.test_a | test_fails: failed in 3 attempts
    tests.test_a | test_flaky: flaky in 2 attempts
    tests.test_a | test_setup: failed in 3 attempts
    tests.test_a | test_skip: skipped
    tests.test_a | test_sub: failed in 3 attempts, timed
    tests.test_a | test_teardown: failed in 3 attempts
    tests.test_a | test_xfail: passed
    tests.test_a.TestK | test_in: passed
    tests.test_a.TestK | test_param[\xe9::]]: passed
    tests.test_a.TestK | test_param[a b]: passed
    tests.test_a.TestK | test_param[c/d]: failed in 3 attempts
    ");
}

#[test]
fn googletest() {
    let xml = told("gtest.xml");
    assert_snapshot!(xml, @"
    JUnit XML
     | Inst/P.works/0: passed
     | Inst/P.works/1: passed
     | Math.DISABLED_off: skipped
     | Math.adds: passed
     | Math.fails: failed
     | Math.skipped: skipped
     | Ty/0.typed: passed
     | Ty/1.typed: passed
    ");
    let json = told("gtest.json");
    assert_eq!(xml.lines().skip(1).collect::<Vec<_>>(), json.lines().skip(1).collect::<Vec<_>>());
}

/// What could not be started is told as skipped, and is not.
#[test]
fn ctest() {
    assert_snapshot!(told("ctest.xml"), @"
    JUnit XML
     | bad: failed, timed
     | good: passed, timed
     | missing: errored
     | off: skipped
     | skip: skipped
     | slow: failed, timed
    ");
}

#[test]
fn ctest_of_googletest() {
    assert_snapshot!(told("ctest-gtest.xml"), @"
    JUnit XML
     | Inst/P.works/1: passed, timed
     | Inst/P.works/2: passed, timed
     | Math.adds: passed, timed
     | Math.fails: failed, timed
     | Math.off: skipped
     | Math.skipped: skipped
     | Ty.typed<char>: passed, timed
     | Ty.typed<int>: passed, timed
    ");
}

#[test]
fn surefire() {
    assert_snapshot!(told("surefire.xml"), @"
    JUnit XML
    ex.ShopTest | bad: failed in 3 attempts, timed
    ex.ShopTest | error: errored in 3 attempts, timed
    ex.ShopTest | flaky: flaky in 2 attempts, timed
    ex.ShopTest | good: passed, timed
    ex.ShopTest | off: skipped
    ");
}

#[test]
fn bazel() {
    assert_snapshot!(told("bazel.xml"), @"
    JUnit XML
     | pkg/unit: errored, timed
    ");
}

/// Of other producers: no root, nested suites, numbers as people write them, namespaces.
#[test]
fn others() {
    let check = |text: &str| lines(&results_of("a.xml", text.as_bytes()).expect("it is sound").1);
    assert_snapshot!(check("<testsuite name='s'><testcase name='a' time='1,000.5'/></testsuite>"), @" | a: passed, timed");
    assert_snapshot!(check(
        "<j:testsuites xmlns:j='x'><j:testsuite name='o'><j:testsuite name='i'><j:testcase classname='c' name='a'>\
         <j:failure/></j:testcase></j:testsuite><j:testcase name='b' status='failed'/></j:testsuite></j:testsuites>"
    ), @"
     | b: failed
    c | a: failed
    ");
    assert_snapshot!(check(
        "<testsuites><testsuite><testcase classname='c' name='a&#10;b &unknown; &lt;'><properties><failure/>\
         </properties><system-out>&unknown;<![CDATA[<failure/>]]></system-out></testcase></testsuite></testsuites>"
    ), @"c | a&#10;b &unknown; &lt;: passed");
    assert_snapshot!(check("<testsuites><testcase classname='c' name='a'><rerunFailure/></testcase></testsuites>"), @"c | a: failed");
    assert_snapshot!(check("<testsuites/>"), @"");
}

/// Where nobody says what it means that a name is there twice, only a failure is followed by an attempt.
#[test]
fn names_that_are_there_twice() {
    let check = |ends: &[&str]| {
        let cases = ends.iter().map(|end| format!("<testcase classname='c' name='t'>{end}</testcase>"));
        let text = format!("<testsuite name='c'>{}</testsuite>", cases.collect::<String>());
        lines(&results_of("a.xml", text.as_bytes()).expect("it is sound").1)
    };
    assert_snapshot!(check(&["<failure/>", ""]), @"c | t: flaky in 2 attempts");
    assert_snapshot!(check(&["", "<failure/>"]), @"c | t: failed in 2 attempts");
    assert_snapshot!(check(&["<failure/>", "", ""]), @"c | t: failed in 3 attempts");
}

#[test]
fn two_suites_of_one_name_are_not_attempts() {
    let libtest = "{\"type\":\"suite\",\"event\":\"started\"}\n{\"type\":\"test\",\"event\":\"ENDED\",\"name\":\"t\"}\n\
                   {\"type\":\"suite\",\"event\":\"ok\"}\n";
    let text = [libtest.replace("ENDED", "failed"), libtest.replace("ENDED", "ok")].concat();
    assert_snapshot!(lines(&results_of("a.json", text.as_bytes()).expect("it is sound").1), @"
    | t: failed
    | t: passed
    ");
}
