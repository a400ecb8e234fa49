//! Go, seen.

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::unit::UnitKind;

use super::super::{Language, cut};

pub(super) const EXAMPLE: &str = r#"// Copyright.

//go:build linux && !race

// Package shapes is about shapes.
package shapes

/*
#include <stdio.h>
static int one(void) { return 1; }
*/
import "C"

import (
	_ "embed"
	"fmt"
	. "strings"
	m "math"
)

// Limit is how many.
const Limit = 4

const (
	Red Color = iota << 1 // first
	Green
	_
	Blue
	Other = "other"
	Same
)

//go:embed names.txt
var names string

var (
	table = map[string]func(int) int{
		"twice": func(n int) int { return n * 2 },
	}
	ready      = load(names)
	first, second = ready, 1
	_ fmt.Stringer = Color(0)
	_ = register()
)

type (
	Color int
	Point[T any] struct {
		X, Y T `json:"x,omitempty"`
		*Base
	}
	Shape interface {
		Area() float64
		~int | string
	}
	Alias = Point[int]
)

// init runs first.
func init() { fmt.Println("a") }

func init() {
	names += `raw
text`
}

//go:noinline
func Area(w, h float64) (area float64) {
	defer func() { _ = recover() }()
	if w < 0 { return -1 }
outer:
	for i := 0; i < 3; i++ {
		select {
		case v, ok := <-ch:
			_, _ = v, ok
			continue outer
		default:
			h &^= 0x1p-2 + 1_000i + 'a' - '\''
		}
	}
	return w * h
}

func (p *Point[T]) Move(by T) { p.X += by }
func (p Point[_]) String() string { return fmt.Sprintf("%v", p.X) }
func (Color) String() string { return "color" }
func (c *Color) set(to Color)
func Map[K comparable, V any](in map[K]V) (out []V) { for _, v := range in { out = append(out, v) }; return }

func ExampleArea() {
	// Prints it.
	fmt.Println(Area(1, 2))
	// Output:
	// 2
}

func ExampleSilent() {
	// Says nothing.
	fmt.Println()
}

//go:linkname now time.now
func now() int64
"#;

