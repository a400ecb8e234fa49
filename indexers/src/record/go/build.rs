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
    /// The tests of packages that could not be built.
    pub(super) missing: Vec<Missing>,
}

/// Builds the tests of the packages that are not in `without`.
pub(super) fn build(
    request: &Request<'_>,
    plan: &Plan,
    without: &BTreeSet<Box<str>>,
) -> Result<Built, GoRecordError> {
    let suites: BTreeSet<&str> =
        plan.suites.values().filter(|suite| !without.contains(*suite)).map(|suite| &**suite).collect();
    if suites.is_empty() {
        return Ok(Built { kept: Vec::new(), missing: Vec::new() });
    }
    // Every test binary counts in every package, so that one which does not compile keeps all of them from being
    // built. Only what needs it should be.
    let mut broken = BTreeSet::new();
    let (mut told, mut printed) = (Vec::new(), String::new());
    let mut kept = Vec::new();
    for attempt in 0..ATTEMPTS {
        let buildable = |suite: &&str| {
            let closure = plan.graph.closure(suite);
            closure.iter().all(|package| !broken.contains(package.base_path()))
        };
        let wanted: BTreeSet<&str> = suites.iter().copied().filter(buildable).collect();
        if wanted.is_empty() {
            break;
        }
        let is_all = without.is_empty() && broken.is_empty();
        let asked = Asked { number: attempt, packages: (!is_all).then_some(&wanted), broken: &broken };
        let answer = asked.ask(request, plan)?;
        kept = answer.kept;
        if answer.succeeded || request.watch.is_interrupted() {
            break;
        }
        let before = broken.len();
        broken.extend(broken_packages(&answer.errors, plan));
        // That not every package is linked by tests is as it should be.
        let is_news = |line: &&str| {
            !line.starts_with("warning: no packages being") && !told.iter().any(|told| told == line)
        };
        let news = answer.errors.lines().filter(is_news);
        let news: Vec<String> = news.map(str::to_owned).collect();
        told.extend(news);
        printed = answer.printed;
        if broken.len() == before {
            break;
        }
    }
    if kept.is_empty() && !request.watch.is_interrupted() {
        let said = format!("{}\n{printed}", told.join("\n"));
        return Err(GoRecordError::Build { said: said.trim().to_owned() });
    }
    if !told.is_empty() {
        let told = told.join("\n");
        (request.listener)(Event::Warning(format!("not every package could be built:\n{told}")));
    }
    let there: BTreeSet<&str> = kept.iter().map(|(suite, _)| &**suite).collect();
    let why = match request.watch.is_interrupted() {
        true => "the recording was interrupted",
        false => "its package could not be built",
    };
    let missing = suites
        .difference(&there)
        .map(|suite| Missing { suite: (*suite).into(), name: "(all tests)".into(), why: why.to_owned() })
        .collect();
    Ok(Built { kept, missing })
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
struct Answer {
    succeeded: bool,
    kept: Vec<(Box<str>, Kept)>,
    errors: String,
    printed: String,
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
