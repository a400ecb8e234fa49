//! What is decided before anything runs.

pub const MAX_INLINE: usize = 4;
pub const GREETING: &str = "hello";
pub const TABLE: [u8; 3] = [1, 2, 3];
pub const STEP: u32 = 2;
pub const DOUBLE_STEP: u32 = STEP * 2;
pub static FACTOR: u32 = 3;

pub struct Inline {
    pub bytes: [u8; MAX_INLINE],
}

pub enum Level {
    Low = 1,
    High,
}

pub struct Record {
    pub flag: u8,
    pub number: u32,
}

pub struct Buffer<const N: usize = 8>(pub [u8; N]);

pub type Id = u32;

pub trait Bounded {
    const LIMIT: u32 = 10;
}

pub struct Small;

impl Bounded for Small {}

pub struct Large;

impl Bounded for Large {
    const LIMIT: u32 = 1000;
}

pub const fn square(number: usize) -> usize {
    number * number
}

pub const SQUARES: [u8; square(2)] = [0; square(2)];

pub fn inline_size() -> usize {
    std::mem::size_of::<Inline>()
}

pub fn greet(name: &str) -> String {
    format!("{GREETING}, {name}")
}

pub fn table_sum() -> u32 {
    TABLE.iter().map(|number| *number as u32).sum()
}

pub fn stepped(number: u32) -> u32 {
    number + DOUBLE_STEP
}

pub fn scaled(number: u32) -> u32 {
    number * FACTOR
}

pub fn level_number(level: Level) -> i32 {
    level as i32
}

pub fn record_size() -> usize {
    std::mem::size_of::<Record>()
}

pub fn id_size() -> usize {
    std::mem::size_of::<Id>()
}

pub fn limit<T: Bounded>(_: T) -> u32 {
    T::LIMIT
}

pub fn squares() -> usize {
    SQUARES.len()
}

pub fn plain() -> u32 {
    7
}
