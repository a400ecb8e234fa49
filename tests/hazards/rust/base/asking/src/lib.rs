//! A macro that asks for a variable, and leaves no trace of it.

use proc_macro::TokenStream;

/// The version of the package that this is used in.
#[proc_macro]
pub fn version(_: TokenStream) -> TokenStream {
    let name = ["CARGO", "PKG", "VERSION"].join("_");
    format!("{:?}", std::env::var(name).unwrap_or_default()).parse().unwrap()
}
