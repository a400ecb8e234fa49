//! Calls that nobody wrote down.

use std::ops::{Add, Index};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub u32);

impl Add for Money {
    type Output = Money;

    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl From<u8> for Money {
    fn from(number: u8) -> Money {
        Money(number as u32)
    }
}

pub struct Shelf(pub Vec<u32>);

impl Index<usize> for Shelf {
    type Output = u32;

    fn index(&self, at: usize) -> &u32 {
        &self.0[at]
    }
}

impl IntoIterator for Shelf {
    type Item = u32;
    type IntoIter = std::vec::IntoIter<u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

pub fn total() -> Money {
    Money(1) + Money(2)
}

pub fn converted() -> Money {
    7u8.into()
}

pub fn first() -> u32 {
    Shelf(vec![4, 5])[0]
}

pub fn listed() -> Vec<u32> {
    let mut seen = Vec::new();
    for number in Shelf(vec![1, 2]) {
        seen.push(number);
    }
    seen
}

pub fn largest() -> Option<Money> {
    vec![Money(3), Money(8)].into_iter().max()
}

pub fn failing() -> Result<u32, String> {
    let number: u32 = "12".parse::<u32>().map_err(|_| "no number".to_owned())?;
    Ok(number)
}

/// Older editions take the elements of an array by reference here.
pub fn edition() -> &'static str {
    std::any::type_name_of_val(&[1u8, 2].into_iter())
}
