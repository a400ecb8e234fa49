//! Charts as SVG, in a page of any width.
//!
//! What lies side by side is placed in percent of the width, what lies above each other in pixels. So a chart is as wide
//! as the page and its letters stay as large as all others. It may be drawn without a path, whose points have no percent.

mod axis;
mod marks;

use super::super::page::{Chart, Shape, Stretch};
use super::super::words;
use super::markup::Html;
use axis::Axis;

/// How high the part is in which there are values.
const HEIGHT: f64 = 180.0;
/// How much is above it, so that the highest letters are within.
const ABOVE: f64 = 8.0;
/// How much is below it, for the days.
const BELOW: f64 = 24.0;
/// So many days are named at most.
const NAMED: usize = 6;

/// Where things are.
struct Plane {
    axis: Axis,
    /// How many stretches lie side by side.
    n: usize,
}

impl Plane {
    /// Returns where a stretch begins, in percent.
    fn left(&self, at: usize) -> f64 {
        at as f64 / self.n as f64 * 100.0
    }

    /// Returns how wide a stretch is, in percent.
    fn width(&self) -> f64 {
        100.0 / self.n as f64
    }

    fn middle(&self, at: usize) -> f64 {
        self.left(at) + self.width() / 2.0
    }

    /// Returns how far below the top a value is.
    fn y(&self, value: f64) -> f64 {
        ABOVE + HEIGHT * (1.0 - self.axis.part(value))
    }
}

pub(super) fn render(html: &mut Html, chart: &Chart) {
    let plane = Plane { axis: Axis::of(chart), n: chart.stretches.len().max(1) };
    let (title, description) = (format!("{}-title", chart.id), format!("{}-description", chart.id));
    html.markup("<div class=\"plot\">\n<svg role=\"img\" width=\"100%\"").length(
        "height",
        ABOVE + HEIGHT + BELOW,
        "",
    );
    html.attribute("aria-labelledby", format_args!("{title} {description}")).markup(">\n<title");
    html.attribute("id", &title).markup(">").text(chart.title).markup("</title>\n<desc");
    html.attribute("id", &description).markup(">").text(&chart.description).markup("</desc>\n");
    gaps(html, &plane, &chart.stretches);
    grid(html, &plane);
    match chart.shape {
        Shape::Lines => marks::lines(html, &plane, chart),
        Shape::Stack => marks::stack(html, &plane, chart),
    }
    days(html, &plane, &chart.stretches);
    hints(html, &plane, chart);
    html.markup("</svg>\n</div>\n");
}

/// Marks where nothing ran.
fn gaps(html: &mut Html, plane: &Plane, stretches: &[Stretch]) {
    let mut at = 0;
    for gap in stretches.chunk_by(|a, b| a.is_gap == b.is_gap) {
        if gap[0].is_gap {
            html.markup("<rect class=\"gap\"").length("x", plane.left(at), "%").length("y", ABOVE, "");
            let width = plane.width() * gap.len() as f64;
            html.length("width", width, "%").length("height", HEIGHT, "").markup("/>\n");
        }
        at += gap.len();
    }
}

fn grid(html: &mut Html, plane: &Plane) {
    for tick in plane.axis.ticks() {
        let y = plane.y(tick);
        html.markup("<line").markup(if tick == 0.0 { " class=\"zero\"" } else { " class=\"grid\"" });
        html.markup(" x1=\"0\" x2=\"100%\"").length("y1", y, "").length("y2", y, "").markup("/>");
        html.markup("<text class=\"value\" x=\"-8\"").length("y", y + 4.0, "").markup(">");
        html.text(plane.axis.name(tick)).markup("</text>\n");
    }
}

/// Names some of the days; on a narrow page every third of them.
fn days(html: &mut Html, plane: &Plane, stretches: &[Stretch]) {
    let step = stretches.len().div_ceil(NAMED).max(1);
    for (number, (at, stretch)) in stretches.iter().enumerate().step_by(step).enumerate() {
        let x = plane.middle(at);
        let side = match x {
            _ if stretches.len() == 1 => "middle",
            ..8.0 => "start",
            92.0.. => "end",
            _ => "middle",
        };
        html.markup("<text").attribute("class", if number % 3 != 0 { "day wide" } else { "day" });
        html.attribute("text-anchor", side)
            .length("x", x, "%")
            .length("y", ABOVE + HEIGHT + 18.0, "")
            .markup(">");
        html.text(stretch.period.first).markup("</text>\n");
    }
}

/// Has each stretch say its numbers to whoever points at it.
fn hints(html: &mut Html, plane: &Plane, chart: &Chart) {
    for (at, stretch) in chart.stretches.iter().enumerate() {
        html.markup("<rect class=\"hint\"").length("x", plane.left(at), "%").length("y", ABOVE, "");
        html.length("width", plane.width(), "%").length("height", HEIGHT, "").markup("><title>");
        html.text(words::days(stretch.period));
        if stretch.is_gap {
            html.markup(": nothing ran");
        } else {
            for series in &chart.series {
                let value =
                    series.values[at].map_or_else(|| "unknown".to_owned(), |value| chart.unit.show(value));
                html.markup("&#10;").name(&series.name).markup(": ").text(value);
            }
        }
        html.markup("</title></rect>\n");
    }
}
