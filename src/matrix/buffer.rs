//! Memory for matrices: buffers that are used again.
//!
//! A training step makes and drops the same few dozen buffers over and over. Handing them back to
//! the system each time costs more than the arithmetic on small models (fresh pages must be
//! cleared and mapped), so a dropped buffer goes to a pool and the next buffer of the same length
//! takes it from there. In steady state a training step that
//! fits into the pool allocates next to nothing large.
//!
//! | buffers | pool | holds at most |
//! |---|---|---|
//! | fewer than 64 elements | none: the allocator is good at them | |
//! | less than 16 KiB | one for each thread, so that nobody waits | 4 MiB each |
//! | 16 KiB or more | one for all threads, so that idle ones keep nothing | 128 MiB |
//!
//! Each precision has its own. When a pool is full, the length that came first makes room.
//!
//! A pooled buffer begins on a boundary of 64 bytes, a cache line and the widest register. What the
//! allocator gives begins 16 bytes after one, and then every second vector that is read or written
//! lies on two lines.

use super::Real;
use std::{
    cell::RefCell,
    collections::VecDeque,
    ops::Range,
    sync::{Mutex, PoisonError},
    thread::LocalKey,
};

/// Buffers of fewer elements are left to the allocator.
const SMALLEST: usize = 64;
/// Buffers of this number of bytes or more are large: to fill one takes many times as long as a lock.
const LARGE: usize = 16 << 10;
/// How many lengths may wait, so that the search stays short.
const LENGTHS: usize = 64;
/// Bytes of a cache line.
const LINE: usize = 64;

/// A buffer that returns to its pool when it is dropped.
#[derive(Debug)]
pub(super) struct Buffer<T: Real> {
    values: Vec<T>,
    /// Which of the values are the buffer's; the others only bring its first to a boundary.
    used: Range<usize>,
}

/// Waiting buffers by length, in the order in which the lengths came.
#[derive(Debug)]
pub struct Pool<T> {
    by_length: VecDeque<(usize, Vec<Vec<T>>)>,
    bytes: usize,
    /// What it may hold, in bytes.
    most: usize,
}

impl<T> Pool<T> {
    const fn new(most: usize) -> Self {
        Self { by_length: VecDeque::new(), bytes: 0, most }
    }

    /// Where a length waits. The latest are the likeliest.
    fn group(&self, length: usize) -> Option<usize> {
        self.by_length.iter().rposition(|(l, _)| *l == length)
    }

    fn take(&mut self, length: usize) -> Option<Vec<T>> {
        let index = self.group(length)?;
        let found = self.by_length[index].1.pop();
        if self.by_length[index].1.is_empty() {
            self.by_length.remove(index); // only lengths that wait are searched
        }
        self.bytes -= length * size_of::<T>();
        found
    }

    fn put(&mut self, values: Vec<T>) {
        let (length, bytes) = (values.len(), size_of_val(values.as_slice()));
        if bytes > self.most {
            return;
        }
        while self.bytes + bytes > self.most {
            self.forget_first();
        }
        self.bytes += bytes;
        if let Some(index) = self.group(length) {
            self.by_length[index].1.push(values);
            return;
        }
        if self.by_length.len() == LENGTHS {
            self.forget_first();
        }
        self.by_length.push_back((length, vec![values]));
    }

    fn forget_first(&mut self) {
        if let Some((length, waiting)) = self.by_length.pop_front() {
            self.bytes -= length * size_of::<T>() * waiting.len();
        }
    }
}

/// Where a precision keeps its buffers: the small ones of this thread, the large ones of all.
#[derive(Debug)]
pub struct Pools<T: 'static> {
    pub(super) small: &'static LocalKey<RefCell<Pool<T>>>,
    pub(super) large: &'static Mutex<Pool<T>>,
}

/// An empty pool for the small buffers of a thread.
pub(super) const fn small<T>() -> RefCell<Pool<T>> {
    RefCell::new(Pool::new(4 << 20))
}

/// An empty pool for the large buffers of all threads.
pub(super) const fn large<T>() -> Mutex<Pool<T>> {
    Mutex::new(Pool::new(128 << 20))
}

/// Gives all large buffers that wait back to the allocator: after a task whose lengths will not come again.
pub(crate) fn release<T: Real>() {
    let mut pool = T::pools().large.lock().unwrap_or_else(PoisonError::into_inner);
    let most = pool.most;
    *pool = Pool::new(most);
}

/// Calls `f` with the pool for buffers of a length; but a thread that is ending may already have lost
/// its own.
fn with_pool<T: Real, R>(length: usize, f: impl FnOnce(&mut Pool<T>) -> R) -> Option<R> {
    if length * size_of::<T>() < LARGE {
        T::pools().small.try_with(|pool| f(&mut pool.borrow_mut())).ok()
    } else {
        Some(f(&mut T::pools().large.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl<T: Real> Buffer<T> {
    /// A buffer whose contents are to be overwritten: old values or zeros, whichever costs nothing.
    pub(super) fn scratch(length: usize) -> Self {
        if length < SMALLEST {
            return Self::from_vec(vec![T::default(); length]);
        }
        let padded = length + LINE / size_of::<T>();
        let waiting = with_pool(padded, |pool| pool.take(padded)).flatten();
        let values = waiting.unwrap_or_else(|| vec![T::default(); padded]);
        let start = values.as_ptr().align_offset(LINE);
        Self { values, used: start..start + length }
    }

    pub(super) const fn from_vec(values: Vec<T>) -> Self {
        let used = 0..values.len();
        Self { values, used }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[T] {
        &self.values[self.used.clone()]
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values[self.used.clone()]
    }
}

impl<T: Real> Drop for Buffer<T> {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        // One that came from outside has no boundary, and may hold more than its length says.
        if values.len() > self.used.len() {
            with_pool(values.len(), |pool| pool.put(values));
        }
    }
}
