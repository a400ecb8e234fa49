//! What code from elsewhere may ask values for.
//!
//! A method that a type gains or loses is seen by whoever names the method, and by code that nobody counts: it asks whether
//! a value has the methods of one of its interfaces, or has reflection list them. Both stand in the sources of all that
//! a test binary is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use skiptrace_engine::fingerprint::Identifier;

use super::list::Package;

/// What every package may ask for without declaring it.
const PREDECLARED: &str = "Error";
/// What reflection itself is made of: it lists methods for whoever asks it to.
const REFLECTION: [&str; 4] = ["internal/abi", "internal/reflectlite", "reflect", "runtime"];

/// Whose file it is.
#[derive(Debug, Clone, Copy)]
struct Of {
    /// Whether reflection itself is made of it.
    reflection: bool,
    /// Whether it belongs to none of the modules in question, whose own interfaces have names that are known.
    others: bool,
}

/// Returns the methods that code outside of the modules in question may ask values for, in order; `None` where some code
/// may ask for any, or cannot be read.
pub fn asked_for<'p>(packages: impl Iterator<Item = &'p Package>) -> Option<Vec<Identifier>> {
    // 1. The files.
    let mut files: BTreeMap<PathBuf, Of> = BTreeMap::new();
    for package in packages {
        let of = Of {
            reflection: package.standard && REFLECTION.contains(&package.base_path()),
            others: package.module.as_ref().is_none_or(|module| !module.main),
        };
        for file in package.go_files.iter().chain(&package.cgo_files) {
            let file = Path::new(&**file);
            // What the go tool makes to start tests with is in its cache, which may be emptied.
            if !(file.is_absolute() && package.base_path().ends_with(".test")) {
                files.insert(Path::new(&*package.dir).join(file), of);
            }
        }
    }
    // 2. What is in them.
    let files: Vec<(PathBuf, Of)> = files.into_iter().collect();
    let asked = files.par_iter().map(|(file, of)| {
        let source = fs::read(file).ok()?;
        if !of.reflection && lists_methods(&source) {
            return None;
        }
        let methods = if of.others { methods_of_interfaces(&source) } else { BTreeSet::new() };
        Some(methods.into_iter().map(Identifier::of).collect::<BTreeSet<_>>())
    });
    let mut all: BTreeSet<Identifier> = asked.try_reduce(BTreeSet::new, |mut a, b| {
        a.extend(b);
        Some(a)
    })?;
    all.insert(Identifier::of(PREDECLARED));
    Some(all.into_iter().collect())
}

/// Returns whether a source may have reflection list the methods of values, or find one by its name.
///
/// How many methods a type has is asked most times to know whether an interface has any.
fn lists_methods(source: &[u8]) -> bool {
    let counts = |at: usize| {
        let rest = &source[at..];
        let rest = rest.strip_prefix(b"()").unwrap_or_default().trim_ascii_start();
        ![&b"== 0"[..], b"!= 0", b"> 0"].iter().any(|compared| rest.starts_with(compared))
    };
    let has = |text: &str| memmem::find(source, text.as_bytes()).is_some();
    let count = ".NumMethod";
    has("MethodByName")
        || memmem::find_iter(source, count.as_bytes()).any(|at| counts(at + count.len()))
        || has("\"reflect\"") && (has(".Method(") || has(".Methods()"))
}

/// Returns the exported methods of all interfaces that are written in a source. More than that does no harm.
fn methods_of_interfaces(source: &[u8]) -> BTreeSet<&str> {
    let mut methods = BTreeSet::new();
    for at in memmem::find_iter(source, b"interface") {
        let rest = &source[at + b"interface".len()..];
        if let Some(body) = without_layout(rest).strip_prefix(b"{") {
            methods.extend(methods_of(body));
        }
    }
    methods
}

