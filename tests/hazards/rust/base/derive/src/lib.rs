//! Macros that are programs.

use proc_macro::{TokenStream, TokenTree};

mod words;

/// Gives a type a `describe`.
#[proc_macro_derive(Describe)]
pub fn describe(input: TokenStream) -> TokenStream {
    let name = name_of_type(input);
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

fn name_of_type(input: TokenStream) -> String {
    word_after(input, &["struct", "enum"])
}

fn word_after(input: TokenStream, keywords: &[&str]) -> String {
    let mut tokens = input.into_iter();
    while let Some(token) = tokens.next() {
        if let TokenTree::Ident(word) = &token {
            if keywords.contains(&word.to_string().as_str()) {
                return tokens.next().unwrap().to_string();
            }
        }
    }
    panic!("nothing has a name")
}

/// Has a function be listed before anything runs.
#[proc_macro_attribute]
pub fn listed(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let name = word_after(item.clone(), &["fn"]);
    format!("{item} {}", listing(&name)).parse().unwrap()
}

/// Has a type be listed before anything runs.
#[proc_macro_derive(Listed)]
pub fn listed_type(input: TokenStream) -> TokenStream {
    listing(&word_after(input, &["struct", "enum"])).parse().unwrap()
}

fn listing(name: &str) -> String {
    format!(
        "const _: () = {{ \
             #[used] #[link_section = \".init_array\"] static START: extern \"C\" fn() = list; \
             extern \"C\" fn list() {{ crate::listed::list(\"{name}\") }} \
         }};"
    )
}
