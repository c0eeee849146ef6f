//! The tile: a small block of z that lives in registers while the sum runs.
//!
//! Everything else in the product exists so that this loop can run undisturbed. For each k it
//! reads MR numbers of x and NR of y and does MR × NR multiply-adds with them, so each number read
//! is used many times:
//!
//! ```text
//!                        b[k] = NR numbers of y, two vector registers
//!                     ┌──────────────────┬──────────────────┐
//!                     └──────────────────┴──────────────────┘
//!                     ┌──────────────────┬──────────────────┐
//!     a[k][0] ──────▶ │     c[0][..]     │     c[0][..]     │   every box is one register:
//!     a[k][1] ──────▶ │     c[1][..]     │     c[1][..]     │   8 × 2 of them for c,
//!        ⋮            │        ⋮         │        ⋮         │   2 for b and
//!     a[k][7] ──────▶ │     c[7][..]     │     c[7][..]     │   1 for a number of a, broadcast
//!                     └──────────────────┴──────────────────┘
//! ```
//!
//! ## Why these sizes
//! *Not too large*: the registers needed are MR NR / width for c, NR / width for b and one for a.
//! If they exceed what there is, accumulators go to memory and back for every k, and speed halves.
//! *Not too small*: a multiply-add takes four cycles but two can begin in each, so at least eight
//! accumulators must be under way; and MR + NR numbers are read for MR NR multiply-adds, so a
//! small tile waits for the cache. *Not ragged*: sizes that divide 64, 128, 256, … waste nothing
//! on a network's layers, whereas the last tile of an edge computes what is thrown away. Half as
//! wide a tile, for a narrow edge, has too few accumulators to keep the units busy, and yet is done
//! sooner.
//!
//! | door | registers | tile f32, f64 | for c | in all |
//! |---|---|---|---|---|
//! | `Portable` | 16 of 128 bits | 4 × 8, 4 × 4 | 8 | 8 + 2 + 1, and 1 for the product before its sum |
//! | `Avx2` | 16 of 256 bits | 6 × 16, 6 × 8 | 12 | 12 + 2 + 1 = 15 |
//! | `Avx512` | 32 of 512 bits | 8 × 32, 8 × 16 | 16 | 16 + 2 + 1 = 19 |
//!
//! Measured on packed panels in the first-level cache (GFLOP/s, f32, one core of a Zen 5 at about
//! 3.6 GHz, whose two multiply-adds a cycle make 230 with 512 bits and 115 with 256): 8 × 32,
//! 12 × 32 and 14 × 32 all reach 225, 6 × 16 reaches 115. But 16 × 32, which needs 35 registers of
//! 32, falls to 172, and 4 × 24 behind AVX2, which needs 16 of 16 with none to spare for the
//! compiler, to 55. In a whole product 8 × 32 won, because a network's sizes are multiples of 8.
//!
//! ## Why plain arrays suffice
//! The sizes are constants, so the loops below disappear: the compiler sees MR NR separate sums,
//! finds that each row is a vector operation, and keeps the vectors in registers. No intrinsics,
//! hence nothing unsafe and no second copy for another instruction set.

use super::{Real, door::Instructions, pack::Lines};

/// The most rows that a tile may have.
pub(super) const TALLEST: usize = 8;

/// Writes a statement out for each row number below `$rows`.
///
/// As a `for` loop it would mean the same, but with eight rows or more and AVX-512 the compiler
/// then prefers to vectorise *down the columns*, with gather and scatter, seventy times slower.
/// Written out, there is no such loop to be had, and only the rows are left.
macro_rules! each_row {
    ($i:ident < $rows:ident: $row:expr) => {
        const { assert!($rows <= $crate::matrix::tile::TALLEST, "more rows than are written out") };
        $crate::matrix::tile::each_row!(@ $i $rows $row; 0 1 2 3 4 5 6 7);
    };
    (@ $i:ident $rows:ident $row:expr; $($number:literal)*) => {
        $(if $number < $rows {
            let $i = $number;
            $row
        })*
    };
}
pub(super) use each_row;

/// The left operand of a tile: MR rows of x, as they are read.
pub(super) trait Left<T: Real, const MR: usize> {
    /// Whether they lie in a panel.
    const PACKED: bool;

    /// How many of the rows come before those that are wanted.
    #[inline(always)]
    fn before(&self) -> usize {
        0
    }

    /// c = Σₖ a[k] b[k]ᵀ, a block of MR × W, with the first W columns of a panel of y.
    fn tile<I: Instructions, const NR: usize, const W: usize>(self, b: &[[T; NR]]) -> [[T; W]; MR];
}

/// The sum of a tile, where the numbers of x for one k lie side by side.
#[inline(always)]
fn sum<'a, I: Instructions, T: Real, const MR: usize, const NR: usize, const W: usize>(
    a: impl IntoIterator<Item = &'a [T; MR]>,
    b: &[[T; NR]],
) -> [[T; W]; MR] {
    let mut c = [[T::default(); W]; MR];
    for (a, b) in a.into_iter().zip(b) {
        each_row!(i < MR: for j in 0..W {
            c[i][j] = I::multiply_add(a[i], b[j], c[i][j]);
        });
    }
    c
}

