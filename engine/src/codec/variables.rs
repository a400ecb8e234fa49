//! Which tests consulted which environment variables, in one block that is there only when any did.

use crate::fingerprint::Fingerprint;
use crate::id::SetId;
use crate::index::VariableRecord;
use crate::variable::{Consulted, VariableName};

use super::meta::Meta;
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

const UNSET: u8 = 0;
const SET: u8 = 1;

/// Writes the block column by column: names, whether they were set, tests, fingerprints.
pub(super) fn encode(variables: &[VariableRecord], set_number: impl Fn(SetId) -> u32) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.count(variables.len());
    let mut previous = "";
    for variable in variables {
        let name = variable.consulted.name.as_str();
        writer.front_coded(previous, name);
        previous = name;
    }
    for variable in variables {
        writer.u8(if variable.consulted.value.is_some() { SET } else { UNSET });
    }
    for variable in variables {
        writer.varint(set_number(variable.tests).into());
    }
    for value in variables.iter().filter_map(|variable| variable.consulted.value) {
        writer.raw(&value.0.to_le_bytes());
    }
    writer.bytes
}

pub(super) fn decode(bytes: &[u8], meta: &Meta) -> Result<Vec<VariableRecord>, CodecError> {
    let mut cursor = Cursor::new(Section::Variables, bytes);
    let n_variables = cursor.count()?;
    let mut variables: Vec<VariableRecord> = Vec::new();
    for _ in 0..n_variables {
        let previous = variables.last().map_or("", |variable| variable.consulted.name.as_str());
        let name = cursor.front_coded(previous)?;
        let name = VariableName::new(&*name).map_err(|error| cursor.corrupt(&error.to_string()))?;
        variables.push(VariableRecord { consulted: Consulted { name, value: None }, tests: SetId::EMPTY });
    }
    let states = cursor.raw(n_variables)?;
    for variable in &mut variables {
        variable.tests = SetId(cursor.u32()?);
        if variable.tests.0 >= meta.counts.pool_sets {
            return Err(cursor.corrupt("a variable names a set that is not there"));
        }
    }
    for (variable, state) in variables.iter_mut().zip(states) {
        variable.consulted.value = match *state {
            UNSET => None,
            SET => Some(Fingerprint(u128::from_le_bytes(cursor.array()?))),
            _ => return Err(cursor.corrupt("a variable is in an unknown state")),
        };
    }
    if !variables.is_sorted_by(|a, b| a.consulted < b.consulted) {
        return Err(cursor.corrupt("variables are not sorted"));
    }
    cursor.end()?;
    Ok(variables)
}
