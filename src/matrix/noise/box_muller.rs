//! The transform of Box and Muller (1958), many numbers at a time.
//!
//! ```text
//! √(−2 ln u) (cos 2πv, sin 2πv) ~ N(0, I₂)    for independent uniform u and v
//! ```
//!
//! A ziggurat is faster for one number, but it branches, and what branches cannot run in the lanes of
//! a vector. All that is computed here are sums, products, quotients and roots, each rounded as IEEE
//! 754 says, and none of them fused: the bits are the same behind every door.

use super::Generator;
use crate::matrix::{
    Real,
    door::{Door, Instructions, Loop, Portable},
    elementwise::polynomial,
};
use rand::Rng;
use std::f64::consts::{LN_2, TAU};

/// Generators side by side.
const LANES: usize = 16;
/// Numbers that are transformed at once.
const BLOCK: usize = 16 * LANES;

/// Xoshiro256++ (Blackman and Vigna 2021): the four words of the state, each for all lanes.
pub struct Lanes([[u64; LANES]; 4]);

impl Lanes {
    fn from_rng(rng: &mut Generator) -> Self {
        Self([(); 4].map(|()| [(); LANES].map(|()| rng.next_u64())))
    }

    #[inline(always)]
    fn next(&mut self) -> [u64; LANES] {
        let [a, b, c, d] = &mut self.0;
        let mut words = [0; LANES];
        for i in 0..LANES {
            words[i] = a[i].wrapping_add(d[i]).rotate_left(23).wrapping_add(a[i]);
            let shifted = b[i] << 17;
            c[i] ^= a[i];
            d[i] ^= b[i];
            b[i] ^= c[i];
            a[i] ^= d[i];
            c[i] ^= shifted;
            d[i] = d[i].rotate_left(45);
        }
        words
    }
}

/// What the transform needs to know about a precision.
pub trait Uniform: Real {
    /// 2 artanh(s)/s in powers of s². The root of −2 log u halves a relative error, so what is left out
    /// here may be twice the rounding; in the next two it is below it.
    const LOG: &'static [Self];
    /// cos θ in powers of θ².
    const COS: &'static [Self];
    /// sin(θ)/θ in powers of θ².
    const SIN: &'static [Self];

    /// u in (0, 1] and v in [0, 1).
    fn uniforms(lanes: &mut Lanes) -> [[Self; LANES]; 2];

    /// k and m with u = 2ᵏ m and √½ ≤ m < √2.
    fn split(u: Self) -> [Self; 2];
}

impl Uniform for f64 {
    const LOG: &'static [Self] = &artanh::<10>();
    const COS: &'static [Self] = &taylor::<9>(0);
    const SIN: &'static [Self] = &taylor::<8>(1);

    /// From 52 bits each: |z| < 8.5. One true normal number in 5·10¹⁶ lies beyond the largest, 8.490.
    #[inline(always)]
    fn uniforms(lanes: &mut Lanes) -> [[Self; LANES]; 2] {
        let from_one_to_two = |word: u64| Self::from_bits(1023 << 52 | word >> 12);
        let [u, v] = [lanes.next(), lanes.next()].map(|words| words.map(from_one_to_two));
        [u.map(|u| 2.0 - u), v.map(|v| v - 1.0)]
    }

    /// k is the exponent of u/√½. Written, with its bias, into the last bits of 2⁵², it becomes a float
    /// by one subtraction.
    #[inline(always)]
    fn split(u: Self) -> [Self; 2] {
        let exponent = (u.to_bits() + (1023 << 52) - HALF_ROOT_64) >> 52;
        let k = Self::from_bits(1075 << 52 | exponent) - Self::from_bits(1075 << 52 | 1023);
        [k, Self::from_bits(u.to_bits() + (1023 << 52) - (exponent << 52))]
    }
}

impl Uniform for f32 {
    const LOG: &'static [Self] = &single(artanh::<4>());
    const COS: &'static [Self] = &single(taylor::<5>(0));
    const SIN: &'static [Self] = &single(taylor::<5>(1));

    /// From 31 and 24 bits: |z| < 6.67. One true normal number in 4·10¹⁰ lies beyond the largest,
    /// 6.660.
    #[inline(always)]
    fn uniforms(lanes: &mut Lanes) -> [[Self; LANES]; 2] {
        let words = lanes.next();
        let signed = |bits: u64| (bits as u32).cast_signed() as Self; // from an i32 there is an instruction
        [
            words.map(|word| (signed(word >> 33) + 0.5) * 2.0_f32.powi(-31)),
            words.map(|word| signed(word << 32 >> 40) * 2.0_f32.powi(-24)),
        ]
    }