/// From a panel.
impl<T: Real, const MR: usize> Left<T, MR> for &[[T; MR]] {
    const PACKED: bool = true;

    #[inline(always)]
    fn tile<I: Instructions, const NR: usize, const W: usize>(self, b: &[[T; NR]]) -> [[T; W]; MR] {
        sum::<I, T, MR, NR, W>(self, b)
    }
}

/// From rows, each of which lies by itself.
impl<T: Real, const MR: usize> Left<T, MR> for [&[T]; MR] {
    const PACKED: bool = false;

    #[inline(always)]
    fn tile<I: Instructions, const NR: usize, const W: usize>(self, b: &[[T; NR]]) -> [[T; W]; MR] {
        let depth = b.len();
        let rows = self.map(|row| &row[..depth]);
        let mut c = [[T::default(); W]; MR];
        // With an iterator over b in the place of an index the compiler does not keep c in vectors.
        for k in 0..depth {
            let b = &b[k];
            each_row!(i < MR: for j in 0..W {
                c[i][j] = I::multiply_add(rows[i][k], b[j], c[i][j]);
            });
        }
        c
    }
}

/// MR columns of what lies in memory: the numbers for one k lie side by side, in one row of it.
struct Columns<'a, T> {
    /// Whole rows of `step` numbers, from the first term on; b tells where the sum ends.
    data: &'a [T],
    step: usize,
    /// Where the tile's columns begin.
    start: usize,
    /// How many of them come before the lines that are wanted.
    before: usize,
}

impl<'a, T: Real> Columns<'a, T> {
    /// From line i on. Near the end of the rows the tile begins earlier, so that it does not reach beyond.
    #[inline(always)]
    fn of<const MR: usize>(lines: Lines<'a, T>, i: usize) -> Self {
        let Lines { data, step, first, .. } = lines;
        let start = (first + i).min(step - MR);
        Self { data, step, start, before: first + i - start }
    }
}

impl<T: Real, const MR: usize> Left<T, MR> for Columns<'_, T> {
    const PACKED: bool = false;

    #[inline(always)]
    fn before(&self) -> usize {
        self.before
    }

    #[inline(always)]
    fn tile<I: Instructions, const NR: usize, const W: usize>(self, b: &[[T; NR]]) -> [[T; W]; MR] {
        debug_assert!(self.data.len() >= b.len() * self.step);
        // Checked here, before the loop: the compiler knows each row to be `step` long, so in the loop no index can be
        // out of bounds. A loop with a way out would write c to memory for every k.
        assert!(self.start + MR <= self.step);
        let rows = self.data.chunks_exact(self.step);
        let a = rows.map(|row| row[self.start..].first_chunk().expect("as asserted"));
        sum::<I, T, MR, NR, W>(a, b)
    }
}

/// A way to read x. Each has a type, so that each is compiled by itself: with several in one function the
/// compiler does not keep c in vectors.
pub(super) trait Read {
    /// Whether x must be packed first.
    const PACKED: bool = false;

    /// The rows of x, MR at a time, with at least `depth` terms; or the panels made of them.
    fn rows<'a, T: Real, const MR: usize>(
        x: Lines<'a, T>,
        panels: &'a [[T; MR]],
        depth: usize,
    ) -> impl Iterator<Item = impl Left<T, MR>>;
}

/// Packed: the numbers for one k lie side by side, and one k after another.
pub(super) struct Packed;
impl Read for Packed {
    const PACKED: bool = true;

    #[inline(always)]
    fn rows<'a, T: Real, const MR: usize>(
        _: Lines<'a, T>,
        panels: &'a [[T; MR]],
        depth: usize,
    ) -> impl Iterator<Item = impl Left<T, MR>> {
        panels.chunks_exact(depth)
    }
}

/// In place: each row of x lies by itself.
pub(super) struct InRows;
impl Read for InRows {
    #[inline(always)]
    fn rows<'a, T: Real, const MR: usize>(
        x: Lines<'a, T>,
        _: &'a [[T; MR]],
        depth: usize,
    ) -> impl Iterator<Item = impl Left<T, MR>> {
        (0..x.count).step_by(MR).map(move |i| x.rows::<MR>(i, depth))
    }
}

/// In place: the rows of x lie side by side, as columns.
pub(super) struct InColumns;
impl Read for InColumns {
    #[inline(always)]
    fn rows<'a, T: Real, const MR: usize>(
        x: Lines<'a, T>,
        _: &'a [[T; MR]],
        _: usize,
    ) -> impl Iterator<Item = impl Left<T, MR>> {
        (0..x.count).step_by(MR).map(move |i| Columns::of::<MR>(x, i))
    }
}