/// Returns the names before brackets in what follows the brace that opens an interface.
fn methods_of(mut body: &[u8]) -> Vec<&str> {
    let mut methods = Vec::new();
    // Brackets that are open, of whatever kind.
    let mut depth = 0_usize;
    loop {
        body = without_layout(body);
        let Some(first) = body.first() else { return methods };
        let length = match first {
            b'(' | b'[' | b'{' => {
                depth += 1;
                1
            }
            b')' | b']' | b'}' if depth == 0 => return methods,
            b')' | b']' | b'}' => {
                depth -= 1;
                1
            }
            b'"' | b'`' => text(body),
            byte if is_of_word(*byte) => {
                let length = body.iter().take_while(|byte| is_of_word(**byte)).count();
                let is_method = depth == 0 && without_layout(&body[length..]).first() == Some(&b'(');
                let word = std::str::from_utf8(&body[..length]).ok();
                let is_exported = |word: &&str| word.starts_with(char::is_uppercase);
                methods.extend(word.filter(|_| is_method).filter(is_exported));
                length
            }
            _ => 1,
        };
        body = &body[length..];
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Returns how long the text in quotes is with which a source begins.
fn text(source: &[u8]) -> usize {
    let quote = source[0];
    let mut at = 1;
    while at < source.len() && source[at] != quote {
        at += if source[at] == b'\\' && quote == b'"' { 2 } else { 1 };
    }
    (at + 1).min(source.len())
}

/// Returns what follows white space and comments.
fn without_layout(mut source: &[u8]) -> &[u8] {
    loop {
        source = source.trim_ascii_start();
        let end = match source {
            [b'/', b'/', ..] => memchr::memchr(b'\n', source),
            [b'/', b'*', rest @ ..] => memmem::find(rest, b"*/").map(|at| at + 4),
            _ => return source,
        };
        source = end.map_or(&[], |end| &source[end..]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        assert_eq!(Vec::from_iter(methods_of_interfaces(source.as_bytes())), expected, "{source}");
    }

    #[test]
    fn methods_of_interfaces_wherever_these_are() {
        check("type A interface { B(); C(d D) (E, error) }", &["B", "C"]);
        check(
            "type A interface {\n\t// B() {\n\tC(\n\t\tf func(G(1)) H) /* } */\n\tio.Reader\n\tI\n}",
            &["C"],
        );
        check("func f(x any) { if y, ok := x.(interface{ Unwrap() []error }); ok { Z(y) } }", &["Unwrap"]);
        check("func f[T interface{ ~[]int; Len () int }](t T) {}", &["Len"]);
        check("type a interface{ b(); C() interface{ D() } }", &["C", "D"]);
        check("type a interface /* } */ { // {\n\tÄ() // `\n\tB() `}`\n\tC() }", &["B", "C", "Ä"]);
        // More than there are, where a comment looks like one.
        check("// an interface { of\nfunc F() {}\ntype A interface { B() }", &["B", "F"]);
        check("type A struct { B interface{}; C func() }; func D() {}", &[]);
    }

    #[test]
    fn who_lists_methods_may_ask_for_any() {
        for source in [
            "n := t.NumMethod()",
            "for i := 0; i < t.NumMethod(); i++ {}",
            "v.MethodByName(name)",
            "import \"reflect\"\nfunc f(v reflect.Value) { v.Method(0).Call(nil) }",
            "import (\n\t\"reflect\"\n)\nfunc f(t reflect.Type) { for m := range t.Methods() {} }",
            "f := t.NumMethod",
        ] {
            assert!(lists_methods(source.as_bytes()), "{source}");
        }
        for source in [
            "if v.Kind() == reflect.Interface && v.NumMethod() == 0 {}",
            "if t.NumMethod() != 0 || t.NumMethod()  > 0 {}",
            "r.Method(\"GET\", \"/\", h)",
            "func (c *Context) Methods() {}",
        ] {
            assert!(!lists_methods(source.as_bytes()), "{source}");
        }
    }

    #[test]
    fn files_are_read_of_everybody_else() {
        let folder = tempfile::tempdir().unwrap();
        let dir: Box<str> = folder.path().to_str().unwrap().into();
        let package = |file: &str, text: &str, is_main: bool| {
            fs::write(folder.path().join(file), text).unwrap();
            let module = super::super::list::Module { main: is_main, ..Default::default() };
            Package {
                import_path: file.into(),
                dir: dir.clone(),
                module: Some(module),
                go_files: vec![file.into()],
                ..Package::default()
            }
        };
        let foreign = package("a.go", "type A interface { B() }", false);
        let own = package("c.go", "type C interface { D() }", true);
        let methods = |packages: &[&Package]| asked_for(packages.iter().copied());
        let mut expected = vec![Identifier::of("B"), Identifier::of("Error")];
        expected.sort_unstable();
        assert_eq!(methods(&[&foreign, &own]), Some(expected));
        // Whoever it is that lists methods, it may be any.
        let listing = package("e.go", "v.MethodByName(f())", true);
        assert_eq!(methods(&[&foreign, &listing]), None);
        let gone = Package { go_files: vec!["gone.go".into()], ..foreign.clone() };
        assert_eq!(methods(&[&gone]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in "(interface|\\{|\\}|\\(|\\)|\"|`|/\\*|\\*/|//|\n|A|\\\\| ){0,40}") {
            methods_of_interfaces(bytes.as_bytes());
            lists_methods(bytes.as_bytes());
        }
    }
}
