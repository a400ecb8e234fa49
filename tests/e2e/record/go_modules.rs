//! Several modules, and what does not compile.

use insta::assert_snapshot;
use skiptrace_tests::go_project::{GoProject, check};
use skiptrace_tests::tools::require;

use crate::PROGRAM;

/// A package with one function that its one test calls.
fn package(project: &GoProject, folder: &str, module: &str, import: &str, calls: &str) {
    let name = folder.rsplit('/').next().unwrap();
    let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let imports = if import.is_empty() { String::new() } else { format!("\t\"{import}\"\n") };
    project.sandbox.write(
        format!("{folder}/{name}.go"),
        &format!(
            "package {name}\n\nimport (\n{imports}\t\"{module}/truth\"\n)\n\nfunc {title}() {{\n\ttruth.Hit(\"{title}\")\n\t{calls}\n}}\n"
        ),
    );
    project.sandbox.write(
        format!("{folder}/{name}_test.go"),
        &format!(
            "package {name}\n\nimport (\n\t\"testing\"\n\n\t\"{module}/truth\"\n)\n\nfunc Test{title}(t *testing.T) {{\n\ttruth.Test(t.Name())\n\t{title}()\n}}\n"
        ),
    );
}

/// A workspace, with a module that is replaced, and one that is nobody's.
#[test]
fn several_modules() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    let truth = "example.org/shared";
    project.sandbox.write("shared/go.mod", "module example.org/shared\n\ngo 1.21\n");
    project.add_truth("shared/truth");
    let module = |folder: &str, name: &str, requires: &[(&str, &str)]| {
        let mut text = format!("module {name}\n\ngo 1.21\n");
        for (required, path) in requires {
            text += &format!("\nrequire {required} v0.0.0\n\nreplace {required} => {path}\n");
        }
        project.sandbox.write(format!("{folder}/go.mod"), &text);
    };
    let shared = ("example.org/shared", "../shared");
    module("one", "example.org/one", &[shared]);
    package(&project, "one/alpha", truth, "", "");
    module(
        "two",
        "example.org/two/v5",
        &[shared, ("example.org/one", "../one"), ("vanity.org/three", "../three")],
    );
    package(&project, "two/beta", truth, "example.org/one/alpha", "alpha.Alpha()");
    package(&project, "two/gamma", truth, "vanity.org/three/inside", "inside.Inside()");
    module("three", "vanity.org/three", &[shared]);
    package(&project, "three/inside", truth, "", "");
    module("two/nested", "example.org/two/v5/nested", &[("example.org/shared", "../../shared")]);
    package(&project, "two/nested/delta", truth, "", "");
    project.commit(&[]);

    // 1. A module alone.
    let work = project.sandbox.work();
    let two = project.record_from(&work.join("two"), &[], "go test ./...");
    assert_snapshot!(two.tests(), @"
    example.org/two/v5/beta TestBeta: passed
    example.org/two/v5/gamma TestGamma: passed
    ");
    assert_eq!(check(&two, &[], &[]), 2, "{}", two.output.snapshot());
    assert!(two.truth["TestBeta"].contains("Alpha") && two.truth["TestGamma"].contains("Inside"));
    let nested = project.record_from(&work.join("two/nested"), &[], "go test ./...");
    assert_eq!(check(&nested, &[], &[]), 1, "{}", nested.output.snapshot());

    // 2. All in a workspace.
    let uses = "go 1.21\n\nuse (\n\t./one\n\t./two\n\t./two/nested\n)\n";
    project.commit(&[("go.work", uses)]);
    let all = project.record(&[], "go test ./one/... ./two/... ./two/nested/...");
    assert_snapshot!(all.tests(), @"
    example.org/one/alpha TestAlpha: passed
    example.org/two/v5/beta TestBeta: passed
    example.org/two/v5/gamma TestGamma: passed
    example.org/two/v5/nested/delta TestDelta: passed
    ");
    assert_eq!(check(&all, &[], &[]), 4, "{}", all.output.snapshot());
    let (beta, _) = all.test("TestBeta");
    assert!(all.files(beta).contains("go.work"), "{:?}", all.files(beta));
    assert_eq!(project.status(), "");
}

/// What is vendored has no counters, and is known all the same.
#[test]
fn vendored_modules() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.sandbox.write("main/go.mod", "module example.org/main\n\ngo 1.21\n\nrequire example.org/dep v0.0.0\n\nreplace example.org/dep => ../dep\n");
    project.add_truth("main/truth");
    package(&project, "main/user", "example.org/main", "example.org/dep", "dep.Dep()");
    package(&project, "main/other", "example.org/main", "", "");
    project.sandbox.write("dep/go.mod", "module example.org/dep\n\ngo 1.21\n");
    project.sandbox.write("dep/dep.go", "package dep\n\nfunc Dep() {}\n");
    let main = project.sandbox.work().join("main");
    let mut vendor = project.sandbox.command("go");
    assert!(vendor.args(["mod", "vendor"]).current_dir(&main).status().unwrap().success());
    project.commit(&[]);
    let recorded = project.record_from(&main, &[], "go test ./...");
    assert_eq!(check(&recorded, &["Dep"], &[]), 2, "{}", recorded.output.snapshot());
    let files = |name: &str| recorded.files(recorded.test(name).0);
    assert!(files("TestUser").contains("main/vendor/example.org/dep/dep.go"), "{:?}", files("TestUser"));
    assert!(!files("TestOther").contains("main/vendor/example.org/dep/dep.go"), "{:?}", files("TestOther"));
    assert!(files("TestUser").contains("main/vendor/modules.txt"), "{:?}", files("TestUser"));
    assert_eq!(project.status(), "");
}

