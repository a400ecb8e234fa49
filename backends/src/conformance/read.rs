//! The laws of reading and listing.

use skiptrace_engine::store::{ByteRange, Entry, ListRequest, StoreErrorKind};

use super::{Subject, bytes, parse};

/// Keys that a careless encoding would mangle.
const ODD_KEYS: &[&str] = &[
    "odd/with space",
    "odd/100%",
    "odd/%41",
    "odd/%2F",
    "odd/a+b",
    "odd/~tilde",
    "odd/naïve/日本語/🦀",
    "odd/e\u{301}", // not the same key as the next one
    "odd/\u{e9}",
    "odd/a&b=c;d,e:f@g$h!i'j(k)*l",
    "odd/q?query#fragment",
    "odd/[brackets]{braces}<angles>|^`\"",
    "odd/trailing.",
    "odd/double..dot",
    "odd/UPPER",
    "odd/upper",
    "-dash/_under",
];

/// What is written is read, byte for byte.
pub fn round_trips(subject: &Subject) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for (i, value) in
        [&b""[..], b"x", b"\r\n\0", &every_byte, &bytes(1, 1024), &bytes(2, 1025), &bytes(3, 3_000_017)]
            .into_iter()
            .enumerate()
    {
        let key = format!("round/trip/{i}");
        subject.fill(&key, value);
        let got = subject.store.get(&parse(&key)).expect(&key);
        assert!(got == value, "{key}: {} bytes instead of {}", got.len(), value.len());
    }
}

/// Every key is a name of its own, and is listed as it was written.
pub fn odd_keys(subject: &Subject) {
    let long_segment = format!("odd/{}", "s".repeat(250));
    let long_key = format!("odd/{}", ["l".repeat(99), "m".repeat(99)].join("/"));
    let mut keys: Vec<&str> = ODD_KEYS.to_vec();
    keys.extend([long_segment.as_str(), long_key.as_str()]);
    for key in &keys {
        subject.fill(key, format!("value of {key}").as_bytes());
    }
    for key in &keys {
        let got = subject.store.get(&parse(key)).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(String::from_utf8(got).expect("text"), format!("value of {key}"));
        let tail = subject.store.get_range(&parse(key), ByteRange::Suffix(3)).expect(key);
        assert_eq!(tail.total as usize, format!("value of {key}").len(), "{key}");
    }
    keys.sort_unstable();
    assert_eq!(list(subject, &ListRequest::default()), keys);
}

/// What was never written is not found, even beside names that are nearly the same.
pub fn missing_values(subject: &Subject) {
    let missing = |key: &str| {
        let error = subject.store.get(&parse(key)).expect_err(key);
        assert_eq!(error.kind, StoreErrorKind::NotFound, "{key}: {error}");
        assert_eq!(error.action, "read");
        assert!(error.to_string().contains(key), "the error should name `{key}`: {error}");
    };
    missing("missing/of/all");
    subject.fill("missing/file", b"there");
    for key in ["missing", "missing/fil", "missing/file2", "missing/file/below", "missin/g"] {
        missing(key);
    }
}

/// A range is exactly what was asked for, or an error that tells the size.
pub fn ranges(subject: &Subject) {
    for (key, size) in [("range/small", 100_usize), ("range/large", 1_500_000)] {
        let value = bytes(4, size);
        subject.fill(key, &value);
        let total = size as u64;
        let get = |range| subject.store.get_range(&parse(key), range);
        for (start, end) in
            [(0, 1), (0, 100), (1, 99), (99, 100), (total - 1, total), (total / 2, total), (0, total)]
        {
            let slice = get(ByteRange::Bounded(start..end)).expect("inside");
            assert!(slice.bytes == value[start as usize..end as usize], "{key} {start}..{end}");
            assert_eq!(slice.total, total);
        }
        for len in [1, 2, 99, total - 1, total, total + 1, u64::MAX] {
            let slice = get(ByteRange::Suffix(len)).expect("a suffix always exists");
            assert!(slice.bytes == value[size - len.min(total) as usize..], "{key}, the last {len}");
            assert_eq!(slice.total, total);
        }
        let outside = [
            (0, total + 1),
            (total - 1, total + 1),
            (total, total + 1),
            (total + 5, total + 9),
            (9, u64::MAX),
        ];
        for (start, end) in outside {
            let error = get(ByteRange::Bounded(start..end)).expect_err("outside");
            assert_eq!(
                error.kind,
                StoreErrorKind::OutOfRange { size: total },
                "{key} {start}..{end}: {error}"
            );
        }
    }
}

/// Ranges of nothing, and of values that are empty.
pub fn empty_ranges(subject: &Subject) {
    subject.fill("empty/value", b"");
    subject.fill("empty/not", b"0123456789");
    let get = |key, range| subject.store.get_range(&parse(key), range);
    for (key, size) in [("empty/value", 0), ("empty/not", 10)] {
        for range in [ByteRange::Bounded(0..0), ByteRange::Bounded(size..size), ByteRange::Suffix(0)] {
            let slice = get(key, range.clone()).unwrap_or_else(|error| panic!("{key} {range:?}: {error}"));
            assert_eq!((slice.bytes, slice.total), (Vec::new(), size), "{key} {range:?}");
        }
        #[expect(clippy::reversed_empty_ranges, reason = "this is the point")]
        let outside = [size + 1..size + 1, 0..size + 1, size..size + 1, 5..3];
        for range in outside {
            let error = get(key, ByteRange::Bounded(range.clone())).expect_err("outside");
            assert_eq!(error.kind, StoreErrorKind::OutOfRange { size }, "{key} {range:?}: {error}");
        }
    }
    let all = get("empty/value", ByteRange::Suffix(7)).expect("all of nothing");
    assert_eq!((all.bytes, all.total), (Vec::new(), 0));
}

