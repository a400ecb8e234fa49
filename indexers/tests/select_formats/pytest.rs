//! pytest, where it is installed.

use super::*;

const TESTS: &str = r#"
import os
import pytest

def note(request):
    with open(os.environ["LOG"], "ab") as log:
        log.write(("\0" + request.node.nodeid + "\0").encode("utf-8"))

def test_a(request): note(request)
def test_ab(request): note(request)
class TestK:
    def test_a(self, request): note(request)
    def test_b(self, request): note(request)
@pytest.mark.parametrize("name", NAMES)
def test_named(name, request): note(request)
@pytest.mark.parametrize("n", range(5000))
def test_many(n, request): note(request)
"#;

fn run(project: &Project, rendered: &Rendered) -> (Option<i32>, BTreeSet<TestName>) {
    let mut command = Command::new("pytest");
    command
        .args(["-q", "-p", "no:cacheprovider"])
        .args(&rendered.arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command.env_remove("PYTEST_ADDOPTS").env_remove("PYTHONPATH").env_remove("PYTEST_PLUGINS");
    let (output, ran) = project.run(&mut command, rendered);
    assert!(!both(&output).contains("rror"), "{}", both(&output));
    (output.status.code(), ran)
}

#[test]
fn pytest_runs_exactly_what_is_left() {
    let answers =
        Command::new("pytest").arg("--version").output().is_ok_and(|output| output.status.success());
    if !answers {
        eprintln!("skipped: there is no pytest");
        return;
    }
    let names = serde_json::to_string(AWKWARD).unwrap();
    let project = Project::new(&[
        ("test_x.py", &TESTS.replace("NAMES", &names)),
        ("sub/test_y.py", "def test_a(): pass\n"),
        ("pytest.ini", "[pytest]\n"),
    ]);
    let (code, everything) = run(&project, &Rendered::default());
    assert_eq!(code, Some(0));
    assert!(everything.len() > 5050, "{}", everything.len());
    let halves = halves(&everything, 5).with_stale("", 10);
    let rendered = project.tell(&Format::Pytest, &halves.choice(Strangers::Run), Form::Skip);
    assert_eq!(run(&project, &rendered), (Some(0), halves.with_strangers()));
    let rendered = project.tell(&Format::Pytest, &halves.choice(Strangers::Leave), Form::Run);
    assert_eq!(run(&project, &rendered), (Some(0), halves.run.iter().cloned().collect()));
    // None left is no failure.
    let all: Vec<TestName> = everything.iter().cloned().collect();
    let choice = Choice { run: &[], skip: &all, strangers: Strangers::Leave };
    let rendered = project.tell(&Format::Pytest, &choice, Form::Skip);
    assert!(rendered.empty);
    assert_eq!(run(&project, &rendered), (Some(0), BTreeSet::new()));
}
