//! What the program can do.

pub const USAGE: &str = "usage: app greet|size|sum|relay|fail|die|script";

pub fn greet(name: &str) -> String {
    shapes::limits::greet(name)
}

pub fn size() -> String {
    format!("{} bytes", shapes::limits::inline_size())
}

pub fn sum(numbers: &[String]) -> Result<u32, String> {
    numbers.iter().map(|number| parse(number)).sum()
}

fn parse(number: &str) -> Result<u32, String> {
    number.parse().map_err(|_| format!("`{number}` is no number"))
}

pub fn exit_code() -> u8 {
    3
}

pub fn last_words() -> &'static str {
    "goodbye"
}
