//! Tables. Each stands in a box of its own, which scrolls where it is wider than the page.

use super::super::page::{Cell, Chart, Column, Table};
use super::super::words;
use super::markup::Html;
use super::prose;

pub(super) fn render(html: &mut Html, table: &Table) {
    open(html, &table.caption, &table.columns);
    for row in &table.rows {
        html.markup("<tr>");
        for (at, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
            of_row(html, at, *column, |html| of_cell(html, cell));
        }
        html.markup("</tr>\n");
    }
    html.markup("</tbody>\n</table>\n</div>\n");
    if table.more > 0 {
        html.markup("<p class=\"more\">and ").text(words::number(table.more)).markup(" more</p>\n");
    }
}

/// Writes the numbers of a chart, for those who do not see it, or want to know exactly.
pub(super) fn of_chart(html: &mut Html, chart: &Chart) {
    html.markup(
        "<details>\n<summary>The numbers</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\"",
    );
    html.attribute("aria-label", chart.title).markup(">\n<table>\n<caption>").text(chart.title);
    html.markup("</caption>\n<thead><tr><th scope=\"col\">Days</th>");
    for series in &chart.series {
        html.markup("<th scope=\"col\" class=\"number\">").name(&series.name).markup("</th>");
    }
    html.markup("</tr></thead>\n<tbody>\n");
    for (at, stretch) in chart.stretches.iter().enumerate() {
        html.markup("<tr><th scope=\"row\">").text(words::days(stretch.period)).markup("</th>");
        for series in &chart.series {
            let value = series.values[at].map_or_else(|| "–".to_owned(), |value| chart.unit.show(value));
            html.markup("<td class=\"number\">").text(value).markup("</td>");
        }
        html.markup("</tr>\n");
    }
    html.markup("</tbody>\n</table>\n</div>\n</details>\n");
}

fn open(html: &mut Html, caption: &str, columns: &[Column]) {
    html.markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\"").attribute("aria-label", caption);
    html.markup(">\n<table>\n<caption>").text(caption).markup("</caption>\n<thead><tr>");
    for column in columns {
        html.markup("<th scope=\"col\"").attribute("class", column.class()).markup(">");
        html.text(column.heading()).markup("</th>");
    }
    html.markup("</tr></thead>\n<tbody>\n");
}

/// Writes what the first cell of a row, which names it, or another is wrapped into.
fn of_row(html: &mut Html, at: usize, column: Column, write: impl FnOnce(&mut Html)) {
    html.markup(if at == 0 { "<th scope=\"row\"" } else { "<td" });
    html.attribute("class", column.class()).markup(">");
    write(html);
    html.markup(if at == 0 { "</th>" } else { "</td>" });
}

fn of_cell(html: &mut Html, cell: &Cell) {
    match cell {
        Cell::Words(text) => prose(html, text),
        Cell::Number(text) => drop(html.text(text)),
        Cell::Share(share) => {
            html.markup("<span class=\"share\">").text(words::percent(*share)).markup("</span>");
            if let Some(share) = share {
                html.markup("<svg class=\"share\" aria-hidden=\"true\"><rect class=\"all\" width=\"100%\" height=\"100%\"/>");
                html.markup("<rect class=\"f0\" height=\"100%\"").length(
                    "width",
                    share.clamp(0.0, 1.0) * 100.0,
                    "%",
                );
                html.markup("/></svg>");
            }
        }
    }
}
