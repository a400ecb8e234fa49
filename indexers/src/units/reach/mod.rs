//! What languages know of names: whom an edit of a unit concerns besides those who executed it.
//!
//! All of it is decided by what a unit is and what it is called, for of units that were there before nothing else is
//! known. So the names say what is needed here, and where one does not, everybody is concerned who was compiled from
//! the file.
//!
//! # Why following names misses nothing
//!
//! - **Who calls, mentions.** What a test does it does by executing functions. One that means something else by a name
//!   now mentions that name, or the name of something at file scope that mentions it, and so on.
//! - **Who has a value, was given it by somebody who names its type.** A value is made by a literal, by a function
//!   whose signature says what it returns, or as part of another value. Each of these names the type, an alias, or a
//!   type that is declared with it. So what a language calls without a name, such as `drop`, concerns whoever executed
//!   something that names the type.
//!   Where all values of a type of Rust come from functions that name it (`rust_types`), types that could hold one are not
//!   followed: what a type is made of says nothing to who has no value of it.
//! - **Who calls a member, has both.** One that means another member now mentions its name, behind a dot or in a path, and
//!   has a value of its type or names that. What stands behind a dot means no function of a module (`rust_members`).
//! - **A trait that nobody could use says nothing.** Where a type gets a trait of the library, or loses it, no code that
//!   was compiled on both sides has the language call it: only who calls its methods by their names, or has an `impl` for
//!   any type that has it (`rust_traits`), may mean another one.
//! - **A private name stays in its module**, as long as all of that is in one file.
//! - What is done by neither, such as an initialiser that runs before `main`, concerns whoever was compiled from it.

mod c;
mod cargo;
mod go;
mod go_mod;
pub(super) mod rust;
pub(super) mod std_names;

use std::collections::BTreeSet;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{Arrival, Edit, Language as Knows, Ordered, Reach, Weighed};
use skiptrace_engine::unit::{SourceFile, Unit, UnitKind};

use super::assemble::INCLUDES;
use super::{Language, rust_compile_time};
use crate::record::gains::{Builder, concerned_by_new_file};

/// All languages, each for the files that are in it.
#[derive(Debug, Clone, Default)]
pub struct Languages {
    /// Who builds the tests.
    pub builders: BTreeSet<Builder>,
}

impl Knows for Languages {
    fn arrival(&self, file: &SourceFile) -> Arrival {
        let speaks_for_itself = Language::of(&file.path) == Some(Language::Go) && go::speaks_for_itself(file);
        let mut all = Vec::new();
        for builder in &self.builders {
            match concerned_by_new_file(&file.path, *builder, speaks_for_itself).into_arrival() {
                Arrival::Everything => return Arrival::Everything,
                Arrival::Whoever(among) => all.extend(among),
            }
        }
        // Whoever builds in a way that nobody knows may take up anything.
        if self.builders.is_empty() { Arrival::Everything } else { Arrival::Whoever(all) }
    }

    fn brings_in(&self, file: &RepoPath, name: &str) -> Option<(Vec<RepoPath>, Identifier)> {
        match Language::of(file) {
            Some(Language::Rust) => rust::brings_in(file, name),
            _ => None,
        }
    }

    fn is_apart(&self, file: &RepoPath, unit: &Unit) -> bool {
        let is_known = matches!(unit.kind, UnitKind::Function | UnitKind::Item);
        is_known
            && match Language::of(file) {
                Some(Language::Rust) => rust::is_apart(&unit.name),
                Some(Language::Go) => go::is_plain_clause(unit),
                _ => false,
            }
    }

    fn marks_of_caller(&self) -> Vec<Vec<Identifier>> {
        let marks: [&[&str]; 5] = [
            &["track_caller", "caller"],
            &["Caller"],
            &["Callers"],
            &["__builtin_LINE"],
            &["source_location"],
        ];
        marks.iter().map(|names| names.iter().map(|name| Identifier::of(name)).collect()).collect()
    }

    fn marks_of_macro(&self) -> Vec<Identifier> {
        let of_rust = ["line", "column", "dbg", "caller"];
        let of_c = ["__LINE__", "__COUNTER__", "__builtin_LINE", "__builtin_COLUMN", "source_location"];
        of_rust.into_iter().chain(of_c).map(Identifier::of).collect()
    }

