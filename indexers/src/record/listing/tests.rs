use proptest::prelude::*;

use super::*;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn listing(files: &[&str], links: &[&str]) -> Listing {
    Listing {
        files: files.iter().map(|file| path(file)).collect(),
        links: links.iter().map(|link| (path(link), None)).collect(),
        removed: BTreeSet::new(),
    }
}

/// A tree in which git has all files but those that begin with `new`.
struct Blobs;

impl Tree for Blobs {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        path.as_str().starts_with("new").then(|| b"text\n".to_vec())
    }

    fn blob(&self, path: &RepoPath) -> Option<ObjectId> {
        (!path.as_str().starts_with("new")).then(|| "a".repeat(40).parse().unwrap())
    }

    fn is_unsettled(&self, path: &RepoPath) -> bool {
        path.as_str().starts_with("hot")
    }
}

#[test]
fn folders_have_the_names_that_are_in_them() {
    let listing = listing(&["a-b/z", "a.rs", "a/b.rs", "a/b/c", "a/b/d/e", "a/b0", "b/x"], &["a/link", "l"]);
    let names = |folder: &str| {
        let names = listing.names(&path(folder)).into_iter().map(|(name, kind)| format!("{name}:{kind}"));
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(""), "a:folder a-b:folder a.rs:file b:folder l:link");
    assert_eq!(names("a"), "b:folder b.rs:file b0:file link:link");
    assert_eq!(names("a/b"), "c:file d:folder");
    assert_eq!(names("a/b/c"), "");
    assert!(listing.folder(&path("nowhere")).is_none());
    assert!(listing.has(&path("a/b/d")) && !listing.has(&path("a/b/d/f")));
}

#[test]
fn a_folder_is_the_same_while_its_names_are() {
    let folder = |files: &[&str], links: &[&str]| listing(files, links).folder(&path("a")).unwrap().units;
    let before = folder(&["a/x", "a/y/1"], &[]);
    assert_eq!(folder(&["a/x", "a/y/2", "b"], &[]), before);
    assert_ne!(folder(&["a/x", "a/y/1", "a/z"], &[]), before);
    assert_ne!(folder(&["a/x", "a/y"], &[]), before);
    assert_ne!(folder(&["a/y/1"], &["a/x"]), before);
    assert_ne!(folder(&["a/x"], &[]), before);
}

#[test]
fn what_a_build_may_read_is_known_by_its_name() {
    let reads = BuildReads::Sources(&["rs"]);
    let may_read = |text: &str| reads.may_read(&path(text));
    for text in
        ["src/windows.rs", "docs/guide.md", "LICENSE-MIT", ".github/workflows/ci.yml", "a/rustfmt.toml"]
    {
        assert!(!may_read(text), "{text}");
    }
    for text in ["Cargo.toml", "schema.sql", "data", ".github", "src/rs", "version.txt", "x/.github/a.txt"] {
        assert!(may_read(text), "{text}");
        assert!(!BuildReads::Told.may_read(&path(text)));
    }
    assert!(BuildReads::Untold.may_read(&path("docs/guide.md")));
}

fn rest(listing: &Listing, watched: &Watched, opened: &[&str]) -> String {
    let opened: BTreeSet<RepoPath> = opened.iter().map(|text| path(text)).collect();
    let named = |path: &RepoPath| {
        path.as_str().starts_with("src/") || opened.contains(path) && listing.files.contains(path)
    };
    let compiled = |path: &RepoPath| path.as_str().starts_with("src/");
    let Rest { files, read_by_all } = listing.rest(watched, &Blobs, &named, &compiled, &opened);
    let mut lines: Vec<String> = files
        .iter()
        .map(|file| {
            let unit =
                |unit: &Unit| format!("{}{}", unit.name, if unit.fingerprint.is_some() { "!" } else { "?" });
            let units: Vec<String> = file.units.iter().map(unit).collect();
            let by_all = if read_by_all.contains(&file.path) { " by all" } else { "" };
            format!(
                "{}[{}]{}{by_all}",
                file.path,
                units.join(" "),
                if file.blob.is_some() { " blob" } else { "" }
            )
        })
        .collect();
    let others = read_by_all.iter().filter(|path| !files.iter().any(|file| file.path == **path));
    lines.extend(others.map(|path| format!("{path} by all")));
    lines.sort();
    lines.join("\n")
}

#[test]
fn every_file_is_listed_once_and_who_may_have_read_it_is_said() {
    let listing = listing(
        &["README.md", "data/one.txt", "new.txt", "out/x.md", "schema.sql", "src/lib.rs", "hot/a", "seen.md"],
        &["link", "src/link.rs"],
    );
    let watched = Watched {
        elsewhere: [path("seen.md"), path("src/lib.rs")].into(),
        blind: [path("out")].into(),
        build: BuildReads::Sources(&["rs"]),
        lookups: Some(Lookups {
            absent: [path("missing"), path("data"), path("README.md")].into(),
            ..Lookups::default()
        }),
    };
    insta::assert_snapshot!(rest(&listing, &watched, &["data/one.txt", "data", "hot", "gone", "missing", "target/x"]), @"
    .git/listed[]
    .git/lookups[]
    README.md[?] blob
    data/one.txt by all
    data[/!]
    hot/a[?] blob by all
    hot[/?]
    link[?] by all
    missing[]
    new.txt[!] by all
    out/x.md[?] blob by all
    schema.sql[?] blob by all
    seen.md[?] blob by all
    ");
    let told = Watched { build: BuildReads::Told, lookups: None, ..Watched::default() };
    insta::assert_snapshot!(rest(&listing, &told, &[""]), @"
    .[/!]
    .git/listed[]
    README.md[?] blob
    data/one.txt[?] blob
    hot/a[?] blob
    link[?] by all
    new.txt[!]
    out/x.md[?] blob
    schema.sql[?] blob
    seen.md[?] blob
    ");
}

proptest! {
    #[test]
    fn names_are_those_of_a_plain_walk(files in prop::collection::btree_set("[a-c.0/-]{1,6}", 0..12), folder in "[a-c.-]{0,3}") {
        let files: BTreeSet<RepoPath> = files.into_iter().filter_map(|text| RepoPath::new(text).ok()).collect();
        let Ok(folder) = RepoPath::new(folder) else { return Ok(()) };
        let listing = Listing { files: files.clone(), ..Listing::default() };
        let prefix = prefix(&folder);
        let expected: BTreeSet<&str> = files
            .iter()
            .filter_map(|file| file.as_str().strip_prefix(&prefix))
            .map(|rest| rest.split('/').next().unwrap())
            .collect();
        prop_assert_eq!(listing.names(&folder).into_keys().collect::<BTreeSet<_>>(), expected);
    }
}
