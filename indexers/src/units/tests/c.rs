//! C and C++, seen.

use super::super::Language;

pub(super) const EXAMPLE: &str = r#"#include <vector>
#include "own.h"
#define LIMIT 4
#define MAX(a, b) \
    ((a) > (b) ? (a) : (b))

namespace geo {
namespace {
int hidden(int x) { return x; }
}
class Point : public Base {
public:
    Point(int x) : x_(x) {}
    ~Point() = default;
    int x() const { return x_; }
    virtual void draw();
    template <typename T> T as() const { return T(x_); }
    struct Inner { void in() {} };
private:
    int x_ = 1;
};
void Point::draw() { auto f = [this] { return x_; }; f(); }
int area(int a) { return a; }
int area(double a) { return 1; }
template <typename T> T id(T t) { return t; }
constexpr int folded() { return 1; }
}

#ifdef UNIX
static int host(void) { return 1; }
#elif defined(WIN)
static int host(void) { return 2; }
#else
#error "don't know"
#endif

extern "C" {
int exported(void) { return 1; }
}
typedef struct { int a; } Plain;
enum Color { RED, GREEN };
int counter = 0, other;
using namespace std;
bool operator==(const geo::Point& a, const geo::Point& b) { return true; }

TEST(Suite, Name) { EXPECT_EQ(1, 2); }
TEST_F(Fixture, Works) { }
TEST_CASE("vectors grow", "[vector]") {
    SECTION("by one") { REQUIRE(1); }
}
"#;

pub(super) const PLAIN: &str = r#"#include <stdio.h>
#if LIMIT > 3 && \
    defined(MORE)
int more(void) { return 1; }
#endif
#undef LIMIT
struct list { struct list *next; int (*cmp)(const void *, const void *); };
static const char *names[] = { "a", "b" };
int proto(int a);
static struct list *make(int n) { return NULL; }
int (*chosen(int n))(const void *, const void *) { return 0; }
int main(int argc, char **argv) { printf("%d\n", argc); return 0; }
"#;

