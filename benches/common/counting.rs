//! A counting allocator between a program and the system, for the test of memory and the benches of
//! training steps.
//!
//! What a thread holds is counted on that thread, so that a test on a thread of its own is not
//! disturbed; what is asked for is counted on all threads together, as a training step runs on all.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed},
};

/// Blocks of at least this many bytes count as [`FRESH`].
const LARGE: usize = 4096;
/// Blocks of at least this many bytes count as the last of [`ASKED`].
const HUGE: usize = 16 << 10;

thread_local! {
    /// Bytes alive.
    pub static LIVE: Cell<isize> = const { Cell::new(0) };
    /// Bytes ever allocated in large blocks.
    pub static FRESH: Cell<usize> = const { Cell::new(0) };
}

/// Bytes alive on all threads.
pub static ALIVE: AtomicIsize = AtomicIsize::new(0);
/// Ever asked for on all threads: blocks, their bytes, and the bytes in blocks of 16 KiB or more.
pub static ASKED: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

struct Counting;

fn took(size: usize) {
    LIVE.set(LIVE.get() + size.cast_signed());
    ALIVE.fetch_add(size.cast_signed(), Relaxed);
    if size >= LARGE {
        FRESH.set(FRESH.get() + size);
    }
    let huge = if size >= HUGE { size } else { 0 };
    for (asked, more) in ASKED.iter().zip([1, size, huge]) {
        asked.fetch_add(more, Relaxed);
    }
}

fn gave(size: usize) {
    LIVE.set(LIVE.get() - size.cast_signed());
    ALIVE.fetch_sub(size.cast_signed(), Relaxed);
}

// SAFETY: every call is passed on to the system's allocator unchanged; the counters beside it are
// thread-local cells with constant initial values and atomics, which never allocate.
#[expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise about the layout is passed on.
        unsafe { System.alloc(layout) }
    }
    // The two below have defaults that would touch every byte, and so change what a bench measures.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise about the layout is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        took(size);
        gave(layout.size());
        // SAFETY: the block came from here, hence from the system, with this layout; the caller's
        // promise about the size is passed on.
        unsafe { System.realloc(block, layout, size) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: the block came from here, hence from the system, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
