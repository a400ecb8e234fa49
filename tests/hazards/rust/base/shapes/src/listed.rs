//! What lists itself before anything runs.

use std::sync::Mutex;

static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

pub fn list(name: &'static str) {
    NAMES.lock().unwrap().push(name);
}

pub fn names() -> Vec<&'static str> {
    let mut names = NAMES.lock().unwrap().clone();
    names.sort();
    names
}

#[derive::listed]
pub fn first() {}

#[derive(derive::Listed)]
pub struct Second;
