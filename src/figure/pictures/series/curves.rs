//! Curves, dots and circles against closed forms and identities, or made-up numbers.

use super::*;
use crate::{
    experiment::{
        ContrastiveDivergence, ObjectivesOnALine,
        contrastive_divergence::{Gap, Gaps, Precision, Recipe, fixed_point},
        objectives_on_a_line::{ENDS, Objectives, POINTS},
    },
    figure::pictures::{
        boundary, contrastive_divergence, derivatives, equivalence, explicit_implicit, fisher_kl,
        identities::{self, Mark},
    },
    identity::{self, Claim, Evidence, Sides, Theorem, denoising_autoencoder, number},
};
use rand::RngExt;

/// At least ten points of the graph of a function.
fn follow(points: &[Point], function: impl Fn(f64) -> f64) {
    assert!(points.len() > 9, "{points:?}");
    for &[x, y] in points {
        assert!(near(y, function(x)), "({x}, {y}): {} expected", function(x));
    }
}

/// With exponential data and ψ = −λ, ESM − ISM = ½ − λ; with uniform data and ψ = ax, ESM = a²/6,
/// ISM = a²/6 + a, and the objective weighted by x²(1 − x)² is a²/210.
#[test]
fn the_curves_of_boundary_are_the_integrals_on_paper() {
    let Picture { canvas, .. } = boundary::draw(&studio()).expect("no run");
    let [exponential, uniform] = frames(&canvas)[..] else { panic!("two panels") };
    follow(&only(exponential, "marks", RED), |lambda| 0.5 - lambda);
    close(&only(exponential, "curve", NAVY), &[[0.0, 0.5], [2.0, -1.5]]);
    close(&only(exponential, "curve", GREY), &[[-0.1, 0.5], [2.1, 0.5]]);
    follow(&only(uniform, "curve", GREY), |a| a * a / 6.0);
    follow(&only(uniform, "curve", NAVY), |a| a * a / 6.0 + a);
    follow(&only(uniform, "marks", RED), |a| 35.0 * a * a / 210.0);
    close(&only(uniform, "dots", NAVY), &[[-3.0, -1.5]]);
}

#[test]
fn gaps_of_gradients_are_those_of_their_own_kind_and_bars_are_shares() {
    let gaps = |energy: f64| {
        let at = |k: i32| {
            let epsilon = 0.5_f64.powi(k);
            let gap = |scale: f64| Gap { distance: scale * epsilon, angle: scale + epsilon };
            Gaps { epsilon, contrastive: gap(energy), through: gap(10.0 * energy) }
        };
        (0..5).map(at).collect::<Vec<Gaps>>()
    };
    let precision = |recipe, mean, error| -> [Precision; 2] {
        [0.3, 0.7].map(|epsilon| Precision { recipe, epsilon, learned: scatter(mean, error) })
    };
    let recipes = [
        (Recipe::One, NAVY, 0.0, 1.1, 0.01),
        (Recipe::Five, OCHRE, 0.03, 1.2, 0.02),
        (Recipe::Persistent, GREEN, -0.03, 1.3, 0.03),
    ];
    let run = ContrastiveDivergence {
        energies: vec![gaps(1.0), gaps(2.0)],
        precisions: recipes
            .map(|(recipe, _, _, mean, error)| precision(recipe, mean, error))
            .concat(),
    };
    let Picture { canvas, .. } = contrastive_divergence::picture(&run);
    let [distances, angles, upper, lower] = frames(&canvas)[..] else { panic!("four panels") };
    for (panel, of) in [(distances, (|g| g.distance) as fn(Gap) -> f64), (angles, |g| g.angle)] {
        let curves = |which: fn(&Gaps) -> Gap| -> Vec<Vec<Point>> {
            let curve = |gaps: &Vec<Gaps>| gaps.iter().map(|g| [g.epsilon, of(which(g))]).collect();
            run.energies.iter().map(curve).collect()
        };
        assert_eq!(all(panel, "curve", NAVY.alpha(0.6)), curves(|g| g.contrastive));
        assert_eq!(all(panel, "dots", NAVY), curves(|g| g.contrastive));
        assert_eq!(all(panel, "curve", RED.alpha(0.6)), curves(|g| g.through));
    }
    // k (1 − εk/4) = 1
    follow(&only(upper, "curve", GREY)[1..], |epsilon| {
        2.0 * (1.0 - (1.0 - epsilon).sqrt()) / epsilon
    });
    for (_, colour, aside, mean, error) in recipes {
        close(&only(upper, "marks", colour), &[[0.3, mean], [0.7, mean]]);
        let [share, bar] =
            [mean, error].map(|y| [0.3, 0.7].map(|epsilon| y / fixed_point(epsilon)));
        let at = [0.3 + aside, 0.7 + aside];
        close(&only(lower, "marks", colour), &[[at[0], share[0]], [at[1], share[1]]]);
        let ends = |i: usize| [[at[i], share[i] - bar[i]], [at[i], share[i] + bar[i]]];
        close(&bars(lower, colour), &[ends(0), ends(1)].concat());
    }
}

