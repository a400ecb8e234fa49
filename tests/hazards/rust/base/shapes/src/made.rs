//! Types that tests meet without naming them, or without having a value of them.

/// Held by others. Whoever has one made it by its name, if nothing else makes one.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    Empty,
    Long(u8),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub fault: Option<Fault>,
    pub name: &'static str,
}

pub fn clean() -> Report {
    Report { fault: None, name: "clean" }
}

pub fn faulty() -> Report {
    Report { fault: Some(Fault::Long(3)), name: "faulty" }
}

pub fn size_of_report() -> usize {
    std::mem::size_of::<Report>()
}

/// Made by nobody who names it.
#[derive(Debug, Default, PartialEq)]
pub struct Knobs {
    pub loud: bool,
}

#[derive(Debug, Default, PartialEq)]
pub struct Desk {
    pub knobs: Knobs,
}

pub fn desk() -> Desk {
    Desk::default()
}

/// Decides how long something is that holds none of it.
#[derive(Debug, Clone, Copy)]
pub enum Slot {
    First,
    Last,
}

pub struct Rack {
    pub places: [u8; Slot::Last as usize + 1],
}

pub trait Filled {
    fn filled() -> Self;
}

impl Filled for [u8; 2] {
    fn filled() -> [u8; 2] {
        [2; 2]
    }
}

impl Filled for [u8; 3] {
    fn filled() -> [u8; 3] {
        [3; 3]
    }
}

pub fn rack() -> usize {
    Rack { places: Filled::filled() }.places.len()
}

/// Said once, and made where it is called something else.
pub trait Checks {
    type Fault;

    fn check(text: &str) -> Result<(), Self::Fault>;
}

#[derive(Debug)]
pub struct Refusal {
    pub code: i64,
}

impl Refusal {
    pub fn new() -> Refusal {
        Refusal { code: -1 }
    }
}

pub struct Guard;

impl Checks for Guard {
    type Fault = Refusal;

    fn check(text: &str) -> Result<(), Self::Fault> {
        if text.is_empty() { Err(Self::Fault { code: text.len() as i64 - 1 }) } else { Ok(()) }
    }
}

pub fn refused() -> String {
    format!("{:?}", Guard::check("").unwrap_err())
}

/// Called something else.
pub struct Token(pub u16);

pub type Badge = Token;

pub fn badge() -> String {
    format!("{}", Badge { 0: 7 }.0 as u8 as char)
}

/// Made where all of its kinds are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Low,
    High,
}

pub mod ranks {
    use super::Rank::*;

    pub fn order() -> bool {
        Low < High
    }
}

/// Made by whoever names the association, and neither it nor what is associated.
#[derive(Debug, Clone, Copy)]
pub enum Mood {
    Glad,
    Sad,
}

pub trait Feels {
    type Feeling;
}

pub struct Cat;

impl Feels for Cat {
    type Feeling = Mood;
}

pub fn feeling() -> u8 {
    <Cat as Feels>::Feeling::Sad as u8
}
