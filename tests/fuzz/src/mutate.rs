//! Changes of bytes at random, the same for the same seed.

/// A source of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `limit`; zero when there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// What numbers are wrong at: the ends of their ranges.
const NUMBERS: [u64; 10] = [0, 1, 2, 127, 128, 16_383, u16::MAX as u64, u32::MAX as u64, 1 << 32, u64::MAX];

/// Changes `bytes` in one to four places.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let len = (1 + random.below(8)).min(bytes.len() - at);
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + len)),
            2 => {
                let (len, new) = (random.below(8), random.clone());
                bytes.splice(at..at, { new }.bytes(len));
            }
            3 => {
                let copy = bytes[at..at + len].to_vec();
                bytes.splice(at..at, copy);
            }
            4 => {
                let number = varint(NUMBERS[random.below(NUMBERS.len())]);
                bytes.splice(at..at + len.min(1), number);
            }
            _ if len == 0 => {}
            5 => bytes[at] = bytes[at].wrapping_add(1),
            6 => bytes[at] = random.next() as u8,
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Runs a target over its seeds, `n_mutations` changes of them, and some bytes that nobody made.
#[track_caller]
pub fn smoke(name: &str, target: fn(&[u8]), seeds: &[Vec<u8>], n_mutations: u64) {
    for seed in seeds {
        target(seed);
    }
    for number in 0..n_mutations {
        let mut random = Random(number);
        let mut bytes = match random.below(20) {
            0 => {
                let len = random.below(100);
                random.bytes(len)
            }
            _ => seeds[random.below(seeds.len())].clone(),
        };
        mutate(&mut bytes, &mut random);
        let copy = bytes.clone();
        let survived = std::panic::catch_unwind(move || target(&bytes)).is_ok();
        let start = &copy[..copy.len().min(4096)];
        assert!(survived, "target {name}, mutation {number}: {:?}", String::from_utf8_lossy(start));
    }
}
