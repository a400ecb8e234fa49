//! What a build script made that looked at sizes.

mod made {
    include!(concat!(env!("OUT_DIR"), "/made.rs"));
}

#[cfg(test)]
mod tests {
    #[test]
    fn has_a_load() {
        println!("{}", crate::made::LOAD);
    }

    #[test]
    fn has_another() {
        println!("{}", crate::made::OTHER);
    }
}
