//! Rules that are shipped.

use std::collections::BTreeSet;

use skiptrace_indexers::record::gains::Builder;

use crate::error::{CommandError, ErrorKind};

/// Rules for one ecosystem.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pack {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

const PACKS: [Pack; 5] = [
    Pack { name: "common", text: include_str!("../../packs/common.toml") },
    Pack { name: "rust", text: include_str!("../../packs/rust.toml") },
    Pack { name: "go", text: include_str!("../../packs/go.toml") },
    Pack { name: "cpp", text: include_str!("../../packs/cpp.toml") },
    Pack { name: "python", text: include_str!("../../packs/python.toml") },
];

/// Returns whether a pack says nothing of tests that are built so, if it is known how.
pub(crate) fn is_foreign(pack: &str, builders: &BTreeSet<Builder>) -> bool {
    let builder = match pack {
        "rust" => Builder::Cargo,
        "go" => Builder::Go,
        "cpp" => Builder::Native,
        "python" => return !builders.is_empty(),
        _ => return false,
    };
    !builders.is_empty() && !builders.contains(&builder)
}

/// Returns the packs that a setting names: `all`, `none`, or some with commas between.
pub(super) fn chosen(setting: &str) -> Result<Vec<Pack>, CommandError> {
    match setting {
        "all" => return Ok(PACKS.to_vec()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let find = |name: &str| {
        PACKS.into_iter().find(|pack| pack.name == name).ok_or_else(|| {
            let known = PACKS.map(|pack| format!("`{}`", pack.name)).join(", ");
            let message =
                format!("`select.packs` names no pack `{name}` (known: {known}, or `all`, or `none`)");
            CommandError::new(ErrorKind::Config, message)
        })
    };
    setting.split(',').map(|name| find(name.trim())).collect()
}