/// s⁽ᵏ⁾(0) is ½, ¼, 0, −⅛, 0, ¼, 0, −17/16, 0, 31/4: tangent numbers over powers of two.
#[test]
fn circles_of_derivatives_lie_on_the_curve_of_their_own_order() {
    let Picture { canvas, .. } = derivatives::draw(&studio()).expect("no run");
    let at_zero = [0.5, 0.25, 0.0, -0.125, 0.0, 0.25, 0.0, -1.0625];
    assert_eq!(frames(&canvas).len(), 7);
    for (panel, order) in frames(&canvas).into_iter().zip(0..) {
        let (curve, circles) = (only(panel, "curve", NAVY), only(panel, "marks", RED));
        close(&circles, &curve.iter().step_by(10).copied().collect::<Vec<_>>());
        close(&[curve[120]], &[[0.0, at_zero[order]]]);
        let zeros = only(panel, "marks", INK);
        assert_eq!(zeros.len(), order.saturating_sub(1));
        // Between points 0.05 apart a zero of the curve is found to much less than that; s‴ = 0 where
        // s = ½ ± 1/√12, which is x = ±log(2 + √3).
        if order == 3 {
            let found = (2.0 + 3f64.sqrt()).ln();
            assert!((zeros[0][0] + found).abs() < 1e-3 && (zeros[1][0] - found).abs() < 1e-3);
        }
        // A central difference with h = 0.05 errs by h²/6 of a derivative that is 31/4 at most.
        let [left, right] = [curve[119], curve[121]];
        let slope = (right[1] - left[1]) / (right[0] - left[0]);
        let bound = 0.05 * 0.05 / 6.0 * 7.75;
        assert!((slope - at_zero[order + 1]).abs() < bound, "order {order}: {slope}");
    }
}

#[test]
fn each_model_of_equivalence_has_its_difference_below() {
    let Picture { canvas, .. } = equivalence::draw(&studio()).expect("no run");
    let [both, differences] = frames(&canvas)[..] else { panic!("two panels") };
    let sides = only(both, "dots", RED.alpha(0.4));
    assert_eq!(sides.len(), 500);
    // Across lies the autoencoder's, upwards the energy's.
    let mut rng = studio().generator();
    for side in &sides {
        let shape = [(); 3].map(|()| rng.random_range(1..=8));
        let instance = denoising_autoencoder::Instance::random(shape.into(), &mut rng);
        let [dsm, dae] = denoising_autoencoder::equivalence(&instance);
        assert_eq!(*side, [dae[0].item(), dsm[0].item()]);
    }
    let apart = sides.iter().map(|[x, y]| [*x, (y - x) / x / f64::EPSILON]);
    let (inside, beyond): (Vec<Point>, Vec<Point>) = apart.partition(|[_, r]| r.abs() < 8.0);
    assert_eq!(only(differences, "dots", NAVY.alpha(0.4)), inside);
    let edge: Vec<Point> = beyond.iter().map(|[x, r]| [*x, 6.8 * r.signum()]).collect();
    assert_eq!(all(differences, "marks", NAVY).concat(), edge);
}

