//! Files that become code, and files that are read.

pub const MOTTO: &str = include_str!("../texts/motto.txt");
pub const LOGO: &[u8] = include_bytes!("../texts/logo.bin");

include!("included.rs");

pub fn motto() -> &'static str {
    MOTTO.trim()
}

pub fn logo_size() -> usize {
    LOGO.len()
}

pub fn read(name: &str) -> std::io::Result<String> {
    std::fs::read_to_string(format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR")))
}

pub fn numbers() -> u32 {
    read("numbers.txt").unwrap().lines().map(|line| line.parse::<u32>().unwrap()).sum()
}

pub fn plugins() -> Vec<String> {
    let folder = format!("{}/data/plugins", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub fn optional() -> String {
    read("optional.txt").unwrap_or_else(|_| "nothing".to_owned())
}
