//! Names that are not a program's own, and names that too many things have.

/// Types of Rust and of its library.
#[rustfmt::skip]
const TYPES: [&str; 141] = [
    "Arc", "Args", "Arguments", "AtomicBool", "AtomicI32", "AtomicI64", "AtomicIsize", "AtomicPtr",
    "AtomicU16", "AtomicU32", "AtomicU64", "AtomicU8", "AtomicUsize", "BTreeMap", "BTreeSet",
    "Backtrace", "Barrier", "BinaryHeap", "Bound", "Box", "BufReader", "BufWriter", "CStr",
    "CString", "Cell", "Chars", "Child", "Command", "Component", "Components", "Condvar",
    "Context", "ControlFlow", "Cow", "Cursor", "DirEntry", "Duration", "Empty", "Entry",
    "ErrorKind", "ExitCode", "ExitStatus", "File", "Formatter", "FromUtf8Error", "HashMap",
    "HashSet", "Infallible", "Instant", "IpAddr", "Ipv4Addr", "Ipv6Addr", "JoinHandle", "Layout",
    "LazyCell", "LazyLock", "Lines", "LinkedList", "Location", "ManuallyDrop", "MaybeUninit",
    "Metadata", "Mutex", "MutexGuard", "NonNull", "NonZero", "Once", "OnceCell", "OnceLock",
    "OpenOptions", "Option", "Ordering", "OsStr", "OsString", "Output", "PanicHookInfo",
    "ParseFloatError", "ParseIntError", "Path", "PathBuf", "Permissions", "PhantomData", "Pin",
    "Poll", "Range", "RangeInclusive", "Rc", "ReadDir", "Receiver", "Ref", "RefCell", "RefMut",
    "Result", "RwLock", "RwLockReadGuard", "RwLockWriteGuard", "SeekFrom", "Sender", "SocketAddr",
    "Split", "Stderr", "Stdin", "Stdio", "Stdout", "String", "SyncSender", "SystemTime",
    "TcpListener", "TcpStream", "Thread", "ThreadId", "TryFromIntError", "TypeId", "UdpSocket",
    "UnixListener", "UnixStream", "UnsafeCell", "Utf8Error", "Vars", "Vec", "VecDeque", "Waker",
    "Weak", "Wrapping", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize",
    "str", "u128", "u16", "u32", "u64", "u8", "usize",
];

/// Traits of Rust's library.
#[rustfmt::skip]
const TRAITS: [&str; 92] = [
    "Add", "AddAssign", "Allocator", "Any", "AsMut", "AsRef", "Binary", "BitAnd", "BitAndAssign",
    "BitOr", "BitOrAssign", "BitXor", "BitXorAssign", "Borrow", "BorrowMut", "BufRead",
    "BuildHasher", "Clone", "Copy", "Debug", "Default", "Deref", "DerefMut", "Display", "Div",
    "DivAssign", "DoubleEndedIterator", "Drop", "Eq", "Error", "ExactSizeIterator", "Extend", "Fn",
    "FnMut", "FnOnce", "From", "FromIterator", "FromStr", "FusedIterator", "Future", "GlobalAlloc",
    "Hash", "Hasher", "Index", "IndexMut", "Into", "IntoFuture", "IntoIterator", "Iterator",
    "LowerExp", "LowerHex", "Mul", "MulAssign", "Neg", "Not", "Octal", "Ord", "PartialEq",
    "PartialOrd", "Pattern", "Pointer", "Product", "RangeBounds", "Read", "RefUnwindSafe", "Rem",
    "RemAssign", "Seek", "Send", "Shl", "ShlAssign", "Shr", "ShrAssign", "Sized", "SliceIndex",
    "Step", "Sub", "SubAssign", "Sum", "Sync", "Termination", "ToOwned", "ToSocketAddrs",
    "ToString", "TryFrom", "TryInto", "Unpin", "UnwindSafe", "UpperExp", "UpperHex", "Wake",
    "Write",
];

/// What a name means in Rust that nobody brought in.
#[rustfmt::skip]
const PRELUDE: [&str; 105] = [
    "AsMut", "AsRef", "Box", "Clone", "Copy", "Debug", "Default", "DoubleEndedIterator", "Drop",
    "Eq", "Err", "ExactSizeIterator", "Extend", "Fn", "FnMut", "FnOnce", "From", "FromIterator",
    "Future", "Hash", "Into", "IntoFuture", "IntoIterator", "Iterator", "None", "Ok", "Option",
    "Ord", "PartialEq", "PartialOrd", "Result", "Send", "Sized", "Some", "String", "Sync",
    "ToOwned", "ToString", "TryFrom", "TryInto", "Unpin", "Vec", "align_of", "align_of_val",
    "alloc", "assert", "assert_eq", "assert_ne", "bool", "cfg", "char", "column", "compile_error",
    "concat", "core", "dbg", "debug_assert", "debug_assert_eq", "debug_assert_ne", "derive",
    "drop", "env", "eprint", "eprintln", "f32", "f64", "file", "format", "format_args",
    "global_allocator", "i128", "i16", "i32", "i64", "i8", "include", "include_bytes",
    "include_str", "isize", "line", "matches", "module_path", "option_env", "panic", "print",
    "println", "size_of", "size_of_val", "std", "str", "stringify", "test", "thread_local", "todo",
    "u128", "u16", "u32", "u64", "u8", "unimplemented", "unreachable", "usize", "vec", "write",
    "writeln",
];

