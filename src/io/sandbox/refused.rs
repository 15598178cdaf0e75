//! Calls that were refused: the kernel raises SIGSYS in the thread, whose handler notes the call and lets it fail.
//!
//! What must hold: the handler takes no lock and no memory. So what it notes are bits: one for each call and kind.

#![allow(unsafe_code, reason = "a signal's handler")]

use super::calls::Calls;
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers are below 512 on both architectures; one that is not is noted as the last.
const CALLS: usize = 512;
const WORDS: usize = CALLS / 64;
/// Threads that were not started here have their parent's list and no kind.
const KINDS: usize = Calls::ALL.len() + 1;
const HELPER: usize = Calls::ALL.len();
/// Why SIGSYS came: `SYS_SECCOMP` of the kernel's headers.
const BY_SECCOMP: c_int = 1;

static REFUSED: [[AtomicU64; WORDS]; KINDS] = [const { [const { AtomicU64::new(0) }; WORDS] }; KINDS];

thread_local! {
    static KIND: Cell<usize> = const { Cell::new(HELPER) };
}

/// What this thread is called when a call of it is refused.
pub(super) fn say_as(calls: Calls) {
    KIND.set(Calls::ALL.iter().position(|kind| *kind == calls).unwrap_or(HELPER));
}

/// Sets up the handler for all threads.
pub(super) fn listen() -> io::Result<()> {
    // SAFETY: all zeroes is a sigaction without flags and with an empty mask; the handler is set below.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = refuse;
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the handler has the form that SA_SIGINFO wants, and does only what a handler may: see `refuse`.
    match unsafe { libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Only atomics and a thread-local without a constructor are touched.
extern "C" fn refuse(_signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel gives both, as these types, for as long as the handler runs; it is the only
    // one that has them.
    let (info, context) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
    // Somebody else may send the signal too.
    if info.si_code == BY_SECCOMP {
        note(KIND.get(), fail(context));
    }
}

/// Has the call fail; returns its number.
#[cfg(target_arch = "x86_64")]
#[allow(clippy::cast_sign_loss, reason = "a small constant")]
fn fail(context: &mut libc::ucontext_t) -> i64 {
    let register = &mut context.uc_mcontext.gregs[libc::REG_RAX as usize];
    std::mem::replace(register, i64::from(-libc::EPERM))
}

/// Has the call fail; returns its number.
#[cfg(target_arch = "aarch64")]
fn fail(context: &mut libc::ucontext_t) -> i64 {
    let registers = &mut context.uc_mcontext.regs;
    registers[0] = i64::from(-libc::EPERM).cast_unsigned();
    registers[8].cast_signed()
}

/// There is no list for others, so that nothing is refused.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn fail(_context: &mut libc::ucontext_t) -> i64 {
    -1
}

fn note(kind: usize, number: i64) {
    let number = usize::try_from(number).map_or(CALLS - 1, |number| number.min(CALLS - 1));
    REFUSED[kind][number / 64].fetch_or(1 << (number % 64), Ordering::Relaxed);
}

/// Which calls were refused so far, by kind and number.
pub(super) fn list() -> Vec<String> {
    let mut list = Vec::new();
    for (kind, words) in REFUSED.iter().enumerate() {
        let name = Calls::ALL.get(kind).map_or("helper", |calls| calls.name());
        for number in 0..CALLS {
            if words[number / 64].load(Ordering::Relaxed) >> (number % 64) & 1 == 1 {
                list.push(format!("{name} {number}"));
            }
        }
    }
    list
}
