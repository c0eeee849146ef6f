//! `pipeline`: one digit through every step, forward to its loss and back to a sample.
//!
//! ```text
//!   1 x ──→ 2 x̃ ──→ 3 s ──→ 4 r ──→ 5 ψ ──→ 6 DSM
//!                     ↑╌╌╌╌╌╌╌↑                ↓
//!  12 r(y) ← 11 y ← 10 ψ ←── 9 θ ←─ 8 Adam ← 7 ∇_θ
//! ```

mod station;

use super::prelude::*;
use crate::{
    array::Array,
    experiment::{
        DenoisedDigits, Pipeline,
        digits::SIGMA,
        pipeline::{EPSILON, RATE, STEPS},
    },
    matrix::Matrix,
    model::{Autoencoder, Parameters},
};
use station::{CORNER, Images, Station, arrows};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let DenoisedDigits { digits, model, .. } = studio.digits()?;
    let p = Pipeline::of(digits, model, studio.seed)?;
    let neighbour = digits.training_labels[p.neighbour.index];

    let mut canvas = Canvas::new(932, 532);
    let title = "One digit through the whole pipeline";
    canvas.text(Middle([466.0, 20.0]), 13.0, INK, title);
    let forward = "forward: from a digit to its loss →";
    canvas.text(Start([CORNER[0], CORNER[1] - 16.0]), 11.0, NAVY, forward);
    canvas.text(Middle([697.0, 283.0]), 11.0, NAVY, "← back: to new parameters, then to a sample");
    canvas.text(End([380.0, 283.0]), 11.0, NAVY, "the next step uses the new $θ$");
    let back = [to_the_parameters(&p, model), to_a_sample(&p, neighbour)];
    for (i, station) in to_the_loss(&p).iter().chain(back.as_flattened()).enumerate() {
        station.draw(&mut canvas, i);
    }
    arrows(&mut canvas);
    let key = "grey images: white is 0 or less, black is 1 or more;  coloured images: blue is negative, red is \
               positive, the strongest colour is the largest number of the box";
    canvas.text(Middle([466.0, 518.0]), 9.5, GREY, key);

    let [dsm, dae] = [p.loss.denoising, p.loss.reconstruction];
    let finding = format!(
        "held-out digit {}, class {}: DSM {dsm:.12} and DAE/(2σ⁴) {dae:.12} differ by {:.1} machine \
         epsilons; ‖∇_θ‖ = {:.2}, one step of Adam takes {:.3} off the loss, α Σ|∇_θ| is {:.3};\n  after {} Langevin \
         steps the nearest training digit is of class {neighbour}, {:.3} away",
        p.row,
        p.label,
        (dsm / dae - 1.0).abs() / f64::EPSILON,
        norm(&p.gradient),
        dsm - p.moved_loss,
        RATE * size(&p.gradient),
        STEPS[3],
        p.neighbour.distance,
    );
    Ok(Picture { canvas, finding })
}

/// Boxes 1 to 6.
fn to_the_loss(p: &Pipeline) -> [Station; 6] {
    let moved = square(&(p.noisy.clone() - &p.clean));
    let active = p.hidden.data().iter().filter(|&&s| s > 0.5).count();
    [
        Station::new(
            ["clean digit", "$x$, from the data", "$x$"],
            Images::grey(&p.clean),
            [
                ("held-out digit", format!("no. {}", p.row)),
                ("its label", p.label.to_string()),
                ("$‖x‖^2$", format!("{:.4}", square(&p.clean))),
            ],
        ),
        Station::new(
            ["corruption", "$x\u{303} = x + σz$", "$x\u{303}$"],
            Images::grey(&p.noisy),
            [
                ("$σ$", SIGMA.to_string()),
                ("$‖z‖^2$", format!("{:.4}", square(&p.noise))),
                ("$‖x\u{303} - x‖^2$", format!("{moved:.4}")),
            ],
        ),
        Station::new(
            ["encoder", "$s =$ sigmoid$(Wx\u{303} + b)$", "$s$"],
            Images::hidden(&p.hidden),
            [
                ("hidden units", p.hidden.cols().to_string()),
                ("above ½", active.to_string()),
                ("$‖s‖^2$", format!("{:.4}", square(&p.hidden))),
            ],
        ),
        Station::new(
            ["decoder", "$r = W^⊤s + c$", "$r$"],
            Images::grey(&p.reconstruction),
            [
                ("$‖x\u{303} - x‖^2$ before", format!("{moved:.4}")),
                ("$‖r - x‖^2$ now", format!("{:.4}", p.squared_error)),
                ("that is", format!("{:.2} %", 100.0 * p.squared_error / moved)),
            ],
        ),
        Station::new(
            ["score", "$ψ = (r - x\u{303})/σ^2$", "$ψ$"],
            Images::signed(&p.score),
            [
                ("$‖ψ‖$", format!("{:.4}", square(&p.score).sqrt())),
                ("target, $‖z‖/σ$", format!("{:.4}", square(&p.noise).sqrt() / SIGMA)),
                ("angle between", format!("{:.2}°", angle(&p.score, &-p.noise.clone()))),
            ],
        ),
        Station::new(
            ["loss", "DSM = DAE$/(2σ^4)$", "$r - x$"],
            Images::signed(&(p.reconstruction.clone() - &p.clean)),
            [
                ("DSM", format!("{:.10}", p.loss.denoising)),
                ("DAE$/(2σ^4)$:", String::new()),
                ("", format!("{:.10}", p.loss.reconstruction)),
            ],
        ),
    ]
}