/// What so many methods are called that it says more to name their type.
#[rustfmt::skip]
const COMMON_IN_RUST: [&str; 227] = [
    "add", "add_assign", "all", "any", "append", "apply", "args", "as_bytes", "as_deref", "as_mut",
    "as_ptr", "as_ref", "as_slice", "as_str", "bitand", "bitor", "bitxor", "borrow", "borrow_mut",
    "build", "builder", "by_ref", "bytes", "call", "capacity", "chain", "chars", "check", "clear",
    "clone", "clone_from", "close", "cmp", "collect", "compare", "contains", "contains_key",
    "copy", "count", "create", "cursor", "data", "debug", "decode", "default", "deref",
    "deref_mut", "description", "deserialize", "display", "div", "drain", "drop", "duration",
    "encode", "end", "entry", "enumerate", "eq", "err", "error", "exec", "execute", "exists",
    "expect", "extend", "fill", "filter", "find", "finish", "first", "flush", "fmt", "fold",
    "for_each", "format", "from", "from_iter", "from_raw", "from_slice", "from_str", "from_utf8",
    "ge", "get", "get_mut", "get_or_insert_with", "gt", "handle", "hash", "header", "height", "id",
    "index", "index_mut", "init", "inner", "insert", "into", "into_inner", "into_iter", "is_empty",
    "is_err", "is_none", "is_ok", "is_some", "is_valid", "items", "iter", "iter_mut", "join",
    "key", "keys", "kind", "last", "le", "len", "length", "line", "lines", "load", "lock", "lt",
    "map", "map_err", "max", "max_value", "message", "metadata", "min", "mul", "name", "ne", "neg",
    "new", "next", "next_back", "not", "nth", "ok", "ok_or", "open", "or_else", "parent", "parse",
    "partial_cmp", "path", "peek", "poll", "pop", "position", "print", "process", "product",
    "push", "push_back", "push_front", "push_str", "read", "read_exact", "read_to_end",
    "read_to_string", "recv", "rem", "remove", "render", "replace", "reserve", "reset", "resize",
    "resolve", "rev", "rotate", "run", "save", "seek", "send", "serialize", "set", "size",
    "size_hint", "skip", "sleep", "slice", "sort", "source", "spawn", "split", "start", "state",
    "status", "stop", "store", "sub", "sum", "swap", "take", "text", "to_bytes", "to_owned",
    "to_str", "to_string", "to_vec", "transform", "trim", "truncate", "try_from", "try_into",
    "try_new", "type_id", "unwrap", "unwrap_or", "update", "validate", "value", "values", "visit",
    "wait", "wake", "width", "with", "with_capacity", "wrap", "write", "write_all", "write_fmt",
    "write_str", "zip",
];

/// The same for Go.
#[rustfmt::skip]
const COMMON_IN_GO: [&str; 226] = [
    "Accept", "Add", "Addr", "All", "Append", "Apply", "Args", "As", "Body", "Bytes", "Call",
    "Cancel", "Cause", "Check", "Clear", "Clone", "Close", "Code", "Compare", "Config", "Context",
    "Copy", "Count", "Create", "Data", "Decode", "Delete", "Do", "Done", "Each", "Encode", "End",
    "Equal", "Err", "Error", "Errors", "Eval", "Exec", "Execute", "Exists", "Fatal", "Field",
    "File", "Filter", "Find", "First", "Flush", "Format", "Get", "GoString", "Handle", "Has",
    "Hash", "Header", "ID", "Index", "Info", "Init", "Insert", "Int", "Is", "Items", "Iter",
    "Join", "Key", "Keys", "Kind", "Last", "Len", "Less", "Line", "List", "Load", "Lock", "Log",
    "Map", "MarshalBinary", "MarshalJSON", "MarshalText", "Match", "Max", "Merge", "Message",
    "Method", "Min", "Name", "New", "Next", "Node", "Open", "Parent", "Parse", "Path", "Peek",
    "Ping", "Pop", "Pos", "Position", "Print", "Printf", "Process", "Push", "Put", "Query",
    "Range", "Read", "ReadFrom", "Recv", "Remove", "Render", "Replace", "Reset", "Resolve",
    "Result", "Root", "Run", "Save", "Scan", "Seek", "Send", "Serve", "ServeHTTP", "Set",
    "SetName", "Size", "Sort", "Source", "Split", "Start", "State", "Status", "Stop", "Store",
    "String", "Sub", "Sum", "Swap", "Sync", "Test", "Text", "Time", "Type", "URL", "Unlock",
    "UnmarshalBinary", "UnmarshalJSON", "UnmarshalText", "Unwrap", "Update", "Validate", "Value",
    "Values", "Visit", "Wait", "Walk", "With", "Wrap", "Write", "WriteHeader", "WriteString",
    "WriteTo", "add", "check", "close", "copy", "count", "delete", "do", "done", "err", "error",
    "exec", "find", "first", "flush", "get", "has", "id", "index", "init", "insert", "key", "kind",
    "len", "less", "line", "load", "lock", "log", "match", "merge", "name", "next", "open",
    "parse", "path", "peek", "pop", "pos", "push", "put", "read", "remove", "reset", "run", "scan",
    "send", "set", "size", "start", "state", "step", "stop", "store", "string", "sub", "test",
    "text", "token", "unlock", "update", "value", "visit", "wait", "walk", "write",
];

