//! Long computations that may wait for each other, on threads of their own.

use super::{door::Door, threads::threads_to_use};
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
/// that waits takes up other work, which may wait for the very result that this worker has begun, and
/// then both wait for ever.
pub(crate) fn in_order<R: Send>(
    n: usize,
    f: impl Fn(usize) -> R + Sync,
    mut take: impl FnMut(R) -> ControlFlow<()>,
) {
    let threads = threads_to_use();
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::OnceLock, time::Duration};

    fn on(threads: usize, run: impl FnOnce() + Send) {
        ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(run);
    }

    #[test]
    fn results_come_in_order_though_the_first_is_the_last_to_be_done() {
        for threads in [1, 2, 5] {
            on(threads, || {
                let mut taken = vec![];
                let f = |i: usize| {
                    thread::sleep(Duration::from_millis(if i == 0 { 30 } else { 1 }));
                    i
                };
                in_order(9, f, |i| {
                    taken.push(i);
                    ControlFlow::Continue(())
                });
                assert_eq!(taken, (0..9).collect::<Vec<_>>());
            });
        }
    }

    #[test]
    fn a_break_is_the_last_that_is_taken() {
        for threads in [1, 3] {
            on(threads, || {
                let (mut taken, begun) = (vec![], AtomicUsize::new(0));
                let f = |i| {
                    begun.fetch_add(1, Relaxed);
                    thread::sleep(Duration::from_millis(1));
                    i
                };
                in_order(1000, f, |i: usize| {
                    taken.push(i);
                    if i == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                assert_eq!(taken, [0, 1, 2]);
                assert!(begun.load(Relaxed) < 900, "the rest is not begun");
            });
        }
    }

    /// All want what one of them makes on the threads that it has; nobody waits for himself.
    #[test]
    fn one_may_wait_for_what_another_makes() {
        on(4, || {
            let (shared, door) = (OnceLock::new(), Door::Portable);
            door.within(|| {
                let f = |_| {
                    *shared.get_or_init(|| {
                        let sum = |n: u32| rayon::join(|| n, || n + 1);
                        thread::sleep(Duration::from_millis(5));
                        assert_eq!(Door::current(), door, "it goes along");
                        sum(1).0 + sum(2).1
                    })
                };
                in_order(8, f, |sum| {
                    assert_eq!(sum, 4);
                    ControlFlow::Continue(())
                });
            });
        });
    }
}
