//! `cargo nextest run`: a filterset, or a configuration that holds it.
//!
//! Regular expressions name tests and binaries, because what is escaped in them is left alone by filtersets
//! and shells alike. A binary that does not exist ends a run before it begins, so only those are named that
//! do; names of tests that do not exist are nothing to nextest. What is too long for an argument becomes the
//! `default-filter` of the user's profile, in a copy of the repository's configuration: a configuration of a
//! tool would not do, since it gives way to the repository's.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{Metadata, TargetKind};
use toml::{Table, Value};

use super::alternatives::{alternatives, inert};
use super::{Ask, File, Form, Kept, Rendered, Strangers, path_text};

/// What has to be known of the user's command.
#[derive(Debug, Clone, Copy)]
pub struct Nextest<'a> {
    /// The test binaries that there are, as nextest calls them: [`binary_ids`].
    pub binaries: &'a BTreeSet<String>,
    /// The profile that the user's command uses: [`profile`](crate::run::nextest::profile).
    pub profile: &'a str,
    /// The configuration that it uses, `.config/nextest.toml` unless it says otherwise; empty where there is
    /// none. Where the user's command names one, that argument must give way to ours.
    pub config: &'a str,
    /// Whether the user's command has a filterset: [`has_filterset`]. A second one would add to it.
    pub filtered: bool,
}

/// How long a filterset may be as an argument.
const INLINE: usize = 24 << 10;
/// How many bytes of names one regular expression may have. They have a limit when they are compiled.
const CHUNK: usize = 48 << 10;
/// The configuration.
const CONFIG: &str = "nextest.toml";

/// Returns whether the arguments of `cargo nextest run` have a filterset.
pub fn has_filterset(args: &[String]) -> bool {
    let is_one = |word: &String| {
        word.starts_with("-E") || matches!(word.split('=').next(), Some("--filterset" | "--filter-expr"))
    };
    args.iter().take_while(|word| *word != "--").any(is_one)
}

/// Returns the names that nextest has for the test binaries of a workspace.
pub fn binary_ids(metadata: &Metadata) -> BTreeSet<String> {
    let packages =
        metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id));
    let id = |package: &str, target: &cargo_metadata::Target| match target.kind.first() {
        Some(TargetKind::CustomBuild) => None,
        Some(TargetKind::Test) => Some(format!("{package}::{}", target.name)),
        Some(kind @ (TargetKind::Bin | TargetKind::Example | TargetKind::Bench)) => {
            Some(format!("{package}::{kind}/{}", target.name))
        }
        _ => Some(package.to_owned()),
    };
    packages
        .flat_map(|package| package.targets.iter().filter_map(|target| id(&package.name, target)))
        .collect()
}

pub(super) fn render(nextest: &Nextest<'_>, ask: &Ask<'_>, folder: &Path) -> Rendered {
    let mut rendered = Rendered { form: ask.form, ..Rendered::default() };
    let filter = match ask.form {
        Form::Run => run(nextest, ask),
        Form::Skip => {
            let mut kept = Kept::default();
            let skip = skip(nextest, ask, &mut kept);
            kept.tell(
                &mut rendered,
                "because their binaries are none of the workspace's, and nextest refuses names that it does not know",
            );
            match skip {
                Some(skip) => format!("!({skip})"),
                None => return rendered,
            }
        }
    };
    if filter.len() <= INLINE && !nextest.filtered {
        rendered.arguments.extend(["-E".to_owned(), filter]);
    } else {
        match configuration(nextest, &filter) {
            Ok(text) => {
                rendered.arguments.push(format!("--config-file={}", path_text(folder, CONFIG)));
                rendered.files.push(File { name: CONFIG.to_owned(), bytes: text.into_bytes() });
            }
            Err(reason) => {
                rendered
                    .notes
                    .push(format!("every test runs, because nextest's configuration is damaged: {reason}"));
                rendered.kept = ask.skip.len();
                rendered.form = Form::Skip;
                return rendered;
            }
        }
    }
    rendered.arguments.push("--no-tests=pass".to_owned());
    rendered
}

/// Returns the filterset of what is left out.
fn skip(nextest: &Nextest<'_>, ask: &Ask<'_>, kept: &mut Kept) -> Option<String> {
    let mut parts = Vec::new();
    for (id, suite) in ask.suites() {
        if suite.skip.is_empty() {
            continue;
        }
        if !nextest.binaries.contains(id) {
            suite.skip.iter().for_each(|name| kept.add(name));
        } else if suite.run.is_empty() && ask.strangers == Strangers::Leave {
            parts.push(binary(id));
        } else {
            parts.push(format!("({}&({}))", binary(id), tests(&suite.skip)));
        }
    }
    (!parts.is_empty()).then(|| parts.join("|"))
}

/// Returns the filterset of what runs.
fn run(nextest: &Nextest<'_>, ask: &Ask<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut elsewhere: BTreeSet<&str> = BTreeSet::new();
    for (id, suite) in ask.suites() {
        if suite.run.is_empty() {
            continue;
        }
        if nextest.binaries.contains(id) {
            parts.push(format!("({}&({}))", binary(id), tests(&suite.run)));
        } else {
            // Wherever it is now, if it is still there.
            elsewhere.extend(&suite.run);
        }
    }
    if !elsewhere.is_empty() {
        parts.push(format!("({})", tests(&elsewhere)));
    }
    if parts.is_empty() { "none()".to_owned() } else { parts.join("|") }
}

