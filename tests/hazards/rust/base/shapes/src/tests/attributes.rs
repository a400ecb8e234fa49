use crate::attributes::*;

#[test]
fn compares() {
    let (one, other) = (Version { major: 1, minor: 2 }, Version { major: 1, minor: 1 });
    println!("{} {}", newer(&one, &other), one == other);
}

#[test]
fn defaults() {
    println!("{:?} {:?}", default_mode(), Version::default());
}

#[test]
fn lays_out() {
    println!("{}", layout_size());
}

#[test]
fn shows() {
    println!("{}", shown());
}

#[test]
fn rounds() {
    println!("{}", rounded(1.6));
}

#[test]
fn has_volume() {
    println!("{}", volume());
}

#[test]
fn is_checked() {
    println!("{}", checked());
}

#[test]
fn is_steady() {
    println!("{}", steady());
}
