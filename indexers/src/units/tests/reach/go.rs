//! Go, and what the go tool builds by.

use std::collections::BTreeSet;

use skiptrace_engine::reach::{Among, Arrival, Language as _};
use skiptrace_engine::unit::{SourceFile, Unit};

use super::{Language, Languages, addition, cut, edits};
use crate::record::gains::Builder;

fn added(codes: &[&str]) -> String {
    let around = "package p\nimport \"errors\"\nimport \"fmt\"\n…";
    codes.iter().map(|code| addition("a.go", around, code)).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_new_or_gone() {
    insta::assert_snapshot!(added(&[
        "func Area() int { return 1 }",
        "func Map[K comparable](k K) {}",
        "func (p *Point[T]) String() string { return \"\" }",
        "func (p Point) moved() {}",
        "func (Point) moved()",
        "func init() {}",
        "func _() {}",
        "func main() {}",
        "func TestMain(m *testing.M) {}",
        "func TestArea(t *testing.T) {}",
        "//go:linkname now time.now\nfunc now() int64",
        "const A = 1",
        "const (\nB = iota\n_\n)",
        "type Shape interface { Area() }",
        "type Alias = Point",
        "var a, b int",
        "import . \"strings\"",
        "import _ \"embed\"",
        "import \"C\"",
        "import \"strings\"",
        "import m \"math/rand/v2\"",
        "import \"math/rand/v2\"",
        "import \"image/png\"",
        "import \"example.com/own/shapes\"",
    ]), @r#"
    Area: who names Area
    Map: who names Map
    (*Point).String: if somebody may ask for String: who names Point; if not: who names Point and String
    Point.moved: who names moved
    Point.moved: who names moved
    init: who was compiled from it
    _: nobody
    main: who was compiled from it
    TestMain: who was compiled from it
    TestArea: who names TestArea
    linkname now: who was compiled from it
    const A: who names A
    const B: who names B
    const _: nobody
    type Shape: who names Shape
    type Alias: who names Alias
    var a, b: who names a b
    import . "strings": who was compiled from it
    import _ "embed": who was compiled from it
    import "C": who was compiled from it
    import "strings": who names strings here
    import m "math/rand/v2": who names m here
    import "math/rand/v2": who names rand here
    import "image/png": who was compiled from it
    import "example.com/own/shapes": who was compiled from it
    "#);
}

#[test]
fn variables_that_run_concern_whoever_links_them() {
    let runs = |value: &str| {
        let said = added(&[&format!("var x = {value}")]);
        match said.as_str() {
            "var x: who names x" => false,
            "var x = run(): who was compiled from it" => true,
            other => panic!("{other}"),
        }
    };
    for value in [
        "1 << 10",
        "[]string{\"a\"}",
        "map[string][]*Point{\"a\": {1}}",
        "&Point{X: 1}",
        "errors.New(\"a\")",
        "fmt.Errorf(\"a: %w\", errors.New(\"b\"))",
        "[]byte(\"a\")",
        "func() int { return f() }",
        "map[string]func(int) int{\"a\": func(n int) int { return n * 2 }}",
        "new(Point)",
        "(*Point)(nil)",
        "struct{ a int }{1}",
    ] {
        assert!(!runs(value), "{value}");
    }
    for value in [
        "f()",
        "func() int { return 1 }()",
        "func(a int) int { return 1 }(2)",
        "a.b.New(1)",
        "<-c",
        "list[0]",
        "\"abc\"[i]",
        "*p",
        "[]int{*p}",
        "1 / n",
        "1 << n",
        "y.(Point)",
        "Generic[int]{}",
        "Point{}.Area()",
        "[]int{f()}",
        "(*f)(nil, 1)",
        "regexp.MustCompile(\"a\")",
    ] {
        assert!(runs(value), "{value}");
    }
    // What is called `errors` may be something else.
    let other = "package p\nimport \"example.com/errors\"\n…";
    assert_eq!(
        addition("a.go", other, "var x = errors.New(\"a\")"),
        "var x = run(): who was compiled from it"
    );
}

#[test]
fn half_of_a_function() {
    let source = "package p\n\nfunc (p *Point) Moved(by struct{ x int }) (a interface{ M() }) { return p }\n\
                  func Types() struct{ a int } { return b }\n//go:noinline\nfunc Slow() { c() }\n\
                  func Spoken() {\n//go:nosplit\nd()\n}\nfunc Here() { runtime.Caller(0) }\n";
    let edit = |old: &str, new: &str| {
        assert_eq!(source.matches(old).count(), 1, "{old}");
        edits("a.go", source, &source.replace(old, new))
    };
    let of_method =
        "Head (*Point).Moved: if somebody may ask for Moved: who names Moved Point; if not: who names Moved";
    assert_eq!(edit("return p", "return nil"), "Body (*Point).Moved: nobody");
    assert_eq!(edit("x int", "x uint"), of_method);
    assert_eq!(edit("M()", "N()"), of_method);
    assert_eq!(edit("struct{ a int }", "struct{ a uint }"), "Head Types: who names Types");
    assert_eq!(edit("return b", "return bb"), "Body Types: nobody");
    assert_eq!(edit("noinline", "nosplitting"), "Head Slow: who names Slow");
    assert_eq!(edit("c()", "c(1)"), "Body Slow: nobody");
    assert_eq!(edit("d()", "d(1)"), "Head Spoken: who names Spoken");
    assert_eq!(edit("{ c() }", "{\n// why\n\tc() }"), "Head Here: who names Here");
    assert_eq!(edit("Caller(0)", "Caller(1)"), "Body Here: nobody");
    let typed = |inside: &str| format!("package p\nfunc F() struct{{{inside}}}\n");
    assert_eq!(edits("a.go", &typed(""), &typed("a int")), "Head F: who names F");
}

#[test]
fn what_is_there_and_means_something_else() {
    insta::assert_snapshot!(
        [
            edits("a.go", "package p\nconst A = 1", "package p\nconst A = 2"),
            edits("a.go", "package p\nvar a = 1", "package p\nvar a = f()"),
            edits("a.go", "package p\nvar a = g()", "package p\nvar a = f()"),
            edits("a.go", "package p\ntype T struct{}", "package p\ntype T struct{ *Base }"),
            edits("a.go", "package p\n", "//go:build linux\npackage p\n"),
            edits("a.go", "package p\nfunc init() { a() }", "package p\nfunc init() { b() }"),
            edits("a.go", "package p\nvar a = 1", "package p\nvar a = "),
        ]
        .join("\n"), @"
    Head const A: who names A
    Removed var a: who names a
    Added var a = run(): who was compiled from it
    Head var a = run(): who was compiled from it
    Head type T: who names T
    Head package p: who was compiled from it
    Head init: who was compiled from it
    Removed package p: who was compiled from it
    Removed var a: who names a
    Added file: who was compiled from it
    ");
}

#[test]
fn modules() {
    let one = "module own\ngo 1.24\nrequire a.com/a v1.0.0\n";
    let old = "module own\ngo 1.16\nrequire a.com/a v1.0.0\n";
    insta::assert_snapshot!(
        [
            edits("go.mod", one, &format!("{one}require b.com/b v1.0.0\n")),
            edits("go.mod", one, &format!("{one}replace a.com/a => ../a\n")),
            edits("go.mod", one, &format!("{one}replace b.com/b => ../b\n")),
            edits("go.mod", one, &format!("{one}toolchain go1.26.1\n")),
            edits("go.mod", one, &format!("{one}ignore ./node_modules\n")),
            edits("go.mod", old, &format!("{old}require b.com/b v1.0.0\n")),
            edits("go.mod", old, &format!("{old}replace b.com/b => ../b\n")),
            edits("go.mod", old, &old.replace("v1.0.0", "v1.0.1")),
            edits("go.work", "go 1.24\n", "go 1.24\nuse ./a\n"),
            edits("go.work", "go 1.24\nuse ./a\n", "go 1.24\nuse ./a\nreplace a.com/a => ../a\n"),
            edits("go.sum", "a v1 h1:a=\n", "a v1 h1:a=\nb v1 h1:b=\n"),
            edits("vendor/modules.txt", "# a v1\n", "# a v1\n# b v1\n"),
            edits("vendor/modules.txt", "# a v1\n", "## workspace\n# a v1\n"),
        ]
        .join("\n"), @"
    Added require b.com/b: nobody
    Added replace a.com/a: nobody
    Head require a.com/a: nobody
    Added replace b.com/b: nobody
    Head module: nobody
    Added toolchain: nobody
    Added ignore ./node_modules: who was compiled from it
    Head module: nobody
    Added require b.com/b: nobody
    Head module: nobody
    Added replace b.com/b: nobody
    Head require a.com/a: nobody
    Added use ./a: who was compiled from it
    Added replace a.com/a: who was compiled from it
    Added b: nobody
    Added b: nobody
    Added ## workspace: who was compiled from it
    ");
}

#[test]
fn what_a_new_file_does_its_units_do() {
    let languages = Languages { builders: BTreeSet::from([Builder::Go]) };
    let speaks_for_itself = |path: &str, source: &str| {
        let units = cut(Language::of(&path.parse().unwrap()), source.as_bytes());
        let file = SourceFile { path: path.parse().unwrap(), blob: None, units };
        let Arrival::Whoever(among) = languages.arrival(&file) else { panic!("{source}") };
        // What packages embed that are around it is asked all the same.
        let is_plain = among.iter().all(|among| matches!(among, Among::Both(..)));
        let clause = |unit: &&Unit| unit.name.starts_with("package ");
        let concerns_nobody =
            file.units.iter().find(clause).is_some_and(|unit| languages.is_apart(&file.path, unit));
        assert!(concerns_nobody || !is_plain, "{source}");
        is_plain
    };
    for source in [
        "package p\n",
        "// Copyright.\n\n// Package p is.\npackage p // p\n\nimport \"fmt\"\n\nfunc F() { fmt.Println() }\n",
        "package p\n\n//go:generate x\nfunc init() {}\n\nvar a = f()\n",
    ] {
        assert!(speaks_for_itself("a/new.go", source), "{source}");
        assert!(speaks_for_itself("a/new_test.go", source), "{source}");
    }
    for source in [
        "//go:build linux\n\npackage p\n",
        "// +build linux\n\npackage p\n",
        "//go:debug panicnil=1\npackage p\n",
        "package p\n\n// int a;\nimport \"C\"\n",
        "package p\n\nimport \"fmt\"\n\nimport `C`\n",
        "package p\n\nfunc f() {\n",
        "func f() {}\n",
        "",
    ] {
        assert!(!speaks_for_itself("a/new.go", source), "{source}");
    }
    assert!(!speaks_for_itself("a/new.s", "package p\n"));
    assert!(!speaks_for_itself("a/new.c", "package p\n"));
}
