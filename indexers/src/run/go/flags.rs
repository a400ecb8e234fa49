//! The flags that `go test` knows, of Go 1.20 and later.

/// What a flag is about, and so what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How packages are built, which `go list` understands as well.
    Build,
    /// How packages are built, which only `go test` understands.
    TestBuild,
    /// What is measured.
    Cover,
    /// What the go tool does besides building and running.
    Tool,
    /// For the test binary, which gets it as `-test.NAME`.
    Test,
}

/// A flag that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// Its name, without dashes.
    pub(super) name: &'static str,
    /// What it is about.
    pub(super) kind: Kind,
    /// Whether it needs no value.
    pub(super) boolean: bool,
}

/// Returns the flag of that name, which for flags of the test binary may begin with `test.`.
pub(super) fn known(name: &str) -> Option<Known> {
    let plain = FLAGS.iter().find(|flag| flag.name == name);
    let forwarded = || {
        let name = name.strip_prefix("test.")?;
        FLAGS
            .iter()
            .find(|flag| flag.name == name && (flag.kind == Kind::Test || flag.name == "coverprofile"))
    };
    plain.or_else(forwarded).copied()
}

const fn boolean(name: &'static str, kind: Kind) -> Known {
    Known { name, kind, boolean: true }
}

const fn value(name: &'static str, kind: Kind) -> Known {
    Known { name, kind, boolean: false }
}

const FLAGS: &[Known] = &[
    boolean("a", Kind::Build),
    boolean("asan", Kind::Build),
    value("asmflags", Kind::Build),
    value("buildmode", Kind::Build),
    boolean("buildvcs", Kind::Build),
    value("C", Kind::Tool),
    value("compiler", Kind::Build),
    value("debug-actiongraph", Kind::Tool),
    value("debug-runtime-trace", Kind::Tool),
    value("debug-trace", Kind::Tool),
    value("gccgoflags", Kind::Build),
    value("gcflags", Kind::Build),
    value("installsuffix", Kind::Build),
    value("ldflags", Kind::Build),
    boolean("linkshared", Kind::Build),
    value("mod", Kind::Build),
    boolean("modcacherw", Kind::Build),
    value("modfile", Kind::Build),
    boolean("msan", Kind::Build),
    boolean("n", Kind::Tool),
    value("overlay", Kind::Build),
    value("p", Kind::Build),
    value("pgo", Kind::Build),
    value("pkgdir", Kind::Build),
    boolean("race", Kind::Build),
    value("tags", Kind::Build),
    value("toolexec", Kind::Build),
    boolean("trimpath", Kind::Build),
    boolean("work", Kind::Tool),
    boolean("x", Kind::Tool),
    value("vet", Kind::TestBuild),
    boolean("cover", Kind::Cover),
    value("covermode", Kind::Cover),
    value("coverpkg", Kind::Cover),
    value("coverprofile", Kind::Cover),
    boolean("c", Kind::Tool),
    value("exec", Kind::Tool),
    boolean("json", Kind::Tool),
    value("o", Kind::Tool),
    boolean("artifacts", Kind::Test),
    value("bench", Kind::Test),
    boolean("benchmem", Kind::Test),
    value("benchtime", Kind::Test),
    value("blockprofile", Kind::Test),
    value("blockprofilerate", Kind::Test),
    value("count", Kind::Test),
    value("cpu", Kind::Test),
    value("cpuprofile", Kind::Test),
    boolean("failfast", Kind::Test),
    boolean("fullpath", Kind::Test),
    value("fuzz", Kind::Test),
    value("fuzzminimizetime", Kind::Test),
    value("fuzztime", Kind::Test),
    value("list", Kind::Test),
    value("memprofile", Kind::Test),
    value("memprofilerate", Kind::Test),
    value("mutexprofile", Kind::Test),
    value("mutexprofilefraction", Kind::Test),
    value("outputdir", Kind::Test),
    value("parallel", Kind::Test),
    value("run", Kind::Test),
    boolean("short", Kind::Test),
    value("shuffle", Kind::Test),
    value("skip", Kind::Test),
    value("timeout", Kind::Test),
    value("trace", Kind::Test),
    boolean("v", Kind::Test),
];
