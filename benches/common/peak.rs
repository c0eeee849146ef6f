//! The peak: how many operations a second the machine does when memory does not slow it down.

use super::Options;
use score_matching::matrix::{Real, door::Door};
use std::hint::black_box;

/// Multiply-adds that do not wait for each other. A result is ready after some four cycles, and two
/// are begun in each, so eight would do; and sixteen registers have room for twelve.
const CHAINS: usize = 12;
/// Long enough that calling together threads that are awake does not count.
const ROUNDS: usize = 100_000;

/// Seconds (best and median) of multiply-adds in registers, behind the door in use and on all threads
/// of the pool together, and the GFLOP/s of the best. A multiply-add is two operations.
pub fn multiply_adds<T: Real>(options: &Options) -> ([f64; 2], f64) {
    let (door, threads) = (Door::current(), rayon::current_num_threads());
    let (chains, lanes): (fn(T), _) = match (door, size_of::<T>()) {
        (Door::Portable, 4) => (portable::<T, 4>, 4),
        (Door::Portable, _) => (portable::<T, 2>, 2),
        #[cfg(target_arch = "x86_64")]
        (Door::Avx2, 4) => (x86::avx2::<T, 8>, 8),
        #[cfg(target_arch = "x86_64")]
        (Door::Avx2, _) => (x86::avx2::<T, 4>, 4),
        #[cfg(target_arch = "x86_64")]
        (Door::Avx512, 4) => (x86::avx512::<T, 16>, 16),
        #[cfg(target_arch = "x86_64")]
        (Door::Avx512, _) => (x86::avx512::<T, 8>, 8),
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("only x86-64 has {door:?}"),
    };
    let factor = T::of(0.999_999);
    let call = || drop(rayon::broadcast(|_| chains(black_box(factor))));
    // Inside the pool, where a thread takes its own part at once: from outside, each call would begin and end
    // with waking a thread.
    let seconds = rayon::scope(|_| options.time(call));
    (seconds, 2e-9 * (threads * CHAINS * lanes * ROUNDS) as f64 / seconds[0])
}

/// y ← a y + a, over and over, in `CHAINS` registers of `LANES` numbers.
#[inline(always)]
fn chains<T: Real, const LANES: usize>(a: T, multiply_add: impl Fn(T, T, T) -> T) {
    let mut y = [[T::default(); LANES]; CHAINS];
    for _ in 0..ROUNDS {
        for y in &mut y {
            for y in y {
                *y = multiply_add(*y, a, a);
            }
        }
    }
    black_box(y);
}

fn portable<T: Real, const LANES: usize>(a: T) {
    chains::<T, LANES>(a, |y, a, b| y * a + b);
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calling a #[target_feature] function after detecting the feature")]
mod x86 {
    use super::{Door, Real, chains};

    pub fn avx2<T: Real, const LANES: usize>(a: T) {
        #[target_feature(enable = "avx2,fma")]
        fn compiled<T: Real, const LANES: usize>(a: T) {
            chains::<T, LANES>(a, T::mul_add);
        }
        assert!(Door::Avx2.is_available(), "this machine has no AVX2");
        // SAFETY: the assertion above found AVX2 and FMA, all that `compiled` is compiled for.
        unsafe { compiled::<T, LANES>(a) }
    }

    pub fn avx512<T: Real, const LANES: usize>(a: T) {
        #[target_feature(enable = "avx2,fma,avx512f")]
        fn compiled<T: Real, const LANES: usize>(a: T) {
            chains::<T, LANES>(a, T::mul_add);
        }
        assert!(Door::Avx512.is_available(), "this machine has no AVX-512");
        // SAFETY: the assertion above found AVX2, FMA and AVX-512 F, all that `compiled` is
        // compiled for.
        unsafe { compiled::<T, LANES>(a) }
    }
}
