use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use skiptrace_engine::recording::Shard;

use super::*;
use crate::run::libtest::told;
use crate::run::scratch::Cell;
use crate::run::together::TOGETHER;

/// Takes the numbers in the file `trace` for what was executed, the word `killed` for trouble, and `itself` for trouble
/// of the process itself.
struct Files;

impl Observer for Files {
    type Trace = Trace;

    fn variables(&self, _: &Case, folder: &Path) -> Vec<(&'static str, PathBuf)> {
        vec![("FOLDER", folder.to_owned())]
    }

    fn reduce(&self, _: &Case, cell: &Cell) -> Trace {
        let text = std::fs::read_to_string(cell.profiles().join("trace")).unwrap_or_default();
        let mut trace = Trace::default();
        for word in text.split_whitespace() {
            match word.parse() {
                Ok(place) => trace.places.push(place),
                Err(_) if word == "itself" => trace.is_headless = true,
                Err(_) => trace.trouble(Problem::ProcessKilled, word),
            }
        }
        trace
    }
}

fn case(name: &str, script: &str) -> Case {
    Case::shell("s", name, script)
}

const GOOD: &str = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored;'";

/// Runs two tests alone, of which the second executes 2, and then what `together` says of each time; says what belongs to both,
/// and what became of them.
fn shared(alone: &str, together: &[&str], wanted: &Wanted) -> String {
    let cases = [case("a", alone), case("b", "echo 2 > $FOLDER/trace; sleep 0.1")];
    let (scratch, watch) = (Scratch::new(None).unwrap(), Watch::start());
    let driver = driver::Options {
        jobs: 2,
        runs: 1,
        retries: 0,
        timeout: None,
        private_temporary: false,
        keep_output: false,
    };
    let mut ran = driver::drive(&cases, &driver, &scratch, &watch, &Files, &|_| {});
    // The first time it is another process than the second.
    let times = scratch.path().join("times");
    let scripts: Vec<String> = together
        .iter()
        .enumerate()
        .map(|(at, script)| {
            format!("[ $(wc -c < {0}) -ne {1} ] || {{ {script}; exit; }}", times.display(), at + 1)
        })
        .collect();
    let script = format!("echo >> {}; {}", times.display(), scripts.join("; "));
    let asked = Mutex::new(BTreeSet::new());
    let sharing = Sharing {
        driver: &driver,
        scratch: &scratch,
        watch: &watch,
        observer: &Files,
        listener: &|_| {},
        wanted,
        n_listed: &n_listed(&cases),
        together: &|of_suite, is_whole| {
            asked.lock().unwrap().insert((of_suite.len(), is_whole));
            let limit = Some(Duration::from_millis(300));
            (!together.is_empty())
                .then(|| Together { case: Case { timeout: limit, ..case(TOGETHER, &script) }, told })
        },
    };
    let shared = sharing.find(&cases, &mut ran);
    assert!(asked.into_inner().unwrap().into_iter().all(|asked| asked == (2, true)));
    let of_test = |ran: &Ran<Trace>| {
        let run = &runs(ran)[0];
        let why = |trouble: &Trouble| {
            let why = trouble
                .detail
                .strip_prefix("what the tests of `s` do when they share a process is not known: ");
            format!(" ({})", why.unwrap_or(&trouble.detail))
        };
        format!("; {}{}", run.outcome.name(), run.trace.troubles.iter().map(why).collect::<String>())
    };
    let n_times = std::fs::read(&times).unwrap_or_default().len();
    format!("{n_times}x {:?}{}", shared.get("s"), ran.iter().map(of_test).collect::<String>())
}

#[test]
fn what_tests_do_together_is_known_or_they_prove_nothing() {
    let executes = |places: &str| format!("echo {places} > $FOLDER/trace; {GOOD}");
    let fails = |names: &str| {
        format!("printf 'failures:\\n{names}\\n\\ntest result: FAILED. 1 passed; 1 failed;\\n'")
    };
    let everything = Wanted::default();
    let part = Wanted::new(Shard::WHOLE, [("s".to_owned(), "c".to_owned())].into());
    let mut told = String::new();
    for (title, together, wanted) in [
        ("nothing more", vec![executes("1 2")], &everything),
        ("something more", vec![executes("1 2 3 4"), executes("2 3")], &everything),
        ("killed the second time", vec![executes("3 4"), "echo 3 > $FOLDER/trace".to_owned()], &everything),
        ("killed the first time", vec!["echo 3 > $FOLDER/trace".to_owned()], &everything),
        ("one is lost", vec!["echo 'test result: ok. 1 passed; 0 failed;'".to_owned()], &everything),
        ("a child is killed", vec![format!("echo 1 killed > $FOLDER/trace; {GOOD}")], &everything),
        ("one fails", vec![fails("    b")], &everything),
        ("somebody fails", vec![fails("")], &everything),
        ("too long", vec!["sleep 60".to_owned()], &everything),
        ("nobody can say how", vec![], &everything),
        ("others are taken over", vec![executes("3")], &part),
    ] {
        let together: Vec<&str> = together.iter().map(String::as_str).collect();
        told.push_str(&format!("{title}: {}\n", shared("echo 1 > $FOLDER/trace", &together, wanted)));
    }
    let kills = "echo 1 killed > $FOLDER/trace";
    for (title, script) in [
        ("its child is killed there, too", format!("{kills}; {GOOD}")),
        ("they are killed as well", format!("{kills} itself; {GOOD}")),
    ] {
        told.push_str(&format!("{title}: {}\n", shared(kills, &[&script], &everything)));
    }
    insta::assert_snapshot!(told, @"
    nothing more: 1x None; passed; passed
    something more: 2x Some([3]); passed; passed
    killed the second time: 2x Some([3, 4]); passed; passed
    killed the first time: 1x None; passed (their process does not say what became of them); passed (their process does not say what became of them)
    one is lost: 1x None; passed (1 of 2 tests ran); passed (1 of 2 tests ran)
    a child is killed: 1x None; passed (killed); passed (killed)
    one fails: 1x None; passed; flaky
    somebody fails: 1x None; passed (1 of them fail, of which it does not say the names); passed (1 of them fail, of which it does not say the names)
    too long: 1x None; passed (they take too long); passed (they take too long)
    nobody can say how: 0x None; passed (they cannot be asked for by their names); passed (they cannot be asked for by their names)
    others are taken over: 0x None; passed; passed
    its child is killed there, too: 1x None; passed (killed); passed
    they are killed as well: 1x None; passed (killed) (their process did not leave all that it counted); passed (their process did not leave all that it counted)
    ");
}
