//! What is shared among the threads: loops over pieces of a slice, the two halves of a computation, and
//! computations that know nothing of each other.

use super::door::Door;
use rayon::{ThreadPoolBuilder, prelude::*};
use std::{
    ops::ControlFlow,
    sync::{
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

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

/// Long computations f(0), f(1), …, f(n − 1), as many at once as there are threads, each on its share of
/// them. `take` gets the results in order, each as soon as it can; when it breaks, no more are begun.
///
/// Here one computation may wait for what another makes. Workers of one pool could not do that: a worker
/// that waits for its own half of a sum does what else there is to do, which may be what waits for it.
pub(crate) fn in_order<R: Send>(
    n: usize,
    f: impl Fn(usize) -> R + Sync,
    mut take: impl FnMut(R) -> ControlFlow<()>,
) {
    let threads = rayon::current_num_threads();
    let workers = threads.min(n);
    if workers < 2 {
        _ = (0..n).try_for_each(|i| take(f(i)));
        return;
    }
    let (next, door) = (AtomicUsize::new(0), Door::current());
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (send, next, f) = (send.clone(), &next, &f);
            scope.spawn(move || {
                let share = ThreadPoolBuilder::new().num_threads(threads / workers).build();
                share.expect("a pool of threads").install(|| {
                    door.within(|| {
                        loop {
                            let i = next.fetch_add(1, Relaxed);
                            if i >= n || send.send((i, f(i))).is_err() {
                                return;
                            }
                        }
                    });
                });
            });
        }
        drop(send);
        let mut waiting: Vec<Option<R>> = (0..n).map(|_| None).collect();
        let mut first = 0;
        for (i, result) in receive {
            waiting[i] = Some(result);
            while let Some(result) = waiting.get_mut(first).and_then(Option::take) {
                first += 1;
                if take(result).is_break() {
                    next.store(n, Relaxed);
                    return;
                }
            }
        }
    });
}
