//! Mixtures of Gaussians and kernel estimates, near and far out.
//!
//! Everything is compared with one component, b, from whose mean x is measured:
//!
//! ```text
//! log odds of k  = log wₖ/w_b + ½ log |Pₖ|/|P_b| − ½ [yᵀ(Pₖ − P_b)y − 2 yᵀPₖδ + δᵀPₖδ]
//! sₖ − s_b       = Pₖδ − (Pₖ − P_b) y,     y = x − μ_b, δ = μₖ − μ_b, P = Σ⁻¹ by cofactors
//! ```

use super::{Ledger, PI, Wide, numbers, w};
use score_matching::{
    Matrix,
    density::{Density, KernelEstimate, Mixture},
};

type Row = Vec<Wide>;
type Square = Vec<Row>;
type Truth = (Wide, Wide);

struct Gaussian {
    log_weight: Wide,
    mean: Row,
    precision: Square,
    log_det: Wide,
}

impl Gaussian {
    /// In one or two dimensions.
    fn new(weight: Wide, mean: Row, c: &[Row]) -> Self {
        let (det, precision) = if c.len() == 1 {
            (c[0][0], vec![vec![w(1.0) / c[0][0]]])
        } else {
            let det = c[0][0] * c[1][1] - c[0][1] * c[1][0];
            let rows = [[c[1][1], -c[0][1]], [-c[1][0], c[0][0]]];
            (det, rows.map(|row| row.map(|entry| entry / det).to_vec()).to_vec())
        };
        Self { log_weight: weight.ln(), mean, precision, log_det: det.ln() }
    }
}

fn minus(a: &[Wide], b: &[Wide]) -> Row {
    a.iter().zip(b).map(|(&a, &b)| a - b).collect()
}
fn abs(a: &[Wide]) -> Row {
    a.iter().map(|a| a.abs()).collect()
}
fn each(p: &Square, f: impl Fn(usize, usize, Wide) -> Wide) -> Square {
    let row = |(i, row): (usize, &Row)| row.iter().enumerate().map(|(j, &p)| f(i, j, p)).collect();
    p.iter().enumerate().map(row).collect()
}
/// P a
fn act(p: &Square, a: &[Wide]) -> Row {
    p.iter().map(|row| row.iter().zip(a).map(|(&p, &a)| p * a).sum()).collect()
}
/// aᵀP b
fn form(a: &[Wide], p: &Square, b: &[Wide]) -> Wide {
    a.iter().zip(act(p, b)).map(|(&a, b)| a * b).sum()
}

/// How a component differs from the one it is compared with: log odds, and sₖ − s_b entry by entry.
fn compare(k: &Gaussian, b: &Gaussian, x: &[Wide]) -> (Truth, Vec<Truth>) {
    let (y, r, delta) = (minus(x, &b.mean), minus(x, &k.mean), minus(&k.mean, &b.mean));
    let change = each(&k.precision, |i, j, p| p - b.precision[i][j]);
    let [size, other] = [k, b].map(|part| each(&part.precision, |_, _, p| p.abs()));
    let same = change.iter().flatten().all(|c| c.top() == 0.0);
    let quadratic = form(&y, &change, &y) - form(&y, &k.precision, &delta).times_power(1)
        + form(&delta, &k.precision, &delta);
    let [ay, ar, ad] = [&y, &r, &delta].map(|v| abs(v));
    let squares = if same {
        form(&ay, &size, &ad).times_power(1) + form(&ad, &size, &ad)
    } else {
        form(&ar, &size, &ar) + form(&ay, &other, &ay)
    };
    let norms = (b.log_det - k.log_det).times_power(-1) + k.log_weight - b.log_weight;
    let logs = [k.log_det, b.log_det, k.log_weight, b.log_weight];
    let odds = (norms - quadratic.times_power(-1), squares + logs.map(Wide::abs).into_iter().sum());
    let pull = minus(&act(&k.precision, &delta), &act(&change, &y)).into_iter();
    let pull_size = |i: usize| {
        if same { act(&size, &ad)[i] } else { act(&size, &ar)[i] + act(&other, &ay)[i] }
    };
    (odds, pull.enumerate().map(|(i, pull)| (pull, pull_size(i))).collect())
}

