use super::*;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn parse_with(text: &str, goflags: &str) -> Result<Option<GoCommand>, CommandError> {
    GoCommand::parse(&words(text), goflags, &|_| None)
}

fn parse(text: &str) -> GoCommand {
    parse_with(text, "").unwrap().unwrap()
}

/// The packages, the flags and what the test binary gets, for people to read.
fn shown(text: &str) -> String {
    let command = parse(text);
    let flags: Vec<String> = command.flags.iter().map(GoFlag::to_word).collect();
    format!("[{}] [{}] [{}]", command.packages.join(" "), flags.join(" "), command.binary.join(" "))
}

#[test]
fn arguments_are_told_apart_as_go_does() {
    for (text, expected) in [
        ("go test", "[] [] []"),
        ("go test ./...", "[./...] [] []"),
        ("go test -short ./a ./b", "[./a ./b] [-short=true] [-test.short=true]"),
        ("go test ./a -tags x --run=T -v", "[./a] [-tags=x -run=T -v=true] [-test.run=T -test.v=true]"),
        ("go test -test.run T -race", "[] [-run=T -race=true] [-test.run=T]"),
        ("go test -short=0 -count 2 .", "[.] [-short=0 -count=2] [-test.short=0 -test.count=2]"),
        // Nothing is a package after a flag that is not known, since it may be the value of that flag.
        ("go test -own ./a", "[] [] [-own ./a]"),
        ("go test -own=1 ./a -short", "[] [] [-own=1 ./a -short]"),
        ("go test ./a -own value -short", "[./a] [-short=true] [-own value -test.short=true]"),
        ("go test ./a -own value word -short", "[./a] [] [-own value word -short]"),
        ("go test ./a -short word -v", "[./a] [-short=true] [-test.short=true word -v]"),
        ("go test ./a -args -v ./b", "[./a] [] [-v ./b]"),
        ("go test ./a -short -- -v", "[./a] [-short=true] [-test.short=true -- -v]"),
        ("go test -coverprofile c.out", "[] [-coverprofile=c.out] [-test.coverprofile=c.out]"),
        ("go test -run -v", "[] [-run=-v] [-test.run=-v]"),
        ("go test -", "[-] [] []"),
        ("go test -test.unknown -i x", "[] [] [-test.unknown -i x]"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn programs_are_known_by_their_names() {
    for text in
        ["go test", "/usr/local/go/bin/go test", "go1.22.3 test", "gotip test", "gotestsum", "bin/gotestsum"]
    {
        assert!(parse_with(text, "").unwrap().is_some(), "{text}");
    }
    for text in [
        "",
        "go",
        "go build ./...",
        "go vet",
        "cargo test",
        "go1. test",
        "gotestsum tool slowest",
        "gox test",
    ] {
        assert_eq!(parse_with(text, ""), Ok(None), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let error = |text: &str, goflags: &str| parse_with(text, goflags).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error("go test -run", ""),
            error("go test -short=maybe", ""),
            error("go test -v=loud", ""),
            error("go test -h", ""),
            error("go test ./a -C b", ""),
            error("go test", "run=x"),
            error("go test", "-tags"),
            error("go test", "'-tags"),
            error("gotestsum --raw-command -- x", ""),
            error("gotestsum --watch", ""),
            error("gotestsum -short", ""),
        ]
        .join("\n"),
        @"
    `-run` needs a value: give it as `-run=VALUE`
    `maybe` is no value for `-short`: see `go help testflag`
    `loud` is no value for `-v`: see `go help testflag`
    `-h` asks for help instead of running tests: leave it out
    `-C` must be the first flag after `test`: move it there
    `GOFLAGS` holds `run=x`, which is no flag: see `go env GOFLAGS`
    `-tags` needs a value: give it as `-tags=VALUE`
    `GOFLAGS` holds `'-tags`, which is no flag: see `go env GOFLAGS`
    `--raw-command` runs a program that need not be the go tool: give the `go test` command instead
    `--watch` never ends: leave it out
    `-short` is no flag of gotestsum: put `--` before the flags of `go test`
    "
    );
}

#[test]
fn the_command_line_comes_before_the_environment() {
    let command = parse_with("go test -tags=b -tags=c ./a", "-tags=a -race '-exec=wrap -x' -modfile=m")
        .unwrap()
        .unwrap();
    assert_eq!(command.value("tags"), Some("c"));
    assert!(command.is_on("race") && !command.is_on("msan"));
    assert_eq!(command.chain().unwrap(), ["wrap", "-x"]);
    assert_eq!(command.binary, [""; 0]);
    assert_eq!(command.packages_or_here(), ["./a"]);
    // Flags of other commands mean nothing here.
    assert_eq!(parse_with("go test", "-json -u -insecure").unwrap().unwrap().inherited.len(), 1);
}

#[test]
fn the_folder_comes_first() {
    let command = parse("go test -C dir -short ./a");
    assert_eq!(command.folder.as_deref(), Some("dir"));
    assert_eq!(command.head("list"), ["go", "list", "-C=dir"]);
    assert_eq!(parse("go test --C=dir").folder.as_deref(), Some("dir"));
    assert_eq!(parse("go test").packages_or_here(), ["."]);
}

#[test]
fn gotestsum_runs_the_go_tool() {
    let check = |text: &str, folder: Option<&str>| {
        let variable = |name: &str| (name == "TEST_DIRECTORY").then(|| folder.map(str::to_owned)).flatten();
        let command = GoCommand::parse(&words(text), "", &variable).unwrap().unwrap();
        assert_eq!(command.runner, GoRunner::Gotestsum);
        format!(
            "{} | {} | {}",
            command.wrapper.join(" "),
            command.packages.join(" "),
            command.binary.join(" ")
        )
    };
    for (text, expected) in [
        ("gotestsum", "gotestsum | ./... | "),
        ("gotestsum -f dots --junitfile=x.xml", "gotestsum --format=dots --junitfile=x.xml | ./... | "),
        ("gotestsum -- -short ./a", "gotestsum | ./a | -test.short=true"),
        ("gotestsum ./a -short", "gotestsum | ./a | -test.short=true"),
        // Without a package that is named, it is the current folder's.
        ("gotestsum -- -short", "gotestsum |  | -test.short=true"),
        (
            "gotestsum --rerun-fails --packages ./a -- -short -args x",
            "gotestsum --rerun-fails | ./a | -test.short=true x",
        ),
        ("gotestsum --rerun-fails=3 --packages=./b", "gotestsum --rerun-fails=3 | ./b | "),
    ] {
        assert_eq!(check(text, None), expected, "{text}");
    }
    assert_eq!(
        check("gotestsum --no-color -- -short", Some("./t")),
        "gotestsum --no-color=true | ./t | -test.short=true"
    );
}
