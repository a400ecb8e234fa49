//! Lists of names, a line each.

use super::{Ask, Form, Rendered, TestName};

/// Renders `suite<TAB>name`.
pub(super) fn plain(ask: &Ask<'_>, form: Form) -> Rendered {
    list(ask, form, '\t')
}

/// Renders `classname.name`, where the class is the suite, as nextest and gotestsum have it in their files.
pub(super) fn junit(ask: &Ask<'_>, form: Form) -> Rendered {
    list(ask, form, '.')
}

fn list(ask: &Ask<'_>, form: Form, separator: char) -> Rendered {
    let mut rendered = Rendered::default();
    let possible = ask.possible(form);
    rendered.form = possible;
    if possible != form {
        rendered.notes.push(
            "the list says which tests to skip: there may be tests that nobody knows, and they have to run"
                .to_owned(),
        );
    }
    let stdout = &mut rendered.stdout;
    let tests = if possible == Form::Run { &ask.run } else { &ask.skip };
    for test in tests {
        if !(separator == '.' && test.suite.is_empty()) {
            escape(&test.suite, stdout);
            stdout.push(separator);
        }
        escape(&test.name, stdout);
        stdout.push('\n');
    }
    rendered
}

/// Writes a text so that it stays on its line: `\\`, `\t`, `\n`, `\r`, and `\u{…}` for other control
/// characters.
fn escape(text: &str, to: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => to.push_str(r"\\"),
            '\t' => to.push_str(r"\t"),
            '\n' => to.push_str(r"\n"),
            '\r' => to.push_str(r"\r"),
            // Many take these for the end of a line too.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                to.push_str(&format!(r"\u{{{:x}}}", u32::from(c)));
            }
            c => to.push(c),
        }
    }
}

/// Reads what one part of a line stands for; `None` for what is not written so.
pub fn unescaped(text: &str) -> Option<String> {
    let mut read = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            read.push(c);
            continue;
        }
        read.push(match chars.next()? {
            '\\' => '\\',
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'u' => {
                let rest = chars.as_str().strip_prefix('{')?;
                let (digits, after) = rest.split_once('}')?;
                chars = after.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(read)
}

/// Reads the lines of the plain form; an error is the number of the first line that is none, counted from
/// one.
pub fn read_plain(text: &str) -> Result<Vec<TestName>, usize> {
    let read = |line: &str| {
        let (suite, name) = line.split_once('\t')?;
        Some(TestName::new(unescaped(suite)?, unescaped(name)?))
    };
    let lines = text.split_terminator('\n').enumerate();
    lines.map(|(place, line)| read(line).ok_or(place + 1)).collect()
}
