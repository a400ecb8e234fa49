//! What the user has set up stays as it is.

use super::*;

/// Runs `cargo test --no-run` and returns whether something was compiled.
fn compiles(project: &CargoProject, more: &[&str]) -> bool {
    let mut command = project.sandbox.command("cargo");
    let output = command.args(["test", "--no-run"]).args(more).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said.contains("Compiling")
}

fn check(project: &CargoProject, runner: &str) {
    let recorded = project.record(&[], runner);
    assert_eq!(recorded.check_exact(&[]), 1, "{}", recorded.output.snapshot());
    let runs = std::fs::read_to_string(project.sandbox.home().join("runner.log")).unwrap();
    assert!(runs.contains("is_configured"), "{runs}");
    std::fs::remove_file(project.sandbox.home().join("runner.log")).unwrap();
    assert_eq!(project.status(), "");
}

#[test]
fn configuration_is_kept() {
    let mut project = CargoProject::of_fixture(PROGRAM, "configured");
    let mut runners = vec!["cargo test"];
    if require("cargo-nextest").is_some() {
        runners.push("cargo nextest run");
    }
    assert!(compiles(&project, &[]));
    for runner in &runners {
        check(&project, runner);
        assert!(!compiles(&project, &[]), "{runner}");
    }
    assert!(project.sandbox.work().join("built/skiptrace").is_dir());

    // A target folder on the command line.
    assert!(compiles(&project, &["--target-dir", "elsewhere/a"]));
    for runner in &runners {
        check(&project, &format!("{runner} --target-dir elsewhere/a"));
        assert!(!compiles(&project, &["--target-dir", "elsewhere/a"]), "{runner}");
    }

    // Flags, a target folder and a compiler wrapper in the environment.
    let wrapper = project.sandbox.work().join("tools/wrapper.sh");
    project.sandbox.var("RUSTC_WRAPPER", wrapper.to_str().unwrap());
    project.sandbox.var("RUSTFLAGS", "--cfg from_env");
    project.sandbox.var("WANTED", "from_env");
    project.sandbox.var("CARGO_TARGET_DIR", "elsewhere/b");
    for runner in &runners {
        check(&project, runner);
    }
    let calls = std::fs::read_to_string(project.sandbox.home().join("wrapper.log")).unwrap();
    assert!(calls.contains("--crate-name configured") && calls.contains("-Cinstrument-coverage"), "{calls}");
    assert!(project.sandbox.work().join("elsewhere/b/skiptrace").is_dir());
}