/// Functions that libraries and the language call by name, in C and in C++.
#[rustfmt::skip]
const CALLED_BY_C: [&str; 45] = [
    "AbslHashValue", "AbslStringify", "PrintTo", "advance", "aligned_alloc", "await_ready",
    "await_resume", "await_suspend", "await_transform", "begin", "calloc", "cbegin", "cend",
    "data", "distance", "empty", "end", "final_suspend", "free", "from_json", "get",
    "get_return_object", "hash_value", "initial_suspend", "iter_move", "iter_swap", "main",
    "make_error_code", "malloc", "memalign", "posix_memalign", "rbegin", "realloc", "rend",
    "return_value", "return_void", "size", "swap", "tag_invoke", "to_json", "to_string",
    "to_value", "unhandled_exception", "valloc", "yield_value",
];

/// Packages of Go's library that do nothing when they are linked that a program could see: not those that register
/// hashes, formats of images, handlers or flags.
#[rustfmt::skip]
const QUIET_GO_PACKAGES: [&str; 130] = [
    "archive/tar", "archive/zip", "bufio", "bytes", "cmp", "compress/bzip2", "compress/flate",
    "compress/gzip", "compress/lzw", "compress/zlib", "container/heap", "container/list",
    "container/ring", "context", "database/sql", "database/sql/driver", "debug/buildinfo",
    "debug/dwarf", "debug/elf", "debug/gosym", "debug/macho", "debug/pe", "debug/plan9obj",
    "embed", "encoding", "encoding/ascii85", "encoding/asn1", "encoding/base32", "encoding/base64",
    "encoding/binary", "encoding/csv", "encoding/gob", "encoding/hex", "encoding/json",
    "encoding/pem", "encoding/xml", "errors", "flag", "fmt", "go/ast", "go/build",
    "go/build/constraint", "go/constant", "go/doc", "go/doc/comment", "go/format", "go/importer",
    "go/parser", "go/printer", "go/scanner", "go/token", "go/types", "go/version", "hash",
    "hash/adler32", "hash/crc32", "hash/crc64", "hash/fnv", "hash/maphash", "html",
    "html/template", "image", "image/color", "image/color/palette", "image/draw",
    "index/suffixarray", "io", "io/fs", "io/ioutil", "iter", "log", "log/slog", "log/syslog",
    "maps", "math", "math/big", "math/bits", "math/cmplx", "math/rand", "math/rand/v2", "mime",
    "mime/multipart", "mime/quotedprintable", "net", "net/http", "net/http/cgi",
    "net/http/cookiejar", "net/http/fcgi", "net/http/httptrace",
    "net/http/httputil", "net/mail", "net/netip", "net/rpc", "net/rpc/jsonrpc", "net/smtp",
    "net/textproto", "net/url", "os", "os/exec", "os/signal", "os/user", "path", "path/filepath",
    "reflect", "regexp", "regexp/syntax", "runtime", "runtime/debug", "slices", "sort", "strconv",
    "strings", "structs", "sync", "sync/atomic", "syscall", "testing", "testing/fstest",
    "testing/iotest", "text/scanner", "text/tabwriter", "text/template", "text/template/parse",
    "time", "unicode", "unicode/utf16", "unicode/utf8", "unique", "unsafe", "weak",
];

