//! Sums over many rows: the error grows as the depth of a tree, not as the number of rows.
//!
//! A running sum in single precision stands still at 2²⁴: the mean of 2·10⁷ ones would be 0.84. So
//! every sum of the vocabulary is a tree, and so is a product with long sums. Each is compared with a
//! sum that makes no error to speak of, within the bound stated in `matrix/linear.rs`.

use score_matching::{
    Array, Matrix, Tape,
    array::Linear,
    matrix::{Real, door::Door},
};

/// 2·10⁷, more than 2²⁴.
const MANY: usize = 20_000_000;

fn ones<T: Real>(rows: usize, cols: usize) -> Matrix<T> {
    Matrix::from_vec(rows, cols, vec![T::of(1.0); rows * cols])
}

#[test]
fn as_many_ones_as_single_precision_cannot_count_one_by_one() {
    let many = MANY as f64;
    let column = ones::<f32>(MANY, 1);
    assert_eq!(column.clone().mean().item(), 1.0);
    assert_eq!(column.clone().sum().item(), many);
    assert_eq!(column.tn(&column).item(), many);
    assert_eq!(column.linear(Linear::SumEach(MANY)).item(), many);
    // A mean is no larger than its terms, though their sum may be no number.
    for n in 1..=9 {
        let large = Matrix::<f64>::from_fn(n, 1, |_, _| 1e308);
        assert!((large.mean().item() / 1e308 - 1.0).abs() < 1e-15, "{n}");
        let large = Matrix::<f32>::from_fn(n, 1, |_, _| 3e38);
        assert!((large.mean().item() / 3e38 - 1.0).abs() < 3e-7, "{n}");
    }
    assert_eq!(ones::<f32>(1, MANY).sum_over_dimensions().item(), many);

    let pair = ones::<f32>(MANY, 2);
    assert_eq!(pair.sum_over_samples(), Matrix::from_fn(1, 2, |_, _| many));
}

#[test]
fn the_gradient_of_a_bias_counts_its_rows() {
    let tape = Tape::new();
    let (x, b) = (tape.var(&Matrix::<f32>::zeros(MANY, 1)), tape.var(&Matrix::zeros(1, 1)));
    let loss = x.add_row(&b).sum();
    assert_eq!(loss.gradient(&[b])[0].item(), MANY as f64);
}

/// A sum with twice the digits (Neumaier), and Σ |x|.
fn exact(terms: impl Iterator<Item = f64>) -> [f64; 2] {
    let [mut sum, mut lost, mut size] = [0.0_f64; 3];
    for x in terms {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        (sum, size) = (next, size + x.abs());
    }
    [sum + lost, size]
}

/// Numbers of one sign mostly, so that a sum grows, and without a pattern.
fn uneven<T: Real>(rows: usize, cols: usize) -> Matrix<T> {
    let mut state = 1_u64;
    Matrix::from_fn(rows, cols, |_, _| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        250.0 + 70.0 * (state >> 11) as f64 / (1_u64 << 53) as f64
    })
}

/// |found − Σ| ≤ (128 + log₂ n) u Σ |x| for each column of x cut into blocks of n rows.
fn within_the_bound<T: Real>(found: &Matrix<T>, n: usize, x: &Matrix<T>) {
    for (i, j) in (0..found.rows()).flat_map(|i| (0..x.cols()).map(move |j| (i, j))) {
        let [sum, size] = exact((i * n..(i + 1) * n).map(|r| x.at(r, j)));
        let bound = (128.0 + (n as f64).log2()) * T::UNIT_ROUNDOFF * size;
        let error = (found.at(i, j) - sum).abs();
        assert!(error <= bound, "{n} rows of {}: {error:e} > {bound:e}", x.cols());
    }
}

fn sums_are_within_the_bound<T: Real>() {
    // widths on both sides of what is added side by side, lengths around those of a run
    let widths = (1..=18).chain([31, 64, 100]);
    for (d, n) in widths.flat_map(|d| [1, 2, 31, 63, 64, 65, 127, 129, 1000, 4099].map(|n| (d, n)))
    {
        let x = uneven::<T>(3 * n, d);
        within_the_bound(&x.clone().linear(Linear::SumEach(n)), n, &x);
        within_the_bound(&x.clone().sum_over_samples(), 3 * n, &x);
    }
    for n in [1, 7, 31, 32, 33, 1000, 1023, 1025, 4099, 300_001] {
        let row = uneven::<T>(1, n);
        let column = Matrix::from_vec(n, 1, row.data().to_vec());
        within_the_bound(&row.sum_over_dimensions(), n, &column);
    }
    for (n, d) in [(2_000_000, 1), (300_001, 3), (300_001, 8), (50_000, 17)] {
        let x = uneven::<T>(n, d);
        within_the_bound(&x.clone().sum_over_samples(), n, &x);
    }
}

#[test]
fn sums_of_single_precision_are_within_their_bound() {
    sums_are_within_the_bound::<f32>();
}

#[test]
fn sums_of_double_precision_are_within_their_bound() {
    sums_are_within_the_bound::<f64>();
}

/// |found − Σ x y| ≤ (4096 + log₂ n) u Σ |x y| is what the halves promise. Within a run errors mostly
/// cancel, so that a tenth of it is seen to hold, while one long sum exceeds it many times. Up to 4
/// columns are lines side by side; 5 are a matter for the blocks.
#[test]
fn long_products_are_within_their_bound() {
    let n = 3_000_017;
    for d in [1, 2, 3, 5] {
        let x = uneven::<f32>(n, d);
        let rows = x.data().chunks_exact(d);
        let [sum, size] = exact(rows.map(|row| f64::from(row[0]) * f64::from(row[d - 1])));
        let bound = 0.1 * (4096.0 + 10.0) * f32::UNIT_ROUNDOFF * size;
        for door in Door::available() {
            let found = door.within(|| x.tn(&x)).at(0, d - 1);
            assert!((found - sum).abs() <= bound, "{d} columns, {door:?}: {found} for {sum}");
        }
    }
}

#[test]
fn what_is_not_a_number_or_infinite_stays_so_wherever_it_stands() {
    for (n, d) in [(5, 1), (40, 1), (5000, 1), (700, 3), (70, 64)] {
        for at in [0, n / 2, n - 1] {
            let with =
                |value: f64| Matrix::<f32>::from_fn(n, d, |i, _| if i == at { value } else { 1.0 });
            let sums = |x: Matrix<f32>| x.sum_over_samples().data().to_vec();
            assert!(sums(with(f64::NAN)).iter().all(|x| x.is_nan()));
            assert!(sums(with(f64::INFINITY)).iter().all(|&x| x == f32::INFINITY));
        }
    }
}
