const MARK: &str = "!";

pub fn about(name: &str) -> String {
    format!("a thing called {name}")
}

pub fn loud(text: &str) -> String {
    format!("{}{MARK}", text.to_uppercase())
}
