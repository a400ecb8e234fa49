//! What each target starts from: written by hand, and made by the compilers that are installed.

use super::covdata::{self, Flavor, fnv};
use super::{elf, profiles, tools};

/// Returns the seeds of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let made = tools::made;
    match target {
        "profile" => {
            let mut seeds: Vec<Vec<u8>> =
                [5, 7, 8, 9, 10, 11].into_iter().map(|version| profiles::raw(version, b"")).collect();
            seeds.push(profiles::raw(10, b"0123456789abcdefghij"));
            seeds.push([profiles::raw(9, b"one"), vec![0; 16], profiles::raw(9, b"two")].concat());
            seeds.extend(made().profiles.iter().cloned());
            seeds
        }
        "merged" => {
            let mut seeds = texts(&[profiles::TEXT]);
            seeds.extend([3, 8, 9, 10, 12].map(profiles::indexed));
            seeds.extend(made().merged.iter().cloned());
            seeds
        }
        "binary" => {
            let mut seeds = vec![elf::write(&elf::sample())];
            seeds.extend(made().binaries.iter().cloned());
            seeds
        }
        "coverage_map" => vec![elf::to_data(&elf::sample())],
        "dep_info" => {
            let mut seeds = texts(&[RUSTC_DEP_INFO, MAKE_DEP_INFO]);
            seeds.extend(made().dep_infos.iter().cloned());
            seeds
        }
        "ninja_deps" => [3, 4].map(ninja_log).into(),
        "units" => texts(&[RUST, C, CPP]),
        "results" => texts(&[JUNIT, JUNIT_OTHERS, GO_EVENTS, LIBTEST_EVENTS, NEXTEST_EVENTS, GTEST_RESULTS]),
        "test_events" => texts(&[TEST_EVENTS]),
        "lists" => texts(&[LIBTEST, GTEST_JSON, GTEST_TEXT, CATCH2_XML, CATCH2_TEXT, DOCTEST]),
        "invocation" => {
            vec![INVOCATION.replace(' ', "\0").into(), NOTE.into(), FOLDERS.into(), b"@file".into()]
        }
        "cargo" => texts(&[LOCKFILE, MESSAGES, SCRIPT, CFG]),
        "covmeta" => {
            let (new, _) = covdata::meta(&covdata::sample(), fnv);
            // With hashes made in no known way, so that a fuzzer may change anything.
            let (other, _) = covdata::meta(&covdata::sample(), |_| [7; 16]);
            vec![new, other]
        }
        "covcounters" => [Flavor::Little, Flavor::Big, Flavor::Uleb]
            .map(|flavor| covdata::counters([7; 16], flavor, &covdata::sample_segments()))
            .into(),
        "cover_profile" => texts(&[COVER_PROFILE, COVER_NAME, COVER_SOURCE]),
        _ => panic!("no target has the name {target}"),
    }
}

fn ninja_log(version: u32) -> Vec<u8> {
    let mut log = b"# ninjadeps\n".to_vec();
    log.extend(version.to_le_bytes());
    for (number, path) in (0u32..).zip(["main.o", "main.c", "../a/header.h"]) {
        let mut record = path.as_bytes().to_vec();
        record.resize(record.len().next_multiple_of(4), 0);
        record.extend((!number).to_le_bytes());
        log.extend((record.len() as u32).to_le_bytes());
        log.extend(record);
    }
    let mut record = 0u32.to_le_bytes().to_vec();
    record.extend(&7u64.to_le_bytes()[..if version == 3 { 4 } else { 8 }]);
    record.extend([1u32, 2].iter().flat_map(|input| input.to_le_bytes()));
    log.extend((record.len() as u32 | 1 << 31).to_le_bytes());
    log.extend(record);
    log
}

const RUSTC_DEP_INFO: &str = "/t/deps/a-1.d: src/lib.rs src/a\\ b.rs data.txt\n\nsrc/lib.rs:\nsrc/a\\ b.rs:\n\n\
    # env-dep:CARGO_PKG_NAME=a\\nb\n# env-dep:UNSET\n";

const MAKE_DEP_INFO: &str =
    "main.o: main.c /usr/include/stdio.h \\\n  a\\ b.h c\\#d.h e$$f.h \\\\g.h\n\nc\\#d.h:\n";

const RUST: &str = r##"#![allow(dead_code)]
//! Text.
use std::fmt;

/* a comment /* in a comment */ */
#[derive(Debug)]
pub struct Pair<'a, T: 'a>(&'a T, char);

macro_rules! make { ($name:ident) => { fn $name() -> u32 { line!() } }; }
make!(made);

impl<'a, T> Pair<'a, T> {
    /// What it is.
    pub const fn new(first: &'a T) -> Self { Pair(first, '\'') }
    fn text(&self) -> &'static str { r#"a " b"# }
}

mod inner {
    pub(super) static COUNT: [u8; 2] = *b"a\n";
    pub async fn run<F>(mut f: F) where F: FnMut(u32) -> u32 { let c = |x| f(x + 0x1f_u32); c(1.5e3 as u32); }
    #[cfg(test)] mod tests { #[test] fn it() { assert_eq!("é\u{1F600}", c"x".to_str().unwrap()); } }
}
"##;

