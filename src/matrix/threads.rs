//! How work is shared among the threads: pieces of a slice, independent computations, and the two halves of a
//! computation.
//!
//! The pool is rayon's: workers that sleep until there is work. A thread outside it, such as the main thread,
//! takes pieces itself, and one of two halves. If it handed everything to a worker and waited, that would
//! take longer than most products: the worker must wake, then wake the others, and at the end wake the caller.
//!
//! Such a caller is one thread more than the pool has. So threads are counted: whoever computes a half, or takes
//! pieces, is told how many it may use, together no more than the pool has. The numbers are fixed beforehand: a half that is done
//! early does not help the other. Inside the pool nothing is counted: the caller is a worker itself, and any free
//! worker takes the next part.

use super::door::{Door, with};
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
/// How often a caller outside the pool looks whether the others are done before it sleeps. On an idle machine
/// this takes 0.1 ms.
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
        limit: Limit,
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
        beside((1..threads).map(|_| || limit.within(take)), || limit.within(take));
    }
    let all = if long { threads_to_use() } else { 1 };
    let threads = all.min(values.len().div_ceil(chunk));
    if threads > 1 {
        on_threads(threads, Limit::of_part(all / threads), values, chunk, f);
    } else {
        values.chunks_mut(chunk).enumerate().for_each(|(i, piece)| f(i * chunk, piece));
    }
}

/// f(0), f(1), …, f(n − 1), on all threads that may be used. The door of the calling thread goes with them.
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
    let door = Door::current();
    let [more, fewer] = [threads.div_ceil(2), threads / 2].map(Limit::of_part);
    join(|| more.within(|| door.within(a)), || fewer.within(|| door.within(b)))
}

/// Both halves of a product, on two threads. Neither the door nor the limit goes with them. So each half must
/// know its door and its number of threads, and may cut its work again by `join` alone.
pub(super) fn join<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if rayon::current_thread_index().is_some() {
        return rayon::join(a, b);
    }
    let mut second = None;
    let first = beside([|| second = Some(b())], a);
    (first, second.expect("b is done"))
}

/// Runs `own` here and `others` on workers; returns when all are done.
fn beside<R, F: FnOnce() + Send>(
    others: impl IntoIterator<Item = F>,
    own: impl FnOnce() -> R,
) -> R {
    let running = AtomicUsize::new(0); // a hint: it is the scope that waits for all
    rayon::in_place_scope(|scope| {
        for other in others {
            running.fetch_add(1, Relaxed);
            scope.spawn(|_| {
                other();
                running.fetch_sub(1, Relaxed);
            });
        }
        let result = own();
        // A caller outside the pool would now sleep at once, and waking it mostly takes longer than the others
        // still need. A worker looks for other work first.
        if rayon::current_thread_index().is_none() {
            (0..PATIENCE).take_while(|_| running.load(Relaxed) > 0).for_each(|_| yield_now());
        }
        result
    })
}

/// The threads that a part of a computation may use.
#[derive(Clone, Copy, PartialEq)]
struct Limit(usize);

thread_local! {
    static LIMIT: Cell<Limit> = const { Cell::new(Limit::NONE) };
}

/// How many threads may share the work of the computation on this thread.
pub(super) fn threads_to_use() -> usize {
    LIMIT.get().0.min(rayon::current_num_threads())
}

impl Limit {
    const NONE: Self = Self(usize::MAX);

    /// So many threads; but a computation that began inside the pool has no limit, and neither have its parts.
    fn of_part(threads: usize) -> Self {
        let inside = rayon::current_thread_index().is_some();
        if inside && LIMIT.get() == Self::NONE { Self::NONE } else { Self(threads) }
    }

    /// f(), under this limit.
    fn within<R>(self, f: impl FnOnce() -> R) -> R {
        with(&LIMIT, self, f)
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
    fn the_parts_together_may_use_the_threads_of_the_pool() {
        let pair = || both(threads_to_use, threads_to_use);
        let (a, b) = pair();
        let all = rayon::current_num_threads();
        assert_eq!(a + b, all.max(2), "one thread does both, one after the other");
        assert!(each(all, |_| threads_to_use()).into_iter().all(|threads| threads == 1));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().expect("threads");
        pool.install(|| {
            assert_eq!(pair(), (8, 8), "no limit inside the pool");
            // What a caller outside has given to a worker.
            Limit(5).within(|| {
                assert_eq!(pair(), (3, 2));
                assert_eq!(both(pair, pair), ((2, 1), (1, 1)));
                assert_eq!(each(2, |_| pair()), [(1, 1), (1, 1)]);
                assert!(each(9, |_| threads_to_use()).into_iter().all(|threads| threads == 1));
                assert!(catch_unwind(|| both(|| panic!("a"), || ())).is_err());
                assert_eq!(threads_to_use(), 5);
            });
        });
    }
}
