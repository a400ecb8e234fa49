//! Letting a stopped thread go on.
//!
//! nix knows the signals that have a name. Those that have only a number (`SIGRTMIN` and above, and the two with
//! which the C library cancels threads and changes their users) must reach the thread as well, and to stay stopped
//! has no function there, hence the one request of our own.

use nix::libc;

/// Lets a thread run on, which gets the signal `number` unless it is zero.
pub(super) fn go_on(thread: i32, number: i32) {
    request(libc::PTRACE_CONT, thread, number);
}

/// Lets a thread that a signal stopped stay stopped, until another one continues it.
pub(super) fn stay_stopped(thread: i32) {
    request(libc::PTRACE_LISTEN, thread, 0);
}

#[expect(unsafe_code, reason = "no safe crate passes on signals without a name")]
fn request(request: libc::c_uint, thread: i32, data: i32) {
    // SAFETY: these two requests read and write no memory of ours: the address is unused, and the data is a number.
    // A thread that is gone, or is not ours, is an error that the kernel tells, and nothing to be done about: its
    // end is told as well.
    unsafe {
        libc::ptrace(
            request,
            thread,
            std::ptr::null_mut::<libc::c_void>(),
            std::ptr::without_provenance_mut::<libc::c_void>(data.cast_unsigned() as usize),
        );
    }
}
