//! What holds for every page, whatever is in it. A page is read back as what a browser makes of it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use skiptrace_engine::report::Period;

use super::super::page::{
    Cell, Chart, Column, Drawn, Figure, Page, Part, Prose, Section, Series, Shape, Stretch, Table, Tone, Unit,
};
use super::super::words;
use super::render;

/// An element of a page, with all the text in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a page, which has to be well-formed, and returns its elements in the order in which they end.
fn read(page: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(page);
    let (mut open, mut closed): (Vec<Element>, Vec<Element>) = Default::default();
    let begin = |element: &BytesStart<'_>| Element {
        name: element.name().as_ref().to_owned(),
        attributes: element
            .attributes()
            .map(|attribute| {
                let attribute = attribute.expect("attributes are well-formed");
                let value =
                    attribute.normalized_value(XmlVersion::Implicit1_0).expect("references are known");
                (attribute.key.as_ref().to_owned(), value.into_owned())
            })
            .collect(),
        text: String::new(),
    };
    let add =
        |open: &mut Vec<Element>, text: &str| open.iter_mut().for_each(|element| element.text.push_str(text));
    loop {
        match reader.read_event().expect("the page is well-formed") {
            Event::Start(element) => open.push(begin(&element)),
            Event::Empty(element) => closed.push(begin(&element)),
            Event::End(_) => closed.push(open.pop().expect("it was open")),
            Event::Text(text) => add(&mut open, &text),
            Event::GeneralRef(reference) => {
                let c = match &*reference {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "#39" => "'",
                    "#10" => "\n",
                    other => panic!("`&{other};` is no reference of ours"),
                };
                add(&mut open, c);
            }
            Event::DocType(_) => {}
            Event::Eof => return closed,
            other => panic!("a page has no {other:?}"),
        }
    }
}

fn period(first: &str, last: &str) -> Period {
    Period { first: first.parse().unwrap(), last: last.parse().unwrap() }
}

fn chart(shape: Shape, unit: Unit, name: &str, values: Vec<Option<f64>>) -> Chart {
    let day = skiptrace_engine::history::Day::from_number;
    let stretch = |(at, value): (usize, &Option<f64>)| {
        let day = day(20_000 + at as u32).unwrap();
        Stretch { period: Period { first: day, last: day }, is_gap: value.is_none() }
    };
    let stretches = values.iter().enumerate().map(stretch).collect();
    let dots = values.iter().map(|value| value.map(|value| value / 3.0)).collect();
    let series = [(values, Drawn::AsShape), (dots, Drawn::AsDots)];
    Chart {
        id: "chart",
        title: "A chart",
        description: format!("of {name}"),
        shape,
        unit,
        stretches,
        series: series
            .into_iter()
            .map(|(values, drawn)| Series { name: name.to_owned(), color: 0, drawn, values })
            .collect(),
    }
}

/// A page with a name in all places where there may be one.
fn page(name: &str, chart: Chart) -> Page {
    let mut section = Section::new("names", "Names");
    section.parts = vec![
        Part::Heading(Prose::of_name(name)),
        Part::Text(Prose::from("Of ").name(name).strong(name)),
        Part::List(vec![Prose::of_name(name)]),
        Part::Figures(vec![Figure {
            label: "Name",
            value: name.to_owned(),
            note: name.to_owned(),
            tone: Tone::Good,
        }]),
        Part::Chart(chart),
        Part::Table(
            Table::new(name, &[Column::Text("Name"), Column::Long("Words"), Column::Number("Share")]).rows(
                &[0.5, -3.0],
                1,
                |share| vec![Cell::name(name), Cell::words(name), Cell::Share(Some(*share))],
            ),
        ),
    ];
    Page {
        title: "Report",
        about: Prose::of_name(name),
        sections: vec![section],
        written: Prose::from("By us."),
    }
}

fn simple(name: &str) -> Page {
    page(name, chart(Shape::Lines, Unit::Share, name, vec![Some(0.5), None, Some(1.0)]))
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[<>&\"'`|/a-z=! -]{0,40}",
        Just("</style></title></code><script>alert(1)</script>".to_owned()),
        Just("]]><!--".to_owned()),
        Just("\u{202e}\u{2066}\0\r\n\u{85}\u{ffff}".to_owned()),
        Just("x".repeat(5000)),
    ]
}

fn any_value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        2 => Just(None),
        6 => (-3.0..1e6_f64).prop_map(Some),
        2 => (0.0..1.0_f64).prop_map(Some),
        1 => any::<f64>().prop_map(Some),
    ]
}

fn any_chart() -> impl Strategy<Value = Chart> {
    let shape = prop_oneof![Just(Shape::Lines), Just(Shape::Stack)];
    let unit = proptest::sample::select(vec![Unit::Share, Unit::Seconds, Unit::Bytes, Unit::Count]);
    let values = proptest::collection::vec(any_value(), 0..100);
    (shape, unit, values).prop_map(|(shape, unit, values)| chart(shape, unit, "numbers", values))
}

