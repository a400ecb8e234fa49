use crate::later::{outer, room, sometimes, unmade, what_it_makes};

#[test]
fn outer_takes_room() {
    println!("{}", room(&outer()));
}

#[test]
fn outer_waits() {
    drop(outer());
}

#[test]
fn never_takes_room() {
    println!("{}", room(&sometimes(false)));
}

#[test]
fn never_is_nothing() {
    println!("{}", sometimes(false).is_some());
}

#[test]
fn unmade_is_a_type() {
    println!("{}", what_it_makes(unmade));
}
