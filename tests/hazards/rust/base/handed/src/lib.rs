//! Uses a macro that comes from afar.

pub fn version() -> &'static str {
    handing::version!()
}

#[test]
fn says_its_version() {
    println!("{}", version());
}
