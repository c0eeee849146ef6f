//! The same network at the clean points: explicit, implicit and sliced score matching, and one loss for
//! many noise levels.

use super::{Entry, SIGMA, entry, mean, network::Batch, scales};
use score_matching::{
    Array, Dual, Matrix,
    array::Linear,
    model::Parameters,
    objective::{
        Weight, explicit, implicit, noise_conditional, regularised,
        sliced::{hutchinson, sliced},
        trace::{diagonal_of_score, of_score},
        weighted_implicit, weighted_implicit_by_coordinate,
    },
};

/// The sum of all entries of J for every sample, (n, 1): what the gradient of ψ₀ + ψ₁ + … adds up to.
fn all_entries(score: impl Fn(&Dual<Matrix>) -> Dual<Matrix>, x: &Matrix) -> Matrix {
    let (n, d) = x.shape();
    score(&Dual::along(x, &x.constant(n, d, |_, _| 1.0))).tangents_or_zero(1).sum_over_dimensions()
}

/// What needs J.
pub fn traces(Batch { model, x, .. }: &Batch) -> Vec<Entry> {
    let (n, d, variance) = (4.0, 3.0, SIGMA * SIGMA);
    let lifted = model.constants();
    let psi = |x: &Dual<Matrix>| lifted.score(x, SIGMA);
    let (score, trace) = of_score(psi, x);
    let (_, diagonal) = diagonal_of_score(psi, x);
    let half = score.clone() * &score * 0.5;
    let kinetic = mean(half.clone().sum_over_dimensions());
    let divergence = mean(trace.clone());
    let entries = all_entries(psi, x);
    let s = model.encode(x);

    let data_score = -x.clone(); // of N(0, I)
    let gap = score.clone() - &data_score;
    let lambda = 0.1;
    let mean_diagonal = diagonal.clone().sum_over_samples() * (1.0 / n);
    let axes = Dual::axes(x);
    let all_squares = psi(&axes).tangents_or_zero(3).squared_norm().linear(Linear::SumEach(3));
    vec![
        entry(
            "esm",
            mean(explicit(score.clone(), &data_score)),
            &[
                ("without ½", mean(gap.squared_norm())),
                ("a mean over the d dimensions", 0.5 * gap.squared_norm().sum().item() / (n * d)),
                ("the sign of ∇ log q", mean(explicit(score.clone(), x))),
            ],
        ),
        entry(
            "trace_0",
            trace.at(0, 0),
            &[
                ("divided by d, directions of length 1", trace.at(0, 0) / d),
                ("the sum of all entries of J", entries.at(0, 0)),
                ("∂ψ₀/∂x₀ alone", diagonal.at(0, 0)),
                (
                    "that of r/σ², without −d/σ²",
                    of_score(|x| lifted.reconstruct(x) * (1.0 / variance), x).1.at(0, 0),
                ),
                ("s for s(1 − s)", (model.trace_of_slopes(&s).at(0, 0) - d) / variance),
            ],
        ),
        entry(
            "ism",
            mean(implicit((score.clone(), trace.clone()))),
            &[
                ("without ½", mean(score.squared_norm() + &trace)),
                ("the sign of tr J", kinetic - divergence),
                ("tr J divided by d, directions of length 1", kinetic + divergence / d),
                ("the sum of all entries of J for tr J", kinetic + mean(entries)),
                ("∂ψ₀/∂x₀ for tr J", kinetic + mean_diagonal.at(0, 0)),
                ("a mean over the d dimensions", (half + &diagonal).sum().item() / (n * d)),
            ],
        ),
        entry(
            "regularised",
            mean(regularised(score, &diagonal, lambda)),
            &[
                ("λ(tr J)²", kinetic + divergence + lambda * mean(trace.clone() * &trace)),
                ("λ‖J‖², all entries", kinetic + divergence + lambda * mean(all_squares)),
                (
                    "λ Σᵢ (𝔼 ∂ψᵢ/∂xᵢ)², outside the expectation",
                    kinetic + divergence + lambda * mean_diagonal.squared_norm().item(),
                ),
            ],
        ),
    ]
}

