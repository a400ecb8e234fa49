use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;
use crate::build::testing::Sandbox;

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

fn repo(path: &str) -> Home {
    Home::Repo(RepoPath::new(path).unwrap())
}

/// A repository with its target folder inside and cargo's home beside it.
fn normalizer(sandbox: &Sandbox, prefix_maps: &[(&str, &str)]) -> Normalizer {
    let repository = sandbox.path().join("repo");
    Normalizer::new(Roots {
        workspace: repository.join("ws"),
        build_folders: vec![repository.join("target")],
        cargo_home: Some(sandbox.path().join("home/.cargo")),
        prefix_maps: prefix_maps
            .iter()
            .map(|(from, to)| PrefixMap {
                from: from.replace("ROOT", &sandbox.path().to_string_lossy()).into(),
                to: (*to).into(),
            })
            .collect(),
        repository,
    })
}

fn home(sandbox: &Sandbox, normalizer: &mut Normalizer, folder: &str, path: &str) -> Home {
    let root = sandbox.path().to_str().unwrap();
    let expand = |text: &str| text.replace("ROOT", root).into_bytes();
    normalizer.home(&expand(folder), &expand(path)).clone()
}

#[test]
fn every_kind_of_place() {
    let sandbox = Sandbox::new();
    sandbox.write("repo/ws/src/lib.rs", "");
    sandbox.write("repo/data/x y.txt", "");
    let mut normalizer = normalizer(&sandbox, &[]);
    let mut show = Vec::new();
    for (folder, path) in [
        ("ROOT/repo/ws", "src/lib.rs"),
        ("ROOT/repo/ws", "src/../../data/./x y.txt"),
        ("", "src/lib.rs"),
        ("", "ROOT/repo/gone/dir/../a.rs"),
        ("/anywhere", "ROOT/home/.cargo/registry/src/index.crates.io-1949/foo-1-bar-1.2.3-rc.1+b/src/lib.rs"),
        ("", "/elsewhere/.cargo/registry/src/github.com-1/serde-1.0.0/src/lib.rs"),
        ("", "ROOT/home/.cargo/git/checkouts/thing-00ff/abc1234/src/lib.rs"),
        ("", "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/num/mod.rs"),
        ("", "/opt/rust/lib/rustlib/src/rust/library/std/src/lib.rs"),
        ("", "ROOT/repo/target/debug/build/my-pkg-0123456789abcdef/out/sub/gen.rs"),
        ("", "ROOT/repo/target/x86_64/debug/gen.h"),
        ("", "/usr/include/stdio.h"),
        ("ROOT/repo", "nul\0.rs"),
        ("ROOT/repo", ""),
    ] {
        show.push(format!("{:?}", home(&sandbox, &mut normalizer, folder, path)));
    }
    insta::assert_snapshot!(show.join("\n"), @r#"
    Repo(RepoPath("ws/src/lib.rs"))
    Repo(RepoPath("data/x y.txt"))
    Repo(RepoPath("ws/src/lib.rs"))
    Repo(RepoPath("gone/a.rs"))
    Registry { package: "foo-1-bar", version: "1.2.3-rc.1+b", path: "src/lib.rs" }
    Registry { package: "serde", version: "1.0.0", path: "src/lib.rs" }
    Checkout { repository: "thing-00ff", revision: "abc1234", path: "src/lib.rs" }
    Std
    Std
    Generated { package: Some("my-pkg"), path: "sub/gen.rs" }
    Generated { package: None, path: "x86_64/debug/gen.h" }
    Outside("/usr/include/stdio.h")
    Unknown("nul\0.rs")
    Unknown("")
    "#);
}

#[test]
fn a_repository_may_be_where_the_standard_library_is_not() {
    for repository in
        ["/rustc/library/of/mine", "/opt/lib/rustlib/src/rust/repo", "/srv/registry/src/i/a-1.0.0"]
    {
        let mut normalizer = Normalizer::new(Roots { repository: repository.into(), ..Roots::default() });
        let path = format!("{repository}/src/lib.rs");
        assert_eq!(normalizer.home(b"", path.as_bytes()), &repo("src/lib.rs"));
    }
}

#[test]
fn names_that_are_no_text_are_unknown_and_not_outside() {
    let sandbox = Sandbox::new();
    let mut normalizer = normalizer(&sandbox, &[]);
    assert!(matches!(normalizer.home(b"/repo", b"src/\xff.rs"), Home::Unknown(_)));
    assert!(matches!(normalizer.home(b"/re\xffpo", b"src/a.rs"), Home::Unknown(_)));
}

#[test]
fn symbolic_links_lead_to_the_real_file() {
    let sandbox = Sandbox::new();
    sandbox.write("repo/real/a.rs", "");
    sandbox.write("elsewhere/e.rs", "");
    let root = sandbox.path();
    symlink(root.join("repo"), root.join("link")).unwrap();
    symlink("a.rs", root.join("repo/real/b.rs")).unwrap();
    symlink("real", root.join("repo/folder")).unwrap();
    symlink(root.join("elsewhere"), root.join("repo/out")).unwrap();
    let mut through_link = Normalizer::new(Roots {
        repository: root.join("link"),
        workspace: root.join("link"),
        ..Roots::default()
    });
    for path in ["real/a.rs", "real/b.rs", "folder/a.rs", "folder/b.rs", "folder/../real/a.rs"] {
        for folder in [root.join("repo"), root.join("link")] {
            assert_eq!(through_link.home(bytes(&folder), path.as_bytes()), &repo("real/a.rs"), "{path}");
        }
    }
    // What is gone is still in the repository, whichever way it is named.
    for folder in [root.join("repo"), root.join("link")] {
        assert_eq!(through_link.home(bytes(&folder), b"folder/gone.rs"), &repo("real/gone.rs"));
        assert_eq!(through_link.home(bytes(&folder), b"gone/deep/x.rs"), &repo("gone/deep/x.rs"));
    }
    assert!(matches!(through_link.home(bytes(&root.join("repo")), b"out/e.rs"), Home::Outside(_)));
    // `..` after a link is what the system makes of it, not what the text looks like.
    let up = through_link.home(bytes(&root.join("repo")), b"out/../repo/real/a.rs").clone();
    assert_eq!(up, repo("real/a.rs"));
}

#[test]
fn prefix_maps_are_undone() {
    let sandbox = Sandbox::new();
    sandbox.write("repo/ws/src/lib.rs", "");
    sandbox.write("repo/src/lib.rs", "");
    let maps = [("ROOT/home/.cargo", "/cargo"), ("ROOT/repo", "/proj")];
    let mut normalizer = self::normalizer(&sandbox, &maps);
    assert_eq!(home(&sandbox, &mut normalizer, "/proj", "src/lib.rs"), repo("src/lib.rs"));
    assert_eq!(home(&sandbox, &mut normalizer, "/proj/ws", "src/gone.rs"), repo("ws/src/gone.rs"));
    assert!(matches!(home(&sandbox, &mut normalizer, "", "/project/src/lib.rs"), Home::Outside(_)));
    let serde = home(&sandbox, &mut normalizer, "", "/cargo/registry/src/i/serde-1.0.0/a.rs");
    assert!(matches!(serde, Home::Registry { .. }));
    // An empty replacement leaves a relative path and an empty folder.
    let mut normalizer = self::normalizer(&sandbox, &[("ROOT/repo", "")]);
    assert_eq!(home(&sandbox, &mut normalizer, "", "src/lib.rs"), repo("src/lib.rs"));
    assert!(matches!(home(&sandbox, &mut normalizer, "", "/src/lib.rs"), Home::Outside(_)));
}

#[test]
fn the_deepest_folder_decides() {
    let sandbox = Sandbox::new();
    let root = sandbox.path();
    sandbox.write("repo/a.c", "");
    // An in-source build writes into the repository itself; cargo's home is in the repository on some CI services.
    let mut normalizer = Normalizer::new(Roots {
        repository: root.join("repo"),
        workspace: root.join("repo"),
        build_folders: vec![root.join("repo"), root.to_owned()],
        cargo_home: Some(root.join("repo/.cargo")),
        ..Roots::default()
    });
    assert_eq!(home(&sandbox, &mut normalizer, "ROOT/repo", "a.c"), repo("a.c"));
    assert_eq!(
        home(&sandbox, &mut normalizer, "ROOT/repo", ".cargo/config.toml"),
        repo(".cargo/config.toml")
    );
    let registry = home(&sandbox, &mut normalizer, "ROOT/repo", ".cargo/registry/src/i/a-0.1.0/l.rs");
    assert!(matches!(registry, Home::Registry { .. }), "{registry:?}");
}

proptest! {
    #[test]
    fn no_path_is_too_odd(folder in proptest::collection::vec(any::<u8>(), 0..20), path in "[a-z./\\\\: \0é-]{0,30}") {
        let mut normalizer = Normalizer::new(Roots {
            repository: "/nowhere/repo".into(),
            workspace: "/nowhere/repo".into(),
            ..Roots::default()
        });
        let first = normalizer.home(&folder, path.as_bytes()).clone();
        prop_assert_eq!(normalizer.home(&folder, path.as_bytes()), &first);
    }

    #[test]
    fn detours_change_nothing(names in proptest::collection::vec("[a-z]{1,3}", 1..5), at in 0usize..5) {
        let path = names.join("/");
        let mut detour = names.clone();
        detour.splice(at.min(names.len() - 1)..at.min(names.len() - 1), ["x".into(), "..".into(), ".".into()]);
        let mut normalizer = Normalizer::new(Roots {
            repository: "/nowhere/repo".into(),
            workspace: "/nowhere/repo".into(),
            ..Roots::default()
        });
        let home = normalizer.home(b"/nowhere/repo", detour.join("/").as_bytes()).clone();
        prop_assert_eq!(home, repo(&path));
    }
}
