//! What `go list` says of packages and of the variants that tests make of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::flags::BuildFlags;
use super::tool::{GoTool, ToolError};
use crate::run::watch::Watch;

/// The fields that are asked for; asking for all takes twice as long.
const FIELDS: &str = "ImportPath,ForTest,Name,Dir,Imports,ImportMap,Standard,DepOnly,Module,Incomplete,Error,\
    DepsErrors,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,\
    TestGoFiles,XTestGoFiles,IgnoredGoFiles,IgnoredOtherFiles,EmbedPatterns,EmbedFiles,TestEmbedPatterns,\
    TestEmbedFiles,XTestEmbedPatterns,XTestEmbedFiles,CgoCFLAGS,CgoCPPFLAGS,CgoCXXFLAGS,CgoFFLAGS,CgoLDFLAGS";

/// A package, or a variant of one, as `go list` prints it. Files are named relative to [`dir`](Package::dir).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Package {
    /// What it is imported as; a variant has ` [p.test]` after it.
    pub import_path: Box<str>,
    /// The package for whose tests this variant is made.
    pub for_test: Box<str>,
    /// What its files call it.
    pub name: Box<str>,
    /// Its folder.
    pub dir: Box<str>,
    /// What it imports, by the import paths of this listing.
    pub imports: Vec<Box<str>>,
    /// What its files call those of its imports that have another import path.
    pub import_map: BTreeMap<Box<str>, Box<str>>,
    /// Whether it is part of Go.
    pub standard: bool,
    /// Whether it is here only because another imports it.
    pub dep_only: bool,
    /// Its module.
    pub module: Option<Module>,
    /// Whether it, or something it imports, cannot be built.
    pub incomplete: bool,
    /// What is wrong with it.
    pub error: Option<PackageError>,
    /// What is wrong with what it imports.
    pub deps_errors: Vec<PackageError>,
    /// Go files without cgo; of a variant, with the test files that are compiled into it.
    pub go_files: Vec<Box<str>>,
    /// Go files that import `C`.
    pub cgo_files: Vec<Box<str>>,
    /// C files.
    pub c_files: Vec<Box<str>>,
    /// C++ files.
    #[serde(rename = "CXXFiles")]
    pub cxx_files: Vec<Box<str>>,
    /// Objective-C files.
    pub m_files: Vec<Box<str>>,
    /// Headers.
    pub h_files: Vec<Box<str>>,
    /// Fortran files.
    pub f_files: Vec<Box<str>>,
    /// Assembly.
    pub s_files: Vec<Box<str>>,
    /// SWIG files for C.
    pub swig_files: Vec<Box<str>>,
    /// SWIG files for C++.
    #[serde(rename = "SwigCXXFiles")]
    pub swig_cxx_files: Vec<Box<str>>,
    /// Objects that are linked as they are.
    pub syso_files: Vec<Box<str>>,
    /// Test files inside of the package.
    pub test_go_files: Vec<Box<str>>,
    /// Test files outside of it, of `p_test`.
    #[serde(rename = "XTestGoFiles")]
    pub x_test_go_files: Vec<Box<str>>,
    /// Go files that build constraints leave out.
    pub ignored_go_files: Vec<Box<str>>,
    /// Other files that build constraints leave out.
    pub ignored_other_files: Vec<Box<str>>,
    /// The patterns of `//go:embed`.
    pub embed_patterns: Vec<Box<str>>,
    /// The files that they match.
    pub embed_files: Vec<Box<str>>,
    /// The same in test files inside of the package.
    pub test_embed_patterns: Vec<Box<str>>,
    /// The files that they match.
    pub test_embed_files: Vec<Box<str>>,
    /// The same in test files outside of it.
    #[serde(rename = "XTestEmbedPatterns")]
    pub x_test_embed_patterns: Vec<Box<str>>,
    /// The files that they match.
    #[serde(rename = "XTestEmbedFiles")]
    pub x_test_embed_files: Vec<Box<str>>,
    /// What `#cgo CFLAGS` says.
    #[serde(rename = "CgoCFLAGS")]
    pub cgo_cflags: Vec<Box<str>>,
    /// What `#cgo CPPFLAGS` says.
    #[serde(rename = "CgoCPPFLAGS")]
    pub cgo_cppflags: Vec<Box<str>>,
    /// What `#cgo CXXFLAGS` says.
    #[serde(rename = "CgoCXXFLAGS")]
    pub cgo_cxxflags: Vec<Box<str>>,
    /// What `#cgo FFLAGS` says.
    #[serde(rename = "CgoFFLAGS")]
    pub cgo_fflags: Vec<Box<str>>,
    /// What `#cgo LDFLAGS` says.
    #[serde(rename = "CgoLDFLAGS")]
    pub cgo_ldflags: Vec<Box<str>>,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Module {
    /// Its path.
    pub path: Box<str>,
    /// The version that was selected.
    pub version: Box<str>,
    /// Whether the build is about it.
    pub main: bool,
    /// Its folder.
    pub dir: Box<str>,
    /// Its `go.mod`.
    pub go_mod: Box<str>,
    /// The version of the language that it is written in.
    pub go_version: Box<str>,
    /// What stands in its place.
    pub replace: Option<Box<Module>>,
}

