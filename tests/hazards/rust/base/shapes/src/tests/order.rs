//! Tests that do not stand for themselves.

use std::sync::atomic::{AtomicU32, Ordering};

static STARTED: AtomicU32 = AtomicU32::new(0);

fn goal() -> u32 {
    42
}

#[test]
fn a_starts() {
    STARTED.store(1, Ordering::SeqCst);
    println!("started");
}

#[test]
fn b_continues() {
    assert_eq!(STARTED.load(Ordering::SeqCst), 1, "nobody started");
}

#[test]
fn fails() {
    assert_eq!(goal(), 43, "the goal is wrong");
}

#[test]
#[should_panic(expected = "too far")]
fn panics() {
    println!("{}", goal());
    assert!(goal() < 40, "too far");
}

#[test]
#[ignore]
fn is_ignored() {
    println!("{}", goal());
}

#[test]
fn reaches_goal() {
    println!("{}", goal());
}

#[test]
fn returns_result() -> Result<(), String> {
    println!("{}", goal());
    Ok(())
}
