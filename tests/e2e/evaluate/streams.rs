//! What goes in through a pipe, and what comes out to terminals and pages.

use super::answers::EVALUATE;
use super::{GOOD, edited, results, with};

/// Nothing that a file says gets to the terminal but text, and nothing breaks out of Markdown.
#[test]
fn names_are_only_names() {
    let sandbox = edited();
    results(&sandbox, &with(&[("x`|</details>&#27;[31m&#10;y", "<failure/>")]));
    let arguments = |format| [&EVALUATE[..], &["--quiet", "--format", format]].concat();
    let text = sandbox.skiptrace(arguments("text")).success().stdout();
    assert!(text.contains("pkg x`|</details>") && !text.contains('\u{1b}'), "{text}");
    let markdown = sandbox.skiptrace(arguments("markdown")).success().stdout();
    assert!(markdown.contains("- ``pkg x`|</details>"), "{markdown}");
}

#[test]
fn results_come_through_a_pipe() {
    let sandbox = edited();
    results(&sandbox, &GOOD);
    let mut command = sandbox.skiptrace_command();
    command.args(["evaluate", "--index", "../recorded.idx", "--results", "-"]);
    command.stdin(std::fs::File::open(sandbox.path().join("results.xml")).unwrap());
    let piped = sandbox.output(&mut command).success();
    assert_eq!(piped.stdout(), sandbox.skiptrace(EVALUATE).success().stdout());
}

#[test]
fn colour_is_for_terminals() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    let colored = sandbox.skiptrace(EVALUATE.iter().chain(&["--color", "always"])).success();
    let text = colored.stdout();
    assert!(text.contains("\u{1b}[31m- pkg b::first\u{1b}[0m \u{1b}[1m\u{1b}[31m[FAILED]"), "{text:?}");
}
