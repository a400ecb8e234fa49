//! What the programs were compiled from that tests start.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use skiptrace_engine::record::Problem;

use super::plan::Plan;
use super::{GoRecordError, Request};
use crate::build::go::compiled::{Build, TestBinary};
use crate::build::go::graph::PackageGraph;
use crate::build::go::list;
use crate::build::go::places::Places;
use crate::go::collect::{Binary, Collector};
use crate::record::outcome::Run;
use crate::trace::Trace;

/// The programs that tests started.
pub(super) struct Started {
    /// What they are made of, beyond the suite's own binary, by the suite.
    pub(super) binaries: BTreeMap<Box<str>, TestBinary>,
    /// All that they are made of.
    pub(super) graph: PackageGraph,
}

/// Returns what the programs that the tests of each suite started are made of.
pub(super) fn started(
    request: &Request<'_>,
    plan: &Plan,
    collector: &Collector,
    baselines: &HashMap<Box<str>, Trace>,
    runs: &mut [Run],
) -> Result<Started, GoRecordError> {
    // 1. The packages that reported for a suite and are not in its binary.
    let mut binaries: BTreeMap<&Box<str>, BTreeSet<u32>> = BTreeMap::new();
    for run in &*runs {
        let own = binaries.entry(&run.suite).or_default();
        own.extend(run.traces.iter().flat_map(|(trace, _)| &trace.binaries));
    }
    let mut packages: BTreeMap<Box<str>, BTreeSet<Box<str>>> = BTreeMap::new();
    for (suite, numbers) in binaries {
        let own: BTreeSet<&str> =
            plan.graph.closure(suite).iter().map(|package| package.base_path()).collect();
        let linked = numbers.iter().flat_map(|number| collector.binary(*number).packages);
        let others: BTreeSet<Box<str>> =
            linked.map(|package| package.path).filter(|path| !own.contains(&**path)).collect();
        if !others.is_empty() {
            packages.insert(suite.clone(), others);
        }
    }
    if packages.is_empty() {
        let graph = PackageGraph::new([]);
        distrust(&Imports::of(plan, &graph), plan, collector, baselines, runs);
        return Ok(Started { binaries: BTreeMap::new(), graph });
    }
    // 2. What these are made of, all together: few suites start programs, and those mostly the same ones.
    let all: BTreeSet<&str> = packages.values().flatten().map(|path| &**path).collect();
    let all: Vec<&str> = all.into_iter().collect();
    let graph = PackageGraph::new(list::list(&plan.tool, &plan.own_flags, &all, request.watch)?);
    distrust(&Imports::of(plan, &graph), plan, collector, baselines, runs);
    let build = Build {
        graph: &graph,
        modules: &plan.modules,
        patterns: &plan.patterns,
        environment: &plan.environment,
        flags: &plan.flags,
        folder: &plan.tool.folder,
    };
    let mut places = Places::new(&request.repository, &plan.environment);
    let programs = TestBinary::of_programs(&build, &mut places);
    let binaries = packages.into_keys().map(|suite| (suite, programs.clone())).collect();
    Ok(Started { binaries, graph })
}

/// Distrusts the runs that started a program which counts in some of the repository's packages only.
fn distrust(
    imports: &Imports<'_>,
    plan: &Plan,
    collector: &Collector,
    baselines: &HashMap<Box<str>, Trace>,
    runs: &mut [Run],
) {
    let mut uncounted: HashMap<u32, Option<String>> = HashMap::new();
    for run in runs {
        let own = baselines.get(&run.suite).map_or(&[][..], |baseline| &baseline.binaries);
        for (trace, _) in &mut run.traces {
            let others: Vec<u32> =
                trace.binaries.iter().copied().filter(|number| !own.contains(number)).collect();
            for number in others {
                let binary = || collector.binary(number);
                // Without a baseline nobody has said which one is the suite's own.
                if own.is_empty() && imports.is_test_of(&run.suite, &binary()) {
                    continue;
                }
                let uncounted = uncounted.entry(number).or_insert_with(|| imports.uncounted(&binary(), plan));
                if let Some(what) = uncounted {
                    trace.trouble(Problem::MissingBinary, what.clone());
                }
            }
        }
    }
}

/// What packages import, by their import paths without variants.
struct Imports<'a> {
    of: HashMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Imports<'a> {
    fn of(plan: &'a Plan, programs: &'a PackageGraph) -> Imports<'a> {
        let mut of: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        let is_plain = |package: &&crate::build::go::list::Package| package.for_test.is_empty();
        for package in plan.graph.packages().chain(programs.packages()).filter(is_plain) {
            of.entry(&package.import_path).or_default().extend(package.imports.iter().map(|path| &**path));
        }
        Imports { of }
    }

    /// Returns whether a binary can be the one that runs the tests of a package.
    fn is_test_of(&self, suite: &str, binary: &Binary) -> bool {
        binary.packages.iter().any(|package| *package.path == *suite)
            && binary.packages.iter().all(|package| &*package.name != "main" || *package.path == *suite)
    }

    /// Says what of the repository's code a program has that it does not count, if there is any.
    fn uncounted(&self, binary: &Binary, plan: &Plan) -> Option<String> {
        let counted: BTreeSet<&str> = binary.packages.iter().map(|package| &*package.path).collect();
        let main = binary.packages.iter().find(|package| &*package.name == "main");
        let Some(main) = main.filter(|main| self.of.contains_key(&*main.path)) else {
            let counted = Vec::from_iter(counted).join("`, `");
            return Some(format!("it ran a program that counts in `{counted}` alone, and is not known"));
        };
        let mut reached = BTreeSet::from([&*main.path]);
        let mut open = vec![&*main.path];
        while let Some(package) = open.pop() {
            let imports = self.of.get(package).into_iter().flatten();
            open.extend(imports.copied().filter(|path| reached.insert(path)));
        }
        let missing = reached.into_iter().find(|path| plan.patterns.matches(path) && !counted.contains(path));
        missing.map(|package| {
            let main = &main.path;
            format!("it ran `{main}`, which was built with `-cover` without counting in all of the repository's packages, such as `{package}`")
        })
    }
}
