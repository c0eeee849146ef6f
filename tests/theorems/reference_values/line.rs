//! A mixture on the line: what is known of its smoothing, and expectations.

use super::{Entry, SIGMA, entry};
use score_matching::{
    Array, Matrix,
    corruption::{corrupt, denoise},
    density::{Density, Mixture},
    objective::{denoising, explicit, implicit, noise_floor},
    quadrature::{Rule, double},
};

/// Components (weight, mean, variance).
pub fn mixture(components: [[f64; 3]; 2]) -> Mixture {
    let number = |v: f64| Matrix::from_rows([[v]]);
    Mixture::new(components.map(|[w, m, v]| (w, number(m), number(v))))
}

const COMPONENTS: [[f64; 3]; 2] = [[0.3, -1.0, 0.25], [0.7, 1.5, 0.5]];

/// At the point x̃ = ½.
pub fn at_a_point() -> Vec<Entry> {
    let q = mixture(COMPONENTS);
    let smoothed = q.smoothed(SIGMA);
    let wider = |change: fn(f64) -> f64| mixture(COMPONENTS.map(|[w, m, v]| [w, m, change(v)]));
    let by_deviation = wider(|v| v + SIGMA);
    let of_sums = wider(|v| (v.sqrt() + SIGMA).powi(2));
    let equal = mixture(COMPONENTS.map(|[_, m, v]| [0.5, m, v])).smoothed(SIGMA);
    let x = Matrix::from_rows([[0.5]]);
    let log = |q: &Mixture| q.log_density(&x).item();
    let score = |q: &Mixture| q.score(&x).item();
    let (s, h) = (score(&smoothed), smoothed.hessian(&x).item());
    let variance = SIGMA * SIGMA;
    vec![
        entry(
            "mixture_log_density",
            log(&smoothed),
            &[
                ("q for q_σ", log(&q)),
                ("variances v + σ", log(&by_deviation)),
                ("deviations √v + σ", log(&of_sums)),
                ("equal weights", log(&equal)),
            ],
        ),
        entry(
            "mixture_score",
            s,
            &[
                ("q for q_σ", score(&q)),
                ("variances v + σ", score(&by_deviation)),
                ("deviations √v + σ", score(&of_sums)),
                ("equal weights", score(&equal)),
                ("∇q_σ for ∇ log q_σ", s * log(&smoothed).exp()),
            ],
        ),
        entry(
            "tweedie_mean",
            denoise(&x, smoothed.score(&x), SIGMA).item(),
            &[
                ("σ for σ²", x.item() + SIGMA * s),
                ("the sign", x.item() - variance * s),
                ("q for q_σ", denoise(&x, q.score(&x), SIGMA).item()),
                ("without 1/q_σ", x.item() + variance * s * log(&smoothed).exp()),
            ],
        ),
        entry(
            "tweedie_variance",
            variance * (1.0 + variance * h),
            &[
                ("σ² alone", variance),
                ("without the inner σ²", variance * (1.0 + h)),
                ("the sign of ∇²", variance * (1.0 - variance * h)),
                ("q for q_σ", variance * (1.0 + variance * q.hessian(&x).item())),
            ],
        ),
    ]
}

/// Expectations for ψ(x) = −1.2x. The trapezoid rule errs by e^(−2πa/h) where the score has a pole at a
/// distance a from the line: for a > 0.2 and h = 0.022 that is nothing.
pub fn on_average() -> Vec<Entry> {
    let q = mixture(COMPONENTS);
    let smoothed = q.smoothed(SIGMA);
    let line = Rule::trapezoid(-10.0, 12.0, 1000);
    let [over_q, over_smoothed] = [&q, &smoothed].map(|q| q.rule(&line));
    let psi = |x: &Matrix| x.clone() * -1.2;
    let x = &line.nodes;
    let slope = x.constant(x.rows(), 1, |_, _| -1.2);
    let esm = |q: &Mixture, rule: &Rule| rule.integrate(&explicit(psi(x), &q.score(x)));
    let mean = |values: Matrix| over_q.integrate(&values);

    let (information, wrong) =
        (smoothed.fisher_information(&over_smoothed), q.fisher_information(&over_q));
    let moment =
        |k: i32| over_smoothed.integrate(&Matrix::from_fn(x.rows(), 1, |i, _| x.at(i, 0).powi(k)));
    let floor = noise_floor(1, SIGMA, information);
    let noise = Rule::gauss_hermite(8); // exact for the square in z
    let dsm = double(&over_q, &noise, |x, z| denoising(psi, x, &corrupt(x, z, SIGMA), SIGMA));
    let no_half_either = double(&over_q, &noise, |x, z| {
        (psi(&corrupt(x, z, SIGMA)) + z.clone() * (1.0 / SIGMA)).squared_norm()
    });
    let no_half = (psi(x) - q.score(x)).squared_norm();
    let whole_noise = 1.0 / (2.0 * SIGMA * SIGMA);
    vec![
        entry(
            "fisher_information",
            information,
            &[
                ("I(q) for I(q_σ)", wrong),
                ("one over the variance of q_σ", 1.0 / (moment(2) - moment(1).powi(2))),
                ("with a ½", 0.5 * information),
            ],
        ),
        entry(
            "noise_floor",
            floor,
            &[
                ("I(q) for I(q_σ)", noise_floor(1, SIGMA, wrong)),
                ("I for ½I", whole_noise - information),
                ("d/σ² for d/(2σ²)", 2.0 * whole_noise - 0.5 * information),
                ("d/(2σ²) alone", whole_noise),
            ],
        ),
        entry(
            "mixture_esm",
            esm(&q, &over_q),
            &[
                ("without ½", mean(no_half)),
                ("of q_σ", esm(&smoothed, &over_smoothed)),
                ("ISM, without ½I(q)", mean(implicit((psi(x), slope.clone())))),
            ],
        ),
        entry(
            "mixture_ism",
            mean(implicit((psi(x), slope.clone()))),
            &[
                ("without ½", mean(psi(x).squared_norm() + &slope)),
                ("the sign of tr J", mean(implicit((psi(x), -slope)))),
                ("Δ log q for tr J", mean(implicit((psi(x), q.hessian(x))))),
            ],
        ),
        entry(
            "mixture_dsm",
            dsm,
            &[
                ("ESM(q_σ), without the floor", esm(&smoothed, &over_smoothed)),
                ("ESM(q) and the floor", esm(&q, &over_q) + floor),
                ("ESM(q_σ) + d/(2σ²)", esm(&smoothed, &over_smoothed) + whole_noise),
                ("without ½", no_half_either),
            ],
        ),
    ]
}
