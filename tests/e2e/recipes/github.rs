//! GitHub Actions: a checkout of depth 50, the merge commit of a pull request, and a cache that is known by its key.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Job, Team, copy, holds, recipe, text};
use yaml_rust2::Yaml;

/// What the service knows of an event.
struct Event<'a> {
    name: &'a str,
    /// What is checked out.
    reference: &'a str,
    commit: &'a str,
    /// The branch of a pull request.
    head: &'a str,
}

/// Starts the job that an event is for.
fn run(team: &Team, event: &Event<'_>) -> Job {
    let recipe = recipe("github-actions.yml");
    let word = |word: &str| match word {
        "github.event_name" => event.name.to_owned(),
        word => word.trim_matches('\'').to_owned(),
    };
    let jobs = recipe["jobs"].as_hash().unwrap().values();
    let jobs: Vec<&Yaml> = jobs.filter(|job| holds(text(&job["if"]), &word)).collect();
    assert_eq!(jobs.len(), 1, "one job is for `{}`", event.name);
    let checkout = team.fresh_checkout();
    let summary = checkout.with_file_name("summary.md");
    fs::write(&summary, "").unwrap();
    let mut vars: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", event.name),
        ("GITHUB_SHA", event.commit),
        ("GITHUB_REF", event.reference),
        (
            "GITHUB_REF_NAME",
            event
                .reference
                .trim_start_matches("refs/heads/")
                .trim_start_matches("refs/pull/")
                .trim_start_matches("refs/"),
        ),
        ("GITHUB_HEAD_REF", event.head),
        ("GITHUB_BASE_REF", if event.head.is_empty() { "" } else { "main" }),
        ("GITHUB_WORKSPACE", checkout.to_str().unwrap()),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ] {
        vars.insert(name.to_owned(), value.to_owned());
    }
    let mut job = Job { checkout: checkout.clone(), passed: true, log: String::new() };
    let mut saved: Vec<(PathBuf, PathBuf)> = Vec::new();
    for step in jobs[0]["steps"].as_vec().unwrap() {
        if !job.passed && step["if"].as_str() != Some("always()") {
            continue;
        }
        if let Some(script) = step["run"].as_str() {
            let file = checkout.with_file_name("step.sh");
            fs::write(&file, expanded(script, event, team)).unwrap();
            let shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"];
            job.passed &= team.sh(&shell, file.to_str().unwrap(), &checkout, &vars, &mut job.log);
            continue;
        }
        let with = &step["with"];
        match text(&step["uses"]) {
            "actions/checkout@v4" => check_out(team, &checkout, event, with["fetch-depth"].as_i64().unwrap()),
            uses @ ("actions/cache@v4" | "actions/cache/restore@v4") => {
                let folder = checkout.join(text(&with["path"]));
                let key = expanded(text(&with["key"]), event, team);
                let caches = team.sandbox.path().join("caches");
                let found = restore(&caches, &key, text(&with["restore-keys"]), &folder);
                if uses == "actions/cache@v4" && found.as_deref() != Some(key.as_str()) {
                    saved.push((folder, caches.join(key)));
                }
            }
            "actions/upload-artifact@v4" => {
                let path = checkout.join(text(&with["path"]));
                assert!(path.metadata().unwrap().len() > 0, "{}", path.display());
            }
            uses => panic!("nobody here knows `{uses}`"),
        }
    }
    if job.passed {
        saved.iter().for_each(|(folder, cache)| copy(folder, cache));
    }
    job.log.push_str(&fs::read_to_string(summary).unwrap());
    job
}

/// Writes in what the service knows.
fn expanded(text: &str, event: &Event<'_>, team: &Team) -> String {
    let base = || team.git(&team.sandbox.work(), &["rev-parse", "main"]);
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (name, after) = after.split_once("}}").unwrap();
        expanded.push_str(before);
        expanded.push_str(&match name.trim() {
            "github.sha" => event.commit.to_owned(),
            "github.run_id" => team.jobs.get().to_string(),
            "github.event.pull_request.base.sha" => base(),
            name => panic!("nobody here knows `{name}`"),
        });
        rest = after;
    }
    expanded + rest
}

/// As `actions/checkout` does.
fn check_out(team: &Team, folder: &Path, event: &Event<'_>, depth: i64) {
    let depth = format!("--depth={depth}");
    let branch = event.reference.strip_prefix("refs/heads/");
    let local = match branch {
        Some(branch) => format!("refs/remotes/origin/{branch}"),
        None => event.reference.replace("refs/pull/", "refs/remotes/pull/"),
    };
    team.git(
        folder,
        &["fetch", "--quiet", "--no-tags", &depth, "origin", &format!("+{}:{local}", event.commit)],
    );
    match branch {
        Some(branch) => team.git(folder, &["checkout", "--quiet", "--force", "-B", branch, &local]),
        None => team.git(folder, &["checkout", "--quiet", "--force", &local]),
    };
}

/// Restores the cache of a key, or else the newest one whose key begins so. Returns its key.
fn restore(caches: &Path, key: &str, prefix: &str, to: &Path) -> Option<String> {
    let entries = fs::read_dir(caches).into_iter().flatten().flatten();
    let mut named: Vec<(bool, std::time::SystemTime, String)> = entries
        .map(|entry| {
            (entry.metadata().unwrap().modified().unwrap(), entry.file_name().into_string().unwrap())
        })
        .filter(|(_, name)| name == key || name.starts_with(prefix))
        .map(|(time, name)| (name == key, time, name))
        .collect();
    named.sort();
    let (_, _, name) = named.pop()?;
    copy(&caches.join(&name), to);
    Some(name)
}

#[test]
fn the_recipe_for_github_actions() {
    let Some(team) = Team::new() else { return };
    let on_main =
        |name, commit: &str| run(&team, &Event { name, reference: "refs/heads/main", commit, head: "" });
    let proposed = |commit: &str, branch: &str| {
        let event = Event { name: "pull_request", reference: "refs/pull/7/merge", commit, head: branch };
        run(&team, &event)
    };
    let first = team.git(&team.sandbox.work(), &["rev-parse", "main"]);
    on_main("push", &first).passed().says("recorded 2 tests");
    // Once more, as when somebody starts the job again.
    on_main("push", &first).passed();

    let change = team.propose("better", "    1\n", "    3 - 2\n", "refs/pull/7/merge", true);
    let job = proposed(&change, "better").passed().says("1 of 2 tests must run");
    assert_eq!(job.ran(), ["tests::first"]);
    job.says("| `default` | 1 | 1 | 0 |");
    // A merge of the same files a second time needs nothing.
    let nothing = team.propose("words", "pub fn one", "/// One.\npub fn one", "refs/pull/7/merge", true);
    let job = proposed(&nothing, "words").passed().says("0 of 2 tests must run");
    assert_eq!(job.ran(), [""; 0]);
    let broken = team.propose("worse", "    2\n", "    5\n", "refs/pull/7/merge", true);
    let job = proposed(&broken, "worse").failed();
    assert_eq!(job.ran(), ["tests::second"]);

    let second = team.push("    1\n", "    2 - 1\n");
    on_main("push", &second).passed().says("taking over 1 test");
    on_main("schedule", &second).passed().says("MISSED").says("default");
}