#[test]
fn both_objectives_on_the_line_are_least_where_they_are() {
    let point = |i: usize| {
        let t = ENDS[0] + (ENDS[1] - ENDS[0]) * i as f64 / (POINTS - 1) as f64;
        let (explicit, implicit) = (1.0 + (t - 0.2) * (t - 0.2), (t - 0.8) * (t - 0.8) - 3.0);
        Objectives { t, explicit, implicit, residual: t * f64::EPSILON }
    };
    let run = ObjectivesOnALine { points: (0..POINTS).map(point).collect(), half_information: 4.0 };
    let Picture { canvas, .. } = explicit_implicit::picture(&run);
    let [curves, residuals] = frames(&canvas)[..] else { panic!("two panels") };
    let explicit = only(curves, "curve", RED);
    let implicit = only(curves, "curve", NAVY);
    follow(&explicit, |t| 1.0 + (t - 0.2) * (t - 0.2));
    follow(&implicit, |t| (t - 0.8) * (t - 0.8) - 3.0);
    for gap in all(curves, "curve", INK) {
        assert!(implicit.contains(&gap[0]) && explicit.contains(&gap[1]) && gap[0][0] == gap[1][0]);
    }
    // The points are 0.008 apart.
    let [[explicit, _], [implicit, _]] = [RED, NAVY].map(|colour| only(curves, "marks", colour)[0]);
    assert!((explicit - 0.2).abs() < 0.004 && (implicit - 0.8).abs() < 0.004);
    follow(&only(residuals, "dots", NAVY.alpha(0.5)), |t| t);
}

#[test]
fn noise_destroys_kl_at_the_speed_of_the_line() {
    let Picture { canvas, .. } = fisher_kl::draw(&studio()).expect("no run");
    let [falling, slopes, far] = frames(&canvas)[..] else { panic!("three panels") };
    let (kl, half) = (only(falling, "curve", NAVY), only(slopes, "curve", RED));
    // KL(0) − KL(t) = ∫F/2 by the trapezoid rule: the longer step errs by about four times as much, and
    // so their difference by three times what the shorter one does.
    let rule = |step: usize, last: usize| {
        let pairs = (0..last).step_by(step).map(|i| (half[i], half[i + step]));
        pairs.map(|(a, b)| 0.5 * (b[0] - a[0]) * (a[1] + b[1])).sum::<f64>()
    };
    for last in [2, 10, 50, 150] {
        let (coarse, fine) = (rule(2, last), rule(1, last));
        let gap = (kl[0][1] - kl[last][1] - fine).abs();
        assert!(gap < (coarse - fine).abs(), "{gap} of {fine}, {coarse}");
    }
    // Twelve circles at whole times, every second of which is a point of the line.
    let circles = only(slopes, "marks", RED);
    let on_the_line: Vec<Point> = circles.iter().step_by(2).copied().collect();
    for (circle, point) in on_the_line.iter().zip(half.iter().step_by(25)) {
        assert!(near(circle[0], point[0]) && (circle[1] / point[1] - 1.0).abs() < 1e-9);
    }
    // Near each other at the distance d the means are 0.3 d apart, and F is the square of that but for
    // −0.41 d² of it; far away F is nothing and KL 0.8 log 1.6 + 0.2 log 0.4.
    let (kl, fisher) = (only(far, "curve", NAVY), only(far, "curve", RED));
    let [d, first] = fisher[0];
    assert!((first / (0.09 * d * d) - 1.0).abs() < d * d);
    assert!((kl[0][1] / first - 0.5).abs() < d * d && kl[0][0] == d);
    let [d, last] = *kl.last().expect("a curve");
    assert!(d == 16.0 && (last - 0.8 * 1.6_f64.ln() - 0.2 * 0.4_f64.ln()).abs() < 1e-9);
    assert!(fisher.last().expect("a curve")[1] < 1e-9);
}

