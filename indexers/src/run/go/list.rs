//! Asking test binaries for their tests.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

use super::args;
use super::kept::Kept;
use super::pattern::Pattern;
use crate::run::native::listing::{ListError as AskError, Listing};

/// Why the tests of a binary are not known.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It could not be asked.
    #[error("cannot list the tests in `{folder}`")]
    Ask {
        /// The package's folder.
        folder: String,
        /// What went wrong.
        source: AskError,
    },
    /// It took too long.
    #[error(
        "the tests in `{folder}` were not listed within {}s: does `TestMain`, or an `init`, wait for something?",
        .timeout.as_secs_f32()
    )]
    TimedOut {
        /// The package's folder.
        folder: String,
        /// How long it had.
        timeout: Duration,
    },
    /// It failed.
    #[error("the tests in `{folder}` cannot be listed ({status}): `go test -list .` there shows why{said}")]
    Failed {
        /// The package's folder.
        folder: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The end of what it said.
        said: String,
    },
}

/// What a binary answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// The names of its tests, examples and fuzz targets, in the order in which they run.
    pub names: Vec<String>,
    /// Those that the user's `-run` and `-skip` leave out.
    pub left_out: BTreeSet<String>,
}

/// Lists the top-level tests of a binary. Benchmarks are none.
///
/// Programs may print while they start, on the same lines. So a line that ends in what can be a name, after something
/// else, is asked for alone; and where something was printed that can be no name, what is printed without any test is
/// taken away.
pub fn list(kept: &Kept, listing: &Listing) -> Result<Listed, ListError> {
    let asker = Asker { kept, listing, args: args::without(&kept.own_args(), &["test.skip"]) };
    let names = asker.names()?;
    let mut left_out = BTreeSet::new();
    let given = |name: &str| args::value(&kept.args, name).filter(|value| !value.is_empty());
    if let Some(run) = given("test.run") {
        let wanted = asker.matching(&Pattern::parse(&run).top_level(), &names)?;
        left_out.extend(names.iter().filter(|name| !wanted.contains(*name)).cloned());
    }
    if let Some(skip) = given("test.skip") {
        left_out.extend(asker.skipped(&Pattern::parse(&skip), &names)?);
    }
    Ok(Listed { names, left_out })
}

struct Asker<'a> {
    kept: &'a Kept,
    listing: &'a Listing,
    args: Vec<OsString>,
}

