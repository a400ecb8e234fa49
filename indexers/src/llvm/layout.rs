//! Where the counters of a binary's functions lie in its profiles.

use skiptrace_engine::fingerprint::Fingerprint;

/// How the profiles of one binary (or one shared library) are laid out, as its own sections say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The build id that the linker gave the binary; empty where it gave none.
    pub build_id: Box<[u8]>,
    /// The hash of the data section, which profiles repeat byte by byte; `None` where profiles carry none
    /// (`-profile-correlate=binary`), so that only the build id can tell whose a profile is.
    pub data_hash: Option<Fingerprint>,
    /// How many bytes the data section has, as a profile repeats it.
    pub data_bytes: u64,
    /// How many functions the data section has.
    pub n_data: u64,
    /// How many counters there are.
    pub n_counters: u64,
    /// How wide each is.
    pub counter_width: CounterWidth,
    /// The counters of each instrumented function, in the order of the data section.
    pub slots: Vec<Slot>,
}

/// How a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CounterWidth {
    /// Eight bytes, counting up from zero.
    Eight,
    /// One byte: 0xFF until the code runs, 0 afterwards.
    One,
}

/// The counters of one instrumented function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The place of its first counter among all of the binary's.
    pub first: u32,
    /// How many it has.
    pub n_counters: u32,
    /// The function, as a place in [`Binary::functions`](super::binary::Binary::functions); `None` where the
    /// coverage map says nothing of it.
    pub function: Option<u32>,
}
