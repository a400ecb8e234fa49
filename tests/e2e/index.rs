//! `skiptrace index`.

use insta::assert_snapshot;
use skiptrace_tests::{Repo, Sandbox};

use crate::sandbox;

/// A document of the predecessor: two jobs, a key without tests, a pattern, and a path that runs all.
const DOCUMENT: &str = r#"{
  "unit": {
    "pkg/api": ["TestServe", "TestRoute"],
    "pkg/store": ["TestStore"],
    "conf/*.yml": ["TestConfig"],
    "go.mod": ["*"]
  },
  "e2e": {"pkg/api": ["E2E/login"], "pkg/unused": []}
}"#;

/// A repository with one commit, and the document imported as the index of packages of it.
fn imported(sandbox: &Sandbox) -> Repo<'_> {
    sandbox.write("skiptrace.toml", "[index]\nkind = \"package\"\n");
    sandbox.write("index.json", DOCUMENT);
    let repo = sandbox.repo();
    repo.commit("first", &[("pkg/api/api.go", "package api\n")]);
    let _ = sandbox.skiptrace(["index", "import", "index.json"]).success();
    repo
}

#[test]
fn import_says_what_it_took_and_where_it_went() {
    let sandbox = sandbox();
    sandbox.write("index.json", DOCUMENT);
    sandbox.repo().commit("first", &[("a", "b")]);
    let import = || sandbox.skiptrace(["index", "import", "index.json", "--kind", "package"]).success();
    assert_snapshot!(import().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 5 tests of 2 jobs into the package index of `d3ad54f68891` (731 B) in `$DIR/work/.git/skiptrace/store`
    ");
    // The same again is nothing new.
    assert_snapshot!(import().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 5 tests of 2 jobs into the package index of `d3ad54f68891` (731 B) in `$DIR/work/.git/skiptrace/store`, where it was already
    ");
}

#[test]
fn documents_imported_together_share_their_keys() {
    let sandbox = sandbox();
    sandbox.repo().commit("first", &[("a", "b")]);
    sandbox.write("a.json", r#"{"a": {"pkg/x": ["t"]}}"#);
    sandbox.write("b.json", r#"{"b": {"pkg/y": ["u"]}}"#);
    let args = ["index", "import", "a.json", "b.json", "--kind", "package", "-q"];
    let _ = sandbox.skiptrace(args).success();
    let query = ["index", "query", "--kind", "package", "--key", "pkg/x"];
    assert_snapshot!(sandbox.skiptrace(query).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    a: 1 of 1 test must run
      t
    b: 0 of 1 test must run
    --- stderr ---
    a: `pkg/x` reaches 1 test
    ");
    // By themselves, a job knows its own keys only.
    let args = ["index", "import", "a.json", "b.json", "--kind", "file", "-q", "--known-keys", "job"];
    let _ = sandbox.skiptrace(args).success();
    let query = ["index", "query", "--kind", "file", "--key", "pkg/x"];
    assert_snapshot!(sandbox.skiptrace(query).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    a: 1 of 1 test must run
      t
    b: everything must run
      u
    --- stderr ---
    a: `pkg/x` reaches 1 test
    b: everything, because no recording of the job knows `pkg/x`
    ");
}

#[test]
fn export_gives_back_what_was_imported() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    let exported = sandbox.skiptrace(["index", "export"]).success().stdout();
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let mut expected = parse(DOCUMENT);
    expected["unit"]["pkg/api"] = serde_json::json!(["TestRoute", "TestServe"]);
    assert_eq!(parse(&exported), expected);
    let _ = sandbox.skiptrace(["index", "export", "-o", "again.json"]).success();
    assert_eq!(sandbox.read("again.json"), exported);
}

#[test]
fn show_prints_what_an_index_is_of() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    assert_snapshot!(sandbox.skiptrace(["index", "show"]).success().stdout(), @"
    package index, 731 B: 5 tests, 4 files, 4 units, 5 sets

    JOB   TESTS  CAN BE SKIPPED
    e2e       1               1
    unit      4               4

    RECORDING  SHARD  COMMIT        BRANCH  RECORDED                 BY
    e2e        1/1    b89135c0cd90  main    2026-01-01 00:00:00 UTC  imported by skiptrace $VERSION
    unit       1/1    b89135c0cd90  main    2026-01-01 00:00:00 UTC  imported by skiptrace $VERSION

    SECTION      BLOCKS   SIZE  UNPACKED
    tests             1   74 B      78 B
    files             1   57 B      52 B
    units             1   41 B      42 B
    sets              1   15 B       6 B
    identifiers       0    0 B       0 B
    rules             1   38 B      29 B
    meta              1  309 B     730 B
    directory         1   44 B      35 B
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "show", "--tests"]).success().stdout(), @"
    JOB   TEST        OUTCOME  TIME  WHY NOT SKIPPED
    e2e   E2E/login   passed   0 ms
    unit  TestConfig  passed   0 ms
    unit  TestRoute   passed   0 ms
    unit  TestServe   passed   0 ms
    unit  TestStore   passed   0 ms
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "show", "--files"]).success().stdout(), @"
    PATH        UNITS  TESTS
    go.mod          1      0
    pkg/api         1      3
    pkg/store       1      1
    pkg/unused      1      0
    ");
}

#[test]
fn show_prints_what_a_test_depends_on() {
    let sandbox = sandbox();
    sandbox
        .write("index.json", r#"{"unit": {"a.rs#parse": ["t"], "a.rs#print": ["t", "u"], "b.rs": ["t"]}}"#);
    sandbox.repo().commit("first", &[("a", "b")]);
    let _ = sandbox.skiptrace(["index", "import", "index.json", "-q"]).success();
    assert_snapshot!(sandbox.skiptrace(["index", "show", "--test", "t"]).success().stdout(), @"
    unit: t
      a.rs  executed  parse
      a.rs  executed  print
      b.rs  executed
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "show", "--test", "v"]).code(2).stderr(), @"
    error: there is no test `v` in the index
    hint: `skiptrace index show --tests` lists them
    ");
    let unit = ["index", "query", "--unit", "a.rs#parse", "--unit", "b.rs#x"];
    assert_snapshot!(sandbox.skiptrace(unit).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    unit: 1 of 2 tests must run
      t
    --- stderr ---
    unit: `a.rs#parse` reaches 1 test
    unit: `b.rs#x` reaches 1 test
    ");
    let unknown = ["index", "query", "--unit", "a.rs#new"];
    assert_snapshot!(sandbox.skiptrace(unknown).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    unit: everything must run
      t
      u
    --- stderr ---
    unit: everything, because no recording of the job knows `a.rs#new`
    ");
}

#[test]
fn query_answers_as_the_predecessor_did() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    let query = |key: &str| sandbox.skiptrace(["index", "query", "--key", key]).success().snapshot();
    assert_snapshot!(query("pkg/api"), @"
    exit code: 0
    --- stdout ---
    e2e: 1 of 1 test must run
      E2E/login
    unit: 2 of 4 tests must run
      TestRoute
      TestServe
    --- stderr ---
    e2e: `pkg/api` reaches 1 test
    unit: `pkg/api` reaches 2 tests
    ");
    assert_snapshot!(query("conf/prod.yml"), @"
    exit code: 0
    --- stdout ---
    e2e: 0 of 1 test must run
    unit: 1 of 4 tests must run
      TestConfig
    --- stderr ---
    unit: the rule `conf/*.yml` names 1 test for `conf/prod.yml`
    ");
    assert_snapshot!(query("go.mod"), @"
    exit code: 0
    --- stdout ---
    e2e: 0 of 1 test must run
    unit: everything must run
      TestConfig
      TestRoute
      TestServe
      TestStore
    --- stderr ---
    unit: everything, because `go.mod` matches the run-all rule `go.mod`
    ");
}

#[test]
fn query_runs_everything_where_the_predecessor_ran_nothing() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    assert_snapshot!(sandbox.skiptrace(["index", "query", "--key", "pkg/new"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    e2e: everything must run
      E2E/login
    unit: everything must run
      TestConfig
      TestRoute
      TestServe
      TestStore
    --- stderr ---
    e2e: everything, because no recording of the job knows `pkg/new`
    unit: everything, because no recording of the job knows `pkg/new`
    ");
    let unknown_job = ["index", "query", "--job", "unti", "--key", "pkg/api"];
    assert_snapshot!(sandbox.skiptrace(unknown_job).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    unti: everything must run
    --- stderr ---
    unti: everything, because the index has no job `unti` (it has `e2e`, `unit`)
    ");
    sandbox.write("empty.json", "{}");
    let _ = sandbox.skiptrace(["index", "import", "empty.json", "-o", "empty.idx", "-q"]).success();
    assert_snapshot!(sandbox.skiptrace(["index", "query", "empty.idx", "--key", "a"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    warning: the index has no tests, so everything must run
    ");
}

#[test]
fn query_knows_tests_that_the_index_does_not() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    sandbox.write("tests.txt", "TestStore\nTestServe\nTestNew\n");
    let args = ["index", "query", "--job", "unit", "--key", "pkg/api", "--tests", "tests.txt", "--json"];
    assert_snapshot!(sandbox.skiptrace(args).success().stdout(), @r#"{"schema":"skiptrace/index-query@1","jobs":[{"job":"unit","everything":false,"causes":[],"run":["TestNew","TestServe"],"skip":["TestStore"],"reasons":[{"reason":"reached","message":"`pkg/api` reaches 2 tests","tests":2},{"reason":"not-indexed","message":"1 test in no index","tests":1}],"shared":[]}]}"#);
}

#[test]
fn files_of_packages_count_as_their_folders() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    let args = ["index", "query", "--job", "unit", "--file", "pkg/store/db.go"];
    assert_snapshot!(sandbox.skiptrace(args).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    unit: 1 of 4 tests must run
      TestStore
    --- stderr ---
    unit: `pkg/store/db.go` reaches 1 test
    ");
}

#[test]
fn shards_are_pushed_listed_and_merged() {
    let sandbox = sandbox();
    sandbox.write("skiptrace.toml", "[index]\nkind = \"file\"\n");
    let repo = sandbox.repo();
    repo.commit("first", &[("a", "b")]);
    sandbox.write("1.json", r#"{"unit": {"a.rs": ["one"], "b.rs": []}}"#);
    sandbox.write("2.json", r#"{"unit": {"a.rs": [], "b.rs": ["two"]}}"#);
    for shard in ["1", "2"] {
        let (json, idx) = (format!("{shard}.json"), format!("{shard}.idx"));
        let part = format!("{shard}/2");
        let _ = sandbox.skiptrace(["index", "import", &json, "--shard", &part, "-o", &idx, "-q"]).success();
    }
    let push = ["index", "push", "1.idx", "--expect", "unit=2", "--expect", "e2e"];
    assert_snapshot!(sandbox.skiptrace(push).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    the file index of `b7dcc96a0c44` will be complete with 2 jobs
    kept `skiptrace/v1/file/$COMMIT/unit/1-of-2.idx` (581 B) in `$DIR/work/.git/skiptrace/store`
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "list"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    COMMIT        BRANCH  RECORDED  SHARDS   SIZE  STATE
    b7dcc96a0c44  main    27 h ago       1  581 B  incomplete: no e2e 1/1, unit 2/2
    ");
    // There is no e2e yet.
    let _ = sandbox.skiptrace(["index", "push", "2.idx", "-q"]).success();
    assert_snapshot!(sandbox.skiptrace(["index", "merge", "HEAD"]).code(6).snapshot(), @"
    exit code: 6
    --- stderr ---
    error: the file index of commit `b7dcc96a0c44` is incomplete: `e2e` 1/1 missing
    hint: push what is missing first
    ");
    sandbox.write("e2e.json", r#"{"e2e": {"a.rs": ["three"]}}"#);
    let _ = sandbox.skiptrace(["index", "import", "e2e.json", "-q"]).success();
    assert_snapshot!(sandbox.skiptrace(["index", "query", "--key", "a.rs"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    e2e: 1 of 1 test must run
      three
    unit: 1 of 2 tests must run
      one
    --- stderr ---
    e2e: `a.rs` reaches 1 test
    unit: `a.rs` reaches 1 test
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "merge", "HEAD"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    merged the shards of `b7dcc96a0c44` into `skiptrace/v1/file/$COMMIT/all.idx` in `$DIR/work/.git/skiptrace/store` (635 B)
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "list"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    COMMIT        BRANCH  RECORDED          SHARDS     SIZE  STATE
    b7dcc96a0c44  main    27 h ago  3 + all in one  2.3 KiB  complete
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "verify"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    skiptrace/v1/file/$COMMIT/all.idx: whole, 3 tests
    skiptrace/v1/file/$COMMIT/e2e/1-of-1.idx: whole, 1 test
    skiptrace/v1/file/$COMMIT/unit/1-of-2.idx: whole, 1 test
    skiptrace/v1/file/$COMMIT/unit/2-of-2.idx: whole, 1 test
    file/b7dcc96a0c44: complete
    ");
}

#[test]
fn merging_files_does_not_mind_their_order() {
    let sandbox = sandbox();
    sandbox.repo().commit("first", &[("a", "b")]);
    for (name, json) in [("a", r#"{"a": {"x": ["t"]}}"#), ("b", r#"{"b": {"x": ["u"]}}"#)] {
        sandbox.write(format!("{name}.json"), json);
        let (json, idx) = (format!("{name}.json"), format!("{name}.idx"));
        let _ = sandbox.skiptrace(["index", "import", &json, "-o", &idx]).success();
    }
    let _ = sandbox.skiptrace(["index", "merge", "a.idx", "b.idx", "-o", "ab.idx"]).success();
    let _ = sandbox.skiptrace(["index", "merge", "b.idx", "a.idx", "a.idx", "-o", "ba.idx"]).success();
    let bytes = |name: &str| std::fs::read(sandbox.work().join(name)).unwrap();
    assert_eq!(bytes("ab.idx"), bytes("ba.idx"));
    let lonely = ["index", "merge", "a.idx", "b.idx"];
    assert_snapshot!(sandbox.skiptrace(lonely).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: there is no place for the merged index
    hint: name a file with --output, or a single revision to merge its shards in the store
    ");
}

#[test]
fn what_is_stored_is_never_replaced() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    sandbox.write("index.json", r#"{"unit": {"pkg/api": ["Other"]}, "e2e": {}}"#);
    assert_snapshot!(sandbox.skiptrace(["index", "import", "index.json"]).code(7).snapshot(), @"
    exit code: 7
    --- stderr ---
    error: cannot write `$DIR/work/.git/skiptrace/store/skiptrace/v1/package/$COMMIT/all.idx`: it already holds a different value, which is kept
    ");
    let query = ["index", "query", "--job", "unit", "--key", "pkg/store"];
    assert_snapshot!(sandbox.skiptrace(query).success().stdout(), @"
    unit: 1 of 4 tests must run
      TestStore
    ");
}

#[test]
fn pull_copies_between_stores() {
    let mut sandbox = sandbox();
    sandbox.var("SKIPTRACE_INDEX_KIND", "package");
    sandbox.write("index.json", DOCUMENT);
    let repo = sandbox.repo();
    repo.commit("first", &[("a", "b")]);
    let remote = ["--store", "../remote"];
    let run = |args: &[&str]| sandbox.skiptrace(remote.iter().chain(args).copied());
    let _ = run(&["index", "push", "--expect", "unit", "--expect", "e2e", "-q"]).success();
    let _ = run(&["index", "import", "index.json", "-q"]).success();
    assert_snapshot!(run(&["index", "pull"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    pulled the package index of `d3ad54f68891` (815 B) from `$DIR/work/../remote` to `$DIR/work/.git/skiptrace/store`
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "list"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    COMMIT        BRANCH  RECORDED      SHARDS   SIZE  STATE
    d3ad54f68891  main    27 h ago  all in one  731 B  complete
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "pull"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: the index is in `$DIR/work/.git/skiptrace/store` already
    hint: name where it comes from with --store, or where it goes with --output or --to
    ");
    assert_snapshot!(run(&["index", "pull", "-o", "here.idx"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    pulled the package index of `d3ad54f68891` (731 B) from `$DIR/work/../remote` to `here.idx`
    ");
    let _ = sandbox.skiptrace(["index", "verify", "here.idx"]).success();
}

#[test]
fn a_damaged_object_can_be_pushed_again_once_it_is_removed() {
    let sandbox = sandbox();
    sandbox.write("index.json", DOCUMENT);
    sandbox.repo().commit("first", &[("a", "b")]);
    let import = || sandbox.skiptrace(["index", "import", "index.json", "--store", "store", "-q"]);
    let _ = import().success();
    let keys = sandbox.skiptrace(["index", "list", "--keys", "--store", "store", "--json"]).success();
    let keys: serde_json::Value = serde_json::from_slice(keys.raw_stdout()).unwrap();
    let mut keys = keys["keys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap());
    let object = sandbox.work().join("store").join(keys.rfind(|key| key.ends_with(".idx")).unwrap());
    std::fs::write(&object, "no index").unwrap();
    let _ = import().code(7);
    assert_snapshot!(sandbox.skiptrace(["index", "list", "--store", "store"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    COMMIT        BRANCH  RECORDED      SHARDS  SIZE  STATE
    d3ad54f68891  main    27 h ago  all in one   8 B  damaged: see `skiptrace index verify`
    ");
    let verify = ["index", "verify", "--all", "--remove-damaged", "--store", "store"];
    assert_snapshot!(sandbox.skiptrace(verify).code(9).snapshot(), @"
    exit code: 9
    --- stdout ---
    skiptrace/v1/function/$COMMIT/all.idx: DAMAGED, and removed: the index is corrupt in its trailer section: it is too short to be a skiptrace index
    --- stderr ---
    hint: a damaged index selects everything; remove it from the store with --remove-damaged, and record or push it again
    ");
    let _ = import().success();
    let _ = sandbox.skiptrace(["index", "verify", "--store", "store"]).success();
}

#[test]
fn a_damaged_index_is_named_and_selects_everything() {
    let sandbox = sandbox();
    let _repo = imported(&sandbox);
    let _ = sandbox.skiptrace(["index", "pull", "-o", "good.idx", "-q"]).success();
    let mut bytes = std::fs::read(sandbox.work().join("good.idx")).unwrap();
    // The first of the tests, which no query for known keys needs.
    bytes[12] ^= 1;
    std::fs::write(sandbox.work().join("bad.idx"), &bytes).unwrap();
    assert_snapshot!(sandbox.skiptrace(["index", "verify", "good.idx", "bad.idx"]).code(9).snapshot(), @"
    exit code: 9
    --- stdout ---
    good.idx: whole, 5 tests
    bad.idx: DAMAGED: the index is corrupt in its tests section: its checksum does not match
    --- stderr ---
    hint: a damaged index selects everything; remove it from the store with --remove-damaged, and record or push it again
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "export", "bad.idx"]).code(9).snapshot(), @"
    exit code: 9
    --- stderr ---
    error: cannot read the index `bad.idx`
      caused by: the index is corrupt in its tests section: its checksum does not match
    hint: nothing is skipped on such an index; record the commit again
    ");
    std::fs::write(sandbox.work().join("cut.idx"), &bytes[..bytes.len() / 2]).unwrap();
    assert_snapshot!(sandbox.skiptrace(["index", "query", "cut.idx", "--key", "pkg/api"]).code(9).snapshot(), @"
    exit code: 9
    --- stderr ---
    error: cannot read the index `cut.idx`
      caused by: the index is corrupt in its trailer section: its checksum does not match: the file is cut, damaged, or no skiptrace index
    hint: nothing is skipped on such an index; record the commit again
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "show", "nowhere.idx"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: there is no file `nowhere.idx`
    ");
}

#[test]
fn gc_keeps_the_newest_of_each_branch() {
    let mut sandbox = sandbox();
    sandbox.var("SKIPTRACE_INDEX_KIND", "package");
    sandbox.write("index.json", DOCUMENT);
    let repo = sandbox.repo();
    for (number, branch) in [(1, "main"), (2, "main"), (3, "dev"), (4, "main")] {
        repo.commit(&format!("commit {number}"), &[("a", &number.to_string())]);
        let at = format!("2025-12-2{number}T00:00:00Z");
        let args = ["index", "import", "index.json", "-q", "--branch", branch, "--recorded-at", &at];
        let _ = sandbox.skiptrace(args).success();
    }
    assert_snapshot!(sandbox.skiptrace(["index", "list"]).success().stdout(), @"
    COMMIT        BRANCH  RECORDED         SHARDS   SIZE  STATE
    1dfa6889a52d  main    9 days ago   all in one  731 B  complete, as far as shards tell
    2b2331ea78d1  dev     10 days ago  all in one  728 B  complete, as far as shards tell
    42db9290e096  main    11 days ago  all in one  730 B  complete, as far as shards tell
    27146443276e  main    12 days ago  all in one  729 B  complete, as far as shards tell
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "gc"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    forgot 0 of 4 commits (0 B) in `$DIR/work/.git/skiptrace/store`
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "gc", "--keep", "1", "--dry-run"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    WOULD FORGET  BRANCH  RECORDED      SIZE
    27146443276e  main    12 days ago  729 B
    42db9290e096  main    11 days ago  730 B
    --- stderr ---
    would forget 2 of 4 commits (1.4 KiB) in `$DIR/work/.git/skiptrace/store`
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "gc", "--younger-than", "9d", "--branch", "main"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    FORGOTTEN     BRANCH  RECORDED      SIZE
    27146443276e  main    12 days ago  729 B
    42db9290e096  main    11 days ago  730 B
    --- stderr ---
    forgot 2 of 4 commits (1.4 KiB) in `$DIR/work/.git/skiptrace/store`
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "list", "--branch", "main", "--limit", "1"]).success().stdout(), @"
    COMMIT        BRANCH  RECORDED        SHARDS   SIZE  STATE
    1dfa6889a52d  main    9 days ago  all in one  731 B  complete, as far as shards tell
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "list", "--keys"]).success().stdout(), @"
    skiptrace/v1/branches/package/dev/8233551999999-$COMMIT	0
    skiptrace/v1/branches/package/main/8233465599999-$COMMIT	0
    skiptrace/v1/package/$COMMIT/all.idx	731
    skiptrace/v1/package/$COMMIT/all.idx	728
    ");
}

#[test]
fn bad_documents_are_refused_by_name() {
    let sandbox = sandbox();
    sandbox.repo().commit("first", &[("a", "b")]);
    let import = |json: &str| {
        sandbox.write("bad.json", json);
        sandbox.skiptrace(["index", "import", "bad.json"]).code(2).stderr()
    };
    assert_snapshot!(import(r#"{"unit": ["TestA"]}"#), @"
    error: cannot import `bad.json`
      caused by: not an index of the form {job: {key: [test, …]}}: invalid type: sequence, expected an object with a list of tests for each key at line 1 column 9
    ");
    assert_snapshot!(import(r#"{"unit": {"/etc/passwd": ["TestA"]}}"#), @"
    error: cannot import the index
      caused by: key `/etc/passwd` of job `unit`: `/etc/passwd` is not a path inside the repository: it is absolute
    ");
    assert_snapshot!(import(r#"{"": {"a": ["TestA"]}}"#), @"
    error: cannot import `bad.json`
      caused by: not an index of the form {job: {key: [test, …]}}: invalid job name ``: it is empty at line 1 column 3
    ");
    assert_snapshot!(import(r#"{"unit": {"a": ["TestA"]}"#), @"
    error: cannot import `bad.json`
      caused by: not an index of the form {job: {key: [test, …]}}: EOF while parsing an object at line 1 column 25
    ");
    assert_snapshot!(sandbox.skiptrace(["index", "import", "none.json"]).code(2).stderr(), @"
    error: cannot read `none.json`
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn outside_of_a_repository_commits_have_full_ids() {
    let sandbox = sandbox();
    sandbox.write("index.json", DOCUMENT);
    let import = |commit: &str| {
        let args =
            ["index", "import", "index.json", "--kind", "package", "--commit", commit, "--store", "store"];
        sandbox.skiptrace(args)
    };
    assert_snapshot!(import("HEAD").code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: outside of a repository, `HEAD` names no commit
    hint: give the full id of the commit, or the path of an index file
    ");
    assert_snapshot!(import("0123456789abcdef0123456789abcdef01234567").success().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 5 tests of 2 jobs into the package index of `0123456789ab` (672 B) in `$DIR/work/store`
    ");
}

#[test]
fn processes_that_push_one_key_do_not_harm_each_other() {
    let sandbox = sandbox();
    sandbox.repo().commit("first", &[("a", "b")]);
    let contents: Vec<String> = (0..8).map(|n| format!(r#"{{"unit": {{"a": ["test{n}"]}}}}"#)).collect();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let pushes: Vec<_> = contents
            .iter()
            .enumerate()
            .map(|(number, json)| {
                sandbox.write(format!("{number}.json"), json);
                let name = format!("{number}.json");
                scope.spawn(|| {
                    sandbox.skiptrace(["index".to_owned(), "import".to_owned(), name]).has_succeeded()
                })
            })
            .collect();
        pushes.into_iter().map(|push| push.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|succeeded| **succeeded).count(), 1, "{outcomes:?}");
    let winner = outcomes.iter().position(|succeeded| *succeeded).unwrap();
    let exported = sandbox.skiptrace(["index", "export"]).success().stdout();
    assert!(exported.contains(&format!("\"test{winner}\"")), "{exported}");
}
