//! Words as shells read them.

/// Returns words as one line of a shell. Whether any had to be quoted is told as well: what is quoted has to be read by
/// `eval`, everything else may come out of `$(…)` too.
pub(super) fn line(words: &[String]) -> (String, bool) {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let is_quoted = quoted.iter().zip(words).any(|(quoted, word)| quoted != word);
    (quoted.join(" "), is_quoted)
}

/// Returns a word so that a POSIX shell reads it as it is.
pub(super) fn quoted(word: &str) -> String {
    // What means something to a shell only at the end or at the beginning of a word, or between others, stands for
    // itself in an option: `-run=^$`, `--gtest_filter=-*`.
    let is_option = word.starts_with('-');
    let inert = word.strip_suffix('$').filter(|_| is_option).unwrap_or(word);
    let is_inert = |c: char| {
        c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c) || is_option && matches!(c, '^' | '*')
    };
    if !inert.is_empty() && inert.chars().all(is_inert) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns the line that sets a variable.
pub(super) fn export(name: &str, value: &str) -> String {
    match name {
        // It goes before what is there.
        "PYTHONPATH" => format!("export PYTHONPATH={}\"${{PYTHONPATH:+:$PYTHONPATH}}\"", quoted(value)),
        _ => format!("export {name}={}", quoted(value)),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_needs_it_is_quoted() {
        for word in ["-run=^$", "--gtest_filter=-*", "--config-file=/a/b.toml", "-E"] {
            assert_eq!(quoted(word), word);
        }
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(line(&["-a".to_owned(), "*".to_owned()]), ("-a '*'".to_owned(), true));
    }

    /// Has a shell say which words it reads.
    fn read(line: &str) -> Vec<String> {
        let script = format!("set -- {line}\nfor word; do printf '%s\\0' \"$word\"; done");
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_the_words(words in prop::collection::vec("-?[a-z'\"$^*?&|()!\\\\ \n~#é-]{0,6}", 1..5)) {
            prop_assert_eq!(read(&line(&words).0), words);
        }

        #[test]
        fn what_is_not_quoted_comes_out_of_a_substitution(words in prop::collection::vec("-?[a-z^*$=/.]{1,6}", 1..5)) {
            let (line, is_quoted) = line(&words);
            if !is_quoted {
                let script = format!("$(cat <<'END'\n{line}\nEND\n)");
                prop_assert_eq!(read(&script), words);
            }
        }
    }
}
