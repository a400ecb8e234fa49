//! The changes that an index is asked about.

use rand::rngs::SmallRng;
use rand::seq::IteratorRandom;
use rand::{Rng, SeedableRng};
use skiptrace_engine::index::query::ChangedKey;
use skiptrace_engine::unit::UnitKind;

use crate::workload::{Plan, zipf};

/// Which files change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// Any, each as likely as the other.
    Uniform,
    /// Those that many tests execute more often than others.
    Weighted,
}

/// Draws `n` changed files.
pub fn changed_files(plan: &Plan, n: usize, draw: Draw, seed: u64) -> Vec<ChangedKey> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let files = draw_files(plan, n, draw, &mut rng).into_iter();
    files.map(|file| ChangedKey::File(plan.paths()[file as usize].clone())).collect()
}

/// Draws `n` files with one function of each changed.
pub fn changed_functions(plan: &Plan, n: usize, draw: Draw, seed: u64) -> Vec<ChangedKey> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let files = draw_files(plan, n, draw, &mut rng).into_iter();
    files
        .map(|file| {
            let file = plan.source_file(file);
            let functions = file.units.iter().filter(|unit| unit.kind == UnitKind::Function);
            let function = functions.choose(&mut rng).expect("every file has a function");
            ChangedKey::Unit { file: file.path.clone(), name: function.name.clone() }
        })
        .collect()
}

/// Draws `n` files.
pub fn draw_files(plan: &Plan, n: usize, draw: Draw, rng: &mut SmallRng) -> Vec<u32> {
    let by_popularity = plan.files_by_popularity();
    let n_files = by_popularity.len() as u32;
    let mut files = Vec::new();
    while files.len() < n.min(by_popularity.len()) {
        let rank = match draw {
            Draw::Uniform => rng.random_range(0..n_files),
            Draw::Weighted => zipf(rng, n_files),
        };
        let file = by_popularity[rank as usize];
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}
