//! The evening, after two steps of training and a short walk.

use super::*;
use crate::{
    array::Array,
    autodiff::Tape,
    density::{Density, Mixture, shapes::pinwheel},
    figure::pictures::evening::{APART, POINTS, SAMPLES, SIGMA, WAYS, evening, falling},
};

fn picture(number: usize) -> Canvas {
    evening(7, [2, 50], number).expect("finite numbers").canvas
}

/// The values of the arrows of a panel, and where they stand.
fn arrows(panel: &[Drawn]) -> (Matrix, &[f64]) {
    let field = panel.iter().find(|drawn| drawn.kind == "arrows").expect("arrows");
    (Matrix::from_vec(field.points.len(), 2, field.points.concat()), &field.values)
}

/// Whether the arrows are ∇log q, by differentiating the density on a tape.
fn are_the_score(panel: &[Drawn], q: &Mixture) -> bool {
    let (places, found) = arrows(panel);
    let tape = Tape::new();
    let x = tape.var(&places);
    let score = q.density(&x).ln().sum().gradient(&[x]).remove(0);
    found.iter().zip(score.data()).all(|(&a, &b)| (a - b).abs() < 1e-9 * b.abs().max(1.0))
}

/// Whether the only contours of a panel are those of a density.
fn lie_on(panel: &[Drawn], q: &Mixture) -> bool {
    let field = panel.iter().find(|drawn| drawn.kind == "contours").expect("contours");
    let places = Matrix::from_vec(field.points.len(), 2, field.points.concat());
    field.values.iter().zip(q.log_density(&places).data()).all(|(&a, b)| near(a, b.exp()))
}

#[test]
fn the_evening_begins_with_data_and_their_score() {
    let canvas = picture(1);
    let [data, score] = frames(&canvas)[..] else { panic!("two panels") };
    assert!(lie_on(data, &pinwheel()) && lie_on(score, &pinwheel()));
    assert_eq!(only(data, "dots", SAMPLES).len(), POINTS);
    assert!(are_the_score(score, &pinwheel()));
}

/// Of a sum of 32 squares of N(0, 1), which is 32 on average, less than 4.5 or more than 110 is seen less than once
/// in 10⁸ draws.
#[test]
fn ways_back_lead_from_noisy_points_to_the_data_and_means_of_losses_fall() {
    let first = picture(1);
    let canvas = picture(2);
    let [ways, _] = frames(&canvas)[..] else { panic!("two panels") };
    let [noisy, clean] = [NAVY, RED].map(|colour| all(ways, "dots", colour).concat());
    let data = only(frames(&first)[0], "dots", SAMPLES);
    assert!(clean.iter().all(|x| data.contains(x)));
    let ends = [&noisy[..], &clean].concat();
    for (i, a) in ends.iter().enumerate() {
        let others = ends.iter().enumerate().filter(|(j, _)| i % WAYS != j % WAYS);
        assert!(others.map(|(_, b)| (a[0] - b[0]).hypot(a[1] - b[1])).all(|d| d > APART));
    }
    let lines = all(ways, "curve", INK);
    assert_eq!(lines.len(), WAYS);
    let mut squares = 0.0;
    for (line, (a, b)) in lines.iter().zip(noisy.iter().zip(&clean)) {
        assert_eq!(line[..], [*a, *b]);
        squares += ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)) / (SIGMA * SIGMA);
    }
    assert!((4.5..110.0).contains(&squares), "{squares}");

    let mut canvas = page();
    let losses: Vec<f64> = (0..100).map(f64::from).collect();
    assert_eq!(falling(&mut canvas, &losses, 12.0), 89.5);
    let means = [[20.0, 19.5], [60.0, 59.5], [90.0, 89.5]];
    close(&only(&canvas.drawn, "curve", NAVY), &means);
    // n whole numbers in a row have the variance n(n + 1)/12.
    let errors = [41.0, 41.0, 21.0].map(|n: f64| (n / 12.0).sqrt());
    for (kind, sign) in [("lower", -1.0), ("upper", 1.0)] {
        let edge = [0, 1, 2].map(|k| [means[k][0], means[k][1] + sign * errors[k]]);
        close(&only(&canvas.drawn, kind, NAVY.alpha(0.25)), &edge);
    }
}

#[test]
fn the_exact_score_stands_on_the_left_and_the_learned_one_on_the_right() {
    let target = pinwheel().smoothed(SIGMA);
    let canvas = picture(3);
    let [exact, learned] = frames(&canvas)[..] else { panic!("two panels") };
    assert!(lie_on(exact, &target) && lie_on(learned, &target));
    assert!(are_the_score(exact, &target));
    assert!(!are_the_score(learned, &target), "nothing is learned in two steps");
    assert_eq!(arrows(exact).0, arrows(learned).0);
}

#[test]
fn the_evening_ends_with_samples_on_the_density_of_noisy_points() {
    let canvas = picture(4);
    let panels = frames(&canvas);
    let dots: Vec<_> = panels.iter().map(|panel| only(panel, "dots", SAMPLES)).collect();
    assert!(panels.iter().all(|panel| lie_on(panel, &pinwheel().smoothed(SIGMA))));
    assert!(dots.len() == 3 && dots.iter().all(|dots| dots.len() == POINTS));
    assert!(dots[0] != dots[1] && dots[1] != dots[2]);
}
