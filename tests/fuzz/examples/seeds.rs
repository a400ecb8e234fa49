//! Writes the seeds of every target below a folder: `cargo run --example seeds -- corpus`.

use std::path::PathBuf;
use std::{env, fs, io};

use skiptrace_fuzz::{engine, indexers};

fn main() -> io::Result<()> {
    let base = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    let engine = engine::targets::ALL.map(|(name, _)| (name, engine::seeds::of(name)));
    let indexers = indexers::targets::ALL.map(|(name, _)| (name, indexers::seeds::of(name)));
    for (name, seeds) in engine.into_iter().chain(indexers) {
        let folder = base.join(name);
        fs::create_dir_all(&folder)?;
        for (at, seed) in seeds.into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{at}")), seed)?;
        }
    }
    Ok(())
}