#[test]
fn every_comparison_is_marked_once_by_its_evidence() {
    use Evidence::{Exact, MonteCarlo, Proof, Quadrature, Rounding};
    let marks = [
        (1.0, MonteCarlo, true, Mark::Residual(0.1)),
        (2.0, Quadrature, true, Mark::Residual(0.2)),
        (3.0, Rounding, true, Mark::Residual(0.3)),
        (4.0, Rounding, false, Mark::Residual(4e4)),
        (5.0, Proof, false, Mark::Row("refuted by a polynomial")),
        (6.0, Exact, false, Mark::Row("refuted, no gap allowed")),
        (7.0, Quadrature, true, Mark::Row("no gap seen")),
        (8.0, Exact, true, Mark::Row("exact")),
        (9.0, Proof, true, Mark::Row("proof")),
    ];
    let Picture { canvas, .. } = identities::picture(&identity::all(), &marks);
    let [panel] = frames(&canvas)[..] else { panic!("one panel") };
    for (place, colour) in [OCHRE, GREEN, NAVY, RED].into_iter().enumerate() {
        let (x, _, _, Mark::Residual(y)) = marks[place] else { unreachable!() };
        assert_eq!(only(panel, "dots", colour.alpha(0.85)), [[x, y]]);
    }
    let rows = panel.iter().filter(|drawn| drawn.kind == "marks");
    let rows: Vec<(f64, Colour)> = rows.map(|row| (row.points[0][0], row.colour)).collect();
    let colours = [RED, RED, GREEN, VIOLET, INK].map(|colour| colour.alpha(0.7));
    assert_eq!(rows, [5.0, 6.0, 7.0, 8.0, 9.0].into_iter().zip(colours).collect::<Vec<_>>());
}

#[test]
fn claims_and_false_statements_are_compared_as_often_as_they_are_random() {
    const CLAIMS: &[Claim] = &[
        Claim::one("1 = 1", "", || Sides::exact([number(1.0), number(1.0)])),
        Claim::any("0 is near 0.1", "", |_| Sides::monte_carlo(&[-1.0, 0.0, 1.0], 0.1)),
    ];
    const FALSE: &[Claim] = &[
        Claim::one("1 = 2", "", || Sides::exact([number(1.0), number(2.0)])),
        Claim::one("0 is near 100", "", || Sides::monte_carlo(&[-1.0, 0.0, 1.0], 100.0)),
    ];
    let theorem = Theorem { number: 3, statement: "", claims: CLAIMS, false_statements: FALSE };
    let compared = identities::compared(&[theorem], &mut studio().generator());
    assert!(compared.iter().all(|(x, ..)| (x - 3.0).abs() <= 0.15));
    // Standard errors of 1/√3, of which six are allowed.
    let residual = |gap: f64| Mark::Residual(gap * 3f64.sqrt() / 6.0);
    let mut expected = vec![(Evidence::Exact, true, Mark::Row("exact"))];
    expected.extend([(Evidence::MonteCarlo, true, residual(0.1)); 40]);
    expected.push((Evidence::Exact, false, Mark::Row("refuted, no gap allowed")));
    expected.push((Evidence::MonteCarlo, false, residual(100.0)));
    assert_eq!(compared.len(), expected.len());
    for ((_, evidence, holds, mark), expected) in compared.into_iter().zip(expected) {
        assert_eq!((evidence, holds), (expected.0, expected.1));
        match (mark, expected.2) {
            (Mark::Residual(found), Mark::Residual(expected)) => assert!(near(found, expected)),
            (found, expected) => assert_eq!(found, expected),
        }
    }
}
