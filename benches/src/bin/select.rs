//! Times `skiptrace select` as people run it, in a repository whose index is large.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use skiptrace_backends::folder::FolderStore;
use skiptrace_benches::changes::{Draw, draw_files};
use skiptrace_benches::clock::Took;
use skiptrace_benches::counting::CountingReader;
use skiptrace_benches::sources::Edited;
use skiptrace_benches::workload::{Plan, Workload};
use skiptrace_engine::catalog::Catalog;
use skiptrace_engine::codec::IndexReader;
use skiptrace_engine::id::ObjectId;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::selection::{Now, PathRules, Policy, Present, Question, Selection, select};
use skiptrace_engine::unit::SourceFile;
use skiptrace_engine::variable::Variables;
use skiptrace_indexers::units::reach::Languages;
use skiptrace_indexers::units::{Language, cut};

/// Time whole selections
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command_,
}

#[derive(Subcommand)]
enum Command_ {
    /// Write a repository with its index
    Prepare {
        /// The workload: tiny, small, large
        workload: String,
        /// The folder to write to
        folder: PathBuf,
    },
    /// Select in what was prepared
    Time {
        /// The workload: tiny, small, large
        workload: String,
        /// The folder it was written to
        folder: PathBuf,
        /// The program that selects
        #[arg(long)]
        skiptrace: PathBuf,
        /// How often everything is done
        #[arg(long, default_value_t = 21)]
        times: u32,
        /// Print as text instead of JSON
        #[arg(long)]
        text: bool,
    },
}

/// How many files change.
const CHANGED: usize = 10;
/// So many commits before the one that is checked out the index is.
const AWAY: [usize; 4] = [0, 1, 100, 10_000];
const JOB: &str = "unit-linux";

/// What changes.
const SORTS: [(&str, Draw, Edited); 4] = [
    ("functions", Draw::Uniform, Edited::Body),
    ("hot functions", Draw::Weighted, Edited::Body),
    ("items", Draw::Uniform, Edited::Item),
    ("hot items", Draw::Weighted, Edited::Item),
];

fn main() {
    match Args::parse().command {
        Command_::Prepare { workload, folder } => prepare(&plan(&workload), &folder),
        Command_::Time { workload, folder, skiptrace, times, text } => {
            // It is run in that folder.
            let skiptrace = skiptrace.canonicalize().expect("the program is there");
            Bench { plan: plan(&workload), folder, skiptrace, times, text }.run();
        }
    }
}

fn plan(name: &str) -> Plan {
    Workload::named(name).expect("the workload is tiny, small or large").draw()
}

fn prepare(plan: &Plan, folder: &Path) {
    fs::create_dir_all(folder).expect("the folder can be made");
    let git = Git { folder };
    git.run(&["init", "--quiet", "--initial-branch=main"]);
    let mut blobs: BTreeMap<RepoPath, ObjectId> = BTreeMap::new();
    for (file, path) in (0..).zip(plan.paths()) {
        write(folder, path, &plan.source_text(file, Edited::Nothing));
    }
    for path in plan.data_paths() {
        write(folder, &path, &plan.data_text(&path));
    }
    // Nobody measures how well git packs.
    git.run(&["config", "core.looseCompression", "0"]);
    git.run(&["add", "--all"]);
    git.run(&["commit", "--quiet", "--message=all"]);
    let staged = git.run(&["ls-files", "--stage", "-z"]);
    for entry in staged.split('\0').filter(|entry| !entry.is_empty()) {
        let (about, path) = entry.split_once('\t').expect("git prints a tab before the path");
        let blob = about.split(' ').nth(1).and_then(|blob| blob.parse().ok()).expect("it has a blob");
        blobs.insert(RepoPath::new(path).expect("drawn paths are paths"), blob);
    }
    let commit = git.run(&["rev-parse", "HEAD"]).trim().parse().expect("it is a commit");
    let index = plan.build_written(&commit, &blobs);
    let store = FolderStore::new(folder.join(".git/skiptrace/store"));
    let pushed = Catalog::new(Arc::new(store)).push(&index).expect("the folder can be written to");
    println!("{} bytes of index, {} files", pushed.bytes, blobs.len());
    // Commits with the same files, one after the other.
    let tree = git.run(&["rev-parse", "HEAD^{tree}"]);
    let mut last = commit.to_string();
    let furthest = AWAY.into_iter().max().unwrap_or_default();
    let mut stream = String::new();
    for number in 1..=furthest {
        let from = if number == 1 { last.clone() } else { format!(":{}", number - 1) };
        stream += &format!(
            "commit refs/heads/away\nmark :{number}\ncommitter a <a@b> {} +0000\ndata 1\na\nfrom {from}\n\n",
            1_790_000_000 + number
        );
        if AWAY.contains(&number) {
            stream += &format!("reset refs/heads/away-{number}\nfrom :{number}\n\n");
        }
    }
    git.feed(&["fast-import", "--quiet"], &stream);
    last = git.run(&["rev-parse", "refs/heads/away^{tree}"]);
    assert_eq!(last, tree);
    git.run(&["branch", "away-0"]);
}

