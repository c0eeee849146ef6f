//! What is shared among the threads: pieces of a slice, computations that know nothing of each other, and
//! the two halves of one.
//!
//! A thread that is not one of the pool's takes its share of pieces and of the halves of a product itself. To
//! hand all of it to a worker and to wait would take longer than most products: first the worker wakes, then it
//! wakes another, at last the caller wakes.

use super::door::Door;
use std::sync::Mutex;

/// Calls `f` for each piece of `chunk` elements, with the index of its first; on all threads if it is `long`.
/// One thread alone stays where it is.
pub(super) fn in_pieces<T: Send>(
    values: &mut [T],
    chunk: usize,
    long: bool,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    /// Each thread takes the next piece when it is done with one, so none of them waits long.
    #[inline(never)] // inlined, its large stack frame costs every short loop 10 ns
    fn on_all_threads<T: Send>(values: &mut [T], chunk: usize, f: impl Fn(usize, &mut [T]) + Sync) {
        let pieces = Mutex::new(values.chunks_mut(chunk).enumerate());
        let take = || {
            let next = || pieces.lock().expect("no piece is computed under the lock").next();
            while let Some((i, piece)) = next() {
                f(i * chunk, piece);
            }
        };
        rayon::in_place_scope(|scope| {
            (1..rayon::current_num_threads()).for_each(|_| scope.spawn(|_| take()));
            take();
        });
    }
    if long && rayon::current_num_threads() > 1 {
        on_all_threads(values, chunk, f);
    } else {
        values.chunks_mut(chunk).enumerate().for_each(|(i, piece)| f(i * chunk, piece));
    }
}

/// f(0), f(1), …, f(n − 1), on all threads. The door of the calling thread goes with them.
pub(crate) fn each<R: Send>(n: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let door = Door::current();
    let mut results: Vec<_> = (0..n).map(|_| None).collect();
    in_pieces(&mut results, 1, true, |i, result| result[0] = Some(door.within(|| f(i))));
    results.into_iter().map(|result| result.expect("f was called for each")).collect()
}

/// Both results; on two threads if there are several. The door of the calling thread goes with them.
pub(crate) fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if rayon::current_num_threads() == 1 {
        return (a(), b());
    }
    let door = Door::current();
    rayon::join(|| door.within(a), || door.within(b))
}

/// Both pieces of a product, on two threads.
pub(super) fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    if rayon::current_thread_index().is_some() {
        rayon::join(a, b);
        return;
    }
    rayon::in_place_scope(|scope| {
        scope.spawn(|_| b());
        a();
    });
}
