//! A report as one HTML page that loads nothing and runs nothing.
//!
//! It is well-formed XML as well, so that tests need no more than a reader of that to see what is in it.

mod markup;
mod part;
mod svg;
mod table;

use super::page::{Page, Piece, Prose, Section};
use markup::Html;

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\"/>
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>
<meta name=\"color-scheme\" content=\"light dark\"/>
<meta name=\"referrer\" content=\"no-referrer\"/>
";
/// Names that are no longer than this stay on one line in tables.
const SHORT: usize = 40;
const STYLE: &str = include_str!("style.css");

/// Renders a page.
pub(super) fn render(page: &Page) -> String {
    let mut html = Html::new();
    html.markup(HEAD).markup("<title>").text(page.title).markup("</title>\n<style>\n").markup(STYLE);
    html.markup("</style>\n</head>\n<body>\n<header>\n<h1>").text(page.title).markup("</h1>\n<p>");
    prose(&mut html, &page.about);
    html.markup("</p>\n<nav aria-label=\"Sections\">\n<ul>\n");
    for section in &page.sections {
        html.markup("<li><a").attribute("href", format_args!("#{}", section.id)).markup(">");
        html.text(section.title).markup("</a></li>\n");
    }
    html.markup("</ul>\n</nav>\n</header>\n<main>\n");
    for section in &page.sections {
        of_section(&mut html, section);
    }
    html.markup("</main>\n<footer>\n<p>");
    prose(&mut html, &page.written);
    html.markup("</p>\n</footer>\n</body>\n</html>\n");
    html.finish()
}

fn of_section(html: &mut Html, section: &Section) {
    let heading = format!("{}-heading", section.id);
    html.markup("<section")
        .attribute("id", section.id)
        .attribute("aria-labelledby", &heading)
        .markup(">\n<h2");
    html.attribute("id", &heading).markup(">").text(section.title).markup("</h2>\n");
    for part in &section.parts {
        part::render(html, part);
    }
    html.markup("</section>\n");
}

fn prose(html: &mut Html, prose: &Prose) {
    for piece in &prose.0 {
        match piece {
            Piece::Plain(text) => html.text(text),
            Piece::Strong(text) => html.markup("<strong>").text(text).markup("</strong>"),
            Piece::Name(name) if name.chars().count() > SHORT => {
                html.markup("<code class=\"long\">").name(name).markup("</code>")
            }
            Piece::Name(name) => html.markup("<code>").name(name).markup("</code>"),
        };
    }
}

#[cfg(test)]
mod tests;
