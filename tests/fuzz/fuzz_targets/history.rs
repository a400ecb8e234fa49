#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skiptrace_fuzz::engine::targets::history(data));
