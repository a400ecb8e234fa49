use std::path::{Path, PathBuf};

use super::*;
use crate::args::Assignment;
use crate::environment::tests::environment;
use skiptrace_engine::kind::IndexKind;

use crate::settings::{ByteSize, Settings, StoreUrl};

/// Resolves what a file, variables, `--config` and `--store` say.
fn resolve(
    text: &str,
    vars: &[(&str, &str)],
    config: &[&str],
    store: Option<&str>,
) -> Result<Settings, CommandError> {
    let mut vars = vars.to_vec();
    vars.push(("HOME", "/home/ada"));
    let environment = environment(&vars);
    let mut layers = Layers { cwd: environment.cwd.clone(), ..Layers::default() };
    layers.add_defaults(&environment, None)?;
    layers.add_file(text, Path::new("/repo/skiptrace.toml"))?;
    layers.add_variables(&environment)?;
    for text in config {
        let Assignment { key, value } = text.parse().unwrap();
        layers.add(&key, Raw::Untyped(value), Origin::Flag { name: "--config" }, &environment.cwd)?;
    }
    Settings::resolve(&layers.with_flags(Flag::given("store.url", "--store", store))?)
}

fn check_error(text: &str, vars: &[(&str, &str)], config: &[&str]) -> String {
    let error = resolve(text, vars, config, None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    error.hints.iter().fold(error.message, |text, hint| format!("{text}\nhint: {hint}"))
}

#[test]
fn later_layers_win_and_are_named() {
    let file = "[store]\nurl = \"from-file\"\n";
    let check = |vars: &[(&str, &str)], config: &[&str], store| {
        let settings = resolve(file, vars, config, store).unwrap();
        format!("{} from {}", settings.store_url.value, settings.store_url.origin)
    };
    assert_eq!(check(&[], &[], None), "/repo/from-file from /repo/skiptrace.toml:2");
    assert_eq!(check(&[("SKIPTRACE_STORE", "v")], &[], None), "/work/v from SKIPTRACE_STORE");
    assert_eq!(check(&[("SKIPTRACE_STORE", "")], &[], None), "/repo/from-file from /repo/skiptrace.toml:2");
    let both = [("SKIPTRACE_STORE", "v"), ("SKIPTRACE_STORE_URL", "w")];
    assert_eq!(check(&both, &[], None), "/work/w from SKIPTRACE_STORE_URL");
    assert_eq!(check(&both, &["store.url=c"], None), "/work/c from --config");
    assert_eq!(check(&both, &["store.url=c"], Some("memory:")), "memory: from --store");
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let settings = resolve("", &[], &[], None).unwrap();
    assert_eq!(settings.store_cache_max_size.value, ByteSize(1 << 30));
    assert_eq!(settings.index_kind.value, IndexKind::FUNCTION);
    assert_eq!(settings.index_kind.origin, Origin::Default);
    assert_eq!(settings.index_branch.value, None);
    assert_eq!(settings.store_cache_dir.value, Some(PathBuf::from("/home/ada/.cache/skiptrace/store")));
    let store: &StoreUrl = &settings.store_url.value;
    assert!(store.as_str().starts_with("/home/ada/.cache/skiptrace/work-"), "{store}");
    assert_eq!(settings.store_url.origin.to_string(), "default, from the user's cache folder");
}

#[test]
fn variables_are_read_as_what_the_setting_is() {
    let vars = [("SKIPTRACE_STORE_CACHE_ENABLED", "off"), ("SKIPTRACE_GC_KEEP", "7")];
    let settings = resolve("", &vars, &[], None).unwrap();
    assert_eq!((settings.store_cache_enabled.value, settings.gc_keep.value), (false, 7));
}

#[test]
fn flags_of_commands_win() {
    let environment = environment(&[("HOME", "/home/ada"), ("SKIPTRACE_INDEX_JOB", "unit")]);
    let layers = Layers::read(&environment, None, &GlobalArgs::default()).unwrap();
    let flag = Flag::given("index.job", "--job", Some("e2e"));
    let settings = Settings::resolve(&layers.clone().with_flags(flag).unwrap()).unwrap();
    assert_eq!(
        (settings.index_job.value.as_str(), settings.index_job.origin.to_string().as_str()),
        ("e2e", "--job")
    );
    let flag = Flag::given("index.job", "--job", None::<String>);
    let settings = Settings::resolve(&layers.with_flags(flag).unwrap()).unwrap();
    assert_eq!(settings.index_job.value, "unit");
}

#[test]
fn unknown_keys_are_errors_with_a_place_and_a_suggestion() {
    insta::assert_snapshot!(check_error("[store]\nurll = \"x\"\n", &[], &[]), @r"
    unknown setting `store.urll` (/repo/skiptrace.toml:2)
    hint: did you mean `store.url`?
    ");
    insta::assert_snapshot!(check_error("store = \"s3://x\"\n", &[], &[]), @r"
    unknown setting `store` (/repo/skiptrace.toml:1)
    hint: did you mean `store.url`?
    ");
    insta::assert_snapshot!(check_error("[colours]\nfun = true\n", &[], &[]), @r"
    unknown setting `colours.fun` (/repo/skiptrace.toml:2)
    hint: `skiptrace config show` lists the settings
    ");
    insta::assert_snapshot!(check_error("", &[], &["gc.kep=3"]), @r"
    unknown setting `gc.kep` (--config)
    hint: did you mean `gc.keep`?
    ");
}

#[test]
fn wrong_values_are_errors_even_where_another_wins() {
    insta::assert_snapshot!(check_error("gc.keep = \"many\"\n", &[("SKIPTRACE_GC_KEEP", "3")], &[]), @"invalid value for `gc.keep` (/repo/skiptrace.toml:1): expected a whole number, found `many`");
    insta::assert_snapshot!(check_error("store.cache.enabled = 1\n", &[], &[]), @"invalid value for `store.cache.enabled` (/repo/skiptrace.toml:1): expected `true` or `false`, found the number `1`");
    insta::assert_snapshot!(check_error("store.url = [\"a\"]\n", &[], &[]), @"invalid value for `store.url` (/repo/skiptrace.toml:1): expected a URL such as `s3://bucket/prefix`, or a folder that starts with no `~`, found a value of type array");
    insta::assert_snapshot!(check_error("", &[("SKIPTRACE_INDEX_KIND", "functions")], &[]), @"
    invalid value for `index.kind` (SKIPTRACE_INDEX_KIND): expected one of `function`, `file`, `package`, `diffed-function`, `diffed-file`, `diffed-package`, found `functions`
    hint: did you mean `function`?
    ");
    insta::assert_snapshot!(check_error("", &[], &["store.cache.max-size=big"]), @"invalid value for `store.cache.max-size` (--config): expected a size such as `512 MiB` or `1.5 GiB`, found `big`");
    insta::assert_snapshot!(check_error("", &[], &["gc.younger-than=30"]), @"invalid value for `gc.younger-than` (--config): expected a span such as `30d`, `12h` or `90min`, found `30`");
    insta::assert_snapshot!(check_error("store.cache.dir = \"~/x\"\n", &[], &[]), @"invalid value for `store.cache.dir` (/repo/skiptrace.toml:1): expected a path, which starts with no `~`, found `~/x`");
}

#[test]
fn unknown_variables_warn() {
    let environment = environment(&[
        ("SKIPTRACE_STROE", "x"),
        ("SKIPTRACE_LOG", "debug"),
        ("SKIPTRACE_REQUIRE_TOOLS", "1"),
        ("SKIPTRACE_COLOURS", "many"),
        ("OTHER", "x"),
    ]);
    let mut layers = Layers::default();
    layers.add_variables(&environment).unwrap();
    assert_eq!(
        layers.warnings,
        [
            "the variable `SKIPTRACE_COLOURS` is no setting and has no effect",
            "the variable `SKIPTRACE_STROE` is no setting and has no effect; did you mean `SKIPTRACE_STORE`?",
        ]
    );
}
