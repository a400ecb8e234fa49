//! What recorders ask of Go files.

use super::super::go_facts::{GoFacts, GoTestKind, acts_after_tests, go_facts};
use super::super::{Language, cut};

fn facts(body: &str) -> GoFacts {
    go_facts(format!("package p_test\n{body}\n").as_bytes()).expect("it reads like Go")
}

/// Returns what the go tool runs of one function.
fn kind(function: &str) -> Option<GoTestKind> {
    let facts = facts(function);
    let [test] = facts.tests.as_slice() else { return None };
    assert_eq!(test.unit, 1);
    Some(test.kind)
}

#[test]
fn tests_are_told_by_name_and_parameters() {
    use GoTestKind::*;
    for (function, expected) in [
        ("func TestA(t *testing.T) {}", Some(Test)),
        ("func Test(*testing.T) {}", Some(Test)),
        ("func Test_a(_ *T) {}", Some(Test)),
        ("func Test1(t *tt.T,) {}", Some(Test)),
        ("func TestÄ(t /* it */ *testing.T) {}", Some(Test)),
        ("func Testa(t *testing.T) {}", None),
        ("func Testä(t *testing.T) {}", None),
        ("func TestA(t testing.T) {}", None),
        ("func TestA(t *testing.B) {}", None),
        ("func TestA(t, u *testing.T) {}", None),
        ("func TestA(t *testing.T, n int) {}", None),
        ("func TestA(t *testing.T) error { return nil }", None),
        ("func TestA[T any](t *testing.T) {}", None),
        ("func (s S) TestA(t *testing.T) {}", None),
        ("func TestA() {}", None),
        ("var TestA = func(t *testing.T) {}", None),
        ("func TestMain(m *testing.M) {}", Some(Main)),
        ("func TestMain(t *testing.T) {}", Some(Test)),
        ("func TestMain() {}", None),
        ("func BenchmarkA(b *testing.B) {}", Some(Benchmark)),
        ("func FuzzA(f *testing.F) {}", Some(Fuzz)),
        ("func helper(t *testing.T) {}", None),
        ("func ExampleA() {}", Some(SilentExample)),
        ("func ExampleA(x int) {}", None),
        ("func Examplea() {}", None),
        ("func Example_a() {\n f()\n // Output:\n}", Some(Example)),
        ("func Example() {\n f()\n // output: x\n}", Some(Example)),
        ("func Example() {\n f()\n //\n //  UNORDERED OUTPUT: x\n}", Some(Example)),
        ("func Example() {\n f()\n /* Output: x */\n}", Some(Example)),
        ("func Example() {\n // Output: x\n f()\n}", Some(Example)),
        ("func Example() {\n // Output: x\n f()\n // why\n}", Some(SilentExample)),
        ("func Example() {\n f()\n // Output: x\n\n // why\n}", Some(SilentExample)),
        ("func Example() {\n f()\n // why\n // Output: x\n}", Some(SilentExample)),
        ("func Example() {\n f() // why\n // Output: x\n}", Some(Example)),
        ("func Example() {\n f() // Output: x\n // y\n}", Some(SilentExample)),
        ("func Example() {\n f()\n // Output x\n}", Some(SilentExample)),
    ] {
        assert_eq!(kind(function), expected, "{function}");
    }
}

