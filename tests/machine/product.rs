//! The fast product is the definition.
//!
//! The triple loop `naive` is short enough to be believed. Here the fast product is held against it
//! behind every door the machine has, in both precisions and all three forms, on shapes chosen so
//! that every edge of every loop is met; then what the loops promise besides: exact integers, the
//! same bits on any number of threads, A · I = A.
//!
//! # The bound
//! Let u be the unit roundoff. A sum of k products in whatever order is Σ xᵢ yᵢ ∏ (1 + δ), where
//! each term passes through at most k roundings: its product and at most k − 1 additions (a sum of
//! k terms is a tree with k leaves; adding a zero rounds nothing). A fused multiply-add only leaves
//! roundings out. So |fl − exact| ≤ γₖ Σ |xᵢ| |yᵢ|, γₖ = k u / (1 − k u) (Higham 2002, § 3.1).
//! Both sides of the comparison err, hence 2 γₖ. Σ |x| |y| is itself taken in floating point, in
//! f64 and from non-negative terms: a relative error of k 2⁻⁵³, far inside the 1 % we allow it.

use proptest::{prelude::*, test_runner::RngSeed};
use score_matching::{
    Array, Matrix,
    array::Product,
    matrix::{Real, door::Door, product::naive},
};

/// Shapes of the two operands of x y, x yᵀ or xᵀ y.
fn operands(form: Product, (m, n, k): (usize, usize, usize)) -> [(usize, usize); 2] {
    match form {
        Product::Nn => [(m, k), (k, n)],
        Product::Nt => [(m, k), (n, k)],
        Product::Tn => [(k, m), (k, n)],
    }
}

/// Numbers in [−1, 1) without pattern, from a hash of their place (splitmix64's finaliser).
fn noise<T: Real>((rows, cols): (usize, usize), seed: u64) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |i, j| {
        let mut z = (seed << 42 | (i as u64) << 21 | j as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    })
}

/// x y by the definition.
fn reference<T: Real>(
    form: Product,
    sizes: (usize, usize, usize),
    x: &Matrix<T>,
    y: &Matrix<T>,
) -> Vec<T> {
    let mut z = vec![T::default(); sizes.0 * sizes.1];
    naive(form, sizes, x.data(), y.data(), &mut z);
    z
}

/// Asserts the bound of this file's header for one shape, behind every door.
fn check<T: Real>(form: Product, sizes: (usize, usize, usize)) {
    let [x, y] = operands(form, sizes);
    let (x, y) = (noise::<T>(x, 1), noise::<T>(y, 2));
    let expected = reference(form, sizes, &x, &y);
    let absolute =
        |x: &Matrix<T>| Matrix::<f64>::from_fn(x.rows(), x.cols(), |i, j| x.at(i, j).abs());
    let magnitudes = reference(form, sizes, &absolute(&x), &absolute(&y));
    let ku = sizes.2 as f64 * T::UNIT_ROUNDOFF;
    let bound = 1.01 * 2.0 * ku / (1.0 - ku);
    for door in Door::available() {
        let z = door.within(|| x.product(form, &y));
        assert_eq!(z.shape(), (sizes.0, sizes.1));
        for (index, ((z, e), s)) in z.data().iter().zip(&expected).zip(&magnitudes).enumerate() {
            let error = (z.to_f64() - e.to_f64()).abs();
            // Written so that a NaN fails.
            assert!(error <= bound * s, "{door:?} {form:?} {sizes:?} at {index}: {z} for {e}");
        }
    }
}

fn check_all(sizes: (usize, usize, usize)) {
    for form in Product::ALL {
        check::<f64>(form, sizes);
        check::<f32>(form, sizes);
    }
}

#[test]
fn fast_is_naive_around_the_tile_sizes() {
    // All (m, n) of 1 ..= 40, so every residue modulo 4, 6, 8, 16 and 32; k moves along, through
    // the short path, the blocks of 32 that packing turns, and their remainders.
    for m in 1..=40 {
        for n in 1..=40 {
            check_all((m, n, 1 + (7 * m + 11 * n) % 71));
        }
    }
}

#[test]
fn fast_is_naive_for_every_length_of_the_sums() {
    for k in 0..=140 {
        check_all((9, 17, k));
        check_all((2, 37, k)); // few rows
        check_all((37, 3, k)); // few columns
    }
}

