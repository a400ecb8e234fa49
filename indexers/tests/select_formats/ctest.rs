//! CTest, of whichever release is installed, and as if it were an old one.

use skiptrace_indexers::run::native::{Listing, Options, ctest as native};
use skiptrace_indexers::select::ctest::{Ctest, Entry, release};

use super::*;

/// Makes a build folder with tests that write what they are called.
fn project(names: &[String]) -> Project {
    let mut text = String::new();
    for name in names {
        text.push_str(&format!(
            "add_test([==[{name}]==] \"/bin/sh\" \"-c\" \"printf 'ctest\\\\0%s\\\\0' \\\"\\$0\\\" >> \\\"\\$LOG\\\"\" [==[{name}]==])\n"
        ));
    }
    Project::new(&[("CTestTestfile.cmake", &text)])
}

fn entries(project: &Project) -> Vec<Entry> {
    let scratch = tempfile::tempdir().unwrap();
    let build = native::Build {
        folder: project.root.path().to_owned(),
        source: None,
        ctest: "ctest".into(),
        config: None,
        inherited: std::env::vars_os().collect(),
        filters: Vec::new(),
        whole_binaries: native::WholeBinaries::Keep,
    };
    let found = native::list(
        &build,
        Options::default(),
        &Listing {
            scratch: scratch.path().to_owned(),
            timeout: std::time::Duration::from_secs(60),
            max_output: 64 << 20,
        },
    )
    .unwrap();
    Entry::all(&found)
}

fn run(project: &Project, rendered: &Rendered) -> BTreeSet<TestName> {
    let mut command = Command::new("ctest");
    command.arg("--output-on-failure").args(&rendered.arguments);
    let (output, ran) = project.run(&mut command, rendered);
    assert!(output.status.success(), "{}", both(&output));
    ran
}

fn installed() -> Option<(u32, u32)> {
    let output =
        Command::new("ctest").arg("--version").output().ok().filter(|output| output.status.success());
    let found = output.and_then(|output| release(&String::from_utf8_lossy(&output.stdout)));
    if found.is_none() {
        skipped("`ctest` is missing");
    }
    found
}

#[test]
fn ctest_runs_exactly_what_is_left() {
    let Some(installed) = installed() else { return };
    let names: Vec<String> = AWKWARD.iter().map(|name| (*name).to_owned()).collect();
    let project = project(&names);
    let entries = entries(&project);
    assert_eq!(entries.iter().map(|entry| entry.tests.len()).sum::<usize>(), names.len(), "{entries:?}");
    let everything = run(&project, &Rendered::default());
    assert_eq!(everything.len(), names.len());
    let known: BTreeSet<TestName> = entries.iter().flat_map(|entry| entry.tests.clone()).collect();
    assert_eq!(known, everything);
    for release in BTreeSet::from([installed, installed.min((3, 28))]) {
        let format = Format::Ctest(Ctest { entries: &entries, release, exclude: None });
        for seed in 1..5 {
            let halves = halves(&everything, seed).with_stale("ctest", 10);
            for (strangers, form) in [(Strangers::Run, Form::Skip), (Strangers::Leave, Form::Run)] {
                let rendered = project.tell(&format, &halves.choice(strangers), form);
                let must = match strangers {
                    Strangers::Run => halves.with_strangers(),
                    Strangers::Leave => halves.run.iter().cloned().collect(),
                };
                let ran = run(&project, &rendered);
                assert!(ran.is_superset(&must), "{rendered:?}");
                let more: Vec<&TestName> = ran.difference(&must).collect();
                let n_needless = more.iter().filter(|test| halves.skip.contains(test)).count();
                assert_eq!(n_needless, rendered.kept, "{more:?} {rendered:?}");
                // A blank in a regular expression would be one to shells as well.
                assert!(more.iter().all(|test| test.name.contains(' ') && release < (3, 29)), "{more:?}");
            }
        }
        // What the user leaves out stays left out.
        let halves = halves(&everything, 9);
        let without_a = Ctest { entries: &entries, release, exclude: Some("a") };
        let mut rendered =
            project.tell(&Format::Ctest(without_a), &halves.choice(Strangers::Run), Form::Skip);
        rendered.arguments.splice(0..0, ["--exclude-regex".to_owned(), "a".to_owned()]);
        assert!(run(&project, &rendered).iter().all(|test| !test.name.contains('a')), "{rendered:?}");
        let all: Vec<TestName> = everything.iter().cloned().collect();
        for strangers in [Strangers::Leave, Strangers::Run] {
            let choice = Choice { run: &[], skip: &all, strangers };
            let rendered = project.tell(&format, &choice, Form::Skip);
            assert!(run(&project, &rendered).is_empty(), "{rendered:?}");
        }
    }
}

#[test]
fn ctest_leaves_out_thousands_as_far_as_it_can() {
    let Some(installed) = installed() else { return };
    let names: Vec<String> = (0..5000).map(|n| format!("module {n}/case.{}", n * 7919)).collect();
    let project = project(&names);
    let test = |name: &String| TestName::new("ctest", name.as_str());
    let tests: Vec<TestName> = names.iter().map(test).collect();
    let entries: Vec<Entry> =
        tests.iter().map(|test| Entry { name: test.name.to_string(), tests: vec![test.clone()] }).collect();
    let mut sorted = tests.clone();
    sorted.sort();
    let (run_, skip) = sorted.split_at(10);
    for release in BTreeSet::from([installed, (3, 28)]) {
        let format = Format::Ctest(Ctest { entries: &entries, release, exclude: None });
        let choice = Choice { run: run_, skip, strangers: Strangers::Run };
        let rendered = project.tell(&format, &choice, Form::Skip);
        let listed = Command::new("ctest")
            .args(["-N"])
            .args(&rendered.arguments)
            .current_dir(project.root.path())
            .output()
            .unwrap();
        let listed = both(&listed);
        let n_listed = listed
            .lines()
            .filter(|line| line.trim_start().starts_with("Test ") && line.contains('#'))
            .count();
        assert_eq!(n_listed, run_.len() + rendered.kept);
        assert!(run_.iter().all(|test| listed.contains(&*test.name)), "{listed}");
        assert_eq!(rendered.kept == 0, release >= (3, 29));
    }
}