#[test]
fn a_file_of_cpp_and_its_units() {
    insta::assert_snapshot!(super::listing(Language::Cpp, EXAMPLE), @r##"
    item       1-1  #include <vector>
    item       2-2  #include "own.h"
    item       3-3  #define LIMIT
    item       4-5  #define MAX
    item       7-7  namespace geo
    item       8-8  geo::namespace (anonymous)
    function   9-9  geo::(anonymous)::hidden(int x)
    item      11-21 geo::Point
    function  13-13 geo::Point::Point(int x)
    function  15-15 geo::Point::x() const
    function  17-17 geo::Point::as() const
    item      18-18 geo::Point::Inner
    function  18-18 geo::Point::Inner::in()
    function  22-22 geo::Point::draw()
    function  23-23 geo::area(int a)
    function  24-24 geo::area(double a)
    function  25-25 geo::id(T t)
    item      26-26 geo::folded()
    item      29-29 #ifdef UNIX
    function  30-30 host(void)
    item      31-31 #elif defined(WIN)
    function  32-32 host(void)#2
    item      33-33 #else
    item      34-34 #error "don't know"
    item      37-37 extern "C"
    function  38-38 exported(void)
    item      40-40 Plain
    item      41-41 Color
    item      42-42 counter
    item      43-43 using namespace std
    function  44-44 operator==(const geo::Point& a, const geo::Point& b)
    function  46-46 TEST(Suite, Name)
    function  47-47 TEST_F(Fixture, Works)
    function  48-50 TEST_CASE("vectors grow", "[vector]")
    "##);
}

#[test]
fn a_file_of_c_and_its_units() {
    insta::assert_snapshot!(super::listing(Language::C, PLAIN), @r##"
    item       1-1  #include <stdio.h>
    item       2-3  #if LIMIT > 3 && defined(MORE)
    function   4-4  more
    item       6-6  #undef LIMIT
    item       7-7  list
    item       8-8  names
    item       9-9  proto
    function  10-10 make
    function  11-11 chosen
    function  12-12 main
    "##);
}

/// Returns what changes when `new` takes the place of `old`.
fn edit(old: &str, new: &str) -> Vec<String> {
    assert_eq!(EXAMPLE.matches(old).count(), 1, "{old}");
    super::changed(Language::Cpp, EXAMPLE, &EXAMPLE.replace(old, new))
}

#[test]
fn an_edit_changes_the_unit_that_it_is_in() {
    assert_eq!(edit("[this] { return x_; }", "[this] { return 1; }"), ["geo::Point::draw()"]);
    assert_eq!(edit("const { return x_; }", "const { return 2; }"), ["geo::Point::x() const"]);
    assert_eq!(edit("x_ = 1", "x_ = 2"), ["geo::Point"]);
    assert_eq!(edit("double a) { return 1", "double a) { return 2"), ["geo::area(double a)"]);
    assert_eq!(edit("EXPECT_EQ(1, 2)", "EXPECT_EQ(1, 1)"), ["TEST(Suite, Name)"]);
    assert_eq!(edit("REQUIRE(1)", "REQUIRE(2)"), [r#"TEST_CASE("vectors grow", "[vector]")"#]);
    assert_eq!(edit("LIMIT 4", "LIMIT 5"), ["#define LIMIT"]);
    assert_eq!(edit("? (a) : (b)", "? (b) : (a)"), ["#define MAX"]);
}

#[test]
fn layout_and_comments_change_nothing() {
    for (old, new) in [
        ("LIMIT 4", "LIMIT 4 // four"),
        ("#define LIMIT", "#  define LIMIT"),
        ("int area(int a) {", "int area(int a)\n// why\n{"),
        ("#endif", "#endif /* UNIX */"),
        ("x_ = 1", "x_\n=\n1"),
    ] {
        assert_eq!(edit(old, new), [""; 0], "{new}");
    }
}

#[test]
fn what_looks_like_layout_and_is_not_changes_its_unit() {
    let both = |before: &str, after: &str| super::changed(Language::Cpp, before, after);
    assert_eq!(both("#define F(x) (x)\n", "#define F (x) (x)\n"), ["#define F"]);
    assert_eq!(both("int f() { return a - -b; }", "int f() { return a --b; }"), ["f()"]);
    assert_eq!(both("int f() { return STR(a+b); }", "int f() { return STR(a + b); }"), ["f()"]);
    assert_eq!(both("void f() { g(\"a//b\"); }", "void f() { g(\"a//c\"); }"), ["f()"]);
    assert_eq!(both("void f() { g(R\"x(\" // a)x\"); }", "void f() { g(R\"x(\" // b)x\"); }"), ["f()"]);
    assert_eq!(both("int f() { return 1'0; /* ' */ }", "int f() { return 1'1; /* ' */ }"), ["f()"]);
    assert_eq!(both("#include <a//b>\nint x;", "#include <a//c>\nint x;").len(), 2);
    // The end of the line ends the directive.
    assert!(!both("#define A\nint x;\n", "#define A int x;\n").is_empty());
    // A backslash takes the next line into a comment.
    assert!(!both("int a; // b\nint c;\n", "int a; // b\\\nint c;\n").is_empty());
}

#[test]
fn the_conditions_that_a_unit_stands_under_are_part_of_it() {
    let before = "#ifdef A\nint f() { return 1; }\n#endif\nint g() { return 1; }\n";
    let after = "#ifdef A\n#endif\nint f() { return 1; }\nint g() { return 1; }\n";
    assert_eq!(super::changed(Language::Cpp, before, after), ["f()"]);
    let other = before.replace("int f()", "#else\nint f()");
    assert_eq!(super::changed(Language::Cpp, before, &other), ["#else", "f()"]);
    // Even where braces do not match in each branch.
    let broken =
        "#ifdef A\nint f(int x) {\n#else\nint f(long x) {\n#endif\nreturn 1; }\nint g() { return 1; }\n";
    let turned = broken.replace("#ifdef A", "#ifdef B");
    assert!(!super::changed(Language::Cpp, broken, &turned).is_empty());
}

#[test]
fn the_order_of_directives_counts() {
    let before = "#define A 1\nint f() { return A; }\n#undef A\n#define A 2\nint g() { return 3; }\n";
    let after = "#define A 1\n#undef A\n#define A 2\nint f() { return A; }\nint g() { return 3; }\n";
    assert!(!super::changed(Language::Cpp, before, after).is_empty());
    let before = "#define A 1\n#include \"a.h\"\n";
    let after = "#include \"a.h\"\n#define A 1\n";
    assert_eq!(super::changed(Language::Cpp, before, after), ["#include \"a.h\""]);
    // Functions may move.
    let before = "int f() { return 1; }\nint g() { return 2; }\n";
    let after = "int g() { return 2; }\nint f() { return 1; }\n";
    assert_eq!(super::changed(Language::Cpp, before, after), [""; 0]);
}

#[test]
fn code_that_asks_for_its_position_has_one() {
    let moved = |body: &str| {
        let source = format!("void f() {{ {body}; }}\n");
        super::changed(Language::Cpp, &source, &format!("\n{source}"))
    };
    for body in ["g(__LINE__)", "g(__FILE__)", "assert(x)", "std::source_location::current()"] {
        assert_eq!(moved(body), ["f()"], "{body}");
    }
    assert_eq!(moved("assertion(x); int assert"), [""; 0]);
    let macros = "#define HERE __LINE__\n#define AT HERE\nint f() { return AT; }\nint g() { return 1; }\n";
    assert_eq!(super::changed(Language::Cpp, macros, &format!("\n{macros}")), ["f()"]);
}
