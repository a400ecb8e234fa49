use super::*;

fn recording(text: &str, goflags: &str) -> Result<Recording, CommandError> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    GoCommand::parse(&words, goflags, &|_| None).unwrap().unwrap().recording()
}

#[test]
fn what_recording_says_itself_is_left_out() {
    let text = "go test -race -tags=a,b -vet=off -v -json -count=3 -run=^TestA -skip B -short -timeout=5s -cover \
                -coverprofile=c -coverpkg=./x,./y -cpuprofile cpu -p 1 ./a -own -args word";
    let recording = recording(text, "").unwrap();
    assert_eq!(recording.build, ["-race=true", "-tags=a,b", "-p=1"]);
    assert_eq!(recording.test_build, ["-vet=off"]);
    assert_eq!(recording.binary, ["-test.short=true", "-test.timeout=5s", "-own", "word"]);
    assert_eq!(recording.filters, ["-test.run=^TestA", "-test.skip=B"]);
    assert_eq!(recording.measured, ["./x", "./y"]);
    assert_eq!((recording.mode, recording.packages_at_once), (CoverMode::Atomic, Some(1)));
    insta::assert_snapshot!(recording.notes.join("\n"), @"
    `-count` is left out: each test runs as often as `--runs` says
    `-cover` is left out: coverage is always measured
    `-coverpkg` is left out: the coverage of every package of the module is measured
    `-coverprofile` is left out: no coverage profile is written
    `-cpuprofile` is left out: no profile is written
    `-json` is left out: what tests print is not shown unless they fail
    `-v` is left out: what tests print is not shown unless they fail
    `-p` is for building only: `--jobs` says how many tests run side by side
    ");
    insta::assert_snapshot!(recording.go_test("/a b/exec", &["./...".to_owned()]).unwrap().join(" "), @"go test -race=true -tags=a,b -p=1 -vet=off -count=1 -cover=true -covermode=atomic -coverpkg=./... -exec='/a b/exec' ./a -args -test.run=^TestA -test.skip=B -test.short=true -test.timeout=5s -own word");
    assert_eq!(recording.go_list(), ["go", "list", "-race=true", "-tags=a,b", "-p=1"]);
    assert_eq!(recording.go_test("a'b\"c", &[]), None);
}

#[test]
fn tests_without_some_subtests_are_other_tests() {
    let recording = recording("go test -short -skip=TestA/x", "").unwrap();
    assert_eq!(recording.binary, ["-test.skip=TestA/x", "-test.short=true"]);
    assert_eq!(recording.filters, [""; 0]);
}

#[test]
fn what_the_environment_asks_for_is_undone() {
    let goflags =
        "-json -v -tags=x -run=A -shuffle=on -cpuprofile=c -count=2 -coverprofile=c '-exec=w x' -timeout=3s";
    let recording = recording("go test", goflags).unwrap();
    let words = recording.go_test("/exec", &[]).unwrap().join(" ");
    insta::assert_snapshot!(words, @"go test -json=false -v=false -shuffle=off -cpuprofile= -coverprofile= -count=1 -cover=true -covermode=count -exec=/exec . -args");
    assert_eq!(recording.chain, ["w", "x"]);
    assert_eq!(recording.mode, CoverMode::Count);
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let error = |text: &str, goflags: &str| recording(text, goflags).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error("go test -c", ""),
            error("go test -o x", ""),
            error("go test -fuzz=F", ""),
            error("go test -n", ""),
            error("go test -run=TestA/sub", ""),
            error("go test", "-run=TestA/sub"),
            error("go test -args -test.run TestA/sub", ""),
            error("go test a_test.go", ""),
            error("go test -exec 'a", ""),
        ]
        .join("\n"),
        @"
    `-c` builds a test binary and runs no test: leave it out
    `-o` keeps a test binary in a place of its own: leave it out
    `-fuzz` runs for as long as it is let: leave it out; the seeds of fuzz targets are run as tests
    `-n` prints commands and runs none: leave it out
    `-run=TestA/sub` names subtests, which are recorded with the test that they are part of: name the tests alone, without what comes after `/`
    `-run=TestA/sub` names subtests, which are recorded with the test that they are part of: name the tests alone, without what comes after `/`
    `-run=TestA/sub` names subtests, which are recorded with the test that they are part of: name the tests alone, without what comes after `/`
    `a_test.go` is a file, and tests are recorded by package: name its package, as `./folder`
    `'a` is no value for `-exec`: see `go help testflag`
    "
    );
    assert!(recording("go test -c=false -run=(a/b) -fuzz=", "").is_ok());
}
