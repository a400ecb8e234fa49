use super::*;

fn command(text: &str) -> GoCommand {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    GoCommand::parse(&words, "", &|_| None).unwrap().unwrap()
}

fn package(name: &str, tests: Option<&[&str]>, others: Option<&[&str]>) -> Selected {
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    Selected {
        import_path: format!("e.org/{name}"),
        folder: format!("/w/{name}").into(),
        choice: tests.map_or(Choice::All, |tests| Choice::Tests(set(tests))),
        others: others.map(set),
    }
}

fn check(text: &str, selected: &[Selected]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let subset = subset(&command(text), selected, "/a b/exec", &dir.path().join("choices")).unwrap();
    subset.commands.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("\n")
}

const USERS: &str = "go test -short -run=Test -own word";
const THROUGH: &str = "go test -short=true -exec='/a b/exec'";

#[test]
fn the_go_tool_does_alone_what_it_can() {
    let one = package("a", Some(&["TestA", "TestB"]), None);
    let none = package("n", Some(&[]), None);
    assert_eq!(
        check(USERS, &[none.clone(), one]),
        "go test -short=true -run=^(TestA|TestB)$ e.org/a -args -own word"
    );
    let all = [package("a", None, None), package("b", None, None)];
    assert_eq!(check("go test ./...", &all), "go test e.org/a e.org/b");
    let unique =
        [package("a", Some(&["TestA"]), Some(&["TestC"])), package("b", Some(&["TestB"]), Some(&[]))];
    assert_eq!(
        check("go test ./... -exec=x", &unique),
        "go test -exec=x -run=^(TestA|TestB)$ e.org/a e.org/b"
    );
    assert_eq!(check("go test", &[none]), "");
}

#[test]
fn names_that_mean_other_tests_elsewhere_go_through_the_shim() {
    for selected in [
        [package("a", Some(&["TestA"]), Some(&[])), package("b", Some(&["TestB"]), Some(&["TestA"]))],
        [package("a", Some(&["TestA"]), None), package("b", Some(&["TestB"]), None)],
        [package("a", Some(&["TestA"]), Some(&[])), package("b", None, Some(&[]))],
        [package("a", Some(&["TestA/x"]), Some(&[])), package("b", Some(&["TestA/y"]), Some(&[]))],
        [package("a", Some(&["TestA"]), Some(&[])), package("b", Some(&["TestA/y"]), Some(&[]))],
    ] {
        assert_eq!(check("go test -short ./...", &selected), format!("{THROUGH} e.org/a e.org/b"));
        let users = THROUGH.replace("-exec", "-run=Test -exec");
        assert_eq!(check(USERS, &selected), format!("{users} e.org/a e.org/b -args -own word"));
    }
}

#[test]
fn what_is_wanted_is_handed_over() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("choices");
    let selected = [package("a", Some(&["TestA"]), None), package("b", None, None)];
    let subset = subset(&command("go test -exec wrap ./..."), &selected, "/exec", &file).unwrap();
    let mode = Mode::Subset { choices: file.clone(), users: None };
    assert_eq!(subset.plan, Some(Plan { mode, chain: vec!["wrap".to_owned()] }));
    // Results were not cached before either.
    assert_eq!(subset.notes, [""; 0]);
    assert_eq!(Choices::read(&file).unwrap().packages.len(), 2);
}

#[test]
fn gotestsum_is_told_of_packages_in_its_own_way() {
    let one = [package("a", Some(&["TestA"]), None)];
    assert_eq!(
        check("gotestsum --rerun-fails --packages=./... -- -short", &one),
        "gotestsum --rerun-fails --packages=e.org/a -- -short=true -run=^TestA$"
    );
}

#[test]
fn long_commands_are_cut() {
    let selected: Vec<Selected> =
        (0..5000).map(|n| package(&format!("a-long-name-of-a-package/{n}"), None, None)).collect();
    let commands = check("go test", &selected);
    assert!(commands.lines().count() > 1);
    assert!(commands.lines().all(|line| line.len() < 110_000));
    assert_eq!(commands.lines().map(|line| line.split(' ').count() - 2).sum::<usize>(), 5000);
}
