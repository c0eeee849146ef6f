//! T30 for a signal x ~ N(0, 1) and a noise that grows with it, K(x̃|x) = N(ax, s² + b²x²).

use super::kernels::{Convolution, corrupted_by, corrupted_line, smoothed};
use crate::{
    corruption::Kernel,
    density::{Density, Mixture},
    identity::{Sides, number},
    matrix::{Matrix, noise::Generator},
    objective,
    quadrature::Rule,
};
use rand::RngExt;

/// N(0, 1) by its rule: in steps of 0.1, for K = N(ax, s² + b²x²) has poles in x at ±is/b, for s = b one away.
pub fn standard_normal_law(fineness: usize) -> Rule {
    Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-9.0, 9.0, 180 * fineness))
}

/// ψ = −⅔y + ⅕ sin y, and its slope.
pub fn wavy_score(y: &Matrix) -> (Matrix, Matrix) {
    let of = |f: fn(f64) -> f64| Matrix::from_fn(y.rows(), 1, |i, _| f(y.at(i, 0)));
    (of(|y| -y / 1.5 + 0.2 * y.sin()), of(|y| -1.0 / 1.5 + 0.2 * y.cos()))
}

/// DSM_K by pairs, against ESM(K∗q) + floor and against ISM(K∗q) + ½ 𝔼I(K).
pub(super) fn by_three_routes(fineness: usize) -> Sides {
    let (points, kernel) = (standard_normal_law(fineness), Convolution::sensor().kernel);
    let terms = corrupted_by([&kernel; 2], &points, |y| wavy_score(y).0, fineness);
    let over = corrupted_line(&kernel, &points, fineness);
    let (density, _) = smoothed(&kernel, [&points.nodes, &points.weights], &over.nodes);
    let implicit = objective::implicit(wavy_score(&over.nodes));
    let implicit = over.weighted(&density).integrate(&implicit);
    let right = [terms.explicit + terms.floor(), implicit + 0.5 * terms.kernel_information];
    let size = 2.0 * (terms.denoising + terms.explicit + terms.kernel_information);
    let column = |pair: [f64; 2]| vec![Matrix::from_rows([[pair[0]], [pair[1]]])];
    let sides = [column([terms.denoising; 2]), column(right)];
    Sides::integrals(sides, column([size; 2]), terms.nodes)
}

/// 𝔼[1/v(x)] over x, and by 1/v = ∫ e^(−λv) dλ with 𝔼 e^(−λb²x²) = 1/√(1 + 2b²λ): in closed form it is
/// √(π/2)/(sb) e^(s²/(2b²)) erfc(s/(b√2)).
pub(super) fn mean_information(rng: &mut Generator) -> Sides {
    let [s, b] = [0.4..1.0, 0.2..0.4].map(|range| rng.random_range(range));
    let kernel = Kernel::SignalDependent { gain: 1.0, floor: s, slope: b };
    Sides::doubled(|fineness| {
        let law = standard_normal_law(fineness);
        let mean = law.integrate(&kernel.fisher_information(&law.nodes));
        let half_line =
            Rule::double_exponential(&[0.0, f64::INFINITY], 1.0 / (32 * fineness) as f64);
        let u = &half_line.nodes; // s²λ
        let f = |u: f64| (-u).exp() / (s * s * (1.0 + 2.0 * b * b / (s * s) * u).sqrt());
        let integral = half_line.integrate(&Matrix::from_fn(u.rows(), 1, |i, _| f(u.at(i, 0))));
        let sides = [number(mean), number(integral)];
        Sides::integrals(sides, number(mean), law.nodes.rows().max(u.rows()))
    })
}
