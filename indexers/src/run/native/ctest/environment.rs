//! The variables of a test.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::entry::Entry;

const PATH_SEPARATOR: &str = ":";

/// Returns the variables that a test's properties set or unset, beyond those that it inherits.
///
/// As in CTest, modifications come after what is set, in their order.
pub(super) fn of(
    entry: &Entry,
    inherited: &BTreeMap<OsString, OsString>,
) -> Result<BTreeMap<OsString, Option<OsString>>, String> {
    let mut env = BTreeMap::new();
    for setting in &entry.environment {
        match setting.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                env.insert(OsString::from(name), Some(OsString::from(value)));
            }
            // CTest takes a name alone for one to unset.
            None if !setting.is_empty() => {
                env.insert(OsString::from(setting), None);
            }
            _ => return Err(format!("`{setting}` in its ENVIRONMENT sets nothing")),
        }
    }
    for modification in &entry.environment_modification {
        let unreadable = || format!("`{modification}` in its ENVIRONMENT_MODIFICATION is none");
        let (name, change) = modification.split_once('=').ok_or_else(unreadable)?;
        let (operation, value) = change.split_once(':').ok_or_else(unreadable)?;
        if name.is_empty() {
            return Err(unreadable());
        }
        let key = OsString::from(name);
        let old = env.get(&key).cloned().unwrap_or_else(|| inherited.get(&key).cloned());
        let new = match operation {
            "reset" => {
                env.remove(&key);
                continue;
            }
            "set" => Some(value.into()),
            "unset" => None,
            "string_append" => joined(old, "", value, End::Back),
            "string_prepend" => joined(old, "", value, End::Front),
            "path_list_append" => joined(old, PATH_SEPARATOR, value, End::Back),
            "path_list_prepend" => joined(old, PATH_SEPARATOR, value, End::Front),
            "cmake_list_append" => joined(old, ";", value, End::Back),
            "cmake_list_prepend" => joined(old, ";", value, End::Front),
            _ => return Err(unreadable()),
        };
        env.insert(key, new);
    }
    Ok(env)
}

enum End {
    Front,
    Back,
}

fn joined(old: Option<OsString>, separator: &str, value: &str, end: End) -> Option<OsString> {
    let Some(old) = old.filter(|old| !old.is_empty()) else { return Some(value.into()) };
    let value = OsString::from(value);
    let (mut joined, last) = match end {
        End::Front => (value, old),
        End::Back => (old, value),
    };
    joined.push(separator);
    joined.push(last);
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(set: &[&str], modified: &[&str]) -> Result<String, String> {
        let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let entry =
            Entry { environment: list(set), environment_modification: list(modified), ..Entry::default() };
        let inherited = BTreeMap::from([("PATH".into(), "/bin".into()), ("OLD".into(), "old".into())]);
        let told = of(&entry, &inherited)?.into_iter().map(|(name, value)| match value {
            Some(value) => format!("{}={}", name.display(), value.display()),
            None => format!("-{}", name.display()),
        });
        Ok(told.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn modifications_follow_settings() {
        for (set, modified, expected) in [
            (&["A=1", "B=x=y"][..], &[][..], "A=1 B=x=y"),
            (&["A=1"], &["A=string_append:2", "A=string_prepend:0"], "A=012"),
            (&[], &["PATH=path_list_prepend:/x", "PATH=path_list_append:/y"], "PATH=/x:/bin:/y"),
            (&[], &["NEW=path_list_append:/y"], "NEW=/y"),
            (&[], &["OLD=cmake_list_append:a:b"], "OLD=old;a:b"),
            (&["OLD=1"], &["OLD=unset:"], "-OLD"),
            (&["OLD=1"], &["OLD=set:2", "OLD=reset:"], ""),
            (&["OLD=1"], &["OLD=unset:", "OLD=string_append:x"], "OLD=x"),
        ] {
            assert_eq!(env(set, modified).unwrap(), expected, "{set:?} {modified:?}");
        }
        assert!(env(&["=x"], &[]).is_err());
        assert!(env(&[], &["A=grow:2"]).is_err());
        assert!(env(&[], &["A"]).is_err());
    }
}
