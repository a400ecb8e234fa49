//! What runs once, for whoever comes first.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};

pub static REGISTRY: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names = first_names();
    names.sort_unstable();
    names
});

static SETTING: OnceLock<u32> = OnceLock::new();

static TICKS: AtomicU32 = AtomicU32::new(100);

thread_local! {
    static LOCAL: Cell<u32> = const { Cell::new(40) };
    static COMPUTED: u32 = local_start();
}

fn first_names() -> Vec<&'static str> {
    vec!["b", "a"]
}

fn local_start() -> u32 {
    60
}

fn setting_start() -> u32 {
    8
}

pub fn registered() -> String {
    REGISTRY.join(",")
}

pub fn n_registered() -> usize {
    REGISTRY.len()
}

pub fn setting() -> u32 {
    *SETTING.get_or_init(setting_start)
}

pub fn tick() -> u32 {
    TICKS.fetch_add(1, Ordering::Relaxed)
}

pub fn local() -> u32 {
    LOCAL.with(|value| value.get())
}

pub fn computed() -> u32 {
    COMPUTED.with(|value| *value)
}

pub fn eager() -> u32 {
    2
}

static TITLES: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

pub fn title(of: &str) -> String {
    let mut titles = TITLES.lock().unwrap();
    if let Some(title) = titles.iter().find(|title| title.ends_with(of)) {
        return reused(title);
    }
    titles.push(format!("Sir {of}"));
    format!("Sir {of}")
}

fn reused(title: &str) -> String {
    title.to_string()
}
