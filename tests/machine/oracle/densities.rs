//! Densities on the line, with every parameter, from one end of their support to the other.

use super::{Ledger, PI, Wide, all_numbers, numbers, w};
use score_matching::density::{Univariate, univariate::ln_gamma};

/// A truth and its size.
type Truth = (Wide, Wide);

fn terms<const N: usize>(terms: [Wide; N]) -> Truth {
    (terms.into_iter().sum(), terms.into_iter().map(Wide::abs).sum())
}

/// log q and, within the support, ψ; at its ends what they tend to from inside.
fn truth(q: Univariate, at: f64) -> (Truth, Option<Truth>) {
    let (x, one, size) = (w(at), w(1.0), w(at.abs()));
    let own = |y: Wide| (y, y.abs());
    let (low, high) = q.support();
    if at < low || at > high {
        return (own(w(f64::NEG_INFINITY)), None);
    }
    let sign = w(if at == 0.0 { 0.0 } else { at.signum() });
    let (log, score) = match q {
        _ if at.is_nan() => (own(x), own(x)),
        Univariate::Quartic { theta } => {
            let norm = w(1.25).ln_gamma();
            let power = w(theta) * x * x * x;
            let log = [-(power * x), -w(2.0).ln(), -norm, w(theta).ln().times_power(-2)];
            (terms(log), (power * w(-4.0), power.abs() + w(16.0 * f64::MIN_POSITIVE)))
        }
        Univariate::Laplace { scale } => {
            let log = [-size / w(scale), -w(2.0).ln(), -w(scale).ln()];
            (terms(log), own(-sign / w(scale)))
        }
        Univariate::Exponential { rate } => (terms([w(rate).ln(), -w(rate) * x]), own(-w(rate))),
        Univariate::Uniform => (own(w(0.0)), own(w(0.0))),
        Univariate::Cauchy => {
            let square = x * x + one;
            let score = if at.is_infinite() { w(0.0) } else { x * w(-2.0) / square };
            (terms([-PI.ln(), -square.ln()]), own(score))
        }
        Univariate::Gamma { shape } => {
            let rest = w(shape) - one;
            let end = at == f64::INFINITY;
            let [power, pull] = match rest.top() {
                0.0 => [w(0.0); 2],
                _ if end => [w(0.0); 2], // x outgrows its logarithm
                _ => [rest * size.ln(), rest / size],
            };
            (terms([power, -x, -w(shape).ln_gamma()]), terms([pull, -one]))
        }
        Univariate::Logistic { scale } => {
            // q = 1/(4s cosh²(t/2)): log q = −log s − 2 log(2 cosh(t/2))
            let t = size / w(scale);
            let half = t.times_power(-1);
            let cosh = if t.is_less(w(300.0)) { (half.exp() + (-half).exp()).ln() } else { half };
            let rest = (-t).exp().ln_1p().times_power(1);
            let log = -w(scale).ln() - cosh.times_power(1);
            let pull = sign * (-t).expm1() / ((-t).exp() + one) / w(scale);
            ((log, t + w(scale).ln().abs() + rest), own(pull))
        }
    };
    (log, Some(score))
}

#[test]
fn densities_on_the_line_hold_from_end_to_end() {
    let mut ledger = Ledger::default();
    let mut x = all_numbers::<f64>(16);
    x.extend(numbers::<f64>(-40, 12, 1));
    x.extend([f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 700.0, 745.2, 1e5]);
    let mut parameters = vec![1.0, 0.3, 2.5, 37.0, 1.0 + f64::EPSILON, 1.0 - f64::EPSILON, 2.0];
    parameters.extend([1e-300, 1e-160, 1e-21, 1e-5, 1e5, 1e17, 1e21, 1e160, 1e300]);
    for &p in &parameters {
        let mut kinds = vec![
            ("Quartic", Univariate::Quartic { theta: p }),
            ("Laplace", Univariate::Laplace { scale: p }),
            ("Exponential", Univariate::Exponential { rate: p }),
            ("Gamma", Univariate::Gamma { shape: p }),
            ("Logistic", Univariate::Logistic { scale: p }),
        ];
        if p == 1.0 {
            kinds.extend([("Uniform", Univariate::Uniform), ("Cauchy", Univariate::Cauchy)]);
        }
        for (name, q) in kinds {
            let [log_row, score_row] = match name {
                "Uniform" => [name.to_string(), name.to_string()],
                _ => ["log q", "score"].map(|what| format!("{name}: {what}")),
            };
            for &x in &x {
                let (log, score) = truth(q, x);
                ledger.judge::<f64>(&log_row, q.log_density_at(x), log, &(q, x));
                if let Some(score) = score {
                    ledger.judge::<f64>(&score_row, q.score_at(x), score, &(q, x));
                }
            }
        }
    }
    ledger.settle();
}

#[test]
fn log_gamma_holds_from_end_to_end_and_beside_its_zeros() {
    let mut ledger = Ledger::default();
    let mut a = all_numbers::<f64>(4);
    a.extend((1..4000).map(|i| f64::from(i) * 0.007_312));
    for zero in [1.0, 2.0] {
        a.extend((1..50).flat_map(|k| [zero - 2f64.powi(-k), zero + 2f64.powi(-k)]));
    }
    // where formulas change hands
    for k in 1..60 {
        let edge = 0.25 * f64::from(k);
        a.extend([edge.next_down(), edge, edge.next_up()]);
    }
    for a in a.into_iter().filter(|&a| a > 0.0) {
        let truth = w(a).ln_gamma();
        ledger.judge::<f64>("log Γ", ln_gamma(a), (truth, truth.abs()), &a);
    }
    let infinite = w(f64::INFINITY);
    ledger.judge::<f64>("log Γ", ln_gamma(f64::INFINITY), (infinite, infinite), &f64::INFINITY);
    ledger.settle();
}