#[test]
fn fast_is_naive_across_every_block_boundary() {
    for k in [255, 256, 257, 288, 511, 512, 513, 769] {
        check_all((13, 35, k)); // KC = 256
    }
    for m in [95, 96, 97, 191, 193, 203] {
        check_all((m, 9, 33)); // MC = 96
        check_all((m, 5, 300)); // and KC
    }
    for n in [1023, 1024, 1025, 1031, 2049] {
        check_all((7, n, 33)); // NC = 1024
    }
    check_all((101, 1030, 261)); // all three, and on threads
}

#[test]
fn empty_shapes_are_empty_or_zero() {
    for sizes in
        [(0, 3, 4), (3, 0, 4), (0, 0, 0), (3, 4, 0), (40, 50, 0), (0, 50, 600), (50, 0, 600)]
    {
        check_all(sizes);
    }
}

/// Whole numbers below 2⁸ whose sums of products stay below 2²⁴: nothing is ever rounded.
fn integers<T: Real>((rows, cols): (usize, usize), seed: u64) -> Matrix<T> {
    let x = noise::<T>((rows, cols), seed);
    Matrix::from_fn(rows, cols, |i, j| (x.at(i, j) * 64.0).round())
}

#[test]
fn products_of_integers_are_exact() {
    fn exact<T: Real>(form: Product, sizes: (usize, usize, usize)) {
        let [x, y] = operands(form, sizes);
        let (x, y) = (integers::<T>(x, 3), integers::<T>(y, 4));
        let expected = reference(form, sizes, &x, &y);
        for door in Door::available() {
            let z = door.within(|| x.product(form, &y));
            assert!(z.data() == expected, "{door:?} {form:?} {sizes:?}");
        }
    }
    for form in Product::ALL {
        for sizes in
            [(5, 7, 9), (2, 50, 300), (50, 1, 77), (64, 33, 3), (120, 70, 300), (130, 1100, 33)]
        {
            exact::<f64>(form, sizes);
            exact::<f32>(form, sizes);
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    fn bits<T: Real>(form: Product, sizes: (usize, usize, usize), door: Door) {
        let [x, y] = operands(form, sizes);
        let (x, y) = (noise::<T>(x, 5), noise::<T>(y, 6));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| door.within(|| x.product(form, &y)))
        };
        let one = on(1);
        for threads in [2, 3, 7] {
            assert!(on(threads) == one, "{door:?} {form:?} {sizes:?}, {threads} threads");
        }
    }
    // Cut by rows, by columns, and by both; odd sizes, so that the cuts fall within tiles.
    for sizes in [(1001, 41, 333), (43, 1301, 301), (203, 211, 307)] {
        for form in Product::ALL {
            for door in Door::available() {
                bits::<f64>(form, sizes, door);
                bits::<f32>(form, sizes, door);
            }
        }
    }
}

#[test]
fn a_times_the_identity_is_a() {
    fn identity<T: Real>(n: usize) {
        let unit = Matrix::<T>::from_fn(n, n, |i, j| f64::from(i == j));
        let a = noise::<T>((n + 3, n), 7);
        let b = noise::<T>((n, n + 5), 8);
        for door in Door::available() {
            door.within(|| {
                assert!(a.nn(&unit) == a, "{door:?} A I, {n}");
                assert!(a.nt(&unit) == a, "{door:?} A Iᵀ, {n}");
                assert!(unit.nn(&b) == b, "{door:?} I B, {n}");
                assert!(unit.tn(&b) == b, "{door:?} Iᵀ B, {n}");
            });
        }
    }
    for n in [1, 2, 5, 8, 31, 32, 33, 100, 300] {
        identity::<f64>(n);
        identity::<f32>(n);
    }
}

#[test]
fn old_contents_of_a_reused_buffer_do_not_shine_through() {
    // The result's buffer and the packs come from a pool: fill what the pool holds with NaN.
    for sizes in [(33, 65, 20), (33, 65, 300), (2, 65, 300), (65, 2, 300), (65, 33, 2)] {
        for door in Door::available() {
            for _ in 0..3 {
                drop(Matrix::<f64>::from_fn(sizes.0, sizes.1, |_, _| f64::NAN));
                for length in [300, 304, 320] {
                    // 2 · 300 terms, filled up to whole vectors of any door
                    drop(Matrix::<f64>::from_fn(2, length, |_, _| f64::NAN));
                }
                let [x, y] = operands(Product::Nn, sizes);
                drop(door.within(|| (noise::<f64>(x, 1) * f64::NAN).nn(&noise(y, 2))));
            }
            check::<f64>(Product::Nn, sizes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn fast_is_naive(m in 0_usize..120, n in 0_usize..120, k in 0_usize..400) {
        check_all((m, n, k));
    }
}
