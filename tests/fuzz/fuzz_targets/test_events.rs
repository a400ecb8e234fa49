#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skiptrace_fuzz::indexers::targets::test_events(data));
