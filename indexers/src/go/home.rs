//! Where the files are at home that coverage names.
//!
//! The compiler names a file by the import path of its package and its base name, which says nothing of folders: that
//! takes knowing where modules and packages are. `//line` directives put any other name there.

use std::collections::{BTreeMap, HashMap};

use skiptrace_engine::path::RepoPath;

/// What coverage says of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PackageId<'a> {
    /// Its import path.
    pub path: &'a str,
    /// The path of its module; empty where there is none, or where nobody says, as in text profiles.
    pub module: &'a str,
    /// Its name; empty where nobody says.
    pub name: &'a str,
}

/// Where a file is at home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// In the repository.
    Repo(RepoPath),
    /// In one of these files of the repository, nobody knows where in it: each of them counts as a whole.
    Whole(Vec<RepoPath>),
    /// Not in the repository: the standard library, the module cache, what the go tool generates.
    Elsewhere,
    /// Nobody can say. It may well be in the repository.
    Unknown,
}

/// Says where files are at home.
pub trait Homes: Send + Sync {
    /// Returns where `file` is at home, as the functions of `package` name it.
    fn home(&self, package: &PackageId<'_>, file: &str) -> Home;

    /// Returns where a function is that names `file` because a `//line` directive says so.
    ///
    /// What changes when it is edited is the file that the directive stands in, which coverage does not name.
    fn moved(&self, package: &PackageId<'_>, file: &str) -> Home {
        match self.home(package, file) {
            Home::Repo(_) => Home::Unknown,
            home => home,
        }
    }
}

impl<F: Fn(&PackageId<'_>, &str) -> Home + Send + Sync> Homes for F {
    fn home(&self, package: &PackageId<'_>, file: &str) -> Home {
        self(package, file)
    }
}

/// Modules and packages, and their folders.
///
/// Which they are is for `go list` to say: of the modules of the workspace, of those that `replace` takes from the
/// repository, and of those in `vendor`. Everything else that is known not to be in the repository is `elsewhere`.
#[derive(Debug, Clone, Default)]
pub struct Modules {
    /// By module path; `None` is elsewhere.
    modules: BTreeMap<Box<str>, Option<RepoPath>>,
    /// By import path; `None` is elsewhere.
    packages: HashMap<Box<str>, Option<RepoPath>>,
    /// By import path, then by the name that directives give: the files that they stand in, and the one that is
    /// really called so.
    moved: HashMap<Box<str>, BTreeMap<Box<str>, Vec<RepoPath>>>,
    /// Absolute folders, `/`-separated, and where they are in the repository; `None` is elsewhere.
    folders: Vec<(Box<str>, Option<RepoPath>)>,
}

impl Modules {
    /// Starts without any.
    pub fn new() -> Modules {
        Modules::default()
    }

    /// Adds a module in a folder of the repository.
    #[must_use]
    pub fn with_module(mut self, path: impl Into<Box<str>>, folder: RepoPath) -> Modules {
        self.modules.insert(path.into(), Some(folder));
        self
    }

    /// Adds a module that is not in the repository.
    #[must_use]
    pub fn with_module_elsewhere(mut self, path: impl Into<Box<str>>) -> Modules {
        self.modules.insert(path.into(), None);
        self
    }

    /// Adds a package in a folder of the repository, whatever its module says.
    #[must_use]
    pub fn with_package(mut self, import_path: impl Into<Box<str>>, folder: RepoPath) -> Modules {
        self.packages.insert(import_path.into(), Some(folder));
        self
    }

    /// Adds a package that is not in the repository, whatever its module says.
    #[must_use]
    pub fn with_package_elsewhere(mut self, import_path: impl Into<Box<str>>) -> Modules {
        self.packages.insert(import_path.into(), None);
        self
    }

    /// Adds an absolute folder. Packages that are given as files on the command line name theirs so.
    #[must_use]
    pub fn with_folder(mut self, absolute: &str, folder: RepoPath) -> Modules {
        self.folders.push((slashes(absolute).into(), Some(folder)));
        self
    }

