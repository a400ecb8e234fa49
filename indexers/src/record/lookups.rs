//! Which variables of the environment Rust, C and C++ look up as they run, by what is executed.
//!
//! No system tells of it, so the sources do: whoever executes a function that looks up a variable depends on that variable.
//! The name has to be there, as a literal or as a constant of the same file. Where it is not, or all variables are looked
//! at, nobody knows. What libraries look up is not seen.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::bytes::Regex;
use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::unit::Unit;

use super::sources::{Sources, Tree};
use crate::trace::Places;
use crate::units::Language;

/// What a place looks up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Lookups {
    /// These variables.
    pub(super) names: BTreeSet<String>,
    /// Whether it may be others.
    pub(super) may_be_any: bool,
}

/// Calls that look a variable up, by its name or not, and what is between the brackets up to a comma.
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?s-u)(?:^|[^A-Za-z0-9_])(vars?|vars?_os|getenv|secure_getenv)\s*\(\s*([^,)]*)"#)
        .expect("it is a pattern")
});
static LITERAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?-u)^&?"([^"\\]*)"\s*$"#).expect("it is a pattern"));
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)^&?(?:[A-Za-z_][A-Za-z0-9_]*::)*([A-Z][A-Z0-9_]*)\s*$").expect("it is a pattern")
});

/// Returns what is looked up at each place that looks something up, by the places' numbers.
pub(super) fn looked_up(
    places: &Places,
    units_of_places: &[Vec<u32>],
    sources: &Sources,
    tree: &dyn Tree,
) -> HashMap<u32, Lookups> {
    let mut texts: HashMap<u32, Option<Vec<u8>>> = HashMap::new();
    let mut found = HashMap::new();
    for ((number, (file, _)), units) in (0..).zip(places.all()).zip(units_of_places) {
        let path = &places.files()[*file as usize];
        let marks = match Language::of(path) {
            Some(Language::Rust) => ["var", "var_os", "vars", "vars_os"].as_slice(),
            Some(Language::C | Language::Cpp) => ["getenv", "secure_getenv"].as_slice(),
            _ => continue,
        };
        let Some(source) = sources.get(path) else { continue };
        let imports =
            || source.units.iter().any(|unit| unit.name.starts_with("use ") && mentions(unit, &["env"]));
        let mut lookups = Lookups::default();
        for unit in units.iter().filter_map(|unit| source.units.get(*unit as usize)) {
            let is_of_env = marks[0] != "var" || mentions(unit, &["env"]) || imports();
            if !mentions(unit, marks) || !is_of_env {
                continue;
            }
            match texts.entry(*file).or_insert_with(|| tree.read(path)) {
                Some(text) => lookups.read(text, unit),
                None => lookups.may_be_any = true,
            }
        }
        if lookups != Lookups::default() {
            found.insert(number, lookups);
        }
    }
    found
}

fn mentions(unit: &Unit, names: &[&str]) -> bool {
    names.iter().any(|name| unit.identifiers.contains(&Identifier::of(name)))
}

impl Lookups {
    /// Reads what a unit of a file looks up.
    fn read(&mut self, text: &[u8], unit: &Unit) {
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let (start, end) = (unit.lines.start as usize, unit.lines.end as usize);
        let own = lines.get(start.saturating_sub(1)..end.min(lines.len())).unwrap_or_default().join(&b'\n');
        for call in CALL.captures_iter(&own) {
            let argument = call[2].trim_ascii();
            if call[1].starts_with(b"vars") {
                self.may_be_any = true;
            } else if let Some(literal) = LITERAL.captures(argument) {
                self.names.insert(String::from_utf8_lossy(&literal[1]).into_owned());
            } else if let Some(name) = WORD.captures(argument).and_then(|word| constant(text, &word[1])) {
                self.names.insert(name);
            } else if !argument.is_empty() {
                self.may_be_any = true;
            }
        }
    }
}

/// Returns the text that a constant of a file stands for.
fn constant(text: &[u8], name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let pattern = format!(r#"(?-u)(?:const|static|#define|\*)\s*{name}\b[^=;"\n]*=?\s*"([^"\\]*)""#);
    let value = Regex::new(&pattern).ok()?.captures(text)?[1].to_vec();
    String::from_utf8(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::cut;

    fn check(language: Language, text: &str, name: &str) -> String {
        let unit = cut(Some(language), text.as_bytes()).into_iter().find(|unit| &*unit.name == name).unwrap();
        let mut lookups = Lookups::default();
        lookups.read(text.as_bytes(), &unit);
        let mut names: Vec<String> = lookups.names.into_iter().collect();
        if lookups.may_be_any {
            names.push("any".to_owned());
        }
        names.join(" ")
    }

    #[test]
    fn names_are_literals_or_constants_of_the_file() {
        let rust = "const KEY: &str = \"APP_KEY\";\nfn a() { std::env::var(\"APP_A\"); env::var_os( \"APP_B\" ); }\n\
                    fn b() { env::var(KEY); }\nfn c(key: &str) { env::var(key); }\nfn d() { for x in env::vars() {} }\n\
                    fn e() { env::var(OTHER); }\nfn f() { self.variable(\"X\"); }\n";
        let of = |name| check(Language::Rust, rust, name);
        assert_eq!(
            [of("a"), of("b"), of("c"), of("d"), of("e"), of("f")],
            ["APP_A APP_B", "APP_KEY", "any", "any", "any", ""]
        );
        let c = "#define KEY \"APP_KEY\"\nint a(void) { return getenv(\"APP_A\") != 0; }\nint b(void) { return getenv(KEY) != 0; }\n\
                 int c(char *key) { return getenv(key) != 0; }\n";
        let of = |name| check(Language::C, c, name);
        assert_eq!([of("a"), of("b"), of("c")], ["APP_A", "APP_KEY", "any"]);
    }
}
