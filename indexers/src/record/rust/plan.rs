//! How cargo is to be run: with which variables, in which folders, for which packages.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::{Instrument, RecordError, Request};
use crate::build::cargo_config::{CargoConfig, parse_cfg, runner_variable};
use crate::build::paths::Roots;
use crate::build::wrapper;
use crate::run::cargo_test::Variables;
use crate::run::scratch::Scratch;
use crate::run::shim;

/// How cargo is run for a recording.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where the instrumented build goes.
    pub(super) target_dir: PathBuf,
    /// The compiler, in its own words (`rustc -vV`).
    pub(super) compiler: String,
    /// Cargo, in its own words (`cargo -V`).
    pub(super) cargo: String,
    /// The target that tests are built for.
    pub(super) target: String,
    /// Variables with which cargo builds.
    pub(super) build: Variables,
    /// What the project itself starts tests with.
    pub(super) runner: Vec<String>,
    /// Our name as a runner.
    runner_program: PathBuf,
    /// Folders for what tests leave.
    pub(super) scratch: Scratch,
    /// Where paths that compilers write are at home.
    pub(super) roots: Roots,
    /// The names and versions of the packages that only the tests of a package are given, by that package's folder.
    pub(super) development: BTreeMap<PathBuf, BTreeSet<(String, String)>>,
    /// What cargo knows of the packages that are or could be built.
    pub(super) known: KnownPackages,
    /// Whether each test is given a folder for temporary files of its own.
    private_temporary: bool,
    /// The value that the user gives to cargo's variable of the runner.
    users_runner: Option<String>,
    /// Whether the project's configuration gives flags to rustdoc.
    pub(super) has_rustdoc_flags: bool,
}

/// What cargo knows of the packages that are or could be built.
#[derive(Debug, Default)]
pub(super) struct KnownPackages {
    /// The features that each declares, by name and version.
    pub(super) features: BTreeMap<(String, String), BTreeSet<String>>,
    /// The manifests of those that are in the repository or beside it.
    pub(super) manifests: BTreeSet<PathBuf>,
    /// The lockfile, and what was in it before anything was built.
    pub(super) lockfile: (PathBuf, Option<Vec<u8>>),
}

impl KnownPackages {
    fn of(metadata: &Metadata, lockfile: PathBuf) -> KnownPackages {
        let mut known = KnownPackages::default();
        for package in &metadata.packages {
            let key = (package.name.to_string(), package.version.to_string());
            let features: BTreeSet<String> = package.features.keys().cloned().collect();
            known.features.entry(key).or_default().extend(features);
            if package.source.is_none() {
                known.manifests.insert(package.manifest_path.clone().into());
            }
        }
        let content = fs::read(&lockfile).ok();
        known.lockfile = (lockfile, content);
        known
    }
}

