//! T13: random directions have the trace for their mean, and a known variance.

use crate::{
    array::{Array, Linear},
    autodiff::Dual,
    identity::{Evidence, OldCheck, OldSides},
    matrix::Matrix,
    objective::sliced::{Probe, all_signs, hutchinson, sliced},
};
use rand::{Rng, RngExt};

/// A field ψ(x) = A x + p: at 0 its value is p, its Jacobian A.
#[derive(Clone, Debug)]
pub struct Field {
    /// A, (d, d), of whole numbers.
    pub a: Matrix,
    /// p, (1, d), of even numbers.
    pub p: Matrix,
}

impl Field {
    /// With entries of at most 8, none of them with a fraction.
    pub fn whole(d: usize, rng: &mut impl Rng) -> Self {
        let mut whole =
            |rows| Matrix::from_fn(rows, d, |_, _| f64::from(rng.random_range(-4..=4_i32)) * 2.0);
        Self { a: whole(d), p: whole(1) }
    }

    /// The d of ℝᵈ.
    pub fn dimension(&self) -> usize {
        self.a.rows()
    }

    /// A x + p, forward.
    fn read(&self, x: &Dual<Matrix>) -> Dual<Matrix> {
        x.nt(&Dual::constant(&self.a)).add_row(&Dual::constant(&self.p))
    }

    /// vᵀ A v for every row of `v`, (m, d) → (m, 1), through [`hutchinson`] at 0.
    pub fn quadratic(&self, v: &Matrix) -> Matrix {
        hutchinson(|x| self.read(x), &(v.clone() * 0.0), v).1
    }

    /// ½(vᵀψ)² + vᵀ A v for every row of `v`, through [`sliced`] at 0.
    pub fn sliced(&self, v: &Matrix) -> Matrix {
        sliced(|x| self.read(x), &(v.clone() * 0.0), v)
    }

    /// tr A.
    pub fn trace(&self) -> f64 {
        (0..self.dimension()).map(|i| self.a.at(i, i)).sum()
    }

    /// ½‖p‖² + tr A, implicit score matching at 0.
    pub fn implicit(&self) -> f64 {
        0.5 * self.p.squared_norm().item() + self.trace()
    }

    /// A + ½ p pᵀ, whose quadratic form [`sliced`] is.
    pub fn with_square(&self) -> Matrix {
        self.a.clone() + self.p.tn(&self.p) * 0.5
    }
}

/// Mean and variance over all 2ᵈ vectors of signs, of vᵀAv and of ½(vᵀp)² + vᵀAv, against tr A,
/// ½‖p‖² + tr A and [`Probe::variance`]. Nothing rounds.
pub fn over_all_signs(field: &Field) -> OldSides {
    let signs = all_signs(field.dimension());
    let moments = |values: Matrix| {
        let mean = values.clone().mean();
        let centred = values - mean.item();
        [mean, centred.squared_norm().mean()]
    };
    let number = |v: f64| Matrix::from_rows([[v]]);
    let variance = |a: &Matrix| number(Probe::Rademacher.variance(a));
    let origin = field.p.clone() * 0.0;
    let together = hutchinson(|x| field.read(x), &origin, &signs).1; // averaged by the estimator
    let left = [moments(field.quadratic(&signs)), moments(field.sliced(&signs))].concat();
    let right = vec![
        number(field.trace()),
        variance(&field.a),
        number(field.implicit()),
        variance(&field.with_square()),
        number(field.trace()),
    ];
    let magnitude = right.iter().map(|r| r.clone() * r + 1.0).collect();
    OldSides { left: [left, vec![together]].concat(), right, magnitude, roundings: 0.0 }
}

/// [`over_all_signs`] as a check: bit for bit.
pub fn exactly(field: &Field) -> OldCheck {
    OldCheck { evidence: Evidence::Exact, ..over_all_signs(field).check() }
}

/// The mean of vᵀAv over all vectors of signs *scaled to unit norm*, against tr A. It is tr A/d.
pub fn with_unit_norm(field: &Field) -> OldCheck {
    let d = field.dimension();
    let unit = all_signs(d).linear(Linear::Scale(1.0 / (d as f64).sqrt()));
    let mean = field.quadratic(&unit).mean().item();
    let trace = field.trace();
    OldCheck::new(Evidence::Exact, mean, trace, trace.abs(), 0.0)
}
