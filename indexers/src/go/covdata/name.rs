//! What the name of a file says.

use super::hash::MetaHash;

/// What a file in a coverage folder is, going by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileName {
    /// The meta file of a binary.
    Meta(MetaHash),
    /// The counters of a process.
    Counters {
        /// The binary.
        meta: MetaHash,
        /// The process; zero where several were merged.
        pid: u64,
        /// When it was written, in nanoseconds since 1970.
        nanos: u64,
    },
    /// One that a process was still writing, of whichever kind.
    Unfinished,
    /// It begins as a coverage file's name does, and goes on as none.
    Malformed,
}

impl FileName {
    /// Reads a name; `None` when the file has nothing to do with coverage.
    pub fn parse(name: &str) -> Option<FileName> {
        if name.starts_with("tmp.covmeta.") || name.starts_with("tmp.covcounters.") {
            return Some(FileName::Unfinished);
        }
        if let Some(hash) = name.strip_prefix("covmeta.") {
            return Some(hash.parse().map_or(FileName::Malformed, FileName::Meta));
        }
        let rest = name.strip_prefix("covcounters.")?;
        Some(counters(rest).unwrap_or(FileName::Malformed))
    }
}

fn counters(rest: &str) -> Option<FileName> {
    let mut parts = rest.split('.');
    let (hash, pid, nanos) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    let counters = FileName::Counters { meta: hash.parse().ok()?, pid: number(pid)?, nanos: number(nanos)? };
    parts.next().is_none().then_some(counters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let hash = "00112233445566778899aabbccddeeff";
        let meta: MetaHash = hash.parse().unwrap();
        assert_eq!(meta.to_string(), hash);
        let parse = |name: &str| FileName::parse(&name.replace('H', hash));
        assert_eq!(parse("covmeta.H"), Some(FileName::Meta(meta)));
        let counters = FileName::Counters { meta, pid: 42, nanos: 1_700_000_000_000_000_000 };
        assert_eq!(parse("covcounters.H.42.1700000000000000000"), Some(counters));
        assert_eq!(parse("tmp.covmeta.H1700"), Some(FileName::Unfinished));
        assert_eq!(parse("tmp.covcounters.H.1.2"), Some(FileName::Unfinished));
        for name in
            ["covmeta.", "covmeta.12", "covmeta.Hf", "covcounters.H", "covcounters.H.1", "covcounters.H.+1.2"]
        {
            assert_eq!(parse(name), Some(FileName::Malformed), "{name}");
        }
        for name in ["covcounters.H.1.2.3", "covcounters.H.1.99999999999999999999999", "covmeta.0Z"] {
            assert_eq!(parse(name), Some(FileName::Malformed), "{name}");
        }
        for name in ["metadata.json", "covmetadata", "coverage.out", "tmp.other"] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