fn binary(id: &str) -> String {
    format!("binary_id(/^(?:{})$/)", alternatives([id], &inert))
}

fn tests(names: &BTreeSet<&str>) -> String {
    let names: Vec<&str> = names.iter().copied().collect();
    let mut parts = Vec::new();
    let mut rest = names.as_slice();
    while !rest.is_empty() {
        let mut len = 0;
        let fits = |name: &&&str| {
            len += name.len() + 1;
            len <= CHUNK
        };
        let (chunk, after) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        parts.push(format!("test(/^(?:{})$/)", alternatives(chunk.iter().copied(), &inert)));
        rest = after;
    }
    parts.join("|")
}

/// Returns the user's configuration with a filter besides.
fn configuration(nextest: &Nextest<'_>, filter: &str) -> Result<String, String> {
    let mut config: Table = nextest.config.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let profiles = config.entry("profile").or_insert_with(|| Value::Table(Table::new()));
    let profiles = profiles.as_table_mut().ok_or("`profile` is no table")?;
    let parents = ancestry(profiles, nextest.profile)?;
    let own = parents.iter().find_map(|name| profiles.get(name)?.get("default-filter")?.as_str());
    let both = |theirs: &str| format!("({theirs})&({filter})");
    let merged = own.map_or_else(|| filter.to_owned(), both);
    // Filters for a platform come before that of the profile.
    for name in &parents {
        let overrides = profiles.get_mut(name).and_then(|profile| profile.get_mut("overrides"));
        for one in overrides.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(theirs) = one.get_mut("default-filter") {
                let text = theirs.as_str().ok_or("a `default-filter` is no text")?;
                *theirs = Value::String(both(text));
            }
        }
    }
    let profile = profiles.entry(nextest.profile).or_insert_with(|| Value::Table(Table::new()));
    let profile = profile.as_table_mut().ok_or("a profile is no table")?;
    profile.insert("default-filter".to_owned(), Value::String(merged));
    toml::to_string(&config).map_err(|error| error.to_string())
}

/// Returns the profile and those whose settings it takes over, nearest first.
fn ancestry(profiles: &Table, profile: &str) -> Result<Vec<String>, String> {
    let mut names = vec![profile.to_owned()];
    while let Some(parent) =
        profiles.get(names.last().map_or("", String::as_str)).and_then(|profile| profile.get("inherits"))
    {
        let parent = parent.as_str().ok_or("`inherits` is no text")?;
        if names.iter().any(|name| name == parent) {
            break;
        }
        names.push(parent.to_owned());
    }
    if !names.iter().any(|name| name == "default") {
        names.push("default".to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn merged(config: &str, profile: &str) -> BTreeMap<String, String> {
        let binaries = BTreeSet::new();
        let text = configuration(&Nextest { binaries: &binaries, profile, config, filtered: false }, "OURS")
            .unwrap();
        let table: Table = text.parse().unwrap();
        let profiles = table["profile"].as_table().unwrap();
        let filter =
            |value: &Value| value.get("default-filter").map(|value| value.as_str().unwrap().to_owned());
        let mut filters = BTreeMap::new();
        for (name, profile) in profiles {
            filters.extend(filter(profile).map(|filter| (name.clone(), filter)));
            for (place, one) in
                profile.get("overrides").and_then(Value::as_array).into_iter().flatten().enumerate()
            {
                filters.extend(filter(one).map(|filter| (format!("{name} {place}"), filter)));
            }
        }
        filters
    }

    #[test]
    fn the_users_filters_stay() {
        assert_eq!(merged("", "default"), [("default".to_owned(), "OURS".to_owned())].into());
        let config = r#"
nextest-version = "0.9.50"
[profile.default]
default-filter = "all() | a"
[[profile.default.overrides]]
platform = "cfg(unix)"
default-filter = "unix"
[profile.ci]
retries = 2
[profile.more]
inherits = "ci"
default-filter = "more"
"#;
        insta::assert_debug_snapshot!(["default", "ci", "more"].map(|profile| merged(config, profile)), @r#"
        [
            {
                "default": "(all() | a)&(OURS)",
                "default 0": "(unix)&(OURS)",
                "more": "more",
            },
            {
                "ci": "(all() | a)&(OURS)",
                "default": "all() | a",
                "default 0": "(unix)&(OURS)",
                "more": "more",
            },
            {
                "default": "all() | a",
                "default 0": "(unix)&(OURS)",
                "more": "(more)&(OURS)",
            },
        ]
        "#);
        assert!(
            configuration(
                &Nextest { binaries: &BTreeSet::new(), profile: "ci", config: "[", filtered: false },
                "X"
            )
            .is_err()
        );
        let circle = "[profile.a]\ninherits = 'b'\n[profile.b]\ninherits = 'a'\n";
        assert_eq!(merged(circle, "a")["a"], "OURS");
    }
}