/// A range of what was never written is not found, of whatever kind it is.
pub fn ranges_of_missing_values(subject: &Subject) {
    let key = parse("no/such");
    for range in
        [ByteRange::Bounded(0..0), ByteRange::Bounded(2..4), ByteRange::Suffix(0), ByteRange::Suffix(9)]
    {
        let error = subject.store.get_range(&key, range.clone()).expect_err("missing");
        assert_eq!(error.kind, StoreErrorKind::NotFound, "{range:?}: {error}");
    }
    let error = subject.store.get_ranges(&key, &[0..1, 2..3]).expect_err("missing");
    assert_eq!(error.kind, StoreErrorKind::NotFound, "{error}");
}

/// Many ranges at once are the same as one by one, in the order asked for.
pub fn several_ranges(subject: &Subject) {
    let value = bytes(5, 700_000);
    subject.fill("several/ranges", &value);
    let key = parse("several/ranges");
    let mut wanted: Vec<_> = (0..40).map(|i| i * 17_001..i * 17_001 + 1 + i * 31).collect();
    wanted.extend([699_999..700_000, 0..700_000, 5..5, 3..9, 3..9, 4..12]);
    wanted.reverse();
    let got = subject.store.get_ranges(&key, &wanted).expect("all inside");
    assert_eq!(got.len(), wanted.len());
    for (bytes, range) in got.iter().zip(&wanted) {
        assert!(*bytes == value[range.start as usize..range.end as usize], "{range:?}");
    }
    assert!(subject.store.get_ranges(&key, &[]).expect("nothing asked").is_empty());
    let error = subject.store.get_ranges(&key, &[0..1, 7..700_001]).expect_err("outside");
    assert_eq!(error.kind, StoreErrorKind::OutOfRange { size: 700_000 }, "{error}");
}

/// Keys are listed by their bytes, which is not how a tree of folders is walked.
pub fn listing_order(subject: &Subject) {
    assert_eq!(list(subject, &ListRequest::default()), [""; 0], "an empty store");
    let keys = fill_tree(subject);
    assert_eq!(list(subject, &ListRequest::default()), keys);
}

/// Below a folder means below a whole segment.
pub fn listing_by_folder(subject: &Subject) {
    fill_tree(subject);
    for (folder, expected) in [
        ("a", &["a/b", "a/c/d", "a/c-d", "a/c/e/f", "a/z"][..]),
        ("a/c", &["a/c/d", "a/c/e/f"]),
        ("a/b", &[]),
        ("nothing", &[]),
        ("nothing/at/all", &[]),
    ] {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(list(subject, &ListRequest::below(parse(folder))), expected, "below {folder}");
    }
}

/// A listing goes on after any key, whether it exists or not.
pub fn listing_after_a_key(subject: &Subject) {
    let keys = fill_tree(subject);
    for after in [
        "0", "a", "a-", "a-b", "a-b/x", "a/b", "a/b/c", "a/c", "a/c-", "a/c/d", "a/c/e", "a/c/zz", "a0", "b",
        "zz",
    ] {
        let request = ListRequest::default().start_after(parse(after));
        let expected: Vec<&str> = keys.iter().copied().filter(|key| *key > after).collect();
        assert_eq!(list(subject, &request), expected, "after {after}");
        let request = ListRequest::below(parse("a/c")).start_after(parse(after));
        let expected: Vec<&str> = expected.into_iter().filter(|key| key.starts_with("a/c/")).collect();
        assert_eq!(list(subject, &request), expected, "below a/c, after {after}");
    }
}

/// Pages of any size put together are the whole listing.
pub fn listing_with_a_limit(subject: &Subject) {
    let keys = fill_tree(subject);
    assert_eq!(list(subject, &ListRequest::default().limit(0)), [""; 0]);
    for size in [1, 2, 3, keys.len() - 1, keys.len(), keys.len() + 1] {
        let mut pages: Vec<String> = Vec::new();
        loop {
            let request = ListRequest { limit: Some(size), ..ListRequest::default() };
            let request = match pages.last() {
                Some(last) => request.start_after(parse(last)),
                None => request,
            };
            let page = list(subject, &request);
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, keys, "in pages of {size}");
    }
}

/// A line of a listing tells the size of the value that a reader gets.
pub fn listing_details(subject: &Subject) {
    subject.fill("details/empty", b"");
    subject.fill("details/some", &bytes(6, 12_345));
    let entries = subject.store.list(&ListRequest::default()).expect("a listing");
    let sizes: Vec<u64> = entries.iter().map(|entry| entry.size).collect();
    assert_eq!(sizes, [0, 12_345]);
    for Entry { key, modified, .. } in entries {
        // 2020, in milliseconds: a store that confuses units or epochs shows here.
        assert!(modified.is_none_or(|modified| modified.0 > 1_577_836_800_000), "{key}: {modified:?}");
    }
}

fn list(subject: &Subject, request: &ListRequest) -> Vec<String> {
    let entries = subject.store.list(request).unwrap_or_else(|error| panic!("{error}: {error:?}"));
    entries.into_iter().map(|entry| entry.key.to_string()).collect()
}

fn fill_tree(subject: &Subject) -> Vec<&'static str> {
    let mut keys =
        vec!["a-b", "a/b", "a/c-d", "a/c/d", "a/c/e/f", "a/z", "a.b", "a0", "ab/c", "b/a", "B/a", "é", "z"];
    for key in &keys {
        subject.fill(key, key.as_bytes());
    }
    keys.sort_unstable();
    keys
}
