//! How work is shared among the threads: pieces of a slice, independent computations, and the two halves of a
//! computation.
//!
//! The pool is rayon's: workers that sleep until there is work. A thread outside it, such as the main thread,
//! takes pieces itself, and one of two halves. If it handed everything to a worker and waited, that would
//! take longer than most products: the worker must wake, then wake the others, and at the end wake the caller.
//! A piece or a half may itself be shared. While the caller computes, one worker has nothing to do; it would take
//! part, and there would be one thread more than processors. So each piece and each half is told how many threads
//! it may use. Inside the pool that is all of them: there are no more workers than threads.

use super::door::Door;
use std::{
    cell::Cell,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::yield_now,
};

/// From this length on x + y, a x and their like are shared among the threads.
pub(super) const PARALLEL: usize = 1 << 16;
/// The same for functions such as exp, which take longer for each element.
pub(super) const PARALLEL_FUNCTIONS: usize = 1 << 15;
/// About how many elements a piece has: few enough for the first-level cache.
pub(super) const CHUNK: usize = 1 << 12;
/// How often a caller outside the pool looks whether the others are done, before it sleeps: 0.1 ms.
const PATIENCE: usize = 1 << 8;

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
        let each = share(threads_to_use() / threads);
        beside((1..threads).map(|_| || each.within(take)), || each.within(take));
    }
    let threads = if long { threads_to_use().min(values.len().div_ceil(chunk)) } else { 1 };
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

/// Both results; on two threads if there are several. The door of the calling thread goes with them.
pub(crate) fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    let threads = threads_to_use();
    if threads == 1 {
        return (a(), b());
    }
    let (door, mut results) = (Door::current(), (None, None));
    let [more, fewer] = [threads.div_ceil(2), threads / 2].map(share);
    join(
        || results.0 = Some(more.within(|| door.within(a))),
        || results.1 = Some(fewer.within(|| door.within(b))),
    );
    (results.0.expect("a is done"), results.1.expect("b is done"))
}

/// Both halves of a product, on two threads. No door goes with them: each must know its own.
pub(super) fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    if rayon::current_thread_index().is_some() {
        rayon::join(a, b);
        return;
    }
    beside([b], a);
}

/// `others` on workers, and `own` here.
fn beside<F: FnOnce() + Send>(others: impl IntoIterator<Item = F>, own: impl FnOnce()) {
    let running = AtomicUsize::new(0);
    rayon::in_place_scope(|scope| {
        for other in others {
            running.fetch_add(1, Relaxed);
            scope.spawn(|_| {
                other();
                running.fetch_sub(1, Relaxed);
            });
        }
        own();
        // Outside the pool the scope would now sleep at once, and to wake takes longer than what the others
        // mostly have left. A worker does better: it looks for work.
        if rayon::current_thread_index().is_none() {
            (0..PATIENCE).take_while(|_| running.load(Relaxed) > 0).for_each(|_| yield_now());
        }
    });
}

thread_local! {
    /// The threads that the computation on this thread may use.
    static SHARE: Cell<Share> = const { Cell::new(ALL) };
}

/// Among how many threads work is to be shared here.
pub(super) fn threads_to_use() -> usize {
    SHARE.get().0.min(rayon::current_num_threads())
}

/// The threads that a part of a computation may use.
#[derive(Clone, Copy, PartialEq)]
struct Share(usize);

const ALL: Share = Share(usize::MAX);

/// So many threads for a part of what is computed here; all of them if that began inside the pool.
fn share(threads: usize) -> Share {
    let whole = SHARE.get();
    if rayon::current_thread_index().is_some() && whole == ALL { ALL } else { Share(threads) }
}

impl Share {
    /// f(), on these threads.
    fn within<R>(self, f: impl FnOnce() -> R) -> R {
        /// Puts the former share back, also when `f` panics.
        struct Restore(Share);
        impl Drop for Restore {
            fn drop(&mut self) {
                SHARE.set(self.0);
            }
        }
        let _restore = Restore(SHARE.replace(self));
        f()
    }
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
                assert_eq!(threads_to_use(), rayon::current_num_threads());
            }
        });
    }

    #[test]
    fn outside_the_pool_no_more_threads_compute_than_it_has() {
        let all = rayon::current_num_threads();
        let (a, b) = both(threads_to_use, threads_to_use);
        assert_eq!(a + b, all.max(2), "one thread does both, one after the other");
        assert!(each(all, |_| threads_to_use()).into_iter().all(|threads| threads == 1));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(5).build().expect("threads");
        assert_eq!(pool.install(|| both(threads_to_use, threads_to_use)), (5, 5));
    }
}
