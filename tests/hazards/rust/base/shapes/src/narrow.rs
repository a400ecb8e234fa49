//! What is lost when names are taken to say more than they do.

use std::fmt;
use std::ops::Deref;

/// Calls what it is given as a method.
macro_rules! call {
    ($value:expr, $method:ident) => {
        $value.$method()
    };
}

/// Declares a function and nothing else.
macro_rules! answer {
    ($name:ident, $value:expr) => {
        pub fn $name() -> u32 {
            $value
        }
    };
}

pub struct Inner(pub u32);

impl Inner {
    pub fn extent(&self) -> u32 {
        self.0
    }

    pub fn span(&self) -> u32 {
        self.0
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inner {}", self.0)
    }
}

pub struct Outer(pub Inner);

impl Deref for Outer {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

#[allow(non_camel_case_types)]
pub struct tally(pub Inner);

impl Deref for tally {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

pub fn extent() -> u32 {
    call!(Outer(Inner(3)), extent)
}

pub fn tallied() -> u32 {
    tally(Inner(4)).span()
}

/// Whatever can be shown can be described.
pub trait Describe {
    fn describe(&self) -> String;
}

impl<T: fmt::Display> Describe for T {
    fn describe(&self) -> String {
        format!("it is {self}")
    }
}

pub fn described() -> String {
    Outer(Inner(5)).describe()
}

pub trait Weigh {
    fn weigh(&self) -> u32 {
        1
    }
}

pub struct Feather;

impl Weigh for Feather {}

pub struct Stone;

impl Weigh for Stone {
    fn weigh(&self) -> u32 {
        100
    }
}

fn sum(all: &[&dyn Weigh]) -> u32 {
    all.iter().map(|one| one.weigh()).sum()
}

pub fn feathers() -> u32 {
    sum(&[&Feather, &Feather])
}

pub fn stones() -> u32 {
    sum(&[&Stone])
}

/// Another crate's, under a path that looks like this one's.
pub mod foreign {
    pub use units::Unit;
}

/// Of the same name, but this crate's own.
pub mod own {
    pub trait Unit {
        fn symbol(&self) -> u32;
    }
}

pub mod ton {
    use crate::narrow::foreign::Unit;

    pub struct Ton;

    impl Unit for Ton {}
}

pub fn shown() -> String {
    units::show(&ton::Ton)
}

pub struct Count(pub &'static str);

impl From<u8> for Count {
    fn from(_: u8) -> Count {
        Count("byte")
    }
}

pub fn counted() -> &'static str {
    Count::from(5).0
}

pub mod answers {
    use super::guesses::*;

    answer!(first, 1);

    pub fn both() -> u32 {
        first() + second()
    }
}

pub mod guesses {
    pub fn second() -> u32 {
        2
    }

    pub fn third() -> u32 {
        3
    }
}

mod deep {
    use super::guesses::third as taken;

    pub mod deeper {
        use super::*;

        pub fn value() -> u32 {
            taken()
        }
    }
}

pub fn taken() -> u32 {
    deep::deeper::value()
}

/// Can be told of if what is in it can be shown.
pub struct Parcel<T>(pub T, pub Letter);

impl<T: fmt::UpperHex> Parcel<T> {
    pub fn told(&self) -> &'static str {
        "parcel"
    }
}

pub struct Letter;

impl Letter {
    pub fn told(&self) -> &'static str {
        "letter"
    }
}

impl<T> Deref for Parcel<T> {
    type Target = Letter;

    fn deref(&self) -> &Letter {
        &self.1
    }
}

pub fn told() -> &'static str {
    Parcel(Outer(Inner(6)), Letter).told()
}
