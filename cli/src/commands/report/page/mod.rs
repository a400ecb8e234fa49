//! A report as a page: sections of prose, figures, charts and tables. What it looks like is up to whoever renders it.

mod chart;
mod prose;
mod table;

pub(super) use chart::{Chart, Drawn, Series, Shape, Stretch, Unit};
pub(super) use prose::{Piece, Prose};
pub(super) use table::{Cell, Column, Table};

/// The whole page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: &'static str,
    /// What it is about: the time, and which runs.
    pub(super) about: Prose,
    pub(super) sections: Vec<Section>,
    /// Who wrote it, and when.
    pub(super) written: Prose,
}

/// A part of the page with a heading.
#[derive(Debug)]
pub(super) struct Section {
    /// What links to it, unlike all others.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) parts: Vec<Part>,
}

/// What a section is made of.
#[derive(Debug)]
pub(super) enum Part {
    Heading(Prose),
    Text(Prose),
    List(Vec<Prose>),
    Figures(Vec<Figure>),
    Chart(Chart),
    Table(Table),
}

/// A number that matters.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) label: &'static str,
    pub(super) value: String,
    /// Of what it is a part, or what it rests on.
    pub(super) note: String,
    pub(super) tone: Tone,
}

/// Whether a number is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Bad,
}

impl Section {
    pub(super) fn new(id: &'static str, title: &'static str) -> Section {
        Section { id, title, parts: Vec::new() }
    }

    pub(super) fn text(&mut self, text: impl Into<Prose>) {
        self.parts.push(Part::Text(text.into()));
    }
}
