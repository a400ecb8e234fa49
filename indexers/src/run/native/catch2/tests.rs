use proptest::prelude::*;

use super::*;
use crate::run::native::list as list_any;
use crate::run::native::testing::{Bench, run, told, told_together};
use crate::run::verdict::Judgement;

const PROGRAM: &str = r##"
#ifdef VERSION_3
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include <catch2/catch.hpp>
#endif
#include <cstdio>
#include <cstdlib>
static void log(const char* name) {
  const char* path = std::getenv("LOG");
  if (!path) return;
  std::FILE* file = std::fopen(path, "a");
  std::fprintf(file, "%s|", name);
  std::fclose(file);
}
#define RUNS(name) TEST_CASE(name) { log(name); CHECK(1 == 1); }
RUNS("plain")
RUNS("plain too")
RUNS("with, comma [x]")
RUNS("back\\slash")
RUNS("ends with \\")
RUNS("  leading")
RUNS("\"quoted\" & <tagged>")
RUNS("ünicode")
RUNS("-dash")
RUNS("~tilde")
RUNS("#hash")
RUNS("star*")
RUNS("star of it")
RUNS("new\nline")
TEST_CASE("hidden", "[.]") { log("hidden"); CHECK(1 == 1); }
TEST_CASE("may fail", "[!mayfail]") { log("may fail"); CHECK(1 == 2); }
TEST_CASE("empty") { log("empty"); }
TEST_CASE("fails") { log("fails"); CHECK(1 == 2); }
TEST_CASE("many", "[tag]") { log("many"); for (int i = 0; i < 1200; i++) CHECK(i >= 0); }
TEST_CASE() { log("anonymous"); }
TEMPLATE_TEST_CASE("template", "[t]", int, char) { log("template"); CHECK(sizeof(TestType) > 0); }
"##;

#[test]
fn each_test_runs_alone() {
    // Version 3 is several headers and a library, version 2 is one header.
    let version_2 = ("catch2/catch.hpp", &[][..]);
    let version_3 = ("catch2/catch_all.hpp", &["-DVERSION_3", "-lCatch2Main", "-lCatch2"][..]);
    let bench = Bench::new();
    let has_3 = bench.has_header(version_3.0);
    // Hardly a machine has both, and each of them will do.
    let versions = match (bench.has_header(version_2.0), has_3) {
        (true, true) => vec![version_2, version_3],
        (false, true) => vec![version_3],
        _ => vec![version_2],
    };
    if !has_3 {
        eprintln!("skipped for version 3: `{}` is missing", version_3.0);
    }
    insta::allow_duplicates! {
        for (needs, libraries) in versions {
            check(needs, libraries);
        }
    }
}

fn check(needs: &str, libraries: &[&str]) {
    let bench = Bench::new();
    let Some(binary) = bench.compile("t", PROGRAM, needs, libraries) else { return };
    let cases = list_any(&binary, None, Options::default(), &bench.listing()).unwrap();
    insta::assert_snapshot!(told(&cases, &bench), @r##"
    "plain": Passed ran plain
    "plain too": Passed ran plain too
    "with, comma [x]": Passed ran with, comma [x]
    "back\\slash": Passed ran back\slash
    "ends with \\": Passed ran ends with \
    "  leading": Passed ran   leading
    "\"quoted\" & <tagged>": Passed ran "quoted" & <tagged>
    "ünicode": Passed ran ünicode
    "-dash": Passed ran -dash
    "~tilde": Passed ran ~tilde
    "#hash": Passed ran #hash
    "star of it,star*": Passed ran star* + star of it
    "new\nline": Passed ran new
    line
    "hidden" (left out): Passed ran hidden
    "may fail": Passed ran may fail
    "empty": Passed ran empty
    "fails": Failed ran fails
    "many": Passed ran many
    "Anonymous test case 1": Passed ran anonymous
    "template - int": Passed ran template
    "template - char": Passed ran template
    "##);

    let some = |names: &[&str]| {
        let of = |name: &&str| cases.iter().find(|case| *case.name == **name).unwrap();
        together(&names.iter().map(of).collect::<Vec<_>>(), None).unwrap()
    };
    let every: Vec<&Case> = cases.iter().collect();
    let runs = [
        some(&["plain", "with, comma [x]", "#hash"]),
        some(&["plain", "may fail", "fails", "hidden"]),
        together(&every, Some(LeftOut::Skip)).unwrap(),
        together(&every, Some(LeftOut::Run)).unwrap(),
    ];
    insta::assert_snapshot!(runs.map(|run| told_together(&run, &bench)).concat(), @"
    3 began, 3 ran, 0 failed: {}
    4 began, 4 ran, 1 failed: {}
    21 began, 21 ran, 1 failed: {}
    22 began, 22 ran, 1 failed: {}
    ");

    let all = Options { left_out: LeftOut::Run, ..Options::default() };
    let cases = list(&binary, all, &bench.listing()).unwrap();
    assert!(cases.iter().all(|case| !case.skipped));
    let mut stale = cases.iter().find(|case| &*case.name == "plain").unwrap().clone();
    stale.command.args[2] = "gone".into();
    // Version 2 calls this a pass, version 3 a failure.
    assert_ne!(run(&stale), Judgement::Passed);
    bench.assert_untouched();
}

#[test]
fn both_lists_are_read() {
    let two = "\nplain\t@a/b.cpp:3\n  leading\t@b.cpp:4\nnew\nline\t@b.cpp(5)\n\"#hash\"\t@b.cpp:6\n";
    let three = r#"<?xml version="1.0" encoding="UTF-8"?>
<MatchingTests>
  <TestCase>
    <Name>plain</Name>
    <ClassName/>
    <Tags>[tag]</Tags>
    <SourceInfo>
      <File>a/b.cpp</File>
      <Line>3</Line>
    </SourceInfo>
  </TestCase>
  <TestCase>
    <Name>  leading &lt;&amp;&#x3e;
x</Name>
    <ClassName>C</ClassName>
    <Tags/>
    <SourceInfo>
      <File>b.cpp</File>
      <Line>4</Line>
    </SourceInfo>
  </TestCase>
</MatchingTests>
"#;
    let names = |listed: &[Listed], version| -> Vec<String> {
        listed.iter().map(|listed| format!("{} at {}", listed.name(version), listed.place)).collect()
    };
    assert_eq!(
        names(&parse_names(two).unwrap(), Version::Two),
        ["plain at a/b.cpp:3", "  leading at b.cpp:4", "new\nline at b.cpp(5)", "#hash at b.cpp:6"]
    );
    assert_eq!(
        names(&parse_xml(three).unwrap(), Version::Three),
        ["plain at a/b.cpp:3", "  leading <&>\nx at b.cpp:4"]
    );
    assert_eq!(parse_xml("<?xml version=\"1.0\"?>\n<MatchingTests/>"), Ok(Vec::new()));
    assert!(parse_xml(&three[..200]).is_err());
    assert!(parse_names("All available test cases:\n  plain\n").is_err());
    assert!(parse_names("plain\t@somewhere\n").is_err());
}

proptest! {
    #[test]
    fn no_list_panics(
        xml in "(<MatchingTests>|<TestCase>|<Name>|</Name>|</TestCase>|</MatchingTests>|&amp;|&x;|[a-z<>/]){0,24}",
        names in "(\t@|:3|\n|[a-z ()\"#]){0,24}",
    ) {
        let _ = parse_xml(&xml);
        if let Ok(listed) = parse_names(&names) {
            for listed in listed {
                listed.name(Version::Two);
            }
        }
    }
}