    fn macro_name(&self, file: &RepoPath, kind: UnitKind, name: &str) -> Option<Identifier> {
        let definition = match Language::of(file)? {
            Language::Rust => "macro_rules! ",
            Language::C | Language::Cpp => "#define ",
            _ => return None,
        };
        let own = without_number(name).rsplit("::").next().unwrap_or(name);
        let own = own.strip_prefix(definition).filter(|_| kind == UnitKind::Item)?;
        Some(Identifier::of(own.strip_prefix("r#").unwrap_or(own)))
    }

    fn marks_of_everywhere(&self) -> Vec<Identifier> {
        // What panics is told of with its place, and so is every frame of a trace.
        ["set_hook", "Backtrace", "stacktrace"].map(Identifier::of).to_vec()
    }

    fn mark_of_evaluation(&self) -> Identifier {
        Identifier::of(rust_compile_time::EVALUATES)
    }

    fn mark_of_glob(&self) -> Identifier {
        Identifier::of(rust_compile_time::GLOB)
    }

    fn marks_of_inclusion(&self) -> Vec<Identifier> {
        vec![Identifier::of(INCLUDES)]
    }

    fn mark_of_holder(&self, file: &RepoPath, name: &str) -> Option<Identifier> {
        (Language::of(file) == Some(Language::Rust)).then(|| rust::mark_of_holder(name)).flatten()
    }

    fn opens_module(&self, file: &RepoPath, name: &str) -> bool {
        Language::of(file) == Some(Language::Rust) && rust::opens_module(name)
    }

    fn is_code(&self, file: &RepoPath) -> bool {
        matches!(Language::of(file), Some(Language::Rust | Language::Go | Language::C | Language::Cpp))
    }

    fn ordered(&self, file: &RepoPath, kind: UnitKind, name: &str) -> Option<Ordered> {
        let is_declared = matches!(kind, UnitKind::Function | UnitKind::Item);
        (is_declared && Language::of(file) == Some(Language::Go)).then(|| go::ordered(name)).flatten()
    }

    fn weighed(&self, file: &RepoPath) -> Option<Weighed> {
        match Language::of(file)? {
            Language::Rust => Some(rust::weighed()),
            Language::Go => Some(go::weighed()),
            _ => None,
        }
    }

    fn reach(&self, file: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Reach {
        match (kind, edit) {
            // Nobody knows what is in it.
            (UnitKind::File | UnitKind::Package | UnitKind::Remainder, _) => return Reach::Compiled,
            // What a function does, it does to whoever executes it, and to whoever has the compiler do that.
            (UnitKind::Function, Edit::Body) => {
                return match Language::of(file) {
                    Some(Language::Rust) => rust::reach_of_body(name),
                    _ => Reach::Nobody,
                };
            }
            (UnitKind::Function | UnitKind::Item, _) => {}
        }
        if cargo::is_about(file) {
            return cargo::reach();
        }
        match Language::of(file) {
            Some(Language::Rust) => rust::reach(file, name, edit),
            Some(Language::Go) => go::reach(name),
            Some(Language::C | Language::Cpp) => c::reach(name, kind == UnitKind::Function),
            Some(Language::GoMod) => go_mod::directive(file, name, edit),
            Some(Language::GoSum) => go_mod::sum(),
            Some(Language::GoVendor) => go_mod::vendored(name, edit),
            _ => Reach::Compiled,
        }
    }
}

/// Returns what names reach; none of them is nobody.
fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> Reach {
    reached(identifiers(names))
}

fn identifiers<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Identifier> {
    let names = names.into_iter().map(|name| name.strip_prefix("r#").unwrap_or(name));
    // It is written everywhere and means nothing.
    names.filter(|name| *name != "_").map(Identifier::of).collect()
}

fn reached(mut identifiers: Vec<Identifier>) -> Reach {
    identifiers.sort_unstable();
    identifiers.dedup();
    match identifiers.is_empty() {
        true => Reach::Nobody,
        false => Reach::Names(identifiers),
    }
}

/// Returns a name without the number that tells it from others of the same name.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((before, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            before
        }
        _ => name,
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
