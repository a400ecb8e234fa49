//! What is reached through pointers only.

pub type Handler = fn(u32) -> u32;

fn plus_one(number: u32) -> u32 {
    number + 1
}

fn times_two(number: u32) -> u32 {
    number * 2
}

pub static HANDLERS: &[(&str, Handler)] = &[("plus", plus_one), ("times", times_two)];

pub fn handle(name: &str, number: u32) -> Option<u32> {
    HANDLERS.iter().find(|(known, _)| *known == name).map(|(_, handler)| handler(number))
}

pub fn names() -> String {
    HANDLERS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}
