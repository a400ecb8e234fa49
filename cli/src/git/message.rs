//! What people wrote about a commit.

use super::{GitError, Repository};

/// The message of a commit, and of the one that it merges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Messages {
    text: String,
    /// Whether the commit merges one that this clone does not have.
    pub is_cut: bool,
}

impl Messages {
    /// Returns whether some message has the text in it.
    pub fn have(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

impl Repository {
    /// Returns the messages of the commit that a revision names and, where it is a merge, of its second parent: the
    /// commit that a CI service checks out for a pull request is one that nobody wrote.
    ///
    /// A repository without a commit has none.
    pub fn messages(&self, revision: &str) -> Result<Messages, GitError> {
        // It says nothing of a parent that is not there.
        let merged = format!("{revision}^2");
        let args =
            ["rev-list", "--no-walk=unsorted", "--ignore-missing", "--format=%B", revision, &merged, "--"];
        let output = match revision.starts_with('-') {
            true => None,
            false => Some(super::process::run(&self.environment, &self.root, &args)?),
        };
        let Some(output) = output.filter(|output| output.status.success() && !output.stdout.is_empty())
        else {
            // Either there is no commit yet, or it is an error that says what is wrong.
            let at = Some(revision).filter(|revision| *revision != "HEAD");
            return match self.head(at)? {
                None => Ok(Messages::default()),
                Some(commit) => Err(GitError::unexpected(&args, commit.as_str())),
            };
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_cut = match self.is_shallow {
            true => {
                let id = text.lines().next().and_then(|line| line.strip_prefix("commit ")?.parse().ok());
                let id = id.ok_or_else(|| GitError::unexpected(&args, &text))?;
                let parents = self.named_parents(&id)?;
                match parents.get(1) {
                    Some(second) => !text
                        .lines()
                        .any(|line| line.strip_prefix("commit ").is_some_and(|id| id == second.as_str())),
                    None => false,
                }
            }
            false => false,
        };
        Ok(Messages { text, is_cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tests::{git, repository};

    #[test]
    fn messages_are_of_the_commit_and_of_what_it_merges() {
        let (_folder, environment, repository) = repository();
        let have = |revision: &str, text: &str| repository.messages(revision).unwrap().have(text);
        assert!(have("HEAD", "one") && !have("HEAD", "two"));
        git(&environment, &["checkout", "--quiet", "-b", "side"]);
        git(&environment, &["commit", "--quiet", "--allow-empty", "--message=two\n\nand [more]"]);
        git(&environment, &["checkout", "--quiet", "main"]);
        git(&environment, &["commit", "--quiet", "--allow-empty", "--message=three"]);
        git(&environment, &["merge", "--quiet", "--no-ff", "--message=merge", "side"]);
        assert!(have("HEAD", "merge") && have("HEAD", "[more]"));
        assert!(!have("HEAD", "three") && !have("HEAD", "one"));
        assert!(have("HEAD~1", "three") && !have("HEAD~1", "[more]"));
        assert!(!repository.messages("HEAD").unwrap().is_cut);
        assert!(repository.messages("no-such").is_err() && repository.messages("--all").is_err());
    }

    #[test]
    fn without_a_commit_there_is_no_message() {
        let (_folder, environment, repository) = repository();
        git(&environment, &["checkout", "--quiet", "--orphan", "empty"]);
        assert_eq!(repository.messages("HEAD").unwrap(), Messages::default());
    }
}
