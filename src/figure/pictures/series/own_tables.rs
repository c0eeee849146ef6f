//! A table that nobody has looked at: its rows, its samples, and what is said of both.

use super::*;
use crate::{
    array::Function,
    corruption::NoiseScales,
    experiment::noise_conditional::Network,
    figure::{pictures::own_table, save_fit},
    fit::{Fit, Learned, Model, Rows, Table, Verdict, learning::Checked, verdict::NoiseVerdict},
    matrix::noise::standard_normal,
};

const ROWS: usize = 200;

/// A table of d columns of standard normal numbers, times `unit` and then plus `mean`, of which nothing was
/// learned: the network is random, and so are samples and log densities. The first number of the first row
/// is `far`.
fn fit(names: &[&str], mean: f64, unit: f64, far: f64) -> Fit {
    let (mut rng, d) = (studio().generator(), names.len());
    let normal = standard_normal::<f64>(ROWS, d, &mut rng);
    let own = |i, j| if (i, j) == (0, 0) { far } else { normal.at(i, j) * unit + mean };
    let table = Table {
        names: names.iter().map(ToString::to_string).collect(),
        rows: Matrix::from_fn(ROWS, d, own),
        decimals: vec![None; d],
        header: true,
    };
    let rows = Rows::divide(&table, 0.25, 1).expect("a table of numbers");
    let asked = |step| Checked { step, training: 1.0 + 1.0 / step as f64, validation: 3.0 };
    let learned = Learned {
        network: Network::random(&[d, 4, 4, d], Function::Softplus, 1.0, &mut rng),
        scales: NoiseScales::geometric(2.0, 0.1, 10),
        curves: [100, 200].map(asked).to_vec(),
        best: 200,
    };
    let model = Model::new(&table, &rows, &learned);
    let samples = standard_normal(ROWS, d, &mut rng);
    let verdict = Verdict::of(&rows, &model, &samples, 1);
    let log_density = standard_normal(ROWS, 1, &mut rng);
    Fit { rows, learned, model, samples, log_density, verdict }
}

/// Two columns of standardised numbers as points in units of the table.
fn own(fit: &Fit, x: &Matrix) -> Vec<Point> {
    let x = fit.model.units.own(x);
    (0..x.rows()).map(|i| [x.at(i, 0), x.at(i, 1)]).collect()
}

/// Those of the points that are drawn, in order, and how many are left out.
fn drawn_of(dots: &[Point], points: &[Point]) -> usize {
    let mut rest = points.iter();
    for dot in dots {
        let same = |p: &&Point| near(p[0], dot[0]) && near(p[1], dot[1]);
        assert!(rest.by_ref().any(|p| same(&p)), "{dot:?} is no row, or not in its place");
    }
    points.len() - dots.len()
}

#[test]
fn rows_and_samples_are_those_of_the_first_two_columns_and_the_score_is_theirs() {
    for names in [&["a", "b"][..], &["a", "b", "c"]] {
        let fit = fit(names, -3.0, 50.0, 0.0);
        let canvas = own_table::draw(&fit);
        let frames = frames(&canvas);
        assert_eq!(frames.len(), 4);
        let [training, validation, test] = fit.rows.divided().map(|x| own(&fit, &x));
        let known = [training, validation].concat();
        let samples = own(&fit, &fit.samples);
        let dots = [
            (0, GREY.alpha(0.5), &known),
            (0, NAVY.alpha(0.6), &test),
            (1, RED.alpha(0.45), &samples),
        ];
        for (frame, colour, points) in dots {
            // The middle 99 % of two columns leaves out 2 % of the rows at most, and of other draws
            // of the law as many ± 6 deviations of a count: 2 + 6√2 % of 200.
            let without = drawn_of(&only(frames[frame], "dots", colour), points);
            assert!(without <= 21, "{without} of {} are not drawn", points.len());
        }
        let arrows = frames[0].iter().find(|drawn| drawn.kind == "arrows").expect("arrows");
        // They stand on a grid, or at rows, the test rows first, whose other columns count as well.
        let at = if names.len() == 2 {
            assert_eq!(arrows.points.len(), 121);
            let grid = Matrix::from_vec(121, 2, arrows.points.concat());
            fit.model.units.standardised(&grid)
        } else {
            let test = only(frames[0], "dots", NAVY.alpha(0.6));
            close(&arrows.points[..test.len()], &test);
            assert_eq!(arrows.points.len(), 60);
            let all = own(&fit, &fit.rows.x);
            let row = |at: &Point| all.iter().position(|p| near(p[0], at[0]) && near(p[1], at[1]));
            let rows = arrows.points.iter().map(|at| row(at).expect("a row"));
            fit.rows.x.select(&rows.collect::<Vec<_>>())
        };
        let score = fit.model.score(&at, fit.verdict.levels[1].sigma);
        // In units of the axes, which are 1.1 times as long as the middle of the column.
        let length = [0, 1].map(|j| {
            let mut column: Vec<f64> = (0..ROWS).map(|i| fit.rows.x.at(i, j)).collect();
            column.sort_by(f64::total_cmp);
            1.1 * (column[198] - column[1])
        });
        for (i, found) in arrows.values.iter().enumerate() {
            let (row, j) = (i / 2, i % 2);
            assert!((found - score.at(row, j) / length[j]).abs() < 1e-5, "arrow {row}");
        }
    }
}

