//! Writes coverage files as Go does, and as it could. Stands alone, so that fuzz targets have their seeds from here.

/// What a meta file says.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    pub mode: u8,
    pub granularity: u8,
    pub packages: Vec<Package>,
}

/// What it says of a package.
#[derive(Debug, Clone, Default)]
pub struct Package {
    pub path: String,
    pub name: String,
    pub module: String,
    pub functions: Vec<Function>,
}

/// What it says of a function: its units are start line and column, end line and column, statements.
#[derive(Debug, Clone, Default)]
pub struct Function {
    pub name: String,
    pub file: String,
    pub units: Vec<[u32; 5]>,
    pub is_literal: bool,
}

/// The counters of one process.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    pub args: Vec<(String, String)>,
    /// Package, function, counters.
    pub functions: Vec<(u32, u32, Vec<u32>)>,
}

/// How counters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    Little,
    Big,
    Uleb,
}

/// A way to hash.
pub type Hasher = fn(&[u8]) -> [u8; 16];

/// FNV-1a of 128 bits, as Go hashes today.
pub fn fnv(bytes: &[u8]) -> [u8; 16] {
    let basis = 0x6c62272e07bb014262b821756295c58d_u128;
    let prime = (1 << 88) + 0x13b;
    bytes.iter().fold(basis, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(prime)).to_be_bytes()
}

/// Writes a meta file and returns it with its hash.
pub fn meta(meta: &Meta, hasher: Hasher) -> (Vec<u8>, [u8; 16]) {
    let blobs: Vec<(Vec<u8>, [u8; 16])> = meta.packages.iter().map(|package| blob(package, hasher)).collect();
    let mut hashed: Vec<u8> = blobs.iter().flat_map(|(_, hash)| *hash).collect();
    hashed.extend(["", "set", "count", "atomic"].get(usize::from(meta.mode)).copied().unwrap_or("").bytes());
    hashed.extend(
        ["", "perblock", "perfunc"].get(usize::from(meta.granularity)).copied().unwrap_or("").bytes(),
    );
    let hash = hasher(&hashed);

    let strings = strings(&[""]);
    let strings_at = 56 + 16 * blobs.len();
    let mut at = strings_at + strings.len();
    let total = at + blobs.iter().map(|(blob, _)| blob.len()).sum::<usize>();
    let mut file = b"\0cvm\x01\0\0\0".to_vec();
    file.extend((total as u64).to_le_bytes());
    file.extend((blobs.len() as u64).to_le_bytes());
    file.extend(hash);
    file.extend((strings_at as u32).to_le_bytes());
    file.extend((strings.len() as u32).to_le_bytes());
    file.extend([meta.mode, meta.granularity, 0, 0, 0, 0, 0, 0]);
    for (blob, _) in &blobs {
        file.extend((at as u64).to_le_bytes());
        at += blob.len();
    }
    blobs.iter().for_each(|(blob, _)| file.extend((blob.len() as u64).to_le_bytes()));
    file.extend(strings);
    blobs.iter().for_each(|(blob, _)| file.extend(blob));
    (file, hash)
}

fn blob(package: &Package, hasher: Hasher) -> (Vec<u8>, [u8; 16]) {
    let mut hashed = [package.path.as_bytes(), package.name.as_bytes(), package.module.as_bytes()].concat();
    let mut texts: Vec<&str> = Vec::new();
    let mut number = |text| {
        texts.iter().position(|other| *other == text).unwrap_or_else(|| {
            texts.push(text);
            texts.len() - 1
        }) as u32
    };
    number("");
    let (path, name, module) = (number(&package.path), number(&package.name), number(&package.module));
    let mut functions = Vec::new();
    for function in &package.functions {
        let mut bytes = Vec::new();
        uleb(function.units.len() as u32, &mut bytes);
        uleb(number(&function.name), &mut bytes);
        uleb(number(&function.file), &mut bytes);
        hashed.extend(function.name.bytes().chain(function.file.bytes()));
        for value in function.units.iter().flatten() {
            uleb(*value, &mut bytes);
            hashed.extend(value.to_le_bytes());
        }
        uleb(function.is_literal.into(), &mut bytes);
        hashed.extend(u32::from(function.is_literal).to_le_bytes());
        functions.push(bytes);
    }
    let hash = hasher(&hashed);
    let table = strings(&texts);
    let mut at = 44 + 4 * functions.len() + table.len();
    let len = at + functions.iter().map(Vec::len).sum::<usize>();
    let mut bytes = Vec::new();
    [len as u32, name, path, module].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend(hash);
    bytes.extend([0; 4]);
    bytes.extend((texts.len() as u32).to_le_bytes());
    bytes.extend((functions.len() as u32).to_le_bytes());
    for function in &functions {
        bytes.extend((at as u32).to_le_bytes());
        at += function.len();
    }
    bytes.extend(table);
    bytes.extend(functions.concat());
    (bytes, hash)
}

