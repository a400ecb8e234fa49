//! What CTest says of one test.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::run::case::Lock;

/// A test of CTest, with the properties that change how it is run or what its end means.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Empty where the program is not built.
    pub(super) command: Vec<String>,
    pub(super) working_directory: Option<String>,
    pub(super) environment: Vec<String>,
    pub(super) environment_modification: Vec<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) disabled: bool,
    pub(super) will_fail: bool,
    pub(super) skip_return_code: Option<i32>,
    pub(super) passes: Vec<String>,
    pub(super) fails: Vec<String>,
    pub(super) skips: Vec<String>,
    pub(super) run_serial: bool,
    pub(super) resource_lock: Vec<String>,
    pub(super) required_files: Vec<String>,
    pub(super) depends: Vec<String>,
    pub(super) fixtures_required: Vec<String>,
    pub(super) fixtures_setup: Vec<String>,
    pub(super) fixtures_cleanup: Vec<String>,
}

impl Entry {
    /// Returns whether it is a program without arguments whose exit code alone says how it ended.
    pub(super) fn is_whole_binary(&self) -> bool {
        self.command.len() == 1
            && !self.disabled
            && !self.will_fail
            && self.skip_return_code.is_none()
            && [&self.passes, &self.fails, &self.skips].into_iter().all(Vec::is_empty)
    }

    /// Returns whether nothing has to run before it.
    pub(super) fn needs_nothing(&self) -> bool {
        self.fixtures_required.is_empty() && self.fixtures_cleanup.is_empty() && self.depends.is_empty()
    }

    /// Returns what it must not share.
    pub(super) fn locks(&self) -> impl Iterator<Item = Lock> {
        let everything = self.run_serial.then_some(Lock::Everything);
        everything.into_iter().chain(self.resource_lock.iter().map(|name| Lock::Named(name.as_str().into())))
    }
}

