use crate::files::*;

#[test]
fn has_motto() {
    println!("{}", motto());
}

#[test]
fn has_logo() {
    println!("{}", logo_size());
}

#[test]
fn includes() {
    println!("{}", included());
}

#[test]
fn sums_numbers() {
    println!("{}", numbers());
}

#[test]
fn lists_plugins() {
    println!("{:?}", plugins());
}

#[test]
fn looks_for_optional() {
    println!("{}", optional());
}

#[test]
fn follows_link() {
    println!("{}", read("current.txt").unwrap());
}

#[test]
fn reads_settings() {
    println!("{}", read("settings.json").unwrap().contains("\"plain\""));
}

#[test]
fn is_placed() {
    println!("{}", crate::placed::placed());
}

#[test]
fn weighs_units() {
    println!("{}", units::grams(2));
}

#[test]
fn measures_units() {
    println!("{}", units::metres(2));
}

#[test]
fn names_units() {
    println!("{} {}", units::Unit::symbol(&units::Gram), units::unit_name!());
}
