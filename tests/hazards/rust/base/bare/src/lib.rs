//! What counts nothing when it is executed.

#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
extern "C" fn number() -> u32 {
    std::arch::naked_asm!("mov eax, 42", "ret")
}

#[cfg(not(target_arch = "x86_64"))]
fn number() -> u32 {
    42
}

pub fn answer() -> u32 {
    number() + 1
}

#[test]
fn answers() {
    println!("{}", answer());
}
