use crate::sugar::*;

#[test]
fn adds() {
    println!("{:?}", total());
}

#[test]
fn converts() {
    println!("{:?}", converted());
}

#[test]
fn indexes() {
    println!("{}", first());
}

#[test]
fn lists() {
    println!("{:?}", listed());
}

#[test]
fn orders() {
    println!("{:?}", largest());
}

#[test]
fn fails() {
    println!("{:?}", failing());
}

#[test]
fn has_edition() {
    println!("{}", edition());
}
