//! The rules, in one block.

use crate::glob::Glob;
use crate::id::{JobName, SetId};
use crate::index::{Rule, RulePattern};
use crate::path::RepoPath;

use super::meta::Meta;
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

const GLOB: u8 = 1;
const ALL: u8 = 2;

pub(super) fn encode(rules: &[Rule], jobs: &[JobName], set_number: impl Fn(SetId) -> u32) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.count(rules.len());
    let mut previous = "";
    for rule in rules {
        writer.count(jobs.binary_search(&rule.job).expect("every rule's job is one of the index"));
        let glob = if matches!(rule.pattern, RulePattern::Glob(_)) { GLOB } else { 0 };
        writer.u8(glob | if rule.all { ALL } else { 0 });
        writer.front_coded(previous, rule.pattern.as_str());
        writer.varint(set_number(rule.tests).into());
        writer.varint(set_number(rule.seen).into());
        previous = rule.pattern.as_str();
    }
    writer.bytes
}

pub(super) fn decode(bytes: &[u8], meta: &Meta) -> Result<Vec<Rule>, CodecError> {
    let mut cursor = Cursor::new(Section::Rules, bytes);
    let n_rules = cursor.count()?;
    let mut rules: Vec<Rule> = Vec::new();
    for _ in 0..n_rules {
        let job = cursor.u32()? as usize;
        let job = meta.jobs.get(job).ok_or_else(|| cursor.corrupt("a rule is of a job that is not there"))?;
        let flags = cursor.u8()?;
        if flags > GLOB | ALL {
            return Err(cursor.corrupt("a rule is of an unknown form"));
        }
        let text = cursor.front_coded(rules.last().map_or("", |rule| rule.pattern.as_str()))?;
        let pattern = if flags & GLOB != 0 {
            RulePattern::Glob(Glob::new(&text))
        } else {
            let path = RepoPath::new(text).map_err(|error| CodecError::corrupt(Section::Rules, error))?;
            RulePattern::Path(path)
        };
        let mut set = || {
            let set = SetId(cursor.u32()?);
            let there = set.0 < meta.counts.pool_sets;
            if there { Ok(set) } else { Err(cursor.corrupt("a rule names a set that is not there")) }
        };
        let rule = Rule { job: job.job.clone(), pattern, all: flags & ALL != 0, tests: set()?, seen: set()? };
        rules.push(rule);
    }
    cursor.end()?;
    if !rules.is_sorted_by(|a, b| (&a.job, &a.pattern) < (&b.job, &b.pattern)) {
        return Err(CodecError::corrupt(Section::Rules, "rules are not sorted"));
    }
    Ok(rules)
}
