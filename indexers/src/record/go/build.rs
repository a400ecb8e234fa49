//! Has the go tool build the tests, and keeps what it would have run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::plan::Plan;
use super::{GoRecordError, Request};
use crate::record::outcome::Missing;
use crate::record::progress::Event;
use crate::run::case::CommandLine;
use crate::run::go::kept::{self, Kept};
use crate::run::go::shim::{self, Mode};
use crate::run::process;

/// How often the go tool is asked, each time without the packages that it could not build before.
const ATTEMPTS: usize = 3;

/// What the go tool built.
pub(super) struct Built {
    /// The test binaries, by suite.
    pub(super) kept: Vec<(Box<str>, Kept)>,
    /// Packages that could not be built, or whose vet found something.
    pub(super) missing: Vec<Missing>,
}

/// Builds the tests of the packages that are not in `without`.
pub(super) fn build(
    request: &Request<'_>,
    plan: &Plan,
    without: &BTreeSet<Box<str>>,
) -> Result<Built, GoRecordError> {
    let is_all = without.is_empty();
    let tested: BTreeSet<&str> = plan.suites.values().map(|suite| &**suite).collect();
    // What the user names is more than what has tests.
    let packages: BTreeSet<&str> = match is_all {
        true => plan.graph.asked().map(|package| &*package.import_path).collect(),
        false => tested.iter().copied().filter(|suite| !without.contains(*suite)).collect(),
    };
    if packages.is_empty() {
        return Ok(Built { kept: Vec::new(), missing: Vec::new() });
    }
    // Every test binary counts in every package, so that one which does not compile keeps all of them from being
    // built. Only what needs it should be.
    let mut broken = BTreeSet::new();
    let mut told = Vec::new();
    let mut last = Answer::default();
    let mut left = packages.clone();
    for attempt in 0..ATTEMPTS {
        let is_buildable = |package: &str| {
            let closure = plan.graph.closure(package);
            !broken.contains(package) && closure.iter().all(|package| !broken.contains(package.base_path()))
        };
        left.retain(|package| is_buildable(package));
        if left.is_empty() {
            break;
        }
        let is_all = is_all && broken.is_empty();
        last = Asked { number: attempt, packages: (!is_all).then_some(&left), broken: &broken }
            .ask(request, plan)?;
        if last.succeeded || request.watch.is_interrupted() {
            break;
        }
        let before = broken.len();
        broken.extend(broken_packages(&last.errors, plan));
        // That not every package is linked by tests is as it should be.
        let is_news = |line: &&str| {
            !line.starts_with("warning: no packages being") && !told.iter().any(|told| told == line)
        };
        let news: Vec<String> = last.errors.lines().filter(is_news).map(str::to_owned).collect();
        told.extend(news);
        if broken.len() == before {
            break;
        }
    }
    let is_interrupted = request.watch.is_interrupted();
    if last.kept.is_empty() && !is_interrupted {
        let said = format!("{}\n{}", told.join("\n"), last.printed);
        return Err(GoRecordError::Build { said: said.trim().to_owned() });
    }
    if !told.is_empty() {
        let told = told.join("\n");
        (request.listener)(Event::Warning(format!("not every package could be built:\n{told}")));
    }
    let why = match is_interrupted {
        true => "the recording was interrupted",
        false => "its package could not be built",
    };
    let mut missing = Vec::new();
    for package in &packages {
        let is_kept = || last.kept.iter().any(|(suite, _)| **suite == **package);
        let failed = || !left.contains(package) || last.failed().any(|failed| failed == *package);
        let is_missing = match tested.contains(package) {
            true => !is_kept(),
            false => !is_interrupted && failed(),
        };
        if is_missing {
            missing.push(plan.missing(package, why));
        }
    }
    if missing.is_empty() && !last.succeeded && !is_interrupted {
        missing.push(Missing::build("go test", "it failed, and does not say for which package"));
    }
    Ok(Built { kept: last.kept, missing })
}

/// What the go tool is asked to build.
struct Asked<'a> {
    /// How often it was asked before.
    number: usize,
    /// The packages, unless it is what the user names.
    packages: Option<&'a BTreeSet<&'a str>>,
    /// Packages that do not compile.
    broken: &'a BTreeSet<Box<str>>,
}

/// What it did.
#[derive(Default)]
struct Answer {
    succeeded: bool,
    kept: Vec<(Box<str>, Kept)>,
    errors: String,
    printed: String,
}

