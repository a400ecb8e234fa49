//! Damaged files are read or refused, and never more than that.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use skiptrace_indexers::llvm::binary::BinaryWithRegions;
use skiptrace_indexers::llvm::mapping::Rule;

use crate::tools::{Toolchain, Workshop};

/// Reads everything there is to read.
fn exhaust(bytes: &[u8]) {
    let Ok(binaries) = BinaryWithRegions::parse(bytes) else { return };
    for detailed in binaries {
        for function in 0..detailed.binary.functions.len() as u32 {
            for regions in detailed.regions(function).unwrap() {
                let counters = vec![1; regions.n_counters().min(1000) as usize];
                regions.counts(&counters, Rule::Exact);
                regions.counts(&counters, Rule::Possible);
            }
        }
    }
}

fn damage(path: &Path, step: usize) {
    let bytes = fs::read(path).unwrap();
    assert!(BinaryWithRegions::parse(&bytes).is_ok());
    let started = Instant::now();
    for len in (0..bytes.len()).step_by(step) {
        exhaust(&bytes[..len]);
    }
    let mut flipped = bytes.clone();
    for at in (0..bytes.len()).step_by(step) {
        for mask in [0x01, 0x80, 0xFF] {
            flipped[at] ^= mask;
            exhaust(&flipped);
            flipped[at] ^= mask;
        }
    }
    assert!(started.elapsed() < Duration::from_secs(600), "reading {} took too long", path.display());
}

#[test]
fn damaged_objects_and_programs() {
    let Some(tools) = Toolchain::get(22) else { return };
    let workshop = Workshop::new();
    let flags = ["-fprofile-instr-generate", "-fcoverage-mapping", "-ffreestanding", "-fcoverage-mcdc"];
    for target in
        ["x86_64-linux-gnu", "powerpc64-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"]
    {
        let (target_flag, name) = (format!("--target={target}"), format!("{target}.o"));
        let args = [&flags[..], &[&target_flag, "-c", "second.c", "-o", &name]].concat();
        workshop.run(&mut tools.tool("clang"), &args);
        damage(&workshop.path(&name), 1);
    }
    workshop
        .run(&mut tools.tool("llvm-ar"), &["rcs", "all.a", "x86_64-linux-gnu.o", "powerpc64-linux-gnu.o"]);
    damage(&workshop.path("all.a"), 3);
    if crate::tools::have(&["ld.lld-22"]) {
        std::fs::write(workshop.path("runtime.c"), "int __llvm_profile_runtime;").unwrap();
        workshop.run(&mut tools.tool("clang"), &["-c", "runtime.c", "-o", "runtime.o"]);
        let link = ["x86_64-linux-gnu.o", "runtime.o", "-e", "second", "-o", "program"];
        workshop.run(&mut tools.tool("ld.lld"), &link);
        damage(&workshop.path("program"), 1);
    }
}
