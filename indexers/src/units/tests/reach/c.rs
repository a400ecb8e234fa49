//! C and C++.

use super::{addition, edits};

fn added(path: &str, codes: &[&str]) -> String {
    codes.iter().map(|code| addition(path, "int first;\n…", code)).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_new_or_gone_in_c() {
    insta::assert_snapshot!(added("a.c", &[
        "int area(int a) { return a; }",
        "static struct list *make(void) { return 0; }",
        "int main(void) { return 0; }",
        "void *malloc(size_t n) { return 0; }",
        "void _init(void) { }",
        "__attribute__((constructor)) static void early(void) { }",
        "TEST(Suite, Name) { CHECK(1); }",
        "REGISTER(Suite) { CHECK(1); }",
        "int proto(int a);",
        "int counter;",
        "struct list { int a; };",
        "#define LIMIT 4\n",
    ]), @"
    area: who names area
    make: who names make
    main: who was compiled from it
    malloc: who was compiled from it
    _init: who was compiled from it
    extern early: who was compiled from it
    TEST(Suite, Name): nobody
    REGISTER(Suite): who was compiled from it
    proto: who was compiled from it
    counter: who was compiled from it
    list: who was compiled from it
    #define LIMIT: who was compiled from it
    ");
}

#[test]
fn what_is_new_or_gone_in_cpp() {
    insta::assert_snapshot!(added(
        "a.cpp",
        &[
            "int area(int a) { return a; }",
            "namespace geo { int area(int a) { return a; } }",
            "namespace { int hidden() { return 1; } }",
            "template <typename T> T id(T t) { return t; }",
            "template <> int id<int>(int t) { return t; }",
            "void Point::draw() const { }",
            "Point::Point(int x) : x_(x) { }",
            "Point::~Point() { }",
            "class Point { void draw() { } };",
        "class Point { virtual void draw() { } };",
            "bool operator==(const A& a, const A& b) { return true; }",
            "Point::operator bool() const { return true; }",
            "void swap(A& a, A& b) { }",
            "Iterator begin(A& a) { return 0; }",
            "auto deduced() { return 1; }",
            "TEST(Suite, Name) { }",
            "TEST_F(Fixture, Works) { }",
            "TEST_CASE(\"grows\", \"[vector]\") { }",
            "PLUGIN(Name) { }",
            "using namespace std;",
            "static Registrar registrar(1);",
        ]
    ), @r#"
    area(int a): who names area
    geo::area(int a): who names area
    namespace geo: who was compiled from it
    (anonymous)::hidden(): who was compiled from it
    namespace (anonymous): who was compiled from it
    id(T t): who names id
    id<int>(int t): who was compiled from it
    Point::draw() const: who names draw
    Point::Point(int x): who was compiled from it
    Point::~Point(): who was compiled from it
    Point::draw(): who names draw
    Point: who was compiled from it
    Point::extern draw(): who was compiled from it
    Point: who was compiled from it
    operator==(const A& a, const A& b): who was compiled from it
    Point::operator bool() const: who was compiled from it
    swap(A& a, A& b): who was compiled from it
    begin(A& a): who was compiled from it
    deduced(): who was compiled from it
    TEST(Suite, Name): nobody
    TEST_F(Fixture, Works): nobody
    TEST_CASE("grows", "[vector]"): nobody
    PLUGIN(Name): who was compiled from it
    using namespace std: who was compiled from it
    registrar: who was compiled from it
    "#);
}

#[test]
fn half_of_a_function() {
    let source = "class Point : Base {\n  Point(int x) : x_(x) { a(); }\n  int draw() const { return 1; }\n};\n\
                  int odd() {\n#define ODD 1\n  return ODD; }\nint low() { asm(\"nop\"); return 2; }\n\
                  TEST(Suite, Name) { CHECK(3); }\nTEST_CASE(\"grows\") { CHECK(4); }\nint here() { return __LINE__ + 5; }\n";
    let edit = |old: &str, new: &str| {
        assert_eq!(source.matches(old).count(), 1, "{old}");
        edits("a.cc", source, &source.replace(old, new))
    };
    assert_eq!(edit("return 1", "return 0"), "Body Point::draw() const: nobody");
    assert_eq!(edit("x_(x)", "x_(x + 1)"), "Body Point::Point(int x): nobody");
    assert_eq!(edit("a();", "b();"), "Body Point::Point(int x): nobody");
    assert_eq!(edit("int draw", "long draw"), "Head Point::draw() const: who names draw");
    assert_eq!(edit("ODD 1", "ODD 0"), "Head odd(): who names odd");
    assert_eq!(edit("return 2", "return 0"), "Head low(): who names low");
    assert_eq!(edit("CHECK(3)", "CHECK(0)"), "Body TEST(Suite, Name): nobody");
    assert_eq!(edit("CHECK(4)", "CHECK(0)"), "Body TEST_CASE(\"grows\"): nobody");
    assert_eq!(edit("+ 5", "+ 6"), "Body here(): nobody");
    assert_eq!(
        edit(": Base", ": Other"),
        "Head Point::Point(int x): who was compiled from it\nHead Point::draw() const: who names draw\n\
         Head Point: who was compiled from it"
            .lines()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn what_a_class_holds_mentions_it() {
    use super::super::super::{Language, cut};
    use skiptrace_engine::fingerprint::Identifier;
    let units = cut(Some(Language::Cpp), b"struct Point : Base { int draw() { return 1; } };");
    let draw = units.iter().find(|unit| &*unit.name == "Point::draw()").unwrap();
    for name in ["draw", "Point", "Base"] {
        assert!(draw.identifiers.contains(&Identifier::of(name)), "{name}");
    }
}

#[test]
fn a_place_in_a_body_concerns_whoever_executes_it() {
    let moved = |code: &str| edits("a.cpp", code, &format!("\n{code}"));
    assert_eq!(moved("int f() { return __LINE__; }"), "Body f(): nobody");
    assert_eq!(moved("#define HERE __LINE__\nint f() { return HERE; }"), "Body f(): nobody");
    let defaulted = "int f(int at = __LINE__) { return at; }";
    assert_eq!(moved(defaulted), "Head f(int at = __LINE__): who names f");
}