const C: &str = r##"#include <stdio.h>
#define TWICE(x) ((x) + \
    (x))
#if defined(A) && !B
static int counter = 'a';
#else
static const char *text = "a \" b" "c";
#endif
typedef struct pair { int first, second[3]; } pair_t;
// a comment \
   that goes on
int old(a, b) int a; char b; { return a + b; }
static inline int add(int x, pair_t *p) { switch (x) { case 1: return __LINE__; default: return TWICE(p->first); } }
"##;

const CPP: &str = r##"#pragma once
namespace a::b { template <typename T, int N = 3> class Box final : public Base<T> {
public:
    explicit Box(T v) noexcept : value{v} {}
    ~Box();
    auto operator<=>(const Box &) const = default;
    template <class U> operator U() const { return [this, &n = N](auto x) -> U { return x << 2; }(value); }
private:
    T value; static constexpr auto raw = R"x(a " ) b)x";
}; }
template <> int a::b::Box<int>::f() try { return 1'000; } catch (...) { throw; }
enum class Color : unsigned char { red, green };
extern "C" { int g(void); }
TEST_CASE("a test", "[tag]") { REQUIRE(1 == 1); }
"##;

const JUNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run"><testsuite name="pkg::it" tests="4">
<testcase name="good" classname="pkg::it" timestamp="2026-01-01T00:00:00Z" time="0.250"/>
<testcase name="bad" classname="pkg::it" time="1.5"><failure message="a &lt; b">text</failure><rerunFailure/></testcase>
<testcase name="flaky" classname="pkg::it" time="0.1"><flakyFailure type="x"/><![CDATA[x]]></testcase>
<testcase name="a&lt;b&gt;" classname="pkg::it" time="0.1"></testcase></testsuite></testsuites>"#;

const JUNIT_OTHERS: &str = r#"<testsuites><testsuite name="p" time="1,000.5"><properties><property name="go.version"/>
</properties><testcase classname="" name="TestMain"><failure/></testcase><testcase classname="p" name="T"/></testsuite>
<testsuite name="pytest"><testcase classname="a.K" name="t[&#xe9;]"/><testcase classname="a.K" name="t[&#xe9;]"><error/>
</testcase></testsuite></testsuites><testsuite name="test" package="test"><testcase classname="m" name="t"/></testsuite>
<testsuite name="(empty)" disabled="0" hostname=""><testcase name="c" classname="c" status="notrun"><skipped message="x"/>
</testcase><testcase name="g" classname="G" status="run" result="completed"/></testsuite>"#;

const GO_EVENTS: &str = r#"go: downloading
{"Time":"2026-01-01T00:00:00Z","Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA/b"}
{"Action":"output","Package":"p","Test":"TestA/b","Output":"x\n"}
{"Action":"fail","Package":"p","Test":"TestA/b","Elapsed":0.01}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Elapsed":0.1}
{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p"}
"#;

const LIBTEST_EVENTS: &str = r#"{"type":"suite","event":"started","test_count":2}
{"type":"test","event":"started","name":"a"}
{"type":"test","event":"ok","name":"a","exec_time":0.1}
{"type":"test","event":"started","name":"b"}
{"type":"suite","event":"started","test_count":0}
{"type":"suite","event":"ok"}
"#;

const NEXTEST_EVENTS: &str = r#"{"type":"suite","event":"started","nextest":{"crate":"p","test_binary":"it","kind":"test"}}
{"type":"test","event":"started","name":"p::it$a"}
{"type":"test","event":"failed","name":"p::it$a#3","exec_time":1e-2,"stdout":""}
{"type":"suite","event":"failed","nextest":{"crate":"p","test_binary":"it","kind":"test"}}
"#;

const GTEST_RESULTS: &str = r#"{"tests": 2, "name": "AllTests", "testsuites": [{"name": "M", "testsuite": [
    {"name": "a", "status": "RUN", "result": "COMPLETED", "time": "0.1s", "classname": "M", "failures": [{"failure": "x"}]},
    {"name": "b", "status": "NOTRUN", "result": "SUPPRESSED", "classname": "M"}]}]}"#;

const LIBTEST: &str = "tests::adds: test\ntests::a name: with colons: test\nbench_it: benchmark\n";

const GTEST_JSON: &str = r#"{"tests": 2, "name": "AllTests", "testsuites": [{"name": "Math", "tests": 2,
    "testsuite": [{"name": "Adds", "file": "m.cc", "line": 3}, {"name": "DISABLED_Divides/0"}]}]}"#;

const GTEST_TEXT: &str =
    "Running main()\nMath.\n  Adds\n  Divides/0  # GetParam() = 4\nTyped/0.  # TypeParam = int\n  Is\n";

