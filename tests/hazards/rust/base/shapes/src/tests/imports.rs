use crate::imports::*;

#[test]
fn sizes() {
    println!("{}", sized());
}

#[test]
fn helps() {
    println!("{}", helped());
}

#[test]
fn chooses() {
    println!("{}", chosen());
}

#[test]
fn bases() {
    println!("{}", based());
}

#[test]
fn weighs() {
    println!("{}", weighed());
}
