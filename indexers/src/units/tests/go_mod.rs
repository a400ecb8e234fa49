//! What the go tool builds by, seen.

use skiptrace_engine::unit::UnitKind;

use super::super::{Language, cut, go_mod};

const MOD: &str = r#"// The module.
module example.com/own

go 1.24.0
toolchain go1.26.1

godebug default=go1.21
godebug (
	panicnil=1
)

require github.com/a/one v1.2.3
require (
	"github.com/b/two" v0.1.0 // indirect
	golang.org/x/three v1.0.0
)

replace golang.org/x/three => ../three
replace (
	golang.org/x/three v0.9.0 => example.com/fork v1.0.0 // why
)
exclude github.com/b/two v0.0.9
retract [v1.0.0, v1.1.0]
tool golang.org/x/three/cmd/tool
"#;

const SUM: &str = "github.com/a/one v1.2.3 h1:aaa=\ngithub.com/a/one v1.2.3/go.mod h1:bbb=\n\
                   github.com/b/two v0.1.0 h1:ccc=\n";

const VENDOR: &str = "## workspace\n# github.com/a/one v1.2.3\n## explicit; go 1.20\ngithub.com/a/one\n\
                      github.com/a/one/sub\n# golang.org/x/three v1.0.0 => ../three\n## explicit\n\
                      golang.org/x/three/cmd/tool\n# golang.org/x/three => ../three\n";

