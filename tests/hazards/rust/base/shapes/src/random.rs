//! Another way each time.

use std::time::{SystemTime, UNIX_EPOCH};

fn seed() -> u32 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    nanos / 64
}

pub fn heads() -> u32 {
    10
}

pub fn tails() -> u32 {
    10
}

/// Any of these, all alike.
pub static CHOICES: [fn() -> u32; 16] = [
    choice_00, choice_01, choice_02, choice_03, choice_04, choice_05, choice_06, choice_07, choice_08, choice_09,
    choice_10, choice_11, choice_12, choice_13, choice_14, choice_15,
];

pub fn flipped() -> u32 {
    CHOICES[seed() as usize % 16]()
}

pub fn sampled() -> u32 {
    (0..32).map(|at| if (seed() >> (at % 20)) % 2 == 0 { heads() } else { tails() }).sum()
}

pub fn threaded() -> u32 {
    let threads: Vec<_> = (0..4).map(|at| std::thread::spawn(move || part(at))).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

fn part(at: u32) -> u32 {
    at * 2
}

pub fn late() -> u32 {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || send.send(part(5)).unwrap());
    receive.recv().unwrap()
}

pub fn hashed() -> u32 {
    let set: std::collections::HashSet<usize> = (0..64).collect();
    set.iter().next().map_or(0, |first| CHOICES[first % 16]())
}

pub fn settled() -> u32 {
    55
}

fn choice_00() -> u32 {
    10
}

fn choice_01() -> u32 {
    10
}

fn choice_02() -> u32 {
    10
}

fn choice_03() -> u32 {
    10
}

fn choice_04() -> u32 {
    10
}

fn choice_05() -> u32 {
    10
}

fn choice_06() -> u32 {
    10
}

fn choice_07() -> u32 {
    10
}

fn choice_08() -> u32 {
    10
}

fn choice_09() -> u32 {
    10
}

fn choice_10() -> u32 {
    10
}

fn choice_11() -> u32 {
    10
}

fn choice_12() -> u32 {
    10
}

fn choice_13() -> u32 {
    10
}

fn choice_14() -> u32 {
    10
}

fn choice_15() -> u32 {
    10
}
