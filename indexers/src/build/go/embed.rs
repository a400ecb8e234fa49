//! Which files a `//go:embed` may come to match.

use skiptrace_engine::path::RepoPath;

/// A pattern of `//go:embed`, and the folder of its package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmbedPattern {
    /// The package's folder.
    pub folder: RepoPath,
    /// The pattern as it is written.
    pub pattern: Box<str>,
}

impl EmbedPattern {
    /// Returns whether a file of this path would be embedded; yes where the go command might refuse it.
    pub fn may_match(&self, path: &RepoPath) -> bool {
        let folder = self.folder.as_str();
        let inside = match folder {
            "" => Some(path.as_str()),
            _ => path.as_str().strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
        };
        let Some(inside) = inside else { return false };
        let (pattern, takes_all) = match self.pattern.strip_prefix("all:") {
            Some(pattern) => (pattern, true),
            None => (&*self.pattern, false),
        };
        let elements: Vec<&str> = if pattern == "." { Vec::new() } else { pattern.split('/').collect() };
        let names: Vec<&str> = inside.split('/').collect();
        if names.len() < elements.len() {
            return false;
        }
        let (named, below) = names.split_at(elements.len());
        // What is in a folder that matches is embedded, except for what is hidden.
        elements.iter().zip(named).all(|(element, name)| matches(element, name))
            && (takes_all || !below.iter().any(|name| name.starts_with(['.', '_'])))
    }
}

/// Matches one name with `*`, `?`, `[a-z]`, `[^a]` and `\`; a pattern that is malformed matches everything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some(tokens) = tokens(pattern) else { return true };
    let name: Vec<char> = name.chars().collect();
    // Which lengths of the name's start the tokens so far can match.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for token in &tokens {
        let mut next = vec![false; name.len() + 1];
        let mut open = false;
        for at in 0..=name.len() {
            open |= reached[at];
            match token {
                Token::Any => next[at] = open,
                Token::One(class) => {
                    next[at] = at > 0 && reached[at - 1] && class.has(name[at - 1]);
                }
            }
        }
        reached = next;
    }
    reached[name.len()]
}

enum Token {
    Any,
    One(Class),
}

struct Class {
    ranges: Vec<(char, char)>,
    negated: bool,
}

impl Class {
    fn has(&self, char: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&char)) != self.negated
    }
}

fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut chars = pattern.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(char) = chars.next() {
        let class = match char {
            '*' => {
                tokens.push(Token::Any);
                continue;
            }
            '?' => Class { ranges: Vec::new(), negated: true },
            '\\' => {
                let char = chars.next()?;
                Class { ranges: vec![(char, char)], negated: false }
            }
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                // A bracket that is closed at once is malformed.
                while ranges.is_empty() || chars.peek() != Some(&']') {
                    let first = class_char(&mut chars)?;
                    let last = if chars.next_if_eq(&'-').is_some() { class_char(&mut chars)? } else { first };
                    ranges.push((first, last));
                }
                chars.next();
                Class { ranges, negated }
            }
            char => Class { ranges: vec![(char, char)], negated: false },
        };
        tokens.push(Token::One(class));
    }
    Some(tokens)
}

fn class_char(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    match chars.next()? {
        '\\' => chars.next(),
        '-' | ']' => None,
        char => Some(char),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(pattern: &str, path: &str) -> bool {
        let folder = RepoPath::new("web").unwrap();
        EmbedPattern { folder, pattern: pattern.into() }.may_match(&RepoPath::new(path).unwrap())
    }

    #[test]
    fn files_folders_and_globs_match() {
        for (pattern, path) in [
            ("a.txt", "web/a.txt"),
            ("static", "web/static/deep/x.css"),
            ("static/*.css", "web/static/x.css"),
            ("*", "web/.hidden"),
            ("all:static", "web/static/.x/_y"),
            (".", "web/x"),
            ("t/[a-c]?.txt", "web/t/bz.txt"),
            ("[^x]\\*", "web/y*"),
            ("*/x", "web/a/x/deeper"),
            // Malformed.
            ("[", "web/a"),
        ] {
            assert!(check(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("a.txt", "a.txt"),
            ("a.txt", "web2/a.txt"),
            ("static", "web/static2/x"),
            ("static", "web/static/.hidden"),
            ("static", "web/static/_x/y"),
            ("*.css", "web/static/x.css"),
            ("t/[a-c]?.txt", "web/t/dz.txt"),
            ("static/x", "web/static"),
            ("[^x]*", "web/xy"),
        ] {
            assert!(!check(pattern, path), "{pattern} {path}");
        }
    }

    /// The definition, by trying everything.
    fn naive(pattern: &[char], name: &[char]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                naive(rest, name) || name.split_first().is_some_and(|(_, name)| naive(pattern, name))
            }
            (Some(('?', rest)), Some((_, name))) => naive(rest, name),
            (Some((char, rest)), Some((first, name))) => char == first && naive(rest, name),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn stars_match_as_defined(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &name), naive(&chars(&pattern), &chars(&name)));
        }

        #[test]
        fn any_pattern_ends(pattern in "\\PC{0,30}", name in "[^/\0]{1,30}") {
            prop_assert!(matches("*", &name));
            matches(&pattern, &name);
        }
    }
}
