//! Colours, for emphasis only.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

use crate::environment::Environment;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set; CLICOLOR_FORCE makes everything count as a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Decides for a stream.
    pub fn decide(self, environment: &Environment, is_terminal: bool) -> bool {
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let is_on = |name| environment.text(name).is_some_and(|value| value != "0");
                let is_off = |name| environment.text(name) == Some("0");
                if environment.var("NO_COLOR").is_some() {
                    false
                } else if is_on("CLICOLOR_FORCE") {
                    true
                } else {
                    is_terminal && environment.text("TERM") != Some("dumb") && !is_off("CLICOLOR")
                }
            }
        }
    }
}

/// The styles of a stream, by what they say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Styles {
    /// The word `error`.
    pub error: Style,
    /// The word `warning`.
    pub warning: Style,
    /// The word `hint`.
    pub hint: Style,
    /// The head of a table.
    pub heading: Style,
    /// What matters less, such as where a value came from.
    pub dim: Style,
    /// A line that one side of a comparison has.
    pub removed: Style,
    /// A line that the other side has.
    pub added: Style,
}

impl Styles {
    /// No colour at all.
    pub const PLAIN: Styles = Styles {
        error: Style::new(),
        warning: Style::new(),
        hint: Style::new(),
        heading: Style::new(),
        dim: Style::new(),
        removed: Style::new(),
        added: Style::new(),
    };

    /// The colours of a terminal.
    pub const COLORED: Styles = Styles {
        error: AnsiColor::Red.on_default().bold(),
        warning: AnsiColor::Yellow.on_default().bold(),
        hint: AnsiColor::Cyan.on_default().bold(),
        heading: Style::new().bold(),
        dim: Style::new().dimmed(),
        removed: AnsiColor::Red.on_default(),
        added: AnsiColor::Green.on_default(),
    };

    /// Returns the styles of a stream that has colour or not.
    pub fn new(has_color: bool) -> Styles {
        if has_color { Styles::COLORED } else { Styles::PLAIN }
    }
}

/// A text in a style.
#[derive(Debug, Clone, Copy)]
pub struct Styled<T>(pub Style, pub T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.0.render(), self.1, self.0.render_reset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;

    #[test]
    fn the_flag_beats_the_variables_and_they_beat_the_terminal() {
        let check = |choice: ColorChoice, vars: &[(&str, &str)], terminal: bool| {
            choice.decide(&environment(vars), terminal)
        };
        assert!(check(ColorChoice::Auto, &[], true));
        assert!(!check(ColorChoice::Auto, &[], false));
        assert!(!check(ColorChoice::Auto, &[("NO_COLOR", "1")], true));
        assert!(check(ColorChoice::Auto, &[("NO_COLOR", "")], true));
        assert!(check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1")], false));
        assert!(!check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")], false));
        assert!(!check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
        assert!(!check(ColorChoice::Auto, &[("TERM", "dumb")], true));
        assert!(check(ColorChoice::Always, &[("NO_COLOR", "1")], false));
        assert!(!check(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], true));
    }

    #[test]
    fn plain_is_nothing_but_the_text() {
        assert_eq!(Styled(Styles::PLAIN.error, "error").to_string(), "error");
        assert_ne!(Styled(Styles::COLORED.error, "error").to_string(), "error");
    }
}
