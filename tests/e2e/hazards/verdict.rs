//! What is wrong with an answer.

use std::collections::BTreeSet;

use super::case::Case;
use super::results::{Results, TestName};
use super::select::Selected;

/// What is wrong with the answer to a case.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Tests that do something else now and were left out.
    pub(super) misses: Vec<String>,
    /// More was run than a good answer runs, or the reasons are not the right ones.
    pub(super) imprecise: Vec<String>,
    /// The case itself proves nothing.
    pub(super) vacuous: Vec<String>,
    /// Misses that are known, with the reason.
    pub(super) known: Vec<String>,
    /// How many tests were run that should be left out, only because they ran while another one opened a file.
    pub(super) n_blamed: usize,
}

/// Both sides of a case, and the answer.
pub(super) struct Sides<'a> {
    /// What tests did before.
    pub(super) before: &'a Results,
    /// What they do now.
    pub(super) after: &'a Results,
    /// Tests that run although nothing changed.
    pub(super) always: &'a BTreeSet<TestName>,
    /// The answer.
    pub(super) selected: &'a Selected,
}

impl Verdict {
    /// Judges the answer to a case.
    pub(super) fn of(case: &Case, sides: &Sides<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        let selected = sides.selected;
        let differing = sides.before.differing(sides.after);
        for (test, how) in &differing {
            if selected.skip.contains(*test) {
                verdict.misses.push(format!("{} was left out: {how}", shown(test)));
            }
        }
        let mut required: BTreeSet<&TestName> = differing.iter().map(|(test, _)| *test).collect();
        for pattern in &case.runs {
            let matching: Vec<_> = sides.after.0.keys().filter(|test| matches(pattern, test)).collect();
            if matching.is_empty() {
                verdict.vacuous.push(format!("no test is called `{pattern}`"));
            }
            for test in matching {
                if selected.skip.contains(test) {
                    verdict.misses.push(format!("{} has to run and was left out", shown(test)));
                }
                required.insert(test);
            }
        }
        let proves = case.inert || case.everything || case.broken || !case.runs.is_empty();
        if differing.is_empty() && !proves {
            verdict.vacuous.push("no test does anything else than before".to_owned());
        }
        if case.inert && !differing.is_empty() {
            let tests: Vec<_> =
                differing.iter().map(|(test, how)| format!("{}: {how}", shown(test))).collect();
            verdict.vacuous.push(format!("it is said to be inert, and is not: {}", tests.join(", ")));
        }
        verdict.precision(case, sides);
        verdict.reasons(case, sides, &required);
        verdict.excuse(case);
        verdict
    }

    /// Takes misses that are known for what they are, and a case that is said to have some and has none for wrong.
    fn excuse(&mut self, case: &Case) {
        let Some(why) = &case.missed else { return };
        let misses = std::mem::take(&mut self.misses);
        if misses.is_empty() {
            self.vacuous.push(format!("it is said to be missed, and is not any more: {why}"));
        }
        self.known.extend(misses.into_iter().map(|miss| format!("{miss} ({why})")));
    }

    fn precision(&mut self, case: &Case, sides: &Sides<'_>) {
        let selected = sides.selected;
        match (case.everything, selected.everything.first()) {
            (true, None) => self.misses.push("everything has to run, and it does not say so".to_owned()),
            (false, Some((code, why))) => {
                self.imprecise.push(format!("everything runs, {code}: {why}"));
                return;
            }
            _ => {}
        }
        if case.inert && case.skips.is_empty() {
            // One that is not there any more is nobody's to run.
            let more = selected.run.keys().filter(|test| sides.after.0.contains_key(*test));
            let more = more.filter(|test| !sides.always.contains(*test));
            let more = more.filter(|test| !case.runs.iter().any(|pattern| matches(pattern, test)));
            let more = self.not_blamed(more, selected);
            self.imprecise.extend(first("runs for nothing", more, selected));
        }
        for pattern in &case.skips {
            // One that is ignored was not recorded, and does not run.
            let ran = sides.before.0.iter().filter(|(_, result)| result.outcome != "ignored");
            let known = ran.map(|(test, _)| test).filter(|test| matches(pattern, test));
            let known: Vec<&TestName> = known.filter(|test| !sides.always.contains(*test)).collect();
            if known.is_empty() {
                self.vacuous.push(format!("no test is called `{pattern}`"));
            }
            let more = known.into_iter().filter(|test| !selected.skip.contains(*test));
            let more = self.not_blamed(more, selected);
            self.imprecise.extend(first("should be left out", more, selected));
        }
    }

    /// Takes out tests that run only because somebody opened a file while they ran: whoever ran at that moment counts as
    /// its reader, so who that is hangs on how busy the machine was.
    fn not_blamed<'a>(
        &mut self,
        tests: impl Iterator<Item = &'a TestName>,
        selected: &Selected,
    ) -> std::vec::IntoIter<&'a TestName> {
        let is_blamed = |test: &&TestName| {
            let reasons = selected.run.get(*test).map(Vec::as_slice).unwrap_or_default();
            !reasons.is_empty() && reasons.iter().all(|(code, _)| code == "opened")
        };
        let (blamed, rest): (Vec<_>, Vec<_>) = tests.partition(is_blamed);
        self.n_blamed += blamed.len();
        rest.into_iter()
    }

    fn reasons(&mut self, case: &Case, sides: &Sides<'_>, required: &BTreeSet<&TestName>) {
        if case.reason.is_empty() {
            return;
        }
        let selected = sides.selected;
        let of_tests = required.iter().filter_map(|test| selected.run.get(*test)).flatten();
        let given: BTreeSet<&str> =
            of_tests.chain(&selected.everything).map(|(code, _)| code.as_str()).collect();
        if !case.reason.iter().any(|code| given.contains(code.as_str())) {
            let given = given.into_iter().collect::<Vec<_>>().join(", ");
            self.imprecise
                .push(format!("no test is given as a reason {}: only {given}", case.reason.join(" or ")));
        }
    }
}

/// Returns the first of some tests, and how many there are.
fn first<'a>(what: &str, tests: impl Iterator<Item = &'a TestName>, selected: &Selected) -> Option<String> {
    let tests: Vec<&TestName> = tests.collect();
    let test = tests.first()?;
    Some(format!("{} ({} tests) {what}: {}", shown(test), tests.len(), selected.why(test)))
}

/// Returns a test's name in one text.
pub(super) fn shown((suite, name): &TestName) -> String {
    format!("`{suite} {name}`")
}

/// Returns whether a pattern means a test: `suite name`, either with `*` for anything.
fn matches(pattern: &str, test: &TestName) -> bool {
    let (suite, name) = pattern.split_once(' ').unwrap_or(("*", pattern));
    is_like(suite.as_bytes(), test.0.as_bytes()) && is_like(name.as_bytes(), test.1.as_bytes())
}

fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| is_like(rest, &text[from..])),
        Some((byte, rest)) => {
            text.split_first().is_some_and(|(first, text)| first == byte && is_like(rest, text))
        }
    }
}
