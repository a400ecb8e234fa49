//! Patterns for paths, with the meaning that Python's `fnmatch` gives them.
//!
//! That is what the predecessor's index files were written for: `*` is any text, `/` included; `?` is any one
//! character; `[a-z]` one of a set and `[!a-z]` one that is not; anything else, an unclosed `[` too, is itself.

use std::fmt;

/// A pattern, parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    text: Box<str>,
    tokens: Box<[Token]>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Token {
    Char(char),
    AnyChar,
    AnyText,
    OneOf { negated: bool, ranges: Box<[(char, char)]> },
}

impl Glob {
    /// Parses a pattern. Every text is one.
    pub fn new(text: &str) -> Glob {
        let chars: Vec<char> = text.chars().collect();
        let mut tokens = Vec::with_capacity(chars.len());
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            at += 1;
            match c {
                // A run of stars is one star; matching then never has to try both.
                '*' if tokens.last() == Some(&Token::AnyText) => {}
                '*' => tokens.push(Token::AnyText),
                '?' => tokens.push(Token::AnyChar),
                '[' => match parse_set(&chars[at..]) {
                    Some((set, len)) => {
                        tokens.push(set);
                        at += len;
                    }
                    None => tokens.push(Token::Char('[')),
                },
                c => tokens.push(Token::Char(c)),
            }
        }
        Glob { text: text.into(), tokens: tokens.into() }
    }

    /// Returns whether `text` is a pattern rather than a plain path.
    pub fn is_glob(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Writes a pattern that `text` alone matches.
    pub fn escape(text: &str) -> String {
        let mut pattern = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '*' | '?' | '[' => pattern.extend(['[', c, ']']),
                c => pattern.push(c),
            }
        }
        pattern
    }

    /// Returns the text that [`Glob::escape`] made `pattern` of; `None` when it made it of none.
    pub fn literal(pattern: &str) -> Option<String> {
        let text = pattern.replace("[*]", "*").replace("[?]", "?").replace("[[]", "[");
        (Glob::escape(&text) == pattern).then_some(text)
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the whole of `text` matches.
    ///
    /// Takes at most the product of the two lengths: on a mismatch only the last star needs to take more.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        let mut last_star = None;
        while at < text.len() {
            match self.tokens.get(token) {
                Some(Token::AnyText) => {
                    last_star = Some((token, at));
                    token += 1;
                }
                Some(one) if one.admits(text[at]) => {
                    token += 1;
                    at += 1;
                }
                _ => match last_star {
                    Some((star, taken)) => {
                        last_star = Some((star, taken + 1));
                        (token, at) = (star + 1, taken + 1);
                    }
                    None => return false,
                },
            }
        }
        self.tokens[token..].iter().all(|rest| *rest == Token::AnyText)
    }
}

impl Token {
    fn admits(&self, c: char) -> bool {
        match self {
            Token::Char(own) => *own == c,
            Token::AnyChar => true,
            Token::AnyText => false,
            Token::OneOf { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated
            }
        }
    }
}

/// Parses what follows a `[`; `None` when nothing closes it. A `]` that comes first is a member.
fn parse_set(chars: &[char]) -> Option<(Token, usize)> {
    let negated = chars.first() == Some(&'!');
    let first = usize::from(negated);
    let close = (first + 1..chars.len()).find(|at| chars[*at] == ']')?;
    let members = &chars[first..close];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        // `a-c` is a range; a hyphen at either end is itself.
        if at + 2 < members.len() && members[at + 1] == '-' {
            ranges.push((members[at], members[at + 2]));
            at += 3;
        } else {
            ranges.push((members[at], members[at]));
            at += 1;
        }
    }
    Some((Token::OneOf { negated, ranges: ranges.into() }, close + 1))
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let glob = Glob::new(pattern);
        for text in matching {
            assert!(glob.matches(text), "{pattern} should match {text}");
        }
        for text in other {
            assert!(!glob.matches(text), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn patterns_mean_what_fnmatch_says() {
        check("test/e2e/**/*", &["test/e2e/a/b.go", "test/e2e/a/b/c"], &["test/e2e/a", "test"]);
        check("pkg/config/schema/*", &["pkg/config/schema/a.yaml", "pkg/config/schema/a/b"], &["pkg/config"]);
        check("*.yml", &["a.yml", "a/b.yml", ".yml"], &["a.yaml", "a.YML"]);
        check("a?c", &["abc", "a/c", "aéc"], &["ac", "abbc"]);
        check("[ab]x", &["ax", "bx"], &["cx", "x"]);
        check("[!ab]x", &["cx", "/x"], &["ax"]);
        check("[a-c-]x", &["bx", "-x"], &["dx"]);
        check("[]]x", &["]x"], &["x"]);
        check("[!]]x", &["ax"], &["]x"]);
        check("a[b", &["a[b"], &["ab"]);
        check("", &[""], &["a"]);
        check("*", &["", "a", "a/b"], &[]);
    }

    #[test]
    fn a_path_may_have_the_characters_of_patterns() {
        for text in ["app/[id]/page.tsx", "a*b?", "[[*]", "plain"] {
            let pattern = Glob::escape(text);
            assert!(Glob::new(&pattern).matches(text), "{pattern}");
            assert_eq!(Glob::literal(&pattern).as_deref(), Some(text));
        }
        for pattern in ["app/[id]/page.tsx", "*", "[a]", "a[b", "[[*]]"] {
            assert_eq!(Glob::literal(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(5000)));
    }

    /// The definition, tried out in every way.
    fn naive(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::AnyText, later)), _) => (0..=text.len()).any(|n| naive(later, &text[n..])),
            (Some((one, later)), Some((c, rest))) => one.admits(*c) && naive(later, rest),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab/*?\\[\\]!-]{0,8}", text in "[ab/\\]-]{0,8}") {
            let glob = Glob::new(&pattern);
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(glob.matches(&text), naive(&glob.tokens, &chars));
        }
    }
}
