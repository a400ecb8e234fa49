//! Regular expressions as CMake has them.

use regex::bytes::{Regex, RegexBuilder};

/// How large a compiled pattern may get.
const SIZE_LIMIT: usize = 4 << 20;

/// Compiles a pattern in CMake's syntax, which has no classes, counts or lazy repetition: `\d` is the letter `d`,
/// `{2}` is that text, and `.` is any byte at all.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&translate(pattern)).unicode(false).size_limit(SIZE_LIMIT).build()
}

fn translate(pattern: &str) -> String {
    let mut translated = String::from("(?s-u)");
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            // A backslash at the very end stands for nothing CMake would read; the compiler says so.
            '\\' => match chars.next() {
                Some(escaped) => push_literal(&mut translated, escaped),
                None => translated.push('\\'),
            },
            '[' => {
                translated.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    translated.push('^');
                }
                let mut is_first = true;
                loop {
                    match chars.next() {
                        None => break,
                        Some(']') if !is_first => {
                            translated.push(']');
                            break;
                        }
                        Some('-') => translated.push('-'),
                        Some(member) => push_member(&mut translated, member),
                    }
                    is_first = false;
                }
            }
            '^' | '$' | '.' | '*' | '+' | '?' | '|' | '(' | ')' => translated.push(char),
            literal => push_literal(&mut translated, literal),
        }
    }
    translated
}

/// Writes a character that stands for its bytes.
fn push_literal(translated: &mut String, char: char) {
    if char.is_ascii() {
        translated.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
    } else {
        push_bytes(translated, char);
    }
}

/// Writes a character between brackets, where CMake knows no escapes.
fn push_member(translated: &mut String, char: char) {
    if char.is_ascii_alphanumeric() || char == ' ' {
        translated.push(char);
    } else {
        push_bytes(translated, char);
    }
}

fn push_bytes(translated: &mut String, char: char) {
    for byte in char.encode_utf8(&mut [0; 4]).bytes() {
        translated.push_str(&format!("\\x{byte:02x}"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn means_what_cmake_means() {
        for (pattern, text, expected) in [
            ("^a.c$", "a\nc", true),
            ("^c", "a\nc", false),
            ("a{2}", "aa", false),
            ("a{2}", "a{2}", true),
            (r"\d", "d", true),
            (r"\d", "1", false),
            (r"\[  SKIPPED \]", "[  SKIPPED ] x", true),
            ("[]x]y", "]y", true),
            (r"[\d]", "\\", true),
            ("[^a-c]", "b", false),
            ("[a&&b]", "&", true),
            ("(one|two)+", "twoone", true),
            ("über", "über", true),
            ("#", "#", true),
        ] {
            assert_eq!(compile(pattern).unwrap().is_match(text.as_bytes()), expected, "{pattern} in {text}");
        }
        assert!(compile("(").is_err());
        assert!(compile("[a").is_err());
        assert!(compile("a\\").is_err());
    }

    proptest! {
        #[test]
        fn escaped_text_finds_itself(text in "\\PC{0,12}") {
            let pattern: String = text.chars().flat_map(|char| ['\\', char]).collect();
            prop_assert!(compile(&pattern).unwrap().is_match(text.as_bytes()));
        }

        #[test]
        fn no_pattern_panics(pattern in "[\\[\\]()\\\\^$.*+?|{}a-c&~-]{0,16}") {
            let _ = compile(&pattern);
        }
    }
}