    /// Adds an absolute folder that is not in the repository: `GOROOT`, `GOMODCACHE`.
    #[must_use]
    pub fn with_folder_elsewhere(mut self, absolute: &str) -> Modules {
        self.folders.push((slashes(absolute).into(), None));
        self
    }

    /// Looks through a package's Go files, all of them, for `//line` directives.
    ///
    /// A function that is said to be in a file that some directive names may be in any file with such a directive.
    #[must_use]
    pub fn with_sources<'s>(
        mut self,
        import_path: &str,
        sources: impl IntoIterator<Item = (&'s RepoPath, &'s str)>,
    ) -> Modules {
        let mut moved: BTreeMap<Box<str>, Vec<RepoPath>> = BTreeMap::new();
        let mut real: Vec<&RepoPath> = Vec::new();
        for (path, text) in sources {
            real.push(path);
            for name in line_directives(text) {
                // The name before it goes on: another directive's, which is in the list as well, or the file's own.
                let name = if name.is_empty() { base_name(path) } else { name };
                moved.entry(name.into()).or_default().push(path.clone());
            }
        }
        for path in real {
            if let Some(files) = moved.get_mut(base_name(path)) {
                files.push(path.clone());
            }
        }
        for files in moved.values_mut() {
            files.sort();
            files.dedup();
        }
        if !moved.is_empty() {
            self.moved.insert(import_path.into(), moved);
        }
        self
    }

    /// Returns the folder of a package: its place in the repository, `None` where it is elsewhere.
    ///
    /// The outer `None` is for packages that nobody knows.
    pub fn folder(&self, package: &PackageId<'_>) -> Option<Option<RepoPath>> {
        let path = import_path(package.path);
        if is_generated_main(package.path) {
            return Some(None);
        }
        if let Some(folder) = self.packages.get(path) {
            return Some(folder.clone());
        }
        // External tests are a package of their own in the same folder.
        if let Some(tested) = path.strip_suffix("_test").filter(|_| package.name.ends_with("_test"))
            && let Some(folder) = self.packages.get(tested)
        {
            return Some(folder.clone());
        }
        let module = if package.module.is_empty() {
            // A nested module is longer than the one around it.
            self.modules
                .keys()
                .filter(|module| below(module, path).is_some())
                .max_by_key(|module| module.len())
        } else {
            // A module that nobody named is not the one around it: it may be that one's neighbour in the cache.
            self.modules.get_key_value(package.module).map(|(module, _)| module)
        };
        match module {
            Some(module) => {
                let Some(folder) = &self.modules[module] else { return Some(None) };
                let path = match below(module, path) {
                    Some(rest) => rest,
                    // The root package's external tests, and main packages given as files.
                    None if path.strip_suffix("_test") == Some(module) => "",
                    None => return None,
                };
                let path =
                    path.strip_suffix("_test").filter(|_| package.name.ends_with("_test")).unwrap_or(path);
                join(folder, path).map(Some)
            }
            None if package.module.is_empty() && is_standard(path) => Some(None),
            None => None,
        }
    }
}

impl Homes for Modules {
    fn home(&self, package: &PackageId<'_>, file: &str) -> Home {
        let file = slashes(file);
        if is_absolute(&file) {
            return self.absolute(&file);
        }
        let (folder_name, base) = file.rsplit_once('/').unwrap_or(("", &file));
        if base == "_testmain.go" || is_generated_main(package.path) {
            return Home::Elsewhere;
        }
        if let Some(files) = self.moved.get(import_path(package.path)).and_then(|names| names.get(base)) {
            return Home::Whole(files.clone());
        }
        // The compiler joins import path and base name. What is joined otherwise is of another make.
        let is_its_own = folder_name == package.path || folder_name == import_path(package.path);
        match self.folder(package) {
            Some(None) => Home::Elsewhere,
            Some(Some(folder)) if is_its_own && base.ends_with(".go") => {
                join(&folder, base).map_or(Home::Unknown, Home::Repo)
            }
            _ => Home::Unknown,
        }
    }

