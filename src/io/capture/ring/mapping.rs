//! The memory that the kernel and the reader share: blocks, each owned by one of the two at a time.
//!
//! What must hold: a block is read only between the kernel's handing it over and our giving it back. The kernel says
//! whose it is in the block's status word: the acquiring load there orders our reads after the kernel's writes, the
//! releasing store orders the kernel's next writes after our reads (`Documentation/networking/packet_mmap.rst`).
#![allow(
    unsafe_code,
    reason = "memory shared with the kernel; with `sys.rs` the only unsafe code of the crate"
)]

use std::io;
use std::mem::offset_of;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::ptr::{NonNull, null_mut};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};

const STATUS_AT: usize =
    offset_of!(libc::tpacket_block_desc, hdr) + offset_of!(libc::tpacket_hdr_v1, block_status);

/// Blocks of equal size, one after the other.
pub(super) struct Mapping {
    base: NonNull<u8>,
    block_size: NonZeroUsize,
    block_count: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and this value is its only user on our side.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps the ring that was requested on `fd`, whose geometry must be this.
    pub(super) fn new(fd: BorrowedFd<'_>, block_size: NonZeroUsize, block_count: usize) -> io::Result<Self> {
        let len = block_size.get().checked_mul(block_count).ok_or(io::ErrorKind::InvalidInput)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours. The kernel refuses
        // it unless `len` is the size of the whole ring, so every block lies within.
        let base = unsafe { libc::mmap(null_mut(), len, access, libc::MAP_SHARED, fd.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, block_size, block_count })
    }

    pub(super) const fn block_count(&self) -> usize {
        self.block_count
    }

    /// The block at `index` (of the ring's, in turn) if the kernel has handed it over.
    #[inline]
    pub(super) fn ready(&mut self, index: usize) -> Option<Lent<'_>> {
        let lent = Lent { start: self.block(index), len: self.block_size.get(), _mapping: self };
        // Not ours: it must not be given back.
        let lent = std::mem::ManuallyDrop::new(lent);
        (lent.status().load(Ordering::Acquire) & libc::TP_STATUS_USER != 0)
            .then(|| std::mem::ManuallyDrop::into_inner(lent))
    }

    fn block(&self, index: usize) -> NonNull<u8> {
        let index = index % self.block_count;
        // SAFETY: `index` is less than the number of blocks, so the block is within the mapping.
        unsafe { self.base.add(index * self.block_size.get()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: address and length are those of the mapping, and no block is lent out: each borrows this value.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.block_size.get() * self.block_count) };
    }
}

/// A block that is ours until it is dropped, which gives it back.
pub(super) struct Lent<'a> {
    start: NonNull<u8>,
    len: usize,
    /// Blocks are lent one at a time, and not beyond the mapping's life.
    _mapping: &'a mut Mapping,
}

impl Lent<'_> {
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the block lies within the mapping. It is ours while `self` lives: the kernel does not write to it,
        // and we do so only when dropping `self`, which ends this borrow.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    #[inline]
    fn status(&self) -> &AtomicU32 {
        // SAFETY: the status word lies within the block, whose start the kernel aligns to a page, and both sides
        // only access it whole.
        unsafe { AtomicU32::from_ptr(self.start.add(STATUS_AT).cast().as_ptr()) }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}
