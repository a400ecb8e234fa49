//! What `covdata` prints, made of what our readers read.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_indexers::go::covdata::{
    Arguments, CounterFile, FileName, Function, Granularity, MetaFile, MetaHash, Mode, Package, Unit,
};

/// A meta file and what all counter files of its hash say.
pub(crate) struct Pod {
    pub(crate) mode: Mode,
    pub(crate) granularity: Granularity,
    pub(crate) packages: Vec<Package>,
    /// By package and function; the sum of all files.
    pub(crate) counters: HashMap<(u32, u32), Vec<u32>>,
    pub(crate) files: Vec<(PathBuf, Arguments)>,
}

/// Decodes a meta file, with all its checks.
pub(crate) fn decode(bytes: &[u8]) -> Result<(MetaFile<'_>, Vec<Package>), String> {
    let meta = MetaFile::parse(bytes).map_err(|error| error.to_string())?;
    let packages: Vec<Package> = meta
        .packages
        .iter()
        .map(|blob| blob.decode())
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    meta.verify(meta.packages.iter().zip(&packages)).map_err(|error| error.to_string())?;
    Ok((meta, packages))
}

/// Reads folders as `covdata` does.
pub(crate) fn pods(folders: &[&Path]) -> Vec<Pod> {
    let mut metas: BTreeMap<MetaHash, PathBuf> = BTreeMap::new();
    let mut counters: BTreeMap<MetaHash, Vec<PathBuf>> = BTreeMap::new();
    for folder in folders {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            match FileName::parse(file.file_name().unwrap().to_str().unwrap()) {
                Some(FileName::Meta(hash)) => {
                    metas.entry(hash).or_insert(file);
                }
                Some(FileName::Counters { meta, .. }) => counters.entry(meta).or_default().push(file),
                other => panic!("{}: {other:?}", file.display()),
            }
        }
    }
    let mut metas: Vec<_> = metas.into_iter().collect();
    metas.sort_by(|(_, one), (_, other)| one.cmp(other));
    metas
        .into_iter()
        .map(|(hash, file)| Pod::read(hash, &file, counters.remove(&hash).unwrap_or_default()))
        .collect()
}

impl Pod {
    fn read(hash: MetaHash, file: &Path, counters: Vec<PathBuf>) -> Pod {
        let bytes = fs::read(file).unwrap();
        let (meta, packages) = decode(&bytes).unwrap();
        assert_eq!(meta.hash, hash);
        let mut pod = Pod {
            mode: meta.mode,
            granularity: meta.granularity,
            packages,
            counters: HashMap::new(),
            files: Vec::new(),
        };
        for file in counters {
            let bytes = fs::read(&file).unwrap();
            let counters = CounterFile::parse(&bytes).unwrap();
            assert_eq!(counters.meta, hash);
            let arguments = counters.read(&mut Vec::new(), |function| {
                let sum = pod.counters.entry((function.package, function.function)).or_default();
                sum.resize(function.counters.len(), 0);
                for (sum, counter) in sum.iter_mut().zip(function.counters) {
                    *sum = match pod.mode {
                        Mode::Set => u32::from(*sum != 0 || *counter != 0),
                        _ => sum.saturating_add(*counter),
                    };
                }
                Ok(())
            });
            pod.files.push((file, arguments.unwrap()));
        }
        pod
    }

    /// Walks over functions with their units and counters.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (&Package, &Function, &[Unit], Vec<u32>)> {
        (0u32..).zip(&self.packages).flat_map(move |(number, package)| {
            (0u32..).zip(&package.functions).map(move |(at, function)| {
                let units = package.units_of(function);
                let none = || vec![0; units.len()];
                let counters = self.counters.get(&(number, at)).cloned().unwrap_or_else(none);
                assert_eq!(counters.len(), units.len());
                (package, function, units, counters)
            })
        })
    }
}

/// A unit in the order of `covdata`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row<'p> {
    package: &'p str,
    file: &'p str,
    start_line: u32,
    end_line: u32,
    start_column: u32,
    end_column: u32,
    n_statements: u32,
    function: &'p str,
    is_literal: bool,
}