proptest! {
    /// Whatever a test is called, the page has its name as a text, and nothing else that it would not have otherwise.
    #[test]
    fn names_are_texts_and_nothing_else(name in any_name()) {
        let (plain, elements) = (read(&render(&simple("x"))), read(&render(&simple(&name))));
        let kinds = |elements: &[Element]| {
            let kind = |element: &Element| {
                let attributes = element.attributes.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
                (element.name.clone(), attributes)
            };
            // Only the class of a long name differs.
            elements.iter().filter(|element| element.name != "code").map(kind).collect::<Vec<_>>()
        };
        // Words may have names in backticks among them.
        if !name.contains('`') {
            prop_assert_eq!(elements.len(), plain.len());
            prop_assert_eq!(kinds(&elements), kinds(&plain));
        }
        let shown = words::shown(&name);
        let codes: Vec<&str> = elements.iter().filter(|e| e.name == "code").map(|e| e.text.as_str()).collect();
        prop_assert!(codes.iter().filter(|code| **code == shown).count() >= 5, "{codes:?}");
    }

    #[test]
    fn charts_are_within_their_page(chart in any_chart()) {
        let n = chart.stretches.len();
        let elements = read(&render(&page("x", chart)));
        let mut n_hints = 0;
        for element in &elements {
            for (name, value) in &element.attributes {
                let is_place = matches!(name.as_str(), "x" | "y" | "x1" | "x2" | "y1" | "y2" | "cx" | "cy" | "width" | "height" | "r");
                if !is_place {
                    continue;
                }
                let number: f64 = value.trim_end_matches('%').parse().unwrap();
                let most = if value.ends_with('%') { 100.01 } else { 1000.0 };
                let least = if element.name == "text" { -8.0 } else { 0.0 };
                prop_assert!((least..=most).contains(&number), "{element:?}");
            }
            n_hints += usize::from(element.attribute("class") == Some("hint"));
        }
        prop_assert_eq!(n_hints, n);
    }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    let html = render(&simple("https://example.com/a.js"));
    let elements = read(&html);
    let names: BTreeSet<&str> = elements.iter().map(|element| element.name.as_str()).collect();
    for name in
        ["script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image", "a href"]
    {
        assert!(!names.contains(name), "{name}");
    }
    for element in &elements {
        for (key, value) in &element.attributes {
            assert!(
                !key.starts_with("on") && !matches!(key.as_str(), "src" | "style" | "srcset"),
                "{element:?}"
            );
            assert!(key != "href" || value.starts_with('#'), "{element:?}");
        }
    }
    let style = &elements.iter().find(|element| element.name == "style").unwrap().text;
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("@font-face"));
    let policy =
        elements.iter().find(|e| e.attribute("http-equiv") == Some("Content-Security-Policy")).unwrap();
    assert_eq!(policy.attribute("content"), Some("default-src 'none'; style-src 'unsafe-inline'"));
}

#[test]
fn a_page_can_be_heard() {
    let elements = read(&render(&simple("x")));
    let ids: Vec<&str> = elements.iter().filter_map(|element| element.attribute("id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for element in &elements {
        let mut named = element.attribute("aria-labelledby").unwrap_or_default().split_whitespace();
        assert!(named.all(|id| ids.contains(&id)), "{element:?}");
        match element.name.as_str() {
            "th" => assert!(matches!(element.attribute("scope"), Some("col" | "row")), "{element:?}"),
            "svg" => {
                let is_told = element.attribute("role") == Some("img")
                    && element.attribute("aria-labelledby").is_some();
                assert!(is_told || element.attribute("aria-hidden") == Some("true"), "{element:?}");
            }
            _ => {}
        }
    }
    let count = |name: &str| elements.iter().filter(|element| element.name == name).count();
    assert_eq!((count("h1"), count("table"), count("caption")), (1, 2, 2));
    assert!(elements.iter().any(|element| element.name == "html" && element.attribute("lang") == Some("en")));
}

#[test]
fn gaps_are_no_values() {
    let values = vec![Some(1.0), Some(1.0), None, Some(1.0), None, None, Some(0.0)];
    let html = render(&page("x", chart(Shape::Lines, Unit::Share, "x", values)));
    let elements = read(&html);
    let of_class = |class: &str| elements.iter().filter(|e| e.attribute("class") == Some(class)).count();
    // One line for each of the two series: only the first two values are neighbours. Two stretches are empty.
    assert_eq!((of_class("line s0"), of_class("gap")), (2, 2));
    assert_eq!(html.matches(": nothing ran").count(), 3);
    assert_eq!(words::days(period("2026-01-01", "2026-01-03")), "2026-01-01 to 2026-01-03");
}
