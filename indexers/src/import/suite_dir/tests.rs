use insta::assert_snapshot;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn show(folder: &TempDir, style: Style) -> String {
    let found = find(folder.path(), style).unwrap();
    let mut text = String::new();
    for test in &found.tests {
        let job = test.job.as_ref().map_or("-", JobName::as_str);
        let files =
            test.files.iter().map(|file| file.strip_prefix(folder.path()).unwrap().display().to_string());
        let files: Vec<String> = files.collect();
        let by_folder = if test.is_named_by_folder { " (by folder)" } else { "" };
        text += &format!(
            "{job} | {} | {}{by_folder} | {:?} {:?} | {}\n",
            test.suite,
            test.name,
            test.outcome,
            test.duration,
            files.join(" ")
        );
        for trouble in &test.troubles {
            text += &format!("  {}\n", trouble.detail);
        }
    }
    for LeftOut { place, reason } in &found.left_out {
        text += &format!("left out {place}: {reason}\n");
    }
    text
}

#[test]
fn metadata_name_tests_at_any_depth() {
    let folder = folder(&[
        (
            "a/metadata.json",
            r#"{"job":"unit","suite":"s","test":"t::x","outcome":"passed","duration_ms":1.5}"#,
        ),
        ("a/coverage/1.profraw", ""),
        ("a/2.profraw", ""),
        ("deep/er/b/metadata.json", r#"{"job_name":"old job","test":"TestA/sub","extra":[1]}"#),
        ("deep/er/b/coverage/x/y.profdata", ""),
        ("c/metadata.json", r#"{"test":"c","outcome":"TIMED_OUT"}"#),
        ("d/metadata.json", r#"{"test":"d","outcome":"meh"}"#),
        ("e/metadata.json", r#"{"outcome":"failed"}"#),
        ("f/metadata.json", r#"{"test":"#),
        ("g/metadata.json", r#"{"test":5}"#),
        ("h/metadata.json", r#"{"test":"h","duration_ms":-1}"#),
        ("notes.txt", ""),
    ]);
    assert_snapshot!(show(&folder, Style::Profiles), @r#"
    unit | s | t::x | Known(Passed) Some(1.5ms) | a/2.profraw a/coverage/1.profraw
    - |  | c | Known(TimedOut) None | 
    - |  | d | Strange("meh") None | 
    old job |  | TestA/sub | Absent None | deep/er/b/coverage/x/y.profdata
    - |  | e (by folder) | Known(Failed) None | 
    left out f/metadata.json: it cannot be understood: EOF while parsing a value at line 1 column 8
    left out g/metadata.json: `test` is no text
    left out h/metadata.json: `duration_ms` is no duration: cannot convert float seconds to Duration: value is negative
    "#);
}

#[test]
fn without_metadata_folders_of_profiles_name_tests() {
    let folder = folder(&[
        ("suite/one/a.profraw", ""),
        ("suite/two/coverage/a.profraw", ""),
        ("suite/two/coverage/deep/b.profraw.gz", ""),
        ("suite/three/readme", ""),
        // What is below a test's folder belongs to it, except that metadata make it another's as well.
        ("four/a.profraw", ""),
        ("four/workers/b.profraw", ""),
        ("four/inner/metadata.json", r#"{"test":"inner"}"#),
        ("four/inner/c.profraw", ""),
    ]);
    assert_snapshot!(show(&folder, Style::Profiles), @"
    - |  | four (by folder) | Absent None | four/a.profraw four/inner/c.profraw four/workers/b.profraw
    - |  | inner | Absent None | four/inner/c.profraw
    - | suite | one (by folder) | Absent None | suite/one/a.profraw
    - | suite | two (by folder) | Absent None | suite/two/coverage/a.profraw suite/two/coverage/deep/b.profraw.gz
    ");
}

#[test]
fn tracefiles_are_tests_by_themselves() {
    let folder = folder(&[
        ("suite/tests::a b.info", ""),
        ("suite/c.info.gz", ""),
        ("top.info", ""),
        (".info", ""),
        ("info", ""),
        ("m/metadata.json", r#"{"test":"m"}"#),
        ("m/1.info", ""),
        ("m/2.info", ""),
        ("x.json", "{}"),
    ]);
    assert_snapshot!(show(&folder, Style::Lcov), @"
    - |  | m | Absent None | m/1.info m/2.info
    - | suite | c | Absent None | suite/c.info.gz
    - | suite | tests::a b | Absent None | suite/tests::a b.info
    - |  | top | Absent None | top.info
    left out .info: it has no name but its ending
    ");
    assert_snapshot!(show(&folder, Style::Json), @"
    - |  | m | Absent None | 
    - |  | x | Absent None | x.json
    ");
}

#[cfg(unix)]
#[test]
fn links_and_names_that_are_no_text_are_told() {
    use std::os::unix::ffi::OsStrExt;

    let folder = folder(&[
        ("a/metadata.json", r#"{"test":"a"}"#),
        ("a/x.profraw", ""),
        ("elsewhere/metadata.json", r#"{"test":"b"}"#),
    ]);
    std::os::unix::fs::symlink("../elsewhere", folder.path().join("a/linked")).unwrap();
    std::os::unix::fs::symlink("a", folder.path().join("latest")).unwrap();
    std::os::unix::fs::symlink("x.profraw", folder.path().join("a/y.profraw")).unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("z.profraw"), "").unwrap();
    assert_snapshot!(show(&folder, Style::Profiles), @"
    - |  | a | Absent None | a/x.profraw a/y.profraw
      `a/linked` is a link to a folder, which is not followed
    - |  | b | Absent None | 
    left out latest: it is a link to a folder, which is not followed
    left out odd�: its name is no text, and so names no test
    ");
}

#[test]
fn the_folder_itself_may_be_a_test() {
    let folder = folder(&[("metadata.json", r#"{"test":"only"}"#), ("a.profraw", "")]);
    assert_snapshot!(show(&folder, Style::Profiles), @"- |  | only | Absent None | a.profraw");
    assert!(matches!(find(&folder.path().join("none"), Style::Lcov), Err(ImportError::Read { .. })));
}

proptest! {
    #[test]
    fn any_metadata_are_read(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Metadata::parse(&bytes);
    }

    #[test]
    fn any_values_are_read(duration in any::<f64>(), outcome in ".*", name in ".*") {
        let value = serde_json::json!({"test": name, "outcome": outcome, "duration_ms": duration});
        if let Ok(metadata) = Metadata::parse(value.to_string().as_bytes()) {
            prop_assert_eq!(metadata.test.as_deref(), Some(&*name).filter(|name| !name.is_empty()));
        }
    }
}

#[test]
fn every_folder_at_the_top_is_a_suite_of_go_programs() {
    let hash = "00112233445566778899aabbccddeeff";
    let meta = format!("covmeta.{hash}");
    let counters = format!("covcounters.{hash}.1.2");
    let at = |folder: &str, name: &str| format!("{folder}/{name}");
    let files = [
        ("a/metadata.json".to_owned(), r#"{"job_name":"e2e","test":"TestA","binaries":["agent","x"]}"#),
        (at("a/coverage/agent", &meta), ""),
        (at("a/coverage/agent", &counters), ""),
        ("a/other.json".to_owned(), ""),
        ("b/coverage/deep/er/x.out".to_owned(), ""),
        ("c/notes.txt".to_owned(), ""),
        ("d/coverage/notes.txt".to_owned(), ""),
        ("e/metadata.json".to_owned(), r#"{"test":"e","binaries":"agent"}"#),
        (at("f/g", "coverage.txt.gz"), ""),
        (at("h", &format!("tmp.{counters}")), ""),
        (".hidden/x".to_owned(), ""),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let folder = folder(&files);
    assert_snapshot!(show(&folder, Style::Go), @r"
    e2e |  | TestA | Absent None | a/coverage/agent/covcounters.00112233445566778899aabbccddeeff.1.2 a/coverage/agent/covmeta.00112233445566778899aabbccddeeff
    - |  | b (by folder) | Absent None | b/coverage/deep/er/x.out
    - |  | c (by folder) | Absent None | 
    - |  | d (by folder) | Absent None | 
    - | f | g (by folder) | Absent None | f/g/coverage.txt.gz
    - |  | h (by folder) | Absent None | h/tmp.covcounters.00112233445566778899aabbccddeeff.1.2
    left out e/metadata.json: `binaries` is no list
    ");
    let found = find(folder.path(), Style::Go).unwrap();
    assert_eq!(*found.tests[0].binaries, ["agent".into(), "x".into()]);
    // One folder by itself is whatever it is said to be.
    let one = find_one(&folder.path().join("c"), Style::Go).unwrap().unwrap();
    assert_eq!((&*one.name, one.files.len(), one.is_named_by_folder), ("c", 0, true));
    assert!(find_one(&folder.path().join("e"), Style::Go).unwrap().is_err());
}