/// The gradient of implicit score matching, which is a derivative of third order of the energy.
pub fn slopes(batch: &Batch) -> Vec<Entry> {
    let of = |gradients: [Matrix; 3]| gradients[0].at(3, 1);
    let right =
        batch.gradients(|[theta, _], [x, _]| implicit(theta.score_and_trace(x, SIGMA)).mean());
    let held = batch.gradients(|[theta, fixed], [x, _]| {
        let (_, trace) = fixed.score_and_trace(x, SIGMA);
        implicit((theta.score(x, SIGMA), trace)).mean()
    });
    let turned = batch.gradients(|[theta, _], [x, _]| {
        let (psi, trace) = theta.score_and_trace(x, SIGMA);
        implicit((psi, -trace)).mean()
    });
    let without_half = batch.gradients(|[theta, _], [x, _]| {
        let (psi, trace) = theta.score_and_trace(x, SIGMA);
        (psi.squared_norm() + trace).mean()
    });
    vec![entry(
        "ism_dw_31",
        of(right),
        &[
            ("tr J held fixed", of(held)),
            ("the sign of tr J", of(turned)),
            ("without ½", of(without_half)),
        ],
    )]
}

/// Random directions, here the signs of the page; and data on the positive orthant.
pub fn variants(Batch { model, x, .. }: &Batch) -> Vec<Entry> {
    let (n, d) = x.shape();
    let lifted = model.constants();
    let psi = |x: &Dual<Matrix>| lifted.score(x, SIGMA);
    let v = x.constant(n, d, |i, j| if (i + 1) * (j + 1) / 2 % 2 == 0 { 1.0 } else { -1.0 });
    let unit = v.clone() * (1.0 / (d as f64).sqrt());
    let (score, quadratic) = hutchinson(psi, x, &v);
    let (_, too_small) = hutchinson(psi, x, &unit);
    let along = score.inner(&v);

    let y = x.clone().exp();
    let (at_y, diagonal) = diagonal_of_score(psi, &y);
    let (weight, slope) = (y.clone() * &y, y.clone() * 2.0);
    let by_coordinate = |weight: &Matrix, slope: &Matrix| {
        mean(weighted_implicit_by_coordinate((at_y.clone(), diagonal.clone()), weight, slope))
    };
    vec![
        entry(
            "sliced",
            mean(sliced(psi, x, &v)),
            &[
                ("directions of length 1", mean(sliced(psi, x, &unit))),
                ("without ½", mean(along.clone() * &along + &quadratic)),
                ("the sign of vᵀJv", mean(along.clone() * &along * 0.5 - &quadratic)),
            ],
        ),
        entry(
            "sliced_vr",
            mean(implicit((score.clone(), quadratic.clone()))),
            &[
                ("directions of length 1", mean(implicit((score.clone(), too_small)))),
                ("without ½", mean(score.squared_norm() + &quadratic)),
                ("the sign of vᵀJv", mean(implicit((score, -quadratic)))),
            ],
        ),
        entry(
            "ism_orthant",
            by_coordinate(&weight, &slope),
            &[
                ("without the slope of w", by_coordinate(&weight, &(slope.clone() * 0.0))),
                ("y for the slope 2y", by_coordinate(&weight, &y)),
                ("without weights", mean(implicit(of_score(psi, &y)))),
                (
                    "‖y‖² for all coordinates",
                    mean(weighted_implicit(of_score(psi, &y), &y.squared_norm(), &slope)),
                ),
            ],
        ),
    ]
}

/// One loss for four noise levels, one for each row.
pub fn levels(Batch { model, x, z, .. }: &Batch) -> Vec<Entry> {
    let (n, d) = x.shape();
    let scales = scales();
    let sigma = x.constant(n, 1, |i, _| scales.of_row(i));
    let spread = |column: &Matrix| column.clone().linear(Linear::Spread(d));
    let psi = |x: &Matrix, sigma: &Matrix| {
        let precision = (sigma.clone() * sigma).reciprocal();
        (model.reconstruct(x) - x) * spread(&precision)
    };
    let loss = |lambda| noise_conditional(psi, x, z, &sigma, lambda);
    let at = |noise: &Matrix| psi(&(x.clone() + noise), &sigma);
    let noise = z.clone() * spread(&sigma);
    let too_large = z.clone() * spread(&(sigma.clone() * &sigma));
    let answer = |noise: &Matrix| at(noise) * spread(&sigma); // σψ
    let half = |rows: Matrix| 0.5 * mean(rows.squared_norm());
    let right = loss(Weight::Variance);
    vec![entry(
        "noise_conditional",
        mean(right.clone()),
        &[
            ("λ = 1", mean(loss(Weight::One))),
            ("λ = σ", mean(loss(Weight::One) * &sigma)),
            ("a sum over the levels", right.clone().sum().item()),
            ("a mean over the d dimensions", right.sum().item() / (n * d) as f64),
            ("the target's sign, z/σ", half(answer(&noise) - z)),
            ("the target −z", half((at(&noise) + z) * spread(&sigma))),
            ("x̃ = x + σ²z, target −z/σ", half(answer(&too_large) + z)),
        ],
    )]
}
