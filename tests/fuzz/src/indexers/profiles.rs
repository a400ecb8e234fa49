//! Profiles by hand, by what the layout of LLVM's formats is and without the readers.

/// Writes a raw profile (little-endian, 64 bits) of three functions of which two ran, in a version of the format.
pub fn raw(version: u32, build_id: &[u8]) -> Vec<u8> {
    let counts: [&[u64]; 3] = [&[1, 0], &[0, 0, 0], &[0, 9]];
    let counters_delta = 0x5000u64;
    let mut data = Vec::new();
    let mut first = 0;
    for (number, counts) in (1u64..).zip(counts) {
        let moved = if version >= 8 { data.len() as u64 } else { 0 };
        let mut words = vec![number, number * 3, counters_delta.wrapping_sub(moved).wrapping_add(first * 8)];
        words.resize(3 + 2 + usize::from(version >= 9) + usize::from(version >= 11), 0);
        data.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        data.extend((counts.len() as u32).to_le_bytes());
        // Value sites of each kind, a wave size, the size of the bitmap.
        data.extend([0; 4]);
        if version >= 10 {
            data.extend([0; 2]);
        }
        if version >= 9 {
            data.resize(data.len().next_multiple_of(4), 0);
            data.extend([0; 4]);
        }
        data.resize(data.len().next_multiple_of(8), 0);
        first += counts.len() as u64;
    }
    let mut ids = Vec::new();
    if !build_id.is_empty() && version >= 7 {
        ids.extend((build_id.len() as u64).to_le_bytes());
        ids.extend(build_id);
        ids.resize(ids.len().next_multiple_of(8), 0);
    }
    let names = b"\x04\0main";
    let mut header = b"\x81rforpl\xff".to_vec();
    let mut word = |number: u64| header.extend(number.to_le_bytes());
    word(u64::from(version));
    if version >= 7 {
        word(ids.len() as u64);
    }
    word(counts.len() as u64);
    word(0);
    word(first);
    word(0);
    if version >= 9 {
        word(0);
        word(0);
    }
    if version >= 11 {
        word(0);
        word(0);
        word(0);
    }
    word(names.len() as u64);
    word(counters_delta);
    if version >= 9 {
        word(0);
    }
    word(0);
    if version >= 10 {
        word(0);
        word(0);
    }
    word(if version >= 10 { 2 } else { 1 });
    let mut profile = [header, ids, data].concat();
    profile.extend(counts.concat().iter().flat_map(|count| count.to_le_bytes()));
    profile.extend(names);
    profile.resize(profile.len().next_multiple_of(8), 0);
    profile
}

/// Writes an indexed profile of two functions in one bucket, in a version of the format.
pub fn indexed(version: u64) -> Vec<u8> {
    let mut bucket = 2u16.to_le_bytes().to_vec();
    for (number, name) in [(1u64, "main"), (2, "add")] {
        let mut record = Vec::new();
        for word in [number * 3, 2, 7, 0] {
            record.extend(u64::to_le_bytes(word));
        }
        if version > 10 {
            record.extend([0; 8]);
        }
        record.extend(8u32.to_le_bytes());
        record.extend(0u32.to_le_bytes());
        for word in [number, name.len() as u64, record.len() as u64] {
            bucket.extend(word.to_le_bytes());
        }
        bucket.extend(name.bytes());
        bucket.extend(record);
    }
    let mut profile = b"\xfflprofi\x81".to_vec();
    // Where memory profiles, binary ids, traces and virtual tables are: nowhere.
    let n_places = [8, 9, 10, 12].into_iter().filter(|since| version >= *since).count();
    // A summary without fields and entries.
    let n_summary = if version >= 4 { 2 } else { 0 };
    let bucket_at = (profile.len() + 8 * (4 + n_places + n_summary)) as u64;
    let table_at = bucket_at + bucket.len() as u64;
    for word in [version, 0, 0, table_at] {
        profile.extend(u64::to_le_bytes(word));
    }
    profile.resize(bucket_at as usize, 0);
    profile.extend(bucket);
    for word in [1, 2, bucket_at] {
        profile.extend(u64::to_le_bytes(word));
    }
    profile
}

/// A text profile.
pub const TEXT: &str = "# instrumented\n:fe\nmain\n10\n2\n1\n0\n\nfile.c:add\n11\n1\n7\n";