impl Answer {
    /// Returns the packages that it says it could not build.
    fn failed(&self) -> impl Iterator<Item = &str> {
        let failed = self.printed.lines().filter_map(|line| line.strip_prefix("FAIL\t")?.split_once(" ["));
        failed.map(|(package, _)| package)
    }
}

impl Asked<'_> {
    fn ask(&self, request: &Request<'_>, plan: &Plan) -> Result<Answer, GoRecordError> {
        let own = |name: &str| plan.scratch.path().join(format!("{name}-{}", self.number));
        let (folder, names, output) = (own("binaries"), own("bin"), own("building"));
        for folder in [&folder, &names, &output] {
            fs::create_dir(folder).map_err(GoRecordError::Scratch)?;
        }
        let link = shim::link(&request.program, &names).map_err(GoRecordError::Scratch)?;
        let link = link.to_str().ok_or_else(|| GoRecordError::Path(link.clone()))?.to_owned();
        let mut command = plan.command.clone();
        if let Some(packages) = self.packages {
            command.packages = packages.iter().map(|suite| (*suite).to_owned()).collect();
        }
        let words = command
            .go_test(&link, &self.measured(plan))
            .ok_or_else(|| GoRecordError::Path(link.clone().into()))?;
        let of_shim = shim::Plan { mode: Mode::Keep(folder.clone()), chain: plan.command.chain.clone() };
        let of_shim = of_shim.to_text().map_err(GoRecordError::Scratch)?;
        let line = CommandLine {
            program: plan.tool.program.clone(),
            args: words.into_iter().skip(1).map(Into::into).collect(),
            // `-C` is among its arguments.
            cwd: request.cwd.clone(),
            env: BTreeMap::from([(shim::PLAN.into(), Some(of_shim.into()))]),
        };
        let finished = process::run(&line, &[], &output, None, request.watch)?;
        let said = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let mut kept = Vec::new();
        for one in kept::read(&folder, &request.variables)? {
            let place = one.cwd.canonicalize().unwrap_or_else(|_| one.cwd.clone());
            if let Some(suite) = plan.suites.get(&place) {
                kept.push((suite.clone(), one));
            }
        }
        kept.sort_by(|a, b| a.0.cmp(&b.0));
        let succeeded = finished.status.success();
        Ok(Answer { succeeded, kept, errors: said(&finished.stderr), printed: said(&finished.stdout) })
    }

    /// Returns the packages to count in: patterns, unless some of what these match does not compile.
    fn measured(&self, plan: &Plan) -> Vec<String> {
        if self.broken.is_empty() {
            return plan.patterns.argument().into_iter().collect();
        }
        let mut reaching: BTreeSet<&str> = self.broken.iter().map(|package| &**package).collect();
        loop {
            let reaches = |package: &&crate::build::go::list::Package| {
                package.for_test.is_empty()
                    && !reaching.contains(&*package.import_path)
                    && package.imports.iter().any(|import| reaching.contains(&**import))
            };
            let more: Vec<&str> =
                plan.graph.packages().filter(reaches).map(|package| &*package.import_path).collect();
            if more.is_empty() {
                break;
            }
            reaching.extend(more);
        }
        let is_measured = |package: &&crate::build::go::list::Package| {
            package.for_test.is_empty()
                && !plan.graph.is_test_main(package)
                && plan.patterns.matches(&package.import_path)
                && !reaching.contains(&*package.import_path)
        };
        plan.graph.packages().filter(is_measured).map(|package| package.import_path.to_string()).collect()
    }
}

/// Returns the packages that the go tool says it could not compile; those whose tests alone it could not are not among
/// them.
fn broken_packages(errors: &str, plan: &Plan) -> BTreeSet<Box<str>> {
    let is_broken = |name: &str| {
        let mut plain = plan.graph.packages().filter(|package| *package.import_path == *name);
        plain.any(|package| package.error.is_some() || !plan.binaries.broken.contains_key(name))
    };
    let mut broken = BTreeSet::new();
    let mut lines = errors.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(package) = line.strip_prefix("# ") else { continue };
        // What follows then is what `go vet` says.
        let is_vet =
            lines.peek().is_some_and(|next| next.strip_prefix("# ") == Some(&format!("[{package}]")));
        if !is_vet && is_broken(package) {
            broken.insert(package.into());
        }
    }
    broken
}
