//! What sections are made of.

use super::super::page::{Chart, Figure, Part, Tone};
use super::markup::Html;
use super::{prose, svg, table};

pub(super) fn render(html: &mut Html, part: &Part) {
    match part {
        Part::Heading(heading) => {
            html.markup("<h3>");
            prose(html, heading);
            html.markup("</h3>\n");
        }
        Part::Text(text) => {
            html.markup("<p>");
            prose(html, text);
            html.markup("</p>\n");
        }
        Part::List(items) => {
            html.markup("<ul class=\"plain\">\n");
            for item in items {
                html.markup("<li>");
                prose(html, item);
                html.markup("</li>\n");
            }
            html.markup("</ul>\n");
        }
        Part::Figures(figures) => {
            html.markup("<dl class=\"figures\">\n");
            figures.iter().for_each(|each| figure(html, each));
            html.markup("</dl>\n");
        }
        Part::Chart(it) => chart(html, it),
        Part::Table(it) => table::render(html, it),
    }
}

fn figure(html: &mut Html, Figure { label, value, note, tone }: &Figure) {
    let class = match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Bad => "bad",
    };
    html.markup("<div")
        .attribute("class", class)
        .markup("><dt>")
        .text(label)
        .markup("</dt><dd class=\"value\">");
    html.text(value).markup("</dd><dd class=\"note\">").text(note).markup("</dd></div>\n");
}

/// Writes a chart, what its colours stand for, and its numbers as a table.
fn chart(html: &mut Html, chart: &Chart) {
    html.markup("<figure>\n<figcaption>").text(chart.title).markup("</figcaption>\n<ul class=\"legend\">\n");
    for series in &chart.series {
        html.markup("<li><span")
            .attribute("class", format_args!("swatch f{}", series.color))
            .markup("></span>");
        html.name(&series.name).markup("</li>\n");
    }
    if chart.stretches.iter().any(|stretch| stretch.is_gap) {
        html.markup("<li><span class=\"swatch none\"></span>nothing ran</li>\n");
    }
    html.markup("</ul>\n");
    svg::render(html, chart);
    table::of_chart(html, chart);
    html.markup("</figure>\n");
}
