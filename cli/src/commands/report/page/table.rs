//! Tables.

use super::Prose;

/// Rows of cells, of which some may be left out.
#[derive(Debug)]
pub(in crate::commands::report) struct Table {
    pub(in crate::commands::report) caption: String,
    pub(in crate::commands::report) columns: Vec<Column>,
    pub(in crate::commands::report) rows: Vec<Vec<Cell>>,
    /// How many rows were left out.
    pub(in crate::commands::report) more: u64,
}

/// A column, by its heading.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands::report) enum Column {
    /// Of words.
    Text(&'static str),
    /// Of sentences.
    Long(&'static str),
    /// Of numbers, aligned at their ends.
    Number(&'static str),
}

/// What stands in a row below a heading.
#[derive(Debug)]
pub(in crate::commands::report) enum Cell {
    Words(Prose),
    Number(String),
    /// A share of all, from 0 to 1 unless what skiptrace took outweighs what it saved; `None` of nothing.
    Share(Option<f64>),
}

impl Table {
    pub(in crate::commands::report) fn new(caption: impl Into<String>, columns: &[Column]) -> Table {
        Table { caption: caption.into(), columns: columns.to_vec(), rows: Vec::new(), more: 0 }
    }

    /// Adds a row for each item, up to a limit.
    pub(in crate::commands::report) fn rows<T>(
        mut self,
        items: &[T],
        limit: usize,
        row: impl FnMut(&T) -> Vec<Cell>,
    ) -> Table {
        self.rows = items.iter().take(limit).map(row).collect();
        debug_assert!(self.rows.iter().all(|row| row.len() == self.columns.len()), "{}", self.caption);
        self.more = items.len().saturating_sub(limit) as u64;
        self
    }

    /// Says how many rows there are in all.
    pub(in crate::commands::report) fn of(mut self, all: u64) -> Table {
        self.more = all.saturating_sub(self.rows.len() as u64);
        self
    }
}

impl Column {
    pub(in crate::commands::report) fn heading(self) -> &'static str {
        let (Column::Text(heading) | Column::Long(heading) | Column::Number(heading)) = self;
        heading
    }

    pub(in crate::commands::report) fn is_number(self) -> bool {
        matches!(self, Column::Number(_))
    }

    /// Returns the class of its cells.
    pub(in crate::commands::report) fn class(self) -> &'static str {
        match self {
            Column::Text(_) => "text",
            Column::Long(_) => "long",
            Column::Number(_) => "number",
        }
    }
}

impl Cell {
    pub(in crate::commands::report) fn name(name: impl ToString) -> Cell {
        Cell::Words(Prose::of_name(name))
    }

    pub(in crate::commands::report) fn words(text: impl Into<Prose>) -> Cell {
        Cell::Words(text.into())
    }

    pub(in crate::commands::report) fn number(number: u64) -> Cell {
        Cell::Number(super::super::words::number(number))
    }
}
