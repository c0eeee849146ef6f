//! What was learned of a table of one's own.
//!
//! | | left | right |
//! |---|---|---|
//! | above, d ≥ 2 | rows and the score, in the first two columns | samples, on the same axes |
//! | above, d = 1 | a histogram of the rows, and the learned density | one of the samples |
//! | below | learning curves | the gain over the Gaussian; under all of it the verdict |
//!
//! Nobody has looked at such a table before it is drawn. Its columns have any names and units, and a few
//! numbers far out must not turn all others into one dot: an axis shows the middle of its column, and it is
//! in deviations where the numbers of the column would be too long.

use super::prelude::*;
use crate::{
    array::Array,
    figure::tools::plain,
    fit::{
        Fit,
        learning::Checked,
        verdict::{CLEAR, NoiseVerdict},
    },
    matrix::Matrix,
};
use std::ops::Range;

/// Side of a panel, in pixels.
const SIDE: f64 = 250.0;
/// The share of a column that its axis shows.
const SHOWN: f64 = 0.99;
/// The most rows that are drawn, the most samples, and the most points of a curve.
const DOTS: usize = 1000;
/// Arrows along a side of a grid, and how many there are where they stand at rows, test rows first.
const ALONG: usize = 11;
const AT_ROWS: usize = 60;
/// Bars of a histogram.
const BARS: usize = 30;
/// The most characters of a name, and of a line of the verdict.
const NAME: usize = 28;
const LINE: usize = 106;
/// The most characters that the numbers of an axis have in all.
const NUMBERS: usize = 55;

/// The picture.
pub fn draw(fit: &Fit) -> Canvas {
    let mut canvas = Canvas::new(736, 800);
    let columns: Vec<Column> = (0..fit.rows.x.cols().min(2)).map(|j| Column::of(fit, j)).collect();
    match &columns[..] {
        [x] => histograms(&mut canvas, fit, x),
        columns => planes(&mut canvas, fit, columns),
    }
    curves(&mut canvas, &fit.learned.curves, fit.learned.best);
    gains(&mut canvas, &fit.verdict.levels);
    let mut lines = vec![String::new()];
    for word in fit.verdict.sentence().split(' ') {
        if lines[lines.len() - 1].len() + word.len() > LINE {
            lines.push(String::new());
        }
        lines.last_mut().expect("one at least").extend([word, " "]);
    }
    for (i, line) in lines.iter().enumerate() {
        canvas.text(Start([34.0, 766.0 + 16.0 * i as f64]), 11.0, INK, line);
    }
    canvas
}

/// Where a panel stands: in which column, in which row.
fn frame(column: usize, row: usize) -> Rect {
    Rect::new([70.0, 440.0][column], [50.0, 434.0][row], SIDE, SIDE)
}

/// A column of the table, and its axis.
struct Column {
    name: String,
    axis: Axis,
    /// What 0 and what 1 deviation is on the axis: the column's mean and deviation, or 0 and 1.
    origin: f64,
    unit: f64,
    /// The column's deviation in units of the axis.
    deviation: f64,
}

impl Column {
    fn of(fit: &Fit, j: usize) -> Self {
        let units = &fit.model.units;
        let (mean, deviation) = (units.mean.at(0, j), units.deviation.at(0, j));
        let mut values: Vec<f64> = (0..fit.rows.x.rows()).map(|i| fit.rows.x.at(i, j)).collect();
        values.sort_by(f64::total_cmp);
        let (last, cut) = (values.len() - 1, (0.5 * (1.0 - SHOWN) * values.len() as f64) as usize);
        let middle = [values[cut], values[last - cut]];
        // A column of which nearly all values are the same has no middle.
        let ends = if middle[0] < middle[1] { middle } else { [values[0], values[last]] };
        let axis = Axis::linear_around(ends.map(|end| end * deviation + mean));
        let numbers = axis.ticks().iter().map(|tick| tick.label.chars().count()).sum::<usize>();
        let own = axis.is_sound() && numbers <= NUMBERS;
        let (origin, unit) = if own { (mean, deviation) } else { (0.0, 1.0) };
        let axis = if own { axis } else { Axis::linear_around(ends) };
        let mut name: String = fit.model.names[j].chars().take(NAME).collect();
        if name.len() < fit.model.names[j].len() {
            name.push('…');
        }
        let name = plain(&name) + if own { "" } else { ", in deviations" };
        Self { name, axis, origin, unit, deviation: deviation / unit }
    }

