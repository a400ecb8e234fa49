//! Writes the seeds of every target below a folder: `cargo run --example seeds -- corpus`.

use std::path::PathBuf;
use std::{env, fs, io};

use skiptrace_fuzz::{seeds, targets};

fn main() -> io::Result<()> {
    let base = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    for (name, _) in targets::ALL {
        let folder = base.join(name);
        fs::create_dir_all(&folder)?;
        for (at, seed) in seeds::of(name).into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{at}")), seed)?;
        }
    }
    Ok(())
}
