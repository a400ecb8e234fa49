//! What users write down as the place of a store.

use std::error::Error;
use std::path::PathBuf;

use skiptrace_backends::conformance::bytes;
use skiptrace_backends::location::{CacheOptions, Location, OpenOptions, open};
use skiptrace_engine::key::Key;
use skiptrace_engine::store::StoreErrorKind;

fn parse(text: &str) -> Location {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Parses `text`; returns the error and what lies below it.
fn refusal(text: &str) -> String {
    let error = text.parse::<Location>().expect_err(text);
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn locations_are_shown_as_they_are_best_written() {
    for (text, shown) in [
        ("memory:", "memory:"),
        ("relative/folder", "relative/folder"),
        ("/abs", "/abs"),
        (".", "."),
        ("with space/100%/?#&=", "with space/100%/?#&="),
        ("./a:b", "./a:b"),
        ("日本語:x", "日本語:x"),
        ("file:relative/100%41", "relative/100%41"),
        ("file:a:b", "file:a:b"),
        ("file:/abs", "/abs"),
        ("file:///abs/with%20space", "/abs/with space"),
        ("file://localhost/abs", "/abs"),
        ("file:///abs/%FF", "file:///abs/%FF"),
        ("FILE:///abs", "/abs"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket?", "s3://bucket"),
        ("s3://bucket/a/b%20c/", "s3://bucket/a/b%20c"),
        ("s3://bucket/a?timeout=1.5&region=eu-west-1", "s3://bucket/a?region=eu-west-1&timeout=1.5"),
        (
            "s3://b/p?part_size=8MiB&multipart_above=20000000&path_style=true&endpoint=http://127.0.0.1:9000/",
            "s3://b/p?endpoint=http://127.0.0.1:9000&path_style=true&multipart_above=20000000&part_size=8388608",
        ),
        ("s3://b?profile=a%26b&attempts=3", "s3://b?profile=a%26b&attempts=3"),
        ("http://host", "http://host"),
        ("HTTPS://host:8443/a/b/", "https://host:8443/a/b"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("https://host/a b%20c/é@x", "https://host/a%20b%20c/%C3%A9@x"),
        ("https://host/?attempts=2&timeout=30", "https://host?attempts=2&timeout=30"),
        ("https://me:secret@host/a", "https://***@host/a"),
    ] {
        let location = parse(text);
        assert_eq!(location.to_string(), shown, "{text}");
        assert!(!format!("{location:?}").contains("secret"), "{location:?}");
        if !shown.contains("***") {
            assert_eq!(parse(shown), location, "{text}");
        }
    }
}

#[test]
fn the_parts_are_what_was_written() {
    assert_eq!(parse("file:a b"), Location::Folder(PathBuf::from("a b")));
    let Location::S3(s3) = parse("s3://b/x%2Fy?attempts=4&timeout=2&path_style=false&part_size=5KiB") else {
        panic!("not in S3");
    };
    assert_eq!((s3.bucket.as_str(), s3.prefix), ("b", Some(Key::new("x/y").unwrap())));
    assert_eq!((s3.attempts, s3.path_style, s3.part_size), (Some(4), Some(false), Some(5 << 10)));
    assert_eq!(s3.timeout.map(|timeout| timeout.as_secs()), Some(2));
    assert_eq!((s3.region, s3.endpoint, s3.profile, s3.multipart_above), (None, None, None, None));
    let Location::Http(http) = parse("https://me:secret@host/a?attempts=1") else { panic!("not HTTP") };
    assert_eq!((http.url.as_str(), http.attempts), ("https://me:secret@host/a", Some(1)));
}

#[test]
fn refusals_name_what_is_wrong_and_what_would_be_right() {
    let s3_known = "(known parameters of `s3:`: attempts, endpoint, multipart_above, part_size, path_style, \
                    profile, region, timeout)";
    let schemes = "(known schemes: file, http, https, memory, s3; a folder of that name is";
    for (text, message) in [
        (
            "",
            "the store's location is empty (give a folder, `s3://BUCKET/PREFIX`, `https://HOST/PATH` or \
             `memory:`)",
        ),
        ("s4://bucket", &format!("unknown scheme `s4`, did you mean `s3`? {schemes} `./s4:…`)")),
        ("flie:x", &format!("unknown scheme `flie`, did you mean `file`? {schemes} `./flie:…`)")),
        ("gs://bucket", &format!("unknown scheme `gs` {schemes} `./gs:…`)")),
        (
            "s3://b?regoin=x&secret=hidden",
            &format!("unknown parameter `regoin`, did you mean `region`? {s3_known}"),
        ),
        ("s3://b?secret=hidden", &format!("unknown parameter `secret` {s3_known}")),
        (
            "https://h/p?region=x",
            "unknown parameter `region` (known parameters of `https:`: attempts, timeout)",
        ),
        ("s3://b?attempts=1&attempts=2", "parameter `attempts` is given twice"),
        ("s3://b?attempts=0", "invalid value `0` of parameter `attempts`: expected a number from 1 to 100"),
        (
            "http://h?timeout=NaN",
            "invalid value `NaN` of parameter `timeout`: expected seconds, from 0.001 to 86400",
        ),
        ("s3://b?path_style", "invalid value `` of parameter `path_style`: expected `true` or `false`"),
        (
            "s3://b?endpoint=https://me:hidden@host",
            "invalid value `https://***@host` of parameter `endpoint`: expected `http://HOST` or \
             `https://HOST`, with a port where needed, without user and query",
        ),
        (
            "s3://b?part_size=99999999999GiB",
            "invalid value `99999999999GiB` of parameter `part_size`: expected a number of bytes, at least 1, \
             such as `8388608` or `8MiB`",
        ),
        (
            "s3://b/a//c?profile=hidden",
            "invalid prefix in `s3://b/a//c`: invalid store key `a//c`: it has an empty segment",
        ),
        ("s3:bucket", "invalid location `s3:bucket`: expected `s3://BUCKET/PREFIX`"),
        ("s3://", "invalid location `s3://`: a bucket's name is made of letters, digits, `.`, `-` and `_`"),
        ("s3://b/%FF", "invalid location `s3://b/%FF`: the prefix is not UTF-8"),
        (
            "https://me:hidden/slash@host",
            "invalid location `https://***@host`: expected `http://HOST/PATH` or `https://HOST/PATH`",
        ),
        (
            "http://host:99999/",
            "invalid location `http://host:99999/`: expected `http://HOST/PATH` or `https://HOST/PATH`",
        ),
        (
            "file://host/x",
            "invalid location `file://host/x`: a file has no host; expected `file:PATH` or `file:///PATH`",
        ),
        ("memory:x", "invalid location `memory:x`: nothing may follow `memory:`"),
    ] {
        let refusal = refusal(text);
        assert_eq!(refusal, message, "{text}");
        assert!(!refusal.contains("hidden"), "{refusal}");
    }
}

#[test]
fn any_text_is_a_location_or_refused() {
    let words = [
        "s3",
        "http",
        "https",
        "file",
        "memory",
        ":",
        "//",
        "/",
        "?",
        "&",
        "=",
        "@",
        "[",
        "]",
        "%",
        "%41",
        "%FF",
        "%00",
        "#",
        "\0",
        " ",
        "é",
        "a",
        "b.c",
        "region",
        "attempts",
        "timeout",
        "endpoint",
        "part_size",
        "1",
        "0.0015",
        "inf",
        "-1",
        "::1",
        "80",
        "..",
        "18446744073709551615",
        "GiB",
    ];
    let mut accepted = 0;
    for seed in 0..100_000 {
        let picks = bytes(seed, 1 + usize::try_from(seed % 12).unwrap());
        let scheme = ["", "s3://b", "http://h", "file:", "s3://b?"][usize::try_from(seed % 5).unwrap()];
        let text: String = picks.iter().map(|pick| words[usize::from(*pick) % words.len()]).collect();
        let text = format!("{scheme}{text}");
        if let Ok(location) = text.parse::<Location>() {
            accepted += 1;
            let shown = location.to_string();
            assert!(shown.contains("***") || parse(&shown) == location, "{text:?} is shown as {shown:?}");
        }
    }
    assert!(accepted > 10_000, "only {accepted} were locations");
}

#[test]
fn stores_are_opened_without_touching_anything() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        OpenOptions { cache: Some(CacheOptions { dir: folder.path().join("cache"), max_bytes: 1 << 20 }) };
    let text = folder.path().join("store").display().to_string();
    assert_eq!(open(&parse(&text), &options).unwrap().to_string(), text);
    assert_eq!(open(&parse("memory:"), &options).unwrap().to_string(), "memory:");
    for remote in ["s3://bucket", "https://host/a"] {
        match open(&parse(remote), &options) {
            Ok(_) => {}
            Err(error) => assert!(matches!(error.kind, StoreErrorKind::Unsupported(_)), "{error}"),
        }
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
