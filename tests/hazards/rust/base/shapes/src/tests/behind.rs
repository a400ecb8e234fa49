use crate::behind::*;

#[test]
fn handles_plus() {
    println!("{:?}", handle("plus", 4));
}

#[test]
fn handles_minus() {
    println!("{:?}", handle("minus", 4));
}

#[test]
fn lists_names() {
    println!("{}", names());
}
