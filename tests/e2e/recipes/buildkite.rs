//! Buildkite: a full clone, a detached commit, and a bucket, which another program than ours serves.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use skiptrace_tests::tools::require;

use super::{Job, Team, holds, recipe, text, texts};

/// A service like S3, gone when it is dropped.
struct Moto {
    child: Child,
    port: u16,
}

impl Moto {
    /// Starts one with a bucket, where the program is installed.
    fn start(bucket: &str) -> Option<Moto> {
        let program = require("moto_server")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moto = Moto { child, port };
        for _ in 0..600 {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
                let request = format!(
                    "PUT /{bucket} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(request.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                return Some(moto);
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("moto_server does not answer on port {port}");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the step that a build is for.
fn run(team: &Team, moto: &Moto, source: &str, commit: &str, branch: &str) -> Job {
    let recipe = recipe("buildkite.yml");
    let word = |word: &str| match word {
        "build.branch" => branch.to_owned(),
        "build.source" => source.to_owned(),
        "pipeline.default_branch" => "main".to_owned(),
        word => word.trim_matches('"').to_owned(),
    };
    let steps = recipe["steps"].as_vec().unwrap().iter();
    let steps: Vec<_> = steps.filter(|step| holds(text(&step["if"]), &word)).collect();
    assert_eq!(steps.len(), 1, "one step is for `{source}` on `{branch}`");
    let checkout = team.fresh_checkout();
    let mut vars: BTreeMap<String, String> = BTreeMap::new();
    let is_main = branch == "main";
    for (name, value) in [
        ("CI", "true"),
        ("BUILDKITE", "true"),
        ("BUILDKITE_SOURCE", source),
        ("BUILDKITE_COMMIT", commit),
        ("BUILDKITE_BRANCH", branch),
        ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
        ("BUILDKITE_PULL_REQUEST", if is_main { "false" } else { "7" }),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", if is_main { "" } else { "main" }),
        // What agents have of their own.
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", moto.port)),
    ] {
        vars.insert(name.to_owned(), value.to_owned());
    }
    for (name, value) in recipe["env"].as_hash().unwrap() {
        vars.insert(text(name).to_owned(), text(value).to_owned());
    }
    team.git(&checkout, &["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    team.git(&checkout, &["checkout", "--quiet", "--force", commit]);
    let mut job = Job { checkout: checkout.clone(), passed: true, log: String::new() };
    let script = texts(&steps[0]["command"]).join("\n");
    job.passed = team.sh(&["bash", "-e", "-c"], &script, &checkout, &vars, &mut job.log);
    for path in steps[0]["artifact_paths"].as_vec().into_iter().flatten() {
        assert!(checkout.join(text(path)).metadata().unwrap().len() > 0);
    }
    job
}

#[test]
fn the_recipe_for_buildkite() {
    let Some(team) = Team::new() else { return };
    let Some(moto) = Moto::start("ci-artifacts") else { return };
    let build = |source, commit: &str, branch: &str| run(&team, &moto, source, commit, branch);
    let first = team.git(&team.sandbox.work(), &["rev-parse", "main"]);
    build("webhook", &first, "main").passed().says("recorded 2 tests").says("s3://ci-artifacts/skiptrace");

    let change = team.propose("better", "    1\n", "    3 - 2\n", "refs/heads/better", false);
    let job = build("webhook", &change, "better").passed().says("1 of 2 tests must run");
    assert_eq!(job.ran(), ["tests::first"]);
    let broken = team.propose("worse", "    2\n", "    5\n", "refs/heads/worse", false);
    let job = build("webhook", &broken, "worse").failed().says("[FAILED]");
    assert_eq!(job.ran(), ["tests::second"]);

    let second = team.push("    1\n", "    2 - 1\n");
    build("webhook", &second, "main").passed().says("taking over 1 test");
    // Nothing of the other machines is on this one but what they wrote into the bucket.
    build("schedule", &second, "main").passed().says("MISSED").says("fetched 6 runs");
}
