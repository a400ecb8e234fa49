//! The conditions that a recording holds for, as a key that two machines agree on.
//!
//! Whatever changes what the same sources compile to is part of it: compiler, target, profile, features, flags,
//! variables that the code reads while it is compiled, and the versions of dependencies. Folders of this machine are
//! replaced by names, and long values by the start of them and a hash, so that people can read what differs.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::recording::EnvironmentKey;

use super::compiled::Compiled;
use super::lockfile::Lockfile;

/// How long a value may be to be shown as it is.
const LONGEST: usize = 96;

/// A folder of this machine, and what stands for it in a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The folder.
    pub folder: String,
    /// Its name, such as `<repository>`.
    pub name: String,
}

/// What a Rust build is made with.
#[derive(Debug, Clone)]
pub struct RustBuild<'a> {
    /// What `rustc -vV` prints.
    pub rustc: &'a str,
    /// What `cargo -V` prints.
    pub cargo: &'a str,
    /// The target triple; `None` is the host's.
    pub target: Option<&'a str>,
    /// The profile.
    pub profile: &'a str,
    /// What the tests were compiled from.
    pub compiled: &'a Compiled,
    /// The lockfile; what the tests were not compiled from in it does not count.
    pub lockfile: Option<&'a Lockfile>,
    /// The operating system and its architecture.
    pub machine: Machine<'a>,
    /// The folders that must not be in the key.
    pub placeholders: &'a [Placeholder],
}

/// The tools that a Rust build is made with.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// What `rustc -vV` prints.
    pub rustc: &'a str,
    /// What `cargo -V` prints.
    pub cargo: &'a str,
    /// The target triple; `None` is the host's.
    pub target: Option<&'a str>,
    /// The profile.
    pub profile: &'a str,
    /// The operating system and its architecture.
    pub machine: Machine<'a>,
    /// The folders that must not be in the key.
    pub placeholders: &'a [Placeholder],
}

/// What a C or C++ build is made with.
#[derive(Debug, Clone, Default)]
pub struct NativeBuild<'a> {
    /// The compilers, as their `--version` or the binaries themselves name them.
    pub compilers: &'a [String],
    /// The flags that count: those of the build's configuration.
    pub flags: &'a [String],
    /// The target triple, when it is known.
    pub target: Option<&'a str>,
    /// The build type or configuration, when there is one.
    pub profile: Option<&'a str>,
    /// Other conditions by name.
    pub variables: BTreeMap<Box<str>, Option<Box<str>>>,
    /// The operating system and its architecture.
    pub machine: Machine<'a>,
    /// The folders that must not be in the key.
    pub placeholders: &'a [Placeholder],
}

/// A kind of machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine<'a> {
    /// The operating system, as Rust names it.
    pub os: &'a str,
    /// The architecture, as Rust names it.
    pub arch: &'a str,
}

impl Machine<'static> {
    /// Returns the kind of machine that this program runs on.
    pub fn current() -> Machine<'static> {
        Machine { os: std::env::consts::OS, arch: std::env::consts::ARCH }
    }
}

/// Returns the part of a Rust build's key that its tools are.
pub fn tools(tools: &Tools<'_>) -> EnvironmentKey {
    tool_parts(tools).key
}

/// Returns the parts that variables are in a key.
pub fn variables(
    variables: &BTreeMap<Box<str>, Option<Box<str>>>,
    placeholders: &[Placeholder],
) -> BTreeMap<String, String> {
    let mut parts = Parts::new(placeholders, Machine::default());
    parts.key.parts.clear();
    parts.set_variables(variables);
    parts.key.parts
}

fn tool_parts<'a>(build: &Tools<'a>) -> Parts<'a> {
    let mut parts = Parts::new(build.placeholders, build.machine);
    let field = |name: &str| {
        let mut lines = build.rustc.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
    };
    for (part, name) in
        [("rustc", "release"), ("rustc commit", "commit-hash"), ("llvm", "LLVM version"), ("host", "host")]
    {
        // A compiler that does not say is told apart by all that it says.
        parts.set(part, field(name).unwrap_or(build.rustc));
    }
    parts.set("cargo", build.cargo.trim());
    parts.set("target", build.target.or(field("host")).unwrap_or_default());
    parts.set("profile", build.profile);
    parts
}

