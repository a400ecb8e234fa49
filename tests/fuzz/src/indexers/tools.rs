//! Real files, made by the compilers that are installed.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

const PROGRAM: &str = "int twice(int x) { return x > 2 ? x * 2 : 3; }
int main(int argc, char **argv) { if (argc > 3) return twice(argc); return twice(argc) == 77; }\n";

/// What a program that clang compiled leaves behind.
#[derive(Default, Clone)]
pub struct Made {
    /// Objects, programs, what of it is small.
    pub binaries: Vec<Vec<u8>>,
    /// Raw profiles.
    pub profiles: Vec<Vec<u8>>,
    /// Merged profiles, indexed and as text.
    pub merged: Vec<Vec<u8>>,
    /// Depfiles.
    pub dep_infos: Vec<Vec<u8>>,
}

/// Returns what the installed compilers made; nothing where none is.
pub fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut made = Made::default();
        for version in ["22", "19", "16", "14"] {
            if add(version, &mut made).is_none() {
                eprintln!("skipped: files made by clang-{version}, which is not installed or failed");
            }
        }
        made
    })
}

fn add(version: &str, made: &mut Made) -> Option<()> {
    let folder = tempfile::tempdir().ok()?;
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(format!("{program}-{version}"));
        command.args(args).current_dir(folder.path()).env("LLVM_PROFILE_FILE", "default.profraw");
        command.output().ok()?.status.success().then_some(())
    };
    let read = |name: &str| fs::read(folder.path().join(name)).ok();
    fs::write(folder.path().join("main.c"), PROGRAM).ok()?;
    let flags = ["-fprofile-instr-generate", "-fcoverage-mapping"];
    run("clang", &[&flags[..], &["-c", "-MD", "-o", "main.o", "main.c"]].concat())?;
    made.binaries.push(read("main.o")?);
    made.dep_infos.push(read("main.d")?);
    run("clang", &[&flags[..], &["-s", "-o", "main", "main.o"]].concat())?;
    made.binaries.push(read("main")?);
    let mut program = Command::new(folder.path().join("main"));
    program.env("LLVM_PROFILE_FILE", folder.path().join("default.profraw")).status().ok()?;
    made.profiles.push(read("default.profraw")?);
    for (form, name) in [("--instr", "out.profdata"), ("--text", "out.txt")] {
        run("llvm-profdata", &["merge", form, "-o", name, "default.profraw"])?;
        made.merged.push(read(name)?);
    }
    Some(())
}