#[test]
fn a_single_column_has_histograms_of_its_share_and_the_density_of_each_row() {
    let mut fit = fit(&["$_^{"], 2e-9, 1e-9, 0.0);
    let canvas = own_table::draw(&fit);
    assert_eq!(canvas.fault(), None);
    let frames = frames(&canvas);
    for (frame, x, colour) in [(0, &fit.rows.x, GREY), (1, &fit.samples, RED)] {
        let steps = only(frames[frame], "upper", colour.alpha(0.45));
        let (low, high) = (steps[0][0], steps[steps.len() - 1][0]);
        let mass: f64 = steps.chunks(2).map(|ends| (ends[1][0] - ends[0][0]) * ends[0][1]).sum();
        let values = fit.model.units.own(x);
        let inside = values.data().iter().filter(|v| (low..=high).contains(*v)).count() as f64;
        assert!((mass - inside / ROWS as f64).abs() < 1e-9, "{mass}");
        // The highest bar has all rows between its ends, but for rounding at them.
        let highest = steps.chunks(2).max_by(|a, b| a[0][1].total_cmp(&b[0][1])).expect("bars");
        let [left, right] = [0, 1].map(|end| highest[end][0]);
        let there = values.data().iter().filter(|v| (left..right).contains(*v)).count() as f64;
        let count = highest[0][1] * (right - left) * ROWS as f64;
        assert!((count - there).abs() < 1e-6 && there > 10.0, "{count} and {there}");

        let curve = only(frames[frame], "curve", NAVY);
        let own = fit.model.units.own(&fit.rows.x);
        let density = |i: usize| fit.log_density.at(fit.rows.order[i], 0).exp();
        let all: Vec<Point> = (0..ROWS).map(|i| [own.at(i, 0), density(i)]).collect();
        assert!(curve.len() >= ROWS - 2 && curve.is_sorted_by(|a, b| a[0] <= b[0]));
        for point in &curve {
            let is = |p: &&Point| (p[0] - point[0]).abs() < 1e-20 && near(p[1], point[1]);
            assert!(all.iter().any(|p| is(&p)), "{point:?} is no row");
        }
    }

    // What is no number makes no picture.
    fit.log_density = fit.log_density * f64::NAN;
    let error = save_fit(&fit, "not-to-be-written.png".as_ref()).unwrap_err();
    assert!(error.reason.contains("NaN"), "{error}");
}

#[test]
fn gains_have_bars_of_four_standard_errors_and_the_kept_step_is_marked() {
    let level = |sigma, gain: Scatter| NoiseVerdict {
        sigma,
        network: gain,
        gaussian: gain,
        gain,
        floor: 0.0,
    };
    let levels = [(1.0, 0.5), (2.0, 0.25), (-3.0, 0.125)]
        .map(|(mean, error)| level(0.1 * f64::abs(mean), scatter(mean, error)));
    let mut canvas = page();
    own_table::gains(&mut canvas, &levels);
    close(&only(&canvas.drawn, "marks", NAVY), &[[0.1, 1.0], [0.2, 2.0], [0.1 * 3.0, -3.0]]);
    let ends =
        [[0.1, -1.0], [0.1, 3.0], [0.2, 1.0], [0.2, 3.0], [0.1 * 3.0, -3.5], [0.1 * 3.0, -2.5]];
    close(&bars(&canvas.drawn, NAVY), &ends);

    let asked = [(100, 9.0, 7.0), (200, 6.0, 5.0), (300, 4.0, 8.0)]
        .map(|(step, training, validation)| Checked { step, training, validation });
    let mut canvas = page();
    own_table::curves(&mut canvas, &asked, 200);
    close(&only(&canvas.drawn, "curve", NAVY), &[[100.0, 9.0], [200.0, 6.0], [300.0, 4.0]]);
    close(&only(&canvas.drawn, "curve", RED), &[[100.0, 7.0], [200.0, 5.0], [300.0, 8.0]]);
    close(&only(&canvas.drawn, "marks", RED), &[[200.0, 5.0]]);
}

#[test]
fn any_names_and_any_units_make_a_picture() {
    // Long numbers are drawn in deviations, and one far out does not make a dot of all others.
    let long = "Ünïcode_東京_{}^$\\ and a name that is much too long for any axis";
    let fit = fit(&[long, "\\"], 1.7e9, 0.01, 1.7e9 + 100.0);
    let canvas = own_table::draw(&fit);
    assert_eq!(canvas.fault(), None);
    let dots = |colour: Colour| only(frames(&canvas)[0], "dots", colour);
    let dots = [dots(GREY.alpha(0.5)), dots(NAVY.alpha(0.6))].concat();
    // N(0, 1) stays within 8, but once in 10¹² tables; the one far out is at 10⁴.
    let others = 8.0 * 0.01 / fit.model.units.deviation.at(0, 0);
    let [low, high] = extremes(dots.iter().map(|dot| dot[0]));
    assert!(dots.len() > 180 && high - low < 2.0 * others, "{} from {low} to {high}", dots.len());
}
