//! How work is shared among the threads: pieces of a slice, independent computations, and the two halves of a
//! computation.
//!
//! The pool is rayon's: workers that sleep until there is work. A thread outside it, such as the main thread,
//! takes pieces itself, and its half of a product. If it handed everything to a worker and waited, that would
//! take longer than most products: the worker must wake, then wake the others, and at the end wake the caller.

use super::door::Door;
use std::sync::Mutex;

/// From this length on x + y, a x and their like are shared among the threads.
pub(super) const PARALLEL: usize = 1 << 16;
/// The same for functions such as exp, which take longer for each element.
pub(super) const PARALLEL_FUNCTIONS: usize = 1 << 15;
/// About how many elements a piece has: few enough for the first-level cache.
pub(super) const CHUNK: usize = 1 << 12;

/// Calls `f` for each piece of `chunk` elements, with the index of its first element. The threads share the
/// pieces if the slice is `long`; otherwise, or if there is one thread, the caller does all.
pub(super) fn in_pieces<T: Send>(
    values: &mut [T],
    chunk: usize,
    long: bool,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    /// Each thread takes the next piece when it is done with one, so all are done at about the same time.
    #[inline(never)] // inlined, its large stack frame costs every short loop 10 ns
    fn on_threads<T: Send>(
        threads: usize,
        values: &mut [T],
        chunk: usize,
        f: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let pieces = Mutex::new(values.chunks_mut(chunk).enumerate());
        let take = || {
            // A closure, so that the lock is open again before the piece is computed.
            let next = || pieces.lock().expect("no piece is computed under the lock").next();
            while let Some((i, piece)) = next() {
                f(i * chunk, piece);
            }
        };
        rayon::in_place_scope(|scope| {
            (1..threads).for_each(|_| scope.spawn(|_| take()));
            take();
        });
    }
    let threads =
        if long { rayon::current_num_threads().min(values.len().div_ceil(chunk)) } else { 1 };
    if threads > 1 {
        on_threads(threads, values, chunk, f);
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

/// Both results; on two threads if there are several. The door of the calling thread goes with them. A caller
/// outside the pool hands both to its workers and waits: if it took one itself, and the halves were cut again,
/// one thread more than there are processors would compute.
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

/// Both halves of a product, on two threads. No door goes with them: each must know its own.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    /// Outside every pool, and in some.
    fn everywhere(run: impl Fn() + Sync) {
        run();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(&run);
        }
    }

    #[test]
    fn each_piece_is_taken_once() {
        everywhere(|| {
            for (length, chunk) in [(0, 1), (1, 4), (9, 3), (10, 3), (100, 1)] {
                let mut values = vec![0; length];
                in_pieces(&mut values, chunk, true, |start, piece| {
                    assert!(piece.len() <= chunk);
                    piece.iter_mut().enumerate().for_each(|(i, value)| *value += start + i + 1);
                });
                assert!(values.into_iter().eq(1..=length), "{length} in pieces of {chunk}");
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_next_call_works() {
        everywhere(|| {
            for bad in 0..8 {
                // Not `each`, which would also panic for want of a result.
                let pieces = || in_pieces(&mut [0; 8], 1, true, |i, _| assert_ne!(i, bad));
                assert!(catch_unwind(pieces).is_err());
                assert!(catch_unwind(|| join(|| panic!("a"), || ())).is_err());
                assert!(catch_unwind(|| join(|| (), || panic!("b"))).is_err());
                assert!(each(8, |i| i).into_iter().eq(0..8));
            }
        });
    }
}
