//! Where a project has nextest write its results, whatever else it is told: its own configuration wins over a tool's.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use toml::{Table, Value};

/// The results of a project's own, as its configuration names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnResults {
    path: PathBuf,
    /// When they were written before the run, if they were.
    before: Option<SystemTime>,
}

impl OwnResults {
    /// Finds out where they will be; `None` where the project has none written. `config` is the text of its
    /// configuration, `root` the folder of its workspace.
    pub fn of(config: &str, root: &Path, profile: &str) -> Option<OwnResults> {
        let config: Table = config.parse().ok()?;
        let text = |table: Option<&Value>, key: &str| table?.get(key)?.as_str().map(str::to_owned);
        let store = text(config.get("store"), "dir").unwrap_or_else(|| "target/nextest".to_owned());
        let of_profile = |name: &str| config.get("profile").and_then(|profiles| profiles.get(name));
        // A profile has what it does not say from the one that it names, and all have it from the one by default.
        let (mut name, mut file) = (profile.to_owned(), None);
        for _ in 0..=config.get("profile").and_then(Value::as_table).map_or(0, Table::len) {
            file = text(of_profile(&name).and_then(|profile| profile.get("junit")), "path");
            match text(of_profile(&name), "inherits") {
                Some(next) if file.is_none() => name = next,
                _ => break,
            }
        }
        let file = file.or_else(|| text(of_profile("default")?.get("junit"), "path"))?;
        let path = root.join(store).join(profile).join(file);
        let before = written(&path);
        Some(OwnResults { path, before })
    }

    /// Returns the file, if it was written since.
    pub fn fresh(&self) -> Option<&Path> {
        written(&self.path).is_some_and(|now| Some(now) != self.before).then_some(&*self.path)
    }
}

fn written(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|about| about.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(config: &str) -> Option<String> {
        OwnResults::of(config, Path::new("/w"), "ci").map(|own| own.path.display().to_string())
    }

    #[test]
    fn results_are_where_the_configuration_says() {
        let junit = "[profile.ci.junit]\npath = \"junit.xml\"\n";
        assert_eq!(path(junit).as_deref(), Some("/w/target/nextest/ci/junit.xml"));
        assert_eq!(path(&format!("{junit}[store]\ndir = \"out\"\n")).as_deref(), Some("/w/out/ci/junit.xml"));
        let default = "[profile.default.junit]\npath = \"a/b.xml\"\n";
        assert_eq!(path(default).as_deref(), Some("/w/target/nextest/ci/a/b.xml"));
        let inherits = "[profile.ci]\ninherits = \"base\"\n[profile.base.junit]\npath = \"c.xml\"\n";
        assert_eq!(path(inherits).as_deref(), Some("/w/target/nextest/ci/c.xml"));
        let round = "[profile.ci]\ninherits = \"base\"\n[profile.base]\ninherits = \"ci\"\n";
        for none in ["", "[profile.ci]\n", "[profile.other.junit]\npath = \"junit.xml\"\n", "no toml", round]
        {
            assert_eq!(path(none), None, "{none}");
        }
    }

    #[test]
    fn what_an_earlier_run_wrote_is_not_of_this_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("target/nextest/ci/junit.xml");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let own =
            || OwnResults::of("[profile.ci.junit]\npath = \"junit.xml\"\n", folder.path(), "ci").unwrap();
        let none_before = own();
        assert_eq!(none_before.fresh(), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(none_before.fresh(), Some(&*file));
        let some_before = own();
        assert_eq!(some_before.fresh(), None);
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(some_before.fresh(), Some(&*file));
    }
}
