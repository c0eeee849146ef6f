//! Packing: copying a block of an operand into the order in which the tile reads it.
//!
//! The tile wants, for each k, R neighbouring numbers: R rows of x or R columns of y. In memory
//! they may lie side by side or a whole row apart, depending on the form of the product. A *panel*
//! `[[T; R]]` has them in order:
//!
//! ```text
//!     lines (rows of x, or columns of y)          panel, R = 4
//!     ┌ a₀ a₁ a₂ a₃ …  k ─▶                       [a₀ b₀ c₀ c₀] [a₁ b₁ c₁ c₁] …
//!     │ b₀ b₁ b₂ b₃ …
//!     └ c₀ c₁ c₂ c₃ …
//! ```
//!
//! What does an operand's transposition amount to? To two strides that change places. So x y, x yᵀ
//! and xᵀ y differ in nothing but the [`Lines`] they begin with. Lines that are missing at an edge
//! are made up in the panel, so the tile need not know of edges: what comes of them is thrown away.

use super::Real;

/// One operand, seen as lines along k: element l of line i is `data[i * line + l * step + first]`.
/// One of the two strides is 1.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a, T> {
    pub(super) data: &'a [T],
    pub(super) count: usize,
    pub(super) line: usize,
    pub(super) step: usize,
    /// Where the first line begins in each row, if the lines lie side by side in rows of `step` numbers; else 0.
    /// `data` begins with a whole row, so that a tile can tell where a row ends, and begin further left.
    pub(super) first: usize,
}

/// Terms that are packed at once. Lines that are turned are then read in whole cache lines. Of lines that are
/// copied these are few rows, which stay in a near cache.
pub(super) const DEPTH: usize = 32;

/// From this number of bytes on the numbers for one k are far from those for the next.
pub(super) const FAR: usize = 2048;

impl<'a, T: Real> Lines<'a, T> {
    /// The same lines without the first `i`, each without its first `l` elements.
    #[inline(always)]
    pub(super) fn from(self, i: usize, l: usize) -> Self {
        let (start, first) =
            if self.step == 1 { (i * self.line + l, 0) } else { (l * self.step, self.first + i) };
        let data = self.data.get(start..).unwrap_or_default();
        Self { data, count: self.count - i, first, ..self }
    }

    /// The first `i` lines.
    #[inline(always)]
    pub(super) fn until(self, i: usize) -> Self {
        Self { count: i, ..self }
    }

    /// Element l of line i.
    #[inline(always)]
    pub(super) fn at(self, i: usize, l: usize) -> T {
        self.data[i * self.line + l * self.step + self.first]
    }