/// Returns the key of a Rust build.
pub fn rust(build: &RustBuild<'_>) -> EnvironmentKey {
    let mut parts = tool_parts(&Tools {
        rustc: build.rustc,
        cargo: build.cargo,
        target: build.target,
        profile: build.profile,
        machine: build.machine,
        placeholders: build.placeholders,
    });
    let features = build.compiled.features();
    let features = features.iter().filter(|(_, features)| !features.is_empty());
    let features = features.map(|(package, features)| format!("{package}[{}]", join(features.iter(), ",")));
    parts.set("features", &join(features, " "));
    parts.set("rustflags", &quoted(&build.compiled.common_flags()));
    let crates = build.compiled.crates.iter().map(|krate| parts.without_folders(&format!("{krate:?}")));
    let crates = join(crates, "\n");
    parts.set("crates", &format!("{} {}", build.compiled.crates.len(), short_hash(&crates)));
    parts.set_variables(&build.compiled.variables);
    let packages: BTreeSet<(&str, Option<&str>)> = build
        .compiled
        .packages
        .iter()
        .map(|package| (package.name.as_str(), package.version.as_deref()))
        .collect();
    let dependencies = build.lockfile.map(|lockfile| {
        lockfile.only(|package| {
            let version = package.source.as_ref().map(|_| &*package.version);
            packages.contains(&(&*package.name, version))
        })
    });
    let dependencies = match dependencies {
        Some(graph) => format!("{} {}", graph.packages.len(), &graph.digest().to_string()[..16]),
        None => format!("{} {}", packages.len(), short_hash(&format!("{packages:?}"))),
    };
    parts.set("dependencies", &dependencies);
    parts.key
}

/// Returns the key of a C or C++ build.
pub fn native(build: &NativeBuild<'_>) -> EnvironmentKey {
    let mut parts = Parts::new(build.placeholders, build.machine);
    let compilers: BTreeSet<&str> = build.compilers.iter().map(|compiler| compiler.trim()).collect();
    parts.set("compilers", &join(compilers.into_iter(), "; "));
    parts.set("flags", &quoted(build.flags));
    if let Some(target) = build.target {
        parts.set("target", target);
    }
    if let Some(profile) = build.profile {
        parts.set("profile", profile);
    }
    parts.set_variables(&build.variables);
    parts.key
}

/// A key in the making.
pub(super) struct Parts<'a> {
    placeholders: Vec<&'a Placeholder>,
    pub(super) key: EnvironmentKey,
}

impl<'a> Parts<'a> {
    pub(super) fn new(placeholders: &'a [Placeholder], machine: Machine<'_>) -> Parts<'a> {
        let mut placeholders: Vec<&Placeholder> =
            placeholders.iter().filter(|place| !place.folder.trim_end_matches('/').is_empty()).collect();
        // The deepest first, or a folder would be replaced inside of one that has a name of its own.
        placeholders.sort_by_key(|place| std::cmp::Reverse(place.folder.len()));
        let mut parts = Parts { placeholders, key: EnvironmentKey::default() };
        parts.set("os", machine.os);
        parts.set("arch", machine.arch);
        parts
    }

    pub(super) fn set(&mut self, part: &str, value: &str) {
        let value = shorten(&self.without_folders(value));
        self.key.parts.insert(part.to_owned(), value);
    }

    fn without_folders(&self, value: &str) -> String {
        self.placeholders.iter().fold(value.to_owned(), |value, place| {
            replace_folder(&value, place.folder.trim_end_matches('/'), &place.name)
        })
    }

    pub(super) fn set_variables(&mut self, variables: &BTreeMap<Box<str>, Option<Box<str>>>) {
        for (name, value) in variables.iter().filter(|(name, _)| !is_set_by_cargo(name)) {
            match value {
                // So that no value looks like one that is not set.
                Some(value) if value.starts_with(['(', '"']) => {
                    self.set(&format!("${name}"), &format!("{value:?}"))
                }
                Some(value) => self.set(&format!("${name}"), value),
                None => self.set(&format!("${name}"), "(not set)"),
            }
        }
    }
}