impl Plan {
    /// Finds out all that is needed before anything is built.
    pub(super) fn make(request: &Request<'_>) -> Result<Plan, RecordError> {
        let var = |name: &str| request.variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
        let metadata = metadata(request)?;
        let cargo_home = var("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home(request)?.join(".cargo")));
        let config = CargoConfig::read(&request.cwd, cargo_home.as_deref())?;

        // In a folder of its own even where the user names one: cargo does not tell builds with a compiler wrapper from
        // those without, and would take the one for the other.
        let users_target_dir = match request.command.option("--target-dir") {
            Some(folder) => request.cwd.join(folder),
            None => metadata.target_directory.clone().into_std_path_buf(),
        };
        let target_dir = users_target_dir.join(match request.instrument {
            Instrument::Workspace => "skiptrace",
            Instrument::All => "skiptrace-all",
        });
        let names = target_dir.join("bin");
        let wrapper_program = name(&request.program, &names, wrapper::NAME)?;
        let scratch =
            Scratch::new(None).map_err(RecordError::io("make a folder in", std::env::temp_dir()))?;
        // Cargo takes a runner's path in a variable apart where it has blanks.
        let has_blanks = names.to_str().is_none_or(|path| path.contains(char::is_whitespace));
        let names = if has_blanks { scratch.path().join("bin") } else { names };
        let runner_program = name(&request.program, &names, shim::NAME)?;
        let building = scratch.path().join("build");
        fs::create_dir(&building).map_err(RecordError::io("make", &building))?;

        let compiler = rustc(request, &["-vV"])?;
        let cargo = said(request, OsStr::new(&request.command.program), &["-V"])?;
        let host = field(&compiler, "host").unwrap_or_default().to_owned();
        let target = request
            .command
            .option("--target")
            .or_else(|| var("CARGO_BUILD_TARGET").and_then(|target| target.to_str()))
            .or_else(|| config.build("target"))
            .unwrap_or(&host)
            .to_owned();
        let variable = runner_variable(&target);
        let users_runner = var(&variable).and_then(|runner| runner.to_str()).map(str::to_owned);
        let runner = match &users_runner {
            Some(runner) => runner.split_whitespace().map(str::to_owned).collect(),
            None => {
                let cfg = parse_cfg(&rustc(request, &["--print", "cfg", "--target", &target])?);
                config.runner(&target, &cfg).unwrap_or_default()
            }
        };
        let chain = var("RUSTC_WRAPPER")
            .or_else(|| var("CARGO_BUILD_RUSTC_WRAPPER"))
            .map(PathBuf::from)
            .or_else(|| config.build("rustc-wrapper").map(PathBuf::from));
        let packages = match request.instrument {
            Instrument::All => wrapper::Packages::All,
            Instrument::Workspace => wrapper::Packages::In(local_packages(&metadata, &request.repository)),
        };
        let plan = wrapper::Plan { packages, chain };
        let build: Variables = vec![
            ("RUSTC_WRAPPER".into(), wrapper_program.into()),
            (
                wrapper::PLAN.into(),
                plan.hand_over(&building).map_err(RecordError::io("write in", &building))?,
            ),
            ("CARGO_TARGET_DIR".into(), target_dir.clone().into()),
            // Compilers load what is compiled here, procedural macros and what they use; their counts are nobody's.
            ("LLVM_PROFILE_FILE".into(), building.join(shim::PROFILES).into()),
        ];
        let workspace = metadata.workspace_root.clone().into_std_path_buf();
        let lockfile = match request.command.option("--lockfile-path") {
            Some(path) => request.cwd.join(path),
            None => workspace.join("Cargo.lock"),
        };
        let known = KnownPackages::of(&metadata, lockfile);
        let build_folders = vec![target_dir.clone(), users_target_dir];
        let roots = Roots {
            repository: request.repository.clone(),
            workspace,
            build_folders,
            cargo_home,
            prefix_maps: Vec::new(),
        };
        let development = development(&metadata);
        let private_temporary = request.driver.private_temporary;
        Ok(Plan {
            target_dir,
            compiler,
            cargo,
            target,
            build,
            runner,
            runner_program,
            scratch,
            roots,
            development,
            known,
            private_temporary,
            users_runner,
            has_rustdoc_flags: config.has_rustdoc_flags() || has_rustdoc_variable(request),
        })
    }

    /// Returns the variables with which cargo builds, and runs what it built through us. Those of `more` are set as well,
    /// which nobody set before and no test sees.
    pub(super) fn with_runner(
        &self,
        mode: shim::Mode,
        folder: &Path,
        wanted: Option<PathBuf>,
        more: &[(&str, &str)],
    ) -> Variables {
        let runner = (runner_variable(&self.target), self.users_runner.clone());
        let more_unset = more.iter().map(|(name, _)| ((*name).to_owned(), None));
        let plan = shim::Plan {
            mode,
            folder: folder.to_owned(),
            chain: self.runner.clone(),
            wanted,
            private_temporary: self.private_temporary,
            variables: std::iter::once(runner).chain(more_unset).collect(),
        };
        let mut variables = self.build.clone();
        variables.push((runner_variable(&self.target).into(), self.runner_program.clone().into()));
        variables.push((shim::PLAN.into(), plan.to_text().into()));
        variables.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
        variables
    }

    /// Returns the variables that only runners have, and no test.
    ///
    /// Those of the build are the tests' as well: a test that has cargo build and run a program of the repository
    /// executes what it builds, and that has to count.
    pub(super) fn of_runners(&self) -> [OsString; 2] {
        [runner_variable(&self.target).into(), shim::PLAN.into()]
    }
}

/// Returns whether a variable stands for a setting of the configuration that gives flags to rustdoc.
fn has_rustdoc_variable(request: &Request<'_>) -> bool {
    let is_one = |name: &str| name.starts_with("CARGO_") && name.ends_with("_RUSTDOCFLAGS");
    let names = request.variables.keys().filter_map(|name| name.to_str());
    names.filter(|name| *name != "CARGO_ENCODED_RUSTDOCFLAGS").any(is_one)
}

/// Returns the value of a line `name: value` of `rustc -vV`.
fn field<'a>(compiler: &'a str, name: &str) -> Option<&'a str> {
    compiler.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn home(request: &Request<'_>) -> Option<PathBuf> {
    let home = ["HOME", "USERPROFILE"].iter().find_map(|name| request.variables.get(OsStr::new(name)));
    home.map(PathBuf::from)
}

