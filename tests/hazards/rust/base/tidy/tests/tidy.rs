//! Tests that read the repository's own files.

use tidy::*;

#[test]
fn moved_has_no_tabs() {
    let tabs = sources("shapes/src")
        .into_iter()
        .filter(|path| path.ends_with("moved.rs"))
        .filter(|path| std::fs::read_to_string(path).unwrap().contains('\t'))
        .count();
    println!("{tabs}");
}

#[test]
fn counts_app_sources() {
    println!("{}", sources("app/src").len());
}

#[test]
fn outside_says_what_it_is() {
    for path in sources("outside") {
        let text = std::fs::read_to_string(path).unwrap();
        println!("{}", text.lines().next().unwrap_or_default());
    }
}

#[test]
fn matches_snapshot() {
    let expected = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/render.txt")).unwrap();
    println!("{}", expected == render());
}

#[test]
fn matches_places_snapshot() {
    let expected = include_str!("../snapshots/places.txt");
    println!("{} {}", expected == render_places(), render_places());
}

#[test]
fn readme_is_short() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    println!("{}", readme.lines().count());
}

#[test]
fn tidies_nothing() {
    println!("tidy");
}
