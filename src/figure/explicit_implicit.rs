//! `explicit_implicit`: ESM and ISM along a line in θ (T2).

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    palette::{GREY, INK, NAVY, RED},
    panel::Panel,
    raster::{Point, Rect},
    text::Anchor,
};
use crate::{
    array::{Array, Function},
    density::{Density, Mixture},
    identity::explicit_implicit::{AnyScore, ScoreUnderMixture},
    matrix::{Matrix, noise::Generator},
    model::{Parameters, ScoreNetwork},
    objective::implicit,
    optimizer::Adam,
    train::train,
};
use rand::SeedableRng;

/// Points on the line, and steps of the quadrature at each.
const POINTS: usize = 251;
const STEPS: usize = 1024;
/// The ends of the line: 0 is where the training starts, 1 where it ends.
const ENDS: [f64; 2] = [-0.25, 1.75];

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let point = |x: f64| Matrix::from_rows([[x]]);
    let components = [(0.6, point(-1.5), point(0.5)), (0.4, point(1.2), point(0.3))];
    let density = Mixture::new(components);
    let start = AnyScore::Network(ScoreNetwork::random(&[1, 16, 1], Function::Tanh, &mut rng));
    let nothing = Matrix::zeros(1, 1);
    let batches = (0..800).map(|_| (density.sample(256, &mut rng), nothing.clone()));
    let end = train(
        start.clone(),
        &mut Adam::annealed(0.02, 800),
        batches,
        |model, x, _| implicit(model.score_and_trace(x)),
        |_| (),
    )?;

    let instance = ScoreUnderMixture { psi: start.clone(), density, reach: 9.0 };
    let rule = instance.rule(STEPS);
    let mut law = instance.at_nodes(STEPS);
    let half_information = 0.5 * instance.density.fisher_information(&rule);
    let (mut esm, mut ism, mut residual): (Vec<Point>, Vec<Point>, Vec<Point>) = Default::default();
    for i in 0..POINTS {
        let t = ENDS[0] + (ENDS[1] - ENDS[0]) * i as f64 / (POINTS - 1) as f64;
        law.psi = between(&start, &end, t);
        let [left, right] = law.objectives().map(|side| law.weights.inner(&side).sum().item());
        esm.push([t, left]);
        ism.push([t, right - half_information]);
        residual.push([t, (left - right) / law.magnitude() / f64::EPSILON]);
    }
    let least = |curve: &[Point]| curve.iter().copied().min_by(|a, b| a[1].total_cmp(&b[1]));
    let (best_esm, best_ism) = (least(&esm).unwrap_or_default(), least(&ism).unwrap_or_default());

    let mut canvas = Canvas::new(560, 560);
    let x = Axis::linear(ENDS[0], ENDS[1]);
    let y = Axis::linear_around(ism.iter().chain(&esm).map(|p| p[1]));
    let mut panel = Panel::new(&mut canvas, Rect::new(62.0, 64.0, 400.0, 300.0), x, y);
    panel
        .labels("One objective, moved by a constant", "", "objective")
        .vertical(best_esm[0], "one minimiser")
        .horizontal(0.0, "")
        .curve(&ism, 1.8, NAVY)
        .curve(&esm, 1.8, RED);
    // The gap, where it does not meet the dashed lines.
    for i in [POINTS / 8, 2 * POINTS / 5, 6 * POINTS / 7] {
        panel.curve(&[ism[i], esm[i]], 1.0, INK);
        let middle = [esm[i][0], 0.5 * (ism[i][1] + esm[i][1])];
        panel.label(middle, [5.0, 0.0], Anchor::Start, INK, "½$I(q)$");
    }
    let [last_esm, last_ism] = [&esm, &ism].map(|curve| curve[POINTS - 1]);
    panel
        .circles(&[best_esm], 3.6, RED)
        .circles(&[best_ism], 3.6, NAVY)
        .label(last_esm, [8.0, 0.0], Anchor::Start, RED, "explicit")
        .label(last_ism, [8.0, 0.0], Anchor::Start, NAVY, "implicit");

    let largest = residual.iter().map(|r| r[1].abs()).fold(0.0, f64::max);
    let span = largest.max(1.0) * 1.2;
    Panel::new(&mut canvas, Rect::new(62.0, 414.0, 400.0, 90.0), x, Axis::linear(-span, span))
        .labels(
            "",
            "place on the line from the first parameters (0) to the trained ones (1)",
            "(ESM − ISM − ½$I(q)$) / what they are made of / machine epsilon",
        )
        .curve(&[[ENDS[0], 0.0], [ENDS[1], 0.0]], 1.0, GREY)
        .dots(&residual, 1.8, NAVY.alpha(0.5));

    let finding = format!(
        "along the line ESM − ISM is ½I(q) = {half_information:.4} to {largest:.1} machine epsilons; \
         least at t = {:.3} (ESM {:.4}) and {:.3} (ISM {:.4})",
        best_esm[0], best_esm[1], best_ism[0], best_ism[1]
    );
    Ok(Picture { canvas, finding })
}

/// (1 − t) θ₀ + t θ₁
fn between(start: &AnyScore<Matrix>, end: &AnyScore<Matrix>, t: f64) -> AnyScore<Matrix> {
    let mut others = end.clone().into_list().into_iter();
    start.clone().map(|p| {
        let other = others.next().expect("models of one shape");
        p * (1.0 - t) + other * t
    })
}
