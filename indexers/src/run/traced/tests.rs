use std::collections::BTreeMap;

use super::*;

#[derive(Default)]
struct Log(Vec<Happened>);

impl Listener for Log {
    fn hear(&mut self, happened: Happened) {
        self.0.push(happened);
    }
}

fn check(script: &str, timeout: Option<Duration>) -> (Finished, Vec<Happened>, String) {
    check_program("/bin/bash".as_ref(), &["-c", script], timeout)
}

fn check_program(
    program: &Path,
    args: &[&str],
    timeout: Option<Duration>,
) -> (Finished, Vec<Happened>, String) {
    let folder = tempfile::tempdir().unwrap();
    let command = CommandLine {
        program: program.to_owned(),
        args: args.iter().map(Into::into).collect(),
        cwd: "/".into(),
        env: BTreeMap::new(),
    };
    let mut log = Log::default();
    let finished = run(&command, &[], folder.path(), timeout, &Watch::start(), &mut log).unwrap();
    let text = std::fs::read_to_string(&finished.stdout).unwrap();
    (finished, log.0, text)
}

fn count(log: &[Happened], wanted: impl Fn(&Happened) -> bool) -> usize {
    log.iter().filter(|happened| wanted(happened)).count()
}

#[test]
fn starts_and_ends_are_seen() {
    assert_eq!(hindrance(), None);
    let (finished, log, text) = check("echo one; (exit 3); /bin/true; exit 5", None);
    assert_eq!(finished.status.code(), Some(5));
    assert_eq!(text, "one\n");
    assert_eq!(count(&log, |happened| matches!(happened, Happened::Became { .. })), 2, "{log:?}");
    assert_eq!(count(&log, |happened| matches!(happened, Happened::Ended { .. })), 3, "{log:?}");
    assert_eq!(count(&log, |happened| matches!(happened, Happened::Leaving { .. })), 3, "{log:?}");
    let codes: Vec<Option<i32>> = log
        .iter()
        .filter_map(|happened| match happened {
            Happened::Ended { status, .. } => Some(status.code()),
            _ => None,
        })
        .collect();
    assert_eq!(codes, [Some(3), Some(0), Some(5)]);
}

#[test]
fn signals_arrive_with_and_without_a_name() {
    let script =
        "trap 'echo named' USR1; trap 'echo unnamed' RTMIN+3; kill -USR1 $$; kill -RTMIN+3 $$; echo end";
    let (finished, _, text) = check(script, None);
    assert!(finished.status.success());
    assert_eq!(text, "named\nunnamed\nend\n");
    let (finished, log, _) = check("kill -KILL $$", None);
    assert_eq!(finished.status.signal(), Some(9));
    assert_eq!(count(&log, |happened| matches!(happened, Happened::Leaving { .. })), 1);
}

#[test]
fn what_stops_stays_stopped() {
    let script = "(kill -STOP $BASHPID; echo woken) & sleep 0.3; echo waited; kill -CONT $!; wait";
    let (_, _, text) = check(script, None);
    assert_eq!(text, "waited\nwoken\n");
}

#[test]
fn nothing_outlives_its_time() {
    let (finished, _, _) = check("sleep 60 & sleep 60", Some(Duration::from_millis(300)));
    assert_eq!(finished.stopped, Some(Stopped::TimedOut));
    assert!(finished.duration < Duration::from_secs(10));
    // One that left the group, which the group's end does not reach.
    let (finished, log, _) = check("setsid sleep 60 & sleep 0.2; exit 0", None);
    assert!(finished.status.success());
    let left = |happened: &Happened| matches!(happened, Happened::Ended { left_over: true, .. });
    assert_eq!(count(&log, left), 1, "{log:?}");
}

#[test]
fn tests_side_by_side_do_not_meet() {
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                for _ in 0..5 {
                    let (finished, log, text) = check(&format!("/bin/true; (exit 1); echo {number}"), None);
                    assert!(finished.status.success());
                    assert_eq!(text, format!("{number}\n"));
                    assert_eq!(count(&log, |happened| matches!(happened, Happened::Ended { .. })), 3);
                }
            });
        }
    });
}

/// Not a test: a process that ends while its threads start others.
#[test]
#[ignore = "it ends the process; others run it"]
fn threads_without_end() {
    fn more() {
        loop {
            let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| {})).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    }
    (0..3).for_each(|_| drop(std::thread::spawn(more)));
    std::thread::sleep(Duration::from_millis(10));
    std::process::exit(7);
}

#[test]
fn a_process_may_end_while_its_threads_begin() {
    let own = std::env::current_exe().unwrap();
    let args = ["--exact", "run::traced::tests::threads_without_end", "--ignored"];
    for _ in 0..50 {
        let (finished, log, _) = check_program(&own, &args, Some(Duration::from_secs(60)));
        assert_eq!((finished.status.code(), finished.stopped), (Some(7), None));
        assert_eq!(count(&log, |happened| matches!(happened, Happened::Ended { .. })), 1, "{log:?}");
    }
}
