//! Settings that are one of a few words.

use std::fmt;
use std::path::Path;

use skiptrace_engine::index::query::SharedPolicy;
use skiptrace_engine::kind::IndexKind;

use crate::settings::value::{Raw, SettingValue, Shown};
use crate::settings::{nearest, value};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Returns the word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl SettingValue for $name {
            fn parse(raw: &Raw, _base: &Path) -> Result<Self, value::Problem> {
                match raw.text() {
                    $(Some($word) => Ok($name::$variant),)*
                    text => {
                        let words = [$($word),*];
                        let expected = words.map(|word| format!("`{word}`")).join(", ");
                        let near = text.and_then(|text| nearest(text, words.into_iter()));
                        Err(value::Problem { expected: format!("one of {expected}"), meant: near })
                    }
                }
            }

            fn show(&self) -> Shown {
                Shown::text_of(self)
            }
        }
    };
}

choice! {
    /// What a change of start-up code that every test runs selects.
    SharedChange {
        /// Every test that ran it.
        Run = "run",
        /// Only tests whose runs differ from one of no test.
        Baseline = "baseline",
    }
}

choice! {
    /// How far a change at file scope is followed.
    PolicyChoice {
        /// By names, where the language can trust them.
        Balanced = "balanced",
        /// Not at all: it concerns all that was compiled from the file.
        Strict = "strict",
    }
}

impl From<SharedChange> for SharedPolicy {
    fn from(change: SharedChange) -> SharedPolicy {
        match change {
            SharedChange::Run => SharedPolicy::Run,
            SharedChange::Baseline => SharedPolicy::Baseline,
        }
    }
}

impl SettingValue for IndexKind {
    fn parse(raw: &Raw, _base: &Path) -> Result<Self, value::Problem> {
        raw.text().and_then(|text| text.parse().ok()).ok_or_else(|| {
            let names = IndexKind::ALL.map(IndexKind::name);
            let expected = names.map(|name| format!("`{name}`")).join(", ");
            let near = raw.text().and_then(|text| nearest(text, names.into_iter()));
            value::Problem { expected: format!("one of {expected}"), meant: near }
        })
    }

    fn show(&self) -> Shown {
        Shown::text_of(self)
    }
}
