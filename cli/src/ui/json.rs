//! JSON documents that say what they are.

use serde::Serialize;

/// How a document is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// On one line, for programs.
    Compact,
    /// Indented, for people.
    Pretty,
}

impl Layout {
    /// Returns the layout for a stream that is a terminal or not.
    pub fn on(is_terminal: bool) -> Layout {
        if is_terminal { Layout::Pretty } else { Layout::Compact }
    }
}

#[derive(Serialize)]
struct Document<'a, T> {
    schema: String,
    #[serde(flatten)]
    body: &'a T,
}

/// Returns `body`, a struct or a map, as the document `skiptrace/<schema>`, where `schema` is `name@version`.
///
/// A new field keeps the version; anything that could break a reader raises it.
pub fn document(schema: &str, body: &impl Serialize, layout: Layout) -> String {
    debug_assert!(schema.contains('@'), "schema `{schema}` has no version");
    let document = Document { schema: format!("skiptrace/{schema}"), body };
    match layout {
        Layout::Compact => serde_json::to_string(&document),
        Layout::Pretty => serde_json::to_string_pretty(&document),
    }
    .expect("documents are structs with text keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_comes_first() {
        #[derive(Serialize)]
        struct Body {
            b: u8,
            a: u8,
        }
        let body = Body { b: 1, a: 2 };
        assert_eq!(document("x@1", &body, Layout::Compact), r#"{"schema":"skiptrace/x@1","b":1,"a":2}"#);
        assert_eq!(
            document("x@1", &body, Layout::Pretty),
            "{\n  \"schema\": \"skiptrace/x@1\",\n  \"b\": 1,\n  \"a\": 2\n}"
        );
    }
}
