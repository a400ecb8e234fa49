//! Sentences with names in them.

/// A sentence, or several.
#[derive(Debug, Clone, Default)]
pub(in crate::commands::report) struct Prose(pub(in crate::commands::report) Vec<Piece>);

/// A piece of a sentence.
#[derive(Debug, Clone)]
pub(in crate::commands::report) enum Piece {
    Plain(String),
    Strong(String),
    /// What somebody else made up: of a test, a branch, a file. It may hold anything.
    Name(String),
}

impl Prose {
    /// Adds words; what stands in backticks among them is a name.
    pub(in crate::commands::report) fn plain(mut self, text: impl Into<String>) -> Prose {
        let text = text.into();
        let pieces: Vec<&str> = text.split('`').collect();
        if pieces.len().is_multiple_of(2) {
            self.0.push(Piece::Plain(text));
            return self;
        }
        for (at, piece) in pieces.into_iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
            let piece = piece.to_owned();
            self.0.push(if at % 2 == 0 { Piece::Plain(piece) } else { Piece::Name(piece) });
        }
        self
    }

    pub(in crate::commands::report) fn strong(mut self, text: impl Into<String>) -> Prose {
        self.0.push(Piece::Strong(text.into()));
        self
    }

    pub(in crate::commands::report) fn name(mut self, name: impl ToString) -> Prose {
        self.0.push(Piece::Name(name.to_string()));
        self
    }

    pub(in crate::commands::report) fn of_name(name: impl ToString) -> Prose {
        Prose::default().name(name)
    }
}

impl From<&str> for Prose {
    fn from(text: &str) -> Prose {
        Prose::default().plain(text)
    }
}

impl From<String> for Prose {
    fn from(text: String) -> Prose {
        Prose::default().plain(text)
    }
}
