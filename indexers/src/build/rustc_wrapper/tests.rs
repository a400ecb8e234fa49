use super::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(Into::into).collect()
}

fn instrumented(folders: &[&str]) -> Instrumented {
    Instrumented { folders: folders.iter().map(|folder| (*folder).to_owned()).collect() }
}

/// Returns what is added to a command line of a package in `/w/a`.
fn added(args: &str, crate_name: &str, bin_name: Option<&str>) -> String {
    let argv = words(&format!("rustc {args}"));
    let environment = CompilationEnvironment {
        manifest_dir: Some(OsStr::new("/w/a")),
        crate_name: Some(OsStr::new(crate_name)),
        bin_name: bin_name.map(OsStr::new),
    };
    let command = command_line(&argv, environment, &instrumented(&["/w/a"]), None);
    assert_eq!(command[..argv.len()], argv);
    command[argv.len()..].iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

const BOTH: &str = "-Cinstrument-coverage -Cllvm-args=-runtime-counter-relocation";

#[test]
fn what_is_instrumented() {
    let lib = "--crate-name a src/lib.rs --crate-type lib --emit=dep-info,metadata,link";
    assert_eq!(added(lib, "a", None), BOTH);
    assert_eq!(added("--crate-name a src/lib.rs --test", "a", None), BOTH);
    assert_eq!(added("--crate-name m src/lib.rs --crate-type proc-macro", "m", None), "");
    assert_eq!(added("--crate-name m src/lib.rs --test --crate-type proc-macro", "m", None), BOTH);
    assert_eq!(
        added("--crate-name build_script_build build.rs --crate-type bin", "build_script_build", None),
        ""
    );
    // Those are only called so.
    assert_eq!(
        added("--crate-name build_script_x x.rs --crate-type bin", "build_script_x", Some("build-script-x")),
        BOTH
    );
    assert_eq!(added("--crate-name build_script_x x.rs --crate-type lib", "build_script_x", None), BOTH);
    assert_eq!(added("--crate-name build_script_x x.rs --test", "build_script_x", None), BOTH);
    // Arguments in a file.
    assert_eq!(added("@/tmp/cargo-argfile.x", "a", None), BOTH);
    assert_eq!(added("@/tmp/cargo-argfile.x", "build_script_build", None), "");
}

#[test]
fn questions_are_no_compilations() {
    for args in
        ["-vV", "- --crate-name ___ --print=file-names --crate-type bin", "--crate-name a --print cfg", "-V"]
    {
        assert_eq!(added(args, "a", None), "", "{args}");
    }
    let none =
        command_line(&words("rustc -vV"), CompilationEnvironment::default(), &instrumented(&["/w/a"]), None);
    assert_eq!(none, words("rustc -vV"));
    assert_eq!(command_line(&[], CompilationEnvironment::default(), &instrumented(&[]), None), words(""));
}

#[test]
fn what_the_user_gave_stays() {
    let lib = "--crate-name a src/lib.rs --crate-type lib";
    let relocation = "-Cllvm-args=-runtime-counter-relocation";
    for flag in ["-Cinstrument-coverage", "-C instrument-coverage", "--codegen=instrument-coverage=all"] {
        assert_eq!(added(&format!("{lib} {flag}"), "a", None), relocation, "{flag}");
        assert_eq!(added(&format!("{lib} {flag} {relocation}"), "a", None), "", "{flag}");
    }
    assert_eq!(added(&format!("{lib} -Cinstrument-coverage=off"), "a", None), BOTH);
    let chained = command_line(
        &words("clippy-driver rustc --crate-name a src/lib.rs"),
        CompilationEnvironment { manifest_dir: Some(OsStr::new("/w/a")), ..Default::default() },
        &instrumented(&["/w/a"]),
        Some(OsStr::new("sccache")),
    );
    assert_eq!(chained, words(&format!("sccache clippy-driver rustc --crate-name a src/lib.rs {BOTH}")));
}

#[test]
fn other_folders_stay_as_they_are() {
    let argv = words("rustc --crate-name ab src/lib.rs --crate-type lib");
    for folder in ["/w/ab", "/w", "/w/a/vendored"] {
        let environment =
            CompilationEnvironment { manifest_dir: Some(OsStr::new(folder)), ..Default::default() };
        assert_eq!(command_line(&argv, environment, &instrumented(&["/w/a"]), None), argv);
    }
}

#[test]
fn the_list_is_handed_over() {
    let few = instrumented(&["/w/a b", "/w/é\n\"c"]);
    let Handover::Inline(value) = few.encode() else { panic!("a short list") };
    assert_eq!(Instrumented::decode(&value, |_| unreachable!()).unwrap(), few);
    let many =
        Instrumented { folders: (0..5000).map(|n| format!("/a/long/folder/of/package-{n}")).collect() };
    let Handover::File(text) = many.encode() else { panic!("a long list") };
    let value = Handover::reference(Path::new("/tmp/list"));
    let decoded = Instrumented::decode(value.to_str().unwrap(), |path| {
        assert_eq!(path, Path::new("/tmp/list"));
        Ok(text.into_bytes())
    });
    assert_eq!(decoded.unwrap(), many);
    assert!(matches!(Instrumented::decode("", |_| unreachable!()), Err(HandoverError::Malformed(_))));
    let gone = Instrumented::decode("@/gone", |_| Err(std::io::ErrorKind::NotFound.into()));
    assert!(matches!(gone, Err(HandoverError::Unreadable { .. })));
}
