//! Macros that are programs.

use proc_macro::{TokenStream, TokenTree};

mod words;

/// Gives a type a `describe`.
#[proc_macro_derive(Describe)]
pub fn describe(input: TokenStream) -> TokenStream {
    let name = type_name(input);
    format!("impl {name} {{ pub fn describe(&self) -> &'static str {{ \"{}\" }} }}", words::about(&name))
        .parse()
        .unwrap()
}

/// Makes a text loud.
#[proc_macro]
pub fn shout(input: TokenStream) -> TokenStream {
    let text = input.to_string();
    format!("\"{}\"", words::loud(text.trim_matches('"'))).parse().unwrap()
}

/// Leaves a function as it is.
#[proc_macro_attribute]
pub fn keep(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    item
}

fn type_name(input: TokenStream) -> String {
    let mut tokens = input.into_iter();
    while let Some(token) = tokens.next() {
        if let TokenTree::Ident(word) = &token {
            if matches!(word.to_string().as_str(), "struct" | "enum") {
                return tokens.next().unwrap().to_string();
            }
        }
    }
    panic!("no type")
}
