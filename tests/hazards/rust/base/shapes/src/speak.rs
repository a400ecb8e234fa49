//! Methods that are found by rules.

use std::fmt;
use std::ops::Deref;

pub trait Speak {
    fn name(&self) -> String;

    fn speak(&self) -> String {
        format!("{} says nothing", self.name())
    }

    fn twice(&self) -> String {
        format!("{} {}", self.speak(), self.speak())
    }
}

pub struct Dog;

impl Speak for Dog {
    fn name(&self) -> String {
        "dog".to_owned()
    }

    fn speak(&self) -> String {
        "woof".to_owned()
    }
}

pub struct Cat;

impl Speak for Cat {
    fn name(&self) -> String {
        "cat".to_owned()
    }
}

pub struct Cow;

impl Speak for Cow {
    fn name(&self) -> String {
        "cow".to_owned()
    }
}

pub fn all() -> Vec<Box<dyn Speak>> {
    vec![Box::new(Dog), Box::new(Cat)]
}

pub fn chorus() -> String {
    all().iter().map(|animal| animal.speak()).collect::<Vec<_>>().join(", ")
}

/// Has a `level`, which whatever derefs to it has as well.
pub struct Gauge(pub u32);

impl Gauge {
    pub fn level(&self) -> u32 {
        self.0
    }
}

pub struct Meter(pub Gauge);

impl Deref for Meter {
    type Target = Gauge;

    fn deref(&self) -> &Gauge {
        &self.0
    }
}

pub fn read_meter() -> u32 {
    Meter(Gauge(5)).level()
}

pub trait Kind {
    fn kind(&self) -> &'static str;
}

impl<T> Kind for &T {
    fn kind(&self) -> &'static str {
        "reference"
    }
}

pub struct Stone;

pub fn kind_of_stone() -> &'static str {
    (&Stone).kind()
}

pub trait Length {
    fn length(&self) -> usize;
}

impl<T: AsRef<str>> Length for T {
    fn length(&self) -> usize {
        self.as_ref().len()
    }
}

pub struct Word(pub &'static str);

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        self.0
    }
}

pub fn length_of_word() -> usize {
    Word("word").length()
}

pub struct Coin(pub u32);

impl PartialEq for Coin {
    fn eq(&self, other: &Coin) -> bool {
        self.0 == other.0
    }
}

impl fmt::Display for Coin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cents", self.0)
    }
}

pub fn same_coins() -> bool {
    Coin(1) == Coin(2)
}

pub fn different_coins() -> bool {
    Coin(1) != Coin(2)
}

pub struct Countdown(pub u32);

impl Iterator for Countdown {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

pub fn counted() -> usize {
    Countdown(3).count()
}

pub fn hinted() -> (usize, Option<usize>) {
    Countdown(3).size_hint()
}

pub struct Guard(pub std::rc::Rc<std::cell::Cell<u32>>);

pub fn guarded() -> u32 {
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    {
        let _guard = Guard(count.clone());
        count.set(count.get() + 1);
    }
    count.get()
}

pub fn alone() -> u32 {
    9
}
