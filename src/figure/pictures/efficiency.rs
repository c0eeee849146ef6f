//! `efficiency`: score matching against maximum likelihood, for the quartic (T19).

use super::prelude::*;
use crate::identity::exponential_families::efficiency::{
    Estimates, LIKELIHOOD_VARIANCE, Measured, Variances, by_gamma, likelihood_variance,
};

/// Samples at each size.
const REPETITIONS: usize = 4000;
/// The size shown in the first panel, the middle one of the others.
const SHOWN: usize = 128;
/// Sizes of the samples.
const SIZES: [usize; 8] = [16, 32, 64, 128, 256, 512, 1024, 2048];

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = studio.generator();
    let runs = SIZES.map(|n| (n, Estimates::repeated(n, REPETITIONS, &mut rng)));
    let measured: Vec<(usize, Variances)> =
        runs.iter().map(|(n, e)| (*n, Variances::of(e))).collect();
    let shown = runs.iter().find(|(n, _)| *n == SHOWN).map_or(&[][..], |(_, e)| e);

    let mut canvas = Canvas::new(1080, 390);
    scatter(&mut canvas, Rect::new(62.0, 64.0, 264.0, 264.0), shown);
    variances(&mut canvas, Rect::new(412.0, 64.0, 264.0, 264.0), &measured);
    ratio(&mut canvas, Rect::new(762.0, 64.0, 264.0, 264.0), &measured);

    let (n, last) = measured[measured.len() - 1];
    let Measured { value, error } = last.efficiency;
    let finding = format!(
        "efficiency of score matching for exp(−θx⁴): {:.4} in the limit, {value:.3} ± {error:.3} over \
         {REPETITIONS} samples of {n}",
        by_gamma()
    );
    Ok(Picture { canvas, finding })
}

/// Both estimates of every sample.
fn scatter(canvas: &mut Canvas, frame: Rect, estimates: &[Estimates]) {
    let points: Vec<Point> = estimates.iter().map(|e| [e.likelihood, e.score_matching]).collect();
    let axis = Axis::linear(0.4, 2.4);
    Panel::new(canvas, frame, axis, axis)
        .labels(
            &format!("{REPETITIONS} samples of {SHOWN}, true $θ = 1$"),
            "maximum likelihood, $1/(4m_4)$",
            "score matching, $3m_2/(4m_6)$",
        )
        .curve(&[[0.4, 0.4], [2.4, 2.4]], 1.0, GREY)
        .dots(&points, 1.5, GREY.alpha(0.35))
        .circles(&[[1.0, 1.0]], 4.0, INK);
}

/// n var θ̂ of both, measured and in the limit.
pub(super) fn variances(canvas: &mut Canvas, frame: Rect, measured: &[(usize, Variances)]) {
    let x = sizes(measured);
    let limit = LIKELIHOOD_VARIANCE / by_gamma();
    let of = |pick: fn(&Variances) -> Measured| -> (Vec<Point>, Vec<f64>) {
        let scaled = measured.iter().map(|(n, v)| (*n as f64, pick(v)));
        scaled.map(|(n, m)| ([n, n * m.value], n * m.error)).unzip()
    };
    let (score_matching, score_errors) = of(|v| v.score_matching);
    let (likelihood, likelihood_errors) = of(|v| v.likelihood);
    let exact = x.graph(200, |n| n * likelihood_variance(n));
    let ends = score_matching.iter().zip(&score_errors).map(|(p, error)| p[1] + error);
    let top = 1.1 * ends.fold(limit, f64::max);
    Panel::new(canvas, frame, x, Axis::log(3.3, top))
        .labels("What each sample size buys", "sample size $n$", "$n$ times the variance")
        .horizontal(limit, "")
        .horizontal(LIKELIHOOD_VARIANCE, "")
        .curve(&exact, 1.4, NAVY)
        .error_bars(&likelihood, &likelihood_errors, NAVY)
        .error_bars(&score_matching, &score_errors, RED)
        .circles(&likelihood, 3.2, NAVY)
        .circles(&score_matching, 3.2, RED)
        .label([64.0, 7.6], Start([12.0, -8.0]), RED, "score matching")
        .label([x.high(), limit], End([-8.0, 12.0]), GREY, "sandwich")
        .label([x.low(), LIKELIHOOD_VARIANCE], Start([8.0, 10.0]), GREY, "1 / information")
        .label([x.low(), 4.6], Start([8.0, 0.0]), NAVY, "likelihood");
}

/// The ratio of the two.
pub(super) fn ratio(canvas: &mut Canvas, frame: Rect, measured: &[(usize, Variances)]) {
    let points: Vec<Point> =
        measured.iter().map(|(n, v)| [*n as f64, v.efficiency.value]).collect();
    let errors: Vec<f64> = measured.iter().map(|(_, v)| v.efficiency.error).collect();
    Panel::new(canvas, frame, sizes(measured), Axis::linear(0.5, 1.05))
        .labels("Efficiency of score matching", "sample size $n$", "ratio of the variances")
        .horizontal(1.0, "as good as maximum likelihood")
        .horizontal(by_gamma(), "")
        .label([2048.0, by_gamma()], End([0.0, 34.0]), GREY, "$6 (Γ(3/4) / Γ(1/4))^2$")
        .error_bars(&points, &errors, RED)
        .circles(&points, 3.2, RED);
}

fn sizes(measured: &[(usize, Variances)]) -> Axis {
    Axis::log_around(measured.iter().map(|(n, _)| *n as f64))
}
