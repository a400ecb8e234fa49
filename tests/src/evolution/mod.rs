//! Small programs made from a seed, and edits of them.
//!
//! [`feature`] is a piece of a program, with the texts that it can change to written into it; [`program`] puts
//! pieces together and makes edits of what they can change to; [`dice`] throws the same numbers for the same seed.

pub mod dice;
pub mod feature;
pub mod program;

pub use dice::Dice;
pub use feature::Feature;
pub use program::{Edit, Program, State};
