//! C++, built by CMake and recorded by CTest; to see what tests do, each is started by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use skiptrace_tests::Sandbox;
use skiptrace_tests::tools::require;

use super::bench::Bench;
use super::corpus::Language;
use super::results::{Results, normalize};
use crate::PROGRAM;

/// What counts and what makes tests that are killed leave their counts.
const COVERAGE: &str = "-fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation";

/// A compiler and what it needs.
pub(super) struct Native {
    sandbox: Sandbox,
}

impl Native {
    /// Finds the compiler; `None` where a tool is missing.
    pub(super) fn new() -> Option<Native> {
        for tool in ["clang++-22", "cmake", "ninja", "ctest"] {
            require(tool)?;
        }
        let mut sandbox = Sandbox::new(PROGRAM);
        sandbox.var("CXX", "clang++-22");
        Some(Native { sandbox })
    }
}

impl Language for Native {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn runner(&self) -> &[&str] {
        &["ctest", "--test-dir", "build"]
    }

    fn record(&self) {
        let make = |program: &str| {
            let mut command = self.sandbox.command(program);
            command.current_dir(self.sandbox.work());
            command
        };
        build(&self.sandbox.work(), make, COVERAGE).unwrap_or_else(|error| panic!("{error}"));
        // Several runs show which tests take another way each time. Fewer would show it less surely: a way out of
        // sixteen is taken by chance twice or not at all.
        let args = ["record", "--runs", "6", "-q", "--"];
        let _ = self.sandbox.skiptrace(args.iter().chain(self.runner()));
    }

    fn build(&self, bench: &Bench<'_>, env: &BTreeMap<String, String>) -> Result<(), String> {
        let flags = env.get("CXXFLAGS").map_or(COVERAGE, String::as_str);
        build(&bench.folder, |program| bench.command(program), flags)
    }

    fn run(&self, bench: &Bench<'_>, env: &BTreeMap<String, String>) -> Result<Results, String> {
        let built = bench.folder.join("build");
        let unit = built.join("unit");
        let listed = bench
            .command_at(&unit)
            .env("LLVM_PROFILE_FILE", "/dev/null")
            .output()
            .map_err(|error| error.to_string())?;
        let mut results = Results::default();
        for name in String::from_utf8_lossy(&listed.stdout).lines() {
            let mut command = bench.command_at(&unit);
            command.arg(name);
            add(&mut results, ("unit", name), &mut command, bench, env);
        }
        for program in ["plain", "apart", "bare"] {
            let mut command = bench.command_at(&built.join(program));
            add(&mut results, (program, program), &mut command, bench, env);
        }
        Ok(results)
    }

    fn always(&self) -> &[(&str, &str)] {
        &[
            ("unit", "order_aborts"),
            ("unit", "order_asserts"),
            ("unit", "order_fails"),
            ("unit", "random_flips"),
        ]
    }
}

/// Configures, where that was not done with these flags, and builds.
fn build(folder: &Path, command: impl Fn(&str) -> Command, flags: &str) -> Result<(), String> {
    let succeed = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let from = text.find("error:").unwrap_or_default();
        let text: String = text[from..].chars().take(1500).collect();
        Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    };
    let flags = format!("-DCMAKE_CXX_FLAGS={flags}");
    let told = folder.join("build/flags");
    if !fs::read_to_string(&told).is_ok_and(|told| told == flags) {
        succeed(command("cmake").args(["-S", ".", "-B", "build", "-G", "Ninja"]).arg(&flags))?;
        fs::write(&told, &flags).map_err(|error| error.to_string())?;
    }
    succeed(command("cmake").args(["--build", "build"]))
}

fn add(
    results: &mut Results,
    (suite, name): (&str, &str),
    command: &mut Command,
    bench: &Bench<'_>,
    env: &BTreeMap<String, String>,
) {
    let tool: &Path = &bench.folder.join("build/tool");
    let output = command
        .env("TOOL", tool)
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .envs(env)
        .output()
        .expect("it was built");
    let text = [output.stdout, output.stderr].concat();
    let text = normalize(&String::from_utf8_lossy(&text), bench.text());
    results.add(suite, name, &output.status.to_string(), &text);
}