fn write(folder: &Path, path: &RepoPath, text: &str) {
    let path = folder.join(path.as_str());
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder can be made");
    fs::write(path, text).expect("the file can be written");
}

struct Bench {
    plan: Plan,
    folder: PathBuf,
    skiptrace: PathBuf,
    times: u32,
    text: bool,
}

impl Bench {
    fn run(&self) {
        let git = Git { folder: &self.folder };
        println!(
            "{:<30}{:>8}{:>10}{:>10}{:>10}{:>10}",
            "whole process", "run", "wall", "fastest", "cpu", "answer"
        );
        let (took, _) = self.time(|| git.command(&["status", "--porcelain"]));
        print_row("git status", "", &took, 0);
        let (took, _) = self.time(|| {
            let mut command = Command::new(&self.skiptrace);
            command.arg("--version");
            command
        });
        print_row("skiptrace --version", "", &took, 0);
        for (sort, draw, edited) in SORTS {
            let files = self.edit(draw, edited);
            let (took, answer) = self.time(|| self.select());
            print_row(sort, &run_count(&answer), &took, answer.len());
            self.restore(&files);
        }
        let files = self.edit(Draw::Uniform, Edited::Body);
        for away in AWAY.into_iter().skip(1) {
            git.run(&["symbolic-ref", "HEAD", &format!("refs/heads/away-{away}")]);
            let (took, answer) = self.time(|| self.select());
            print_row(&format!("functions, {away} commits away"), &run_count(&answer), &took, answer.len());
        }
        git.run(&["symbolic-ref", "HEAD", "refs/heads/main"]);
        self.restore(&files);
        println!("\n{:<30}{:>8}{:>10}{:>12}{:>10}", "in process", "run", "cold", "bytes", "of index");
        for (sort, draw, edited) in SORTS {
            self.ask(sort, draw, edited);
        }
    }

    /// Asks an index that is opened for it, as the program does once it knows what changed.
    fn ask(&self, sort: &str, draw: Draw, edited: Edited) {
        let index = find_index(&self.folder.join(".git/skiptrace/store"));
        let bytes = fs::read(index).expect("it was prepared");
        let present: Present = self
            .draw(draw)
            .into_iter()
            .map(|file| {
                let path = self.plan.paths()[file as usize].clone();
                let units = cut(Some(Language::Rust), self.plan.source_text(file, edited).as_bytes());
                let source = Some(SourceFile { path: path.clone(), blob: None, units });
                (path, Now { source, has_changed: true })
            })
            .collect();
        let mut times: Vec<Duration> = Vec::new();
        let (mut run, mut read) = (0, 0);
        for _ in 0..self.times {
            let counting = CountingReader::new(bytes.as_slice());
            let start = Instant::now();
            let selection = decide(&IndexReader::open(&counting).expect("it is an index"), &present);
            times.push(start.elapsed());
            assert!(selection.everything.is_empty(), "{:?}", selection.everything);
            run = selection.run().count();
            read = counting.counts().bytes;
        }
        times.sort_unstable();
        let median = times[times.len() / 2];
        let share = read as f64 * 100.0 / bytes.len() as f64;
        println!("{sort:<30}{run:>8}{:>10}{read:>12}{share:>9.2}%", shown(median));
    }

