//! Macros that other files and other crates use.

#[macro_export]
macro_rules! twice {
    ($value:expr) => {
        $value + $value
    };
}

#[macro_export]
macro_rules! named {
    ($name:ident, $value:expr) => {
        pub fn $name() -> u32 {
            $value
        }
    };
}

#[macro_export]
macro_rules! ask {
    (big) => {
        100
    };
    ($other:ident) => {
        $crate::macros::DEFAULT_ANSWER
    };
}

macro_rules! inner {
    () => {
        5
    };
}

macro_rules! outer {
    () => {
        inner!() + 1
    };
}

pub const DEFAULT_ANSWER: u32 = 1;

named!(made, 11);
named!(also_made, 12);

pub fn doubled(number: u32) -> u32 {
    twice!(number)
}

pub fn nested() -> u32 {
    outer!()
}

pub fn asked() -> (u32, u32) {
    (ask!(big), ask!(small))
}

#[derive(derive::Describe)]
pub struct Lamp;

#[derive(derive::Describe)]
pub enum Door {
    Open,
}

pub fn described() -> String {
    format!("{}, {}", Lamp.describe(), Door::Open.describe())
}

pub fn shouted() -> &'static str {
    derive::shout!("fire")
}

#[derive::keep]
pub fn kept() -> u32 {
    21
}

pub fn unmade() -> u32 {
    3
}
