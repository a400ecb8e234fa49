use crate::speak::*;

#[test]
fn dogs() {
    println!("{}", Dog.speak());
}

#[test]
fn cats() {
    println!("{}", Cat.speak());
}

#[test]
fn cows() {
    println!("{}", Cow.twice());
}

#[test]
fn choruses() {
    println!("{}", chorus());
}

#[test]
fn meters() {
    println!("{}", read_meter());
}

#[test]
fn stones() {
    println!("{}", kind_of_stone());
}

#[test]
fn words() {
    println!("{}", length_of_word());
}

#[test]
fn coins() {
    println!("{} {}", same_coins(), different_coins());
}

#[test]
fn coin_text() {
    println!("{} {:>9}", Coin(4), Coin(5).to_string());
}

#[test]
fn counts() {
    println!("{}", counted());
}

#[test]
fn hints() {
    println!("{:?}", hinted());
}

#[test]
fn guards() {
    println!("{}", guarded());
}

#[test]
fn is_alone() {
    println!("{}", alone());
}
