//! What became of tests, read from the files that their runners leave.
//!
//! ```text
//! file ─▶ unpack ─▶ detect ─┬─ junit       nextest, gotestsum, GoogleTest, CTest, pytest, Surefire, Bazel, libtest
//!                           ├─ go_test     `go test -json`, `gotestsum --jsonfile`
//!                           ├─ libtest     nextest's `libtest-json(-plus)`, libtest's own
//!                           └─ gtest_json  `--gtest_output=json:`
//!                                  └─▶ one `TestResult` after the other
//! ```
//!
//! [`datadog`] is no file: what it tells is asked for, page by page.
//!
//! Files stream: no more is held than one test's record, the names of what is open, and a buffer. Readers are total: no
//! bytes make them panic, loop, or take memory without bound. A file that ends early is an error, for who did not run
//! cannot be told from who was cut off.

pub mod datadog;
mod detect;
mod error;
mod go_test;
mod gtest_json;
mod input;
pub mod junit;
mod libtest;
mod source;

use std::io::{self, Read};

use skiptrace_engine::evaluation::TestResult;

pub use detect::Format;
pub use error::{Position, ResultsError, Why};
pub use source::Source;

use detect::detect;

/// What a file was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// What it is written in.
    pub format: Format,
    /// How many results it has; a test that is there twice counts twice.
    pub results: u64,
}

/// Reads a file of results, and hands each on as soon as it is known.
///
/// After an error, what was handed on before is not all there is.
pub fn read(
    source: &Source<'_>,
    input: impl Read,
    each: &mut dyn FnMut(TestResult),
) -> Result<Summary, ResultsError> {
    let fail = |(position, why)| {
        let why = match why {
            Why::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Why::Truncated("what is packed in it goes on".to_owned())
            }
            why => why,
        };
        ResultsError { file: source.path.to_owned(), position, why }
    };
    let mut input = input::unpack(input).map_err(|error| fail((None, Why::Io(error))))?;
    let format = detect(input.as_mut()).map_err(|why| fail((None, why)))?;
    let mut results = 0;
    let mut each = |result| {
        results += 1;
        each(result);
    };
    let read = match format {
        Format::Junit => junit::read(source, input, &mut each),
        Format::GoTest => go_test::read(input, &mut each),
        Format::Libtest => libtest::read(source, input, &mut each),
        Format::GtestJson => gtest_json::read(source, input, &mut each),
    };
    read.map_err(fail)?;
    Ok(Summary { format, results })
}

/// Why a reader stopped, and where.
type Stopped = (Option<Position>, Why);
