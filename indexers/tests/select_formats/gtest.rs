//! Programs that speak GoogleTest.

use super::*;

const PROGRAM: &str = r#"
#include <cstdlib>
#include <fstream>
#include <string>
#include <gtest/gtest.h>
class Note : public ::testing::EmptyTestEventListener {
  void OnTestStart(const ::testing::TestInfo &test) override {
    std::ofstream log(std::getenv("LOG"), std::ios::app | std::ios::binary);
    std::string name = std::string(test.test_suite_name()) + "." + test.name();
    log << "unit" << '\0' << name << '\0';
  }
};
class Plain : public ::testing::Test {};
class Body : public Plain { void TestBody() override {} };
class Many : public ::testing::TestWithParam<int> {};
TEST_P(Many, Works) {}
INSTANTIATE_TEST_SUITE_P(All, Many, ::testing::Range(0, 5000));
TEST(Some, A) {}
TEST(Some, AB) {}
TEST(Some, DISABLED_A) {}
TEST(SomeMore, A) {}
int main(int argc, char **argv) {
  static const char *names[] = {NAMES};
  for (const char *name : names)
    ::testing::RegisterTest("Awkward", name, nullptr, nullptr, __FILE__, __LINE__, []() -> Plain * { return new Body; });
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::UnitTest::GetInstance()->listeners().Append(new Note);
  return RUN_ALL_TESTS();
}
"#;

fn project() -> Option<Project> {
    let quoted: Vec<String> = AWKWARD.iter().map(|name| format!("{name:?}")).collect();
    // What Rust escapes, C++ does as well, but for the form of code points.
    let names = quoted.join(", ").replace("\\u{a0}", "\u{a0}").replace("\\u{301}", "\u{301}");
    let project = Project::new(&[("unit.cpp", &PROGRAM.replace("NAMES", &names))]);
    let compiler =
        ["clang++", "clang++-22", "clang++-19", "clang++-16", "clang++-14", "g++"].into_iter().find(|name| {
            Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
        });
    let built = compiler.map(|compiler| {
        let mut command = Command::new(compiler);
        command.args(["-std=c++17", "-O0", "-o", "unit", "unit.cpp", "-lgtest", "-lpthread"]);
        command.current_dir(project.root.path()).output().unwrap()
    });
    match built {
        Some(built) if built.status.success() => Some(project),
        built => {
            let told = built.map(|output| both(&output)).unwrap_or_default();
            skipped(&format!("there is no C++ compiler, or no GoogleTest: {told}"));
            None
        }
    }
}

fn run(project: &Project, rendered: &Rendered) -> BTreeSet<TestName> {
    let mut command = Command::new(project.path("unit"));
    command.args(&rendered.arguments);
    for name in ["GTEST_FILTER", "GTEST_FLAGFILE", "TESTBRIDGE_TEST_ONLY"] {
        command.env_remove(name);
    }
    let (output, ran) = project.run(&mut command, rendered);
    assert!(output.status.success(), "{}", both(&output));
    ran
}

#[test]
fn gtest_runs_exactly_what_is_left_but_for_what_no_filter_names() {
    let Some(project) = project() else { return };
    let everything = run(&project, &Rendered::default());
    assert!(everything.len() > 5000, "{}", everything.len());
    let is_hard = |test: &&TestName| test.name.contains(['*', '?', ':']);
    for seed in 1..5 {
        let halves = halves(&everything, seed).with_stale("unit", 100);
        let rendered = project.tell(&Format::Gtest, &halves.choice(Strangers::Run), Form::Skip);
        let kept: Vec<&TestName> = halves.skip.iter().filter(is_hard).collect();
        assert_eq!(rendered.kept, kept.len());
        let expected: BTreeSet<TestName> =
            halves.with_strangers().into_iter().chain(kept.into_iter().cloned()).collect();
        assert_eq!(run(&project, &rendered), expected);
        // Names that a filter takes as they are can be told as what is to run.
        let plain = |test: &&TestName| !test.name.contains(['*', '?', ':', '-']);
        let run_only: Vec<TestName> = halves.run.iter().filter(plain).cloned().collect();
        let choice = Choice { run: &run_only, skip: &halves.skip, strangers: Strangers::Leave };
        let rendered = project.tell(&Format::Gtest, &choice, Form::Run);
        assert_eq!((rendered.form, rendered.kept), (Form::Run, 0));
        assert_eq!(run(&project, &rendered), run_only.into_iter().collect());
    }
    let all: Vec<TestName> = everything.iter().cloned().collect();
    let choice = Choice { run: &[], skip: &all, strangers: Strangers::Leave };
    let rendered = project.tell(&Format::Gtest, &choice, Form::Skip);
    assert!(rendered.empty && run(&project, &rendered).is_empty());
}
