//! Whom a change concerns besides those who executed what changed.
//!
//! Coverage tells who ran a function, and so whom a change of its body concerns. All else acts from afar: a const, a
//! type, a signature, a method that takes another's place. Whoever is concerned by such a change has executed
//! something that mentions a name, most times; each language says which names those are, and where names cannot be
//! trusted.

use crate::fingerprint::Identifier;
use crate::path::RepoPath;
use crate::unit::{SourceFile, Unit, UnitKind};

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// What others see of it is another: its signature, its attributes, or all of it where it is no function.
    Head,
    /// Only what it does when it is executed is another.
    Body,
}

/// Whom an edit of a unit concerns besides those who executed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Nobody.
    Nobody,
    /// Whoever executed something that mentions one of these names, or that mentions what an item is called that
    /// mentions one of them, and so on.
    Names(Vec<Identifier>),
    /// As [`Reach::Names`], but only things in the same file can mean these names.
    NamesInFile(Vec<Identifier>),
    /// As [`Reach::Names`], but only things in a module, and in those below it, can mean these names.
    NamesInModule {
        /// What is named.
        names: Vec<Identifier>,
        /// What the names of those units of the file begin with that are in the same module.
        module: Box<str>,
    },
    /// Whoever got a value of a type: it comes from nowhere but functions that name it and what is evaluated at compile
    /// time, so that types which hold one are not followed; and whoever looks at how values lie in memory and is concerned
    /// by [`Reach::Names`].
    Made {
        /// The type.
        names: Vec<Identifier>,
        /// What is named by who looks at the memory of values.
        layout: Vec<Identifier>,
    },
    /// Whoever is concerned by [`Reach::Made`], but for the memory, as well as by [`Reach::Names`].
    MadeAndNamed {
        /// The type.
        made: Vec<Identifier>,
        /// What is named as well.
        also: Vec<Identifier>,
    },
    /// Whoever is concerned by [`Reach::Names`] of both: nobody gets there without either.
    Both {
        /// What fewer name, most likely.
        first: Vec<Identifier>,
        /// What is named as well.
        also: Vec<Identifier>,
    },
    /// Besides [`Reach::Names`] of these, whoever executed anything where what the unit brings into scope is in scope: in
    /// its file, and in files that take over all of a module, below it or, if it is public, anywhere.
    Scope {
        /// What is named.
        names: Vec<Identifier>,
        /// What the names of those units of the file begin with that are in the same module.
        module: Box<str>,
        /// Whether others see what the file has in scope.
        is_public: bool,
    },
    /// One or the other, depending on whether anything mentions a mark.
    If {
        /// The mark.
        mentioned: Identifier,
        /// The folder in which that counts.
        within: RepoPath,
        /// Whom the edit concerns if it is mentioned.
        then: Box<Reach>,
        /// Whom it concerns if not.
        otherwise: Box<Reach>,
    },
    /// One or the other, depending on whether code from elsewhere, which the tests were built with, may ask values for a
    /// method.
    IfAsked {
        /// The method.
        method: Identifier,
        /// Whom the edit concerns if it may.
        then: Box<Reach>,
        /// Whom it concerns if not.
        otherwise: Box<Reach>,
    },
    /// Whoever was compiled with the value of one of these functions, which the compiler asked for: an item that mentions
    /// it, a function that has the compiler evaluate something, or another such function, and so on.
    Values(Vec<Identifier>),
    /// Names cannot be trusted: every test that was compiled from the file.
    Compiled,
}

/// What a unit declares, as far as the order in which variables get their first values may hang on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// What it is mentioned by.
    pub names: Vec<Identifier>,
    /// Whether it is a variable, and no function or const.
    pub is_variable: bool,
    /// Whether it is a method.
    pub is_member: bool,
    /// Whether its initialiser may do more than make a value.
    pub acts: bool,
}

/// What shows of what the compiler makes of code, whether anybody executes that or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// What is mentioned by who looks at it: how large a value is, how often memory is asked for.
    pub by: Vec<Identifier>,
    /// What is mentioned by units of which anything shows; `None` is all units.
    pub only: Option<Identifier>,
}

/// Whom a file concerns that was not there.
pub enum Arrival {
    /// Every test of the job: the build may take it up in any way.
    Everything,
    /// The tests that depend on some of these; if there are none, nobody.
    Whoever(Vec<Among>),
}

/// Some files of an index, by a question that each is asked.
pub enum Among {
    /// Those that depend on one of these files.
    Files(IsMeant),
    /// Those that depend on one of the first as well as on one of the second.
    Both(IsMeant, IsMeant),
    /// Those that depend on a file in which a name is mentioned.
    Mentioning(Identifier),
}

/// A question about paths.
pub type IsMeant = Box<dyn Fn(&RepoPath) -> bool>;

/// What a language, and whatever builds it, know.
pub trait Language: Sync {
    /// Returns whom a file concerns that was not there, besides those who looked for it, listed its folder, or executed
    /// something that mentions what is in it.
    fn arrival(&self, file: &SourceFile) -> Arrival;

    /// Returns names that functions mention which see where they are called from: all names of one of the lists.
    fn marks_of_caller(&self) -> Vec<Vec<Identifier>>;

    /// Returns names that macros mention which see where they are used.
    fn marks_of_macro(&self) -> Vec<Identifier>;

    /// Returns the name that a macro is used by, if a unit is one.
    fn macro_name(&self, file: &RepoPath, kind: UnitKind, name: &str) -> Option<Identifier>;

    /// Returns names that functions mention which see where anything stands that their process executes.
    fn marks_of_everywhere(&self) -> Vec<Identifier>;

    /// Returns the name that functions mention which have the compiler evaluate something.
    fn mark_of_evaluation(&self) -> Identifier;

    /// Returns the name that a unit mentions which takes over all of a module that is in another file.
    fn mark_of_glob(&self) -> Identifier;

    /// Returns names that a unit mentions which takes up the text of another file, so that what is in that stands in its
    /// own module.
    fn marks_of_inclusion(&self) -> Vec<Identifier>;

    /// Returns the mark of a unit of this name, if it has one that says: whoever has no value of the types that it names
    /// cannot tell which these are.
    fn mark_of_holder(&self, file: &RepoPath, name: &str) -> Option<Identifier>;

    /// Returns whether a unit of a file has a module in another file, which stands below the one that the unit is in.
    fn opens_module(&self, file: &RepoPath, name: &str) -> bool;

    /// Returns whether a file is of a language, so that tests do not ask whether it is there.
    fn is_code(&self, file: &RepoPath) -> bool;

    /// Returns the files of which a unit brings in one, if it does nothing else, and the name that it gives it:
    /// `mod name;` of Rust.
    fn brings_in(&self, file: &RepoPath, name: &str) -> Option<(Vec<RepoPath>, Identifier)>;

    /// Returns whether a unit of a file that is new means nothing to anybody who does not say where it is, which is a
    /// change of its own: a function at the top of a module. What only says to which package the file belongs means nothing
    /// either.
    fn is_apart(&self, file: &RepoPath, unit: &Unit) -> bool;

    /// Returns what a unit declares, if variables are initialised in an order that hangs on who mentions it, among the
    /// files of its folder.
    fn ordered(&self, _file: &RepoPath, _kind: UnitKind, _name: &str) -> Option<Ordered> {
        None
    }

    /// Returns what shows of what the compiler makes of a file's code.
    fn weighed(&self, _file: &RepoPath) -> Option<Weighed> {
        None
    }

    /// Returns whom an edit of a unit concerns besides those who executed it.
    fn reach(&self, file: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Reach;
}
