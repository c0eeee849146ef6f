//! Steps of Langevin dynamics, the variances that chains have on a Gaussian, and the probability flow.

use super::{Entry, SIGMA, entry, line::mixture, network::Batch, scales};
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture},
    objective::contrastive_divergence,
    quadrature::Rule,
    sampler::{
        Level, Step,
        flow::likelihood,
        levels,
        metropolis::{Place, log_acceptance, log_proposal},
    },
};

/// The variance of the Gaussian N(0, vI).
const V: f64 = 1.7;

/// What is often made of (ε/2, √ε).
fn wrong_steps(epsilon: f64) -> [(&'static str, Step); 4] {
    let Step { drift, noise } = Step::halved(epsilon);
    [
        ("noise √(2ε), drift ε/2", Step { drift, noise: (2.0 * epsilon).sqrt() }),
        ("drift ε, noise √ε", Step { drift: epsilon, noise }),
        ("drift ε, noise √(2ε)", Step::doubled(epsilon)),
        ("noise ε for √ε", Step { drift, noise: epsilon }),
    ]
}

/// A step of length ε = 0.3 from x, with the noise z.
pub fn one_step(batch: &Batch) -> Vec<Entry> {
    let Batch { model, x, z, .. } = batch;
    let epsilon = 0.3;
    let psi = |x: &Matrix| model.score(x, SIGMA);
    let go = |step: Step| step.take(x, psi(x), z.clone());
    let right = Step::halved(epsilon);
    let down = Step { drift: -right.drift, ..right };
    let mut steps = wrong_steps(epsilon).map(|(name, step)| (name, go(step).at(0, 0))).to_vec();
    steps.push(("the sign of ψ", go(down).at(0, 0)));

    let place = |x: Matrix| Place { energy: model.energy(&x, SIGMA), score: psi(&x), x };
    let (here, there) = (place(x.clone()), place(go(right)));
    let energies = here.energy.at(2, 0) - there.energy.at(2, 0);
    let proposals = log_proposal(&there, &here, epsilon) - log_proposal(&here, &there, epsilon);

    let contrast = |step: Step| {
        let gradients = batch.gradients(|[theta, _], [x, _]| {
            let negative = x.constant(4, 3, |i, j| go(step).at(i, j));
            contrastive_divergence(|x| theta.energy(x, SIGMA), x, &negative).mean()
        });
        gradients[1].at(0, 0)
    };
    let through = batch.gradients(|[theta, _], [x, _]| {
        let negative = right.take(x, theta.score(x, SIGMA), z.lift(x));
        contrastive_divergence(|x| theta.energy(x, SIGMA), x, &negative).mean()
    });
    let [doubled, ..] = wrong_steps(epsilon);
    vec![
        entry("langevin_step_00", go(right).at(0, 0), &steps),
        entry(
            "log_acceptance_2",
            log_acceptance(&here, &there, epsilon).at(2, 0),
            &[
                ("without the proposals, E(x) − E(x′)", energies),
                ("the proposals upside down", energies - proposals.at(2, 0)),
                ("the sign", log_acceptance(&there, &here, epsilon).at(2, 0)),
            ],
        ),
        entry(
            "cd_db_0",
            contrast(right),
            &[
                ("the sign, E(x′) − E(x)", -contrast(right)),
                ("the gradient let through the sampler", through[1].at(0, 0)),
                ("noise √(2ε), drift ε/2", contrast(doubled.1)),
                ("the sign of ψ in the step", contrast(down)),
            ],
        ),
    ]
}

/// The variance after a step of a chain on N(0, v), from the one before.
fn next(step: Step, v: f64, variance: f64) -> f64 {
    (1.0 - step.drift / v).powi(2) * variance + step.noise * step.noise
}

/// The variance that such a step keeps.
fn kept(step: Step, v: f64) -> f64 {
    step.noise * step.noise / (1.0 - (1.0 - step.drift / v).powi(2))
}

/// Of chains on N(0, v): with a fixed step, and annealed from 0.
pub fn variances() -> Vec<Entry> {
    let epsilon = 0.5;
    let mut fixed = wrong_steps(epsilon).map(|(name, step)| (name, kept(step, V))).to_vec();
    fixed.push(("v, as if there were no bias", V));

    let scales = scales();
    let last = 0.02;
    let five_each = |levels: &[Level], v: &dyn Fn(f64) -> f64| {
        let steps = levels.iter().flat_map(|level| [level; 5]);
        steps.fold(0.0, |s, level| next(level.step, v(level.sigma), s))
    };
    let smoothed = |sigma: f64| V + sigma * sigma;
    let right = levels(&scales, last);
    let by = |step: &dyn Fn(&Level) -> Step| -> Vec<Level> {
        right.iter().map(|level| Level { step: step(level), ..*level }).collect()
    };
    let proportional = by(&|level| Step::halved(last * level.sigma / scales.smallest()));
    let same_noise = by(&|level| Step { noise: last.sqrt(), ..level.step });
    let doubled = by(&|level| Step { noise: 2.0_f64.sqrt() * level.step.noise, ..level.step });
    let upwards: Vec<Level> = right.iter().rev().copied().collect();
    vec![
        entry("langevin_variance", kept(Step::halved(epsilon), V), &fixed),
        entry(
            "annealed_variance",
            five_each(&right, &smoothed),
            &[
                ("α = εσ/σ_L for εσ²/σ_L²", five_each(&proportional, &smoothed)),
                ("the noise √ε on every level", five_each(&same_noise, &smoothed)),
                ("noise √(2α), drift α/2", five_each(&doubled, &smoothed)),
                ("from the smallest σ to the largest", five_each(&upwards, &smoothed)),
                ("the score of q for that of q_σ", five_each(&right, &|_| V)),
            ],
        ),
    ]
}

/// Pr(x > 0) under q_σ for q = ⅘N(1.5, ½) + ⅕N(−1.5, ½): where annealed chains settle on a level.
pub fn weight() -> Vec<Entry> {
    let (own, sigma) = (0.5, 1.2);
    let share = |weight: f64, variance: f64| {
        let q = mixture([[weight, 1.5, variance], [1.0 - weight, -1.5, variance]]);
        let right = Rule::gauss_legendre(0.0, 1.5 + 9.0 * variance.sqrt(), 100);
        right.integrate(&q.log_density(&right.nodes).exp())
    };
    let right = share(0.8, own + sigma * sigma);
    vec![entry(
        "annealed_weight",
        right,
        &[
            ("σ for σ² in the variance of q_σ", share(0.8, own + sigma)),
            ("the variance σ² alone", share(0.8, sigma * sigma)),
            ("of q, without noise", share(0.8, own)),
            ("modes of equal weight", share(0.5, own + sigma * sigma)),
            ("of x < 0", 1.0 - right),
        ],
    )]
}

/// log q_σ of N(0, vI) at the first point, by the flow from σ to 2σ. The method of Runge and Kutta errs by
/// (h/V)⁴/100 or so, where V > 2 is the variance and h = 0.0022 a step in σ²: 10⁻¹⁴.
pub fn flow(Batch { x, .. }: &Batch) -> Vec<Entry> {
    let (first, d) = (x.select(&[0]), 3);
    let variance = |i: u32| SIGMA * SIGMA * (1.0 + 3.0 * f64::from(i) / 250.0);
    let sigmas: Vec<f64> = (0..=250).map(|i| variance(i).sqrt()).collect();
    let end = Mixture::isotropic(d, V).smoothed(2.0 * SIGMA);
    let by = |speed: f64, divergence: f64| {
        let field = |x: &Matrix, sigma: f64| {
            let precision = 1.0 / (V + sigma * sigma);
            let trace = x.constant(x.rows(), 1, |_, _| -precision * divergence * d as f64);
            (x.clone() * (-precision * speed), trace)
        };
        likelihood(field, &end, &first, &sigmas).expect("finite").log_density.item()
    };
    vec![entry(
        "flow_log_density",
        by(1.0, 1.0),
        &[
            ("dx/dt = −∇ log q_t, with its divergence", by(2.0, 2.0)),
            ("the sign of the divergence", by(1.0, -1.0)),
            ("without the divergence", by(1.0, 0.0)),
            ("the divergence without ½", by(1.0, 2.0)),
            ("∂ψ₀/∂x₀ for the divergence", by(1.0, 1.0 / 3.0)),
            ("log q for log q_σ", Mixture::isotropic(d, V).log_density(&first).item()),
        ],
    )]
}
