use std::process::Command;

pub fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_app")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    format!("{:?}: {text}", output.status.code())
}

pub fn nothing() -> &'static str {
    "nothing"
}