/// All that is known about a mixture at one x, each with its size.
struct Answer {
    log: Vec<Truth>,
    score: Vec<Truth>,
    hessian: Vec<Truth>,
    posterior_mean: Vec<Truth>,
}

fn answer(parts: &[Gaussian], x: &[f64]) -> Answer {
    let x: Row = x.iter().map(|&x| w(x)).collect();
    let d = x.len();
    // The likeliest: from any on, as long as another is likelier.
    let mut b = 0;
    let all = loop {
        let all: Vec<_> = parts.iter().map(|k| compare(k, &parts[b], &x)).collect();
        let likelier =
            |best: usize, k: usize| if all[best].0.0.is_less(all[k].0.0) { k } else { best };
        match (0..all.len()).fold(b, likelier) {
            best if best == b => break all,
            best => b = best,
        }
    };
    let (odds, pulls): (Vec<Truth>, Vec<Vec<Truth>>) = all.into_iter().unzip();
    let base = &parts[b];
    let y = minus(&x, &base.mean);
    let shares: Row = odds.iter().map(|odds| odds.0.exp()).collect();
    let total: Wide = shares.iter().copied().sum();
    let rho: Row = shares.iter().map(|&share| share / total).collect();
    let mean = |f: &dyn Fn(usize) -> Wide| (0..rho.len()).map(|k| rho[k] * f(k)).sum::<Wide>();
    // Of an average of f over k: what is averaged, and what wrong odds do to it.
    let moved = |f: &dyn Fn(usize) -> Wide| {
        let average = mean(f);
        mean(&|k| f(k).abs() + (f(k) - average).abs() * odds[k].1)
    };
    let size = each(&base.precision, |_, _, p| p.abs());
    let half_tau = PI.times_power(1).ln() * w(0.5 * d as f64);
    let square = form(&y, &base.precision, &y).times_power(-1);
    let norm = base.log_weight - base.log_det.times_power(-1) - half_tau;
    let log_size = form(&abs(&y), &size, &abs(&y)).times_power(-1)
        + base.log_weight.abs()
        + base.log_det.abs()
        + half_tau
        + total.ln()
        + mean(&|k| odds[k].1);
    let own = act(&base.precision, &y);
    let own_size = act(&size, &abs(&y));
    let average: Row = (0..d).map(|i| mean(&|k| pulls[k][i].0)).collect();
    let spread: Row = (0..d).map(|i| mean(&|k| pulls[k][i].1)).collect();
    let apart = |k: usize, i: usize| pulls[k][i].0 - average[i];
    let score = |i: usize| {
        let size = own_size[i] + spread[i] + moved(&|k| pulls[k][i].0);
        (average[i] - own[i], size)
    };
    let hessian = |i: usize, j: usize| {
        let entry = |k: usize| apart(k, i) * apart(k, j) - parts[k].precision[i][j];
        let direct = |k: usize| {
            let [i_off, j_off] = [i, j].map(|i| pulls[k][i].1 + spread[i]);
            let products = (apart(k, i) * apart(k, j)).abs() + parts[k].precision[i][j].abs();
            products + apart(k, i).abs() * j_off + apart(k, j).abs() * i_off
        };
        (mean(&entry), mean(&direct) + moved(&entry))
    };
    let place = |i: usize| (mean(&|k| parts[k].mean[i]), moved(&|k| parts[k].mean[i]));
    Answer {
        log: vec![(norm - square + total.ln(), log_size)],
        score: (0..d).map(score).collect(),
        hessian: (0..d * d).map(|ij| hessian(ij / d, ij % d)).collect(),
        posterior_mean: (0..d).map(place).collect(),
    }
}

