use std::path::Path;
use std::process::Output;

use skiptrace_engine::time::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::environment::{Clock, Terminal};

/// A folder, and surroundings in which git sees nothing of this machine.
pub(crate) fn sandbox() -> (TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    #[expect(clippy::disallowed_methods, reason = "git itself has to be found")]
    let path = std::env::var("PATH").unwrap();
    let vars = [
        ("PATH", path),
        ("HOME", text(folder.path())),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_CEILING_DIRECTORIES", text(folder.path())),
        ("GIT_AUTHOR_NAME", "Ada".to_owned()),
        ("GIT_AUTHOR_EMAIL", "ada@example.com".to_owned()),
        ("GIT_COMMITTER_NAME", "Ada".to_owned()),
        ("GIT_COMMITTER_EMAIL", "ada@example.com".to_owned()),
        ("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z".to_owned()),
        ("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z".to_owned()),
    ];
    let environment = Environment {
        vars: vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        cwd: folder.path().join("work"),
        terminal: Terminal::default(),
        clock: Clock::System,
    };
    std::fs::create_dir(&environment.cwd).unwrap();
    (folder, environment)
}

pub(crate) fn git(environment: &Environment, args: &[&str]) {
    let output = process::run(environment, &environment.cwd, args).unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn repository() -> (TempDir, Environment, Repository) {
    let (folder, environment) = sandbox();
    git(&environment, &["init", "--quiet", "--initial-branch=main"]);
    git(&environment, &["commit", "--quiet", "--allow-empty", "--message=one"]);
    let repository = Repository::discover(&environment).unwrap().unwrap();
    (folder, environment, repository)
}

#[test]
fn outside_of_any_there_is_none() {
    let (_folder, environment) = sandbox();
    assert!(Repository::discover(&environment).unwrap().is_none());
}

#[test]
fn without_git_it_says_so() {
    let (_folder, mut environment) = sandbox();
    environment.vars.insert("PATH".into(), "/nowhere".into());
    let error = Repository::discover(&environment).unwrap_err();
    assert!(matches!(error, GitError::Missing), "{error:?}");
}

#[test]
fn a_repository_is_found_from_below_its_top() {
    let (_folder, mut environment, from_top) = repository();
    environment.cwd.push("a/b");
    std::fs::create_dir_all(&environment.cwd).unwrap();
    let from_below = Repository::discover(&environment).unwrap().unwrap();
    assert_eq!(from_below.root(), from_top.root());
    let real = |path: &Path| path.parent().unwrap().canonicalize().unwrap();
    assert_eq!(real(from_below.private_folder()), real(from_top.private_folder()));
    assert!(from_top.private_folder().ends_with(".git/skiptrace"));
    assert!(!from_top.is_shallow());
}

#[test]
fn work_trees_share_what_is_kept() {
    let (_folder, mut environment, main) = repository();
    git(&environment, &["worktree", "add", "--quiet", "../other"]);
    environment.cwd = environment.cwd.parent().unwrap().join("other");
    let other = Repository::discover(&environment).unwrap().unwrap();
    assert!(other.root().ends_with("other"));
    let real = |path: &Path| path.parent().unwrap().canonicalize().unwrap();
    assert_eq!(real(other.private_folder()), real(main.private_folder()));
}

#[test]
fn a_bare_repository_is_its_own_root() {
    let (_folder, environment) = sandbox();
    git(&environment, &["init", "--quiet", "--bare", "--initial-branch=main"]);
    let repository = Repository::discover(&environment).unwrap().unwrap();
    assert_eq!(repository.root(), environment.cwd.canonicalize().unwrap());
    assert_eq!(repository.branch().unwrap().unwrap().name, "main");
}

#[test]
fn commits_are_resolved_and_read() {
    let (_folder, _, repository) = repository();
    let commit = repository.commit("HEAD").unwrap();
    assert_eq!(commit.committed, Timestamp(1_767_323_045_000));
    assert_eq!(commit.tree.as_str(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    assert_eq!(repository.resolve(commit.id.short()).unwrap(), commit.id);
    for unknown in ["nope", "", "--all", "HEAD:", "HEAD~1"] {
        let error = repository.resolve(unknown).unwrap_err();
        assert!(matches!(error, GitError::UnknownRevision { .. }), "{unknown}: {error:?}");
    }
}

#[test]
fn a_detached_head_leaves_the_branch_to_ci() {
    let (_folder, mut environment, repository) = repository();
    assert_eq!(repository.branch().unwrap().unwrap().name, "main");
    git(&environment, &["checkout", "--quiet", "--detach"]);
    assert_eq!(repository.branch().unwrap(), None);
    environment.vars.insert("BUILDKITE_BRANCH".into(), "fix".into());
    let repository = Repository::discover(&environment).unwrap().unwrap();
    let expected = Branch { name: "fix".to_owned(), variable: Some("BUILDKITE_BRANCH") };
    assert_eq!(repository.branch().unwrap(), Some(expected));
}

#[test]
fn dubious_ownership_is_recognised() {
    let stderr = "fatal: detected dubious ownership in repository at '/work/x'\nTo add an exception …\n";
    let output =
        Output { status: Default::default(), stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() };
    let error = GitError::of(&["rev-parse"], &output);
    assert_eq!(error.hint().unwrap(), "trust it with `git config --global --add safe.directory '/work/x'`");
}

#[cfg(target_os = "linux")]
#[test]
fn a_changed_file_counts_whatever_its_name() {
    use std::os::unix::ffi::OsStrExt;
    let (_folder, environment, repository) = repository();
    let commit = repository.resolve("HEAD").unwrap();
    let tree = || WorkTree::of(&repository, std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert!(tree().is_clean());
    std::fs::write(environment.cwd.join(std::ffi::OsStr::from_bytes(b"odd-\xff")), "x").unwrap();
    assert!(!tree().is_clean());
    git(&environment, &["add", "--all"]);
    assert_eq!(repository.present(None).unwrap().changed_since(&commit).unwrap().unnamed.len(), 1);
}