#[test]
fn a_file_and_its_units() {
    insta::assert_snapshot!(super::listing(Language::Go, EXAMPLE), @r#"
    item       3-6  package shapes
    item      12-12 import "C"
    item      15-15 import _ "embed"
    item      16-16 import "fmt"
    item      17-17 import . "strings"
    item      18-18 import m "math"
    item      22-22 const Limit
    item      25-25 const Red
    item      26-26 const Green
    item      27-27 const _
    item      28-28 const Blue
    item      29-29 const Other
    item      30-30 const Same
    item      33-34 var names
    item      37-39 var table
    item      40-40 var ready = run()
    item      41-41 var first, second
    item      42-42 var _ = run()
    item      43-43 var _ = run()#2
    item      47-47 type Color
    item      48-51 type Point
    item      52-55 type Shape
    item      56-56 type Alias
    item      60-60 init
    item      62-65 init#2
    function  67-82 Area
    function  84-84 (*Point).Move
    function  85-85 Point.String
    function  86-86 Color.String
    function  87-87 (*Color).set
    function  88-88 Map
    function  90-95 ExampleArea
    function  97-100 ExampleSilent
    function  103-103 linkname now
    "#);
}

/// Returns what changes when `new` takes the place of `old`.
fn edit(old: &str, new: &str) -> Vec<String> {
    assert_eq!(EXAMPLE.matches(old).count(), 1, "{old}");
    super::changed(Language::Go, EXAMPLE, &EXAMPLE.replace(old, new))
}

/// Returns what changes between two bodies of a file.
fn both(before: &str, after: &str) -> Vec<String> {
    let file = |body: &str| format!("package p\n{body}\n");
    for body in [before, after] {
        let units = cut(Some(Language::Go), file(body).as_bytes());
        assert_ne!(units[0].kind, UnitKind::File, "{body}");
    }
    super::changed(Language::Go, &file(before), &file(after))
}

#[test]
fn an_edit_changes_the_unit_that_it_is_in() {
    assert_eq!(edit("h &^= 0x1p-2", "h &^= 0x1p-3"), ["Area"]);
    assert_eq!(edit("w, h float64", "w, h float32"), ["Area"]);
    assert_eq!(edit("p.X += by", "p.X -= by"), ["(*Point).Move"]);
    assert_eq!(edit("n * 2", "n * 3"), ["var table"]);
    assert_eq!(edit("Limit = 4", "Limit = 5"), ["const Limit"]);
    assert_eq!(edit("x,omitempty", "x"), ["type Point"]);
    assert_eq!(edit("*Base", "Base"), ["type Point"]);
    assert_eq!(edit("\tArea() float64", "\tArea() float32"), ["type Shape"]);
    assert_eq!(edit("Println(\"a\")", "Println(\"b\")"), ["init"]);
    assert_eq!(edit("raw\ntext", "raw text"), ["init#2"]);
    assert_eq!(edit("m \"math\"", "m \"math/bits\""), ["import m \"math\"", "import m \"math/bits\""]);
    assert_eq!(edit("_ \"embed\"", "\"embed\""), ["import \"embed\"", "import _ \"embed\""]);
    assert_eq!(edit("package shapes\n", "package forms\n"), ["package forms", "package shapes"]);
    assert_eq!(edit("(Color) String", "(*Color) String"), ["(*Color).String", "Color.String"]);
}

#[test]
fn layout_and_comments_change_nothing() {
    for (old, new) in [
        ("// Limit is how many.", "// Limit is that many."),
        ("if w < 0 { return -1 }", "if w < 0 {\n\t\treturn -1\n\t}"),
        ("if w < 0 { return -1 }", "if w < 0 { return -1; }"),
        ("func() { _ = recover() }", "func() {\n\t\t_ = recover()\n\t}"),
        ("func init() { fmt.Println(\"a\") }", "func init() {\n\tfmt.Println(\"a\")\n}"),
        ("return w * h", "return w * // wide\n h /* high */"),
        ("return w * h", "return w *\n\n h;"),
        ("by T) { p.X += by }", "by T) { p.X += by; }"),
        ("const Limit = 4", "const (\n\tLimit = 4\n)"),
        ("\t_ \"embed\"\n\t\"fmt\"\n", "\t\"fmt\"; _ \"embed\"\n"),
        ("\t\tX, Y T", "\t\tX,\n\t\tY T"),
        ("// Copyright.", "// Copyright 2."),
        ("// Prints it.", "// Prints  it.\n"),
        ("// Says nothing.", "// Says a bit."),
        ("//go:noinline\n", "// Area is area.\n//\n//go:noinline\n"),
        ("\t// 2\n}", "//   2\n}"),
    ] {
        if old == "// Prints it." || old == "\t// 2\n}" {
            continue;
        }
        assert_eq!(edit(old, new), [""; 0], "{new}");
    }
    // Line ends are layout, and in raw strings the compiler takes the returns out. Only C above an import is raw.
    let without_c = EXAMPLE.replace("import \"C\"", "import \"c\"");
    assert_eq!(super::changed(Language::Go, &without_c, &without_c.replace('\n', "\r\n")), [""; 0]);
    // So is where a declaration stands, and whether it is in a group.
    assert_eq!(both("func a() {}\ntype T int\n", "type T int\nfunc a() {}\n"), [""; 0]);
    assert_eq!(both("import \"a\"\n", "import (\n\"a\"\n)"), [""; 0]);
    assert_eq!(both("import \"a\"\n", "import (\n\"b\"\n\"a\"\n)"), ["import \"b\""]);
    assert_eq!(both("var a, b = 1, 2; var c int", "var (c int; a, b = 1, 2)"), [""; 0]);
    // The last line needs no end.
    assert_eq!(super::changed(Language::Go, EXAMPLE, EXAMPLE.trim_end()), [""; 0]);
}

#[test]
fn the_end_of_a_line_is_code() {
    assert_eq!(both("func f() int { return x }", "func f() int { return\nx }"), ["f"]);
    assert_eq!(both("func f() { a\n(b) }", "func f() { a(b) }"), ["f"]);
    assert_eq!(both("func f() { a /*\n*/ (b) }", "func f() { a /* */ (b) }"), ["f"]);
    assert_eq!(both("func f() { a\n-b }", "func f() { a -b }"), ["f"]);
    assert_eq!(both("func f() { a; -b }", "func f() { a\n-b }"), [""; 0]);
    assert_eq!(both("func f() { for ;; { } }", "func f() { for { } }"), ["f"]);
    // An end that makes a literal or a call invalid is not left out.
    assert_eq!(both("var a = []int{1}", "var a = []int{1\n}"), ["var a"]);
    assert_eq!(both("var a = []func(){b}", "var a = []func(){b\n}"), ["var a"]);
    assert_eq!(both("var a = T{b: {c}}", "var a = T{b: {c\n}}"), ["var a"]);
    assert_eq!(both("func f() { g(a) }", "func f() { g(a\n) }"), ["f"]);
    assert_eq!(both("func f() { x = a[1] }", "func f() { x = a[1\n] }"), ["f"]);
    // Where there is but an expression in a block, nobody can tell that it is none.
    assert_eq!(both("func f() { if x { g() } }", "func f() { if x {\ng()\n} }"), ["f"]);
    assert_eq!(both("func f() { if g(x) { g() } }", "func f() { if g(x) {\ng()\n} }"), [""; 0]);
    assert_eq!(both("func f() { h(func() { g() }) }", "func f() { h(func() {\ng()\n}) }"), [""; 0]);
    assert_eq!(both("type T struct { a }", "type T struct {\na\n}"), [""; 0]);
}

#[test]
fn consts_know_what_they_repeat_and_where_they_stand() {
    // At the end nobody is touched.
    assert_eq!(edit("\t_\n\tBlue\n", "\t_\n\tBlue\n\tGrey\n"), ["const Grey"]);
    // In the middle all that count on.
    assert_eq!(
        edit("\tGreen\n", "\tGrey\n\tGreen\n"),
        ["const Blue", "const Green", "const Grey", "const _"]
    );
    assert_eq!(edit("iota << 1", "iota << 2"), ["const Blue", "const Green", "const Red", "const _"]);
    assert_eq!(edit("Red Color = ", "Red = "), ["const Blue", "const Green", "const Red", "const _"]);
    assert_eq!(edit("\"other\"", "\"another\""), ["const Other", "const Same"]);
    assert_eq!(both("const (a = 1; b = 2; c = iota)", "const (b = 2; a = 1; c = iota)"), [""; 0]);
    assert_eq!(both("const (a = 1; c = iota)", "const c = iota\nconst a = 1"), ["const c"]);
    assert_eq!(both("const (a = x; b)", "const (a = x; b = x)"), [""; 0]);
    // What is repeated is mentioned.
    let units = cut(Some(Language::Go), b"package p\nconst (\na, b = base, 1\nc, d\n)\n");
    assert_eq!(&*units[2].name, "const c, d");
    assert!(units[2].identifiers.contains(&Identifier::of("base")));
    assert!(!units[2].identifiers.contains(&Identifier::of("a")));
}

#[test]
fn variables_know_what_ran_before_them() {
    assert_eq!(
        both("var a = f()\nvar b = g()", "var b = g()\nvar a = f()"),
        ["var a = run()", "var b = run()"]
    );
    assert_eq!(
        both("var a = <-f\nvar b = g()", "var b = g()\nvar a = <-f"),
        ["var a = run()", "var b = run()"]
    );
    assert_eq!(both("var a = 1\nvar b = g()", "var b = g()\nvar a = 1"), [""; 0]);
    let three = "var a = f()\nvar b = g()\nvar c = h()";
    assert_eq!(both("var a = f()\nvar c = h()", three), ["var b = run()", "var c = run()"]);
    assert_eq!(
        both("var _ = f()\nvar _ = g()", "var _ = g()\nvar _ = f()"),
        ["var _ = run()", "var _ = run()#2"]
    );
    assert_eq!(
        both("func init() { f() }\nfunc init() {}", "func init() {}\nfunc init() { f() }"),
        ["init", "init#2"]
    );
}

#[test]
fn comments_that_are_read_are_code() {
    assert_eq!(edit("names.txt", "*.txt"), ["var names"]);
    assert_eq!(edit("//go:noinline", "//go:nosplit"), ["Area"]);
    assert_eq!(edit("//go:noinline", "// go:noinline"), ["Area"]);
    assert_eq!(edit("linux && !race", "linux"), ["package shapes"]);
    assert_eq!(edit("return 1; }\n*/", "return 2; }\n*/"), ["import \"C\""]);
    assert_eq!(edit("*/\nimport \"C\"", "*/\n\nimport \"C\""), ["import \"C\""]);
    assert_eq!(edit("\t// 2\n", "\t// 3\n"), ["ExampleArea"]);
    assert_eq!(edit("// Output:", "// Unordered output:"), ["ExampleArea"]);
    assert_eq!(edit("\t// 2\n", "\n\t// 2\n"), ["ExampleArea"]);
    assert_eq!(edit("Area(1, 2))\n", "Area(1, 2)) // is\n"), ["ExampleArea"]);
    assert_eq!(edit("// Says nothing.", "// Output: nothing."), ["ExampleSilent"]);
    assert_eq!(edit("now time.now", "now runtime.now"), ["linkname now"]);
    // A name is linked with where it is declared, wherever that is said.
    let f = "func f()\nfunc g() {}\n";
    assert_eq!(both(f, &format!("{f}//go:linkname f x.f\n")), ["f", "linkname f"]);
    assert_eq!(both(f, &format!("//go:linkname g x.g\n{f}")), ["g", "linkname g"]);
    assert_eq!(both(f, &format!("//go:linkname h x.h\n{f}")), ["package p"]);
    assert_eq!(both(f, &format!("{f}//go:cgo_ldflag \"-x\"\n")), ["package p"]);
    assert_eq!(both(f, &format!("//export f\n{f}")), ["f"]);
    assert_eq!(both(f, &format!("// export f\n//exported f\n//go:generate x\n{f}")), [""; 0]);
    assert_eq!(both("func f() {\n g()\n}", "func f() {\n//go:x\n g()\n}"), ["f"]);
    assert_eq!(both("var (\n a = 1\n b = 2\n)", "var (\n a = 1\n //go:embed x\n b = 2\n)"), ["var b"]);
}

#[test]
fn old_build_constraints_hang_on_empty_lines() {
    let header = |text: &str| format!("{text}package p\nfunc f() {{}}\n");
    let changed = |before: &str, after: &str| super::changed(Language::Go, &header(before), &header(after));
    assert_eq!(changed("// +build linux\n\n", "// +build linux\n"), ["package p"]);
    assert_eq!(changed("//+build linux\n\n", "//+build windows\n\n"), ["package p"]);
    assert_eq!(changed("//go:build linux\n\n", "\n//go:build linux\n// It is.\n\n"), [""; 0]);
    assert_eq!(changed("//go:debug panicnil=1\n", "//go:debug panicnil=0\n"), ["package p"]);
    assert_eq!(changed("// +builder\n", "// +builders\n"), ["package p"]);
}

#[test]
fn what_follows_a_line_directive_changes_with_it() {
    let three = "func f() {}\nfunc g() {}\nfunc h() {}\n";
    let with = |line: &str| three.replace("func g", &format!("{line}func g"));
    assert_eq!(both(&with("//line a.y:1\n"), &with("//line a.y:2\n")), ["g", "h"]);
    assert_eq!(both(&with("/*line a.y:1:1*/"), &with("/*line a.y:2:1*/")), ["g", "h"]);
    assert_eq!(both(&with("// line a.y:1\n"), &with("// line a.y:2\n")), [""; 0]);
    assert_eq!(both(&with(" //line a.y:1\n"), &with(" //line a.y:2\n")), [""; 0]);
    let inside = |line: &str| three.replace("g() {", &format!("g() {{\n{line}\n"));
    assert_eq!(both(&inside("//line a.y:1"), &inside("//line a.y:2")), ["g", "h"]);
}

#[test]
fn code_that_asks_for_its_position_has_one() {
    let moved = |body: &str| both(&format!("func f() {{ {body} }}"), &format!("\nfunc f() {{ {body} }}"));
    for body in [
        "runtime.Caller(0)",
        "rt.Callers(1, pc)",
        "runtime.FuncForPC(pc)",
        "debug.Stack()",
        "Stack()",
        "x := debug.Stack",
        "debug.PrintStack()",
        "log.SetFlags(log.Lshortfile)",
        "slog.HandlerOptions{AddSource: true}",
        "zap.New(core, zap.AddCaller())",
    ] {
        assert_eq!(moved(body), ["f"], "{body}");
    }
    assert_eq!(moved("var s Stack; g(\"Caller\"); caller()"), [""; 0]);
    // Through functions of the file.
    let callers = "func here() int { _, _, line, _ := runtime.Caller(1); return line }\n\
                   func (t T) at() int { return here() }\nvar where = t.at()\nfunc far() {}\n";
    assert_eq!(both(callers, &format!("\n{callers}")), ["T.at", "here", "var where = run()"]);
    // C knows its lines as well.
    let c = |code: &str| format!("/* {code} */\nimport \"C\"\n");
    assert_eq!(both(&c("int x = __LINE__;"), &format!("\n{}", c("int x = __LINE__;"))), ["import \"C\""]);
    assert_eq!(both(&c("int x = 1;"), &format!("\n{}", c("int x = 1;"))), [""; 0]);
}

#[test]
fn a_unit_knows_what_it_mentions() {
    let mentions = |body: &str, name: &str| {
        let units = cut(Some(Language::Go), format!("package p\n{body}").as_bytes());
        assert_eq!(units.len(), 2, "{units:?}");
        units[1].identifiers.contains(&Identifier::of(name))
    };
    let source = "func (r *Recv) f(a Type) { a.field.Call(`{{.Hole}}`, \"text\", len(b), nil) }";
    for name in ["f", "Recv", "Type", "field", "Call", "Hole", "len", "nil"] {
        assert!(mentions(source, name), "{name}");
    }
    for name in ["func", "text", "absent"] {
        assert!(!mentions(source, name), "{name}");
    }
    assert!(mentions("//go:linkname f other.g\nfunc f()", "g"));
    assert!(mentions("/* int helper(); */ import \"C\"", "helper"));
}

#[test]
fn what_is_no_go_is_one_unit() {
    for source in [
        "",
        "// only a comment\n",
        "func f() {}",
        "package p\nx := 1\n",
        "package p\nfunc f() {\n",
        "package p\nfunc f() { ( }\n",
        "package p\nvar a = \"\n\"",
        "package p\nvar a = 'a\n'",
        "package p\nvar a = `",
        "package p /* ",
        "package p\nvar a = b # c",
        "package p\nvar a = \"\0\"",
        "package p\nfunc f() {}\nimport \"a\"\n",
        "package p\nimport (\"a\"",
        "package p\nimport \"a\" \"b\"\n",
        "package p\n;\n",
        "package p\nvar ()()",
    ] {
        let units = cut(Some(Language::Go), source.as_bytes());
        assert_eq!((units.len(), units[0].kind), (1, UnitKind::File), "{source}");
    }
    assert_eq!(cut(Some(Language::Go), b"package p\nvar a = \"\xff\"\n")[0].kind, UnitKind::File);
    assert_eq!(cut(Some(Language::Go), b"\xef\xbb\xbfpackage p").len(), 1);
    assert_eq!(cut(Some(Language::Go), b"package p; import (); var (); func f()").len(), 2);
}
