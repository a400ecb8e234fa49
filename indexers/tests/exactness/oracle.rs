//! What LLVM's tools say of a binary and its profiles, and what we say, in the same form.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::Value;
use skiptrace_indexers::llvm::binary::{Binary, BinaryWithRegions};
use skiptrace_indexers::llvm::mapping::{Counter, FunctionRegions, RegionKind, Rule};

use crate::profile::Profile;
use crate::tools::{Toolchain, run};

/// A function with its counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    pub(crate) files: Vec<String>,
    pub(crate) count: u64,
    /// Lines and columns, the count, the file, the file that is expanded, the kind.
    pub(crate) regions: Vec<[u64; 8]>,
    /// Lines and columns, both counts, the file, and the kind.
    pub(crate) branches: Vec<[u64; 8]>,
}

impl Counted {
    /// Where the function begins and ends in its own file, and then sorted in those that are expanded in it.
    pub(crate) fn hulls(&self) -> Vec<Hull> {
        let is_expanded = |file: u64| self.regions.iter().any(|region| region[7] == 1 && region[6] == file);
        let n_files = self.files.len() as u64;
        let main = (0..n_files).find(|file| !is_expanded(*file)).unwrap();
        let hull = |file: u64| {
            let own = || self.regions.iter().filter(|region| region[5] == file);
            let start = own().map(|region| [region[0], region[1]]).min()?;
            let end = own().map(|region| [region[2], region[3]]).max()?;
            Some((self.files[file as usize].clone(), [start[0], start[1], end[0], end[1]]))
        };
        let mut others: Vec<Hull> = (0..n_files).filter(|file| *file != main).filter_map(hull).collect();
        others.sort();
        others.dedup();
        hull(main).into_iter().chain(others).collect()
    }
}

/// A file, and lines and columns in it.
pub(crate) type Hull = (String, [u64; 4]);

/// Returns the functions that `llvm-cov` exports, sorted.
pub(crate) fn theirs(
    tools: Toolchain,
    object: &Path,
    profiles: &[PathBuf],
    is_correlated: bool,
) -> Vec<Counted> {
    let merged = object.with_extension("profdata");
    let mut merge = tools.tool("llvm-profdata");
    merge.arg("merge").arg("-sparse").args(profiles).arg("-o").arg(&merged);
    if is_correlated {
        merge.arg("--binary-file").arg(object);
    }
    run(&mut merge);
    let output = run(tools.tool("llvm-cov").arg("export").arg(object).arg("-instr-profile").arg(&merged));
    parse_export(&output.stdout)
}

pub(crate) fn parse_export(json: &[u8]) -> Vec<Counted> {
    let json: Value = serde_json::from_slice(json).unwrap();
    let numbers = |value: &Value| -> Vec<u64> {
        value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
    };
    let rows = |value: &Value| -> Vec<Vec<u64>> {
        value.as_array().map(|rows| rows.iter().map(numbers).collect()).unwrap_or_default()
    };
    let function = |function: &Value| {
        let files = function["filenames"].as_array().unwrap();
        let mut regions: Vec<[u64; 8]> =
            rows(&function["regions"]).into_iter().map(|row| row.try_into().unwrap()).collect();
        let branch = |row: Vec<u64>| [row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[8]];
        let mut branches: Vec<[u64; 8]> = rows(&function["branches"]).into_iter().map(branch).collect();
        regions.sort_unstable();
        branches.sort_unstable();
        Counted {
            files: files.iter().map(|file| clean(file.as_str().unwrap())).collect(),
            count: function["count"].as_u64().unwrap(),
            regions,
            branches,
        }
    };
    let mut functions: Vec<Counted> =
        json["data"][0]["functions"].as_array().unwrap().iter().map(function).collect();
    functions.sort();
    functions
}