/// Along a few directions, out to the end; and around the means.
fn places(d: usize, scale: f64) -> Vec<Vec<f64>> {
    let mut lengths = numbers::<f64>(-60, 60, 3);
    lengths.extend(numbers::<f64>(-1060, 1022, 60));
    lengths.extend((-60..60).map(|i| f64::from(i) * 0.171_3));
    let directions: &[[f64; 2]] =
        if d == 1 { &[[1.0, 0.0]] } else { &[[1.0, 0.75], [1e-9, 1.0], [1.0, -1.5]] };
    let along = |v: &[f64; 2]| {
        let v = *v;
        lengths.iter().map(move |l| v[..d].iter().map(|v| v * l * scale).collect::<Vec<f64>>())
    };
    let finite = |x: &Vec<f64>| x.iter().all(|x| x.is_finite());
    directions.iter().flat_map(along).filter(finite).collect()
}

fn judge(ledger: &mut Ledger, at: (usize, &[f64]), rows: [(&str, Matrix, Vec<Truth>); 3]) {
    for (row, found, truths) in rows {
        for (&found, &truth) in found.data().iter().zip(&truths) {
            ledger.judge::<f64>(row, found, truth, &at);
        }
    }
}

/// Whether the residuals of all components, L⁻¹(x − μ), are numbers neither too large nor too small.
fn is_within_reach(parts: &[Gaussian], x: &[f64]) -> bool {
    let x: Row = x.iter().map(|&x| w(x)).collect();
    let square = |k: &Gaussian| form(&minus(&x, &k.mean), &k.precision, &minus(&x, &k.mean));
    parts.iter().map(square).all(|r| r.top() == 0.0 || (-2160..2040).contains(&r.e))
}

/// Weight, mean and covariance of each component: the rows of one case.
type Case = Vec<(f64, Vec<f64>, Vec<Vec<f64>>)>;

fn cases() -> Vec<(Case, f64)> {
    let line = |w: f64, m: f64, v: f64| (w, vec![m], vec![vec![v]]);
    let plane =
        |w: f64, m: [f64; 2], [a, b, c]: [f64; 3]| (w, m.to_vec(), vec![vec![a, b], vec![b, c]]);
    vec![
        (vec![line(1.0, 0.0, 1.0)], 1.0),
        (vec![line(1.0, 0.3, 2.5)], 1.0),
        (vec![line(3.0, 1e-160, 1e-300)], 1e-150),
        (vec![line(1.0, -1e155, 1e300)], 1e150),
        (vec![line(1.0, -1.0, 1.0), line(3.0, 1.5, 1.0)], 1.0),
        (vec![line(0.2, -2.0, 0.3), line(1e-30, 0.1, 7.0), line(5.0, 3.0, 1.1)], 1.0),
        (vec![line(1.0, 1e8, 1.0), line(1.0, 1e8 + 3.0, 1.0), line(2.0, 1e8 + 1.0, 4.0)], 1e8),
        (vec![line(1.0, -1e-21, 1e-42), line(1.0, 1e-21, 1e-42)], 1e-21),
        (vec![line(1.0, -1e160, 1e304), line(2.0, 1e160, 1e304)], 1e155),
        (vec![plane(1.0, [0.5, -1.0], [2.0, 0.6, 1.0])], 1.0),
        (vec![plane(1.0, [0.0, 0.0], [1e-100, 0.5, 1e100])], 1.0),
        (
            vec![
                plane(1.0, [-1.0, 0.2], [1.0, 0.6, 1.5]),
                plane(2.0, [1.0, 0.0], [1.0, 0.6, 1.5]),
                plane(1.0, [0.0, 2.0], [0.5, -0.2, 0.3]),
            ],
            1.0,
        ),
        (
            vec![
                plane(1.0, [-1e150, 0.0], [1e300, 0.0, 1e300]),
                plane(1.0, [1e150, 2e149], [1e300, 0.0, 1e300]),
            ],
            1e150,
        ),
    ]
}

