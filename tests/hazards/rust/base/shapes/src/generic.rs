//! Code that others make instances of.

pub trait Area {
    fn area(&self) -> u32;

    fn scale() -> u32 {
        1
    }
}

pub struct Square(pub u32);
pub struct Bar(pub u32, pub u32);

impl Area for Square {
    fn area(&self) -> u32 {
        self.0 * self.0
    }
}

impl Area for Bar {
    fn area(&self) -> u32 {
        self.0 * self.1
    }
}

pub fn scaled_area<T: Area>(shape: &T) -> u32 {
    shape.area() * T::scale()
}

#[inline(always)]
pub fn inlined(number: u32) -> u32 {
    number + 100
}

#[inline]
pub fn through<T: Into<u64>>(number: T) -> u64 {
    number.into() + 5
}

pub fn apply(number: u32, with: impl Fn(u32) -> u32) -> u32 {
    with(number)
}

pub fn closed() -> u32 {
    let add = |number: u32| number + 3;
    apply(4, add)
}

pub struct Stack<T>(pub Vec<T>);

impl<T: Clone> Stack<T> {
    pub fn top(&self) -> Option<T> {
        self.0.last().cloned()
    }
}

pub fn top_number() -> Option<u32> {
    Stack(vec![1, 2]).top()
}

pub fn never_called() -> u32 {
    inlined(0)
}