    /// Line i as a slice of length k, if its elements lie side by side.
    #[inline(always)]
    pub(super) fn row(self, i: usize, k: usize) -> &'a [T] {
        debug_assert!(self.step == 1);
        &self.data[i * self.line..][..k]
    }

    /// The numbers of all lines for one l, and what lies beyond, if the lines lie side by side.
    #[inline(always)]
    pub(super) fn across(self, l: usize) -> &'a [T] {
        debug_assert!(self.line == 1);
        &self.data[l * self.step + self.first..]
    }

    /// R lines of `depth` terms from line i on, each of which lies by itself. Where there are fewer the last
    /// is repeated.
    #[inline(always)]
    pub(super) fn rows<const R: usize>(self, i: usize, depth: usize) -> [&'a [T]; R] {
        std::array::from_fn(|r| self.row((i + r).min(self.count - 1), depth))
    }

    /// Fills panels of R lines and `depth` terms, which lie one after another. The last may lack lines, and then
    /// gets others.
    #[inline(always)]
    pub(super) fn pack<const R: usize>(self, depth: usize, panels: &mut [[T; R]]) {
        let panels = &mut panels[..self.count.div_ceil(R) * depth];
        if self.step == 1 {
            for (i, panel) in panels.chunks_exact_mut(depth).enumerate() {
                self.from(i * R, 0).transpose(panel);
            }
        } else if self.step * size_of::<T>() < FAR {
            self.copy(depth, panels);
        } else {
            self.deal(depth, panels);
        }
    }

    /// The lines lie side by side: so do the numbers for one k. [`DEPTH`] rows are dealt out to all panels before
    /// the next rows are read, so that each row is still in a near cache when the next panel wants it.
    #[inline(always)]
    fn copy<const R: usize>(self, depth: usize, panels: &mut [[T; R]]) {
        for start in (0..depth).step_by(DEPTH) {
            for (i, panel) in panels.chunks_exact_mut(depth).enumerate() {
                let lines = self.from(i * R, start);
                for (l, out) in panel[start..].iter_mut().take(DEPTH).enumerate() {
                    let source = lines.across(l);
                    // Where lines are missing, whatever stands next in memory is taken: what comes of it is
                    // thrown away, and a copy of a length that the compiler does not know takes ten times as
                    // long.
                    if let Some(source) = source.first_chunk() {
                        *out = *source;
                    } else {
                        fill(out, &source[..lines.count]);
                    }
                }
            }
        }
    }

    /// The same where the numbers for one k are far from those for the next: all of them are read in
    /// one go and dealt out to the panels. Panel after panel, memory would give one cache line here
    /// and one there, which took a tenth of a product of 1024².
    #[inline(always)]
    fn deal<const R: usize>(self, depth: usize, panels: &mut [[T; R]]) {
        for l in 0..depth {
            let (numbers, last) = self.across(l)[..self.count].as_chunks();
            let mut places = panels[l..].iter_mut().step_by(depth);
            numbers.iter().zip(places.by_ref()).for_each(|(numbers, place)| *place = *numbers);
            places.for_each(|place| fill(place, last));
        }
    }

    /// Each line lies by itself. They are turned by fours, of which the last two may share lines.
    #[inline(always)]
    fn transpose<const R: usize>(self, panel: &mut [[T; R]]) {
        if R < 4 {
            return self.turn::<R, R>(0, panel);
        }
        for first in (0..R).step_by(4) {
            self.turn::<R, 4>(first.min(R.saturating_sub(4)), panel);
        }
    }

    /// Turns G lines from the first on: blocks of G × DEPTH in a small array, which the compiler does
    /// with shuffles in registers (0.07 ns a number; it finds good ones for four). Written straight
    /// into the panel, every number would take a load and a store of its own (0.3 ns), and packing
    /// would take a fifth of the time of a product with a batch of 128. A missing line repeats the last:
    /// with zeros in its place there is a choice at each number, which took a tenth of a product of 256².
    #[inline(always)]
    fn turn<const R: usize, const G: usize>(self, first: usize, panel: &mut [[T; R]]) {
        let k = panel.len();
        let last = self.count - 1;
        let lines: [_; G] = std::array::from_fn(|i| self.row(last.min(first + i), k).as_chunks());
        let (blocks, rest) = panel.as_chunks_mut::<DEPTH>();
        for (block, out) in blocks.iter_mut().enumerate() {
            let source: [&[T; DEPTH]; G] = lines.map(|(blocks, _)| &blocks[block]);
            let mut turned = [[T::default(); G]; DEPTH];
            for l in 0..DEPTH {
                for i in 0..G {
                    turned[l][i] = source[i][l];
                }
            }
            for (out, turned) in out.iter_mut().zip(&turned) {
                out[first..][..G].copy_from_slice(turned);
            }
        }
        for (l, out) in rest.iter_mut().enumerate() {
            for (out, (_, rest)) in out[first..].iter_mut().zip(lines) {
                *out = rest[l];
            }
        }
    }
}

/// The numbers that there are, and zeros.
#[inline(always)]
fn fill<T: Real>(out: &mut [T], numbers: &[T]) {
    let (filled, rest) = out.split_at_mut(numbers.len());
    filled.copy_from_slice(numbers);
    rest.fill(T::default());
}
