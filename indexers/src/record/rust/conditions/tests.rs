//! What is known of a build before it is made.

use super::*;

fn arguments(folder: &Path, cwd: &str, text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let command = CargoCommand::parse(&words).unwrap();
    let cwd = folder.join(cwd);
    let given =
        Given { command: Some(&command), cwd: &cwd, repository: folder, cargo_home: None, lockfile: None };
    given.parts().remove("arguments").unwrap()
}

#[test]
fn arguments_have_one_spelling() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("member")).unwrap();
    std::fs::write(folder.path().join("x.toml"), "build.jobs = 1").unwrap();
    let of = |text: &str| arguments(folder.path(), "", text);
    for text in [
        "cargo test",
        "cargo test --workspace -p a --lib -j4 name --no-fail-fast --locked",
        "cargo nextest run --profile ci --release -E all()",
    ] {
        assert_eq!(of(text), "(none)", "{text}");
    }
    for text in [
        "cargo test --features b,a",
        "cargo test -F a -F b",
        "cargo test -Fa --features=b",
        "cargo nextest run --features a --features b",
    ] {
        assert_eq!(of(text), "--features a,b", "{text}");
    }
    assert_eq!(of("cargo test -Zx -Z y --all-features"), "--all-features -Z x -Z y");
    assert_eq!(of("cargo test --config a.b=1 --config=a.b=2"), "--config a.b=1 --config a.b=2");
    assert!(of("cargo test --config x.toml").starts_with("--config file "));
    assert_eq!(of("cargo test --manifest-path member/Cargo.toml"), "--manifest-path member/Cargo.toml");
    let in_member = |text: &str| arguments(folder.path(), "member", text);
    assert_eq!(in_member("cargo test --features a"), "--features a in member");
    assert_eq!(in_member("cargo test --features m/a"), "--features m/a");
    assert_eq!(in_member("cargo test"), "(none)");
}

#[test]
fn only_variables_that_change_builds_count() {
    for (name, value, counts) in [
        ("RUSTFLAGS", "-g", true),
        ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "lld", true),
        ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-g", true),
        ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", "wine", false),
        ("CARGO_TARGET_DIR", "x", false),
        ("CARGO_TARGET_TMPDIR", "x", false),
        ("CARGO_PROFILE_TEST_DEBUG", "0", true),
        ("CARGO_BUILD_TARGET", "x", true),
        ("CARGO_BUILD_JOBS", "1", false),
        ("CARGO_INCREMENTAL", "0", false),
        ("CARGO_PKG_NAME", "x", false),
        ("RUSTC_WRAPPER", "/opt/sccache", false),
        ("RUSTC_WRAPPER", "./wrap.sh", true),
        ("RUSTC", "rustc", true),
        ("RUSTUP_TOOLCHAIN", "stable", false),
        ("RUSTFLAGS", "", false),
        ("HOME", "/", false),
    ] {
        let variables = BTreeMap::from([(name.into(), value.into())]);
        assert_eq!(build_variables(&variables).count() == 1, counts, "{name}={value}");
    }
}

#[test]
fn configuration_outside_counts_where_it_changes_builds() {
    let folder = tempfile::tempdir().unwrap();
    let (home, repository) = (folder.path().join("home"), folder.path().join("repository"));
    std::fs::create_dir_all(repository.join(".cargo")).unwrap();
    std::fs::create_dir_all(&home).unwrap();
    let of = |text: &str| {
        std::fs::write(home.join("config.toml"), text).unwrap();
        let given = Given {
            command: None,
            cwd: &repository,
            repository: &repository,
            cargo_home: Some(&home),
            lockfile: None,
        };
        given.parts().remove("configuration")
    };
    let harmless = "[build]\njobs = 2\nrustc-wrapper = \"sccache\"\n[net]\ngit-fetch-with-cli = true\n";
    assert_eq!(of(harmless), None);
    let flags = of("[build]\njobs = 1\nrustflags = [\"-g\"]\n");
    assert!(flags.is_some());
    assert_eq!(of("build.rustflags = [ \"-g\" ] # the same"), flags);
    assert_ne!(of("build.rustflags = [\"-O\"]"), flags);
    assert_ne!(of("[env]\nA = \"1\""), of("[env]\nA = \"2\""));
    assert!(of("no toml").is_some());
    // In the repository it is a file like others.
    std::fs::remove_file(home.join("config.toml")).unwrap();
    std::fs::write(repository.join(".cargo/config.toml"), "build.rustflags = []").unwrap();
    assert_eq!(of(""), None);
}

#[test]
fn configured_variables_are_what_code_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path();
    std::fs::create_dir_all(repository.join(".cargo")).unwrap();
    std::fs::write(
        repository.join(".cargo/config.toml"),
        "[env]\nSET = \"config\"\nFORCED = { value = \"f\", force = true }\n",
    )
    .unwrap();
    let differing = |recorded: &[(&str, &str)], own: &[(&str, &str)]| {
        let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        variables.extend(own.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
        let present =
            Present { command: None, cwd: repository, variables: &variables, repository, cache: None };
        let parts = recorded.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let found = conditions(&present, &EnvironmentKey { parts: parts.collect() });
        let variables = found.into_iter().map(|difference| difference.part);
        let wanted = ["$SET", "$FORCED"];
        variables.filter(|part| wanted.contains(&part.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(differing(&[("$SET", "config"), ("$FORCED", "f")], &[]), [""; 0]);
    assert_eq!(
        differing(&[("$SET", "config"), ("$FORCED", "f")], &[("SET", "x"), ("FORCED", "x")]),
        ["$SET"]
    );
    // To a build script it was not set.
    assert_eq!(differing(&[("$SET", "(not set)")], &[]), [""; 0]);
    assert_eq!(differing(&[("$SET", "(not set)")], &[("SET", "x")]), ["$SET"]);
    assert_eq!(differing(&[("$SET", "x")], &[]), ["$SET"]);
}
