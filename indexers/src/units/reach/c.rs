//! C and C++: whom an edit of a declaration concerns.
//!
//! The preprocessor puts names together, and in C++ much is called without being named. So names are trusted where a
//! plain function is concerned, and nowhere else.

use skiptrace_engine::reach::Reach;

use super::{is_word, names, std_names, without_number};

/// Macros of test frameworks. What they declare registers itself, and nothing else can mean it.
const TESTS: [&str; 14] = [
    "BOOST_AUTO_TEST_CASE",
    "BOOST_FIXTURE_TEST_CASE",
    "DOCTEST_TEST_CASE",
    "SCENARIO",
    "TEMPLATE_TEST_CASE",
    "TEST",
    "TEST_CASE",
    "TEST_CASE_FIXTURE",
    "TEST_CASE_METHOD",
    "TEST_F",
    "TEST_P",
    "TYPED_TEST",
    "TYPED_TEST_P",
    "Test",
];

/// Returns whom an edit of what a function says to others concerns.
pub(super) fn reach(name: &str, is_function: bool) -> Reach {
    // What stands at file scope is macros, types, variables whose constructors run before `main`, and declarations
    // that cannot be told from these.
    if !is_function {
        return Reach::Compiled;
    }
    let name = without_number(name);
    let (path, parameters) = match name.find('(') {
        // `(anonymous)::f()` begins with one.
        Some(0) => return Reach::Compiled,
        Some(at) => (&name[..at], &name[at..]),
        None => (name, ""),
    };
    if TESTS.contains(&path) && !parameters.is_empty() {
        return Reach::Nobody;
    }
    let mut parts = path.rsplit("::");
    let simple = parts.next().unwrap_or(path);
    let of = parts.next();
    // Constructors and destructors, operators, conversions and specialisations are no plain words or are called as
    // their class is; what is in capitals may be a macro that declares anything.
    let is_shouted = simple.len() > 1 && !simple.contains(|c: char| c.is_lowercase());
    let is_plain = is_word(simple) && !is_shouted && of != Some(simple) && of.is_none_or(is_word);
    if !is_plain || name.contains("(anonymous)") || std_names::is_called_by_c(simple) {
        return Reach::Compiled;
    }
    // Who calls it, overrides it, or asks a type for it names it.
    names([simple])
}
