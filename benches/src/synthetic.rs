//! Profiles, sources and whole projects of any size.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_indexers::llvm::layout::{CounterWidth, Layout, Slot};

/// A raw profile of version 10 with the layout that reads it.
#[derive(Debug)]
pub struct Profile {
    /// The profile.
    pub bytes: Vec<u8>,
    /// What its binary says.
    pub layout: Layout,
}

/// The build id of its binary.
const BUILD_ID: [u8; 20] = *b"a build id of twenty";

/// Makes a profile of `n_functions` with nine counters each, of which every `every`th ran. With 3,400 it has the
/// size that the profiles of a program of 40,000 lines have: 560 kB.
pub fn profile(n_functions: u32, every: u32) -> Profile {
    const N_COUNTERS: u32 = 9;
    let (mut data, mut counters, mut slots) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..n_functions {
        let pointer = u64::from(number * N_COUNTERS * 8).wrapping_sub(u64::from(number) * 64);
        for word in [u64::from(number), 7, pointer, 0, 0, 0] {
            data.extend(word.to_le_bytes());
        }
        data.extend(N_COUNTERS.to_le_bytes());
        data.extend([0; 12]);
        let ran = number % every == 0;
        counters.extend((0..N_COUNTERS).flat_map(|place| u64::from(ran && place % 2 == 0).to_le_bytes()));
        slots.push(Slot { first: number * N_COUNTERS, n_counters: N_COUNTERS, function: Some(number) });
    }
    let names = vec![0; n_functions as usize * 28];
    let mut bytes = b"\x81rforpl\xff".to_vec();
    let n_counters = u64::from(n_functions * N_COUNTERS);
    // Version, binary ids, data, padding, counters, padding, bitmap, padding, names, deltas, virtual tables, kinds.
    let ids_bytes = 8 + BUILD_ID.len().next_multiple_of(8) as u64;
    let names_bytes = names.len() as u64;
    for word in [10, ids_bytes, u64::from(n_functions), 0, n_counters, 0, 0, 0, names_bytes, 0, 0, 0, 0, 0, 2]
    {
        bytes.extend(u64::to_le_bytes(word));
    }
    bytes.extend((BUILD_ID.len() as u64).to_le_bytes());
    bytes.extend(BUILD_ID);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(&data);
    bytes.extend(counters);
    bytes.extend(names);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let layout = Layout {
        build_id: BUILD_ID.into(),
        data_hash: Some(Fingerprint::of(&data)),
        data_bytes: data.len() as u64,
        n_data: u64::from(n_functions),
        n_counters,
        counter_width: CounterWidth::Eight,
        slots,
    };
    Profile { bytes, layout }
}

/// Writes C of about `bytes` bytes.
pub fn c(bytes: usize) -> String {
    repeat("#include <stdio.h>\n", bytes, |number, text| {
        write!(
            text,
            "/* Adds what is left of {number}. */\nstruct pair_{number} {{ int first; char second[{number} + 1]; }};\n\
             #define LIMIT_{number}(x) ((x) * {number})\n\
             static int add_{number}(const struct pair_{number} *pair, int count)\n{{\n    int sum = 0;\n    \
             for (int i = 0; i < count; i++) {{\n        if (pair[i].first > LIMIT_{number}(2))\n            \
             sum += pair[i].first; // enough\n        else\n            printf(\"%d\\n\", pair[i].second[0]);\n    \
             }}\n    return sum;\n}}\n\n"
        )
    })
}

/// Writes C++ of about `bytes` bytes.
pub fn cpp(bytes: usize) -> String {
    repeat("#include <vector>\n", bytes, |number, text| {
        write!(
            text,
            "namespace part_{number} {{\n\n// What is kept of {number}.\ntemplate <typename T>\nclass Shelf : public \
             Base<T> {{\npublic:\n    explicit Shelf(std::vector<T> items) : items_(std::move(items)) {{}}\n\n    \
             template <typename F>\n    auto each(F &&apply) const -> std::size_t {{\n        std::size_t count = \
             0;\n        for (const auto &item : items_) {{\n            if (apply(item)) ++count;\n        }}\n        \
             return count;\n    }}\n\nprivate:\n    std::vector<T> items_;\n    static constexpr int limit = \
             {number}'000;\n}};\n\n}} // namespace part_{number}\n\n"
        )
    })
}

/// Writes Rust of about `bytes` bytes.
pub fn rust(bytes: usize) -> String {
    repeat("use std::fmt;\n", bytes, |number, text| {
        write!(
            text,
            "/// What is kept of {number}.\n#[derive(Debug, Clone)]\npub struct Shelf{number}<T> {{\n    items: \
             Vec<T>,\n}}\n\nimpl<T: fmt::Debug> Shelf{number}<T> {{\n    /// Counts what fits.\n    pub fn count(&self, \
             fits: impl Fn(&T) -> bool) -> usize {{\n        let mut count = 0;\n        for item in &self.items {{\n            \
             if fits(item) {{\n                count += 1;\n            }} else {{\n                \
             println!(\"{{item:?}} does not fit into {number}\");\n            }}\n        }}\n        count\n    \
             }}\n}}\n\n"
        )
    })
}

fn repeat(start: &str, bytes: usize, mut part: impl FnMut(u32, &mut String) -> std::fmt::Result) -> String {
    let mut text = start.to_owned();
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        part(number, &mut text).expect("writing to a string needs only memory");
    }
    text
}

/// How many functions a module of a synthetic project has, each with ten tests.
const FUNCTIONS: usize = 10;

/// Writes a project without dependencies: `n_tests` tiny tests in modules of a hundred, each of which calls one
/// function. Makes it a repository with one commit.
pub fn project(folder: &Path, n_tests: usize) -> io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest = "[package]\nname = \"many\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n\n[profile.test]\ndebug = 0\n";
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join(".gitignore"), "/target\n")?;
    let mut root = String::new();
    let per_module = FUNCTIONS * 10;
    for module in 0..n_tests.div_ceil(per_module) {
        writeln!(root, "pub mod part_{module};").expect("writing to a string needs only memory");
        let mut text = String::new();
        for function in 0..FUNCTIONS {
            write!(
                text,
                "pub fn work_{function}(x: u32) -> u32 {{\n    if x % 2 == 0 {{ x + {function} }} else {{ x * {module} \
                 }}\n}}\n\n"
            )
            .expect("writing to a string needs only memory");
        }
        text.push_str("#[cfg(test)]\nmod tests {\n");
        for test in 0..per_module.min(n_tests - module * per_module) {
            let function = test % FUNCTIONS;
            write!(
                text,
                "    #[test]\n    fn test_{test}() {{\n        assert!(super::work_{function}({}) < u32::MAX);\n    }}\n\n",
                test * 2
            )
            .expect("writing to a string needs only memory");
        }
        text.push_str("}\n");
        fs::write(folder.join(format!("src/part_{module}.rs")), text)?;
    }
    fs::write(folder.join("src/lib.rs"), root)?;
    let git = |args: &[&str]| super::project::run("git".as_ref(), args, folder, &[]);
    git(&["init", "-q"])?;
    git(&["add", "-A"])?;
    git(&["-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-qm", "tests"])
}