#[test]
fn a_file_says_where_its_tests_are_and_what_it_imports() {
    let source = "// +build a\n\n//go:build linux\n\n// About.\npackage own\n\nimport (\n\t\"testing\"\n\tm `math`\n)\n\n\
                  import \"C\"\n\n// TestA tests.\nfunc TestA(t *testing.T) {\n}\n\nfunc help() {}\n";
    let facts = go_facts(source.as_bytes()).unwrap();
    insta::assert_debug_snapshot!(facts, @r#"
    GoFacts {
        package: "own",
        tests: [
            GoTest {
                name: "TestA",
                kind: Test,
                unit: 4,
                lines: LineSpan {
                    start: 16,
                    end: 17,
                },
            },
        ],
        imports: [
            GoImport {
                name: None,
                path: "testing",
            },
            GoImport {
                name: Some(
                    "m",
                ),
                path: "math",
            },
            GoImport {
                name: None,
                path: "C",
            },
        ],
        has_line_directive: false,
        imports_c: true,
        header_end_line: 6,
        constraints: [
            "// +build a",
            "//go:build linux",
        ],
    }
    "#);
    let units = cut(Some(Language::Go), source.as_bytes());
    let test = &facts.tests[0];
    assert_eq!((&*units[test.unit].name, units[test.unit].lines), (test.name.as_str(), test.lines));
}

#[test]
fn line_directives_are_told() {
    assert!(facts("//line a.y:1\nfunc f() {}").has_line_directive);
    assert!(facts("func f() {\n/*line :7:1*/ g() }").has_line_directive);
    assert!(!facts("//line up\n// line a.y:1\nfunc f() {}").has_line_directive);
    assert_eq!(go_facts(b"no go"), None);
}

#[test]
fn what_comes_after_tests_is_told() {
    for (body, expected) in [
        ("", true),
        ("m.Run()", false),
        ("m.Run() // Close()", false),
        ("os.Exit(m.Run())", false),
        ("setup()\n code := m.Run()\n os.Exit(code)", false),
        ("var code int\n code = m.Run()\n os.Exit(code)\n", false),
        ("if setup() { os.Exit(m.Run()) }", false),
        ("m.Run(); Close()", true),
        ("code := m.Run()\n Close()\n os.Exit(code)", true),
        ("defer Close()\n m.Run()", true),
        ("os.Exit(run(m))", true),
        ("goleak.VerifyTestMain(m)", true),
        ("code := m.Run()\n if code == 0 { code = check() }\n os.Exit(code)", true),
        ("os.Exit(m.Run() + close())", true),
        ("os.Exit(Close(m.Run()))", true),
        ("os.Exit(func() int { setup(); return m.Run() }())", false),
        ("for i := 0; i < 2; i++ { Close(); m.Run() }", true),
        ("if m.Run() != 0 { Close() }", true),
        ("run := m.Run\n os.Exit(run())", true),
        ("m.Run()\n m.Run()", true),
        ("n := m\n n.Run()", true),
    ] {
        let source = format!("package p_test\nfunc TestMain(m *testing.M) {{\n{body}\n}}\n");
        assert_eq!(acts_after_tests(source.as_bytes()), expected, "{body}");
    }
    assert!(!acts_after_tests(b"package p\nfunc TestA(t *testing.T) { t.Run() ; Close() }\n"));
    assert!(acts_after_tests(b"no go"));
}

#[test]
fn goleak_does_nothing_of_the_repository_s_after_tests() {
    let acts = |import: &str, body: &str| {
        let source = format!("package p\nimport {import}\nfunc TestMain(m *testing.M) {{ {body} }}\n");
        acts_after_tests(source.as_bytes())
    };
    let goleak = "\"go.uber.org/goleak\"";
    for body in [
        "goleak.VerifyTestMain(m)",
        "setUp()\n goleak.VerifyTestMain(m)\n",
        "goleak.VerifyTestMain(m, goleak.IgnoreCurrent(), goleak.IgnoreTopFunction(\"a.b\"),\n)",
    ] {
        assert!(!acts(goleak, body), "{body}");
        assert!(!acts(&format!("(\n\"testing\"\n{goleak}\n)"), body), "{body}");
        assert!(acts("\"example.org/goleak\"", body), "{body}");
        assert!(acts(&format!("goleak {goleak}"), body), "{body}");
    }
    for body in [
        "goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { close() }))",
        "goleak.VerifyTestMain(m, options()...)",
        "goleak.VerifyTestMain(m, goleak.IgnoreTopFunction(name()))",
        "defer close()\n goleak.VerifyTestMain(m)",
        "goleak.VerifyTestMain(m)\n close()",
        "run(goleak.VerifyTestMain(m))",
        "goleak.VerifyTestMain(wrap(m))",
        "x.goleak.VerifyTestMain(m)",
        "go goleak.VerifyTestMain(m)",
    ] {
        assert!(acts(goleak, body), "{body}");
    }
}
