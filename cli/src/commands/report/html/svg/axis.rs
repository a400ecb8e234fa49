//! Which values are drawn how high, and which of them are named.

use super::super::super::page::{Chart, Drawn, Series, Shape, Unit};
use super::super::super::words;

/// No more values are named than this and one.
const STEPS: f64 = 4.0;
/// Steps of seconds that people count in; beyond, days are counted in tens.
const SECONDS: [f64; 15] = [
    1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0, 43_200.0, 86_400.0,
    172_800.0, 432_000.0,
];
const DAY: f64 = 86_400.0;

/// The values from bottom to top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    unit: Unit,
    low: f64,
    step: f64,
    high: f64,
}

impl Axis {
    pub(super) fn of(chart: &Chart) -> Axis {
        let finite =
            |series: &Series, at: usize| series.values.get(at).copied().flatten().filter(|v| v.is_finite());
        let values = || {
            let of = |series| (0..chart.stretches.len()).filter_map(move |at| finite(series, at));
            chart.series.iter().flat_map(of)
        };
        let stacked = |at: usize| {
            let parts = chart.series.iter().filter(|series| series.drawn == Drawn::AsShape);
            parts.filter_map(|series| finite(series, at)).fold(0.0, |sum, part| sum + part.max(0.0))
        };
        let mut largest = values().fold(0.0, f64::max);
        if chart.shape == Shape::Stack {
            largest = (0..chart.stretches.len()).map(stacked).fold(largest, f64::max);
        }
        if chart.unit == Unit::Share {
            // What is worse than losing as much again as could be saved is drawn at the bottom.
            let low = (values().fold(0.0, f64::min) * 4.0).floor().max(-4.0) / 4.0;
            let step = if low < -0.25 { 0.5 } else { 0.25 };
            return Axis { unit: Unit::Share, low: (low / step).floor() * step, step, high: 1.0 };
        }
        let step = step(chart.unit, largest.max(least(chart.unit)));
        Axis { unit: chart.unit, low: 0.0, step, high: (largest / step).ceil().max(1.0) * step }
    }

    /// Returns how far up a value is, from 0 to 1.
    pub(super) fn part(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low);
        if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Returns the values that are named.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let n = ((self.high - self.low) / self.step).round();
        (0..=n.clamp(0.0, 12.0) as u32).map(|at| self.low + f64::from(at) * self.step).collect()
    }

    pub(super) fn name(&self, value: f64) -> String {
        match self.unit {
            Unit::Share => format!("{} %", (value * 100.0).round()),
            Unit::Seconds if value == 0.0 => "0".to_owned(),
            Unit::Seconds if (60.0..7200.0).contains(&value) => format!("{} min", (value / 60.0).round()),
            Unit::Seconds if value >= 2.0 * DAY => {
                format!("{} d", words::number((value / DAY).round() as u64))
            }
            unit => unit.show(value),
        }
    }
}

fn least(unit: Unit) -> f64 {
    if unit == Unit::Seconds { 1e-6 } else { 1.0 }
}

/// Returns the smallest step that reaches a value in few steps.
fn step(unit: Unit, largest: f64) -> f64 {
    let needed = largest / STEPS;
    match unit {
        Unit::Bytes => 2_f64.powf(needed.max(1.0).log2().ceil()),
        Unit::Seconds if needed <= 1.0 => tens(needed),
        Unit::Seconds => {
            SECONDS.into_iter().find(|step| *step >= needed).unwrap_or_else(|| tens(needed / DAY) * DAY)
        }
        Unit::Count | Unit::Share => tens(needed.max(1.0)),
    }
}

/// Returns the next of 1, 2, 5, 10, 20, 50 and so on.
fn tens(needed: f64) -> f64 {
    let ten = 10_f64.powf(needed.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|n| n * ten)
        .find(|step| *step >= needed * (1.0 - 1e-9))
        .unwrap_or(10.0 * ten)
}