#[test]
fn mixtures_hold_near_and_far() {
    let mut ledger = Ledger::default();
    for (case, (given, scale)) in cases().into_iter().enumerate() {
        let d = given[0].1.len();
        let total: Wide = given.iter().map(|part| w(part.0)).sum();
        let row = |v: &Vec<f64>| v.iter().map(|&x| w(x)).collect::<Row>();
        let part = |(weight, mean, c): &(f64, Vec<f64>, Vec<Vec<f64>>)| {
            let c: Square = c.iter().map(row).collect();
            Gaussian::new(w(*weight) / total, row(mean), &c)
        };
        let parts: Vec<Gaussian> = given.iter().map(part).collect();
        let q = Mixture::new(given.iter().map(|(weight, mean, c)| {
            let mean = Matrix::from_vec(1, d, mean.clone());
            (*weight, mean, Matrix::from_fn(d, d, |i, j| c[i][j]))
        }));
        for x in places(d, scale).into_iter().filter(|x| is_within_reach(&parts, x)) {
            let (answer, at) = (answer(&parts, &x), Matrix::from_vec(1, d, x.clone()));
            let rows = [
                ("Mixture: log q", q.log_density(&at), answer.log),
                ("Mixture: score", q.score(&at), answer.score),
                ("Mixture: Hessian", q.hessian(&at), answer.hessian),
            ];
            judge(&mut ledger, (case, &x), rows);
        }
        at_the_end(&q, d);
    }
    ledger.settle();
}

#[test]
fn kernel_estimates_hold_near_and_far() {
    let mut ledger = Ledger::default();
    let cases = [
        (vec![vec![0.0], vec![1.0], vec![-2.5], vec![0.1]], 0.5, 1.0),
        (vec![vec![1e8], vec![1e8 + 3.0]], 1.0, 1e8),
        (vec![vec![1e-21], vec![-2e-21], vec![5e-21]], 1e-21, 1e-21),
        (vec![vec![1e160], vec![-2e160]], 1e160, 1e160),
        (vec![vec![0.0, 0.0], vec![1.0, -0.5], vec![-1.0, 2.0], vec![3.0, 1.0]], 0.7, 1.0),
        (vec![vec![1e-200, 0.0], vec![0.0, 1e-200]], 1e-200, 1e-200),
    ];
    for (case, (points, sigma, scale)) in cases.into_iter().enumerate() {
        let (n, d) = (points.len(), points[0].len());
        let variance = w(sigma) * w(sigma);
        let part = |point: &Vec<f64>| {
            let on = |i: usize, j: usize| if i == j { variance } else { w(0.0) };
            let c: Square = (0..d).map(|i| (0..d).map(|j| on(i, j)).collect()).collect();
            let mean = point.iter().map(|&x| w(x)).collect();
            Gaussian::new(w(1.0) / w(n as f64), mean, &c)
        };
        let parts: Vec<Gaussian> = points.iter().map(part).collect();
        let q = KernelEstimate { points: Matrix::from_fn(n, d, |i, j| points[i][j]), sigma };
        for x in places(d, scale) {
            let (answer, at) = (answer(&parts, &x), Matrix::from_vec(1, d, x.clone()));
            let rows = [
                ("KernelEstimate: log q", q.log_density(&at), answer.log),
                ("KernelEstimate: score", q.score(&at), answer.score),
                ("KernelEstimate: 𝔼[X|x]", q.posterior_mean(&at), answer.posterior_mean),
            ];
            judge(&mut ledger, (case, &x), rows);
        }
        at_the_end(&q, d);
    }
    ledger.settle();
}

/// At ±∞ and at what is not a number.
fn at_the_end(q: &impl Density, d: usize) {
    let at = |x: f64| Matrix::from_fn(1, d, |_, j| if j == 0 { x } else { 0.5 });
    for end in [f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(q.log_density(&at(end)).item(), f64::NEG_INFINITY);
        assert!(d > 1 || q.score(&at(end)).item() == -end, "the score at {end}");
    }
    let lost = at(f64::NAN);
    assert!(q.log_density(&lost).item().is_nan() && q.score(&lost).at(0, 0).is_nan());
}
