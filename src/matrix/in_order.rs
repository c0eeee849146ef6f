//! Long computations that may wait for each other, on threads of their own.

use super::door::Door;
use rayon::ThreadPoolBuilder;
use std::{
    ops::ControlFlow,
    sync::{
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

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
