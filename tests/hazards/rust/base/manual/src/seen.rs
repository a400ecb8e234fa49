//! Examples that are compiled against more than they execute.

/// A number.
///
/// ```
/// use manual::seen::{Shown, Wrapped};
/// assert_eq!(Wrapped(7).shown().len(), 1);
/// ```
pub struct Wrapped(pub u32);

pub trait Shown<T> {
    fn shown(&self) -> T;
}

impl Shown<String> for Wrapped {
    fn shown(&self) -> String {
        self.0.to_string()
    }
}

/// Numbers, one after the other.
///
/// ```
/// fn sends<T: Send>(_: T) {}
/// fn nobody_calls() {
///     sends(manual::seen::numbers());
/// }
/// assert_eq!(manual::seen::first(), 1);
/// ```
pub fn numbers() -> impl Iterator<Item = u32> {
    vec![1, 2].into_iter()
}

pub fn first() -> u32 {
    1
}

/// ```
/// const SIZE: usize = manual::seen::size();
/// assert_eq!([0_u8; SIZE].len(), 2);
/// ```
pub const fn size() -> usize {
    2
}

/// ```
/// # fn main() -> Result<(), std::num::ParseIntError> {
/// assert_eq!(manual::seen::parsed("4")?, 4);
/// # Ok(())
/// # }
/// ```
pub fn parsed(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

/// Nobody calls this one.
pub fn unused(number: u32) -> u32 {
    number * 2
}
