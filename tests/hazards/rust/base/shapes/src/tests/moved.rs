use crate::moved::*;

#[test]
fn is_early() {
    println!("{}", early());
}

#[test]
fn is_in_the_middle() {
    println!("{} {}", middle(1), middle(3));
}

#[test]
fn is_late() {
    println!("{}", late());
}

#[test]
fn goes_forward() {
    println!("{}", Mover { at: 5 }.forward());
}

#[test]
fn goes_backward() {
    println!("{}", Mover { at: 5 }.backward());
}
