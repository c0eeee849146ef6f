//! Contrastive divergence as a training: CD-1, CD-k and persistent chains, and what the length of the
//! step costs (T26).
//!
//! What was learned is compared with the data by quadrature, or with the fixed point that theory
//! gives.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    density::{Density, Mixture},
    identity::{Check, contrastive_divergence::Energy},
    matrix::noise::{Generator, standard_normal},
    model::{EnergyNetwork, Parameters, ScoreNetwork},
    objective::{contrastive_divergence, explicit},
    optimizer::Adam,
    quadrature::{Rule, converged},
    sampler::{Escaped, Negatives, Sampler, Step, langevin},
    train::{fresh, train},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

fn scalar(value: f64) -> Matrix {
    Matrix::from_rows([[value]])
}

#[derive(Clone, Copy, Debug)]
enum Chains {
    FromData(usize),
    Persistent(usize),
}

impl Chains {
    fn negatives(self, epsilon: f64, start: Matrix, rng: Generator) -> Negatives<f64> {
        match self {
            Self::FromData(k) => Negatives::from_data(k, epsilon, rng),
            Self::Persistent(k) => Negatives::persistent(start, k, epsilon, rng),
        }
    }
}

#[test]
fn look() {
    let t = std::time::Instant::now();
    let q = Mixture::isotropic(1, 1.0);
    let epsilon: f64 = 0.5;
    let star = 2.0 / epsilon * (1.0 - (1.0 - epsilon).sqrt());
    for chains in [Chains::FromData(1), Chains::FromData(5), Chains::Persistent(1)] {
        let ks: Vec<f64> = (0..1)
            .map(|seed| {
                let mut rng = generator(seed);
                let start = q.sample(256, &mut rng);
                let mut negatives = chains.negatives(epsilon, start, generator(seed + 100));
                let trained = train(
                    Energy::gaussian(0.5),
                    &mut Adam::annealed(0.05, 600),
                    fresh(&q, 256, rng).take(600),
                    |model, x, _| {
                        let negative =
                            negatives.draw(|x| model.energy(x), x).expect("finite chains");
                        contrastive_divergence(|x| model.energy(x), x, &negative)
                    },
                    |_| (),
                )
                .expect("finite");
                trained.precision.item()
            })
            .collect();
        println!(
            "{chains:?} {star} {ks:.3?} {:?} {:?} {:?}",
            Check::monte_carlo(&ks, star).residual,
            Check::monte_carlo(&ks, 1.0).residual,
            t.elapsed()
        );
    }
    let bump = |w, m, v| (w, scalar(m), scalar(v));
    let q = Mixture::new([bump(0.6, -1.0, 0.3), bump(0.4, 1.2, 0.5)]);
    for (chains, epsilon, rate, steps, width) in [
        (Chains::Persistent(5), 0.1, 0.003, 1000, 2.0),
        (Chains::Persistent(5), 0.1, 0.01, 1000, 2.0),
        (Chains::Persistent(5), 0.02, 0.003, 1000, 2.0),
        (Chains::Persistent(10), 0.1, 0.01, 1000, 2.0),
    ] {
        let t = std::time::Instant::now();
        let mut rng = generator(1);
        let network = ScoreNetwork::random(&[1, 16, 1], Function::Softplus, &mut rng);
        let model = EnergyNetwork { network, width };
        let mut warm = Negatives::from_data(1, 0.1, generator(7));
        let model = train(
            model,
            &mut Adam::annealed(0.03, 500),
            fresh(&q, 512, generator(8)).take(500),
            |model, x, _| {
                let negative = warm.draw(|x| model.energy(x), x).expect("finite chains");
                contrastive_divergence(|x| model.energy(x), x, &negative)
            },
            |_| (),
        )
        .expect("finite");
        let start = standard_normal(512, 1, &mut rng);
        let mut negatives = chains.negatives(epsilon, start, generator(100));
        let trained = train(
            model,
            &mut Adam::annealed(rate, steps),
            fresh(&q, 512, rng).take(steps),
            |model, x, _| {
                let negative = negatives.draw(|x| model.energy(x), x).expect("finite chains");
                contrastive_divergence(|x| model.energy(x), x, &negative)
            },
            |_| (),
        )
        .expect("finite");
        let score = |x: &Matrix| {
            let tape = Tape::new();
            let theta = trained.clone().map(|p| tape.var(&p));
            let x = tape.var(x);
            -theta.energy(&x).sum().gradient(&[x]).remove(0)
        };
        let at = |steps| {
            let rule = q.rule(&Rule::trapezoid(-8.0, 8.0, steps));
            let gap = explicit(score(&rule.nodes), &q.score(&rule.nodes));
            rule.integrate(&gap) / (0.5 * q.fisher_information(&rule))
        };
        println!(
            "{chains:?} {epsilon} {rate} {steps} {width} share {:.4} {:?}",
            converged(at(300), at(600), 1e-6),
            t.elapsed()
        );
    }
}
