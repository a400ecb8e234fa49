//! Tests that start the program.

use std::process::Command;

mod common;

use common::run;

#[test]
fn greets() {
    println!("{}", run(&["greet", "world"]));
}

#[test]
fn has_size() {
    println!("{}", run(&["size"]));
}

#[test]
fn sums() {
    println!("{}", run(&["sum", "1", "2"]));
}

#[test]
fn complains() {
    println!("{}", run(&["sum", "one"]));
}

#[test]
fn has_usage() {
    println!("{}", run(&[]));
}

#[test]
fn relays() {
    println!("{}", run(&["relay", "greet", "child"]));
}

#[test]
fn fails() {
    println!("{}", run(&["fail"]));
}

#[test]
fn dies() {
    println!("{}", run(&["die"]));
}

#[test]
fn does_not_know() {
    println!("{}", run(&["dance"]));
}

#[test]
fn runs_script() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/twice.sh");
    let output = Command::new("sh").args([script, env!("CARGO_BIN_EXE_app"), "greet", "two"]).output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn executes_script() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/hello.sh");
    match Command::new(script).output() {
        Ok(output) => println!("{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => println!("{}", error.kind()),
    }
}

#[test]
fn starts_nothing() {
    println!("{}", common::nothing());
}
