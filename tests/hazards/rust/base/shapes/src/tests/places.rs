use crate::places::*;

#[test]
fn has_line() {
    println!("{}", line());
}

#[test]
fn has_column() {
    println!("{}", column());
}

#[test]
fn has_file() {
    println!("{}", file());
}

#[test]
fn has_module() {
    println!("{}", module());
}

#[test]
fn has_panic() {
    println!("{}", caught());
}

#[test]
fn has_stamp() {
    println!("{}", stamped());
}

#[test]
fn has_caller() {
    println!("{}", called());
}

#[test]
fn is_nowhere() {
    println!("{}", nowhere());
}
