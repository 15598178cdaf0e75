//! Asking for a cache line ahead of its use.

/// Starts loading the line that holds `place`, without waiting for it.
#[inline(always)]
#[allow(
    unsafe_code,
    reason = "the intrinsic is marked unsafe, though a prefetch has no effect a program can see"
)]
pub fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of every x86-64, and a prefetch neither reads nor writes as far as the language can
        // tell; the address comes from a live reference anyway.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