/// The names by which the members of traits of Rust are called that the language calls where a type has the trait, and
/// nowhere else. Those that also decide what happens to a value (`Copy`, `Drop`), what other names mean (`Deref`,
/// `Index`), or which of several ways the library takes (`Eq`, `Error`) are not among them.
#[rustfmt::skip]
const METHODS: [(&str, &[&str]); 22] = [
    ("AsMut", &["as_mut"]),
    ("AsRef", &["as_ref"]),
    ("Binary", &["fmt"]),
    ("Borrow", &["borrow"]),
    ("BorrowMut", &["borrow_mut"]),
    ("Clone", &["clone", "clone_from", "cloned", "to_owned", "clone_into"]),
    ("Debug", &["fmt"]),
    ("Default", &["default"]),
    ("Display", &["fmt", "to_string"]),
    ("Extend", &["extend"]),
    ("From", &["from", "into"]),
    ("FromIterator", &["from_iter", "collect"]),
    ("FromStr", &["from_str", "parse"]),
    ("Hash", &["hash", "hash_slice"]),
    ("LowerHex", &["fmt"]),
    ("Octal", &["fmt"]),
    ("Ord", &["cmp", "max", "min", "clamp"]),
    ("PartialEq", &["eq", "ne"]),
    ("PartialOrd", &["partial_cmp", "lt", "le", "gt", "ge"]),
    ("TryFrom", &["try_from", "try_into"]),
    ("UpperExp", &["fmt"]),
    ("UpperHex", &["fmt"]),
];

/// Members of these that need not be there for the trait to be.
const OPTIONAL: [&str; 9] = ["clamp", "clone_from", "ge", "gt", "hash_slice", "le", "lt", "max", "min"];

/// Types of numbers, of which a literal may be any.
const NUMBERS: [&str; 14] =
    ["f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16", "u32", "u64", "u8", "usize"];

/// Returns whether a type is of Rust or of its library.
pub(in super::super) fn is_type(name: &str) -> bool {
    TYPES.binary_search(&name).is_ok()
}

/// Returns whether a trait is of Rust's library.
pub(super) fn is_trait(name: &str) -> bool {
    TRAITS.binary_search(&name).is_ok()
}

/// Returns whether a name means something in Rust that nobody brought in.
pub(super) fn is_in_prelude(name: &str) -> bool {
    PRELUDE.binary_search(&name).is_ok()
}

/// Returns whether many types have a method of this name.
pub(super) fn is_common_in_rust(method: &str) -> bool {
    COMMON_IN_RUST.binary_search(&method).is_ok()
}

/// Returns whether many types have a method of this name.
pub(super) fn is_common_in_go(method: &str) -> bool {
    COMMON_IN_GO.binary_search(&method).is_ok()
}

/// Returns whether a function may be called by somebody who does not name it. Names that begin with `_` are the
/// compiler's.
pub(super) fn is_called_by_c(function: &str) -> bool {
    function.starts_with('_') || CALLED_BY_C.binary_search(&function).is_ok()
}

/// Returns whether nobody sees that a package of Go's library is linked.
pub(super) fn is_quiet_go_package(path: &str) -> bool {
    QUIET_GO_PACKAGES.binary_search(&path).is_ok()
}

/// Returns the names by which the members of a trait of the library are called, if it is one that says nothing to whoever
/// calls none of them.
pub(in super::super) fn methods_of(name: &str) -> Option<&'static [&'static str]> {
    METHODS.binary_search_by_key(&name, |(name, _)| name).ok().map(|at| METHODS[at].1)
}

/// Returns the traits that a type has as well which has this one, and that itself.
pub(super) fn implied_by(name: &str) -> Vec<&str> {
    let more: &[&str] = match name {
        "Clone" => &["ToOwned"],
        "Display" => &["ToString"],
        "From" => &["Into", "TryFrom", "TryInto"],
        "TryFrom" => &["TryInto"],
        _ => &[],
    };
    std::iter::once(name).chain(more.iter().copied()).collect()
}

/// Returns whether all that a trait of the library holds takes a value of the type that has it.
pub(super) fn takes_values(name: &str) -> bool {
    !matches!(name, "Default" | "From" | "FromIterator" | "FromStr" | "TryFrom")
}

/// Returns whether a trait is there without this member of it.
pub(super) fn is_optional_in(of_trait: &str, member: &str) -> bool {
    let is_of_others = methods_of(of_trait).is_none_or(|methods| !methods.contains(&member));
    is_of_others || member == "ne" || OPTIONAL.binary_search(&member).is_ok()
}

/// Returns whether a type is one of numbers.
pub(super) fn is_number(name: &str) -> bool {
    NUMBERS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        let methods = METHODS.map(|(name, _)| name);
        let lists: [&[&str]; 10] = [
            &TYPES,
            &TRAITS,
            &PRELUDE,
            &COMMON_IN_RUST,
            &COMMON_IN_GO,
            &CALLED_BY_C,
            &QUIET_GO_PACKAGES,
            &OPTIONAL,
            &NUMBERS,
            &methods,
        ];
        for list in lists {
            assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
        }
    }
}