/// Returns the same of our own reading.
///
/// `llvm-cov` takes one record of each name, the first that is not of an unused function, and leaves a function out
/// if the profile knows its name with another structure only.
pub(crate) fn ours(detailed: &BinaryWithRegions, profiles: &[Profile]) -> Vec<Counted> {
    let binary = &detailed.binary;
    let counts = counts_by_function(binary, profiles);
    let mut by_name: BTreeMap<u64, (u32, FunctionRegions)> = BTreeMap::new();
    for (place, function) in binary.functions.iter().enumerate() {
        let place = place as u32;
        let regions = detailed.regions(place).unwrap().remove(0);
        match by_name.get(&function.name_hash) {
            Some((known, known_regions))
                if !is_dummy(binary, *known, known_regions) || is_dummy(binary, place, &regions) => {}
            _ => {
                by_name.insert(function.name_hash, (place, regions));
            }
        }
    }
    let mut structures: HashMap<u64, Vec<u64>> = HashMap::new();
    for slot in &binary.layout.slots {
        if let Some(function) = slot.function {
            let function = &binary.functions[function as usize];
            structures.entry(function.name_hash).or_default().push(function.structure_hash);
        }
    }
    let knows_another = |name_hash: u64, structure: u64| {
        // Bit 60 is taken for a flag that tells two kinds of profiles apart, though in Rust it is part of the hash.
        let mut known = structures.get(&name_hash).into_iter().flatten();
        known.any(|known| (known ^ structure) & (1 << 60) == 0)
    };
    let mut functions = Vec::new();
    for (name_hash, (place, regions)) in by_name {
        let zeros = vec![0; regions.n_counters() as usize];
        let counters = match counts.get(&place) {
            Some(counters) => counters,
            None if knows_another(name_hash, binary.functions[place as usize].structure_hash) => continue,
            None => &zeros,
        };
        functions.push(counted(binary, &regions, counters));
    }
    functions.sort();
    functions
}

/// Returns the sums of the counters of all copies of each function.
pub(crate) fn counts_by_function(binary: &Binary, profiles: &[Profile]) -> HashMap<u32, Vec<u64>> {
    let mut counts: HashMap<u32, Vec<u64>> = HashMap::new();
    for slot in &binary.layout.slots {
        let Some(function) = slot.function else { continue };
        let sums = counts.entry(function).or_insert_with(|| vec![0; slot.n_counters as usize]);
        for profile in profiles {
            for (sum, count) in
                sums.iter_mut().zip(profile.counts(&binary.layout, slot.first, slot.n_counters))
            {
                *sum = sum.saturating_add(count);
            }
        }
    }
    counts
}

fn is_dummy(binary: &Binary, place: u32, regions: &FunctionRegions) -> bool {
    binary.functions[place as usize].structure_hash == 0
        && regions.files.len() == 1
        && regions.expressions.is_empty()
        && regions.regions.len() == 1
        && regions.regions[0].counter == Counter::Zero
}

fn counted(binary: &Binary, function: &FunctionRegions, counters: &[u64]) -> Counted {
    let counts = function.counts(counters, Rule::Exact).unwrap();
    let possible = function.counts(counters, Rule::Possible).unwrap();
    let clamp = |count: u64| count.min(i64::MAX as u64);
    let (mut regions, mut branches) = (Vec::new(), Vec::new());
    let mut first = None;
    for ((region, count), possible) in function.regions.iter().zip(counts).zip(possible) {
        // Nothing that the exact rule sees may be missed by the other.
        let is_code = matches!(region.kind, RegionKind::Code | RegionKind::Expansion { .. });
        assert!(!is_code || count.times == 0 || possible.times != 0, "{region:?}");
        let range = region.range;
        let [a, b, c, d] = [range.start.line, range.start.column, range.end.line, range.end.column];
        let [a, b, c, d] = [a, b, c, d].map(u64::from);
        let times = clamp(count.times);
        let (expanded, kind) = match region.kind {
            RegionKind::Code => (0, 0),
            RegionKind::Expansion { expanded } => (u64::from(expanded), 1),
            RegionKind::Skipped => (0, 2),
            RegionKind::Gap => (0, 3),
            RegionKind::Branch { otherwise } | RegionKind::Condition { otherwise }
                if region.counter == Counter::Zero && otherwise == Counter::Zero =>
            {
                // A condition that the compiler knew the outcome of is not exported.
                continue;
            }
            RegionKind::Branch { .. } | RegionKind::Condition { .. } => {
                let kind = if matches!(region.kind, RegionKind::Branch { .. }) { 4 } else { 6 };
                branches.push([a, b, c, d, times, clamp(count.otherwise), u64::from(region.file), kind]);
                continue;
            }
            RegionKind::Decision => continue,
        };
        first.get_or_insert(times);
        regions.push([a, b, c, d, times, u64::from(region.file), expanded, kind]);
    }
    regions.sort_unstable();
    branches.sort_unstable();
    Counted {
        files: function.files.iter().map(|file| clean(&binary.files[*file as usize])).collect(),
        count: first.unwrap_or(0),
        regions,
        branches,
    }
}

/// Takes `.` and `..` out of a path.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
