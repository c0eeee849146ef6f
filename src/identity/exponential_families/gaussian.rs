//! T19 for a Gaussian: score matching is maximum likelihood, on any sample.

use super::dominated;
use crate::{
    array::{Array, Linear},
    identity::{Sides, magnitude},
    matrix::{Matrix, cholesky::Cholesky, noise::standard_normal},
    model::{ExponentialFamily, Monomials},
};
use rand::{Rng, RngExt};

/// A sample in up to three dimensions, moved and stretched at random: nothing about it need be
/// Gaussian.
pub fn gaussian_sample(rng: &mut impl Rng) -> Matrix {
    let d = rng.random_range(1..=3);
    let n = rng.random_range(d + 3..=d + 8);
    let z: Matrix = standard_normal(n, d, rng);
    let cubed = z.clone() * &z * &z; // heavy tails
    cubed.nn(&standard_normal(d, d, rng)).add_row(&standard_normal(1, d, rng))
}

/// T19: mean and covariance of the Gaussian fitted by score matching; and those of the sample
/// (divided by n), which maximum likelihood takes.
///
/// Σ|terms| follows the error of the solve: |A⁻¹|(|A||θ̂| + |b|) in θ̂, and through
/// δΣ = −Σ δP Σ, δμ = Σ(δh − δP μ) in what is compared.
///
/// # Panics
/// If all the points of the sample lie in a hyperplane.
pub fn gaussian(x: &Matrix) -> Sides {
    let (n, d) = x.shape();
    let features = Monomials::gaussian(d);
    let (k, degree) = (features.count(), features.degree());
    let family = ExponentialFamily::of_sample(&features, x);
    let cholesky = Cholesky::new(&family.a).expect("a sample in general position");
    let theta = -cholesky.solve(&family.b);
    let one = Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)));
    let terms = dominated(&family.a).nn(&magnitude(&theta)) + magnitude(&family.b);
    let theta_error = magnitude(&cholesky.solve(&one)).nn(&terms);

    let (h, p) = moment_form(&theta, d);
    let (h_error, p_error) = moment_form(&theta_error, d);
    let (h_error, p_error) = (magnitude(&h_error), magnitude(&p_error) + dominated(&p));
    let p = Cholesky::new(&p).expect("a concave exponent");
    let covariance = p.solve(&Matrix::from_fn(d, d, |i, j| f64::from(u8::from(i == j))));
    let mean = p.solve(&h);
    let spread = magnitude(&covariance);

    let sample_mean = x.clone().sum_over_samples().linear(Linear::Transpose) * (1.0 / n as f64);
    let centred = x.clone().add_row(&-sample_mean.clone().linear(Linear::Transpose));
    let mean_error = spread.nn(&(h_error + p_error.nn(&magnitude(&mean))));
    let moments = magnitude(x).tn(&magnitude(x)) * (1.0 / n as f64);
    let magnitudes = vec![
        mean_error + magnitude(x).sum_over_samples().linear(Linear::Transpose) * (1.0 / n as f64),
        spread.nn(&p_error).nn(&spread) + moments,
    ];
    let sides =
        [vec![mean, covariance], vec![sample_mean, centred.tn(&centred) * (1.0 / n as f64)]];
    // The moments and both solves.
    Sides::rounded(sides, magnitudes, (8 * degree + 2 * n * d + 8 + 3 * k + 1 + 3 * d + 1) as f64)
}

/// h (d, 1) and P (d, d) of exp(hᵀx − ½ xᵀPx) from θ of [`Monomials::gaussian`].
///
/// # Panics
/// If θ has not d + d(d + 1)/2 rows.
pub fn moment_form(theta: &Matrix, d: usize) -> (Matrix, Matrix) {
    let mut pairs = (d..).map(|row| theta.at(row, 0));
    let mut p = Matrix::zeros(d, d);
    for i in 0..d {
        for j in i..d {
            let value = -pairs.next().expect("d(d + 1)/2 pairs");
            // xᵢxⱼ stands twice in xᵀPx, but xᵢ² once.
            let value = if i == j { 2.0 * value } else { value };
            p.data_mut()[i * d + j] = value;
            p.data_mut()[j * d + i] = value;
        }
    }
    (Matrix::from_fn(d, 1, |i, _| theta.at(i, 0)), p)
}
