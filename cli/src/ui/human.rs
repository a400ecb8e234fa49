//! Sizes, spans and moments, as people read them.

use skiptrace_engine::time::Timestamp;

/// Returns a size in bytes with at most one decimal: `512 B`, `1.5 MiB`, `1 GiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would round to 1024 reads better as 1 of the next unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", decimal(value), UNITS[unit])
}

/// Returns a span of so many milliseconds: `85 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 days`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        // Cut rather than rounded, or it could say `60 s`.
        1..60 => format!("{} s", decimal((ms / 100) as f64 / 10.0)),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..172_800 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Returns a moment in UTC: `2026-01-02 03:04:05 UTC`.
pub fn date(moment: Timestamp) -> String {
    let parsed = i64::try_from(moment.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    match parsed {
        Some(date) if moment != Timestamp::UNKNOWN => date.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        _ => "unknown".to_owned(),
    }
}

/// Returns how long before `now` a moment was: `3 min ago`, `5 days ago`.
pub fn ago(moment: Timestamp, now: Timestamp) -> String {
    if moment == Timestamp::UNKNOWN {
        return "unknown".to_owned();
    }
    match now.since(moment) / 1000 {
        0 => "now".to_owned(),
        seconds @ 1..60 => format!("{seconds} s ago"),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// Returns a share in percent, with two digits that say something; never less than it is.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    let digits = if percent > 0.0 { (1 - percent.log10().floor() as i32).clamp(0, 12) } else { 0 };
    let factor = 10f64.powi(digits);
    // What a number lost when it was made is no reason to say one more.
    format!("{} %", (percent * factor * (1.0 - 1e-12)).ceil() / factor)
}

/// Returns a count with its noun: `1 test`, `2 tests`.
pub fn count(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1 MiB"),
            (1 << 30, "1 GiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn durations() {
        let cases = [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (4_240, "4.2 s"),
            (59_999, "59.9 s"),
            (60_000, "1 min"),
            (185_000, "3 min 5 s"),
            (7_800_000, "2 h 10 min"),
            (259_200_000, "3 days"),
        ];
        for (ms, expected) in cases {
            assert_eq!(duration(ms), expected);
        }
    }

    #[test]
    fn moments() {
        let moment = Timestamp(1_767_323_045_000);
        assert_eq!(date(moment), "2026-01-02 03:04:05 UTC");
        assert_eq!(date(Timestamp::UNKNOWN), "unknown");
        assert_eq!(date(Timestamp(u64::MAX)), "unknown");
        let later = |ms: u64| ago(moment, Timestamp(moment.0 + ms));
        assert_eq!(
            [later(0), later(5_000), later(180_000), later(7_200_000), later(432_000_000)],
            ["now", "5 s ago", "3 min ago", "2 h ago", "5 days ago"]
        );
        assert_eq!(ago(Timestamp::UNKNOWN, moment), "unknown");
    }

    #[test]
    fn counts() {
        assert_eq!([count(1, "test"), count(0, "test")], ["1 test", "0 tests"]);
    }
}
