//! The commands over remote stores.

use insta::assert_snapshot;
use skiptrace_backends::testing::{Fault, FileServer, S3Server};
use skiptrace_tests::Sandbox;

use crate::sandbox;

const DOCUMENT: &str = r#"{"unit": {"pkg/api": ["TestServe"], "pkg/store": ["TestStore"]}}"#;

/// A sandbox with a commit and a document, a service with a bucket, and the address of a store in it.
fn with_bucket() -> (Sandbox, S3Server, String) {
    let server = S3Server::start("indexes");
    let mut sandbox = sandbox();
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("SKIPTRACE_INDEX_KIND", "package"),
    ] {
        sandbox.var(name, value);
    }
    let url =
        format!("s3://indexes/acme?endpoint={}&region=eu-central-1&attempts=2&timeout=20", server.url());
    sandbox.redactor.replace(server.url(), "$ENDPOINT");
    sandbox.write("index.json", DOCUMENT);
    sandbox.repo().commit("first", &[("a", "b")]);
    (sandbox, server, url)
}

#[test]
fn a_bucket_is_a_store_like_any_other() {
    let (sandbox, server, url) = with_bucket();
    let run = |args: &[&str]| sandbox.skiptrace([&["--store", url.as_str(), "index"], args].concat());
    assert_snapshot!(run(&["import", "index.json"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 2 tests of 1 job into the package index of `19cb14f13eb5` (614 B) in `s3://indexes/acme?endpoint=$ENDPOINT`
    ");
    assert_snapshot!(run(&["list"]).success().stdout(), @"
    COMMIT        BRANCH  RECORDED  SHARDS   SIZE  STATE
    19cb14f13eb5  main    27 h ago       1  614 B  complete, as far as shards tell
    ");
    assert_snapshot!(run(&["query", "--key", "pkg/api"]).success().stdout(), @"
    unit: 1 of 2 tests must run
      TestServe
    ");
    assert!(server.names("indexes").iter().all(|name| name.starts_with("acme/skiptrace/v1/")));
    // What was read once is on this machine.
    let reads = |args: &[&str]| {
        server.take_calls();
        let _ = run(args).success();
        server.take_calls().into_iter().filter(|call| call.operation == "GetObject").count()
    };
    assert!(reads(&["query", "--key", "pkg/api", "--config", "store.cache.enabled=false"]) > 0);
    assert_eq!(reads(&["query", "--key", "pkg/api"]), 0, "the cache serves what never changes");
    let _ = run(&["pull"]).success();
    let _ = sandbox.skiptrace(["index", "verify"]).success();
}

#[test]
fn processes_that_push_one_key_into_a_bucket_do_not_harm_each_other() {
    let (sandbox, _server, url) = with_bucket();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let pushes: Vec<_> = (0..6)
            .map(|number| {
                let name = format!("{number}.json");
                sandbox.write(&name, &format!(r#"{{"unit": {{"a": ["test{number}"]}}}}"#));
                let args = ["--store", &url, "index", "import", &name].map(str::to_owned);
                let sandbox = &sandbox;
                scope.spawn(move || sandbox.skiptrace(args).has_succeeded())
            })
            .collect();
        pushes.into_iter().map(|push| push.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|succeeded| **succeeded).count(), 1, "{outcomes:?}");
    let winner = outcomes.iter().position(|succeeded| *succeeded).unwrap();
    let exported = sandbox.skiptrace(["--store", &url, "index", "export"]).success().stdout();
    assert!(exported.contains(&format!("\"test{winner}\"")), "{exported}");
}

#[test]
fn a_service_that_keeps_failing_is_named_with_what_was_tried() {
    let (sandbox, server, url) = with_bucket();
    server.fail("PutObject", usize::MAX, Fault::slow_down());
    let error = sandbox.skiptrace(["--store", &url, "index", "import", "index.json"]).code(7).stderr();
    assert!(error.contains("the service keeps failing (tried 2 times in "), "{error}");
    assert!(error.contains("SlowDown"), "{error}");
    assert_eq!(server.names("indexes"), Vec::<String>::new());
    server.heal();
    let _ = sandbox.skiptrace(["--store", &url, "index", "import", "index.json"]).success();
}

#[test]
fn a_mirror_is_read_like_the_store_it_mirrors() {
    let (sandbox, _bucket, _) = with_bucket();
    let _ = sandbox.skiptrace(["--store", "store", "index", "import", "index.json", "-q"]).success();
    let server = FileServer::start(sandbox.work().join("store"));
    let run = |args: &[&str]| sandbox.skiptrace([&["--store", &server.url(), "index"], args].concat());
    // A web server does not tell what it has.
    let error = run(&["list"]).code(7).stderr();
    assert!(error.contains("hint: write one: `skiptrace index list --keys > listing.txt`"), "{error}");
    let listing = sandbox.skiptrace(["--store", "store", "index", "list", "--keys"]).success();
    std::fs::write(sandbox.work().join("store/listing.txt"), listing.raw_stdout()).unwrap();
    assert_snapshot!(run(&["query", "--key", "pkg/store"]).success().stdout(), @"
    unit: 1 of 2 tests must run
      TestStore
    ");
    let error = run(&["import", "index.json"]).code(7).stderr();
    assert!(error.contains("the store is read-only"), "{error}");
}

#[test]
fn addresses_that_are_none_are_refused_by_name() {
    let sandbox = sandbox();
    let list = |url: &str| sandbox.skiptrace(["--store", url, "index", "list"]).code(2).stderr();
    assert_snapshot!(list("s4://bucket"), @"error: unknown scheme `s4`, did you mean `s3`? (known schemes: file, http, https, memory, s3; a folder of that name is `./s4:…`)");
    assert_snapshot!(list("s3://bucket?regoin=x"), @"error: unknown parameter `regoin`, did you mean `region`? (known parameters of `s3:`: attempts, endpoint, multipart_above, part_size, path_style, profile, region, timeout)");
}
