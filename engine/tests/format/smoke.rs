//! Every fuzzed target over its seeds and over changes of them, the same ones each time.

use crate::fuzz::mutate::{Random, mutate};
use crate::fuzz::{seeds, targets};

/// Runs a target over its seeds, `n_mutations` changes of them, and some bytes that nobody made.
#[track_caller]
fn run(name: &str, n_mutations: u64) {
    let (_, target) = targets::ALL.into_iter().find(|(other, _)| *other == name).expect("a target's name");
    let seeds = seeds::of(name);
    for seed in &seeds {
        target(seed);
    }
    for number in 0..n_mutations {
        let mut random = Random(number);
        let mut bytes = match random.below(20) {
            0 => {
                let len = random.below(100);
                random.bytes(len)
            }
            _ => seeds[random.below(seeds.len())].clone(),
        };
        mutate(&mut bytes, &mut random);
        let copy = bytes.clone();
        let survived = std::panic::catch_unwind(move || target(&bytes)).is_ok();
        assert!(survived, "target {name}, mutation {number}: {:?}", String::from_utf8_lossy(&copy));
    }
}

#[test]
fn codec() {
    run("codec", 1000);
}

#[test]
fn sections() {
    run("sections", 1000);
}

#[test]
fn json() {
    run("json", 1000);
}

#[test]
fn glob() {
    run("glob", 5000);
}

#[test]
fn manifest() {
    run("manifest", 5000);
}

#[test]
fn layout() {
    run("layout", 5000);
}