/// Of what is outside of the repository nobody knows when it changes.
#[test]
fn modules_from_elsewhere() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.sandbox.write("go.mod", "module example.org/main\n\ngo 1.21\n\nrequire example.org/dep v0.0.0\n\nreplace example.org/dep => ../elsewhere\n");
    project.add_truth("truth");
    package(&project, "user", "example.org/main", "example.org/dep", "dep.Dep()");
    package(&project, "other", "example.org/main", "", "");
    project.sandbox.write("../elsewhere/go.mod", "module example.org/dep\n\ngo 1.21\n");
    project.sandbox.write("../elsewhere/dep.go", "package dep\n\nfunc Dep() {}\n");
    project.commit(&[]);
    let recorded = project.record(&[], "go test ./...");
    assert_snapshot!(recorded.tests(), @"
    example.org/main/other TestOther: passed
    example.org/main/user TestUser: passed, opaque
    ");
    let said = recorded.output.stderr();
    assert!(said.contains("which is not in the repository"), "{said}");
    assert_eq!(check(&recorded, &[], &[]), 1);
}

/// What cannot be built is named, and the others are recorded.
#[test]
fn packages_that_cannot_be_built() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.sandbox.write("go.mod", "module example.org/main\n\ngo 1.21\n");
    project.add_truth("truth");
    for name in ["fine", "bad", "badtest", "vetted", "importing", "dies", "uses"] {
        package(&project, name, "example.org/main", "", "");
    }
    package(&project, "importing", "example.org/main", "example.org/main/bad", "bad.Bad()");
    // What is wrong with tests is not wrong with what they test.
    package(&project, "uses", "example.org/main", "example.org/main/syntax", "syntax.Syntax()");
    package(&project, "syntax", "example.org/main", "", "");
    let add = |path: &str, text: &str| project.sandbox.write(path, &(project.sandbox.read(path) + text));
    add("bad/bad.go", "\nvar n int = \"text\"\n");
    add("badtest/badtest_test.go", "\nvar n int = \"text\"\n");
    add("vetted/vetted_test.go", "\nfunc TestVet(t *testing.T) {\n\tt.Logf(\"%d\", \"text\")\n}\n");
    add("dies/dies.go", "\nfunc init() {\n\tpanic(\"it dies at once\")\n}\n");
    project.sandbox.write("syntax/syntax_test.go", "package syntax\n\nfunc TestSyntax(\n");
    project.sandbox.write("empty/empty.go", "package empty\n");
    project.commit(&[]);
    let recorded = project.record(&[], "go test ./...");
    assert_snapshot!(recorded.tests(), @"
    example.org/main/fine TestFine: passed
    example.org/main/uses TestUses: passed
    ");
    assert_eq!(check(&recorded, &[], &[]), 2);
    let said = recorded.output.code(1).stderr();
    for words in [
        "bad/bad.go:12:13: cannot use \"text\"",
        "badtest/badtest_test.go:14:13: cannot use \"text\"",
        "format %d has arg \"text\" of wrong type string",
        "6 tests did not run, and cannot be skipped until they are recorded: `example.org/main/bad (all tests)`, \
         `example.org/main/badtest (all tests)`, `example.org/main/importing (all tests)`, `example.org/main/vetted \
         (all tests)`, `example.org/main/syntax (all tests)` and 1 more",
        "syntax/syntax_test.go:3:18: expected ')', found 'EOF'",
        "the tests in `$DIR/work/dies` cannot be listed",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(said.matches("bad.go:12:13").count(), 1, "{said}");
    assert_eq!(project.status(), "");

    // Where nothing can be built, nothing is recorded.
    let file = project.sandbox.path().join("nothing.idx");
    let output = project.sandbox.output(&mut project.record_command(&[], "go test ./bad ./importing", &file));
    let said = output.code(5).stderr();
    assert!(said.contains("cannot use \"text\"") && !file.exists(), "{said}");
    assert_eq!(project.left_over(), [""; 0]);
}

/// C has no counters, and the Go code around it has.
#[test]
fn packages_with_c() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    if require("cc").is_none() {
        return;
    }
    project.sandbox.write("go.mod", "module example.org/main\n\ngo 1.21\n");
    project.add_truth("truth");
    project.commit(&[
        (
            "native/native.go",
            "package native\n\n// #include \"add.h\"\n// static int twice(int n) { return 2 * n; }\nimport \"C\"\n\n\
             import \"example.org/main/truth\"\n\nfunc Add(a, b int) int {\n\ttruth.Hit(\"Add\")\n\treturn int(C.add(C.int(a), C.int(b)))\n}\n\n\
             func Twice(n int) int {\n\ttruth.Hit(\"Twice\")\n\treturn int(C.twice(C.int(n)))\n}\n",
        ),
        ("native/plain.go", "package native\n\nimport \"example.org/main/truth\"\n\nfunc Plain() {\n\ttruth.Hit(\"Plain\")\n}\n"),
        ("native/add.h", "int add(int a, int b);\n"),
        ("native/add.c", "#include \"add.h\"\nint add(int a, int b) { return a + b; }\n"),
        (
            "native/native_test.go",
            "package native\n\nimport (\n\t\"testing\"\n\n\t\"example.org/main/truth\"\n)\n\nfunc TestAdd(t *testing.T) {\n\t\
             truth.Test(t.Name())\n\tAdd(1, 2)\n}\n\nfunc TestPlain(t *testing.T) {\n\ttruth.Test(t.Name())\n\tPlain()\n}\n",
        ),
    ]);
    let recorded = project.record(&[], "go test ./...");
    assert_eq!(check(&recorded, &["Add", "Twice"], &[]), 2, "{}", recorded.output.snapshot());
    for name in ["TestAdd", "TestPlain"] {
        let files = recorded.files(recorded.test(name).0);
        assert!(files.contains("native/add.c") && files.contains("native/add.h"), "{name}: {files:?}");
    }
    assert!(!recorded.truth["TestPlain"].contains("Add"));
    assert_eq!(project.status(), "");
}
