//! Puts the commit into the program, as many do.

fn main() {
    let output = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output();
    let commit = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo:rustc-env=STAMP={}", commit.unwrap_or_default());
    println!("cargo:rerun-if-changed=../.git/HEAD");
    println!("cargo:rerun-if-changed=../.git/refs/heads/main");
}
