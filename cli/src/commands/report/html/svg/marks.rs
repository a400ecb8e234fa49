//! Lines and bars.

use super::super::super::page::{Chart, Drawn, Series};
use super::super::markup::Html;
use super::Plane;

/// How much of its stretch a bar takes.
const BAR: f64 = 0.76;
/// With more stretches than these, only points that no line reaches are drawn.
const DOTTED: usize = 45;

/// Draws a line for each series, which ends where nobody knows and begins again after that.
pub(super) fn lines(html: &mut Html, plane: &Plane, chart: &Chart) {
    for Series { color, values, .. } in &chart.series {
        let value = |at: usize| values.get(at).copied().flatten();
        let before = |at: usize| at.checked_sub(1).and_then(value);
        for at in 0..values.len() {
            let Some(here) = value(at) else { continue };
            if let Some(before) = before(at) {
                html.markup("<line").attribute("class", format_args!("line s{color}"));
                html.length("x1", plane.middle(at - 1), "%").length("y1", plane.y(before), "");
                html.length("x2", plane.middle(at), "%").length("y2", plane.y(here), "").markup("/>\n");
            }
            let is_alone = before(at).is_none() && value(at + 1).is_none();
            if is_alone || values.len() <= DOTTED {
                dot(html, plane, *color, at, here, 2.5);
            }
        }
    }
}

/// Draws a bar for each stretch, the series on top of each other, and dots above them.
pub(super) fn stack(html: &mut Html, plane: &Plane, chart: &Chart) {
    for at in 0..chart.stretches.len() {
        let mut below = 0.0;
        for Series { color, drawn, values, .. } in &chart.series {
            let Some(value) = values.get(at).copied().flatten().filter(|value| *value > 0.0) else {
                continue;
            };
            if *drawn == Drawn::AsDots {
                dot(html, plane, *color, at, value, 4.0);
                continue;
            }
            let (bottom, top) = (plane.y(below), plane.y(below + value));
            below += value;
            html.markup("<rect").attribute("class", format_args!("f{color}"));
            html.length("x", plane.left(at) + plane.width() * (1.0 - BAR) / 2.0, "%").length("y", top, "");
            html.length("width", plane.width() * BAR, "%").length("height", bottom - top, "").markup("/>\n");
        }
    }
}

fn dot(html: &mut Html, plane: &Plane, color: usize, at: usize, value: f64, radius: f64) {
    html.markup("<circle").attribute("class", format_args!("f{color}")).length("r", radius, "");
    html.length("cx", plane.middle(at), "%").length("cy", plane.y(value), "").markup("/>\n");
}
