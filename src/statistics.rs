//! What independent numbers say about their law: its mean, its variance, and how sure the mean is.

use crate::matrix::distance::unit_of;

/// Mean and variance of independent values v₁, …, vₙ.
#[derive(Clone, Copy, Debug)]
pub struct Scatter {
    /// The mean.
    pub mean: f64,
    /// The variance of one value, Σ (vᵢ − mean)²/(n − 1), which is unbiased. It may overflow where its
    /// root does not.
    pub variance: f64,
    /// The same in the unit's square.
    scaled: f64,
    unit: f64,
    count: f64,
}

impl Scatter {
    /// Of two values or more. One has no variance and none has no mean: these are not numbers.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        // In units that are powers of two no sum or square leaves the range, and nothing rounds.
        let size = unit_of(values.iter().map(|v| v.abs()).fold(0.0, f64::max));
        let mean = values.iter().map(|v| v / size).sum::<f64>() / count;
        let apart = || values.iter().map(|v| v / size - mean);
        let unit = unit_of(apart().map(f64::abs).fold(0.0, f64::max));
        let squares = apart().map(|v| v / unit * (v / unit)).sum::<f64>();
        let (scaled, unit) = (squares / (count - 1.0), unit * size);
        Self { mean: mean * size, variance: scaled * unit * unit, scaled, unit, count }
    }

    /// The standard deviation of one value.
    pub fn deviation(&self) -> f64 {
        self.scaled.sqrt() * self.unit
    }

    /// The standard deviation of the mean: its standard error.
    pub fn standard_error(&self) -> f64 {
        (self.scaled / self.count).sqrt() * self.unit
    }
}
