//! Values inside of an event, whose names may be dotted, or nested, or both.

use serde_json::Value;

/// Finds what has a dotted name: `a.b.c` may be nested in any way.
pub(super) fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    if let Some(found) = object.get(name) {
        return Some(found);
    }
    let cuts = name.match_indices('.').map(|(at, _)| at);
    cuts.into_iter().find_map(|at| find(object.get(&name[..at])?, &name[at + 1..]))
}

/// Returns a text that is not empty. Numbers and truth values may stand for texts.
pub(super) fn text(value: &Value, name: &str) -> Option<Box<str>> {
    let text: Box<str> = match find(value, name)? {
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(truth) => truth.to_string().into(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Returns whether something is so. Tags are texts, whatever they were.
pub(super) fn is_true(value: &Value, name: &str) -> bool {
    match find(value, name) {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
        Some(Value::Number(number)) => number.as_f64() == Some(1.0),
        _ => false,
    }
}

/// Returns a number that is not negative.
pub(super) fn number(value: &Value, name: &str) -> Option<u64> {
    match find(value, name)? {
        Value::Number(number) => {
            number.as_u64().or_else(|| number.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64))
        }
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_may_be_nested_in_any_way() {
        let check = |value: Value| assert_eq!(text(&value, "a.b.c").as_deref(), Some("x"), "{value}");
        check(json!({"a": {"b": {"c": "x"}}}));
        check(json!({"a.b": {"c": "x"}}));
        check(json!({"a": {"b.c": "x"}}));
        check(json!({"a.b.c": "x"}));
        check(json!({"a": {"b": 1}, "a.b": {"c": "x"}}));
        assert_eq!(text(&json!({"a": "x"}), "a.b.c"), None);
        assert_eq!(text(&json!({"a": {"b": {"c": ""}}}), "a.b.c"), None);
    }

    #[test]
    fn tags_are_texts() {
        for value in [json!({"a": "true"}), json!({"a": "True"}), json!({"a": true}), json!({"a": 1})] {
            assert!(is_true(&value, "a"), "{value}");
        }
        for value in [json!({"a": "false"}), json!({"a": ""}), json!({"a": null}), json!({}), json!({"a": 0})]
        {
            assert!(!is_true(&value, "a"), "{value}");
        }
        assert_eq!(number(&json!({"a": "12"}), "a"), Some(12));
        assert_eq!(number(&json!({"a": 1.5e9}), "a"), Some(1_500_000_000));
        assert_eq!(number(&json!({"a": -1}), "a"), None);
    }
}
