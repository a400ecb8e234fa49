//! GitLab CI: a detached checkout of depth 50, and one cache for all branches.

use std::collections::BTreeMap;

use super::{Job, Team, copy, holds, recipe, text, texts};

/// Starts the job that a pipeline is for.
fn run(team: &Team, source: &str, reference: &str, commit: &str, branch: &str) -> Job {
    let recipe = recipe("gitlab-ci.yml");
    let checkout = team.fresh_checkout();
    let is_merge_request = source == "merge_request_event";
    let mut vars: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", source),
        ("CI_COMMIT_SHA", commit),
        ("CI_COMMIT_BRANCH", if is_merge_request { "" } else { branch }),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_PROJECT_DIR", checkout.to_str().unwrap()),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", if is_merge_request { branch } else { "" }),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", if is_merge_request { "main" } else { "" }),
    ] {
        vars.insert(name.to_owned(), value.to_owned());
    }
    for (name, value) in recipe["variables"].as_hash().unwrap() {
        let value = text(value).replace("$CI_PROJECT_DIR", &vars["CI_PROJECT_DIR"]);
        assert!(!value.contains('$'), "{value}");
        vars.insert(text(name).to_owned(), value);
    }
    let word = |word: &str| match word.strip_prefix('$') {
        Some(name) => vars[name].clone(),
        None => word.trim_matches('"').to_owned(),
    };
    let jobs = recipe.as_hash().unwrap().iter().filter(|(_, job)| !job["rules"].is_badvalue());
    let jobs: Vec<_> = jobs.filter(|(_, job)| holds(text(&job["rules"][0]["if"]), &word)).collect();
    assert_eq!(jobs.len(), 1, "one job is for `{source}`");
    let job = jobs[0].1;
    let of_all = &recipe[text(&job["extends"])];

    let depth = format!("--depth={}", vars["GIT_DEPTH"]);
    team.git(&checkout, &["fetch", "--quiet", &depth, "origin", reference]);
    team.git(&checkout, &["checkout", "--quiet", "--force", "--detach", commit]);
    let cache = team.sandbox.path().join("caches").join(text(&of_all["cache"]["key"]));
    let cached = texts(&of_all["cache"]["paths"]);
    for path in cached.iter().filter(|path| cache.join(path).exists()) {
        copy(&cache.join(path), &checkout.join(path));
    }
    let mut done = Job { checkout: checkout.clone(), passed: true, log: String::new() };
    let shell = ["bash", "-c"];
    let script = format!("set -eo pipefail\n{}", texts(&job["script"]).join("\n"));
    done.passed = team.sh(&shell, &script, &checkout, &vars, &mut done.log);
    if !job["after_script"].is_badvalue() {
        // How it ends is nobody's concern.
        let script = format!("set -eo pipefail\n{}", texts(&job["after_script"]).join("\n"));
        team.sh(&shell, &script, &checkout, &vars, &mut done.log);
    }
    if done.passed {
        for path in &cached {
            copy(&checkout.join(path), &cache.join(path));
        }
        for path in job["artifacts"]["paths"].as_vec().into_iter().flatten() {
            assert!(checkout.join(text(path)).metadata().unwrap().len() > 0);
        }
    }
    done
}

#[test]
fn the_recipe_for_gitlab_ci() {
    let Some(team) = Team::new() else { return };
    let on_main = |source, commit: &str| run(&team, source, "refs/heads/main", commit, "main");
    let reference = "refs/merge-requests/7/head";
    let proposed = |commit: &str, branch: &str| run(&team, "merge_request_event", reference, commit, branch);
    let first = team.git(&team.sandbox.work(), &["rev-parse", "main"]);
    on_main("push", &first).passed().says("recorded 2 tests");

    let change = team.propose("better", "    1\n", "    3 - 2\n", reference, false);
    let job = proposed(&change, "better").passed().says("1 of 2 tests must run");
    assert_eq!(job.ran(), ["tests::first"]);
    job.says("--- actual: 1 test ran");
    let broken = team.propose("worse", "    2\n", "    5\n", reference, false);
    let job = proposed(&broken, "worse").failed().says("[FAILED]");
    assert_eq!(job.ran(), ["tests::second"]);

    let second = team.push("    1\n", "    2 - 1\n");
    on_main("push", &second).passed().says("taking over 1 test");
    // The runs of merge requests are in the cache as well.
    on_main("schedule", &second).passed().says("MISSED").says("fetched");
}
