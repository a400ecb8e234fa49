//! The graph against a naive search, and on variants as the go command lists them.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::build::go::list::{PackageError, parse};

fn package(import_path: &str, imports: &[&str]) -> Package {
    let name = if import_path.ends_with(".test") { "main" } else { "p" };
    let for_test = import_path.split_once(" [").and_then(|(_, rest)| rest.strip_suffix(".test]"));
    Package {
        for_test: for_test.unwrap_or_default().into(),
        import_path: import_path.into(),
        name: name.into(),
        imports: imports.iter().map(|import| (*import).into()).collect(),
        ..Package::default()
    }
}

/// `a` is tested by files inside and outside; the latter import `b`, which imports `a` and is made again for it.
fn example() -> PackageGraph {
    PackageGraph::new([
        package("a", &["unsafe"]),
        package("b", &["a", "C"]),
        package("a [a.test]", &["unsafe"]),
        package("b [a.test]", &["a [a.test]"]),
        package("a_test [a.test]", &["a [a.test]", "b [a.test]"]),
        package("a.test", &["a [a.test]", "a_test [a.test]"]),
        package("b [b.test]", &["a", "gone"]),
        package("b.test", &["b [b.test]"]),
        // A folder may be called so.
        package("c.test", &["a"]),
        package("unsafe", &[]),
    ])
}

