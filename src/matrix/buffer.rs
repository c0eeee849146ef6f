//! Memory for matrices: buffers that are used again.
//!
//! A training step makes and drops the same few dozen buffers over and over. Handing them back to
//! the system each time costs more than the arithmetic on small models (fresh pages must be
//! cleared and mapped), so a dropped buffer goes to a pool of its thread and the next buffer of the
//! same length takes it from there. In steady state a training step allocates nothing large.

use super::Real;
use std::cell::RefCell;

/// Buffers shorter than this are left to the allocator, which is good at them.
const SMALLEST: usize = 64;
/// What one thread's pool of one precision may hold, in bytes.
const LARGEST: usize = 64 << 20;

/// A buffer that returns to its thread's pool when it is dropped.
#[derive(Debug)]
pub(super) struct Buffer<T: Real>(Vec<T>);

/// The waiting buffers of one thread, by length.
#[derive(Debug)]
pub struct Pool<T> {
    /// In no order: a computation uses few lengths, and a short list is found faster than a hash.
    by_length: Vec<(usize, Vec<Vec<T>>)>,
    bytes: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { by_length: Vec::new(), bytes: 0 }
    }
}

impl<T> Pool<T> {
    fn group(&self, length: usize) -> Option<usize> {
        self.by_length.iter().position(|(l, _)| *l == length)
    }

    fn take(&mut self, length: usize) -> Option<Vec<T>> {
        let index = self.group(length)?;
        let found = self.by_length[index].1.pop();
        if self.by_length[index].1.is_empty() {
            self.by_length.swap_remove(index); // only lengths that wait are searched
        }
        self.bytes -= length * size_of::<T>();
        found
    }

    fn put(&mut self, values: Vec<T>) {
        let bytes = size_of_val(values.as_slice());
        if self.bytes + bytes > LARGEST {
            return;
        }
        self.bytes += bytes;
        match self.group(values.len()) {
            Some(index) => self.by_length[index].1.push(values),
            None => self.by_length.push((values.len(), vec![values])),
        }
    }
}

/// Where a precision keeps its pool.
pub type PoolKey<T> = std::thread::LocalKey<RefCell<Pool<T>>>;

impl<T: Real> Buffer<T> {
    /// A buffer whose contents are to be overwritten: old values or zeros, whichever costs nothing.
    pub(super) fn scratch(length: usize) -> Self {
        let waiting =
            (length >= SMALLEST).then(|| T::pool().with_borrow_mut(|pool| pool.take(length)));
        Self(waiting.flatten().unwrap_or_else(|| vec![T::default(); length]))
    }

    pub(super) const fn from_vec(values: Vec<T>) -> Self {
        Self(values)
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.0
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Real> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.0.len() < SMALLEST {
            return;
        }
        let values = std::mem::take(&mut self.0);
        // A thread that is ending may already have lost its pool; then the buffer is simply freed.
        let _ = T::pool().try_with(|pool| pool.borrow_mut().put(values));
    }
}