/// What is wrong with a package.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PackageError {
    /// Where.
    pub pos: Box<str>,
    /// What.
    pub err: Box<str>,
}

/// Why there is no listing.
#[derive(Debug, Error)]
pub enum ListError {
    /// The go command gave none.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// It is not the JSON that is expected.
    #[error("what `go list` printed is not understood after {packages} entries")]
    Json {
        /// How many there are before it.
        packages: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// An entry does not say which package it is.
    #[error("entry {entry} of what `go list` printed has no import path")]
    Nameless {
        /// Which entry, from one.
        entry: usize,
    },
}

/// Lists the packages that `patterns` match, their tests, and everything that these are made of.
///
/// Only `flags` of the command line are needed; `GOFLAGS` acts by itself.
pub fn list<S: AsRef<str>>(
    tool: &GoTool,
    flags: &BuildFlags,
    patterns: &[S],
    watch: &Watch,
) -> Result<Vec<Package>, ListError> {
    let mut args: Vec<String> =
        vec!["list".into(), "-deps".into(), "-test".into(), "-e".into(), format!("-json={FIELDS}")];
    args.extend(flags.list_args());
    args.push("--".into());
    args.extend(patterns.iter().map(|pattern| pattern.as_ref().to_owned()));
    parse(&tool.ask(&args, watch)?)
}

/// Lists the modules that the build is about: one, or those of a workspace.
pub fn main_modules(tool: &GoTool, flags: &BuildFlags, watch: &Watch) -> Result<Vec<Module>, ListError> {
    let mut args: Vec<String> = vec!["list".into(), "-m".into(), "-json".into()];
    args.extend(flags.list_args());
    let modules: Vec<Module> = stream(&tool.ask(&args, watch)?)?;
    match modules.iter().position(|module| module.path.is_empty()) {
        Some(at) => Err(ListError::Nameless { entry: at + 1 }),
        None => Ok(modules),
    }
}

/// Parses what `go list -json` prints: one object after the other.
pub fn parse(bytes: &[u8]) -> Result<Vec<Package>, ListError> {
    let packages: Vec<Package> = stream(bytes)?;
    match packages.iter().position(|package| package.import_path.is_empty()) {
        Some(at) => Err(ListError::Nameless { entry: at + 1 }),
        None => Ok(packages),
    }
}

fn stream<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<Vec<T>, ListError> {
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter() {
        values.push(value.map_err(|source| ListError::Json { packages: values.len(), source })?);
    }
    Ok(values)
}

impl Package {
    /// Returns the import path without what names a variant.
    pub fn base_path(&self) -> &str {
        base_path(&self.import_path)
    }
}

/// Returns an import path without what names a variant: `p` of `p [q.test]`.
pub(super) fn base_path(import_path: &str) -> &str {
    import_path.split_once(" [").map_or(import_path, |(base, _)| base)
}

impl std::fmt::Display for PackageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = self.err.lines().next().unwrap_or_default();
        if self.pos.is_empty() { f.write_str(what) } else { write!(f, "{}: {what}", self.pos) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stream_of_objects_is_read_whatever_else_they_say() {
        let text = r#"{"ImportPath": "a [b.test]", "New": {"x": [1]}, "CXXFiles": ["x.cc"], "XTestGoFiles": ["x_test.go"]}
            {"ImportPath": "b", "Module": {"Path": "b", "Replace": {"Path": "./b"}}, "SwigCXXFiles": ["s.swigcxx"]}"#;
        let packages = parse(text.as_bytes()).unwrap();
        assert_eq!(packages[0].base_path(), "a");
        assert_eq!((&*packages[0].cxx_files[0], &*packages[0].x_test_go_files[0]), ("x.cc", "x_test.go"));
        assert_eq!(&*packages[1].swig_cxx_files[0], "s.swigcxx");
        assert_eq!(&*packages[1].module.as_ref().unwrap().replace.as_ref().unwrap().path, "./b");
        assert_eq!(parse(b" \n").unwrap(), []);
    }

    #[test]
    fn what_is_no_listing_is_named() {
        let error = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            error("{\"ImportPath\": \"a\"} {\"ImportPath\": "),
            "what `go list` printed is not understood after 1 entries"
        );
        assert_eq!(error("{\"ImportPath\": 1}"), "what `go list` printed is not understood after 0 entries");
        assert_eq!(error("{\"Name\": \"a\"}"), "entry 1 of what `go list` printed has no import path");
    }

    #[test]
    fn every_field_that_is_read_is_asked_for() {
        let asked: Vec<&str> = FIELDS.split(',').collect();
        let read = format!("{:?}", Package::default()).matches(": ").count();
        assert_eq!(asked.len(), read);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_cut_listing_is_an_error_or_shorter(cut in 0usize..80) {
            let text = br#"{"ImportPath": "a", "GoFiles": ["a.go"]} {"ImportPath": "b", "GoFiles": ["b.go"]} "#;
            let whole = parse(text).unwrap();
            if let Ok(part) = parse(&text[..cut]) {
                prop_assert!(whole.starts_with(&part));
                prop_assert!(cut == 0 || part.len() == 1 || part.is_empty() || cut > 78);
            }
        }
    }
}
