use crate::random::*;

#[test]
fn flips() {
    println!("{}", flipped());
}

#[test]
fn samples() {
    println!("{}", sampled());
}

#[test]
fn threads() {
    println!("{}", threaded());
}

#[test]
fn is_late() {
    println!("{}", late());
}

#[test]
fn hashes() {
    println!("{}", hashed());
}

#[test]
fn is_settled() {
    println!("{}", settled());
}
