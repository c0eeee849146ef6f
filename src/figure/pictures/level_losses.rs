//! `level_losses`: what each noise level contributes, and what is learned on it, for λ = σ² and
//! λ = 1 (T24).

use super::prelude::*;
use crate::{
    experiment::{GradientVariances, LearnedShape, sampled_shapes::LevelFit},
    objective::Weight,
    statistics::Scatter,
};

/// The dimension of the plane.
const D: usize = 2;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    // First the training that only this figure needs: the one before may still be busy with the other.
    let plain = studio.unweighted_pinwheel()?;
    let (weighted, _) = studio.shape(Shape::Pinwheel)?;
    let variances = GradientVariances::of(weighted, studio.seed);
    let shares = [Weight::Variance, Weight::One].map(|weight| variances.shares(weight));
    let [weighted, plain] = [weighted, plain].map(LearnedShape::fits);
    let sigmas: Vec<f64> = weighted.iter().map(|f| f.sigma).collect();

    let mut canvas = Canvas::new(1180, 420);
    let frame = |place: usize| Rect::new(62.0 + 392.0 * place as f64, 64.0, 312.0, 290.0);
    losses(&mut canvas, frame(0), &weighted, &plain);
    gradients(&mut canvas, frame(1), &sigmas, &shares);
    excess(&mut canvas, frame(2), &weighted, &plain);

    let last = sigmas.len() - 1;
    let ends = |fits: &[LevelFit]| {
        let [largest, smallest] = [0, last].map(|level| 100.0 * fits[level].share());
        format!("{largest:.3} % on the largest level, {smallest:.1} % on the smallest")
    };
    let total = |fits: &[LevelFit]| fits.iter().map(|f| f.excess).sum::<f64>() / fits.len() as f64;
    let finding = format!(
        "the smallest level has {:.0} % of the gradient's variance for λ = 1 and {:.0} % for λ = σ²; \
         ESM as a share of ½I(q_σ): {} for λ = 1, {} for λ = σ²; the mean of σ²ESM over the levels \
         is {:.4} and {:.4}",
        100.0 * shares[1][last].mean,
        100.0 * shares[0][last].mean,
        ends(&plain),
        ends(&weighted),
        total(&plain),
        total(&weighted),
    );
    Ok(Picture { canvas, finding })
}

/// One point for each level.
fn by_sigma(fits: &[LevelFit], of: impl Fn(&LevelFit) -> f64) -> Vec<Point> {
    fits.iter().map(|fit| [fit.sigma, of(fit)]).collect()
}

/// The loss σ² DSM_σ on each level: its least value and what the two networks reach.
pub(super) fn losses(canvas: &mut Canvas, frame: Rect, weighted: &[LevelFit], plain: &[LevelFit]) {
    let least = by_sigma(weighted, |f| f.least(D));
    let loss = |fits| by_sigma(fits, |f| f.least(D) + f.excess);
    let most = 0.5 * D as f64;
    let x = Axis::log_around(least.iter().map(|p| p[0]));
    let low = [least[least.len() - 1][0], 0.42 * most];
    Panel::new(canvas, frame, x, Axis::linear(0.0, 1.18 * most))
        .labels("The loss is mostly floor", "noise $σ$", "$σ^2$DSM$_σ$")
        .horizontal(most, "")
        .curve(&least, 1.4, GREY)
        .circles(&loss(plain), 4.6, RED)
        .dots(&loss(weighted), 2.8, NAVY)
        .label([least[0][0], most], End([0.0, -11.0]), GREY, "$d/2$")
        .label(low, Start([0.0, 0.0]), GREY, "line: least value $½(d - σ^2I(q_σ))$")
        .label(low, Start([0.0, 18.0]), NAVY, "dots: trained with $λ = σ^2$")
        .label(low, Start([0.0, 36.0]), RED, "circles: trained with $λ = 1$");
}

/// Which share of the gradient's variance each level has, for λ = σ² and λ = 1.
pub(super) fn gradients(
    canvas: &mut Canvas,
    frame: Rect,
    sigmas: &[f64],
    shares: &[Vec<Scatter>; 2],
) {
    let x = Axis::log_around(sigmas.iter().copied());
    let y = Axis::log_around(shares.iter().flatten().map(|share| share.mean).chain([1.0]));
    let mut panel = Panel::new(canvas, frame, x, y);
    let alike = 1.0 / sigmas.len() as f64;
    panel
        .labels(
            "Whose noise is in the gradient",
            "noise $σ$",
            "share of the variance of $∇_θ$, trained network",
        )
        .horizontal(alike, "")
        .label(
            [x.high(), alike],
            End([-8.0, -11.0]),
            GREY,
            &format!("all alike: 1/{}", sigmas.len()),
        );
    let curves = shares.each_ref().map(|shares| {
        sigmas.iter().zip(shares).map(|(&sigma, share)| [sigma, share.mean]).collect::<Vec<Point>>()
    });
    for ((points, shares), colour) in curves.iter().zip(shares).zip([NAVY, RED]) {
        let errors: Vec<f64> = shares.iter().map(Scatter::standard_error).collect();
        series(&mut panel, points, colour).error_bars(points, &errors, colour);
    }
    let [weighted, plain] = &curves;
    panel.label(plain[plain.len() - 1], Start([12.0, 2.0]), RED, "$λ = 1$").label(
        weighted[4],
        Middle([0.0, -24.0]),
        NAVY,
        "$λ = σ^2$",
    );
}

/// How far the learned scores are off on each level, as a share of what knowing nothing costs.
pub(super) fn excess(canvas: &mut Canvas, frame: Rect, weighted: &[LevelFit], plain: &[LevelFit]) {
    let [navy, red] = [weighted, plain].map(|fits| by_sigma(fits, |f| 100.0 * f.share()));
    let x = Axis::log_around(navy.iter().map(|p| p[0]));
    let y = Axis::log_around(navy.iter().chain(&red).map(|p| p[1]));
    let mut panel = Panel::new(canvas, frame, x, y);
    panel.labels("What is learned", "noise $σ$", "ESM$(q_σ)$ in % of $½I(q_σ)$");
    series(&mut panel, &navy, NAVY);
    series(&mut panel, &red, RED);
    let corner = [navy[navy.len() - 1][0], y.low()];
    panel
        .label(navy[3], End([-12.0, 6.0]), NAVY, "$λ = σ^2$")
        .label(red[1], Start([8.0, -16.0]), RED, "$λ = 1$")
        .label(corner, Start([2.0, -12.0]), INK, "less is better");
}

fn series<'p, 'c>(panel: &'p mut Panel<'c>, points: &[Point], colour: Colour) -> &'p mut Panel<'c> {
    panel.curve(points, 1.4, colour).dots(points, 2.8, colour)
}