#[derive(Deserialize)]
struct Document {
    kind: String,
    version: Version,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Version {
    major: u32,
}

#[derive(Deserialize)]
struct Test {
    name: String,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    properties: Vec<Property>,
}

#[derive(Deserialize)]
struct Property {
    name: String,
    value: Value,
}

/// Reads what CTest shows.
pub(super) fn parse(json: &[u8]) -> Result<Vec<Entry>, String> {
    let document: Document =
        serde_json::from_str(&String::from_utf8_lossy(json)).map_err(|error| error.to_string())?;
    if document.kind != "ctestInfo" || document.version.major != 1 {
        return Err(format!("it is `{}` of version {}", document.kind, document.version.major));
    }
    document.tests.into_iter().map(entry).collect()
}

fn entry(test: Test) -> Result<Entry, String> {
    let mut entry = Entry { name: test.name, command: test.command, ..Entry::default() };
    for Property { name, value } in &test.properties {
        let unreadable =
            || format!("`{value}` is no value of the property {name} of the test `{}`", entry.name);
        match name.as_str() {
            "WORKING_DIRECTORY" => entry.working_directory = Some(text(value).ok_or_else(unreadable)?),
            "ENVIRONMENT" => entry.environment = texts(value).ok_or_else(unreadable)?,
            "ENVIRONMENT_MODIFICATION" => {
                entry.environment_modification = texts(value).ok_or_else(unreadable)?;
            }
            "TIMEOUT" => entry.timeout = timeout(value).ok_or_else(unreadable)?,
            "DISABLED" => entry.disabled = truth(value).ok_or_else(unreadable)?,
            "WILL_FAIL" => entry.will_fail = truth(value).ok_or_else(unreadable)?,
            "SKIP_RETURN_CODE" => entry.skip_return_code = Some(code(value).ok_or_else(unreadable)?),
            "PASS_REGULAR_EXPRESSION" => entry.passes = texts(value).ok_or_else(unreadable)?,
            "FAIL_REGULAR_EXPRESSION" => entry.fails = texts(value).ok_or_else(unreadable)?,
            "SKIP_REGULAR_EXPRESSION" => entry.skips = texts(value).ok_or_else(unreadable)?,
            "RUN_SERIAL" => entry.run_serial = truth(value).ok_or_else(unreadable)?,
            "RESOURCE_LOCK" => entry.resource_lock = texts(value).ok_or_else(unreadable)?,
            "REQUIRED_FILES" => entry.required_files = texts(value).ok_or_else(unreadable)?,
            "DEPENDS" => entry.depends = texts(value).ok_or_else(unreadable)?,
            "FIXTURES_REQUIRED" => entry.fixtures_required = texts(value).ok_or_else(unreadable)?,
            "FIXTURES_SETUP" => entry.fixtures_setup = texts(value).ok_or_else(unreadable)?,
            "FIXTURES_CLEANUP" => entry.fixtures_cleanup = texts(value).ok_or_else(unreadable)?,
            // Labels, costs, places, and whatever a project thinks up: nothing that a run would show.
            _ => {}
        }
    }
    Ok(entry)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(list) => {
            Some(list.split(';').filter(|text| !text.is_empty()).map(str::to_owned).collect())
        }
        Value::Array(list) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(word) => match word.to_ascii_uppercase().as_str() {
            "1" | "ON" | "YES" | "TRUE" | "Y" => Some(true),
            "" | "0" | "OFF" | "NO" | "FALSE" | "N" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn code(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => number.as_i64().and_then(|code| i32::try_from(code).ok()),
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

/// Reads a time; none, and no time at all, are no limit.
fn timeout(value: &Value) -> Option<Option<Duration>> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(word) => word.parse().ok()?,
        _ => return None,
    };
    if seconds <= 0.0 {
        return Some(None);
    }
    Duration::try_from_secs_f64(seconds).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn test(properties: &str) -> Result<Entry, String> {
        let json = format!(
            r#"{{"kind":"ctestInfo","version":{{"major":1,"minor":0}},"tests":[
                {{"name":"t","command":["/bin/t"],"properties":[{properties}],"backtrace":3}}]}}"#
        );
        parse(json.as_bytes()).map(|mut entries| entries.remove(0))
    }

    #[test]
    fn properties_are_read() {
        let entry = test(
            r#"{"name":"TIMEOUT","value":2.5},{"name":"DISABLED","value":true},{"name":"LABELS","value":["x"]},
            {"name":"SKIP_RETURN_CODE","value":77},{"name":"RESOURCE_LOCK","value":["a","b"]},
            {"name":"RUN_SERIAL","value":"ON"},{"name":"DEPENDS","value":"x;y"}"#,
        )
        .unwrap();
        assert_eq!(entry.timeout, Some(Duration::from_millis(2500)));
        assert!(entry.disabled && entry.run_serial && !entry.will_fail);
        assert_eq!(entry.skip_return_code, Some(77));
        assert_eq!(entry.depends, ["x", "y"]);
        let locks: Vec<Lock> = entry.locks().collect();
        assert_eq!(locks, [Lock::Everything, Lock::Named("a".into()), Lock::Named("b".into())]);
        assert_eq!(test(r#"{"name":"TIMEOUT","value":0}"#).unwrap().timeout, None);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        insta::assert_snapshot!(test(r#"{"name":"WILL_FAIL","value":"perhaps"}"#).unwrap_err(), @r#"`"perhaps"` is no value of the property WILL_FAIL of the test `t`"#);
        assert!(test(r#"{"name":"TIMEOUT","value":1e300}"#).is_err());
        assert!(parse(br#"{"kind":"ctestInfo","version":{"major":2},"tests":[]}"#).is_err());
        assert!(parse(b"").is_err());
    }

    proptest! {
        #[test]
        fn no_property_panics(
            name in prop::sample::select(vec!["TIMEOUT", "DISABLED", "SKIP_RETURN_CODE", "DEPENDS", "ENVIRONMENT"]),
            value in prop_oneof![
                any::<f64>().prop_map(|number| serde_json::json!(number)),
                any::<i64>().prop_map(|number| serde_json::json!(number)),
                ".{0,8}".prop_map(Value::String),
                prop::collection::vec(".{0,3}", 0..3).prop_map(|list| serde_json::json!(list)),
            ],
        ) {
            let _ = test(&serde_json::json!({"name": name, "value": value}).to_string());
        }
    }
}
