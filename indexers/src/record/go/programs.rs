//! What the programs were compiled from that tests start.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Plan;
use super::{GoRecordError, Request};
use crate::build::go::compiled::{Build, TestBinary};
use crate::build::go::graph::PackageGraph;
use crate::build::go::list;
use crate::build::go::places::Places;
use crate::go::collect::Collector;
use crate::record::outcome::Run;

/// Returns what the programs that the tests of each suite started are made of, beyond the suite's own binary.
pub(super) fn started(
    request: &Request<'_>,
    plan: &Plan,
    collector: &Collector,
    runs: &[Run],
) -> Result<BTreeMap<Box<str>, TestBinary>, GoRecordError> {
    // 1. The packages that reported for a suite and are not in its binary.
    let mut binaries: BTreeMap<&Box<str>, BTreeSet<u32>> = BTreeMap::new();
    for run in runs {
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
        return Ok(BTreeMap::new());
    }
    // 2. What these are made of, all together: few suites start programs, and those mostly the same ones.
    let all: BTreeSet<&str> = packages.values().flatten().map(|path| &**path).collect();
    let all: Vec<&str> = all.into_iter().collect();
    let graph = PackageGraph::new(list::list(&plan.tool, &plan.own_flags, &all, request.watch)?);
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
    Ok(packages.into_keys().map(|suite| (suite, programs.clone())).collect())
}
