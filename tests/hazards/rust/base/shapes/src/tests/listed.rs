#[test]
fn names() {
    println!("{:?}", crate::listed::names());
}
