//! Aligned columns.

use std::fmt::{self, Display};

use crate::ui::style::{Styled, Styles};

/// Rows of cells; columns are as wide as their widest cell and two spaces apart.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// How a column looks.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    heading: &'static str,
    align: Align,
    is_dim: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

impl Column {
    /// A column of words.
    pub fn text(heading: &'static str) -> Column {
        Column { heading, align: Align::Left, is_dim: false }
    }

    /// A column of numbers, aligned at the right.
    pub fn number(heading: &'static str) -> Column {
        Column { heading, align: Align::Right, is_dim: false }
    }

    /// The same column, for what matters less.
    #[must_use]
    pub fn dim(self) -> Column {
        Column { is_dim: true, ..self }
    }
}

impl Table {
    /// Makes an empty table. Where every heading is empty, there is no head.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Table {
        Table { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Returns the table as text, a line for each row.
    pub fn display(&self, styles: Styles) -> impl Display + '_ {
        Rendered { table: self, styles }
    }
}

struct Rendered<'a> {
    table: &'a Table,
    styles: Styles,
}

impl Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Table { columns, rows } = self.table;
        let width = |text: &str| text.chars().count();
        let widths: Vec<usize> = columns
            .iter()
            .enumerate()
            .map(|(idx, column)| {
                let cells = rows.iter().map(|row| width(&row[idx]));
                cells.chain([width(column.heading)]).max().unwrap_or(0)
            })
            .collect();
        let mut line = |cells: &mut dyn Iterator<Item = &str>, is_head: bool| {
            // Spaces are only written once something follows them, so no line ends in one.
            let mut gap = 0;
            for ((cell, column), full) in cells.zip(columns).zip(&widths) {
                let padding = full - width(cell);
                let (before, after) = match column.align {
                    Align::Left => (0, padding),
                    Align::Right => (padding, 0),
                };
                if !cell.is_empty() {
                    let style = if is_head {
                        self.styles.heading
                    } else if column.is_dim {
                        self.styles.dim
                    } else {
                        anstyle::Style::new()
                    };
                    write!(f, "{:1$}{2}", "", gap + before, Styled(style, cell))?;
                    gap = after + 2;
                } else {
                    gap += full + 2;
                }
            }
            writeln!(f)
        };
        if columns.iter().any(|column| !column.heading.is_empty()) {
            line(&mut columns.iter().map(|column| column.heading), true)?;
        }
        for row in rows {
            line(&mut row.iter().map(String::as_str), false)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_lines_end_clean() {
        let mut table =
            Table::new([Column::text("JOB"), Column::number("TESTS"), Column::text("SHARD").dim()]);
        table.row(["unit-linux".into(), "7".into(), "1-of-2".into()]);
        table.row(["naïve".into(), "2318".into(), String::new()]);
        table.row([String::new(), "1".into(), "x".into()]);
        insta::assert_snapshot!(table.display(Styles::PLAIN), @r"
        JOB         TESTS  SHARD
        unit-linux      7  1-of-2
        naïve        2318
                        1  x
        ");
    }

    #[test]
    fn without_headings_there_is_no_head() {
        let mut table = Table::new([Column::text(""), Column::text("")]);
        table.row(["a".into(), "b".into()]);
        assert_eq!(table.display(Styles::PLAIN).to_string(), "a  b\n");
    }
}
