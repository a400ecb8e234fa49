//! Go.
use std::collections::BTreeMap;
use skiptrace_tests::Sandbox;
use super::bench::Bench;
use super::corpus::Language;
use super::results::Results;
pub(super) struct Go { sandbox: Sandbox }
impl Go { pub fn new() -> Option<Go> { None } }
impl Language for Go {
    fn sandbox(&self) -> &Sandbox { &self.sandbox }
    fn record(&self) {}
    fn run(&self, _: &Bench<'_>, _: &BTreeMap<String, String>) -> Result<Results, String> { Err(String::new()) }
    fn always(&self) -> &[(&str, &str)] { &[] }
}