    fn moved(&self, package: &PackageId<'_>, file: &str) -> Home {
        match self.home(package, file) {
            // A directive inside of a function moves its units, not its file's name, so that nobody knows which
            // directive it was.
            Home::Repo(path) => match self.moved.get(import_path(package.path)) {
                Some(names) => {
                    let mut files: Vec<RepoPath> = names.values().flatten().cloned().chain([path]).collect();
                    files.sort();
                    files.dedup();
                    Home::Whole(files)
                }
                None => Home::Unknown,
            },
            home => home,
        }
    }
}

impl Modules {
    fn absolute(&self, file: &str) -> Home {
        let inside = self.folders.iter().filter_map(|(absolute, folder)| {
            let rest = file.strip_prefix(absolute.trim_end_matches('/'))?.strip_prefix('/')?;
            Some((absolute.len(), folder, rest))
        });
        match inside.max_by_key(|(len, _, _)| *len) {
            Some((_, Some(folder), rest)) => join(folder, rest).map_or(Home::Unknown, Home::Repo),
            Some((_, None, _)) => Home::Elsewhere,
            None => Home::Unknown,
        }
    }
}

/// Returns the base names that the `//line` directives of a Go source file give, each once, sorted.
///
/// Without a name, a directive with a column keeps the name before it, which is empty here; one without a column
/// takes the name away, which coverage shows as `.`.
///
/// Text in strings and comments that looks like a directive
/// counts as one, so that there may be too many.
pub fn line_directives(source: &str) -> Vec<&str> {
    let at_line_starts = source.lines().filter_map(|line| line.strip_prefix("//line "));
    let in_comments = source.match_indices("/*line ").map(|(at, opening)| {
        let rest = &source[at + opening.len()..];
        rest.split("*/").next().unwrap_or(rest)
    });
    let mut names: Vec<&str> = at_line_starts.chain(in_comments).filter_map(directive_name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `name:line` or `name:line:column`; the name may hold colons, and may be empty.
fn directive_name(text: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (name, _) = text.trim_end().rsplit_once(':').filter(|(_, number)| is_number(number))?;
    let (name, has_column) = match name.rsplit_once(':') {
        Some((name, line)) if is_number(line) => (name, true),
        _ => (name, false),
    };
    if name.is_empty() && !has_column {
        return Some(".");
    }
    Some(name.rsplit(['/', '\\']).next().unwrap_or(name))
}

fn base_name(path: &RepoPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

/// Removes the variant: `foo [foo.test]` is `foo` as it is compiled for its own tests.
pub fn import_path(path: &str) -> &str {
    path.split(" [").next().unwrap_or(path)
}

/// The go tool writes the main package of a test binary itself.
fn is_generated_main(path: &str) -> bool {
    let path = import_path(path);
    path.ends_with(".test") || path == "testmain"
}

/// Returns what of `path` is below `module`.
fn below<'p>(module: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(module)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn join(folder: &RepoPath, rest: &str) -> Option<RepoPath> {
    let joined = match (folder.as_str(), rest) {
        ("", rest) => rest.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, rest) => format!("{folder}/{rest}"),
    };
    RepoPath::new(joined).ok()
}

fn slashes(path: &str) -> String {
    path.replace('\\', "/")
}

fn is_absolute(path: &str) -> bool {
    let has_drive = matches!(path.as_bytes(), [drive, b':', b'/', ..] if drive.is_ascii_alphabetic());
    path.starts_with('/') || has_drive
}

/// The first elements of the standard library's import paths. A new one that nobody knows here is not ignored, but
/// a reason to distrust.
const STANDARD: &[&str] = &[
    "archive",
    "bufio",
    "bytes",
    "cmd",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "unsafe",
    "vendor",
    "weak",
];

fn is_standard(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or(path);
    STANDARD.binary_search(&first).is_ok()
}

#[cfg(test)]
mod tests;
