//! Small ELF files by hand: any payload in the sections that coverage is kept in, under headers that are right.

/// The sections of a linked program that coverage is kept in, with where they would be loaded.
pub const SECTIONS: [(&str, u64); 4] = [
    ("__llvm_covmap", 0),
    ("__llvm_covfun", 0),
    ("__llvm_prf_data", 0x1_0000),
    ("__llvm_prf_cnts", 0x2_0000),
];

const HEADER: usize = 64;
const SECTION_HEADER: usize = 64;
const PROGBITS: u32 = 1;
const STRTAB: u32 = 3;

/// Writes a little-endian ELF file of 64 bits with these payloads in [`SECTIONS`].
pub fn write(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut names = b"\0.shstrtab\0".to_vec();
    let mut body = Vec::new();
    let mut headers = vec![[0; SECTION_HEADER]];
    for ((name, address), payload) in SECTIONS.into_iter().zip(payloads) {
        body.resize(body.len().next_multiple_of(8), 0);
        let place = (HEADER + body.len()) as u64;
        headers.push(section(names.len() as u32, PROGBITS, address, place, payload.len() as u64));
        names.extend(name.bytes());
        names.push(0);
        body.extend(payload);
    }
    headers.push(section(1, STRTAB, 0, (HEADER + body.len()) as u64, names.len() as u64));
    body.extend(&names);

    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(3u16.to_le_bytes());
    file.extend(62u16.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend([0; 16]);
    file.extend(((HEADER + body.len()) as u64).to_le_bytes());
    file.extend(0u32.to_le_bytes());
    for number in
        [HEADER as u16, 56, 0, SECTION_HEADER as u16, headers.len() as u16, headers.len() as u16 - 1]
    {
        file.extend(number.to_le_bytes());
    }
    file.extend(body);
    file.extend(headers.concat());
    file
}

fn section(name: u32, kind: u32, address: u64, place: u64, size: u64) -> [u8; SECTION_HEADER] {
    let mut header = Vec::new();
    header.extend(name.to_le_bytes());
    header.extend(kind.to_le_bytes());
    // Allocated, as what a program loads is.
    for number in [2, address, place, size] {
        header.extend(u64::to_le_bytes(number));
    }
    header.extend([0; 8]);
    header.extend(8u64.to_le_bytes());
    header.extend([0; 8]);
    header.try_into().expect("the fields of a section header")
}

/// Reads payloads from bytes that a fuzzer may change: each after its length, two bytes; the last is what is left.
pub fn payloads(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut take = |len: usize| {
        let (taken, rest) = data.split_at(len.min(data.len()));
        data = rest;
        taken.to_vec()
    };
    let mut payloads = Vec::new();
    for _ in 1..SECTIONS.len() {
        let len = take(2).iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
        payloads.push(take(len));
    }
    payloads.push(take(usize::MAX));
    payloads
}

/// Writes what [`payloads`] reads.
pub fn to_data(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut data = Vec::new();
    for (place, payload) in payloads.iter().enumerate() {
        if place + 1 < SECTIONS.len() {
            data.extend(u16::try_from(payload.len()).expect("a sample is small").to_le_bytes());
        }
        data.extend(payload);
    }
    data
}

/// A program of two functions in two files: a map with what maps can hold, data, and counters at zero.
pub fn sample() -> Vec<Vec<u8>> {
    let names = [&[3, 0, 0, 2][..], b"/w", &[6], b"main.c", &[3], b"a.h"].concat();
    let mut map = Vec::new();
    for number in [0, names.len() as u32, 0, 6] {
        map.extend(number.to_le_bytes());
    }
    map.extend(&names);
    // Functions name their list by a hash, which a fuzzer that changes the list cannot know.
    let list = list_hash(&names);
    let first = [
        &[2, 1, 2][..],
        &[1, 0b0101, 0b0001],
        &[3, 0b0001, 3, 5, 2, 8, 0b0010, 1, 1, 0, 4, 0b1100, 0, 2, 0, 4],
        &[1, 0b0101, 40, 1, 0, 6],
    ]
    .concat();
    let second = [&[1, 1][..], &[0], &[2, 0b0001, 20, 1, 9, 2, 4 << 3, 0b0101, 0b0001, 0, 1, 0, 2]].concat();
    let (mut functions, mut data) = (Vec::new(), Vec::new());
    for (number, encoded) in (1u64..).zip([first, second]) {
        functions.resize(Vec::<u8>::len(&functions).next_multiple_of(8), 0);
        functions.extend(number.to_le_bytes());
        functions.extend((encoded.len() as u32).to_le_bytes());
        functions.extend((number * 7).to_le_bytes());
        functions.extend(list.to_le_bytes());
        functions.extend(encoded);
        let (_, data_at) = SECTIONS[2];
        let (_, counters_at) = SECTIONS[3];
        let pointer = counters_at + (number - 1) * 16 - (data_at + data.len() as u64);
        for word in [number, number * 7, pointer, 0, 0, 0] {
            data.extend(word.to_le_bytes());
        }
        data.extend(2u32.to_le_bytes());
        data.extend([0; 12]);
    }
    vec![map, functions, data, vec![0; 32]]
}

fn list_hash(list: &[u8]) -> u64 {
    use md5::{Digest, Md5};
    let digest: [u8; 16] = Md5::digest(list).into();
    digest[..8].iter().rev().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// Makes all functions name the first list of the map, so that changes of the list do not hide the functions.
pub fn relist(payloads: &mut [Vec<u8>]) {
    let [map, functions, ..] = payloads else { return };
    let Some(size) = map.get(4..8) else { return };
    let size = size.iter().rev().fold(0, |size, byte| size << 8 | usize::from(*byte));
    let Some(list) = map.get(16..).and_then(|rest| rest.get(..size)) else { return };
    let hash = list_hash(list).to_le_bytes();
    let mut at = 0;
    while let Some(head) = functions.get_mut(at..).and_then(|rest| rest.get_mut(..28)) {
        head[20..].copy_from_slice(&hash);
        let size = head[8..12].iter().rev().fold(0, |size, byte| size << 8 | usize::from(*byte));
        at = (at + 28).saturating_add(size).div_ceil(8).saturating_mul(8);
    }
}
