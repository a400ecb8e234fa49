//! `skiptrace man`.

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn the_page_lists_commands_and_exit_codes() {
    let output = sandbox().skiptrace(["man"]).success();
    let page = output.stdout();
    for text in [".TH skiptrace 1", "skiptrace\\-config(1)", "Exit codes:", "70  a bug in skiptrace"] {
        assert!(page.contains(text), "no `{text}` in\n{page}");
    }
}

#[test]
fn every_command_gets_a_file() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.skiptrace(["man", "--out", "share/man1"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    wrote 36 pages to `share/man1`
    ");
    let mut names: Vec<String> = std::fs::read_dir(sandbox.work().join("share/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_snapshot!(names.join("\n"), @"
    skiptrace-completions.1
    skiptrace-config-path.1
    skiptrace-config-show.1
    skiptrace-config.1
    skiptrace-doctor.1
    skiptrace-evaluate.1
    skiptrace-explain.1
    skiptrace-history-audit.1
    skiptrace-history-import.1
    skiptrace-history-list.1
    skiptrace-history-prune.1
    skiptrace-history-pull.1
    skiptrace-history-show.1
    skiptrace-history-trend.1
    skiptrace-history.1
    skiptrace-index-build.1
    skiptrace-index-export.1
    skiptrace-index-gc.1
    skiptrace-index-import.1
    skiptrace-index-list.1
    skiptrace-index-merge.1
    skiptrace-index-pull.1
    skiptrace-index-push.1
    skiptrace-index-query.1
    skiptrace-index-show.1
    skiptrace-index-verify.1
    skiptrace-index.1
    skiptrace-man.1
    skiptrace-record.1
    skiptrace-replay.1
    skiptrace-report.1
    skiptrace-rules-lint.1
    skiptrace-rules.1
    skiptrace-run.1
    skiptrace-select.1
    skiptrace.1
    ");
    assert!(
        sandbox.read("share/man1/skiptrace-config-show.1").contains("\\-\\-store"),
        "global flags are listed"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let sandbox = sandbox();
    sandbox.write("file", "");
    assert_snapshot!(sandbox.skiptrace(["man", "--out", "file/x"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: cannot create `file/x`
      caused by: Not a directory (os error 20)
    ");
}
