//! Answering with a part of a file.

use super::message::Response;

/// Answers with `bytes`, or the part of them that a `Range` header asks for.
pub(super) fn ranged(bytes: &[u8], range: Option<&str>) -> Response {
    let total = bytes.len();
    let Some(range) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Response::new(200).with_body(bytes.to_vec());
    };
    let number =
        |text: &str| text.parse::<u64>().map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let (start, end) = match range {
        ("", suffix) => (total - number(suffix).min(total), total),
        (start, "") => (number(start), total),
        (start, last) => (number(start), number(last).saturating_add(1).min(total)),
    };
    if start >= end {
        return Response::new(416).with("Content-Range", format!("bytes */{total}"));
    }
    Response::new(206)
        .with("Content-Range", format!("bytes {start}-{}/{total}", end - 1))
        .with_body(bytes[start..end].to_vec())
}