#[test]
fn variants_are_linked_where_they_are_made_for() {
    let graph = example();
    let closure = |tested| {
        graph.closure(tested).iter().map(|package| &*package.import_path).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(graph.tested().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(closure("a"), "a [a.test], b [a.test], a_test [a.test], a.test, unsafe");
    assert_eq!(closure("b"), "a, b [b.test], b.test, unsafe");
    assert_eq!(closure("c"), "");
    assert_eq!(graph.linking("a"), BTreeSet::from(["a", "b"]));
    assert_eq!(graph.linking("a_test"), BTreeSet::from(["a"]));
    assert_eq!(graph.importers("a"), BTreeSet::from(["a_test", "b", "c.test"]));
    assert_eq!(graph.linking_importers("a"), BTreeSet::from(["a", "b"]));
    assert_eq!(graph.dangling("b"), BTreeSet::from(["gone"]));
    assert_eq!(graph.dangling("a"), BTreeSet::new());
    assert_eq!(graph.linking("nowhere"), BTreeSet::new());
    let made_of = |name: &'static str| graph.made_of(move |package| package.base_path() == name);
    assert_eq!(made_of("a"), BTreeSet::from(["a", "b", "c.test"]));
    assert_eq!(made_of("a_test"), BTreeSet::from(["a"]));
    assert_eq!(made_of("nowhere"), BTreeSet::new());
    let asked: Vec<&str> = graph.asked().map(|package| &*package.import_path).collect();
    assert_eq!(asked, ["a", "b", "c.test", "unsafe"]);
}

#[test]
fn a_package_that_is_listed_twice_is_both() {
    let one = Package { go_files: vec!["a.go".into()], dep_only: true, ..package("a", &["x"]) };
    let two = Package { go_files: vec!["b.go".into()], ..package("a", &["y"]) };
    let error = PackageError { pos: "".into(), err: "bad".into() };
    let two = Package { error: Some(error), ..two };
    let graph = PackageGraph::new([one, two, package("x", &[]), package("y", &[])]);
    let both = graph.variants("a").next().unwrap();
    assert_eq!(both.go_files.len(), 2);
    assert!(!both.dep_only && both.error.is_some());
    assert_eq!(graph.importers("x"), graph.importers("y"));
    let one = Package { dir: "/a".into(), ..package("a", &[]) };
    let two = Package { dir: "/b".into(), ..package("a", &[]) };
    let graph = PackageGraph::new([one, two]);
    assert_eq!(&*graph.variants("a").next().unwrap().error.as_ref().unwrap().err, "`a` is in two folders");
}

#[test]
fn tests_without_a_binary_are_told() {
    let tests = |path| Package { test_go_files: vec!["a_test.go".into()], ..package(path, &[]) };
    let graph = PackageGraph::new([
        tests("a"),
        package("a [a.test]", &[]),
        package("a.test", &["a [a.test]"]),
        tests("lost"),
        Package { dep_only: true, ..tests("other") },
        package("plain", &[]),
    ]);
    let lost: Vec<_> = graph.without_binary().iter().map(|package| &*package.import_path).collect();
    assert_eq!(lost, ["lost"]);
}

#[test]
fn modules_are_those_of_what_is_linked() {
    let text = r#"
        {"ImportPath": "x", "Module": {"Path": "x", "Version": "v1.2.3"}}
        {"ImportPath": "y", "Module": {"Path": "y", "Version": "v1.0.0", "Replace": {"Path": "z", "Version": "v2.0.0"}}}
        {"ImportPath": "w", "Module": {"Path": "w", "Version": "v9.0.0"}}
        {"ImportPath": "m [m.test]", "Imports": ["x", "y"], "Module": {"Path": "m", "Main": true}}
        {"ImportPath": "m.test", "Name": "main", "Imports": ["m [m.test]"], "Module": {"Path": "m", "Main": true}}"#;
    let graph = PackageGraph::new(parse(text.as_bytes()).unwrap());
    let mut shown = String::new();
    for module in graph.modules("m") {
        writeln!(shown, "{} {} {:?}", module.path, module.version, module.replacement).unwrap();
    }
    insta::assert_snapshot!(shown, @r#"
    x v1.2.3 None
    y v1.0.0 Some(("z", "v2.0.0"))
    "#);
}

/// Everything that can be reached, by looking again until nothing is new.
fn naive(edges: &[(usize, usize)], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([from]);
    loop {
        let more: Vec<usize> =
            edges.iter().filter(|(from, _)| reached.contains(from)).map(|(_, to)| *to).collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            return reached;
        }
    }
}

proptest! {
    #[test]
    fn closures_are_what_a_naive_search_finds(
        edges in prop::collection::vec((0usize..12, 0usize..12), 0..30),
        tested in prop::collection::btree_set(0usize..12, 0..6),
    ) {
        // Package `n` is tested if it is among them: its test binary imports a variant with the same imports.
        let imports = |from: usize| -> Vec<String> {
            edges.iter().filter(|(node, _)| *node == from).map(|(_, to)| format!("p{to}")).collect()
        };
        let as_texts = |imports: &[String]| imports.iter().map(|import| import.clone().into()).collect();
        let mut packages = Vec::new();
        for node in 0..12 {
            packages.push(Package { imports: as_texts(&imports(node)), ..package(&format!("p{node}"), &[]) });
        }
        for node in &tested {
            let variant = format!("p{node} [p{node}.test]");
            packages.push(Package { imports: as_texts(&imports(*node)), ..package(&variant, &[]) });
            packages.push(package(&format!("p{node}.test"), &[&variant]));
        }
        let graph = PackageGraph::new(packages);
        for node in &tested {
            let found: BTreeSet<usize> = graph
                .closure(&format!("p{node}"))
                .iter()
                .filter(|package| !package.import_path.ends_with(".test"))
                .map(|package| package.base_path()[1..].parse().unwrap())
                .collect();
            prop_assert_eq!(found, naive(&edges, *node));
        }
        for node in 0..12 {
            let found: BTreeSet<usize> =
                graph.linking(&format!("p{node}")).iter().map(|tested| tested[1..].parse().unwrap()).collect();
            let expected: BTreeSet<usize> =
                tested.iter().copied().filter(|tested| naive(&edges, *tested).contains(&node)).collect();
            prop_assert_eq!(found, expected);
            let found: BTreeSet<usize> =
                graph.importers(&format!("p{node}")).iter().map(|tested| tested[1..].parse().unwrap()).collect();
            let expected: BTreeSet<usize> =
                edges.iter().filter(|(_, to)| *to == node).map(|(from, _)| *from).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
