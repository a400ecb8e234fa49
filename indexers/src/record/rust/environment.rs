//! The conditions that a recording of cargo's tests holds for.

use std::collections::BTreeMap;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::recording::EnvironmentKey;

use super::Request;
use super::plan::{Plan, field};
use crate::build::crates::Compiled;

/// Returns the conditions. Nothing in them is of one machine alone: equal builds elsewhere have equal ones.
pub(super) fn of(plan: &Plan, request: &Request<'_>, compiled: &Compiled) -> EnvironmentKey {
    let mut parts = BTreeMap::new();
    let mut add = |name: &str, value: String| parts.insert(name.to_owned(), value);
    let compiler = |name: &str| field(&plan.compiler, name).unwrap_or("unknown").to_owned();
    add(
        "rustc",
        format!("{} ({})", compiler("release"), compiler("commit-hash").get(..9).unwrap_or("unknown")),
    );
    add("llvm", compiler("LLVM version"));
    add("host", compiler("host"));
    add("target", plan.target.clone());
    add("os", std::env::consts::OS.to_owned());
    add("arch", std::env::consts::ARCH.to_owned());
    add("instrumented", format!("{:?}", request.instrument).to_lowercase());
    add("packages", digest(compiled.packages.iter().map(|(name, version)| format!("{name} {version}"))));
    add(
        "features",
        digest(compiled.features.iter().map(|(package, features)| format!("{package} {features:?}"))),
    );
    add("flags", digest(compiled.flags.iter().map(|(name, flags)| format!("{name} {flags:?}"))));
    for (name, value) in &compiled.variables {
        if !is_of_the_machine(name) {
            add(&format!("env {name}"), value.clone().unwrap_or_else(|| "(unset)".to_owned()));
        }
    }
    EnvironmentKey { parts }
}

/// Returns how many there are, and a hash that stands for them.
fn digest(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.collect();
    let hash = Fingerprint::of(lines.join("\n").as_bytes()).to_string();
    format!("{} ({})", lines.len(), &hash[..12])
}

/// Returns whether a variable says where things are, or what the package is, which its manifest says as well.
fn is_of_the_machine(name: &str) -> bool {
    name == "OUT_DIR" || name == "CARGO" || name.starts_with("CARGO_")
}
