//! A report as Markdown, for the summary of a job. Charts become a row of blocks each.

use std::fmt::Write;

use super::page::{Cell, Chart, Figure, Page, Part, Piece, Prose, Shape, Table};
use super::words;

/// From nothing to the most there is.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where nothing ran, or nobody knows.
const GAP: char = '·';

/// Renders a page.
pub(super) fn render(page: &Page) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("# {}\n\n{}", page.title, prose(&page.about)));
    for section in &page.sections {
        line(&mut text, format_args!("\n## {}", section.title));
        for part in &section.parts {
            of_part(&mut text, part);
        }
    }
    line(&mut text, format_args!("\n{}", prose(&page.written)));
    text
}

fn line(text: &mut String, line: impl std::fmt::Display) {
    writeln!(text, "{line}").expect("a string takes all writes");
}

fn of_part(text: &mut String, part: &Part) {
    line(text, "");
    match part {
        Part::Heading(heading) => line(text, format_args!("### {}", prose(heading))),
        Part::Text(sentence) => line(text, prose(sentence)),
        Part::List(items) => items.iter().for_each(|item| line(text, format_args!("- {}", prose(item)))),
        Part::Figures(figures) => {
            line(text, "| | | |\n|---|--:|---|");
            for Figure { label, value, note, .. } in figures {
                line(text, format_args!("| {label} | **{}** | {} |", plain(value), plain(note)));
            }
        }
        Part::Chart(chart) => of_chart(text, chart),
        Part::Table(table) => of_table(text, table),
    }
}

/// Writes a row of blocks for each series: enough to see whether it rises or falls.
fn of_chart(text: &mut String, chart: &Chart) {
    let (Some(first), Some(last)) = (chart.stretches.first(), chart.stretches.last()) else { return };
    line(
        text,
        format_args!(
            "**{}**, {} to {}. {}\n",
            chart.title,
            first.period.first,
            last.period.last,
            plain(&chart.description)
        ),
    );
    let all = chart.series.iter().flat_map(|series| &series.values).flatten();
    let most = if chart.shape == Shape::Lines { all.copied().fold(0.0, f64::max) } else { 0.0 };
    for series in &chart.series {
        // Lines are compared with each other, parts of bars with themselves.
        let own = series.values.iter().flatten().copied().fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { own };
        let block = |value: &Option<f64>| match value {
            Some(value) if most > 0.0 => BLOCKS[((value / most).clamp(0.0, 1.0) * 7.0).round() as usize],
            Some(_) => BLOCKS[0],
            None => GAP,
        };
        let blocks: String = series.values.iter().map(block).collect();
        line(text, format_args!("- `{blocks}` {}, up to {}", name(&series.name), chart.unit.show(own)));
    }
}

fn of_table(text: &mut String, table: &Table) {
    line(text, format_args!("**{}**\n", plain(&table.caption)));
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    line(text, row(table.columns.iter().map(|column| column.heading().to_owned()).collect()));
    let rules = table.columns.iter().map(|column| if column.is_number() { "--:" } else { "---" });
    line(text, format_args!("|{}|", rules.collect::<Vec<_>>().join("|")));
    for cells in &table.rows {
        line(text, row(cells.iter().map(of_cell).collect()));
    }
    if table.more > 0 {
        line(text, format_args!("\nand {} more", words::number(table.more)));
    }
}

fn of_cell(cell: &Cell) -> String {
    match cell {
        Cell::Words(text) => prose(text),
        Cell::Number(number) => plain(number),
        Cell::Share(share) => words::percent(*share),
    }
}

fn prose(prose: &Prose) -> String {
    prose
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Plain(text) => plain(text),
            Piece::Strong(text) => format!("**{}**", plain(text)),
            Piece::Name(text) => name(text),
        })
        .collect()
}

/// Returns a name as code: whatever is in it means nothing.
fn name(text: &str) -> String {
    let text = words::shown(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    // Not even in code may what ends a cell of a table stand for itself.
    if text.contains('|') {
        return format!("<code>{}</code>", plain(&text));
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{blank}{text}{blank}{ticks}")
}

/// Returns words of which none means anything else.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in words::visible(text).chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '|' => plain.push_str("&#124;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => {
                plain.push('\\');
                plain.push(c);
            }
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::page::Column;
    use super::*;

    proptest! {
        /// Whatever a test is called, a table keeps its rows and its columns, and nothing of it is markup.
        #[test]
        fn names_stay_in_their_cells(name in prop_oneof![any::<String>(), "[|`<>\\\\*_a-z\\n-]{0,20}"]) {
            let columns = [Column::Text("Name"), Column::Long("Words"), Column::Number("N")];
            let table = Table::new(name.clone(), &columns).rows(&[1, 2], 9, |n| {
                vec![Cell::name(&name), Cell::words(name.as_str()), Cell::number(*n)]
            });
            let mut text = String::new();
            of_table(&mut text, &table);
            let lines: Vec<&str> = text.lines().collect();
            prop_assert_eq!(lines.len(), 6, "{}", text);
            for row in &lines[2..] {
                let n_bars = row.matches('|').count();
                prop_assert_eq!(n_bars, 4, "{}", row);
            }
        }
    }

    #[test]
    fn names_are_code_whatever_is_in_them() {
        for (text, expected) in [
            ("a", "`a`"),
            ("", "(empty)"),
            ("a`b", "``a`b``"),
            ("`a", "`` `a ``"),
            ("a|`b", "<code>a&#124;\\`b</code>"),
            ("a\nb", "`a\\nb`"),
        ] {
            assert_eq!(name(text), expected);
        }
        assert_eq!(plain("<b>*x*_`"), "&lt;b&gt;\\*x\\*\\_\\`");
    }
}