    /// Where a standardised number is on the axis.
    fn at(&self, standardised: f64) -> f64 {
        standardised * self.unit + self.origin
    }

    fn shows(&self, value: f64) -> bool {
        (self.axis.low()..=self.axis.high()).contains(&value)
    }

    fn width(&self) -> f64 {
        self.axis.high() - self.axis.low()
    }
}

/// Rows under the arrows of the score, and samples.
fn planes(canvas: &mut Canvas, fit: &Fit, columns: &[Column]) {
    let [x, y] = [&columns[0], &columns[1]];
    let (rows, [.., test]) = (&fit.rows.x, fit.rows.parts());
    let (n, d) = rows.shape();
    let place = |rows: &Matrix, i: usize| [x.at(rows.at(i, 0)), y.at(rows.at(i, 1))];
    let shown = |point: &Point| x.shows(point[0]) && y.shows(point[1]);
    let every = n.div_ceil(DOTS);
    let dots = |rows: &Matrix, range: Range<usize>| -> Vec<Point> {
        let some = range.step_by(every).map(|i| place(rows, i));
        some.filter(shown).collect()
    };
    let outside = (0..n).filter(|i| !shown(&place(rows, *i))).count();

    let at = if d == 2 {
        Matrix::from_fn(ALONG * ALONG, 2, |i, j| {
            let (column, k) = (&columns[j], [i % ALONG, i / ALONG][j] as f64);
            let value = column.axis.low() + column.width() * (k + 0.5) / ALONG as f64;
            (value - column.origin) / column.unit
        })
    } else {
        let all = test.clone().chain(0..test.start).filter(|i| shown(&place(rows, *i)));
        rows.select(&all.take(AT_ROWS).collect::<Vec<_>>())
    };
    let sigma = fit.verdict.levels[1].sigma;
    let score = fit.model.score(&at, sigma);
    // The score moves points: an arrow is the way of x + σ²ψ − x on the page, whatever the units.
    let way =
        Matrix::from_fn(at.rows(), 2, |i, j| score.at(i, j) * columns[j].unit / columns[j].width());
    let at = Matrix::from_fn(at.rows(), 2, |i, j| place(&at, i)[j]);
    let scale = ArrowScale::of(&way, 0.9 * SIDE / ALONG as f64);
    let components = if d == 2 { String::new() } else { format!(", 2 of its {d} components") };
    let arrows = format!("arrows: the score at $σ = {sigma:.2}${components}");

    let corner = [x.axis.low(), y.axis.low()];
    Panel::new(canvas, frame(0, 0), x.axis, y.axis)
        .labels("rows", &x.name, &y.name)
        .dots(&dots(rows, 0..test.start), 1.5, GREY.alpha(0.5))
        .dots(&dots(rows, test), 1.5, NAVY.alpha(0.6))
        .arrows(&at, &way, ArrowScale { colour: Some(INK), ..scale })
        .label(corner, Start([0.0, 50.0]), GREY, "training and validation rows")
        .label(corner, Start([172.0, 50.0]), NAVY, "test rows")
        .label(corner, Start([0.0, 66.0]), INK, &arrows);
    let axes = format!("axes: the middle {:.0} % of each column", 100.0 * SHOWN);
    let left = format!("outside: {outside} of {n} rows; 1 dot of {every} is shown");
    Panel::new(canvas, frame(1, 0), x.axis, y.axis)
        .labels("samples", &x.name, &y.name)
        .dots(&dots(&fit.samples, 0..n), 1.5, RED.alpha(0.45))
        .label(corner, Start([0.0, 50.0]), INK, &axes)
        .label(corner, Start([0.0, 66.0]), INK, &left);
}

