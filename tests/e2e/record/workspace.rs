//! All that a workspace may be made of.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_workspace() {
    let both = Both::of("workspace", &[], "--workspace");
    for recorded in both.all() {
        assert_eq!(recorded.check_exact(&[]), 24, "{}", recorded.tests());
    }
    assert_snapshot!(both.cargo.tests(), @"");
    if let Some(nextest) = &both.nextest {
        let with_doctests = both.cargo.tests();
        let without: Vec<&str> = with_doctests.lines().filter(|line| !line.contains("doctests")).collect();
        assert_eq!(nextest.tests().lines().collect::<Vec<_>>(), without);
    }
}
