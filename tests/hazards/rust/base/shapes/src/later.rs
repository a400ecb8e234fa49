//! What is done later, and how much room that takes until then.

pub async fn outer() -> u8 {
    inner().await + 1
}

async fn inner() -> u8 {
    let numbers = [1_u8; 4];
    std::future::ready(()).await;
    numbers[0]
}

pub fn sometimes(now: bool) -> Option<impl Fn() -> u8> {
    now.then(|| always())
}

fn always() -> impl Fn() -> u8 {
    let kept = [1_u8; 4];
    move || kept[0]
}

pub fn room<T>(_: &T) -> usize {
    std::mem::size_of::<T>()
}

pub fn unmade() -> impl Sized {
    1_u8
}

pub fn what_it_makes<T>(_: fn() -> T) -> &'static str {
    std::any::type_name::<T>()
}
