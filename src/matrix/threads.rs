//! What is shared among the threads: loops over pieces of a slice, the two halves of a computation, and
//! computations that know nothing of each other.

use super::door::Door;
use rayon::prelude::*;

/// Calls `f` for each piece of `chunk` elements, with the index of its first; on several threads
/// from a length of `parallel` on. One thread alone stays where it is: to hand a loop to a worker and
/// to wait for it costs as much as a short loop.
pub(super) fn in_pieces<T: Send>(
    values: &mut [T],
    chunk: usize,
    parallel: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    #[inline(never)] // inlined, its large stack frame costs every short loop 10 ns
    fn in_parallel<T: Send>(values: &mut [T], chunk: usize, f: impl Fn(usize, &mut [T]) + Sync) {
        values.par_chunks_mut(chunk).enumerate().for_each(|(i, piece)| f(i * chunk, piece));
    }
    if values.len() >= parallel && rayon::current_num_threads() > 1 {
        in_parallel(values, chunk, f);
    } else {
        values.chunks_mut(chunk).enumerate().for_each(|(i, piece)| f(i * chunk, piece));
    }
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

/// f(0), f(1), …, f(n − 1), on several threads if there are several. The door of the calling thread goes
/// with them.
pub(crate) fn each<R: Send>(n: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if rayon::current_num_threads() == 1 {
        return (0..n).map(f).collect();
    }
    let door = Door::current();
    (0..n).into_par_iter().map(|i| door.within(|| f(i))).collect()
}
