//! Pieces of programs, with the texts that they can change to.
//!
//! A feature is written as files are, one after the other, each after a line `=== path`, its items apart by lines
//! `---`. `⟦name:one¦other⟧` is a knob: a place where one of several texts stands, which may hold knobs as well. A knob
//! whose name begins with `~` changes nothing that a test can notice. `§` is the number of the piece, so that a program
//! can have several of a kind; `%A` and `%B` are two modules, `%T` a file of tests. A file whose path is `-` is left out.

use std::collections::BTreeMap;

/// A piece of a program.
#[derive(Debug, Clone)]
pub struct Feature {
    /// What it is about.
    pub name: String,
    text: String,
}

impl Feature {
    /// Reads features, each after a line `##### name`.
    pub fn read_all(text: &str) -> Vec<Feature> {
        let mut features: Vec<Feature> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("##### ") {
                features.push(Feature { name: name.trim().to_owned(), text: String::new() });
            } else if let Some(feature) = features.last_mut() {
                feature.text.push_str(line);
                feature.text.push('\n');
            }
        }
        features
    }

    /// Returns the knobs, and how many texts each has.
    pub fn knobs(&self) -> BTreeMap<String, usize> {
        let mut knobs = BTreeMap::new();
        expand(&self.text, &mut |name, texts| {
            knobs.insert(name.to_owned(), texts);
            None
        });
        knobs
    }

    /// Returns the items of each file as the knobs stand.
    pub fn render(&self, stand: &dyn Fn(&str) -> usize) -> Vec<(String, String)> {
        let text = expand(&self.text, &mut |name, _| Some(stand(name)));
        let mut items: Vec<(String, String)> = Vec::new();
        let mut path = "-";
        for line in text.lines() {
            if let Some(next) = line.strip_prefix("=== ") {
                path = next.trim();
                items.push((path.to_owned(), String::new()));
            } else if line.trim() == "---" {
                items.push((path.to_owned(), String::new()));
            } else if let Some((_, item)) = items.last_mut() {
                item.push_str(line);
                item.push('\n');
            }
        }
        items.retain(|(path, item)| path != "-" && !item.trim().is_empty());
        items
    }
}

/// Replaces knobs by the text that each stands at; at `None`, by all of its texts.
fn expand(text: &str, stand: &mut dyn FnMut(&str, usize) -> Option<usize>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('⟦') {
        expanded.push_str(&rest[..at]);
        let inside = &rest[at + '⟦'.len_utf8()..];
        let (name, inside) = inside.split_once(':').expect("a knob has a name");
        let (mut depth, mut begin, mut texts, mut end) = (0_usize, 0, Vec::new(), None);
        for (at, character) in inside.char_indices() {
            match character {
                '⟦' => depth += 1,
                '⟧' if depth > 0 => depth -= 1,
                '¦' if depth == 0 => {
                    texts.push(&inside[begin..at]);
                    begin = at + character.len_utf8();
                }
                '⟧' => {
                    texts.push(&inside[begin..at]);
                    end = Some(at + character.len_utf8());
                    break;
                }
                _ => {}
            }
        }
        rest = &inside[end.unwrap_or_else(|| panic!("the knob `{name}` does not end"))..];
        match stand(name, texts.len()) {
            Some(chosen) => expanded.push_str(&expand(texts[chosen % texts.len()], stand)),
            None => texts.iter().for_each(|text| expanded.push_str(&expand(text, stand))),
        }
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_stand_at_one_of_their_texts() {
        let features = Feature::read_all("##### f\n=== ⟦p:a¦-⟧\none ⟦x:1¦2⟦y:3¦4⟧⟧\n---\ntwo ⟦x:p¦q⟧\n");
        let [feature] = &*features else { panic!("one feature") };
        let knobs: Vec<_> = feature.knobs().into_iter().collect();
        assert_eq!(knobs, [("p".to_owned(), 2), ("x".to_owned(), 2), ("y".to_owned(), 2)]);
        let item = |text: &str| ("a".to_owned(), format!("{text}\n"));
        assert_eq!(feature.render(&|_| 0), [item("one 1"), item("two p")]);
        assert_eq!(feature.render(&|name| usize::from(name != "p")), [item("one 24"), item("two q")]);
        assert_eq!(feature.render(&|_| 1), []);
    }
}
