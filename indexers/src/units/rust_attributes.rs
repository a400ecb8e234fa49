//! Attributes and derives of which it is known that they do no more than to write something for what they stand at.
//!
//! Any other may be a macro that has what it stands at act where nobody names it: it lists a step of a scenario, a kind
//! of value that can be read, a plug-in.

/// Attributes of one word that stay with what they stand at.
#[rustfmt::skip]
const QUIET: [&str; 95] = [
    // The language.
    "allow", "automatically_derived", "bench", "cfg", "cold", "coverage", "debugger_visualizer", "default",
    "deny", "deprecated", "doc", "expect", "feature", "forbid", "ignore", "inline", "macro_use", "must_use",
    "no_mangle", "non_exhaustive", "path", "recursion_limit", "repr", "should_panic", "target_feature",
    "test", "track_caller", "type_length_limit", "unsafe", "warn",
    // Tests.
    "case", "files", "fixture", "future", "matrix", "once", "parallel", "quickcheck", "rstest", "serial",
    "test_case", "timeout", "traced_test", "values",
    // Functions and types that are written anew.
    "async_recursion", "async_trait", "instrument", "maybe_async", "pin", "pin_project", "project",
    // What derives are told.
    "arbitrary", "arg", "as_mut", "as_ref", "backtrace", "borsh", "builder", "bytemuck", "clap", "command",
    "debug", "deref", "deref_mut", "derivative", "derive_where", "diesel", "display", "educe", "error",
    "from", "getset", "group", "help", "index", "into", "into_iterator", "logos", "prost", "regex", "rkyv",
    "schemars", "serde", "serde_as", "snafu", "source", "sqlx", "strum", "token", "transparent", "try_from",
    "validate", "value", "zerocopy", "zeroize",
];

/// Tools, and crates of which all attributes do.
#[rustfmt::skip]
const PLACES: [&str; 20] = [
    "actix_rt", "async_recursion", "async_std", "async_trait", "clippy", "core", "derive_where", "diagnostic",
    "maybe_async", "ntest", "pin_project", "proptest", "rstest", "rustfmt", "serde_with", "serial_test", "std",
    "test_case", "tokio", "tracing",
];

/// Derives that write implementations for the type.
#[rustfmt::skip]
const DERIVES: [&str; 139] = [
    // The language.
    "Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd",
    // Serde and other formats.
    "Archive", "BorrowDecode", "BorshDeserialize", "BorshSerialize", "Decode", "Deserialize",
    "DeserializeFromStr", "Deserialize_repr", "Encode", "Enumeration", "JsonSchema", "Message", "Oneof",
    "Serialize", "SerializeDisplay", "Serialize_repr",
    // Errors.
    "Diagnostic", "Error", "Fail", "Snafu", "Subdiagnostic",
    // Command lines.
    "Args", "CommandFactory", "FromArgMatches", "Parser", "StructOpt", "Subcommand", "ValueEnum",
    // What values can be used for.
    "Add", "AddAssign", "AsMut", "AsRef", "Binary", "BitAnd", "BitAndAssign", "BitOr", "BitOrAssign",
    "BitXor", "BitXorAssign", "Constructor", "Deref", "DerefMut", "Display", "Div", "DivAssign", "From",
    "FromStr", "Index", "IndexMut", "Into", "IntoIterator", "IsVariant", "LowerExp", "LowerHex", "Mul",
    "MulAssign", "Neg", "Not", "Octal", "Pointer", "Product", "Rem", "RemAssign", "Shl", "ShlAssign", "Shr",
    "ShrAssign", "Sub", "SubAssign", "Sum", "TryFrom", "TryInto", "TryUnwrap", "Unwrap", "UpperExp",
    "UpperHex",
    // Kinds.
    "AsRefStr", "EnumAsInner", "EnumCount", "EnumDiscriminants", "EnumIs", "EnumIter", "EnumMessage",
    "EnumProperty", "EnumSetType", "EnumString", "EnumTable", "EnumTryAs", "EnumVariantNames", "FromRepr",
    "IntoPrimitive", "IntoStaticStr", "ToString", "TryFromPrimitive", "VariantArray", "VariantNames",
    // Numbers and memory.
    "AnyBitPattern", "AsBytes", "CheckedBitPattern", "Contiguous", "FromBytes", "FromPrimitive", "FromZeros",
    "Immutable", "IntoBytes", "KnownLayout", "NoUninit", "NumCast", "Pod", "ToPrimitive",
    "TransparentWrapper", "TryFromBytes", "Unaligned", "Zeroable", "Zeroize", "ZeroizeOnDrop",
    // The rest.
    "Arbitrary", "Builder", "CopyGetters", "Derivative", "Educe", "FromRow", "Getters", "Logos", "MutGetters",
    "Setters", "SmartDefault", "TypedBuilder", "Validate", "new",
];

/// Returns whether an attribute of this path does no more than that. Whatever ends in `test` declares one.
pub(super) fn is_quiet(path: &[&[u8]]) -> bool {
    let is_in = |names: &[&str], name: &[u8]| names.iter().any(|known| known.as_bytes() == name);
    match path {
        [name] => is_in(&QUIET, name),
        [place, .., name] => is_in(&PLACES, place) || *name == b"test",
        [] => false,
    }
}

/// Returns whether a derive does no more than that. It is known by the last word of its path.
pub(super) fn is_quiet_derive(name: &[u8]) -> bool {
    DERIVES.iter().any(|quiet| quiet.as_bytes() == name)
}