fn metadata(request: &Request<'_>) -> Result<Metadata, RecordError> {
    let mut command = MetadataCommand::new();
    command.cargo_path(&request.command.program).current_dir(&request.cwd);
    let mut options = request.command.metadata_args();
    if let Some(toolchain) = &request.command.toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain.trim_start_matches('+'));
    }
    options.sort();
    command.other_options(options);
    command.exec().map_err(|error| RecordError::Metadata(Box::new(error)))
}

fn rustc(request: &Request<'_>, args: &[&str]) -> Result<String, RecordError> {
    let rustc =
        request.variables.get(OsStr::new("RUSTC")).cloned().unwrap_or_else(|| OsString::from("rustc"));
    said(request, &rustc, args)
}

/// Returns what a tool of the toolchain prints.
fn said(request: &Request<'_>, tool: &OsStr, args: &[&str]) -> Result<String, RecordError> {
    let mut command = Command::new(tool);
    if let Some(toolchain) = &request.command.toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain.trim_start_matches('+'));
    }
    let output = command.args(args).current_dir(&request.cwd).output().map_err(RecordError::Compiler)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the folders of the packages that are the repository's own, members of the workspace or not.
fn local_packages(metadata: &Metadata, repository: &Path) -> Vec<PathBuf> {
    let own = metadata.packages.iter().filter(|package| package.source.is_none());
    let mut folders: Vec<PathBuf> = own
        .filter_map(|package| package.manifest_path.parent())
        .map(|folder| folder.as_std_path().to_owned())
        .filter(|folder| folder.starts_with(repository))
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Returns the packages that only the tests of a package are given, by the folder of that package.
fn development(metadata: &Metadata) -> BTreeMap<PathBuf, BTreeSet<(String, String)>> {
    let packages: BTreeMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let mut development: BTreeMap<PathBuf, BTreeSet<(String, String)>> = BTreeMap::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(folder) = packages.get(&node.id).and_then(|package| package.manifest_path.parent()) else {
            continue;
        };
        let only_for_tests = node
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|info| info.kind != DependencyKind::Normal))
            .filter_map(|dependency| packages.get(&dependency.pkg))
            .map(|package| (package.name.to_string(), package.version.to_string()));
        development.entry(folder.into()).or_default().extend(only_for_tests);
    }
    development
}

/// Gives the program another name, under which it is something else.
fn name(program: &Path, folder: &Path, name: &str) -> Result<PathBuf, RecordError> {
    fs::create_dir_all(folder).map_err(RecordError::io("make", folder))?;
    let path = folder.join(name);
    if fs::read_link(&path).is_ok_and(|target| target == program) {
        return Ok(path);
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(RecordError::io("replace", path)(error));
        }
        _ => {}
    }
    link(program, &path).map_err(RecordError::io("make", &path))?;
    Ok(path)
}

#[cfg(unix)]
fn link(program: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(program, path)
}

#[cfg(not(unix))]
fn link(program: &Path, path: &Path) -> std::io::Result<()> {
    fs::copy(program, path).map(drop)
}