/// Boxes 7 to 9.
fn to_the_parameters(p: &Pipeline, model: &Autoencoder<Matrix>) -> [Station; 3] {
    let numbers: usize = model.clone().into_list().iter().map(|array| array.data().len()).sum();
    let mut before = model.clone().into_list().into_iter();
    let step = p.moved.clone().map(|after| after - before.next().expect("as many arrays"));
    let units = painters(&p.hidden, &model.w);
    [
        Station::new(
            ["gradient", "$∇_θ$ DSM", "for four rows of $W$"],
            Images::rows(&p.gradient.w, units),
            [
                ("numbers in $θ$", numbers.to_string()),
                ("$‖∇_θ‖$", format!("{:.3}", norm(&p.gradient))),
                ("$Σ|∇_θ|$", format!("{:.1}", size(&p.gradient))),
            ],
        ),
        Station::new(
            ["step of Adam", "$θ ← θ - α m\u{302}/(√v\u{302} + ϵ)$", "the steps of these rows"],
            Images::rows(&step.w, units),
            [
                ("rate $α$", RATE.to_string()),
                ("DSM before", format!("{:.5}", p.loss.denoising)),
                ("DSM after", format!("{:.5}", p.moved_loss)),
            ],
        ),
        Station::new(
            ["parameters", "$θ = (W, b, c)$", "these rows of $W$"],
            Images::rows(&p.moved.w, units),
            [
                ("rows", units.map(|j| j.to_string()).join(", ")),
                ("$‖θ‖$ before", format!("{:.5}", norm(model))),
                ("$‖θ‖$ after", format!("{:.5}", norm(&p.moved))),
            ],
        ),
    ]
}

/// Boxes 10 to 12.
fn to_a_sample(p: &Pipeline, neighbour: u8) -> [Station; 3] {
    let energy = |y: &Matrix| {
        let theirs = p.moved.energy(y, SIGMA).item();
        format!("{theirs:.3}").replace('-', "−")
    };
    let last = &p.walk[3];
    [
        Station::new(
            ["Langevin steps", "$y ← y + ½εψ(y) + √ε z$", "$y$, by rows"],
            Images::four(&p.walk),
            [
                ("after steps", STEPS.map(|step| step.to_string()).join(", ")),
                ("$ε = σ^2/10$", EPSILON.to_string()),
                ("$E(x\u{303})$", energy(&p.noisy)),
            ],
        ),
        Station::new(
            ["noisy sample", "$y$, towards $e^{−E}/Z$", "$y$"],
            Images::grey(last),
            [
                ("after steps", STEPS[3].to_string()),
                ("$E(y)$", energy(last)),
                ("$‖y - x\u{303}‖^2$", format!("{:.4}", square(&(last.clone() - &p.noisy)))),
            ],
        ),
        Station::new(
            ["sample", "$r(y) = y + σ^2ψ(y)$", "$r(y)$"],
            Images::grey(&p.sample),
            [
                ("nearest training", format!("class {neighbour}")),
                ("at the distance", format!("{:.4}", p.neighbour.distance)),
                ("$‖r(y) - x‖$", format!("{:.4}", square(&(p.sample.clone() - &p.clean)).sqrt())),
            ],
        ),
    ]
}

/// The four hidden units that paint most: unit j adds sⱼWⱼ to the reconstruction.
fn painters(s: &Matrix, w: &Matrix) -> [usize; 4] {
    let norms = w.squared_norm();
    let paint = |j: usize| s.at(0, j) * norms.at(j, 0).sqrt();
    let mut units: Vec<usize> = (0..w.rows()).collect();
    units.sort_by(|&i, &j| paint(j).total_cmp(&paint(i)));
    std::array::from_fn(|k| units[k])
}

/// The sum of all squares.
fn square(x: &Matrix) -> f64 {
    x.squared_norm().sum().item()
}

/// ‖θ‖, over all arrays.
fn norm(theta: &Autoencoder<Matrix>) -> f64 {
    theta.clone().into_list().iter().map(square).sum::<f64>().sqrt()
}

/// Σ|θ|, over all arrays: of a gradient, times the rate, what a short first step of Adam takes off the loss.
fn size(theta: &Autoencoder<Matrix>) -> f64 {
    let arrays = theta.clone().into_list();
    arrays.iter().flat_map(Matrix::data).map(|number| number.abs()).sum()
}

/// Between two rows, in degrees.
fn angle(x: &Matrix, y: &Matrix) -> f64 {
    (x.inner(y).item() / (square(x) * square(y)).sqrt()).acos().to_degrees()
}
