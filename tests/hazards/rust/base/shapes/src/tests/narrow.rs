use crate::narrow::*;

#[test]
fn measures() {
    println!("{}", extent());
}

#[test]
fn tallies() {
    println!("{}", tallied());
}

#[test]
fn describes() {
    println!("{}", described());
}

#[test]
fn weighs_feathers() {
    println!("{}", feathers());
}

#[test]
fn weighs_stones() {
    println!("{}", stones());
}

#[test]
fn shows() {
    println!("{}", shown());
}

#[test]
fn counts() {
    println!("{}", counted());
}

#[test]
fn answers_both() {
    println!("{}", answers::both());
}

#[test]
fn takes() {
    println!("{}", taken());
}

/// Declares a test and nothing else.
macro_rules! prints {
    ($name:ident, $value:expr) => {
        #[test]
        fn $name() {
            println!("{}", $value);
        }
    };
}

prints!(seven, 7);
prints!(fewest, least());

fn least() -> u32 {
    1
}

#[test]
fn tells() {
    println!("{}", told());
}
