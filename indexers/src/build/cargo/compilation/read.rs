//! Reads what one crate alone was compiled from.

use cargo_metadata::{Artifact, Metadata, Package};

use super::inputs::{Inputs, PackageName, Problem};
use super::{Crate, CrateKind, locate};
use crate::build::cargo::messages::Built;
use crate::build::cargo::script::ScriptOutput;
use crate::build::cargo::suite;
use crate::build::dep_info::DepInfo;
use crate::build::paths::{Home, Normalizer};

pub(super) struct Reader<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) built: &'a Built,
    pub(super) normalizer: &'a mut Normalizer,
    pub(super) locator: locate::Locator,
}

impl Reader<'_> {
    pub(super) fn krate(&mut self, package: &Package, artifact: &Artifact) -> Crate {
        let kind = match suite::test_kind(artifact) {
            Some(kind) => CrateKind::Test(kind),
            None if artifact.target.is_custom_build() => CrateKind::BuildScript,
            None if artifact.target.is_proc_macro() => CrateKind::ProcMacro,
            None if artifact.target.is_bin()
                || artifact.target.is_example()
                || artifact.executable.is_some() =>
            {
                CrateKind::Program
            }
            None => CrateKind::Library,
        };
        let name = PackageName::of(package);
        let mut inputs = Inputs::default();
        self.read_dep_info(package, artifact, &mut inputs);
        if kind == CrateKind::BuildScript {
            self.read_script(package, &mut inputs);
        }
        let workspace = self.metadata.workspace_root.join("Cargo.toml");
        match self.normalizer.home(b"", package.manifest_path.as_str().as_bytes()) {
            Home::Repo(manifest) => {
                inputs.manifests.insert(manifest.clone());
                if let Home::Repo(workspace) = self.normalizer.home(b"", workspace.as_str().as_bytes()) {
                    inputs.manifests.insert(workspace.clone());
                }
            }
            _ => {
                inputs.packages.insert(name.clone());
            }
        }
        Crate { package: name, target: artifact.target.name.as_str().into(), kind, inputs }
    }

    fn read_dep_info(&mut self, package: &Package, artifact: &Artifact, inputs: &mut Inputs) {
        let krate: Box<str> = format!("{} {}", package.name, artifact.target.name).into();
        let found = self.locator.dep_info(artifact);
        if found.is_empty() {
            inputs.problems.insert(Problem::NoDepInfo { krate });
            return;
        }
        // Cargo runs rustc in the workspace for what is in it, and in the package's folder for what is not.
        let root = &self.metadata.workspace_root;
        let source = &artifact.target.src_path;
        let cwd = match package.manifest_path.parent() {
            Some(folder) if package.source.is_some() || !source.starts_with(root) => folder,
            _ => root,
        };
        let first = self.normalizer.home(b"", source.as_str().as_bytes()).clone();
        let mut names_first = false;
        for path in found {
            let Ok(bytes) = std::fs::read(&path) else {
                inputs.problems.insert(Problem::Unreadable { path });
                continue;
            };
            let info = match DepInfo::parse_rustc(&bytes) {
                Ok(info) => info,
                Err(error) => {
                    inputs.problems.insert(Problem::Malformed { path, error });
                    continue;
                }
            };
            for source in info.sources() {
                let home = self.normalizer.home(cwd.as_str().as_bytes(), source).clone();
                names_first |= home == first;
                self.add_source(package, &krate, home, inputs);
            }
            for (name, value) in info.variables {
                let by_script = self.script_value(package, &name);
                if let Some(value) = by_script {
                    inputs.script_values.insert((PackageName::of(package), name), value);
                } else if !is_set_by_cargo(&name) {
                    inputs.variables.insert(name, value);
                }
            }
        }
        if !names_first && inputs.problems.is_empty() {
            inputs.problems.insert(Problem::OtherDepInfo { krate });
        }
    }

    fn add_source(&self, package: &Package, krate: &str, home: Home, inputs: &mut Inputs) {
        match home {
            Home::Repo(path) => {
                inputs.files.insert(path);
            }
            Home::Registry { package, version, .. } => {
                inputs.packages.insert(PackageName { name: package, version });
            }
            // What a build script wrote is made of what the build script is.
            Home::Std | Home::Checkout { .. } | Home::Generated { package: Some(_), .. } => {}
            // A package of a registry or of git may be kept anywhere; its version says what is in it.
            Home::Outside(_) if package.source.is_some() => {}
            Home::Outside(path) | Home::Unknown(path) | Home::Generated { package: None, path } => {
                inputs.problems.insert(Problem::Outside { krate: krate.into(), path });
            }
        }
    }

    /// Adds what the build script of a package declares; there may be two runs of it, for host and target.
    fn read_script(&mut self, package: &Package, inputs: &mut Inputs) {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        let mut declares_paths = true;
        if !self.built.scripts.iter().any(|run| run.package_id == package.id) {
            inputs.problems.insert(Problem::NoScriptOutput { package: package.name.as_str().into() });
        }
        for run in self.built.scripts.iter().filter(|run| run.package_id == package.id) {
            let output = run.out_dir.parent().map(|folder| folder.join("output"));
            let Some(Ok(output)) = output.map(std::fs::read) else {
                inputs.problems.insert(Problem::NoScriptOutput { package: package.name.as_str().into() });
                continue;
            };
            let output = ScriptOutput::parse(&output);
            declares_paths &= !output.paths.is_empty();
            for path in &output.paths {
                // A folder may be written with a slash at its end.
                let path = path.trim_end_matches('/').as_bytes();
                let path = if path.is_empty() { b"/" } else { path };
                match self.normalizer.home(folder.as_str().as_bytes(), path) {
                    Home::Repo(path) => {
                        inputs.declared.insert(path.clone());
                    }
                    Home::Unknown(path) if package.source.is_none() => {
                        let krate = format!("{} {}", package.name, run.package_id).into();
                        inputs.problems.insert(Problem::Outside { krate, path: path.clone() });
                    }
                    // Headers and libraries of the system, which build scripts of registries declare as well: they
                    // are part of the machine, not of the code.
                    _ => {}
                }
            }
            let variables = output.variables.into_iter().filter(|name| !is_set_by_cargo(name));
            inputs.script_variables.extend(variables);
        }
        if !declares_paths && let Home::Repo(folder) = self.normalizer.home(b"", folder.as_str().as_bytes()) {
            inputs.undeclared.insert(folder.clone());
        }
    }

    fn script_value(&self, package: &Package, name: &str) -> Option<Box<str>> {
        let runs = self.built.scripts.iter().filter(|run| run.package_id == package.id);
        let mut set = runs.flat_map(|run| &run.env).filter(|(set, _)| set == name);
        set.next().map(|(_, value)| value.as_str().into())
    }
}

/// Returns whether cargo sets a variable itself for what it compiles. What those say is in manifests, which are
/// compared as files, or is a path of this machine.
pub(crate) fn is_set_by_cargo(name: &str) -> bool {
    const PREFIXES: [&str; 6] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_EXE_",
        "CARGO_CRATE_NAME",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
    ];
    const NAMES: [&str; 6] = [
        "OUT_DIR",
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "CARGO_RUSTC_CURRENT_DIR",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}
