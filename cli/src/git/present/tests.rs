use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::environment::Environment;
use crate::git::process::run;
use crate::git::tests::{git, repository, sandbox};

/// A repository with a commit that changes are counted from.
struct World {
    _folder: TempDir,
    environment: Environment,
    repository: Repository,
    base: CommitId,
}

impl World {
    fn new(files: &[(&str, &str)]) -> World {
        let (folder, environment, repository) = repository();
        let base = repository.resolve("HEAD").unwrap();
        let mut world = World { _folder: folder, environment, repository, base };
        for (path, text) in files {
            world.write(path, text);
        }
        world.commit();
        world.base = world.repository.resolve("HEAD").unwrap();
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.environment.cwd.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    fn git(&self, args: &[&str]) {
        git(&self.environment, args);
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=more"]);
    }

    /// What both ways say of the work tree, which is the same.
    #[track_caller]
    fn changes(&self) -> Changes {
        let present = self.repository.present(None).unwrap();
        let fast = present.changed_since(&self.base).unwrap();
        assert_eq!(present.changed_from(&self.recorded()).unwrap(), fast, "both ways say the same");
        fast
    }

    /// The changes, one in a line.
    #[track_caller]
    fn shown(&self) -> String {
        shown(&self.changes())
    }

    /// What an index would keep of the files of the base.
    fn recorded(&self) -> BTreeMap<RepoPath, Recorded> {
        let listing = self.repository.present(Some(self.base.as_str())).unwrap().listing().unwrap();
        let of = |listed: &Listed| Recorded { mode: Some(listed.mode), blob: listed.blob.clone().unwrap() };
        listing.iter().map(|(path, listed)| (path, of(listed))).collect()
    }
}

fn shown(changes: &Changes) -> String {
    let paths = changes.paths.iter().map(|(path, change)| format!("{change:?} {path}"));
    paths.chain(changes.unnamed.iter().map(|name| format!("unnamed {name}"))).collect::<Vec<_>>().join(", ")
}

fn make_executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn whatever_differs_is_told_staged_or_not() {
    let files = ["same", "edited", "staged", "gone", "unstaged", "dropped"].map(|path| (path, "one\n"));
    let world = World::new(&files);
    assert_eq!(world.shown(), "");
    for path in ["edited", "staged", "new", "sub/untracked", "dropped"] {
        world.write(path, "two\n");
    }
    world.git(&["add", "staged", "new"]);
    world.remove("gone");
    world.git(&["rm", "--quiet", "unstaged"]);
    world.git(&["add", "dropped"]);
    // What is staged is not what tests see.
    world.write("dropped", "one\n");
    assert_eq!(
        world.shown(),
        "Modified edited, Removed gone, Added new, Modified staged, Added sub/untracked, Removed unstaged"
    );
    world.commit();
    assert_eq!(
        shown(&world.repository.present(Some("HEAD")).unwrap().changed_since(&world.base).unwrap()),
        "Modified edited, Removed gone, Added new, Modified staged, Added sub/untracked, Removed unstaged"
    );
}

#[test]
fn a_file_that_git_forgot_but_that_is_there_is_what_it_was() {
    let world = World::new(&[("forgotten", "one\n"), ("edited", "one\n")]);
    world.git(&["rm", "--quiet", "--cached", "forgotten", "edited"]);
    world.write("edited", "two\n");
    assert_eq!(world.shown(), "Modified edited");
}

#[test]
fn folders_that_git_knows_nothing_of_are_looked_into() {
    let world = World::new(&[(".gitignore", "*.log\n"), ("a/b", "one\n")]);
    world.write("new/deep/x", "x");
    world.write("new/y.log", "ignored");
    world.write("a/[z]*/w", "w");
    world.write("logs/only.log", "ignored");
    fs::create_dir_all(world.path("empty/inside")).unwrap();
    assert_eq!(world.shown(), "Added a/[z]*/w, Added new/deep/x");
    let inner = Environment { cwd: world.path("new/nested"), ..world.environment.clone() };
    fs::create_dir(&inner.cwd).unwrap();
    git(&inner, &["init", "--quiet"]);
    fs::write(inner.cwd.join("c"), "c").unwrap();
    assert_eq!(world.shown(), "Added a/[z]*/w, Added new/deep/x, Opaque new/nested");
    // More of them than can be named, and names that are no text.
    for number in 0..150 {
        world.write(&format!("many{number}/x"), "x");
    }
    assert_eq!(world.changes().paths.len(), 153);
    fs::create_dir(world.environment.cwd.join(OsStr::from_bytes(b"odd-\xff"))).unwrap();
    fs::write(world.environment.cwd.join(OsStr::from_bytes(b"odd-\xff/x")), "x").unwrap();
    assert_eq!(world.changes().unnamed.len(), 1);
}

#[test]
fn what_git_keeps_of_folders_is_used_and_not_believed_too_long() {
    let world = World::new(&[("a/b", "one\n"), ("c/d", "one\n")]);
    world.git(&["config", "core.untrackedCache", "true"]);
    let refresh = || git_with_locks(&world.environment, &["status"]);
    refresh();
    assert_eq!(world.shown(), "");
    world.write("a/new", "x");
    assert_eq!(world.shown(), "Added a/new");
    refresh();
    assert_eq!(world.shown(), "Added a/new");
    world.write("c/new/x", "x");
    assert_eq!(world.shown(), "Added a/new, Added c/new/x");
    world.remove("a/new");
    refresh();
    world.write(".gitignore", "x\n");
    world.write("c/new/y", "y");
    assert_eq!(world.shown(), "Added .gitignore, Added c/new/y");
}

#[test]
fn a_file_that_git_cannot_look_at_is_gone() {
    let world = World::new(&[("sub/c", "one\n"), ("staged/d", "one\n"), ("e", "one\n")]);
    world.write("staged/d", "two\n");
    world.git(&["add", "staged/d"]);
    // Links that lead to themselves.
    for folder in ["sub", "staged"] {
        fs::remove_dir_all(world.path(folder)).unwrap();
        symlink(format!("{folder}/x"), world.path(folder)).unwrap();
    }
    assert_eq!(world.shown(), "Added staged, Removed staged/d, Added sub, Removed sub/c");
}

#[test]
fn a_commit_that_is_not_checked_out_is_compared_as_well() {
    let world = World::new(&[("a", "one\n"), ("b", "one\n"), ("c", "one\n"), ("d", "one\n"), ("e", "one\n")]);
    for path in ["a", "b", "c", "d", "new"] {
        world.write(path, "two\n");
    }
    world.git(&["rm", "--quiet", "e"]);
    world.commit();
    // As it was before, staged or not; gone; untracked, and as it was; and what is new is another.
    world.write("b", "one\n");
    world.write("c", "one\n");
    world.git(&["add", "c"]);
    world.remove("d");
    world.write("e", "one\n");
    world.write("new", "three\n");
    assert_eq!(world.shown(), "Modified a, Removed d, Added new");
    world.remove("new");
    assert_eq!(world.shown(), "Modified a, Removed d");
    // Told not to look, git does not say that it was put back.
    world.git(&["update-index", "--assume-unchanged", "a"]);
    world.write("a", "one\n");
    assert_eq!(world.shown(), "Removed d");
}

#[test]
fn a_conflict_is_compared_with_what_is_checked_out() {
    let world = World::new(&[("a", "one\n"), ("b", "one\n")]);
    world.git(&["checkout", "--quiet", "-b", "other"]);
    world.write("a", "two\n");
    world.write("c", "two\n");
    world.commit();
    world.git(&["checkout", "--quiet", "main"]);
    world.write("a", "three\n");
    world.write("c", "three\n");
    world.commit();
    let merged = run(&world.environment, &world.environment.cwd, &["merge", "--quiet", "other"]).unwrap();
    assert!(!merged.status.success());
    for base in ["main", "other", "main~1"] {
        let world = &world;
        let base = world.repository.resolve(base).unwrap();
        let present = world.repository.present(None).unwrap();
        let added = if base == world.base { "Added" } else { "Modified" };
        assert_eq!(shown(&present.changed_since(&base).unwrap()), format!("Modified a, {added} c"), "{base}");
    }
    world.write("a", "three\n");
    world.write("c", "three\n");
    let main = world.repository.resolve("main").unwrap();
    let present = world.repository.present(None).unwrap();
    assert_eq!(shown(&present.changed_since(&main).unwrap()), "");
}

#[test]
fn of_two_things_that_are_said_of_a_path_the_worse_counts() {
    let path = || RepoPath::new("a").unwrap();
    let of = |change| Changes { paths: [(path(), change)].into(), ..Changes::default() };
    for (first, second) in [(Change::Opaque, Change::Added), (Change::Added, Change::Opaque)] {
        let mut changes = of(first);
        changes.extend(of(second));
        assert_eq!(changes, of(Change::Opaque));
    }
}

#[test]
fn a_renamed_file_is_gone_and_another_is_new() {
    let world = World::new(&[("src/a.rs", "fn a() {}\n"), ("b", "b\n")]);
    world.git(&["mv", "src/a.rs", "src/A.rs"]);
    fs::rename(world.path("b"), world.path("c")).unwrap();
    assert_eq!(world.shown(), "Removed b, Added c, Added src/A.rs, Removed src/a.rs");
}

#[test]
fn an_executable_bit_is_a_change_and_a_date_is_none() {
    let world = World::new(&[("run.sh", "true\n"), ("touched", "same\n"), ("image", "\0\x01\x02")]);
    make_executable(&world.path("run.sh"));
    let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_900_000_000);
    fs::File::options().write(true).open(world.path("touched")).unwrap().set_modified(later).unwrap();
    assert_eq!(world.shown(), "Modified run.sh");
    world.write("image", "\0\x01\x03");
    assert_eq!(world.shown(), "Modified image, Modified run.sh");
}

