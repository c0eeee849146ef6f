//! A small autoencoder at a batch of four points: its score, the denoising losses and their gradients.

use super::{Entry, SIGMA, entry, mean};
use score_matching::{
    Array, Matrix, Tape, Var,
    corruption::{self, corrupt},
    model::{Autoencoder, Parameters},
    objective::{denoising, denoising_with_control, reconstruction},
};

/// The network and the points of the page.
pub struct Batch {
    pub model: Autoencoder<Matrix>,
    pub x: Matrix,
    pub z: Matrix,
    pub noisy: Matrix,
}

impl Batch {
    /// By the formulas of the page: n = 4, d = 3, h = 5.
    pub fn of_the_page() -> Self {
        let table = |rows, cols, f: fn(f64, f64) -> f64| {
            Matrix::from_fn(rows, cols, |i, j| f(i as f64, j as f64))
        };
        let x = table(4, 3, |i, j| (2.0 * i + j).cos());
        let z = table(4, 3, |i, j| (5.0 * i + 3.0 * j + 1.0).sin());
        let model = Autoencoder {
            w: table(5, 3, |i, j| (2.0 * i + 5.0 * j + 1.0).sin()),
            b: table(1, 5, |_, j| 0.5 * (2.0 * j + 1.0).cos()),
            c: table(1, 3, |_, j| 0.5 * (2.0 * j + 1.0).sin()),
            a: None,
        };
        Self { model, noisy: corrupt(&x, &z, SIGMA), x, z }
    }

    /// The gradients by W, b and c of a loss of (x, x̃). It gets the parameters twice: as variables, and
    /// as constants for what a mistake holds fixed.
    pub fn gradients(
        &self,
        loss: impl for<'t> Fn([&Lifted<'t>; 2], [&Var<'t, Matrix>; 2]) -> Var<'t, Matrix>,
    ) -> [Matrix; 3] {
        let tape = Tape::new();
        let [theta, fixed] = [(); 2].map(|()| self.model.on(&tape));
        let [x, noisy] = [&self.x, &self.noisy].map(|x| tape.var(x));
        let list = loss([&theta, &fixed], [&x, &noisy]).gradient(&theta.into_list());
        list.try_into().expect("W, b and c")
    }
}

/// The network on a tape.
pub type Lifted<'t> = Autoencoder<Var<'t, Matrix>>;

/// What belongs to one point: entry (0, 0) of everything.
pub fn one_point(Batch { model, x, z, noisy }: &Batch) -> Vec<Entry> {
    let at = |rows: Matrix| rows.at(0, 0);
    let (d, variance) = (3.0, SIGMA * SIGMA);
    let square = at(z.squared_norm());
    let log_variance = (std::f64::consts::TAU * variance).ln();
    let log_deviation = (std::f64::consts::TAU * SIGMA).ln();

    let inside = noisy.nt(&model.w).add_row(&model.b);
    let soft = at(inside.clone().softplus().sum_over_dimensions());
    let sigmoids = at(inside.sigmoid().sum_over_dimensions());
    let (half, linear) = (0.5 * at(noisy.squared_norm()), at(noisy.nt(&model.c)));
    let r = model.reconstruct(noisy);
    vec![
        entry(
            "log_kernel_0",
            at(corruption::log_density(x, noisy, SIGMA)),
            &[
                ("½ log(2πσ²) for (d/2) log(2πσ²)", -0.5 * square - 0.5 * log_variance),
                ("(d/2) log(2πσ) for (d/2) log(2πσ²)", -0.5 * square - 0.5 * d * log_deviation),
                ("‖x̃ − x‖²/σ² for ‖x̃ − x‖²/(2σ²)", -square - 0.5 * d * log_variance),
            ],
        ),
        entry(
            "target_00",
            at(corruption::score(x, noisy, SIGMA)),
            &[
                ("the sign, (x̃ − x)/σ²", at(corruption::score(noisy, x, SIGMA))),
                ("the noise, −z", at(-z.clone())),
                ("σ² for σ, −z/σ²", at(-z.clone()) / variance),
            ],
        ),
        entry(
            "energy_0",
            at(model.energy(noisy, SIGMA)),
            &[
                ("without 1/σ²", at(model.energy(noisy, 1.0))),
                ("1/σ for 1/σ²", at(model.energy(noisy, SIGMA.sqrt()))),
                ("−½‖x‖² for ½‖x‖²", (-half - linear - soft) / variance),
                ("the sign of ⟨c, x⟩", (half + linear - soft) / variance),
                ("the sign of the softplus", (half - linear + soft) / variance),
                ("sigmoid for softplus", (half - linear - sigmoids) / variance),
            ],
        ),
        entry(
            "score_00",
            at(model.score(noisy, SIGMA)),
            &[
                ("the sign, ∇E", at(noisy.clone() - &r) / variance),
                ("1/σ for 1/σ²", at(r.clone() - noisy) / SIGMA),
                ("r(x̃)/σ² without −x̃/σ²", at(r.clone()) / variance),
                ("a sigmoid in the decoder", at(r.sigmoid() - noisy) / variance),
            ],
        ),
    ]
}

