//! `contrastive_divergence`: the gradient of CD-1 against that of implicit score matching (T26).

use super::prelude::*;
use crate::{
    experiment::{
        ContrastiveDivergence,
        contrastive_divergence::{ENERGIES, Gaps, Precision, Recipe, fixed_point},
    },
    identity::fitted_order,
};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let ContrastiveDivergence { energies, precisions } = ContrastiveDivergence::run(studio.seed)?;
    let curves = |of: fn(&Gaps) -> f64| -> Vec<Vec<Point>> {
        let curve = |gaps: &Vec<Gaps>| gaps.iter().map(|g| [g.epsilon, of(g)]).collect();
        energies.iter().map(curve).collect()
    };
    let distances = [curves(|g| g.contrastive.distance), curves(|g| g.through.distance)];
    let angles = [curves(|g| g.contrastive.angle), curves(|g| g.through.angle)];

    let mut canvas = Canvas::new(1080, 390);
    let frame = |left| Rect::new(left, 64.0, 264.0, 264.0);
    let [x, y] = axes(&distances);
    let mut panel = Panel::new(&mut canvas, frame(62.0), x, y);
    panel.labels("Difference of the gradients", "step $ε$", "‖∇CD − $(ε/2)$∇ISM‖");
    right_and_wrong(&mut panel, &distances, "CD-1: slope 2");
    panel.label([x.low(), y.high()], Start([10.0, 14.0]), RED, THROUGH);

    let [x, y] = axes(&angles);
    let [_, highest] = extremes(angles[1].iter().map(|curve| curve[0][1]));
    let mut panel = Panel::new(&mut canvas, frame(412.0), x, y);
    panel.labels("Angle between the gradients", "step $ε$", "degrees");
    right_and_wrong(&mut panel, &angles, "CD-1: slope 1");
    panel.label([x.low(), highest], Start([10.0, 16.0]), RED, THROUGH);

    trained(&mut canvas, frame(762.0), &precisions);

    let [[low, high], [bug_low, bug_high]] =
        distances.map(|curves| extremes(curves.iter().map(|curve| fitted_order(curve))));
    let miss = |p: &Precision| 100.0 * (p.learned.mean / fixed_point(p.epsilon) - 1.0).abs();
    let worst = precisions.iter().map(miss).fold(0.0, f64::max);
    let finding = format!(
        "{ENERGIES} random energies: CD-1 and implicit score matching differ with slopes from \
         {low:.4} to {high:.4}, through the sampler {bug_low:.2} to {bug_high:.2}; trained precisions \
         are within {worst:.1} % of the fixed point"
    );
    Ok(Picture { canvas, finding })
}

/// The name of the bug.
const THROUGH: &str = "gradient through the sampler";

/// Around the curves of CD-1 and those of the bug.
fn axes(curves: &[Vec<Vec<Point>>; 2]) -> [Axis; 2] {
    let all = || curves.iter().flatten().flatten();
    [0, 1].map(|i| Axis::log_around(all().map(|p| p[i])))
}

/// One curve of each kind for each energy.
fn right_and_wrong(panel: &mut Panel, [right, wrong]: &[Vec<Vec<Point>>; 2], name: &str) {
    for (right, wrong) in right.iter().zip(wrong) {
        panel.curve(wrong, 1.0, RED.alpha(0.6)).curve(right, 1.0, NAVY.alpha(0.6));
        panel.dots(right, 2.2, NAVY);
    }
    let lowest = right.iter().map(|curve| curve[3]).min_by(|a, b| a[1].total_cmp(&b[1]));
    panel.label(lowest.unwrap_or_default(), Start([10.0, 14.0]), NAVY, name);
}

/// The precision learned for E = kx²/2 from N(0, 1), against the step.
fn trained(canvas: &mut Canvas, frame: Rect, precisions: &[Precision]) {
    let predicted = Axis::linear(0.0, 1.0).graph(100, fixed_point);
    let mut panel = Panel::new(canvas, frame, Axis::linear(0.0, 1.0), Axis::linear(0.95, 1.9));
    panel
        .labels("Learned from $N(0, 1)$", "step $ε$", "precision $k$ of $E = kx^2/2$")
        .horizontal(1.0, "")
        .curve(&predicted, 1.4, GREY);
    let series = [
        (Recipe::One, "CD-1", 0.0, NAVY),
        (Recipe::Five, "CD-5", 0.015, RED),
        (Recipe::Persistent, "persistent chains", -0.015, GREEN),
    ];
    for (line, (recipe, name, aside, colour)) in series.into_iter().enumerate() {
        let mine = precisions.iter().filter(|p| p.recipe == recipe);
        let (points, errors): (Vec<Point>, Vec<f64>) =
            mine.map(|p| ([p.epsilon + aside, p.learned.mean], p.learned.standard_error())).unzip();
        panel.error_bars(&points, &errors, colour).circles(&points, 3.2, colour);
        panel.label([0.0, 1.75], Start([10.0, 16.0 * line as f64]), colour, name);
    }
    panel.label([1.0, 1.0], End([-8.0, -10.0]), GREY, "the data's own").label(
        [0.62, fixed_point(0.62)],
        End([-10.0, -12.0]),
        GREY,
        "$k(1 − εk/4) = 1$",
    );
}
