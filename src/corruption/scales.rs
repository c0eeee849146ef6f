//! Noise scales: σ₁ > σ₂ > … > σ_L in a geometric sequence.

use crate::domain::positive;

/// σ₁ > … > σ_L with σᵢ/σᵢ₊₁ the same for all i (Song and Ermon 2019, section 4.1).
///
/// The largest should be as wide as the data, so that no mode is far from another; the smallest so
/// narrow that q_σ is hardly distinguishable from q.
///
/// ```
/// use score_matching::corruption::NoiseScales;
///
/// let scales = NoiseScales::geometric(8.0, 1.0, 4);
/// assert_eq!(scales.sigmas(), [8.0, 4.0, 2.0, 1.0]);
/// assert_eq!(scales.smallest(), 1.0);
/// assert_eq!(scales.of_row(5), 4.0); // rows 0 to 3 have the four, row 4 the first again
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseScales {
    sigmas: Vec<f64>,
}

impl NoiseScales {
    /// From the largest to the smallest, with this number of levels.
    ///
    /// # Panics
    /// If there are fewer than two levels, or not ∞ > largest > smallest > 0, or if the two are so near
    /// each other that levels coincide.
    #[track_caller]
    pub fn geometric(largest: f64, smallest: f64, levels: usize) -> Self {
        assert!(levels > 1, "{levels} noise levels: two expected at least");
        let (start, end) = (positive("σ₁", largest).log2(), positive("σ_L", smallest).log2());
        assert!(
            largest > smallest,
            "noise scales from {largest} to {smallest}: falling ones expected"
        );
        let last = levels - 1;
        let sigma = |i: usize| match i {
            // the ends as they were given, and not as a power rounds them
            0 => largest,
            i if i == last => smallest,
            // equal steps of the logarithm: a quotient of the ends may be too small for a number
            i => (start + (end - start) * (i as f64 / last as f64)).exp2(),
        };
        let sigmas: Vec<f64> = (0..levels).map(sigma).collect();
        let strictly = sigmas.windows(2).all(|pair| pair[0] > pair[1]);
        assert!(strictly, "{levels} noise levels from {largest} to {smallest} coincide");
        Self { sigmas }
    }

    /// All, the largest first.
    pub fn sigmas(&self) -> &[f64] {
        &self.sigmas
    }

    /// σ_L
    ///
    /// # Panics
    /// Never: there are two levels at least.
    pub fn smallest(&self) -> f64 {
        *self.sigmas.last().expect("two levels at least")
    }

    /// The level of row i of a batch: the levels in turn, so that in a batch of a multiple of L rows
    /// each has its share and the mean over the batch *is* (1/L) Σᵢ.
    pub fn of_row(&self, i: usize) -> f64 {
        self.sigmas[i % self.sigmas.len()]
    }
}
