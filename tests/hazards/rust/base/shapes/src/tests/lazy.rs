use crate::lazy::*;

#[test]
fn registers() {
    println!("{}", registered());
}

#[test]
fn counts_registered() {
    println!("{}", n_registered());
}

#[test]
fn sets() {
    println!("{}", setting());
}

#[test]
fn ticks() {
    println!("{}", tick());
}

#[test]
fn locals() {
    println!("{} {}", local(), computed());
}

#[test]
fn is_eager() {
    println!("{}", eager());
}

#[test]
fn titles_first() {
    println!("{}", title("Ada"));
}

#[test]
fn titles_second() {
    println!("{}", title("Ada"));
}
