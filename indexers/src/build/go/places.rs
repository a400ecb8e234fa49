//! Where the folders and files that the go command names are at home.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;

use super::environment::GoEnvironment;
use crate::build::paths::{Home, Normalizer, Roots};

/// Where something is at home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the repository, symbolic links resolved.
    Repo(RepoPath),
    /// In a folder of Go's own: its standard library, downloaded modules, caches.
    Go,
    /// Somewhere else on the machine.
    Outside,
    /// Nobody can say.
    Unknown,
}

/// Says of paths where they are at home.
#[derive(Debug)]
pub struct Places {
    normalizer: Normalizer,
    /// The repository as it was named, and as it is without symbolic links.
    repository: Vec<PathBuf>,
    links: HashMap<PathBuf, Option<RepoPath>>,
}

impl Places {
    /// Looks at the repository and at Go's own folders, which may well be inside of it.
    pub fn new(repository: &Path, environment: &GoEnvironment) -> Places {
        let real = repository.canonicalize().ok();
        let normalizer = Normalizer::new(Roots {
            repository: repository.to_owned(),
            workspace: repository.to_owned(),
            build_folders: environment.own_folders(),
            ..Roots::default()
        });
        let repository = real.into_iter().chain([repository.to_owned()]).collect();
        Places { normalizer, repository, links: HashMap::new() }
    }

    /// Returns where a path is at home; one that is relative is so to the repository.
    pub fn place(&mut self, path: &Path) -> Place {
        // What is not UTF-8 comes out of JSON with this in place of its bytes.
        let Some(text) = path.to_str().filter(|text| !text.contains('\u{FFFD}')) else {
            return Place::Unknown;
        };
        match self.normalizer.home(b"", text.as_bytes()) {
            Home::Repo(path) => Place::Repo(path.clone()),
            Home::Generated { .. } => Place::Go,
            Home::Unknown(_) => Place::Unknown,
            _ => Place::Outside,
        }
    }

    /// Returns the path in the repository, if it is there.
    pub fn in_repository(&mut self, path: &Path) -> Option<RepoPath> {
        match self.place(path) {
            Place::Repo(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the symbolic links of the repository on the way to a path, it included: whoever changes one of them
    /// changes what is found there.
    pub fn links(&mut self, path: &Path) -> Vec<RepoPath> {
        let mut links = Vec::new();
        let Some(root) = self.repository.iter().find(|root| path.starts_with(root)).cloned() else {
            return links;
        };
        for part in path.ancestors().take_while(|part| *part != root) {
            if !self.links.contains_key(part) {
                let is_link = part.symlink_metadata().is_ok_and(|about| about.is_symlink());
                // The link's own name, in the folder that it is really in.
                let home = is_link.then(|| part.parent().zip(part.file_name())).flatten();
                let link = home.and_then(|(folder, name)| {
                    let folder = match self.place(folder) {
                        Place::Repo(folder) => folder,
                        _ => return None,
                    };
                    let name = name.to_str()?;
                    join(&folder, name)
                });
                self.links.insert(part.to_owned(), link);
            }
            links.extend(self.links[part].clone());
        }
        links
    }
}

/// Returns what is called `name` in a folder.
pub(super) fn join(folder: &RepoPath, name: &str) -> Option<RepoPath> {
    let path = if folder.as_str().is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    RepoPath::new(path).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::build::testing::Sandbox;

    fn environment(sandbox: &Sandbox) -> GoEnvironment {
        let cache = sandbox.path().join("repo/.go/pkg/mod");
        GoEnvironment::parse(format!("{{\"GOMODCACHE\": {cache:?}, \"GOROOT\": \"\"}}").as_bytes()).unwrap()
    }

    #[test]
    fn links_are_followed_and_told() {
        let sandbox = Sandbox::new();
        sandbox.write("repo/real/deep/a.go", "");
        sandbox.write("repo/.go/pkg/mod/x@v1/x.go", "");
        sandbox.write("else/b.go", "");
        let repo = sandbox.path().join("repo");
        symlink(&repo, sandbox.path().join("alias")).unwrap();
        symlink("real", repo.join("dir")).unwrap();
        symlink("a.go", repo.join("real/deep/l.go")).unwrap();
        symlink(sandbox.path().join("else"), repo.join("out")).unwrap();
        for root in ["repo", "alias"] {
            let root = sandbox.path().join(root);
            let mut places = Places::new(&root, &environment(&sandbox));
            let mut show = |path: &str| {
                let place = places.place(&root.join(path));
                let links: Vec<String> =
                    places.links(&root.join(path)).iter().map(RepoPath::to_string).collect();
                (place, links.join(" "))
            };
            let repo = |path: &str| Place::Repo(RepoPath::new(path).unwrap());
            assert_eq!(show("real/deep/a.go"), (repo("real/deep/a.go"), "".into()));
            assert_eq!(show("dir/deep/l.go"), (repo("real/deep/a.go"), "real/deep/l.go dir".into()));
            assert_eq!(show("out/b.go"), (Place::Outside, "out".into()));
            assert_eq!(show(".go/pkg/mod/x@v1/x.go"), (Place::Go, "".into()));
            assert_eq!(show("bad\u{FFFD}.go").0, Place::Unknown);
            assert_eq!(show("../else/b.go").0, Place::Outside);
        }
    }

    #[test]
    fn a_repository_that_is_go_itself_is_a_repository() {
        let sandbox = Sandbox::new();
        sandbox.write("src/fmt/print.go", "");
        let root = sandbox.path();
        let environment = GoEnvironment::parse(format!("{{\"GOROOT\": {root:?}}}").as_bytes()).unwrap();
        let place = Places::new(root, &environment).place(&root.join("src/fmt/print.go"));
        assert_eq!(place, Place::Repo(RepoPath::new("src/fmt/print.go").unwrap()));
    }
}
