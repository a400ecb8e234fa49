use crate::macros::*;

#[test]
fn doubles() {
    println!("{}", doubled(4));
}

#[test]
fn nests() {
    println!("{}", nested());
}

#[test]
fn asks() {
    println!("{:?}", asked());
}

#[test]
fn makes() {
    println!("{} {}", made(), also_made());
}

#[test]
fn describes() {
    println!("{}", described());
}

#[test]
fn shouts() {
    println!("{}", shouted());
}

#[test]
fn keeps() {
    println!("{}", kept());
}

#[test]
fn unmakes() {
    println!("{}", unmade());
}
