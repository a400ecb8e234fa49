use crate::*;

#[test]
fn has_fields() {
    println!("{FIELDS} {}", field_height());
}

#[test]
fn has_label() {
    println!("{}", label());
}

#[test]
fn has_version() {
    println!("{}", version());
}

#[test]
fn has_about() {
    println!("{}", about());
}

#[test]
fn is_configured() {
    println!("{}", configured());
}

#[test]
fn is_built() {
    println!("{} {}", built(), like_nightly());
}

#[test]
fn has_extra() {
    println!("{}", extra());
}

#[test]
fn doubles() {
    println!("{}", doubled());
}

#[test]
fn has_areas() {
    println!("{}", shape_areas());
}

#[test]
fn goes_through() {
    println!("{}", shape_through());
}

#[test]
fn speaks() {
    println!("{}", shape_speaks());
}

#[test]
fn overflow_panics() {
    println!("{}", overflows());
}

#[test]
fn reads_variable() {
    println!("{}", variable());
}

#[test]
fn stands_alone() {
    println!("{}", 1 + 1);
}
