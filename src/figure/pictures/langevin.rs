//! `langevin`: ascent, Langevin and the Metropolis-adjusted chain from one start (T21, T22).

use super::prelude::*;
use crate::{
    density::{Density, shapes},
    identity::langevin::ascend,
    matrix::Matrix,
    sampler::{Escaped, Sampler, Step, langevin, metropolis},
};

/// ε, of which ascent takes the half as well. Across an arm, where v = 0.0625, the variance of a fixed
/// step is 1/(1 − ε/(4v)) = 1.3 times v.
const EPSILON: f64 = 0.06;
/// Steps of the paths that are drawn.
const STEPS: usize = 600;
/// Chains behind the numbers, and steps of each.
const CHAINS: usize = 2000;
const LONG: usize = 3000;
/// Where all of them start: not in the very middle, where the score vanishes and rounding would choose
/// the arm.
const START: Point = [0.5, 0.2];
/// Half the width of the plane that is shown, and the width of a panel in pixels.
const LIMIT: f64 = 3.7;
const SIDE: f64 = 300.0;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let p = shapes::pinwheel();
    let score = |x: &Matrix| p.score(x);
    let potential = |x: &Matrix| (-p.log_density(x), p.score(x));
    let start = |chains| Matrix::from_fn(chains, 2, |_, j| START[j]);
    let step = Step::halved(EPSILON);
    let mut rng = studio.generator();
    let mut unused = rng.clone();
    let paths = [
        path(langevin(score, start(1), Step::ascent(step.drift), &mut unused))?,
        path(langevin(score, start(1), step, &mut rng))?,
        path(metropolis(potential, start(1), EPSILON, &mut rng))?,
    ];

    let end = ascend(&p, start(1), step.drift, STEPS)?;
    let many = langevin(score, start(CHAINS), step, &mut rng).after(LONG)?;
    let mut chains = metropolis(potential, start(CHAINS), EPSILON, &mut rng);
    let adjusted = chains.by_ref().after(LONG)?;
    let acceptance = chains.acceptance();
    let arms = |x: &Matrix| {
        let (rho, _) = p.responsibilities(x);
        let share = |k| (0..x.rows()).map(|i| rho.at(i, k)).sum::<f64>() / x.rows() as f64;
        extremes((0..rho.cols()).map(share))
    };

    let surface = Surface::density(Lattice::square(LIMIT, SIDE as usize), &p);
    let mut canvas = Canvas::new(1060, 410);
    let titles = [
        "Ascent, $x ← x + (ε/2)∇log p$".to_owned(),
        "Langevin, $x ← x + (ε/2)∇log p + √ε z$".to_owned(),
        format!("Metropolis-adjusted, {:.0} % accepted", 100.0 * acceptance),
    ];
    for (k, (path, title)) in paths.iter().zip(&titles).enumerate() {
        let mut panel = Panel::plane(&mut canvas, [48.0 + 340.0 * k as f64, 56.0], SIDE, LIMIT);
        panel
            .labels(title, "$x_1$", "$x_2$")
            .heat(&surface, ColourScale::density(surface.highest).faded(0.45))
            .curve(path, 0.8, NAVY.alpha(0.55))
            .dots(&path[1..], 1.5, RED.alpha(0.5))
            .dots(&[START], 4.2, WHITE)
            .dots(&[START], 3.2, INK);
        if k == 0 {
            let last = path[path.len() - 1];
            panel.circles(&[last], 4.0, RED).label(last, [9.0, 0.0], Start, INK, "a mode");
        }
    }
    let ([low, high], [least, most]) = (arms(&many), arms(&adjusted));
    let finding = format!(
        "ascent ends at ({:.3}, {:.3}) with |∇log p| = {:.0e}; after {LONG} steps of {CHAINS} chains \
         the five arms have {low:.3} to {high:.3} each, adjusted {least:.3} to {most:.3}",
        end.at(0, 0),
        end.at(0, 1),
        p.score(&end).data().iter().map(|s| s * s).sum::<f64>().sqrt(),
    );
    Ok(Picture { canvas, finding })
}

/// The start and all states of the first chain.
fn path(chains: impl Iterator<Item = Result<Matrix, Escaped>>) -> Result<Vec<Point>, Escaped> {
    let states = chains.take(STEPS).map(|x| x.map(|x| [x.at(0, 0), x.at(0, 1)]));
    std::iter::once(Ok(START)).chain(states).collect()
}
