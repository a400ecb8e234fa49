//! `skiptrace config`.

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn show_names_where_values_come_from() {
    let mut sandbox = sandbox();
    sandbox.repo().commit("one", &[("skiptrace.toml", "[index]\njob = \"unit-linux\"\n")]);
    sandbox.write("../home/.config/skiptrace/config.toml", "[gc]\nkeep = 9\n\n[index]\njob = \"desk\"\n");
    sandbox.var("SKIPTRACE_STORE_CACHE_MAX_SIZE", "512 MiB");
    let output = sandbox.skiptrace(["config", "show", "--config", "query.shared=baseline"]);
    // How far columns are apart depends on where the sandbox is.
    let mut text = output.success().snapshot();
    while text.contains("   ") {
        text = text.replace("   ", "  ");
    }
    assert_snapshot!(text, @"
    exit code: 0
    --- stdout ---
    store.url  $DIR/work/.git/skiptrace/store  default, from the repository
    store.cache.enabled  true  default
    store.cache.dir  $DIR/home/.cache/skiptrace/store  default, from the user's cache folder
    store.cache.max-size  512 MiB  SKIPTRACE_STORE_CACHE_MAX_SIZE
    index.kind  function  default
    index.job  unit-linux  $DIR/work/skiptrace.toml:2
    index.branch  (unset)  default
    gc.keep  9  $DIR/home/.config/skiptrace/config.toml:2
    gc.younger-than  30d  default
    history.enabled  true  default
    history.path  $DIR/work/.git/skiptrace/history.sqlite  default, from the repository
    history.publish  true  default
    history.keep-days  400  default
    history.keep-runs  100000  default
    datadog.site  (unset)  default
    datadog.url  (unset)  default
    datadog.timeout  30s  default
    metrics.datadog  false  default
    metrics.otlp  false  default
    metrics.prometheus  (unset)  default
    metrics.jsonl  (unset)  default
    metrics.tags  default
    metrics.timeout  5s  default
    query.shared  baseline  --config
    select.policy  balanced  default
    select.packs  all  default
    select.escape  [skiptrace run-all]  default
    select.observe  false  default
    select.audit  0%  default
    ");
}

#[test]
fn show_as_json_names_its_schema() {
    let sandbox = sandbox();
    sandbox.repo();
    let output =
        sandbox.skiptrace(["config", "show", "store", "--json", "--store", "s3://ada:secret@bucket/x"]);
    assert_snapshot!(output.success().snapshot(), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/config@1","settings":[{"key":"store.url","value":"s3://ada:***@bucket/x","origin":{"kind":"flag","name":"--store"}},{"key":"store.cache.enabled","value":true,"origin":{"kind":"default"}},{"key":"store.cache.dir","value":"$DIR/home/.cache/skiptrace/store","origin":{"kind":"derived","from":"the user's cache folder"}},{"key":"store.cache.max-size","value":"1 GiB","origin":{"kind":"default"}}]}
    "#);
}

#[test]
fn show_prints_one_value_for_scripts() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.skiptrace(["config", "show", "index.kind"]).success().snapshot(), @r"
    exit code: 0
    --- stdout ---
    function
    ");
    assert_snapshot!(sandbox.skiptrace(["config", "show", "index.branch"]).success().snapshot(), @r"
    exit code: 0
    --- stdout ---
    ");
    assert_snapshot!(sandbox.skiptrace(["config", "show", "index.knid"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: unknown setting `index.knid`
    hint: did you mean `index.kind`?
    ");
}

#[test]
fn the_nearest_file_in_the_repository_counts() {
    let sandbox = sandbox();
    let repo = sandbox.repo();
    repo.commit(
        "one",
        &[("skiptrace.toml", "gc.keep = 1\n"), ("sub/skiptrace.toml", "gc.keep = 2\n"), ("a/b", "")],
    );
    let show = |folder| sandbox.skiptrace(["-C", folder, "config", "show", "gc.keep"]).success().stdout();
    assert_eq!((show("."), show("sub"), show("a")), ("1\n".to_owned(), "2\n".to_owned(), "1\n".to_owned()));
}

#[test]
fn path_tells_which_files_exist() {
    let sandbox = sandbox();
    sandbox.write("skiptrace.toml", "");
    assert_snapshot!(sandbox.skiptrace(["config", "path"]).success().snapshot(), @r"
    exit code: 0
    --- stdout ---
    user        $DIR/home/.config/skiptrace/config.toml  (none)
    repository  $DIR/work/skiptrace.toml
    ");
    assert_snapshot!(sandbox.skiptrace(["config", "path", "--json"]).success().snapshot(), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/config-path@1","files":[{"layer":"user","path":"$DIR/home/.config/skiptrace/config.toml","exists":false},{"layer":"repository","path":"$DIR/work/skiptrace.toml","exists":true}]}
    "#);
}

#[test]
fn mistakes_are_pointed_at() {
    let sandbox = sandbox();
    sandbox.write("skiptrace.toml", "[store]\nurl = s3://bucket\n");
    assert_snapshot!(sandbox.skiptrace(["config", "show"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: cannot read `$DIR/work/skiptrace.toml`: string values must be quoted, expected literal string at line 2, column 7
      |
    2 | url = s3://bucket
      |       ^^^^^^^^^^^
    ");
    sandbox.write("skiptrace.toml", "[store]\n\n# why\nulr = \"s3://bucket\"\n");
    assert_snapshot!(sandbox.skiptrace(["config", "show"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: unknown setting `store.ulr` ($DIR/work/skiptrace.toml:4)
    hint: did you mean `store.url`?
    ");
    assert_snapshot!(sandbox.skiptrace(["config", "show", "--json"]).code(2).snapshot(), @r#"
    exit code: 2
    --- stderr ---
    {"schema":"skiptrace/error@1","kind":"config","message":"unknown setting `store.ulr` ($DIR/work/skiptrace.toml:4)","caused-by":[],"hints":["did you mean `store.url`?"],"exit-code":2}
    "#);
}

#[test]
fn unknown_variables_warn() {
    let mut sandbox = sandbox();
    sandbox.var("SKIPTRACE_STORE_ULR", "s3://bucket");
    assert_snapshot!(sandbox.skiptrace(["config", "show", "gc.keep"]).success().snapshot(), @r"
    exit code: 0
    --- stdout ---
    50
    --- stderr ---
    warning: the variable `SKIPTRACE_STORE_ULR` is no setting and has no effect; did you mean `SKIPTRACE_STORE_URL`?
    ");
}
