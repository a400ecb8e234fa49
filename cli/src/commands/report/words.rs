//! Numbers and texts as a report has them.

use std::time::Duration;

use skiptrace_engine::report::Period;

use crate::ui::human;

/// No text of others is longer on a page; the middle is left out.
const LONGEST: usize = 160;

/// Returns a number with commas: `1,000,000`.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number with its noun: `1 run`, `2,000 runs`.
pub(super) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Returns a share as a percentage, rounded down, so that only all is 100 %.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", (share * 1000.0 + 1e-9).floor() / 10.0))
}

/// Returns a duration: `85 ms`, `3 min 5 s`.
pub(super) fn time(duration: Duration) -> String {
    match duration.as_micros() {
        us @ 1..1000 => format!("{us} µs"),
        us => human::duration(u64::try_from(us / 1000).unwrap_or(u64::MAX)),
    }
}

pub(super) fn seconds(seconds: f64) -> String {
    time(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
}

/// Returns days: `2026-01-02`, or `2026-01-02 to 2026-01-08`.
pub(super) fn days(period: Period) -> String {
    match period.days() {
        1 => period.first.to_string(),
        _ => format!("{} to {}", period.first, period.last),
    }
}

/// Returns a text of others as it can be shown: on one line, everything in it visible, and not too long.
pub(super) fn shown(text: &str) -> String {
    visible(&cut(text, LONGEST))
}

/// Returns a text of no more than so many characters; where it has more, the middle is left out.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let n_chars = text.chars().count();
    if n_chars <= longest {
        return text.to_owned();
    }
    let end = longest * 3 / 8;
    let begin = text.chars().take(longest - end - 1);
    begin.chain(['…']).chain(text.chars().skip(n_chars - end)).collect()
}

/// Returns a text with everything in it visible.
///
/// What would not be seen, or would change how the text around it is read, is shown as Rust writes it: `\u{202e}`.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Returns whether a character is not seen, or tells how others are to be read.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
        // No characters, and browsers put something else in their place or say that they are wrong.
        || (c as u32 & 0xfffe) == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [None, Some(0.0), Some(0.9999), Some(1.0), Some(-0.051)].map(percent),
            ["–", "0.0 %", "99.9 %", "100.0 %", "-5.1 %"]
        );
        assert_eq!([0.0, 0.000_25, 90.0].map(seconds), ["0 ms", "250 µs", "1 min 30 s"]);
    }

    #[test]
    fn texts_of_others_are_seen_and_end() {
        assert_eq!(shown("a\u{202e}b\0\n\u{7f}"), "a\\u{202e}b\\u{0}\\n\\u{7f}");
        assert_eq!(shown("naïve – «ключ» 🦀"), "naïve – «ключ» 🦀");
        let long = shown(&format!("{}{}end", "a".repeat(3000), "b".repeat(3000)));
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.starts_with("aaa") && long.ends_with("bbbend") && long.contains("a…b"), "{long}");
    }

    proptest! {
        #[test]
        fn no_text_has_an_effect(text in any::<String>()) {
            let shown = shown(&text);
            prop_assert!(!shown.chars().any(is_hidden));
            if !text.chars().any(is_hidden) && text.chars().count() <= LONGEST {
                prop_assert_eq!(shown, text);
            }
        }
    }
}
