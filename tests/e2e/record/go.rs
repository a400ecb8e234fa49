//! `skiptrace record` for Go modules.
//!
//! The modules write down themselves what each test calls, as those of Rust do, and recordings are held against that.

use insta::assert_snapshot;
use skiptrace_tests::go_project::check;
use skiptrace_tests::GoProject;

use crate::PROGRAM;

/// One module with nearly everything in it, recorded once, because most of the time is the linker's.
#[test]
fn a_zoo() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let recorded = project.record(&[], "go test -skip NeverEnds ./...");
    assert_eq!(check(&recorded, &[], &[]), 0);
    assert_eq!(project.status(), "");
}