    fn select(&self) -> Command {
        let mut command = Command::new(&self.skiptrace);
        command.args(["select", "--job", JOB]).current_dir(&self.folder);
        if !self.text {
            command.arg("--json");
        }
        command
    }

    fn draw(&self, draw: Draw) -> Vec<u32> {
        draw_files(&self.plan, CHANGED, draw, &mut SmallRng::seed_from_u64(1))
    }

    fn edit(&self, draw: Draw, edited: Edited) -> Vec<u32> {
        let files = self.draw(draw);
        for file in &files {
            self.write(*file, edited);
        }
        files
    }

    fn restore(&self, files: &[u32]) {
        files.iter().for_each(|file| self.write(*file, Edited::Nothing));
    }

    fn write(&self, file: u32, edited: Edited) {
        write(&self.folder, &self.plan.paths()[file as usize], &self.plan.source_text(file, edited));
    }

    /// Runs a command many times, and returns what each took and what the last one printed.
    fn time(&self, command: impl Fn() -> Command) -> (Vec<Took>, String) {
        let run = || {
            let mut command = command();
            let output = command.stderr(Stdio::null()).output().expect("the program can be started");
            assert!(output.status.success(), "{command:?} ended with {}", output.status);
            String::from_utf8(output.stdout).expect("it prints text")
        };
        run();
        let mut last = String::new();
        let took = (0..self.times).map(|_| {
            let (printed, took) = Took::of(run);
            last = printed;
            took
        });
        let took = took.collect();
        (took, last)
    }
}

/// Decides by an index alone: what the program does once it knows what changed.
fn decide(reader: &IndexReader<&CountingReader<&[u8]>>, present: &Present) -> Selection {
    let question = Question {
        job: &JOB.parse().expect("it is a job's name"),
        present,
        opaque: &Default::default(),
        language: &Languages::default(),
        policy: Policy::Balanced,
        variables: &Variables::Unknown,
        conditions: &|_| Vec::new(),
        rules: &PathRules::default(),
        never_skip: &[],
    };
    select(&[reader], &question)
}

/// Returns how many tests an answer says must run.
fn run_count(answer: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(answer) {
        Ok(document) => {
            let everything = &document["everything"];
            assert!(everything.as_array().is_some_and(Vec::is_empty), "everything must run: {everything}");
            document["run"].as_array().map(|run| run.len().to_string()).unwrap_or_default()
        }
        Err(_) => answer.lines().count().to_string(),
    }
}

fn print_row(what: &str, run: &str, took: &[Took], answer: usize) {
    let mut walls: Vec<Duration> = took.iter().map(|took| took.wall).collect();
    walls.sort_unstable();
    // One run takes less than the clock of other processes can tell; all together do not.
    let cpu = took.iter().map(|took| took.children).sum::<Duration>() / took.len() as u32;
    let (median, fastest) = (walls[walls.len() / 2], walls[0]);
    println!("{what:<30}{run:>8}{:>10}{:>10}{:>10}{answer:>10}", shown(median), shown(fastest), shown(cpu));
}

fn shown(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// Returns the one index that a store has.
fn find_index(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder).expect("it was prepared");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let found = paths.filter_map(|path| match path.is_dir() {
        true => Some(find_index(&path)),
        false => path.extension().is_some().then_some(path),
    });
    found
        .max_by_key(|path| fs::metadata(path).map(|about| about.len()).unwrap_or_default())
        .unwrap_or_default()
}

struct Git<'a> {
    folder: &'a Path,
}

impl Git<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0"]).args(args);
        command.current_dir(self.folder);
        command
    }

    fn run(&self, args: &[&str]) -> String {
        let output = self.command(args).stderr(Stdio::inherit()).output().expect("git can be started");
        assert!(output.status.success(), "git {args:?} failed");
        String::from_utf8(output.stdout).expect("git prints text")
    }

    fn feed(&self, args: &[&str], text: &str) {
        use std::io::Write;
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("git can be started");
        child.stdin.take().expect("it was asked for").write_all(text.as_bytes()).expect("git reads");
        assert!(child.wait().expect("it was started").success(), "git {args:?} failed");
    }
}
