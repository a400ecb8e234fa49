//! Packages of modules as they are laid out in repositories.

use super::*;

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

fn modules() -> Modules {
    Modules::new()
        .with_module("example.com/app", path(""))
        .with_module("example.com/app/nested/v5", path("nested"))
        .with_module("gopkg.in/vanity.v2", path("third/vanity"))
        .with_module("github.com/vendored/lib", path("vendor/github.com/vendored/lib"))
        .with_module("short", path("short"))
        .with_module_elsewhere("example.com/app/outside")
        .with_package("command-line-arguments", path("scripts"))
        .with_folder("/work/repo", path(""))
        .with_folder_elsewhere("/usr/local/go")
        .with_folder_elsewhere("/work/repo/cache")
}

fn home(path: &str, module: &str, name: &str, file: &str) -> String {
    match modules().home(&PackageId { path, module, name }, file) {
        Home::Repo(path) => path.to_string(),
        Home::Whole(files) => format!("{files:?}"),
        Home::Elsewhere => "elsewhere".into(),
        Home::Unknown => "unknown".into(),
    }
}

#[test]
fn the_longest_module_is_a_packages_home() {
    for (package, module, file, expected) in [
        ("example.com/app", "example.com/app", "main.go", "main.go"),
        ("example.com/app/a/b", "example.com/app", "x.go", "a/b/x.go"),
        // Nested modules, with and without being told which it is.
        ("example.com/app/nested/v5/p", "example.com/app/nested/v5", "x.go", "nested/p/x.go"),
        ("example.com/app/nested/v5/p", "", "x.go", "nested/p/x.go"),
        ("example.com/app/nested/v55", "", "x.go", "nested/v55/x.go"),
        ("example.com/app/nested", "example.com/app", "x.go", "nested/x.go"),
        // Nobody knows this module, whatever is around it.
        ("example.com/app/other", "example.com/app/other", "x.go", "unknown"),
        ("example.com/app/outside/p", "example.com/app/outside", "x.go", "elsewhere"),
        ("example.com/app/outside/p", "", "x.go", "elsewhere"),
        ("example.com/application", "", "x.go", "unknown"),
        ("gopkg.in/vanity.v2/deep", "gopkg.in/vanity.v2", "x.go", "third/vanity/deep/x.go"),
        ("github.com/vendored/lib", "github.com/vendored/lib", "x.go", "vendor/github.com/vendored/lib/x.go"),
        ("short/p", "short", "x.go", "short/p/x.go"),
        ("fmt", "", "print.go", "elsewhere"),
        ("vendor/golang.org/x/net/idna", "", "idna.go", "elsewhere"),
        ("fmtx", "", "print.go", "unknown"),
        ("fmt", "fmt", "print.go", "unknown"),
        ("command-line-arguments", "", "gen.go", "scripts/gen.go"),
    ] {
        assert_eq!(
            home(package, module, "p", &format!("{package}/{file}")),
            expected,
            "{package} of {module:?}"
        );
    }
}

#[test]
fn variants_are_their_packages() {
    let app = "example.com/app";
    for (package, name, file, expected) in [
        ("example.com/app/p [example.com/app/p.test]", "p", "example.com/app/p/x.go", "p/x.go"),
        ("example.com/app/p_test", "p_test", "example.com/app/p_test/x.go", "p/x.go"),
        (
            "example.com/app/p_test [example.com/app/p.test]",
            "p_test",
            "example.com/app/p_test/x.go",
            "p/x.go",
        ),
        // A folder may really be called so.
        ("example.com/app/p_test", "p", "example.com/app/p_test/x.go", "p_test/x.go"),
        ("example.com/app_test", "app_test", "example.com/app_test/x.go", "x.go"),
        ("example.com/app/p.test", "main", "example.com/app/p.test/_testmain.go", "elsewhere"),
        ("example.com/app/p", "p", "_testmain.go", "elsewhere"),
    ] {
        assert_eq!(home(package, app, name, file), expected, "{package} {name}");
    }
}

#[test]
fn files_of_another_make_are_unknown() {
    let app = "example.com/app";
    for (file, expected) in [
        ("example.com/app/p/x.y", "unknown"),
        ("example.com/app/other/x.go", "unknown"),
        ("x.go", "unknown"),
        ("example.com/app/p/..", "unknown"),
        ("example.com/app/p/.", "unknown"),
        ("", "unknown"),
        ("/work/repo/gen/x.go", "gen/x.go"),
        ("/work/repo/cache/x.go", "elsewhere"),
        ("/work/repository/x.go", "unknown"),
        ("/usr/local/go/src/fmt/print.go", "elsewhere"),
        ("C:\\src\\x.go", "unknown"),
    ] {
        assert_eq!(home("example.com/app/p", app, "p", file), expected, "{file}");
    }
}

#[test]
fn directives_move_functions_into_any_file_that_has_one() {
    let [a, b, c, d] = ["p/a.go", "p/b.go", "p/c.go", "p/d.go"].map(path);
    let sources = [
        (&a, "package p\n//line grammar.y:10\nfunc A() {}\n//line b.go:7:3\nfunc B() {}\n"),
        (&b, "package p\n\tx := 1 /*line dir/grammar.y:4:2*/ + 2\n//line :40\n"),
        (&d, "package p\n//line :4:2\n"),
        (&c, "package p\n// line comment.y:1\n//line nonsense\n //line indented.y:1\n"),
    ];
    let modules = Modules::new().with_module("m", path("")).with_sources("m/p", sources);
    let package = PackageId { path: "m/p", module: "m", name: "p" };
    let whole = |files: &[&RepoPath]| Home::Whole(files.iter().map(|path| (*path).clone()).collect());
    assert_eq!(modules.home(&package, "m/p/grammar.y"), whole(&[&a, &b]));
    assert_eq!(modules.home(&package, "m/p/b.go"), whole(&[&a, &b]));
    assert_eq!(modules.home(&package, "m/p/."), whole(&[&b]));
    assert_eq!(modules.home(&package, "m/p/comment.y"), Home::Unknown);
    assert_eq!(modules.home(&package, "m/p/c.go"), Home::Repo(c.clone()));
    assert_eq!(modules.home(&package, "m/p/d.go"), whole(&[&d]));
    // A directive inside of a function.
    assert_eq!(modules.moved(&package, "m/p/a.go"), whole(&[&a, &b, &d]));
    assert_eq!(modules.moved(&package, "m/p/c.go"), whole(&[&a, &b, &c, &d]));
    let other = PackageId { path: "m/q", ..package };
    assert_eq!(modules.moved(&other, "m/q/a.go"), Home::Unknown);
    assert_eq!(modules.home(&other, "m/q/a.go"), Home::Repo(path("q/a.go")));
}