/// The rows and the samples of one column, each with the learned density.
fn histograms(canvas: &mut Canvas, fit: &Fit, x: &Column) {
    let (rows, low, width) = (&fit.rows, x.axis.low(), x.width() / BARS as f64);
    let heights = |rows: &Matrix| {
        let mut heights = [0.0; BARS];
        for value in rows.data().iter().map(|v| x.at(*v)).filter(|v| x.shows(*v)) {
            let bar = ((value - low) / width) as usize;
            heights[bar.min(BARS - 1)] += 1.0 / (rows.rows() as f64 * width);
        }
        heights
    };
    let histograms = [&rows.x, &fit.samples].map(heights);
    let density = |i: usize| x.deviation * fit.log_density.at(rows.order[i], 0).exp();
    let mut curve: Vec<Point> =
        (0..rows.x.rows()).map(|i| [x.at(rows.x.at(i, 0)), density(i)]).collect();
    curve.retain(|point| x.shows(point[0]));
    curve.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let curve: Vec<Point> = curve.into_iter().step_by(rows.x.rows().div_ceil(DOTS)).collect();
    let all = histograms.iter().flatten().copied().chain(curve.iter().map(|point| point[1]));
    let y = Axis::linear(0.0, 1.05 * extremes(all)[1]);
    let said = format!("curve: learned density, $σ = {:.2}$", fit.model.scales.smallest());
    let edges = (0..BARS).flat_map(|k| [(k, k), (k, k + 1)]);
    for (place, (title, colour)) in [("rows", GREY), ("samples", RED)].into_iter().enumerate() {
        let steps = |of: &dyn Fn(usize) -> f64| -> Vec<Point> {
            edges.clone().map(|(bar, edge)| [low + width * edge as f64, of(bar)]).collect()
        };
        Panel::new(canvas, frame(place, 0), x.axis, y)
            .labels(title, &x.name, "density")
            .band(&steps(&|_| 0.0), &steps(&|k| histograms[place][k]), colour.alpha(0.45))
            .curve(&curve, 1.6, NAVY)
            .label([low, 0.0], Start([0.0, 50.0]), NAVY, &said);
    }
}

/// Both losses against the steps.
pub(super) fn curves(canvas: &mut Canvas, asked: &[Checked], best: usize) {
    let points = |of: fn(&Checked) -> f64| -> Vec<Point> {
        asked.iter().map(|point| [point.step as f64, of(point)]).collect()
    };
    let (training, validation) = (points(|p| p.training), points(|p| p.validation));
    let x = Axis::linear_around(training.iter().map(|p| p[0]));
    let y = Axis::linear_around(training.iter().chain(&validation).map(|p| p[1]));
    let kept: Vec<Point> = validation.iter().copied().filter(|p| p[0] == best as f64).collect();
    let end = |points: &[Point]| points.last().map_or(0.0, |point| point[1]);
    Panel::new(canvas, frame(0, 1), x, y)
        .labels("learning", "step", "$σ^2$ DSM, mean over the levels")
        .curve(&training, 1.4, NAVY)
        .curve(&validation, 1.4, RED)
        .vertical(best as f64, "")
        .circles(&kept, 3.2, RED)
        .end_labels(vec![(end(&training), NAVY, "training"), (end(&validation), RED, "validation")])
        .label(
            [x.low(), y.low()],
            Start([0.0, 50.0]),
            INK,
            &format!("circle: step {best}, which is kept"),
        );
}

/// What is gained at each level, with bars of as many standard errors as a clear gain has.
pub(super) fn gains(canvas: &mut Canvas, levels: &[NoiseVerdict; 3]) {
    let points = levels.map(|level| [level.sigma, level.gain.mean]);
    let errors = levels.map(|level| CLEAR * level.gain.standard_error());
    let ends = points.iter().zip(errors).flat_map(|(point, e)| [point[1] - e, point[1] + e]);
    let x = Axis::log_around(points.map(|point| point[0]));
    let y = Axis::linear_around(ends.chain([0.0]));
    let said = format!("bars: ± {CLEAR} standard errors; clear if 0 is outside");
    Panel::new(canvas, frame(1, 1), x, y)
        .labels("gain over the Gaussian, on test rows", "noise $σ$, in deviations", "$σ^2$ DSM")
        .horizontal(0.0, "")
        .error_bars(&points, &errors, NAVY)
        .circles(&points, 3.6, NAVY)
        .label([x.low(), y.low()], Start([0.0, 50.0]), INK, &said);
}
