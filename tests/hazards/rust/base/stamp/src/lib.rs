//! Knows of which commit it is.

pub const STAMP: &str = env!("STAMP");

pub fn stamp_length() -> usize {
    STAMP.len()
}

pub fn unstamped() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    #[test]
    fn has_stamp() {
        println!("{}", super::stamp_length());
    }

    #[test]
    fn has_none() {
        println!("{}", super::unstamped());
    }
}
