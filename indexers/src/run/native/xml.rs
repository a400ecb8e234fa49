//! The XML that Catch2 and doctest list their tests in.

use std::borrow::Cow;

use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart};

/// Returns an attribute as it was before it was escaped.
///
/// Its line breaks stay, which a reader of XML would make blanks: the name of a test is meant, not a value of XML.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, quick_xml::Error> {
    match element.try_get_attribute(name)? {
        Some(attribute) => Ok(Some(unescape(&attribute.value)?.into_owned())),
        None => Ok(None),
    }
}

/// Returns what a reference between text stands for; `None` when nobody knows.
pub(super) fn referred(reference: &BytesRef<'_>) -> Option<Cow<'static, str>> {
    if let Ok(Some(char)) = reference.resolve_char_ref() {
        return Some(char.to_string().into());
    }
    resolve_predefined_entity(reference).map(Cow::Borrowed)
}
