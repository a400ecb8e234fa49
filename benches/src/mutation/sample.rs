//! Some of many mutants.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::Mutant;

/// Puts mutants into an order of which each beginning is a fair sample: one of each operator in turn, in files drawn by
/// the seed. The same seed and mutants give the same order.
pub fn shuffled(mutants: Vec<Mutant>, seed: u64) -> Vec<Mutant> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut operators: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
    for mutant in mutants {
        operators.entry(mutant.operator.clone()).or_default().push(mutant);
    }
    for mutants in operators.values_mut() {
        mutants.shuffle(&mut random);
    }
    let mut order = Vec::new();
    while !operators.is_empty() {
        order.extend(operators.values_mut().filter_map(Vec::pop));
        operators.retain(|_, mutants| !mutants.is_empty());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_beginning_has_all_operators() {
        let mutant = |operator: &str, at: usize| Mutant {
            path: "a".to_owned(),
            span: at..at,
            replacement: String::new(),
            operator: operator.to_owned(),
            line: 1,
        };
        let many =
            || (0..50).map(|at| mutant("many", at)).chain([mutant("few", 1), mutant("few", 2)]).collect();
        let order = shuffled(many(), 7);
        assert_eq!(order, shuffled(many(), 7));
        assert_ne!(order, shuffled(many(), 8));
        assert_eq!(order.len(), 52);
        assert_eq!(order[..4].iter().filter(|mutant| mutant.operator == "few").count(), 2);
    }
}
