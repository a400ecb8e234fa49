//! `skiptrace rules lint`.

use insta::assert_snapshot;
use skiptrace_tests::CargoProject;

use crate::PROGRAM;

const RULES: &str = "\
[[rule]]
name = \"notes\"
paths = [\"*.txt\"]
ignore = true

[[rule]]
name = \"gone\"
paths = [\"docs/**\"]
run-all = true
";

#[test]
fn rules_are_checked() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[
        (
            "Cargo.toml",
            "[package]\nname = \"desk\"\nedition = \"2021\"\n[profile.dev]\ndebug = 0\nincremental = false\n",
        ),
        ("src/lib.rs", "#[test]\nfn reads() {\n    assert!(include_str!(\"words.txt\").len() > 2);\n}\n"),
        ("src/words.txt", "words\n"),
        (".gitignore", "target/\n"),
        ("skiptrace.toml", RULES),
    ]);
    let sandbox = &project.sandbox;
    assert_snapshot!(sandbox.skiptrace(["rules", "lint"]).snapshot(), @"
    exit code: 1
    --- stdout ---
    rule `gone` ($DIR/work/skiptrace.toml:6): `docs/**` matches no file
    --- stderr ---
    warning: there is no index, so nobody can say whether a rule ignores what tests depend on
    2 rules of this repository, 10 shipped: 1 problem
    ");
    let _ = sandbox.skiptrace(["record", "--", "cargo", "test", "--lib"]).success();
    assert_snapshot!(sandbox.skiptrace(["rules", "lint"]).snapshot(), @"
    exit code: 1
    --- stdout ---
    rule `notes` ($DIR/work/skiptrace.toml:1): it ignores what tests depend on: `src/words.txt` (executed)
    rule `gone` ($DIR/work/skiptrace.toml:6): `docs/**` matches no file
    --- stderr ---
    2 rules of this repository, 10 shipped: 2 problems
    ");
    assert_snapshot!(sandbox.skiptrace(["--json", "rules", "lint"]).snapshot(), @r#"
    exit code: 1
    --- stdout ---
    {"schema":"skiptrace/rules-lint@1","rules":12,"problems":[{"rule":"notes","place":"$DIR/work/skiptrace.toml:1","message":"it ignores what tests depend on: `src/words.txt` (executed)"},{"rule":"gone","place":"$DIR/work/skiptrace.toml:6","message":"`docs/**` matches no file"}]}
    "#);
}
