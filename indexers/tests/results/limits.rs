//! What no runner writes, and files that are larger than memory should hold.

use std::io::{self, Read};
use std::path::Path;

use skiptrace_engine::evaluation::TestResult;
use skiptrace_indexers::results::{Source, Why, read};

use crate::results_of;

/// A text, then another over and over, then a last one.
struct Endless<'a> {
    text: &'a [u8],
    again: &'a [u8],
    left: usize,
    last: &'a [u8],
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.text.is_empty() {
            if self.left == 0 {
                (self.text, self.last) = (self.last, &[]);
                if self.text.is_empty() {
                    return Ok(0);
                }
            } else {
                (self.text, self.left) = (self.again, self.left - 1);
            }
        }
        self.text.read(buffer)
    }
}

fn count(start: &str, again: &str, left: usize, last: &str) -> Result<usize, Why> {
    let input = Endless { text: start.as_bytes(), again: again.as_bytes(), left, last: last.as_bytes() };
    let mut n = 0;
    let source = Source { path: Path::new("a"), number: 0 };
    read(&source, input, &mut |_: TestResult| n += 1).map_err(|error| error.why)?;
    Ok(n)
}

/// More goes through than one record may have.
#[test]
fn large_files_stream() {
    let out = "x".repeat(1 << 20);
    let case = format!("<testcase classname='c' name='n'><system-out>{out}</system-out></testcase>");
    let n = count("<testsuites><testsuite name='s'>", &case, 80, "</testsuite></testsuites>");
    assert_eq!(n.expect("it is sound"), 80);
    let event = format!(
        "{{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"{out}\"}}\n{{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"T\"}}\n"
    );
    let n = count(
        "{\"Action\":\"start\",\"Package\":\"p\"}\n",
        &event,
        80,
        "{\"Action\":\"pass\",\"Package\":\"p\"}\n",
    );
    assert_eq!(n.expect("it is sound"), 80);
}

#[test]
fn one_record_has_a_limit() {
    let x = "x".repeat(1 << 20);
    let too_large = |start: &str, again: &str| {
        let read = count(start, again, usize::MAX, "");
        assert!(matches!(read, Err(Why::TooLarge)), "{start}: {read:?}");
    };
    too_large("<testsuites><testsuite name='s'><testcase name='t'><failure>", &x);
    too_large("<testsuites><testsuite name='", &x);
    too_large("<testsuites><testsuite><testcase name='t'>", "<system-out/>");
    too_large("<testsuites><!--", &x);
    too_large("{\"Action\":\"start\",\"Package\":\"", &x);
    too_large("{\"type\":\"suite\",\"event\":\"", &x);
    too_large("{\"tests\":1,\"testsuites\":[{\"testsuite\":[{\"name\":\"", &x);
}

#[test]
fn nesting_has_a_limit() {
    let deep = |again: &str| count("<testsuites>", again, usize::MAX, "");
    assert!(matches!(deep("<testsuite>"), Err(Why::TooDeep)));
    assert!(matches!(deep("<testcase>"), Err(Why::TooDeep)));
    let lists = format!("{{\"testsuites\":{}", "[".repeat(100_000));
    assert!(results_of("a.json", lists.as_bytes()).is_err());
    let ignored = format!("{{\"tests\":{}", "[".repeat(100_000));
    assert!(results_of("a.json", ignored.as_bytes()).is_err());
}