/// Writes a counter file.
pub fn counters(meta: [u8; 16], flavor: Flavor, segments: &[Segment]) -> Vec<u8> {
    let mut file = b"\0cwm\x01\0\0\0".to_vec();
    file.extend(meta);
    file.extend([
        if flavor == Flavor::Uleb { 2 } else { 1 },
        (flavor == Flavor::Big).into(),
        0,
        0,
        0,
        0,
        0,
        0,
    ]);
    for (number, segment) in (1u32..).zip(segments) {
        let mut texts = vec![""];
        texts.extend(segment.args.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]));
        let table = strings(&texts);
        let mut args = Vec::new();
        uleb(segment.args.len() as u32, &mut args);
        (1..texts.len() as u32).for_each(|text| uleb(text, &mut args));
        args.resize(args.len() + (4 - (file.len() + 16 + table.len() + args.len()) % 4) % 4, 0);
        file.extend((segment.functions.len() as u64).to_le_bytes());
        file.extend((table.len() as u32).to_le_bytes());
        file.extend((args.len() as u32).to_le_bytes());
        file.extend(table);
        file.extend(args);
        for (package, function, counters) in &segment.functions {
            let head = [counters.len() as u32, *package, *function];
            for value in head.iter().chain(counters) {
                match flavor {
                    Flavor::Little => file.extend(value.to_le_bytes()),
                    Flavor::Big => file.extend(value.to_be_bytes()),
                    Flavor::Uleb => uleb(*value, &mut file),
                }
            }
        }
        file.extend(b"\0cwm\0\0\0\0");
        file.extend(number.to_le_bytes());
        file.extend([0; 4]);
    }
    file
}

fn strings(texts: &[&str]) -> Vec<u8> {
    let mut table = Vec::new();
    uleb(texts.len() as u32, &mut table);
    for text in texts {
        uleb(text.len() as u32, &mut table);
        table.extend(text.bytes());
    }
    table
}

fn uleb(mut value: u32, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A binary of two packages, one of them without functions.
pub fn sample() -> Meta {
    let function = |name: &str, units: &[[u32; 5]], is_literal| Function {
        name: name.into(),
        file: "example.com/m/p/a.go".into(),
        units: units.to_vec(),
        is_literal,
    };
    let functions = vec![
        function("F", &[[3, 20, 5, 2, 1], [7, 2, 300, 40, 2], [5, 2, 7, 2, 0]], false),
        function("*T.M", &[[310, 14, 310, 15, 0]], false),
        function("func.L9.C3", &[[320, 4, 321, 9, 1]], true),
    ];
    let package = |path: &str, functions| Package {
        path: path.into(),
        name: "p".into(),
        module: "example.com/m".into(),
        functions,
    };
    let packages = vec![package("example.com/m/p", functions), package("example.com/m/consts", Vec::new())];
    Meta { mode: 2, granularity: 1, packages }
}

/// Two processes of [`sample`].
pub fn sample_segments() -> Vec<Segment> {
    let args = [("GOARCH", "amd64"), ("GOOS", "linux"), ("argc", "2"), ("argv0", "./p"), ("argv1", "x y")];
    let args = args.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let first = Segment { args, functions: vec![(0, 0, vec![1, 0, 700]), (0, 2, vec![u32::MAX])] };
    vec![first, Segment { args: Vec::new(), functions: vec![(0, 1, vec![1])] }]
}
