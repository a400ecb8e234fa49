//! What a build script made that says nothing of what it read.

mod made {
    include!(concat!(env!("OUT_DIR"), "/made.rs"));
}

pub fn words() -> &'static str {
    made::WORDS
}

pub fn settings() -> (&'static str, bool) {
    (made::SETTINGS, made::HAS_MORE)
}

pub fn plain() -> u32 {
    7
}

#[cfg(test)]
mod tests {
    #[test]
    fn has_words() {
        println!("{}", crate::words());
    }

    #[test]
    fn has_settings() {
        println!("{:?}", crate::settings());
    }

    #[test]
    fn is_plain() {
        println!("{}", crate::plain());
    }
}
