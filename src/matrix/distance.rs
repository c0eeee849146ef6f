//! Distances between the rows of two matrices.
//!
//! They are sums of squares of differences. The product form ‖x‖² + ‖y‖² − 2⟨x, y⟩ is faster, but far
//! from the origin it cancels: two points at 10⁸ with a distance of 1 have squares of 10¹⁶, and an
//! f64 does not tell 10¹⁶ from 10¹⁶ + 1. Sums over differences change neither under a shift nor by
//! the order of the points, and from a point to itself they are 0.
//!
//! A square leaves the range of an f64 long before the distance does. Where the sum of the squares
//! comes near an end of the range it is done again, in a unit of the size of the largest difference.

use super::{
    Matrix,
    buffer::Buffer,
    door::{Door, Instructions, Loop},
    threads::in_pieces,
    tile::each_row,
};
use crate::array::Array;

/// Points that are compared with one row at once; every door's vectors divide them.
const LANES: usize = 16;
/// From this number of differences on it pays to wake another thread.
const PARALLEL: usize = 1 << 16;
/// Rows of one piece of work; every tile's height divides them.
const ROWS: usize = 16;
/// 2⁻⁹⁰⁰ and 2⁹⁰⁰: between them no square that matters has been lost.
const SAFE: [f64; 2] = [f64::from_bits(123 << 52), f64::from_bits(1923 << 52)];

/// ‖xᵢ − yⱼ‖: (n, d), (m, d) → (n, m). It is infinite from an infinite coordinate to a finite one,
/// and not a number between equal infinities.
#[track_caller]
pub(crate) fn distances(x: &Matrix, y: &Matrix) -> Matrix {
    compare(x, &Matrix::zeros(x.rows(), x.cols()), y, |square, unit| square.sqrt() * unit)
}

/// ‖xᵢ − yⱼ‖²/u² in units u: (n, d), (m, d) → (n, m). See [`distances`].
#[track_caller]
pub(crate) fn squared_distances(x: &Matrix, y: &Matrix, unit: f64) -> Matrix {
    excesses(x, &Matrix::zeros(x.rows(), x.cols()), y, unit)
}

/// How much further than bᵢ the points yⱼ are from xᵢ = bᵢ + rᵢ:
///
/// ```text
/// (‖x − y‖² − ‖x − b‖²)/u² = ⟨a, a − 2r⟩/u²,   a = y − b
/// ```
///
/// where the squares that the two have in common, and which far out are all that an f64 sees, are
/// not formed. Shapes: b (n, d), r (n, d), y (m, d) → (n, m).
#[track_caller]
pub(crate) fn excesses(b: &Matrix, r: &Matrix, y: &Matrix, unit: f64) -> Matrix {
    // Twice once, for the square of a unit may leave the range.
    compare(b, r, y, |square, own| square / (unit / own) / (unit / own))
}

/// Σ a(a − 2r) with a = y − b for every pair, and `finish` of it and of the unit that it is in.
#[track_caller]
fn compare(b: &Matrix, r: &Matrix, y: &Matrix, finish: impl Fn(f64, f64) -> f64 + Sync) -> Matrix {
    let ((n, d), m) = (b.shape(), y.rows());
    assert!(y.cols() == d, "distances: {:?} · {:?}: as many columns expected", (n, d), y.shape());
    let mut packed = Buffer::scratch(m.div_ceil(LANES) * LANES * d);
    // Coordinate by coordinate, so that the points of one block lie side by side.
    for (block, out) in packed.as_mut_slice().chunks_exact_mut((LANES * d).max(1)).enumerate() {
        for (k, out) in out.iter_mut().enumerate() {
            // The last point fills the last block up.
            let point = (block * LANES + k % LANES).min(m - 1);
            *out = y.data()[point * d + k / LANES];
        }
    }
    let (door, packed) = (Door::current(), packed.as_slice());
    let rows = |start: usize, out: &mut [f64]| {
        let first = start / m;
        let rows = first * d..(first + out.len() / m) * d;
        let [b, r] = [b, r].map(|x| &x.data()[rows.clone()]);
        door.enter(Rows { d, b, r, y, packed, out, finish: &finish });
    };
    Matrix::build(n, m, |out| {
        in_pieces(out, (ROWS * m).max(1), n * m * d >= PARALLEL, rows);
    })
}

