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
    assert_snapshot!(sandbox.skiptrace(["rules", "lint"]).snapshot(), @"");
    let _ = sandbox.skiptrace(["record", "--", "cargo", "test", "--lib"]).success();
    assert_snapshot!(sandbox.skiptrace(["rules", "lint"]).snapshot(), @"");
    assert_snapshot!(sandbox.skiptrace(["--json", "rules", "lint"]).snapshot(), @"");
}
