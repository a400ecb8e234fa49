#![no_main]

use std::panic;

libfuzzer_sys::fuzz_target!(
    init: {
        // A panic inside of the crate that is the second opinion is caught and is an error; only ours are bugs.
        let abort = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map_or("", |location| location.file());
            if file.contains("skiptrace") || file.contains("indexers") {
                abort(info);
            }
        }));
    },
    |data: &[u8]| skiptrace_fuzz::indexers::targets::merged(data)
);
