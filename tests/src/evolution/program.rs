//! Programs put together from features, and edits of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dice, Feature};

/// A program, in all the forms that it can take.
#[derive(Debug)]
pub struct Program {
    pieces: Vec<Piece>,
    /// The files that belong to no piece, and what stands first in others.
    frame: BTreeMap<String, String>,
    /// What begins a comment.
    comment: &'static str,
}

#[derive(Debug)]
struct Piece {
    feature: Feature,
    number: usize,
    names: [(&'static str, String); 3],
}

/// Where the knobs of a program stand, but for those at zero.
pub type State = BTreeMap<String, usize>;

/// A knob that is turned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The knob.
    pub knob: String,
    /// Where it stands then.
    pub to: usize,
}

/// The name of the features that are in every program, once.
const FRAME: &str = "frame";

/// How many forms comments and order of a file can take.
const FORMS: usize = 4;

impl Program {
    /// Puts together a program of some features, in some of the modules, with tests in some of the files.
    pub fn new(
        dice: &mut Dice,
        features: &[Feature],
        n_pieces: usize,
        modules: &[&str],
        tests: &[&str],
        frame: &[(&str, &str)],
        comment: &'static str,
    ) -> Program {
        let (frames, others): (Vec<&Feature>, Vec<&Feature>) =
            features.iter().partition(|feature| feature.name == FRAME);
        let framing = frames.into_iter().cloned().map(|feature| {
            let names = [("%A", modules[0]), ("%B", modules[1]), ("%T", tests[0])];
            Piece { feature, number: n_pieces, names: names.map(|(name, value)| (name, value.to_owned())) }
        });
        let mut left: Vec<Feature> = Vec::new();
        let pieces: Vec<Piece> = (0..n_pieces)
            .map(|number| {
                if left.is_empty() {
                    left = others.iter().map(|feature| (*feature).clone()).collect();
                }
                let feature = left.swap_remove(dice.below(left.len()));
                // The second module uses the first, and never the other way round.
                let at = dice.below(modules.len() - 1);
                let other = at + 1 + dice.below(modules.len() - 1 - at);
                let test = (*dice.choose(tests)).to_owned();
                let names = [("%A", modules[at].to_owned()), ("%B", modules[other].to_owned()), ("%T", test)];
                Piece { feature, number, names }
            })
            .collect();
        let pieces = framing.chain(pieces).collect();
        let frame = frame.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Program { pieces, frame, comment }
    }

    /// Returns the files as they are in a state.
    pub fn files(&self, state: &State) -> BTreeMap<String, String> {
        let stand = |knob: &str| state.get(knob).copied().unwrap_or(0);
        let mut items: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for piece in &self.pieces {
            for (path, item) in piece.feature.render(&|knob| stand(&piece.knob(knob))) {
                items.entry(piece.named(&path)).or_default().push(piece.named(&item));
            }
        }
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for (path, mut items) in items {
            let turn = stand(&format!("order {path}")) % items.len();
            items.rotate_left(turn);
            let mut text = String::new();
            for (at, item) in items.iter().enumerate() {
                text.push_str(&self.comment(stand(&format!("~comment {path}")), at));
                text.push_str(item);
                text.push('\n');
            }
            let frame = self.frame.get(&path).map(String::as_str).unwrap_or_default();
            files.insert(path, self.with_imports(frame, &text));
        }
        for (path, frame) in &self.frame {
            files.entry(path.clone()).or_insert_with(|| self.with_imports(frame, ""));
        }
        files
    }

    /// Puts lines in front that have to stand there in Go, each once.
    fn with_imports(&self, frame: &str, text: &str) -> String {
        let first = ["//go:build ", "//go:debug ", "package ", "import "];
        let mut whole = frame.to_owned();
        let mut rest: Vec<&str> = text.lines().collect();
        for begin in first {
            let (found, others) = rest.into_iter().partition::<Vec<_>, _>(|line| line.starts_with(begin));
            rest = others;
            for line in found.into_iter().collect::<BTreeSet<_>>() {
                whole.push_str(line);
                // A line of a build constraint ends with an empty one.
                whole.push_str(if begin.starts_with("//go:") { "\n\n" } else { "\n" });
            }
        }
        for line in rest {
            whole.push_str(line);
            whole.push('\n');
        }
        whole
    }

    /// Returns what stands before an item, in one of the forms that layout can take.
    fn comment(&self, form: usize, at: usize) -> String {
        match form {
            0 => String::new(),
            1 => format!("{} item {at}\n", self.comment),
            2 => "\n\n".to_owned(),
            _ => format!("\n/* between {at}, \"\n */\n"),
        }
    }

    /// Returns every knob, and how many forms it can take.
    pub fn knobs(&self) -> BTreeMap<String, usize> {
        let mut knobs = BTreeMap::new();
        for piece in &self.pieces {
            for (knob, texts) in piece.feature.knobs() {
                knobs.insert(piece.knob(&knob), texts);
            }
        }
        let source = |path: &&String| [".rs", ".go"].iter().any(|end| path.ends_with(end));
        for path in self.files(&State::new()).keys().filter(source) {
            knobs.insert(format!("~comment {path}"), FORMS);
            knobs.insert(format!("order {path}"), FORMS);
        }
        knobs
    }

    /// Makes edits of a state, of different knobs, each of which changes something.
    pub fn edits(&self, dice: &mut Dice, state: &State, wanted: usize) -> Vec<Edit> {
        let knobs: Vec<(String, usize)> = self.knobs().into_iter().collect();
        let now = self.files(state);
        let mut edits: Vec<Edit> = Vec::new();
        for _ in 0..200 {
            if edits.len() == wanted {
                break;
            }
            // Layout and order are many knobs and of one kind each: they are turned less often.
            let (knob, texts) = dice.choose(&knobs).clone();
            if (knob.starts_with("~comment") || knob.starts_with("order")) && dice.below(3) > 0 {
                continue;
            }
            let before = state.get(&knob).copied().unwrap_or(0);
            let edit = Edit { knob, to: (before + 1 + dice.below(texts - 1)) % texts };
            let is_new = edits.iter().all(|other| other.knob != edit.knob);
            if is_new && self.files(&edit.applied(state)) != now {
                edits.push(edit);
            }
        }
        edits
    }
}

impl Piece {
    fn knob(&self, knob: &str) -> String {
        let quiet = if knob.starts_with('~') { "~" } else { "" };
        format!("{quiet}{} {} {}", self.feature.name, self.number, knob.trim_start_matches('~'))
    }

    fn named(&self, text: &str) -> String {
        let mut text = text.replace('§', &self.number.to_string());
        for (name, value) in &self.names {
            text = text.replace(name, value);
        }
        text
    }
}

impl Edit {
    /// Returns a state with the knob turned.
    pub fn applied(&self, state: &State) -> State {
        let mut state = state.clone();
        state.insert(self.knob.clone(), self.to);
        state
    }

    /// Returns whether no test can notice.
    pub fn is_quiet(&self) -> bool {
        self.knob.starts_with('~')
    }
}
