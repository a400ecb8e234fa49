//! What is tested in its documentation only.

pub mod seen;

/// Adds one.
///
/// ```
/// assert_eq!(manual::increment(1), 2);
/// ```
pub fn increment(number: u32) -> u32 {
    number + 1
}

/// Greets.
///
/// ```
/// assert_eq!(manual::greeting(), "hello, reader");
/// ```
pub fn greeting() -> String {
    shapes::limits::greet("reader")
}

/// Cannot be made by others.
///
/// ```compile_fail
/// let sealed = manual::Sealed { secret: 1 };
/// ```
pub struct Sealed {
    secret: u32,
}

impl Sealed {
    pub fn open(self) -> u32 {
        self.secret
    }
}
