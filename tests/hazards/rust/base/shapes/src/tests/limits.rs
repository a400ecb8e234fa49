use crate::limits::*;

#[test]
fn inline() {
    println!("{}", inline_size());
}

#[test]
fn greets() {
    println!("{}", greet("you"));
}

#[test]
fn table() {
    println!("{}", table_sum());
}

#[test]
fn steps() {
    println!("{}", stepped(1));
}

#[test]
fn scales() {
    println!("{}", scaled(5));
}

#[test]
fn levels() {
    println!("{} {}", level_number(Level::Low), level_number(Level::High));
}

#[test]
fn records() {
    println!("{}", record_size());
}

#[test]
fn ids() {
    println!("{}", id_size());
}

#[test]
fn bounded() {
    println!("{} {}", limit(Small), limit(Large));
}

#[test]
fn square_table() {
    println!("{}", squares());
}

#[test]
fn buffers() {
    let buffer: Buffer = Buffer([0; 8]);
    println!("{}", buffer.0.len());
}

#[test]
fn plain_number() {
    println!("{}", plain());
}
