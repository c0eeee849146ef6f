//! `contrastive_divergence`: the gradient of CD-1 against that of implicit score matching (T26).

use super::prelude::*;
use crate::{
    experiment::{
        ContrastiveDivergence,
        contrastive_divergence::{ENERGIES, Gaps, Precision, Recipe, TRAININGS, fixed_point},
    },
    identity::fitted_order,
};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    Ok(picture(&ContrastiveDivergence::run(studio.seed)?))
}

pub(super) fn picture(run: &ContrastiveDivergence) -> Picture {
    let ContrastiveDivergence { energies, precisions } = run;
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
    panel.label([x.low(), y.high()], Start([10.0, 14.0]), RED, &format!("{THROUGH}: slope 1"));

    let [x, y] = axes(&angles);
    // With room for a name above the highest curve.
    let [_, highest] = extremes(angles[1].iter().flatten().map(|p| p[1]));
    let y = Axis::log(y.low(), 4.0 * highest);
    let mut panel = Panel::new(&mut canvas, frame(412.0), x, y);
    panel.labels("Angle between the gradients", "step $ε$", "degrees");
    right_and_wrong(&mut panel, &angles, "CD-1: slope 1");
    panel.label([x.low(), highest], Start([10.0, -14.0]), RED, THROUGH);

    trained(&mut canvas, frame(762.0), precisions);

    let [[low, high], [bug_low, bug_high]] =
        distances.map(|curves| extremes(curves.iter().map(|curve| fitted_order(curve))));
    let miss = |p: &Precision| 100.0 * (p.learned.mean / fixed_point(p.epsilon) - 1.0).abs();
    let worst = precisions.iter().map(miss).fold(0.0, f64::max);
    let finding = format!(
        "{ENERGIES} random energies: CD-1 and implicit score matching differ with slopes from \
         {low:.4} to {high:.4}, through the sampler {bug_low:.2} to {bug_high:.2}; trained precisions \
         are within {worst:.1} % of the fixed point"
    );
    Picture { canvas, finding }
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

/// How the trainings are named and coloured, and how far aside they stand where only the height counts.
const SERIES: [(Recipe, &str, Colour, f64); 3] = [
    (Recipe::Persistent, "persistent chains", GREEN, -0.03),
    (Recipe::One, "CD-1", NAVY, 0.0),
    (Recipe::Five, "CD-5", OCHRE, 0.03),
];

/// The precision learned for E = kx²/2 from N(0, 1), against the step; below, as a share of what it
/// should be.
fn trained(canvas: &mut Canvas, frame: Rect, precisions: &[Precision]) {
    let (x, y) = (Axis::linear(0.0, 1.0), Axis::linear(0.95, 1.75));
    let upper = Rect { height: 134.0, ..frame };
    let lower = Rect { top: frame.bottom() - 102.0, height: 102.0, ..frame };
    let of = |recipe| precisions.iter().filter(move |p| p.recipe == recipe);
    let mut panel = Panel::new(canvas, upper, x.unnumbered(), y);
    panel
        .labels("Learned from $N(0, 1)$", "", "precision $k$ of $E = kx^2/2$")
        .horizontal(1.0, "")
        .curve(&x.graph(400, fixed_point), 1.4, GREY)
        .label([1.0, 1.0], End([-8.0, -10.0]), GREY, "precision of the data")
        .label([0.66, fixed_point(0.66)], End([-10.0, -12.0]), GREY, "$k(1 − εk/4) = 1$");
    for (recipe, _, colour, _) in SERIES {
        let learned: Vec<Point> = of(recipe).map(|p| [p.epsilon, p.learned.mean]).collect();
        panel
            .marks(&learned, colour, |canvas, at, colour| mark(canvas, at, recipe, colour, NESTED));
    }

    let series = SERIES.map(|(recipe, _, _, aside)| -> (Vec<Point>, Vec<f64>) {
        let ratio = |p: &Precision| {
            let expected = fixed_point(p.epsilon);
            let at = [p.epsilon + aside, p.learned.mean / expected];
            (at, p.learned.standard_error() / expected)
        };
        of(recipe).map(ratio).unzip()
    });
    let all = series.iter().flat_map(|(points, errors)| points.iter().zip(errors));
    let gaps = all.map(|(at, error)| (at[1] - 1.0).abs() + error);
    let widest = 1.15 * gaps.fold(0.0, f64::max);
    let ratio = Axis::linear(1.0 - widest, 1.0 + widest);
    let name = format!("$k$ / curve: {TRAININGS} trainings, ± one standard error");
    let mut panel = Panel::new(canvas, lower, x, ratio);
    panel.labels("", "step $ε$", &name).horizontal(1.0, "");
    for ((_, _, colour, _), (points, errors)) in SERIES.iter().zip(&series) {
        panel.error_bars(points, errors, *colour);
    }
    for ((recipe, _, colour, _), (points, _)) in SERIES.into_iter().zip(&series) {
        panel.marks(points, colour, |canvas, at, colour| mark(canvas, at, recipe, colour, APART));
    }

    for (line, (recipe, name, colour, _)) in SERIES.into_iter().enumerate() {
        let at = [upper.left + 18.0, upper.top + 18.0 + 17.0 * line as f64];
        mark(canvas, at, recipe, colour, NESTED);
        canvas.text(Start([at[0] + 13.0, at[1]]), 11.0, colour, name);
    }
}

/// Half the width of a mark: where three are drawn on each other, and where they stand side by side and
/// would hide their error bars.
const NESTED: f64 = 5.2;
const APART: f64 = 2.9;

/// Of three shapes that stay apart when they are drawn on each other in the order of [`SERIES`].
fn mark(canvas: &mut Canvas, at: Point, recipe: Recipe, colour: Colour, half: f64) {
    match recipe {
        Recipe::Persistent => {
            let square = Rect::new(at[0] - half, at[1] - half, 2.0 * half, 2.0 * half);
            canvas.outline(square, 1.3, colour);
        }
        Recipe::One => {
            canvas.disc(at, 0.77 * half, colour);
            canvas.disc(at, 0.77 * half - 1.3, WHITE);
        }
        Recipe::Five => canvas.disc(at, 1.8, colour),
    }
}
