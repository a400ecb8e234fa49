//! What code finds out of the machine that it runs on, and takes another way for.
//!
//! A recording says what is executed on the machine on which it was made. Code that asks how many processors there are,
//! what they can do, or as whom it runs, may take a way on another one that no counter has seen. So whoever executes such
//! code depends on the answer, as on a variable that it looks up. What libraries ask is not seen.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::unit::Unit;

use crate::units::Language;

/// Something that can be asked of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// How many processors a program may use.
    Processors,
    /// What they can do besides what all of their kind can.
    Abilities,
    /// As whom programs run: the superuser may do what others may not.
    User,
}

impl Fact {
    /// All of them.
    pub const ALL: [Fact; 3] = [Fact::Processors, Fact::Abilities, Fact::User];

    /// Returns what it is called among variables. None that a program is given is called so.
    pub fn name(self) -> &'static str {
        match self {
            Fact::Processors => "(number of processors)",
            Fact::Abilities => "(abilities of the processors)",
            Fact::User => "(user and group)",
        }
    }

    /// Returns the answer of this machine; `None` where nobody knows.
    pub fn here(self) -> Option<String> {
        match self {
            Fact::Processors => std::thread::available_parallelism().ok().map(|number| number.to_string()),
            Fact::Abilities => abilities(BufReader::new(File::open("/proc/cpuinfo").ok()?)),
            Fact::User => user(),
        }
    }

    /// Returns what is named by code that asks it.
    fn marks(self, language: Language) -> &'static [&'static str] {
        match (self, language) {
            (Fact::Processors, Language::Rust) => {
                &["available_parallelism", "current_num_threads", "num_cpus"]
            }
            (Fact::Processors, Language::Go) => &["GOMAXPROCS", "NumCPU"],
            (Fact::Processors, Language::C | Language::Cpp) => &[
                "_SC_NPROCESSORS_CONF",
                "_SC_NPROCESSORS_ONLN",
                "get_nprocs",
                "get_nprocs_conf",
                "hardware_concurrency",
                "omp_get_max_threads",
                "omp_get_num_procs",
                "sched_getaffinity",
            ],
            (Fact::Abilities, Language::Rust) => &[
                "__cpuid",
                "__cpuid_count",
                "cpufeatures",
                "is_aarch64_feature_detected",
                "is_arm_feature_detected",
                "is_x86_feature_detected",
                "raw_cpuid",
            ],
            (Fact::Abilities, Language::Go) => &["ARM64", "X86", "cpuid"],
            (Fact::Abilities, Language::C | Language::Cpp) => &[
                "__builtin_cpu_is",
                "__builtin_cpu_supports",
                "__cpuid",
                "__cpuidex",
                "__get_cpuid",
                "__get_cpuid_count",
                "getauxval",
            ],
            (Fact::User, Language::Rust) => &[
                "Gid",
                "Uid",
                "get_current_uid",
                "get_effective_uid",
                "getegid",
                "geteuid",
                "getgid",
                "getuid",
            ],
            (Fact::User, Language::Go) => &["Getegid", "Geteuid", "Getgid", "Getuid"],
            (Fact::User, Language::C | Language::Cpp) => &["getegid", "geteuid", "getgid", "getuid"],
            _ => &[],
        }
    }
}

/// Finds what units of a language ask.
pub(super) struct Asked {
    marks: Vec<(Fact, Identifier)>,
}

impl Asked {
    pub(super) fn in_language(language: Language) -> Asked {
        let of_fact = |fact: Fact| {
            let names = fact.marks(language).iter();
            names
                .flat_map(|name| [Identifier::of(name), Identifier::of_member(name)])
                .map(move |id| (fact, id))
        };
        Asked { marks: Fact::ALL.into_iter().flat_map(of_fact).collect() }
    }

    /// Returns what a unit asks.
    pub(super) fn by(&self, unit: &Unit) -> BTreeSet<Fact> {
        // What is brought in is asked by who names it.
        let own = unit.name.rsplit_once("::use ").map_or(&*unit.name, |_| "use ");
        if ["use ", "pub use ", "import "].iter().any(|begin| own.starts_with(begin)) {
            return BTreeSet::new();
        }
        let is_named = |(_, mark): &&(Fact, Identifier)| unit.identifiers.binary_search(mark).is_ok();
        self.marks.iter().filter(is_named).map(|(fact, _)| *fact).collect()
    }
}

/// Returns what can be asked of this machine, and what it answers.
pub fn answers() -> impl Iterator<Item = (&'static str, String)> {
    Fact::ALL.into_iter().filter_map(|fact| Some((fact.name(), fact.here()?)))
}

#[cfg(unix)]
fn user() -> Option<String> {
    use rustix::process::{getegid, geteuid};
    Some(format!("{}:{}", geteuid().as_raw(), getegid().as_raw()))
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}

/// Reads what the first processor can do.
fn abilities(told: impl BufRead) -> Option<String> {
    told.lines().map_while(Result::ok).find_map(|line| {
        let (name, abilities) = line.split_once(':')?;
        let mut abilities: Vec<&str> = abilities.split_whitespace().collect();
        abilities.sort_unstable();
        matches!(name.trim_end(), "flags" | "Features").then(|| abilities.join(" "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::cut;

    #[test]
    fn code_that_asks_is_told_by_its_names() {
        let asks = |language: Language, text: &str| {
            let (units, asked) = (cut(Some(language), text.as_bytes()), Asked::in_language(language));
            let facts: BTreeSet<Fact> = units.iter().flat_map(|unit| asked.by(unit)).collect();
            facts.into_iter().map(Fact::name).collect::<Vec<_>>().join(" ")
        };
        let (number, abilities) = (Fact::Processors.name(), Fact::Abilities.name());
        assert_eq!(asks(Language::Rust, "fn a() { std::thread::available_parallelism(); }"), number);
        assert_eq!(
            asks(Language::Rust, "fn a() { if is_x86_feature_detected!(\"avx2\") { b() } }"),
            abilities
        );
        assert_eq!(
            asks(Language::Rust, "use num_cpus; mod tests { use std::thread::available_parallelism; }"),
            ""
        );
        assert_eq!(asks(Language::Go, "package p\nvar n = runtime.NumCPU()\n"), number);
        assert_eq!(asks(Language::Go, "package p\nfunc f() bool { return cpu.X86.HasAVX2 }\n"), abilities);
        assert_eq!(asks(Language::Cpp, "int f() { return std::thread::hardware_concurrency(); }"), number);
        assert_eq!(asks(Language::C, "int f(void) { return __builtin_cpu_supports(\"avx2\"); }"), abilities);
        assert_eq!(asks(Language::C, "int f(void) { return 1; }"), "");
        let user = Fact::User.name();
        assert_eq!(asks(Language::Go, "package p\nfunc f() bool { return os.Geteuid() == 0 }\n"), user);
        assert_eq!(asks(Language::Rust, "fn a() -> bool { rustix::process::geteuid().is_root() }"), user);
        assert_eq!(asks(Language::C, "int f(void) { return getuid(); }"), user);
    }

    #[test]
    fn abilities_are_those_of_the_first_processor() {
        let told = "processor\t: 0\nflags\t\t: sse2 avx fma\nbugs\t: x\n\nprocessor\t: 1\nflags\t\t: sse2\n";
        assert_eq!(abilities(told.as_bytes()).as_deref(), Some("avx fma sse2"));
        assert_eq!(
            abilities("processor\t: 0\nFeatures\t: fp asimd\n".as_bytes()).as_deref(),
            Some("asimd fp")
        );
        assert_eq!(abilities("processor\t: 0\n".as_bytes()), None);
    }
}
