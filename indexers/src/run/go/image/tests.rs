use proptest::prelude::*;

use super::*;

/// What Go writes, for these lines.
fn blob(lines: &str) -> Vec<u8> {
    let mut blob = b"\xff Go buildinf:\x08\x02".to_vec();
    blob.resize(32, 0);
    let mut text = |text: &[u8]| {
        let mut len = text.len();
        while len >= 0x80 {
            blob.push((len & 0x7f) as u8 | 0x80);
            len >>= 7;
        }
        blob.push(len as u8);
        blob.extend_from_slice(text);
    };
    text(b"go1.26.0");
    text(format!("0123456789abcdef{lines}0123456789abcdef").as_bytes());
    blob
}

const LINES: &str = "path\texample.com/m/sub.test\nmod\texample.com/m\t(devel)\t\ndep\te.org/a\tv1.0.0\th1:x=\n\
                     =>\te.org/b\tv1.0.1\th1:y=\nbuild\t-cover=true\nbuild\t-tags=\"a b\"\nbuild\tCGO_ENABLED=1\n";

#[test]
fn what_go_writes_is_read() {
    let mut data = vec![0; 48];
    data.extend(blob(LINES));
    data.extend([7; 100]);
    let image = blob::find(&data).unwrap();
    insta::assert_debug_snapshot!(image, @r#"
    GoImage {
        go: "go1.26.0",
        path: Some(
            "example.com/m/sub.test",
        ),
        module: Some(
            "example.com/m",
        ),
        modules: [
            "e.org/a",
            "e.org/b",
        ],
        settings: {
            "-cover": "true",
            "-tags": "a b",
            "CGO_ENABLED": "1",
        },
        counts: false,
    }
    "#);
    assert!(image.is_covered() && image.has_module("e.org/b") && !image.has_module("e.org/c"));
    assert_eq!(Image::Go(Box::new(image)).import_path(), Some("example.com/m/sub"));
    // It begins where it may only.
    assert_eq!(blob::find(&data[1..]), None);
}

#[test]
fn what_is_cut_off_is_nothing() {
    let whole = blob(LINES);
    for len in 0..whole.len() {
        assert_eq!(blob::find(&whole[..len]), None, "{len}");
    }
    assert!(blob::find(&whole).is_some());
}

#[test]
fn what_is_no_program_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    std::fs::write(&script, "#!/bin/sh\nexit 0\n").unwrap();
    assert_eq!(read(&script), Image::Other);
    assert_eq!(read(dir.path()), Image::Unknown);
    assert_eq!(read(&dir.path().join("none")), Image::Unknown);
    let damaged = dir.path().join("damaged");
    std::fs::write(&damaged, b"\x7fELF\x02\x01\x01\0").unwrap();
    assert_eq!(read(&damaged), Image::Unknown);
}

#[cfg(target_os = "linux")]
#[test]
fn files_are_read_again_when_they_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("program");
    let images = Images::default();
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    assert_eq!(*images.of(&file), Image::Other);
    std::fs::write(&file, b"\x7fELF").unwrap();
    assert_eq!(*images.of(&file), Image::Unknown);
    // Ourselves: a program that Go did not build.
    assert_eq!(*images.of("/proc/self/exe".as_ref()), Image::Other);
}

proptest! {
    #[test]
    fn any_bytes_are_something(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_bytes(&bytes);
        let elf: Vec<u8> = b"\x7fELF\x02\x01\x01\0".iter().copied().chain(bytes.clone()).collect();
        prop_assert!(read_bytes(&elf).go().is_none());
        blob::find(&bytes);
    }

    #[test]
    fn damaged_texts_are_read(at in 0_usize..400, byte in any::<u8>()) {
        let mut data = blob(LINES);
        let at = at % data.len();
        data[at] = byte;
        blob::find(&data);
    }

    #[test]
    fn any_lines_are_read(lines in "((path|mod|dep|=>|build|x)?\t?[a-z\"=\t]{0,8}\n){0,6}") {
        let image = blob::find(&blob(&lines)).unwrap();
        prop_assert!(image.settings.len() <= lines.lines().count());
    }
}
