use crate::made::*;

#[test]
fn is_clean() {
    println!("{:?}", clean());
}

#[test]
fn is_faulty() {
    println!("{:?}", faulty());
}

#[test]
fn has_a_size() {
    println!("{}", size_of_report());
}

#[test]
fn has_knobs() {
    println!("{:?}", desk());
}

#[test]
fn has_a_length() {
    println!("{}", rack());
}

#[test]
fn is_refused() {
    println!("{}", refused());
}

#[test]
fn has_a_badge() {
    println!("{}", badge());
}

#[test]
fn is_ordered() {
    println!("{}", ranks::order());
}

#[test]
fn feels() {
    println!("{}", feeling());
}