/// The losses of denoising.
pub fn losses(Batch { model, x, z, noisy }: &Batch) -> Vec<Entry> {
    let (n, d, variance) = (4.0, 3.0, SIGMA * SIGMA);
    let r = |x: &Matrix| model.reconstruct(x);
    let psi = |x: &Matrix| model.score(x, SIGMA);
    let half_square = |v: Matrix| 0.5 * mean(v.squared_norm());

    let dae = mean(reconstruction(r, x, noisy));
    let miss = r(noisy) - x;
    let dae_by_elements = miss.squared_norm().sum().item() / (n * d);
    let dsm = mean(denoising(psi, x, noisy, SIGMA));
    let target = corruption::score(x, noisy, SIGMA);
    let gap = psi(noisy) - &target;
    let too_near = corrupt(x, z, variance);
    let along = |v: Matrix| mean(v.inner(z));
    let change = psi(noisy) - psi(x);
    let control = mean(denoising_with_control(psi, x, z, SIGMA));
    vec![
        entry(
            "dae",
            dae,
            &[
                ("a mean over the d dimensions", dae_by_elements),
                ("with a ½", half_square(miss.clone())),
                ("a sum over the samples", miss.squared_norm().sum().item()),
                ("r(x) for r(x̃)", mean(reconstruction(r, x, x))),
                ("compared with x̃", mean(reconstruction(r, noisy, noisy))),
                ("a sigmoid in the decoder", mean(reconstruction(|x| r(x).sigmoid(), x, noisy))),
            ],
        ),
        entry(
            "dsm",
            dsm,
            &[
                ("a mean over the d dimensions", 0.5 * gap.squared_norm().sum().item() / (n * d)),
                ("without ½", mean(gap.squared_norm())),
                ("a sum over the samples", 0.5 * gap.squared_norm().sum().item()),
                ("the target's sign, (x̃ − x)/σ²", half_square(psi(noisy) + &target)),
                ("the noise for a target, −z", half_square(psi(noisy) + z)),
                ("the target −z/σ²", half_square(psi(noisy) + z.clone() * (1.0 / variance))),
                ("ψ(x) for ψ(x̃)", half_square(psi(x) - &target)),
                ("x̃ = x + σ²z, target (x − x̃)/σ²", mean(denoising(psi, x, &too_near, SIGMA))),
                ("DAE/(2σ²)", dae / (2.0 * variance)),
            ],
        ),
        entry(
            "dae_over_dsm",
            dae / dsm,
            &[
                ("2σ² for 2σ⁴", 2.0 * variance),
                ("DSM without ½", dae / mean(gap.squared_norm())),
                ("DAE a mean over the d dimensions", dae_by_elements / dsm),
            ],
        ),
        entry(
            "dsm_with_control",
            control,
            &[
                ("ψ(x) not taken off", half_square(psi(noisy)) + along(psi(noisy)) / SIGMA),
                ("without 1/σ", half_square(psi(noisy)) + along(change.clone())),
                ("the sign of z", half_square(psi(noisy)) - along(change.clone()) / SIGMA),
                ("½‖ψ(x)‖² for ½‖ψ(x̃)‖²", half_square(psi(x)) + along(change) / SIGMA),
            ],
        ),
    ]
}

/// The gradients of the denoising loss.
pub fn slopes(batch: &Batch) -> Vec<Entry> {
    let (n, d, precision) = (4.0, 3.0, 1.0 / (SIGMA * SIGMA));
    let right = batch.gradients(|[theta, _], [x, noisy]| {
        denoising(|x| theta.score(x, SIGMA), x, noisy, SIGMA).mean()
    });
    let decoder = batch.gradients(|[theta, fixed], [x, noisy]| {
        denoising(|x| (theta.decode(fixed.encode(x)) - x) * precision, x, noisy, SIGMA).mean()
    });
    let encoder = batch.gradients(|[theta, fixed], [x, noisy]| {
        denoising(|x| (fixed.decode(theta.encode(x)) - x) * precision, x, noisy, SIGMA).mean()
    });
    let dae = batch.gradients(|[theta, _], [x, noisy]| {
        reconstruction(|x| theta.reconstruct(x), x, noisy).mean()
    });
    let over_samples = batch.gradients(|[theta, _], [x, noisy]| {
        denoising(|x| theta.score(x, SIGMA), x, noisy, SIGMA).sum()
    });
    let over_elements = batch.gradients(|[theta, _], [x, noisy]| {
        denoising(|x| theta.score(x, SIGMA), x, noisy, SIGMA).sum() * (1.0 / (n * d))
    });
    let turned = batch.gradients(|[theta, _], [x, noisy]| {
        let away = corruption::score(noisy, x, SIGMA);
        (theta.score(noisy, SIGMA) - away).squared_norm().mean() * 0.5
    });
    let number = |name, of: fn(&[Matrix; 3]) -> f64, halves: bool| {
        let mut mistakes = vec![
            ("that of DAE, without 1/(2σ⁴)", of(&dae)),
            ("a sum over the samples", of(&over_samples)),
            ("a mean over the d dimensions", of(&over_elements)),
            ("the target's sign, (x̃ − x)/σ²", of(&turned)),
        ];
        if halves {
            mistakes.push(("without the encoder's term", of(&decoder)));
            mistakes.push(("without the decoder's term", of(&encoder)));
        }
        entry(name, of(&right), &mistakes)
    };
    vec![
        number("dsm_dw_31", |[w, _, _]| w.at(3, 1), true),
        number("dsm_dw_norm", |[w, _, _]| w.squared_norm().sum().item().sqrt(), true),
        number("dsm_db_0", |[_, b, _]| b.at(0, 0), false),
        number("dsm_dc_2", |[_, _, c]| c.at(0, 2), false),
    ]
}