impl Asker<'_> {
    /// Returns the lines that the binary prints when it is asked for the tests that match.
    fn ask(&self, regex: &str) -> Result<Vec<String>, ListError> {
        let folder = || self.kept.cwd.display().to_string();
        let mut args = vec![OsString::from(format!("-test.list={regex}"))];
        args.extend(self.args.iter().cloned());
        let mut command = self.kept.command(args);
        command.env.insert("GOCOVERDIR".into(), Some(self.listing.scratch.clone().into_os_string()));
        let none: [&str; 0] = [];
        let answer = self.listing.ask(&command, &none).map_err(|error| match error {
            AskError::TimedOut { timeout, .. } => ListError::TimedOut { folder: folder(), timeout },
            source => ListError::Ask { folder: folder(), source },
        })?;
        if !answer.status.success() {
            return Err(ListError::Failed {
                folder: folder(),
                status: answer.status,
                said: said(&answer.stdout, &answer.stderr),
            });
        }
        Ok(String::from_utf8_lossy(&answer.stdout).lines().map(str::to_owned).collect())
    }

    fn names(&self) -> Result<Vec<String>, ListError> {
        let lines = self.ask(".*")?;
        let clean = lines.iter().all(|line| is_name(line));
        let mut names = Vec::new();
        if clean {
            names = lines;
        } else {
            let noise: BTreeSet<String> = self.ask("^$")?.into_iter().collect();
            for line in lines {
                if is_name(&line) {
                    // It may be printed by the program, perhaps after something else on the same line.
                    if !noise.iter().any(|noise| noise.ends_with(&line)) || self.has(&line)? {
                        names.push(line);
                    }
                    continue;
                }
                for name in endings(&line) {
                    if self.has(name)? {
                        names.push(name.to_owned());
                        break;
                    }
                }
            }
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| !name.starts_with("Benchmark") && seen.insert(name.clone()));
        Ok(names)
    }

    /// Returns whether there is a test of that name: what is asked for is printed last on its line, and once more
    /// than when nothing is asked for.
    fn has(&self, name: &str) -> Result<bool, ListError> {
        let count = |lines: Vec<String>| lines.iter().filter(|line| line.ends_with(name)).count();
        Ok(count(self.ask(&format!("^{name}$"))?) > count(self.ask("^$")?))
    }

    /// Returns which of `names` match: the binary knows best how its regular expressions are meant.
    fn matching(&self, regex: &str, names: &[String]) -> Result<BTreeSet<String>, ListError> {
        let lines = self.ask(regex)?;
        let mut matching: BTreeSet<String> =
            lines.iter().filter(|line| names.contains(line)).cloned().collect();
        for line in lines.iter().filter(|line| !is_name(line)) {
            // Too many rather than too few, where it is not clear.
            matching.extend(
                endings(line).filter(|name| names.iter().any(|known| known == name)).map(str::to_owned),
            );
        }
        Ok(matching)
    }

    /// Returns which of `names` are skipped. The first alternative that knows a name decides, and skips the test only
    /// where it says nothing of subtests.
    fn skipped(&self, skip: &Pattern, names: &[String]) -> Result<BTreeSet<String>, ListError> {
        if !skip.names_subtests() {
            return self.matching(&skip.top_level(), names);
        }
        let (mut open, mut skipped): (Vec<String>, BTreeSet<String>) = (names.to_vec(), BTreeSet::new());
        for elements in skip.alternatives() {
            let alone = Pattern::parse(&elements[0]).top_level();
            let matching = self.matching(&alone, &open)?;
            open.retain(|name| !matching.contains(name));
            if elements.len() == 1 {
                skipped.extend(matching);
            }
        }
        Ok(skipped)
    }
}

/// Returns the ends of a line that can be names, the longest first.
fn endings(line: &str) -> impl Iterator<Item = &str> {
    line.char_indices().skip(1).map(|(at, _)| &line[at..]).filter(|end| is_name(end))
}

/// Returns whether this can be the name of a test: an identifier that begins with one of four words, after which no
/// small letter comes.
pub fn is_name(text: &str) -> bool {
    ["Test", "Benchmark", "Fuzz", "Example"].iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| {
            !rest.chars().next().is_some_and(char::is_lowercase)
                && rest.chars().all(|c| c == '_' || c.is_alphanumeric())
        })
    })
}

fn said(stdout: &[u8], stderr: &[u8]) -> String {
    const TOLD: usize = 400;
    let end =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TOLD)..]).trim().to_owned();
    let parts: Vec<String> = [end(stdout), end(stderr)].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { format!("; it said: {}", parts.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_their_form() {
        for name in
            ["Test", "TestA", "Test_a", "Test1", "TestÄ", "ExampleT_M", "FuzzX", "BenchmarkX", "Example_x"]
        {
            assert!(is_name(name), "{name}");
        }
        for other in
            ["", "test", "Testing", "TestA b", "TestA/b", "ok  \tp\t0.1s", "Example-1", "MyTestA", "TestA("]
        {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn names_are_found_behind_other_words() {
        let check = |line| endings(line).collect::<Vec<_>>();
        assert_eq!(check("setting upTestA"), ["TestA"]);
        assert_eq!(check("TestA TestB"), ["TestB"]);
        assert_eq!(check("xTestFooTestBar"), ["TestFooTestBar", "TestBar"]);
        assert_eq!(check("nothing"), [""; 0]);
    }
}
