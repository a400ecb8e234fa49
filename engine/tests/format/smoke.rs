//! Every fuzzed target over its seeds and over changes of them, the same ones each time.

use crate::fuzz::{mutate, seeds, targets};

/// Runs a target over its seeds and changes of them.
#[track_caller]
fn run(name: &str, n_mutations: u64) {
    let (_, target) = targets::ALL.into_iter().find(|(other, _)| *other == name).expect("a target's name");
    mutate::smoke(name, target, &seeds::of(name), n_mutations);
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

#[test]
fn history() {
    run("history", 2000);
}