fn rows(pods: &[Pod]) -> BTreeMap<Row<'_>, u32> {
    let mode = pods[0].mode;
    let mut rows: BTreeMap<Row<'_>, u32> = BTreeMap::new();
    for pod in pods {
        for (package, function, units, counters) in pod.functions() {
            for (Unit { start, end, n_statements }, counter) in units.iter().zip(counters) {
                let row = Row {
                    package: &package.path,
                    file: &function.file,
                    start_line: start.line,
                    end_line: end.line,
                    start_column: start.column,
                    end_column: end.column,
                    n_statements: *n_statements,
                    function: &function.name,
                    is_literal: function.is_literal,
                };
                let sum = rows.entry(row).or_default();
                *sum = match mode {
                    Mode::Set => u32::from(*sum != 0 || counter != 0),
                    _ => sum.saturating_add(counter),
                };
            }
        }
    }
    rows
}

/// Returns what `covdata textfmt` writes.
pub(crate) fn textfmt(pods: &[Pod]) -> String {
    let mut text = format!("mode: {}\n", pods[0].mode.name());
    for (row, count) in rows(pods) {
        let Row { file, start_line, end_line, start_column, end_column, n_statements, .. } = row;
        writeln!(text, "{file}:{start_line}.{start_column},{end_line}.{end_column} {n_statements} {count}")
            .unwrap();
    }
    text
}

/// Returns what `covdata func` prints, with one space for each run of them.
pub(crate) fn func(pods: &[Pod]) -> String {
    let share = |covered: u32, all: u32| 100.0 * f64::from(covered) / f64::from(all.max(1));
    let rows: Vec<(Row<'_>, u32)> = rows(pods).into_iter().collect();
    let (mut text, mut all) = (String::new(), (0, 0));
    // A function ends where one of another name begins: two `init` that follow each other are one.
    for function in
        rows.chunk_by(|(one, _), (other, _)| (one.package, one.function) == (other.package, other.function))
    {
        let n_statements =
            |rows: &mut dyn Iterator<Item = &(Row<'_>, u32)>| rows.map(|(row, _)| row.n_statements).sum();
        let n_all: u32 = n_statements(&mut function.iter());
        let n_covered: u32 = n_statements(&mut function.iter().filter(|(_, count)| *count != 0));
        all = (all.0 + n_covered, all.1 + n_all);
        let (first, _) = function[0];
        if !first.is_literal {
            let Row { file, start_line, function, .. } = first;
            writeln!(text, "{file}:{start_line}: {function} {:.1}%", share(n_covered, n_all)).unwrap();
        }
    }
    writeln!(text, "total (statements) {:.1}%", share(all.0, all.1)).unwrap();
    text
}

/// Returns what `covdata debugdump` prints below its heading.
pub(crate) fn debugdump(pods: &[Pod]) -> String {
    let mut text = String::new();
    let (mut n_all, mut n_covered) = (0, 0);
    for pod in pods {
        let granularity = match pod.granularity {
            Granularity::Block => "perblock",
            Granularity::Function => "perfunc",
        };
        writeln!(text, "Cover mode: {}\nCover granularity: {granularity}", pod.mode.name()).unwrap();
        for (file, Arguments { args, goos, goarch }) in &pod.files {
            write!(text, "data file {}", file.display()).unwrap();
            let parts = [(" GOOS=", goos), (" GOARCH=", goarch)];
            parts
                .iter()
                .filter(|(_, part)| !part.is_empty())
                .for_each(|(name, part)| text += &format!("{name}{part}"));
            if !args.is_empty() {
                writeln!(text, "  program args: [{}]", args.join(" ")).unwrap();
            }
            text.push('\n');
        }
        let mut last: Option<*const Package> = None;
        for (package, function, units, counters) in pod.functions() {
            if last.replace(std::ptr::from_ref(package)) != Some(std::ptr::from_ref(package)) {
                let Package { path, name, module, .. } = package;
                write!(text, "\nPackage path: {path}\nPackage name: {name}\nModule path: {module}\n")
                    .unwrap();
            }
            let Function { name, file, is_literal, .. } = function;
            write!(text, "\nFunc: {name}\nSrcfile: {file}\nLiteral: {is_literal}\n").unwrap();
            for (at, (Unit { start, end, n_statements }, counter)) in units.iter().zip(counters).enumerate() {
                let (start, end) =
                    (format!("L{}:C{}", start.line, start.column), format!("L{}:C{}", end.line, end.column));
                writeln!(text, "{at}: {start} -- {end} NS={n_statements} = {counter}").unwrap();
                n_all += n_statements;
                n_covered += if counter == 0 { 0 } else { *n_statements };
            }
        }
    }
    writeln!(text, "totalStmts: {n_all} coveredStmts: {n_covered}").unwrap();
    text
}
