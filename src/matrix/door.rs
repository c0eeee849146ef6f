//! Doors into vector instructions.
//!
//! The loops of this floor are plain Rust. A compiler turns them into vector code, but only for
//! the instructions it may assume, and a portable binary may assume few. So each hot loop is
//! compiled several times, once behind each *door*, and the widest door that the machine has is
//! taken at run time. The loop itself stays one safe generic function.
//!
//! | door | instructions | fused multiply-add |
//! |---|---|---|
//! | `Portable` | whatever the target guarantees (SSE2, NEON, …) | no |
//! | `Avx2` | AVX2 + FMA, 256 bits | yes |
//! | `Avx512` | AVX-512 F/DQ/VL, 512 bits | yes |
//!
//! A fused multiply-add rounds once where the portable pair rounds twice. So results agree bit for
//! bit between runs and thread counts *behind the same door*, and to rounding between
//! doors (Gaussian noise fuses nothing, and has the same bits behind all of them).
//! `SCORE_MATCHING_DOOR=portable|avx2|avx512` forces one for a whole process, [`Door::within`] for
//! a closure.

use super::Real;
use std::{cell::Cell, sync::OnceLock, thread::LocalKey};

/// f(), while this thread's cell holds `value`. Then it holds the former one again, also when `f` panics.
pub(super) fn with<T: Copy, R>(
    cell: &'static LocalKey<Cell<T>>,
    value: T,
    f: impl FnOnce() -> R,
) -> R {
    struct Restore<T: Copy + 'static>(&'static LocalKey<Cell<T>>, T);
    impl<T: Copy> Drop for Restore<T> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    let _restore = Restore(cell, cell.replace(value));
    f()
}

/// A set of vector instructions that the hot loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// What every machine of the target has.
    Portable,
    /// AVX2 and fused multiply-add (x86-64).
    Avx2,
    /// AVX-512 with its double-word and vector-length extensions (x86-64).
    Avx512,
}

/// What a loop knows, at compile time, about the door it was entered through.
pub(crate) trait Instructions: Copy + Send + Sync + 'static {
    /// The door, so that a loop can choose its tile.
    const DOOR: Door;
    /// Whether `mul_add` is one instruction. Where it is not, it would be a slow library call.
    const FUSED: bool;

    /// a b + c: in one rounding where the door has an instruction for it, in two where it has none.
    #[inline(always)]
    fn multiply_add<T: Real>(a: T, b: T, c: T) -> T {
        if Self::FUSED { a.mul_add(b, c) } else { a * b + c }
    }

    /// Asks for numbers that will be wanted soon, so that they are near by then. Nothing happens where
    /// stable Rust has no instruction for it.
    #[inline(always)]
    fn prefetch<T>(numbers: &[T]) {
        #[cfg(target_arch = "x86_64")]
        numbers.iter().step_by(64 / size_of::<T>()).chain(numbers.last()).for_each(x86::prefetch);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = numbers;
    }
}

/// A loop that can be compiled behind any door. Implementations are `#[inline(always)]`, and so is
/// what they call: only inlined code takes on the door's instructions.
pub(crate) trait Loop {
    /// What the loop returns.
    type Output;
    /// Runs the loop with the instructions `I`.
    fn run<I: Instructions>(self) -> Self::Output;
}

#[derive(Clone, Copy)]
pub(super) struct Portable;
impl Instructions for Portable {
    const DOOR: Door = Door::Portable;
    const FUSED: bool = false;
}

thread_local!(static FORCED: Cell<Option<Door>> = const { Cell::new(None) });

impl Door {
    /// Every door, narrowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// Whether this machine has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The doors of this machine.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|door| door.is_available())
    }

    /// The door in use: the one forced on this thread, else the environment's, else the widest.
    ///
    /// # Panics
    /// If the environment asks for a door that [`Door::requested`] refuses.
    pub fn current() -> Self {
        static CHOSEN: OnceLock<Door> = OnceLock::new();
        FORCED.get().unwrap_or_else(|| {
            *CHOSEN.get_or_init(|| match Self::requested() {
                Ok(Some(door)) => door,
                Ok(None) => Self::available().last().unwrap_or(Self::Portable),
                Err(message) => panic!("{message}"),
            })
        })
    }

    /// The door that `SCORE_MATCHING_DOOR` asks for, if it is set; an empty one is not.
    ///
    /// # Errors
    /// One line, if the name is unknown or the machine lacks the door.
    pub fn requested() -> Result<Option<Self>, String> {
        let name = std::env::var_os("SCORE_MATCHING_DOOR").unwrap_or_default();
        if name.is_empty() {
            return Ok(None);
        }
        let door = Self::ALL.into_iter().find(|door| name == door.name());
        let name = name.display();
        match door {
            Some(door) if door.is_available() => Ok(Some(door)),
            Some(_) => Err(format!("SCORE_MATCHING_DOOR: this machine has no '{name}'")),
            None => Err(format!("SCORE_MATCHING_DOOR: '{name}' is none of portable, avx2, avx512")),
        }
    }

    /// The name used by `SCORE_MATCHING_DOOR`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Runs `f` with this door forced on the current thread.
    ///
    /// # Panics
    /// If this machine lacks the door.
    pub fn within<R>(self, f: impl FnOnce() -> R) -> R {
        assert!(self.is_available(), "this machine has no {self:?}");
        with(&FORCED, Some(self), f)
    }

    /// Runs a loop behind this door. On another thread the choice of the calling thread must be
    /// passed along, hence the explicit receiver.
    pub(crate) fn enter<L: Loop>(self, l: L) -> L::Output {
        match self {
            Self::Portable => l.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => x86::avx2(l),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86::avx512(l),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => unreachable!("only x86-64 has {self:?}"),
        }
    }
}

/// The only unsafe code of the crate: two calls of functions compiled for instructions that are
/// found to be there just before, and a hint that has no safe form.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions that were detected, and a hint")]
mod x86 {
    use super::{Door, Instructions, Loop};

    #[inline(always)]
    pub(super) fn prefetch<T>(place: &T) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it changes no value, cannot fault, and SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }

    #[derive(Clone, Copy)]
    struct Avx2;
    impl Instructions for Avx2 {
        const DOOR: Door = Door::Avx2;
        const FUSED: bool = true;
    }

    #[derive(Clone, Copy)]
    struct Avx512;
    impl Instructions for Avx512 {
        const DOOR: Door = Door::Avx512;
        const FUSED: bool = true;
    }

    pub(super) fn avx2<L: Loop>(l: L) -> L::Output {
        #[target_feature(enable = "avx2,fma")]
        fn compiled<L: Loop>(l: L) -> L::Output {
            l.run::<Avx2>()
        }
        assert!(Door::Avx2.is_available(), "this machine has no AVX2");
        // SAFETY: the assertion above found AVX2 and FMA, all that `compiled` is compiled for.
        unsafe { compiled(l) }
    }

    pub(super) fn avx512<L: Loop>(l: L) -> L::Output {
        #[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512vl")]
        fn compiled<L: Loop>(l: L) -> L::Output {
            l.run::<Avx512>()
        }
        assert!(Door::Avx512.is_available(), "this machine has no AVX-512");
        // SAFETY: the assertion above found AVX2, FMA and AVX-512 F, DQ and VL, all that `compiled`
        // is compiled for.
        unsafe { compiled(l) }
    }
}
