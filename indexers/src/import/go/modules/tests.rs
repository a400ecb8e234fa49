use std::collections::BTreeMap;

use proptest::prelude::*;
use skiptrace_engine::id::ObjectId;

use super::*;

struct Memory(BTreeMap<RepoPath, String>);

impl Tree for Memory {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes())
    }

    fn blob(&self, _: &RepoPath) -> Option<ObjectId> {
        None
    }

    fn is_unsettled(&self, _: &RepoPath) -> bool {
        false
    }
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn map(files: &[(&str, &str)], prefixes: &[(&str, &str)]) -> ModuleMap {
    let tree = Memory(files.iter().map(|(name, text)| (path(name), (*text).to_owned())).collect());
    let tracked: BTreeSet<RepoPath> = tree.0.keys().cloned().collect();
    let prefixes: Vec<(Box<str>, RepoPath)> =
        prefixes.iter().map(|(prefix, folder)| ((*prefix).into(), path(folder))).collect();
    ModuleMap::read(&tracked, &tree, &prefixes)
}

fn site(map: &ModuleMap, import_path: &str, module: &str) -> String {
    match map.site(&PackageId { path: import_path, module, name: "p" }) {
        Site::Folders(folders) => {
            folders.iter().map(|folder| format!("/{folder}")).collect::<Vec<_>>().join(" ")
        }
        Site::Elsewhere => "elsewhere".to_owned(),
        Site::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn packages_are_where_the_modules_files_say() {
    let map = map(
        &[
            (
                "go.mod",
                "// the main one\nmodule \"example.com/m/v5\" // really\n\ngo 1.22\n\nrequire (\n\tgithub.com/x/y v1.2.3\n\t\
                 example.com/m/nested v0.0.0 // indirect\n)\nrequire github.com/z v1.0.0\n\nreplace(\n\
                 example.com/lib => ./third/lib\n\texample.com/out v1 => ../../out\n)\n\
                 replace example.com/fork => github.com/x/fork v1.0.0\n",
            ),
            ("nested/go.mod", "module example.com/m/v5/nested\n"),
            ("go.work", "go 1.22\nuse (\n\t.\n\t./nested\n)\nreplace example.com/w => ./work\n"),
            ("go.sum", "github.com/sum/only v1.0.0 h1:abc=\n"),
            ("pkg/testdata/go.mod", "module example.com/lib\n"),
            ("_old/go.mod", "module example.com/lib\n"),
            ("vendor/modules.txt", "# github.com/x/y v1.2.3\n## explicit\ngithub.com/x/y/sub\n"),
        ],
        &[],
    );
    for (import_path, module, expected) in [
        ("example.com/m/v5", "example.com/m/v5", "/"),
        ("example.com/m/v5/pkg/a", "example.com/m/v5", "/pkg/a"),
        ("example.com/m/v5/pkg/a", "", "/pkg/a"),
        ("example.com/m/v5/nested/b", "example.com/m/v5/nested", "/nested/b"),
        ("example.com/m/v5/nested/b", "", "/nested/b"),
        // The neighbour in the cache is not the module around it.
        ("example.com/m/v5/other/b", "example.com/m/v5/other", "unknown"),
        ("example.com/m/v5/nestedly", "", "/nestedly"),
        ("example.com/lib/x", "example.com/lib", "/third/lib/x"),
        ("example.com/w", "example.com/w", "/work"),
        ("example.com/out/x", "example.com/out", "elsewhere"),
        ("example.com/fork", "example.com/fork", "elsewhere"),
        ("github.com/z/a", "github.com/z", "elsewhere"),
        ("github.com/sum/only/x", "github.com/sum/only", "elsewhere"),
        ("github.com/x/y/sub", "github.com/x/y", "/vendor/github.com/x/y/sub"),
        ("net/http", "", "elsewhere"),
        ("command-line-arguments", "", "unknown"),
        ("github.com/who/knows", "github.com/who/knows", "unknown"),
        ("example.com", "", "unknown"),
    ] {
        assert_eq!(site(&map, import_path, module), expected, "{import_path} of `{module}`");
    }
}

#[test]
fn a_module_that_is_in_two_folders_is_in_either() {
    let files = [("a/go.mod", "module example.com/m\n"), ("b/go.mod", "module example.com/m\n")];
    assert_eq!(site(&map(&files, &[]), "example.com/m/x", ""), "/a/x /b/x");
}

#[test]
fn a_prefix_wins_over_what_is_not_longer() {
    let files = [
        ("go.mod", "module example.com/m\nrequire github.com/org/repo v1.0.0\n"),
        ("nested/go.mod", "module github.com/org/repo/nested\n"),
    ];
    let map = map(&files, &[("github.com/org/repo", ""), ("other", "sub/folder")]);
    for (import_path, module, expected) in [
        ("github.com/org/repo/pkg/x", "github.com/org/repo", "/pkg/x"),
        ("github.com/org/repo/pkg/x", "somebody/else", "/pkg/x"),
        ("github.com/org/repo/nested/x", "github.com/org/repo/nested", "/nested/x"),
        ("github.com/org/repository", "", "unknown"),
        ("other", "", "/sub/folder"),
        ("other/x", "", "/sub/folder/x"),
    ] {
        assert_eq!(site(&map, import_path, module), expected, "{import_path} of `{module}`");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(module|require|replace|use|\\(|\\)|=>|\"|`|//|[a-z./]{1,4}|\\n| ){0,30}") {
        let map = map(&[("x/go.mod", &text), ("go.work", &text), ("vendor/modules.txt", &text)], &[]);
        let _ = site(&map, "a/b/c", "");
    }
}
