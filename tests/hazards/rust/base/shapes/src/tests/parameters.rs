//! Tests that a macro writes.

macro_rules! cases {
    ($($name:ident: $input:expr,)*) => {
        $(
            #[test]
            fn $name() {
                println!("{}", double($input));
            }
        )*
    };
}

cases! {
    one: 1,
    two: 2,
    three: 3,
}

fn double(number: u32) -> u32 {
    number * 2
}

mod nested {
    #[test]
    fn inside() {
        println!("{}", super::double(10));
    }
}
