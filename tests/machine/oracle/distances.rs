//! Distances between points, and what a few numbers say about their law, at any size and offset.

use super::{Ledger, Wide, numbers, w};
use score_matching::{
    Matrix,
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    statistics::Scatter,
};

/// ‖x − y‖²
fn square(x: &[f64], y: &[f64]) -> Wide {
    x.iter().zip(y).map(|(&x, &y)| (w(x) - w(y)) * (w(x) - w(y))).sum()
}

/// Points at an offset and apart by something, both of any size that differs in an f64.
fn clouds(d: usize) -> Vec<Matrix> {
    let mut clouds = Vec::new();
    let sizes = numbers::<f64>(-1070, 1010, 65);
    for (i, &size) in sizes.iter().enumerate() {
        for offset in [0.0, size * 3.0, size * 1e8, size * 1e15, sizes[(7 * i) % sizes.len()]] {
            let point = |k: usize, j: usize| offset + size * ((k * 37 + j * 11) % 17) as f64 / 3.0;
            let cloud: Matrix = Matrix::from_fn(5, d, point);
            clouds.extend(cloud.data().iter().all(|x| x.abs() < 1e306).then_some(cloud));
        }
    }
    clouds
}

#[test]
fn distances_hold_at_any_size_and_offset() {
    let mut ledger = Ledger::default();
    for d in [1, 2, 5] {
        for cloud in clouds(d) {
            let (x, y) = (cloud.select(&[0, 1]), cloud.select(&[2, 3, 4]));
            let input = (x.data(), y.data());
            for (i, found) in nearest(&x, &y).into_iter().enumerate() {
                let squares = (0..3).map(|j| square(x.row(i), y.row(j)));
                let least = squares.reduce(|a, b| if b.is_less(a) { b } else { a });
                let truth = least.expect("three points").sqrt();
                ledger.judge::<f64>("nearest, median", found.distance, (truth, truth), &input);
            }
            let mut squares: Vec<Wide> =
                (0..3).map(|i| square(y.row(i), y.row((i + 1) % 3))).collect();
            squares.sort_by(|a, b| (*a - *b).top().total_cmp(&0.0));
            let middle = squares[1].sqrt();
            let median = median_distance(&y);
            ledger.judge::<f64>("nearest, median", median, (middle, middle), &y.data());

            for h in [median, 0.3 * median, 1e3 * median, 1.0] {
                if !(h > 0.0 && (1.0 / h).is_finite() && h.is_finite()) {
                    continue;
                }
                let mean = |a: &Matrix, b: &Matrix| {
                    let (n, m) = (a.rows(), b.rows());
                    let each = (0..n * m).map(|k| {
                        let t = square(a.row(k / m), b.row(k % m)) / (w(h) * w(h));
                        let kernel = (-t.times_power(-1)).exp() / w((n * m) as f64);
                        (kernel, if kernel.e < -1000 { kernel } else { kernel * (t + w(1.0)) })
                    });
                    each.fold((w(0.0), w(0.0)), |s, k| (s.0 + k.0, s.1 + k.1))
                };
                let [own, other, across] = [mean(&x, &x), mean(&y, &y), mean(&x, &y)];
                let truth = own.0 + other.0 - across.0.times_power(1);
                let size = own.1 + other.1 + across.1.times_power(1);
                let found = maximum_mean_discrepancy(&x, &y, h);
                ledger.judge::<f64>("MMD", found * found, (truth, size), &(input, h));
            }
        }
    }
    ledger.settle();
}

#[test]
fn means_and_variances_hold_at_any_size_and_offset() {
    let mut ledger = Ledger::default();
    let lengths = |v: &Matrix| (2..=v.data().len()).map(|n| v.data()[..n].to_vec()).collect();
    let samples: Vec<Vec<f64>> =
        clouds(2).iter().flat_map(|v| -> Vec<Vec<f64>> { lengths(v) }).collect();
    for v in samples {
        let n = w(v.len() as f64);
        let mean = v.iter().map(|&v| w(v)).sum::<Wide>() / n;
        let size = v.iter().map(|&v| w(v.abs())).sum::<Wide>() / n;
        let squares: Wide = v.iter().map(|&v| (w(v) - mean) * (w(v) - mean)).sum();
        let variance = squares / (n - w(1.0));
        let scatter = Scatter::of(&v);
        let lost = size.times_power(-50); // the mean itself is rounded
        ledger.judge::<f64>("Scatter: mean", scatter.mean, (mean, size), &v);
        let truth = (variance, variance + (lost * lost).times_power(50));
        ledger.judge::<f64>("Scatter: variance", scatter.variance, truth, &v);
        let deviation = variance.sqrt();
        let truth = (deviation, deviation + lost.times_power(50));
        ledger.judge::<f64>("Scatter: deviation", scatter.deviation(), truth, &v);
        let error = (variance / n).sqrt();
        let truth = (error, error + lost.times_power(50));
        ledger.judge::<f64>("Scatter: deviation", scatter.standard_error(), truth, &v);
    }
    ledger.settle();
}
