//! Whom a method concerns that a type gains, by what code from elsewhere may ask its values for.

use skiptrace_tests::go_project::GoProject;

use crate::PROGRAM;

const BOX: &str = "package box

type Size struct{ N int }

type Box struct {
	Size Size `json:\"size,omitzero\"`
}

func (b Box) Area() int { return b.Size.N * b.Size.N }
";

const TESTS: &str = "package box

import (
	\"encoding/json\"
	\"fmt\"
	\"testing\"
)

func TestArea(t *testing.T) { fmt.Println(Box{Size{2}}.Area()) }

func TestMarshal(t *testing.T) {
	text, err := json.Marshal(Box{})
	fmt.Println(string(text), err)
}

func TestGreets(t *testing.T) {
	_, ok := any(Box{}).(interface{ Greets() string })
	fmt.Println(ok)
}

func TestElse(t *testing.T) {}
";

const GREETS: &str = "\nfunc (b Box) Greets() string { return \"a box\" }\n";
const IS_ZERO: &str = "\nfunc (s Size) IsZero() bool { return s.N == 0 }\n";
const PERIMETER: &str = "\nfunc (b Box) Perimeter() int { return 4 * b.Size.N }\n";

/// Returns the tests that must run with code added, which is gone afterwards.
fn run_with(project: &GoProject, code: &str) -> Vec<String> {
    project.sandbox.write("box/box.go", &[BOX, code].concat());
    let output = project.sandbox.skiptrace(["select", "--json"]).success();
    project.sandbox.write("box/box.go", BOX);
    let answer: serde_json::Value = serde_json::from_str(&output.stdout()).unwrap();
    assert_eq!(answer["everything"].as_array().map(Vec::len), Some(0), "{answer:#}");
    let run = answer["run"].as_array().unwrap().iter();
    run.map(|test| test["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_method_concerns_whoever_has_a_value_where_others_may_ask_for_it() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    let files =
        [("go.mod", "module example.org/box\n\ngo 1.24\n"), ("box/box.go", BOX), ("box/box_test.go", TESTS)];
    project.commit(&files);
    let _ = project.sandbox.skiptrace(["record", "--", "go", "test", "./..."]).success();

    // 1. Nobody else calls a method so.
    assert_eq!(run_with(&project, PERIMETER), [""; 0]);
    assert_eq!(run_with(&project, GREETS), ["TestGreets"]);
    // 2. `encoding/json` asks for it.
    assert_eq!(run_with(&project, IS_ZERO), ["TestArea", "TestGreets", "TestMarshal"]);

    // 3. Somebody lists methods, whoever that is.
    let lists = "package lists

import \"reflect\"

func Lists(v any) int { return reflect.TypeOf(v).NumMethod() }
";
    let test = "package lists

import (
	\"testing\"

	\"example.org/box/box\"
)

func TestLists(t *testing.T) { t.Log(Lists(box.Box{})) }
";
    project.commit(&[("lists/lists.go", lists), ("lists/lists_test.go", test)]);
    let _ = project.sandbox.skiptrace(["record", "--", "go", "test", "./..."]).success();
    assert_eq!(run_with(&project, PERIMETER), ["TestArea", "TestGreets", "TestMarshal", "TestLists"]);
}