#[test]
fn a_link_is_where_it_leads_to() {
    let world = World::new(&[("a", "same\n"), ("b", "same\n")]);
    for link in ["link", "steady", "loose"] {
        symlink("a", world.path(link)).unwrap();
    }
    world.commit();
    let world = World { base: world.repository.resolve("HEAD").unwrap(), ..world };
    for link in ["link", "loose"] {
        world.remove(link);
        symlink("b", world.path(link)).unwrap();
    }
    // Written again, it has a new date, and leads to the same place.
    world.remove("steady");
    symlink("a", world.path("steady")).unwrap();
    world.git(&["rm", "--quiet", "--cached", "loose"]);
    assert_eq!(world.shown(), "Modified link, Modified loose");
    // The same bytes in a file are not the same.
    world.write("steady", "a");
    assert_eq!(world.shown(), "Modified link, Modified loose, Modified steady");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_both() {
    let world = World::new(&[("x", "one\n"), ("folder/y", "one\n")]);
    world.remove("x");
    world.write("x/z", "two\n");
    fs::remove_dir_all(world.path("folder")).unwrap();
    world.write("folder", "two\n");
    assert_eq!(world.shown(), "Added folder, Removed folder/y, Removed x, Added x/z");
    // Whether git looks there or not.
    let world = World::new(&[("x", "one\n"), ("y", "one\n")]);
    world.git(&["update-index", "--assume-unchanged", "x"]);
    world.git(&["update-index", "--skip-worktree", "y"]);
    for path in ["x", "y"] {
        world.remove(path);
        world.write(&format!("{path}/z"), "two\n");
    }
    assert_eq!(world.shown(), "Removed x, Added x/z, Added y/z");
}

#[test]
fn line_ends_are_as_git_stores_them() {
    let world =
        World::new(&[(".gitattributes", "*.txt text\n*.bin -text\n"), ("a.txt", "1\n2\n"), ("a.bin", "1\n")]);
    world.write("a.txt", "1\r\n2\r\n");
    world.write("a.bin", "1\r\n");
    assert_eq!(world.shown(), "Modified a.bin");
    let world = World::new(&[("a.txt", "1\n2\n")]);
    world.git(&["config", "core.autocrlf", "true"]);
    world.write("a.txt", "1\r\n2\r\n");
    assert_eq!(world.shown(), "");
}

#[test]
fn names_need_not_be_text() {
    let world = World::new(&[("plain", "one\n"), ("sp ace\t\"q\"\n.rs", "one\n"), ("-dash", "one\n")]);
    for path in ["sp ace\t\"q\"\n.rs", "-dash"] {
        world.write(path, "one\n");
    }
    assert_eq!(world.shown(), "", "they were written again, with what they had");
    world.write("sp ace\t\"q\"\n.rs", "two\n");
    assert_eq!(world.changes().paths.len(), 1);
    fs::write(world.environment.cwd.join(OsStr::from_bytes(b"odd-\xff")), "x").unwrap();
    let changes = world.changes();
    assert_eq!(changes.unnamed, BTreeSet::from(["odd-\u{fffd}".to_owned()]));
    world.commit();
    let world = World { base: world.repository.resolve("HEAD").unwrap(), ..world };
    let present = world.repository.present(None).unwrap();
    assert!(present.changed_since(&world.base).unwrap().is_empty());
    // A listing that has only text does not know it, which is told.
    assert_eq!(shown(&present.changed_from(&world.recorded()).unwrap()), "unnamed odd-\u{fffd}");
}

#[test]
fn what_git_ignores_is_not_seen_unless_it_is_tracked() {
    let world = World::new(&[(".gitignore", "target\n*.log\n"), ("a", "one\n")]);
    world.write("target/x", "x");
    world.write("kept.log", "one\n");
    assert_eq!(world.shown(), "");
    world.git(&["add", "--force", "kept.log"]);
    world.write("kept.log", "two\n");
    assert_eq!(world.shown(), "Added kept.log");
}

#[test]
fn what_git_was_told_not_to_look_at_is_looked_at() {
    let world =
        World::new(&[("quiet", "one\n"), ("skipped", "one\n"), ("absent", "one\n"), ("same", "one\n")]);
    world.git(&["update-index", "--assume-unchanged", "quiet", "same"]);
    world.git(&["update-index", "--skip-worktree", "skipped", "absent"]);
    world.remove("absent");
    assert_eq!(world.shown(), "");
    world.remove("same");
    assert_eq!(world.shown(), "Removed same", "it is not left out of what is checked out");
    world.write("same", "one\n");
    world.write("quiet", "two\n");
    world.write("skipped", "two\n");
    assert_eq!(world.shown(), "Modified quiet, Modified skipped");
    make_executable(&world.path("same"));
    assert_eq!(world.shown(), "Modified quiet, Modified same, Modified skipped");
    // Nor does a recording believe that they are what git has.
    let tree = crate::git::WorkTree::of(&world.repository, std::time::SystemTime::UNIX_EPOCH).unwrap();
    let changed: Vec<&str> = tree.changed().iter().map(RepoPath::as_str).collect();
    assert_eq!(changed, ["quiet", "same", "skipped"]);
    let blob = |path| tree.blob(&RepoPath::new(path).unwrap());
    assert!(blob("quiet").is_none() && blob("absent").is_some());
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_as_git_has_it() {
    let world = World::new(&[("in/a", "one\n"), ("out/b", "one\n"), ("out/deep/c", "one\n"), ("d", "one\n")]);
    world.write("out/b", "two\n");
    world.commit();
    for cone in ["--cone", "--no-cone"] {
        world.git(&["sparse-checkout", "set", cone, "in"]);
        assert!(!world.path("out/b").exists());
        assert_eq!(world.shown(), "Modified out/b", "{cone}");
    }
    world.write("in/a", "two\n");
    world.write("out/deep/c", "two\n");
    assert_eq!(world.shown(), "Modified in/a, Modified out/b, Modified out/deep/c");
}

#[test]
fn nobody_looks_into_other_repositories() {
    let world = World::new(&[("a", "one\n")]);
    let inner = Environment { cwd: world.path("nested"), ..world.environment.clone() };
    fs::create_dir(&inner.cwd).unwrap();
    git(&inner, &["init", "--quiet"]);
    fs::write(inner.cwd.join("b"), "b").unwrap();
    git(&inner, &["add", "b"]);
    git(&inner, &["commit", "--quiet", "--message=b"]);
    assert_eq!(world.shown(), "Opaque nested");

    let url = inner.cwd.to_str().unwrap().to_owned();
    git(&world.environment, &["-c", "advice.addEmbeddedRepo=false", "add", "nested"]);
    world.git(&["commit", "--quiet", "--message=module"]);
    assert_eq!(world.shown(), "Opaque nested", "{url}");
    let world = World { base: world.repository.resolve("HEAD").unwrap(), ..world };
    assert_eq!(world.shown(), "");
    // Something that nobody told it of, then a change, then another commit of it.
    fs::write(inner.cwd.join("c"), "c").unwrap();
    assert_eq!(world.shown(), "Opaque nested");
    fs::remove_file(inner.cwd.join("c")).unwrap();
    fs::write(inner.cwd.join("b"), "c").unwrap();
    assert_eq!(world.shown(), "Opaque nested");
    git(&inner, &["commit", "--quiet", "--all", "--message=c"]);
    assert_eq!(world.shown(), "Opaque nested");
    world.git(&["add", "nested"]);
    assert_eq!(world.shown(), "Opaque nested");
    // Like one that was never checked out.
    fs::remove_dir_all(&inner.cwd).unwrap();
    fs::create_dir(&inner.cwd).unwrap();
    world.git(&["reset", "--quiet"]);
    assert_eq!(world.shown(), "");
}

#[test]
fn a_file_with_conflicts_is_what_is_there() {
    let world = World::new(&[("a", "one\n"), ("b", "one\n")]);
    world.git(&["checkout", "--quiet", "-b", "other"]);
    world.write("a", "two\n");
    world.git(&["rm", "--quiet", "b"]);
    world.commit();
    world.git(&["checkout", "--quiet", "main"]);
    world.write("a", "three\n");
    world.write("b", "three\n");
    world.commit();
    let merged = run(&world.environment, &world.environment.cwd, &["merge", "--quiet", "other"]).unwrap();
    assert!(!merged.status.success());
    assert_eq!(world.shown(), "Modified a, Modified b");
    world.write("a", "one\n");
    world.remove("b");
    assert_eq!(world.shown(), "Removed b");
}

#[test]
fn configuration_changes_nothing() {
    let world = World::new(&[("sub/a", "one\n"), ("b", "one\n"), ("c", "same\n")]);
    let settings = [
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.orderFile", "nowhere"),
        ("diff.relative", "true"),
        ("diff.autoRefreshIndex", "false"),
        ("status.showUntrackedFiles", "no"),
        ("status.relativePaths", "true"),
        ("core.quotePath", "true"),
        ("core.abbrev", "4"),
        ("core.fsmonitor", "false-watcher"),
        ("color.ui", "always"),
    ];
    for (name, value) in settings {
        world.git(&["config", name, value]);
    }
    world.write("sub/a", "two\n");
    world.write("c", "same\n");
    fs::rename(world.path("b"), world.path("b-ü")).unwrap();
    // From a folder below the top as well.
    let environment = Environment { cwd: world.path("sub"), ..world.environment.clone() };
    let repository = Repository::discover(&environment).unwrap().unwrap();
    let world = World { repository, ..world };
    assert_eq!(world.shown(), "Removed b, Added b-ü, Modified sub/a");
}

#[test]
fn without_a_commit_all_files_are_new() {
    let (_folder, environment) = sandbox();
    git(&environment, &["init", "--quiet", "--initial-branch=main"]);
    let repository = Repository::discover(&environment).unwrap().unwrap();
    fs::write(environment.cwd.join("a"), "a").unwrap();
    let present = repository.present(None).unwrap();
    assert_eq!(shown(&present.changed_from([]).unwrap()), "Added a");
    let unknown: CommitId = "1".repeat(40).parse().unwrap();
    let error = present.changed_since(&unknown).unwrap_err();
    assert!(matches!(error, GitError::UnknownRevision { .. }), "{error:?}");
}

#[test]
fn without_a_work_tree_the_newest_commit_is_what_tests_see() {
    let world = World::new(&[("a", "one\n")]);
    world.write("a", "two\n");
    world.commit();
    let bare = Environment { cwd: world.environment.cwd.with_file_name("bare"), ..world.environment.clone() };
    git_with_network(&world.environment, &["clone", "--quiet", "--bare", ".", "../bare"]);
    let repository = Repository::discover(&bare).unwrap().unwrap();
    let present = repository.present(None).unwrap();
    assert_eq!(shown(&present.changed_since(&world.base).unwrap()), "Modified a");
    assert_eq!(present.read(&RepoPath::new("a").unwrap()).unwrap(), b"two\n");
}

#[test]
fn another_work_tree_has_its_own_present() {
    let world = World::new(&[("a", "one\n")]);
    world.git(&["worktree", "add", "--quiet", "../other"]);
    let other =
        Environment { cwd: world.environment.cwd.with_file_name("other"), ..world.environment.clone() };
    fs::write(other.cwd.join("b"), "b").unwrap();
    let repository = Repository::discover(&other).unwrap().unwrap();
    let there = repository.present(None).unwrap().changed_since(&world.base).unwrap();
    assert_eq!((shown(&there), world.shown()), ("Added b".to_owned(), String::new()));
}

#[test]
fn a_shallow_clone_is_compared_with_what_was_recorded() {
    let world = World::new(&[("a", "one\n"), ("b", "one\n")]);
    let recorded = world.recorded();
    world.write("a", "two\n");
    world.commit();
    let clone =
        Environment { cwd: world.environment.cwd.with_file_name("clone"), ..world.environment.clone() };
    let url = format!("file://{}", world.environment.cwd.display());
    fs::create_dir(&clone.cwd).unwrap();
    git_with_network(&clone, &["clone", "--quiet", "--depth=1", &url, "."]);
    fs::write(clone.cwd.join("b"), "two\n").unwrap();
    let repository = Repository::discover(&clone).unwrap().unwrap();
    let present = repository.present(None).unwrap();
    let error = present.changed_since(&world.base).unwrap_err();
    assert!(matches!(error, GitError::UnknownRevision { is_shallow: true, .. }), "{error:?}");
    assert_eq!(shown(&present.changed_from(&recorded).unwrap()), "Modified a, Modified b");
    // The parent is beyond the end of the history, but its name is not.
    let head = repository.resolve("HEAD").unwrap();
    let walk: Vec<CommitId> = repository.walk(&head).unwrap().map(Result::unwrap).collect();
    assert_eq!(walk, [head, world.base.clone()]);
}

#[test]
fn what_a_partial_clone_does_not_have_is_not_fetched() {
    let world = World::new(&[("a", "one\n"), ("b", "one\n")]);
    world.write("a", "two\n");
    world.commit();
    world.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", world.environment.cwd.display());
    for filter in ["blob:none", "tree:0"] {
        let cwd = world.environment.cwd.with_file_name(filter.replace(':', "-"));
        let clone = Environment { cwd, ..world.environment.clone() };
        fs::create_dir(&clone.cwd).unwrap();
        git_with_network(&clone, &["clone", "--quiet", &format!("--filter={filter}"), &url, "."]);
        fs::write(clone.cwd.join("b"), "two\n").unwrap();
        let repository = Repository::discover(&clone).unwrap().unwrap();
        let present = repository.present(None).unwrap();
        let packs = || fs::read_dir(clone.cwd.join(".git/objects/pack")).unwrap().count();
        let before = packs();
        match present.changed_since(&world.base) {
            Ok(changes) => assert_eq!(shown(&changes), "Modified a, Modified b"),
            Err(error) => assert!(matches!(error, GitError::UnknownRevision { .. }), "{error:?}"),
        }
        assert_eq!(shown(&present.changed_from(&world.recorded()).unwrap()), "Modified a, Modified b");
        assert_eq!(packs(), before, "{filter}");
    }
}

#[test]
fn contents_are_read_through_links() {
    let world = World::new(&[("sub/a", "one\n")]);
    symlink("sub/a", world.path("link")).unwrap();
    symlink("/etc/hostname", world.path("away")).unwrap();
    symlink("nowhere", world.path("dangling")).unwrap();
    world.commit();
    let revision = world.repository.present(Some("HEAD")).unwrap();
    let work_tree = world.repository.present(None).unwrap();
    for (path, content) in
        [("link", Some("one\n")), ("dangling", None), ("none", None), ("sub", None), ("sub/a", Some("one\n"))]
    {
        let path = RepoPath::new(path).unwrap();
        for present in [&revision, &work_tree] {
            assert_eq!(present.read(&path).as_deref(), content.map(str::as_bytes), "{path}");
        }
    }
    assert_eq!(revision.read(&RepoPath::new("away").unwrap()), None);
    assert!(revision.read(&RepoPath::new("sub/a").unwrap()).is_some(), "nothing went wrong before");
}

/// Runs a git that may fetch.
fn git_with_network(environment: &Environment, args: &[&str]) {
    let mut command = crate::git::process::command(environment, &environment.cwd, args);
    command.env_remove("GIT_ALLOW_PROTOCOL").env_remove("GIT_NO_LAZY_FETCH");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a git that may write down what it finds out.
fn git_with_locks(environment: &Environment, args: &[&str]) {
    let mut command = crate::git::process::command(environment, &environment.cwd, args);
    assert!(command.env_remove("GIT_OPTIONAL_LOCKS").output().unwrap().status.success());
}

/// A step of somebody's work.
#[derive(Debug, Clone)]
enum Step {
    Write(&'static str, &'static str),
    Remove(&'static str),
    Move(&'static str, &'static str),
    Link(&'static str, &'static str),
    Execute(&'static str),
    Stage,
    StageOne(&'static str),
    Forget(&'static str),
    Commit,
    Rewind,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let path = || prop::sample::select(vec!["a.txt", "b.bin", "sub/c.txt", "sub/d", "sub", "e\n\"", "x.log"]);
    let text = || prop::sample::select(vec!["one\n", "two\n", "one\r\n", "two\r\n", "", "\0"]);
    let step = prop_oneof![
        6 => (path(), text()).prop_map(|(path, text)| Step::Write(path, text)),
        2 => path().prop_map(Step::Remove),
        2 => (path(), path()).prop_map(|(from, to)| Step::Move(from, to)),
        1 => (path(), path()).prop_map(|(path, to)| Step::Link(path, to)),
        1 => path().prop_map(Step::Execute),
        1 => Just(Step::Stage),
        2 => path().prop_map(Step::StageOne),
        1 => path().prop_map(Step::Forget),
        1 => Just(Step::Commit),
        1 => Just(Step::Rewind),
    ];
    prop::collection::vec(step, 0..12)
}

impl World {
    /// Takes a step, where it is possible.
    fn take(&self, step: &Step) {
        let clear = |path: &Path| {
            let _ = fs::create_dir_all(path.parent().unwrap());
            if path.is_dir() && !path.is_symlink() {
                let _ = fs::remove_dir_all(path);
            } else {
                let _ = fs::remove_file(path);
            }
        };
        let try_git = |args: &[&str]| drop(run(&self.environment, &self.environment.cwd, args).unwrap());
        match step {
            Step::Write(path, text) => {
                clear(&self.path(path));
                let _ = fs::write(self.path(path), text);
            }
            Step::Remove(path) => clear(&self.path(path)),
            Step::Move(from, to) => {
                if self.path(from).exists() && from != to && !to.starts_with(from) && !from.starts_with(to) {
                    clear(&self.path(to));
                    let _ = fs::rename(self.path(from), self.path(to));
                }
            }
            Step::Link(path, to) => {
                clear(&self.path(path));
                let _ = symlink(to, self.path(path));
            }
            Step::Execute(path) if self.path(path).is_file() => make_executable(&self.path(path)),
            Step::Execute(_) => {}
            Step::Stage => try_git(&["add", "--all"]),
            Step::StageOne(path) => try_git(&["add", "--", path]),
            Step::Forget(path) => try_git(&["rm", "--quiet", "-r", "--cached", "--", path]),
            Step::Commit => try_git(&["commit", "--quiet", "--allow-empty", "--message=step"]),
            Step::Rewind => try_git(&["reset", "--quiet", "--soft", "HEAD~1"]),
        }
    }

    /// What git itself says once it was told of every file.
    fn truth(&self) -> BTreeMap<String, char> {
        let mut environment = self.environment.clone();
        let copy = self.environment.cwd.with_file_name("copy-of-index");
        fs::copy(self.path(".git/index"), &copy).unwrap();
        // Git takes a file for unchanged that looks as it did, unless it is no older than the index.
        let written = self.path(".git/index").metadata().unwrap().modified().unwrap();
        fs::File::options().write(true).open(&copy).unwrap().set_modified(written).unwrap();
        environment.vars.insert("GIT_INDEX_FILE".into(), copy.into());
        git(&environment, &["add", "--all"]);
        let args = ["diff", "--cached", "--name-status", "--no-renames", "-z", self.base.as_str()];
        let output = run(&environment, &environment.cwd, &args).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let parts: Vec<&str> = text.split_terminator('\0').collect();
        parts.chunks(2).map(|pair| (pair[1].to_owned(), pair[0].chars().next().unwrap())).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn both_ways_say_what_git_says(before in steps(), after in steps()) {
        let mut world = World::new(&[(".gitattributes", "*.txt text=auto\n"), (".gitignore", "*.log\n")]);
        before.iter().for_each(|step| world.take(step));
        world.commit();
        world.base = world.repository.resolve("HEAD").unwrap();
        after.iter().for_each(|step| world.take(step));
        let changes = world.changes();
        let letter = |change: &Change| match change {
            Change::Added => 'A',
            Change::Removed => 'D',
            Change::Modified => 'M',
            Change::Opaque => 'U',
        };
        let told: BTreeMap<String, char> =
            changes.paths.iter().map(|(path, change)| (path.as_str().to_owned(), letter(change))).collect();
        let truth: BTreeMap<String, char> =
            world.truth().into_iter().map(|(path, letter)| (path, if letter == 'T' { 'M' } else { letter })).collect();
        prop_assert_eq!(told, truth);
        // Committed, the same is said of the revision.
        world.commit();
        let head = world.repository.present(Some("HEAD")).unwrap();
        let (fast, slow) = (head.changed_since(&world.base).unwrap(), head.changed_from(&world.recorded()).unwrap());
        prop_assert_eq!(&fast, &slow);
        prop_assert_eq!(fast, changes);
    }
}

/// Says how long it takes at full size. Run it alone, with `--ignored --nocapture`.
#[expect(clippy::disallowed_macros, reason = "somebody reads it who asked for it")]
#[test]
#[ignore = "makes a hundred thousand files"]
fn a_hundred_thousand_files() {
    let world = World::new(&[]);
    for number in 0..100_000 {
        world.write(&format!("d{}/e{}/f{number}", number % 100, number % 1000), "text\n");
    }
    world.commit();
    let world = World { base: world.repository.resolve("HEAD").unwrap(), ..world };
    let recorded = world.recorded();
    world.write("d1/e1/f1", "other\n");
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..7 {
        let present = world.repository.present(None).unwrap();
        let start = std::time::Instant::now();
        assert_eq!(shown(&present.changed_since(&world.base).unwrap()), "Modified d1/e1/f1");
        times[0].push(start.elapsed());
        let start = std::time::Instant::now();
        assert_eq!(shown(&present.changed_from(&recorded).unwrap()), "Modified d1/e1/f1");
        times[1].push(start.elapsed());
    }
    times.iter_mut().for_each(|times| times.sort());
    println!("compared by git: {:.0?}; with what was recorded: {:.0?}", times[0][3], times[1][3]);
}