const CATCH2_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<MatchingTests><TestCase><Name>adds &lt;int&gt;</Name><ClassName/><Tags>[a]</Tags>
<SourceInfo><File>m.cpp</File><Line>3</Line></SourceInfo></TestCase>
<TestCase><Name>b*, [c]</Name><SourceInfo><File>m.cpp</File><Line>9</Line></SourceInfo></TestCase></MatchingTests>"#;

const CATCH2_TEXT: &str = "\nadds\t@m.cpp:3\nsubtracts [x]\t@m.cpp(9)\n";

const DOCTEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<doctest binary="m"><Options order_by="file"/><TestCase name="adds" filename="m.cpp" line="3" testsuite="s"/>
<TestCase name="a, b*" filename="m.cpp" line="9" skipped="true"/><OverallResultsTestCases unskipped="2"/></doctest>"#;

const INVOCATION: &str = "--crate-name it --edition=2024 tests/it.rs --emit=dep-info,link -C debuginfo=2 --test --cfg \
    feature=\"tls\" --cfg=other -C metadata=abc -C extra-filename=-0123 --out-dir /t/deps -L dependency=/x \
    --extern my=/t/deps/libmy-9.rlib --extern proc_macro -Cinstrument-coverage";

const NOTE: &str = r#"{"crate_name":"it","crate_types":["lib"],"is_test":true,"extra_filename":"-1","out_dir":"/t",
    "cwd":"/w","source":"a.rs","package":"p","version":"1.0.0","manifest_dir":"/w","externs":["/t/libb.rlib"],
    "generated":null,"binaries":{"a":"/t/a"},"features":["f"],"flags":["-C x"],"instrumented":true}"#;

const FOLDERS: &str = r#"["/w/a","/w/b"]"#;

const LOCKFILE: &str = r#"version = 4
[[package]]
name = "a"
version = "0.1.0"
dependencies = ["b 1.0.0", "b 2.0.0 (registry+https://example.org/index)"]
[[package]]
name = "b"
version = "1.0.0"
source = "git+https://example.org/b?branch=x#00ff"
checksum = "11"
[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://example.org/index"
[metadata]
"checksum b 2.0.0 (registry+https://example.org/index)" = "22"
"#;

const MESSAGES: &str = r#"text
{"reason":"build-script-executed","package_id":"path+file:///w/a#0.1.0","linked_libs":[],"linked_paths":[],"cfgs":[],"env":[["MADE","1"]],"out_dir":"/t/out"}
{"reason":"compiler-artifact","package_id":"path+file:///w/a#0.1.0","manifest_path":"/w/a/Cargo.toml","target":{"kind":["lib"],"crate_types":["lib"],"name":"a","src_path":"/w/a/src/lib.rs","edition":"2021","doc":true,"doctest":true,"test":true},"profile":{"opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"test":true},"features":["f"],"filenames":["/t/a"],"executable":"/t/a","fresh":false}
{"reason":"build-finished","success":true}
"#;

const SCRIPT: &str = "cargo:rerun-if-changed=a b.txt\r\n cargo::rerun-if-changed=dir/\nhello\ncargo::rerun-if-env-changed=CC\n";

const CFG: &str = "debug_assertions\nunix\ntarget_os=\"linux\"\ntarget_feature=\"sse2\"\n";

const COVER_PROFILE: &str =
    "mode: count\nm/p/a b.go:1.2,3.4 5 6\nC:\\x.go:7.8,9.10 0 0\r\nmode: set\nm/p/a b.go:1.2,3.4 5 1\n";

const COVER_NAME: &str = "covcounters.00112233445566778899aabbccddeeff.42.1700000000000000000";

const COVER_SOURCE: &str = "package p\n//line a.y:1:2\nvar x = 1 /*line :3*/ + 2\n//line b/c.go:4\n";

const TEST_EVENTS: &str = r#"{"data":[
{"id":"a1","type":"citest","attributes":{"test_level":"test","tags":["env:ci"],"attributes":{"duration":1500000,"start":17,
"test":{"module":"m/p","suite":"a_test.go","name":"TestA/x","status":"fail","agent_is_flaky_failure":"true"},
"ci":{"job":{"id":"1","name":"unit"},"pipeline":{"id":"7"}},"git":{"commit":{"sha":"aa"}}}}},
{"id":"a2","type":"citest","attributes":{"test_level":"test","attributes":{"duration":2.5e6,"start":"18",
"test":{"module":"m/p","suite":"a_test.go","name":"TestA/x","status":"pass","is_retry":"true"},
"ci":{"job":{"id":"1","name":"unit"},"pipeline":{"id":"7"}},"git.commit.sha":"aa"}}},
{"id":"a3","type":"citest","attributes":{"test_level":"suite","attributes":{"test":{"suite":"t/test_x.py","status":"fail",
"test_management":{"is_quarantined":true}}}}},
{"id":"a4","type":"citest","attributes":{"test_level":"session","attributes":{"test":{"status":"skip"}}}}],
"meta":{"elapsed":1,"page":{"after":"c"},"request_id":"r","status":"done","warnings":[]},"links":{"next":"https://x"}}"#;