/// Some rows and all points. Each sum is added up coordinate after coordinate, wherever it stands and
/// however the rows are shared.
struct Rows<'a, F> {
    d: usize,
    b: &'a [f64],
    r: &'a [f64],
    y: &'a Matrix,
    packed: &'a [f64],
    out: &'a mut [f64],
    finish: &'a F,
}

impl<F: Fn(f64, f64) -> f64> Loop for Rows<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        match I::DOOR {
            Door::Avx512 => self.tiles::<I, 4>(),
            Door::Avx2 => self.tiles::<I, 2>(),
            Door::Portable => self.tiles::<I, 1>(),
        }
    }
}

impl<F: Fn(f64, f64) -> f64> Rows<'_, F> {
    /// R rows against [`LANES`] points at once: so many sums stay in registers.
    #[inline(always)]
    fn tiles<I: Instructions, const R: usize>(self) {
        let Self { d, b, r, y, packed, out, finish } = self;
        let m = y.rows();
        let is_safe = |sum: f64| (sum.abs() > SAFE[0]) & (sum.abs() < SAFE[1]);
        let mut panel = vec![([0.0; R], [0.0; R]); d]; // of b and of 2r
        for (tile, out) in out.chunks_mut(R * m).enumerate() {
            let rows = out.len() / m;
            for (k, (b_out, r_out)) in panel.iter_mut().enumerate() {
                for i in 0..R {
                    let row = tile * R + i.min(rows - 1); // the last one fills the tile up
                    (b_out[i], r_out[i]) = (b[row * d + k], 2.0 * r[row * d + k]);
                }
            }
            for start in (0..m).step_by(LANES) {
                let points = packed[start * d..][..LANES * d].as_chunks::<LANES>().0;
                let mut sums = sums::<I, R>(panel.iter().zip(points));
                for (i, sums) in sums.iter_mut().enumerate().take(rows) {
                    if sums.iter().fold(true, |all, &sum| all & is_safe(sum)) {
                        for sum in sums.iter_mut() {
                            *sum = finish(*sum, 1.0);
                        }
                    } else {
                        let row = (tile * R + i) * d;
                        let [b, r] = [b, r].map(|x| &x[row..][..d]);
                        for (j, sum) in (start..m).zip(sums.iter_mut()) {
                            let safe = is_safe(*sum);
                            let (found, unit) =
                                if safe { (*sum, 1.0) } else { in_own_unit(b, r, y.row(j)) };
                            *sum = if found == 0.0 { 0.0 } else { finish(found, unit) };
                        }
                    }
                    let out = &mut out[i * m + start..(i + 1) * m];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum);
                }
            }
        }
    }
}

/// Σ a(a − 2r) with a = y − b from b, 2r and y, in a tile as the product's: a function of its own, so
/// that the sums stay in registers whatever is done with them later.
#[inline(always)]
fn sums<'a, I: Instructions, const R: usize>(
    terms: impl Iterator<Item = (&'a ([f64; R], [f64; R]), &'a [f64; LANES])>,
) -> [[f64; LANES]; R] {
    let mut sums = [[0.0; LANES]; R];
    for ((b, r), y) in terms {
        each_row!(i < R: for j in 0..LANES {
            let a = y[j] - b[i];
            sums[i][j] = I::multiply_add(a, a - r[i], sums[i][j]);
        });
    }
    sums
}

/// Σ a(a − 2r) with a = y − b, and the unit it is in: a power of two of the size of the largest |a|
/// or |r|, so that neither overflow nor underflow of a square can be seen.
#[cold]
fn in_own_unit(b: &[f64], r: &[f64], y: &[f64]) -> (f64, f64) {
    let pairs = || b.iter().zip(y).map(|(b, y)| y - b).zip(r);
    let largest = pairs().fold(0.0, |l: f64, (a, r)| l.max(a.abs()).max(r.abs()));
    let unit = unit_of(largest);
    let terms = pairs().map(|(a, r)| a / unit * (a / unit - 2.0 * (r / unit)));
    (terms.sum(), unit)
}

/// The power of two below a size ≥ 0, by which dividing is exact; near the ends of the range the next
/// one whose reciprocal is a number, too. Of what is not finite it is 2⁹⁰⁰.
pub(crate) fn unit_of(size: f64) -> f64 {
    f64::from_bits(size.to_bits() & f64::INFINITY.to_bits()).clamp(f64::MIN_POSITIVE, SAFE[1])
}