    /// As in double precision, with 2²³.
    #[inline(always)]
    fn split(u: Self) -> [Self; 2] {
        let exponent = (u.to_bits() + (127 << 23) - HALF_ROOT_32) >> 23;
        let k = Self::from_bits(150 << 23 | exponent) - Self::from_bits(150 << 23 | 127);
        [k, Self::from_bits(u.to_bits() + (127 << 23) - (exponent << 23))]
    }
}

const HALF_ROOT_64: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
const HALF_ROOT_32: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();

/// Independent draws from N(0, 1), behind the given door.
pub(crate) fn fill<T: Uniform>(door: Door, rng: &mut Generator, out: &mut [T]) {
    door.enter(Fill { lanes: Lanes::from_rng(rng), out });
}

struct Fill<'a, T> {
    lanes: Lanes,
    out: &'a mut [T],
}

impl<T: Uniform> Loop for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(mut self) {
        let (whole, rest) = self.out.as_chunks_mut::<BLOCK>();
        for block in whole {
            pairs(&mut self.lanes, block);
        }
        if !rest.is_empty() {
            let mut last = [T::default(); BLOCK];
            pairs(&mut self.lanes, &mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

/// The first numbers of all pairs, and then the second. The u and v of the pairs lie in the two halves
/// of the block, and are transformed in place. All are drawn first: so the loops that follow are long
/// enough for the compiler to put them into vectors.
#[inline(always)]
fn pairs<T: Uniform>(lanes: &mut Lanes, block: &mut [T; BLOCK]) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (u, v) in first.as_chunks_mut().0.iter_mut().zip(second.as_chunks_mut().0) {
        [*u, *v] = T::uniforms(lanes);
    }
    for u in &mut *first {
        *u = (T::of(-2.0) * log(*u)).sqrt();
    }
    for (first, second) in first.iter_mut().zip(second) {
        let (radius, [x, y]) = (*first, on_the_circle(*second));
        (*first, *second) = (radius * x, radius * y);
    }
}

/// log u = k ln 2 + 2 artanh s, s = (m − 1)/(m + 1), and artanh s = s + s³/3 + s⁵/5 + …: as m is within
/// √2 of 1, s² is below 0.03. For u ≤ 1 it is never above 0, so the root of −2 log u
/// is a number; at u = 1 it is −0.
#[inline(always)]
fn log<T: Uniform>(u: T) -> T {
    let [k, m] = T::split(u);
    let one = T::of(1.0);
    let s = (m - one) / (m + one);
    k * T::of(LN_2) + s * polynomial::<Portable, T>(T::LOG, s * s)
}

/// 2/(2n + 1) for n = 0, 1, …
const fn artanh<const N: usize>() -> [f64; N] {
    let (mut all, mut n) = ([0.0; N], 0);
    while n < N {
        all[n] = 2.0 / (2 * n + 1) as f64;
        n += 1;
    }
    all
}

/// (−1)ⁿ/(2n + odd)! for n = 0, 1, …
const fn taylor<const N: usize>(odd: usize) -> [f64; N] {
    let (mut all, mut n) = ([1.0; N], 1);
    while n < N {
        all[n] = -all[n - 1] / ((2 * n + odd) * (2 * n + odd - 1)) as f64;
        n += 1;
    }
    all
}

const fn single<const N: usize>(all: [f64; N]) -> [f32; N] {
    let (mut rounded, mut n) = ([0.0; N], 0);
    while n < N {
        rounded[n] = all[n] as f32;
        n += 1;
    }
    rounded
}

/// (cos, sin) of 2πv − 45°, which is as uniform on the circle as 2πv.
///
/// The first two bits of v say by how many quarters of the circle to turn, and the others how far
/// from −45° to 45°; there the Taylor series are short.
#[inline(always)]
fn on_the_circle<T: Uniform>(v: T) -> [T; 2] {
    let (half, quarter) = (T::of(0.5), T::of(0.25));
    let (v, sign) = if v < half { (v, T::of(1.0)) } else { (v - half, T::of(-1.0)) };
    let turned = v >= quarter;
    let theta = (if turned { v - quarter } else { v } - T::of(0.125)) * T::of(TAU);
    let cos = polynomial::<Portable, T>(T::COS, theta * theta) * sign;
    let sin = polynomial::<Portable, T>(T::SIN, theta * theta) * (theta * sign);
    if turned { [-sin, cos] } else { [cos, sin] }
}