#[test]
fn a_module_and_its_units() {
    insta::assert_snapshot!(super::listing(Language::GoMod, MOD), @"
    item       2-2  module
    item       4-4  go
    item       5-5  toolchain
    item       7-7  godebug default
    item       9-9  godebug panicnil
    item      12-12 require github.com/a/one
    item      14-14 require github.com/b/two
    item      15-15 require golang.org/x/three
    item      18-20 replace golang.org/x/three
    item      22-22 exclude github.com/b/two
    item      23-23 retract
    item      24-24 tool golang.org/x/three/cmd/tool
    ");
    insta::assert_snapshot!(super::listing(Language::GoMod, "go 1.24\nuse ./a\nuse (\n\t./b\n)\n"), @"
    item       1-1  go
    item       2-2  use ./a
    item       4-4  use ./b
    ");
    insta::assert_snapshot!(super::listing(Language::GoSum, SUM), @"
    item       1-2  github.com/a/one
    item       3-3  github.com/b/two
    ");
    insta::assert_snapshot!(super::listing(Language::GoVendor, VENDOR), @"
    item       1-1  ## workspace
    item       2-5  github.com/a/one
    item       6-9  golang.org/x/three
    ");
}

fn edit(language: Language, source: &str, old: &str, new: &str) -> Vec<String> {
    assert_eq!(source.matches(old).count(), 1, "{old}");
    super::changed(language, source, &source.replace(old, new))
}

#[test]
fn an_edit_changes_the_unit_that_it_is_in() {
    let edited = |old, new| edit(Language::GoMod, MOD, old, new);
    assert_eq!(edited("one v1.2.3", "one v1.2.4"), [go_mod::requirement("github.com/a/one")]);
    assert_eq!(edited("two\" v0.1.0", "two\" v0.2.0"), [go_mod::requirement("github.com/b/two")]);
    let replaced = [go_mod::replacement("golang.org/x/three"), go_mod::requirement("golang.org/x/three")];
    assert_eq!(edited("=> ../three", "=> ../four"), replaced);
    assert_eq!(edited("fork v1.0.0", "fork v1.0.1"), replaced);
    assert_eq!(edited("three v0.9.0", "three v0.9.1"), replaced);
    assert_eq!(
        edited("v0.0.9", "v0.0.8"),
        [go_mod::exclusion("github.com/b/two"), go_mod::requirement("github.com/b/two")]
    );
    assert_eq!(edited("go 1.24.0", "go 1.25.0"), ["go", "module"]);
    assert_eq!(edited("go1.26.1", "go1.26.2"), ["module", "toolchain"]);
    assert_eq!(edited("go1.21", "go1.22"), ["godebug default", "module"]);
    // One that is new is noticed by whoever depends on what it is about.
    let one = go_mod::requirement("github.com/a/one");
    let added = |line: &str| edit(Language::GoMod, MOD, "retract [", &format!("{line}\nretract ["));
    assert_eq!(
        added("exclude github.com/a/one v1.2.2"),
        [go_mod::exclusion("github.com/a/one"), one.clone()]
    );
    assert_eq!(added("replace github.com/a/one => ./one"), [go_mod::replacement("github.com/a/one"), one]);
    assert_eq!(added("godebug x=1"), ["godebug x", "module"]);
    assert_eq!(added("require github.com/c/new v1.0.0"), [go_mod::requirement("github.com/c/new")]);
    assert_eq!(edited("v1.1.0]", "v1.2.0]"), ["retract"]);
    assert_eq!(
        edited("cmd/tool", "cmd/other"),
        ["tool golang.org/x/three/cmd/other", "tool golang.org/x/three/cmd/tool"]
    );
    assert_eq!(edited("example.com/own", "example.com/new"), ["module"]);

    let summed = |old, new| edit(Language::GoSum, SUM, old, new);
    assert_eq!(summed("h1:bbb=", "h1:bbc="), [go_mod::sums("github.com/a/one")]);
    assert_eq!(summed("github.com/b/two v0.1.0 h1:ccc=\n", ""), [go_mod::sums("github.com/b/two")]);

    let vendored = |old, new| edit(Language::GoVendor, VENDOR, old, new);
    assert_eq!(vendored("one v1.2.3", "one v1.2.4"), [go_mod::vendored("github.com/a/one")]);
    assert_eq!(vendored("one/sub", "one/sup"), [go_mod::vendored("github.com/a/one")]);
    assert_eq!(vendored("three => ../three", "three => ../four"), [go_mod::vendored("golang.org/x/three")]);
    assert_eq!(vendored("## workspace\n", ""), ["## workspace"]);
}

#[test]
fn layout_comments_and_order_change_nothing() {
    for (old, new) in [
        (" // indirect", ""),
        ("// The module.\n", "\n"),
        ("\"github.com/b/two\" v0.1.0", "github.com/b/two   v0.1.0"),
        ("require github.com/a/one v1.2.3", "require (\ngithub.com/a/one v1.2.3\n)"),
        ("go 1.24.0\ntoolchain go1.26.1\n", "toolchain go1.26.1\ngo 1.24.0\n"),
        ("[v1.0.0, v1.1.0]", "[ v1.0.0,v1.1.0 ] // oops"),
    ] {
        assert_eq!(edit(Language::GoMod, MOD, old, new), [""; 0], "{new}");
    }
    for (language, source) in [(Language::GoMod, MOD), (Language::GoSum, SUM), (Language::GoVendor, VENDOR)] {
        assert_eq!(super::changed(language, source, &source.replace('\n', "\r\n")), [""; 0]);
    }
    let mut lines: Vec<_> = SUM.lines().collect();
    lines.reverse();
    assert_eq!(super::changed(Language::GoSum, SUM, &lines.join("\n")), [""; 0]);
}

#[test]
fn what_does_not_read_like_one_is_one_unit() {
    for (language, source) in [
        (Language::GoMod, ""),
        (Language::GoMod, "// nothing\n"),
        (Language::GoMod, "module\n"),
        (Language::GoMod, "require (\n a v1\n"),
        (Language::GoMod, "require ( a v1\n"),
        (Language::GoMod, "module \"a\n"),
        (Language::GoMod, "<<<<<<< ours\n"),
        (Language::GoMod, "a ) b\n"),
        (Language::GoSum, ""),
        (Language::GoSum, "a v1\n"),
        (Language::GoSum, "a v1 h1:x y\n"),
        (Language::GoVendor, "github.com/a/one\n"),
    ] {
        let units = cut(Some(language), source.as_bytes());
        assert_eq!((units.len(), units[0].kind), (1, UnitKind::File), "{source}");
    }
}

#[test]
fn a_unit_says_which_module_it_is_about() {
    for (unit, module) in [
        ("require github.com/a/one", Some("github.com/a/one")),
        ("replace golang.org/x/three", Some("golang.org/x/three")),
        ("exclude github.com/b/two", Some("github.com/b/two")),
        ("github.com/a/one", Some("github.com/a/one")),
        ("go", None),
        ("module", None),
        ("toolchain", None),
        ("retract", None),
        ("godebug default", None),
        ("tool example.com/x", None),
        ("use ./a", None),
        ("## workspace", None),
        ("", None),
    ] {
        assert_eq!(go_mod::module_of(unit), module, "{unit}");
    }
}