/// Returns whether cargo sets a variable itself for what it compiles. What those say is in manifests, which are
/// compared as files, or is a path of this machine.
fn is_set_by_cargo(name: &str) -> bool {
    const PREFIXES: [&str; 6] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_EXE_",
        "CARGO_CRATE_NAME",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
    ];
    const NAMES: [&str; 6] = [
        "OUT_DIR",
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "CARGO_RUSTC_CURRENT_DIR",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

fn join<T: AsRef<str>>(texts: impl Iterator<Item = T>, separator: &str) -> String {
    texts.map(|text| text.as_ref().to_owned()).collect::<Vec<_>>().join(separator)
}

/// Joins arguments so that two lists never look the same.
pub(super) fn quoted(args: &[String]) -> String {
    let odd = |arg: &str| arg.is_empty() || arg.contains(|char: char| char.is_whitespace() || char == '"');
    join(args.iter().map(|arg| if odd(arg) { format!("{arg:?}") } else { arg.clone() }), " ")
}

fn short_hash(text: &str) -> String {
    Fingerprint::of(text.as_bytes()).to_string()[..16].to_owned()
}

/// Returns a value in one line that fits a table, with a hash of what is left out.
fn shorten(value: &str) -> String {
    let plain = !value.contains(|char: char| char.is_control());
    if plain && value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    let start: String = value.chars().take(LONGEST / 2).collect::<String>().escape_debug().collect();
    format!("{start}… ({} bytes, {})", value.len(), short_hash(value))
}

/// Replaces a folder wherever a whole path begins with it.
fn replace_folder(text: &str, folder: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(folder) {
        let (before, after) = (&rest[..at], &rest[at + folder.len()..]);
        let begins = !before.ends_with(|char: char| char.is_alphanumeric() || matches!(char, '/' | '_' | '.' | '-'))
            // `-L/folder` and `-I/folder` are written together.
            || before.rsplit(|char: char| char.is_whitespace() || matches!(char, '=' | ',' | '"')).next().is_some_and(|word| word.starts_with('-') && word.len() <= 10);
        let ends = !after.starts_with(|char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '-'));
        out.push_str(before);
        out.push_str(if begins && ends { name } else { folder });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::build::compiled::{Crate, Package};

    const RUSTC: &str = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\ncommit-hash: 59807616e1fa2540\n\
        commit-date: 2026-04-14\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\nLLVM version: 22.1.2\n";

    fn krate(name: &str, version: Option<&str>, features: &[&str], flags: &[String]) -> Crate {
        Crate {
            package: Package { name: name.to_owned(), version: version.map(str::to_owned) },
            name: name.to_owned(),
            is_test: version.is_none(),
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
            flags: flags.to_vec(),
        }
    }

    fn compiled(flags: &[String], target: &str) -> Compiled {
        let crates =
            BTreeSet::from([krate("a", None, &["std", "x"], flags), krate("b", Some("1.0.0"), &[], flags)]);
        Compiled {
            packages: crates.iter().map(|krate| krate.package.clone()).collect(),
            crates,
            variables: BTreeMap::from([
                ("GREETING".into(), Some("hi".into())),
                ("LEVEL".into(), None),
                ("OUT_DIR".into(), Some(format!("{target}/debug/build/a-0/out").into())),
            ]),
            ..Compiled::default()
        }
    }

    fn build<'a>(compiled: &'a Compiled, placeholders: &'a [Placeholder]) -> RustBuild<'a> {
        RustBuild {
            rustc: RUSTC,
            cargo: "cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n",
            target: None,
            profile: "dev",
            compiled,
            lockfile: None,
            machine: Machine { os: "linux", arch: "x86_64" },
            placeholders,
        }
    }

    #[test]
    fn reads_well() {
        let flags = ["-Clink-arg=-fuse-ld=lld".to_owned(), "-L/home/me/repo/lib".to_owned()];
        let places = [Placeholder { folder: "/home/me/repo/".into(), name: "<repository>".into() }];
        let key = rust(&build(&compiled(&flags, "/t"), &places));
        let text: Vec<String> = key.parts.iter().map(|(part, value)| format!("{part}: {value}")).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        $GREETING: hi
        $LEVEL: (not set)
        arch: x86_64
        cargo: cargo 1.95.0 (f2d3ce0bd 2026-03-21)
        crates: 2 fc08bc639679a522
        dependencies: 2 397b165bd6e0e2bd
        features: a[std,x]
        host: x86_64-unknown-linux-gnu
        llvm: 22.1.2
        os: linux
        profile: dev
        rustc: 1.95.0
        rustc commit: 59807616e1fa2540
        rustflags: -Clink-arg=-fuse-ld=lld -L<repository>/lib
        target: x86_64-unknown-linux-gnu
        ");
    }

    #[test]
    fn machines_agree_and_every_part_counts() {
        type Edit<'a> = &'a dyn Fn(&mut RustBuild<'_>, &mut Compiled);
        let key = |home: &str, edit: Edit<'_>| {
            let flags = [format!("--remap-path-prefix={home}/repo=/r"), format!("-L{home}/repo/target/x")];
            let places = [("", "<home>"), ("/repo", "<repository>"), ("/repo/target", "<target>")]
                .map(|(folder, name)| Placeholder { folder: format!("{home}{folder}"), name: name.into() });
            let mut compiled = compiled(&flags, &format!("{home}/repo/target"));
            let nothing = Compiled::default();
            let mut build = build(&nothing, &places);
            edit(&mut build, &mut compiled);
            rust(&RustBuild { compiled: &compiled, ..build })
        };
        let same = key("/home/me", &|_, _| ());
        assert_eq!(same, key("/builds/4711", &|_, _| ()));
        assert!(same.parts.values().all(|value| !value.contains("/home/me")), "{same:?}");
        let edits: [(&[&str], Edit<'_>); 7] = [
            (&["profile"], &|build, _| build.profile = "release"),
            (&["crates", "features"], &|_, compiled| {
                let mut crates = std::mem::take(&mut compiled.crates).into_iter();
                let (mut a, b) = (crates.next().unwrap(), crates.next().unwrap());
                a.features.insert("y".to_owned());
                compiled.crates.extend([a, b]);
            }),
            (&["crates", "rustflags"], &|_, compiled| {
                let mut crates = std::mem::take(&mut compiled.crates).into_iter();
                let (mut a, b) = (crates.next().unwrap(), crates.next().unwrap());
                a.flags.pop();
                compiled.crates.extend([a, b]);
            }),
            (&["crates"], &|_, compiled| compiled.crates.retain(|krate| krate.name != "b")),
            (&["$LEVEL"], &|_, compiled| {
                compiled.variables.insert("LEVEL".into(), Some("(not set)".into()));
            }),
            (&["cargo"], &|build, _| build.cargo = "cargo 1.96.0"),
            (&["target"], &|build, _| build.target = Some("wasm32-wasip1")),
        ];
        for (expected, edit) in edits {
            let differences = same.differences(&key("/home/me", edit));
            let parts: Vec<&str> = differences.iter().map(|difference| difference.part.as_str()).collect();
            assert_eq!(parts, expected);
        }
    }

    #[test]
    fn dependencies_count() {
        let key = |text: &str| {
            let lockfile = Lockfile::parse(text.as_bytes()).unwrap();
            let compiled = compiled(&[], "/t");
            rust(&RustBuild { lockfile: Some(&lockfile), ..build(&compiled, &[]) }).parts["dependencies"]
                .clone()
        };
        let text = "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"b\"]\n\
            [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry\"\nchecksum = \"1\"\n";
        let first = key(text);
        assert!(first.starts_with("2 "), "{first}");
        assert_eq!(first, key(&text.replace("0.1.0", "0.1.1")));
        assert_eq!(first, key(&format!("{text}[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n")));
        assert_ne!(first, key(&text.replace("\"1\"", "\"2\"")));
        assert_ne!(first, key(&text.replace("1.0.0", "1.0.1")));
    }

    #[test]
    fn native_builds() {
        let compilers =
            ["clang version 22.1.8".to_owned(), "GCC 12.2.0".to_owned(), "clang version 22.1.8\n".to_owned()];
        let flags = ["-O0".to_owned(), "-DNAME=a b".to_owned()];
        let key = native(&NativeBuild {
            compilers: &compilers,
            flags: &flags,
            profile: Some("Debug"),
            machine: Machine { os: "linux", arch: "x86_64" },
            ..NativeBuild::default()
        });
        let text: Vec<String> = key.parts.iter().map(|(part, value)| format!("{part}: {value}")).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        arch: x86_64
        compilers: GCC 12.2.0; clang version 22.1.8
        flags: -O0 "-DNAME=a b"
        os: linux
        profile: Debug
        "#);
    }

    proptest! {
        #[test]
        fn values_are_short_and_told_apart(a in "\\PC{0,300}", b in "\\PC{0,300}") {
            let key = |flag: &str| rust(&build(&compiled(&[flag.to_owned()], "/t"), &[]));
            prop_assert!(key(&a).parts["rustflags"].len() < 1000);
            prop_assert_eq!(key(&a) == key(&b), a == b);
        }

        #[test]
        fn only_whole_folders_are_replaced(text in "[a/ :=-]{0,20}") {
            let replaced = replace_folder(&text, "/a", "<x>");
            prop_assert_eq!(replaced.replace("<x>", "/a"), text);
        }
    }
}
