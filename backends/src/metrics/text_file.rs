//! A file that Prometheus' node_exporter reads: whole, or as it was before.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use skiptrace_engine::metrics::{Batch, Sink, SinkError, text};

/// A file of the textfile collector, or the folder of them, in which each command has its own.
#[derive(Debug)]
pub struct TextFileSink {
    path: PathBuf,
}

impl TextFileSink {
    /// Makes a sink; the folder has to be there.
    pub fn new(path: impl Into<PathBuf>) -> TextFileSink {
        TextFileSink { path: path.into() }
    }

    fn file(&self, batch: &Batch) -> PathBuf {
        match self.path.is_dir() {
            true => self.path.join(format!("skiptrace_{}.prom", batch.command)),
            false => self.path.clone(),
        }
    }
}

impl Sink for TextFileSink {
    fn send(&self, batch: &Batch, _within: Duration) -> Result<(), SinkError> {
        if batch.samples().is_empty() {
            return Ok(());
        }
        replace(&self.file(batch), text::render(batch).as_bytes())
            .map_err(|error| SinkError::new("the file cannot be written").caused_by(error))
    }
}

/// Writes a file beside another one, and puts it in its place.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The collector reads `*.prom`, and this is none.
    let mut builder = tempfile::Builder::new();
    builder.prefix(".skiptrace").suffix(".tmp");
    // It runs as another user, and temporary files are for nobody else.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    folder.metadata()?;
    // Where the temporary file would have been is of no interest to anybody.
    let mut file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

impl fmt::Display for TextFileSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file `{}`", self.path.display())
    }
}
