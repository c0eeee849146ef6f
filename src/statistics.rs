//! What independent numbers say about their law: its mean, its variance, and how sure the mean is.

/// Mean and variance of independent values v₁, …, vₙ.
#[derive(Clone, Copy, Debug)]
pub struct Scatter {
    /// The mean.
    pub mean: f64,
    /// The variance of one value, Σ (vᵢ − mean)²/(n − 1), which is unbiased.
    pub variance: f64,
    count: f64,
}

impl Scatter {
    /// Of two values or more; of fewer the variance is not a number.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
        Self { mean, variance: squares / (count - 1.0), count }
    }

    /// The standard deviation of one value.
    pub fn deviation(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The standard deviation of the mean: its standard error.
    pub fn standard_error(&self) -> f64 {
        (self.variance / self.count).sqrt()
    }
}
