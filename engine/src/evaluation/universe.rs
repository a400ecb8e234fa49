//! Which test of an index a file of results means.
//!
//! Runners spell names in their own ways. Each way is tried, the most exact first, and the first that leads anywhere
//! decides. Where it leads to several tests, all of them are the answer: nothing is guessed.

use std::collections::HashMap;

use crate::selection::Decided;

use super::result::ToldName;
use super::spelling;

/// The tests that are known of a job, to be found by what others call them.
#[derive(Debug)]
pub struct Universe<'a> {
    tests: &'a [Decided],
    by_name: HashMap<&'a str, Vec<usize>>,
    by_suite: HashMap<&'a str, Vec<usize>>,
    /// By class and name, as pytest writes ids into its file.
    by_class: HashMap<(String, String), Vec<usize>>,
    /// By what instances of one test have in common, where their names are numbers.
    by_family: HashMap<String, Vec<usize>>,
}

/// Which test is meant, by places in the universe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// This one.
    Test(usize),
    /// A part of this one: a subtest, a case of a table.
    Part(usize),
    /// One of these, or each of them.
    Several(Vec<usize>),
    /// None that is known.
    Unknown,
}

impl<'a> Universe<'a> {
    /// Makes a universe of tests.
    pub fn new(tests: &'a [Decided]) -> Universe<'a> {
        let mut universe = Universe {
            tests,
            by_name: HashMap::with_capacity(tests.len()),
            by_suite: HashMap::new(),
            by_class: HashMap::new(),
            by_family: HashMap::new(),
        };
        for (at, test) in tests.iter().enumerate() {
            let key = &test.record.key;
            universe.by_name.entry(&key.name).or_default().push(at);
            universe.by_suite.entry(&key.suite).or_default().push(at);
            if let Some(class) = spelling::pytest_class(&key.suite, &key.name) {
                universe.by_class.entry(class).or_default().push(at);
            }
            if let Some(family) = spelling::family(&key.name) {
                universe.by_family.entry(family).or_default().push(at);
            }
        }
        universe
    }

    /// Finds the test that a name means.
    pub fn find(&self, told: &ToldName) -> Match {
        if told.name.is_empty() {
            if told.suite.is_empty() && told.group.is_empty() {
                // Something failed as a whole, and nobody says what.
                return Match::Several((0..self.tests.len()).collect());
            }
            let tests = self.of_suites(&[&told.suite, &told.group]);
            return if tests.is_empty() { Match::Unknown } else { Match::Several(tests) };
        }
        if told.by_value {
            // `P.works/1` may be of the value 1 or have the number 1.
            let families = spelling::families(&told.name);
            if let Some(family) = families.iter().find_map(|family| self.by_family.get(family)) {
                return Match::Several(family.clone());
            }
        }
        match self.named(told, &told.name).as_slice() {
            [] => {}
            [test] => return Match::Test(*test),
            several => return Match::Several(several.to_vec()),
        }
        for owner in spelling::owners(&told.name) {
            match self.named(told, owner).as_slice() {
                [] => {}
                [test] => return Match::Part(*test),
                several => return Match::Several(several.to_vec()),
            }
        }
        if !told.suite.is_empty() {
            return Match::Unknown;
        }
        // Who runs a whole program as one test calls it by the program's name.
        match self.of_suites(&[&told.name]) {
            none if none.is_empty() => Match::Unknown,
            several => Match::Several(several),
        }
    }

    /// Returns the tests that `name` may be where `told` stands, by the most exact way that leads to any.
    fn named(&self, told: &ToldName, name: &str) -> Vec<usize> {
        let of_name = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        // 1. Suite and name, as they are; or without the kind of the binary.
        let around = [&*told.suite, &*told.group];
        let around = || around.into_iter().filter(|suite| !suite.is_empty());
        let exact = self.filtered(of_name, |suite| {
            around()
                .any(|told| told == suite || spelling::without_kind(suite).is_some_and(|plain| told == plain))
        });
        if !exact.is_empty() {
            return exact;
        }
        // 2. The class that pytest makes of a path.
        if !told.suite.is_empty() && !self.by_class.is_empty() {
            let class = (told.suite.to_string(), name.to_owned());
            if let Some(found) = self.by_class.get(&class) {
                return found.clone();
            }
        }
        // 3. Nobody said where it lives.
        if around().next().is_none() {
            return self.of_program(told, of_name.to_vec());
        }
        // 4. Packages and programs, called by the end of their path; and indexes that have no suites.
        let ending =
            self.filtered(of_name, |suite| suite.is_empty() || around().any(|told| is_end(told, suite)));
        if !ending.is_empty() {
            return ending;
        }
        // 5. Both as one name.
        for joined in spelling::joined(&told.suite, name) {
            if let Some(found) = self.by_name.get(joined.as_str()) {
                return self.of_program(told, found.clone());
            }
        }
        Vec::new()
    }

    /// Narrows tests to those of the program that is told, where that is one.
    fn of_program(&self, told: &ToldName, tests: Vec<usize>) -> Vec<usize> {
        if tests.len() > 1 && !told.program.is_empty() {
            let last = |suite: &str| *told.program == *suite.rsplit('/').next().unwrap_or(suite);
            let of_program = self.filtered(&tests, last);
            if of_program.len() == 1 {
                return of_program;
            }
        }
        tests
    }

    /// Returns the tests of the first of some suites that is known, for what is told of a suite as a whole.
    fn of_suites(&self, suites: &[&str]) -> Vec<usize> {
        for suite in suites.iter().copied().filter(|suite| !suite.is_empty()) {
            if let Some(tests) = self.by_suite.get(suite) {
                return tests.clone();
            }
            // A file of Python that cannot be imported is told of as a module.
            let is_meant = |known: &str| {
                is_end(suite, known) || spelling::pytest_module(known).as_deref() == Some(suite)
            };
            let ending = self.by_suite.iter().filter(|(known, _)| is_meant(known));
            let mut tests: Vec<usize> = ending.flat_map(|(_, tests)| tests).copied().collect();
            tests.sort_unstable();
            if !tests.is_empty() {
                return tests;
            }
        }
        Vec::new()
    }

    fn filtered(&self, tests: &[usize], is_meant: impl Fn(&str) -> bool) -> Vec<usize> {
        tests.iter().copied().filter(|at| is_meant(&self.tests[*at].record.key.suite)).collect()
    }
}

/// Returns whether one of two paths is the end of the other.
fn is_end(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    !short.is_empty() && long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::testing::known;

    const TESTS: [(&str, &str); 18] = [
        ("", "imported"),
        ("bin/a", "Math.adds"),
        ("bin/a", "Only.a"),
        ("bin/b", "Math.adds"),
        ("bin/c", "In/P.works/0"),
        ("bin/c", "In/P.works/1"),
        ("bin/c", "Ty/0.is"),
        ("ctest", "smoke"),
        ("example.com/m/other/util", "TestX"),
        ("example.com/m/util", "TestX"),
        ("example.com/m/util", "TestY"),
        ("example.com/m/util", "TestY/sub"),
        ("shop", "tests::price"),
        ("shop::bin/cli", "starts"),
        ("shop::it", "buys"),
        ("tests/test_a.py", "TestK::test_in"),
        ("tests/test_a.py", "test_p"),
        ("tests/test_a.py", "test_q[a.b::c]"),
    ];

    #[track_caller]
    fn check(suite: &str, name: &str, program: &str, expected: &str) {
        let told = ToldName {
            suite: suite.into(),
            name: name.into(),
            program: program.into(),
            ..ToldName::default()
        };
        check_told(&told, expected);
    }

    #[track_caller]
    fn check_told(told: &ToldName, expected: &str) {
        let tests = known(&TESTS);
        let say = |at: usize| format!("{} {}", tests[at].record.key.suite, tests[at].record.key.name);
        let found = match Universe::new(&tests).find(told) {
            Match::Test(at) => say(at),
            Match::Part(at) => format!("part of {}", say(at)),
            Match::Several(several) => several.into_iter().map(say).collect::<Vec<_>>().join(" or "),
            Match::Unknown => "unknown".to_owned(),
        };
        assert_eq!(found, expected, "{told:?}");
    }

    #[test]
    fn names_as_they_are() {
        check("shop::it", "buys", "", "shop::it buys");
        check("shop", "buys", "", "unknown");
        check("shop::cli", "starts", "", "shop::bin/cli starts");
        check("example.com/m/util", "TestX", "", "example.com/m/util TestX");
    }

    #[test]
    fn subtests_belong_to_their_owner_unless_they_are_known() {
        check("example.com/m/util", "TestY/sub", "", "example.com/m/util TestY/sub");
        check("example.com/m/util", "TestY/sub/deeper", "", "part of example.com/m/util TestY/sub");
        check("example.com/m/util", "TestX/a[1]/b", "", "part of example.com/m/util TestX");
        check("example.com/m/util", "TestXY/a", "", "unknown");
    }

    #[test]
    fn packages_by_their_end() {
        check("m/util", "TestX", "", "example.com/m/util TestX");
        check("util", "TestX", "", "example.com/m/other/util TestX or example.com/m/util TestX");
        check("util", "TestY", "", "example.com/m/util TestY");
        check("til", "TestY", "", "unknown");
        check("host/example.com/m/util", "TestY", "", "example.com/m/util TestY");
    }

    #[test]
    fn programs_by_the_file_of_their_results() {
        check("", "Math.adds", "", "bin/a Math.adds or bin/b Math.adds");
        check("", "Math.adds", "b", "bin/b Math.adds");
        check("", "Math.adds", "c", "bin/a Math.adds or bin/b Math.adds");
        check("", "Only.a", "c", "bin/a Only.a");
        check("Only", "a", "", "bin/a Only.a");
        check("", "smoke", "", "ctest smoke");
    }

    #[test]
    fn instances_that_are_called_by_their_values() {
        let check_value = |name: &str, expected: &str| {
            check_told(&ToldName { name: name.into(), by_value: true, ..ToldName::default() }, expected);
        };
        let both = "bin/c In/P.works/0 or bin/c In/P.works/1";
        check("", "In/P.works/1", "", "bin/c In/P.works/1");
        check("", "In/P.works/7", "", "unknown");
        check_value("In/P.works/1", both);
        check_value("In/P.works/\"a/b\"", both);
        check_value("Ty.is<int>", "bin/c Ty/0.is");
        check_value("Ty.other<int>", "unknown");
        check_value("smoke", "ctest smoke");
        check_value("Math.adds", "bin/a Math.adds or bin/b Math.adds");
    }

    /// A process went down, and nothing says which.
    #[test]
    fn what_has_no_name_at_all_may_be_anything() {
        let tests = known(&TESTS);
        let found = Universe::new(&tests).find(&ToldName::default());
        assert_eq!(found, Match::Several((0..TESTS.len()).collect()));
    }

    #[test]
    fn classes_of_python() {
        check("tests.test_a.TestK", "test_in", "", "tests/test_a.py TestK::test_in");
        check("tests.test_a", "test_p[x/y]", "", "part of tests/test_a.py test_p");
        check("tests.test_a", "test_q[a.b::c]", "", "tests/test_a.py test_q[a.b::c]");
        check("tests.test_b", "test_p", "", "unknown");
    }

    #[test]
    fn indexes_without_suites() {
        check("com.example.Any", "imported", "", " imported");
        check("", "imported", "", " imported");
    }

    #[test]
    fn whole_suites() {
        check("shop", "", "", "shop tests::price");
        let python = "TestK::test_in or tests/test_a.py test_p or tests/test_a.py test_q[a.b::c]";
        check("tests.test_a", "", "", &format!("tests/test_a.py {python}"));
        check(
            "util",
            "",
            "",
            "example.com/m/other/util TestX or example.com/m/util TestX or \
                              example.com/m/util TestY or example.com/m/util TestY/sub",
        );
        check("", "shop::it", "", "shop::it buys");
        check("", "a", "", "bin/a Math.adds or bin/a Only.a");
    }
}
