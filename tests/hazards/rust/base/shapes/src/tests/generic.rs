use crate::generic::*;

#[test]
fn squares() {
    println!("{}", scaled_area(&Square(3)));
}

#[test]
fn bars() {
    println!("{}", scaled_area(&Bar(2, 5)));
}

#[test]
fn inlines() {
    println!("{}", inlined(1));
}

#[test]
fn passes_through() {
    println!("{}", through(3u32));
}

#[test]
fn closes() {
    println!("{}", closed());
}

#[test]
fn stacks() {
    println!("{:?}", top_number());
}
