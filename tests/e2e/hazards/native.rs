//! Native.
use std::collections::BTreeMap;
use skiptrace_tests::Sandbox;
use super::bench::Bench;
use super::corpus::Language;
use super::results::Results;
pub(super) struct Native { sandbox: Sandbox }
impl Native { pub fn new() -> Option<Native> { None } }
impl Language for Native {
    fn sandbox(&self) -> &Sandbox { &self.sandbox }
    fn record(&self) {}
    fn run(&self, _: &Bench<'_>, _: &BTreeMap<String, String>) -> Result<Results, String> { Err(String::new()) }
    fn always(&self) -> &[(&str, &str)] { &[] }
}
