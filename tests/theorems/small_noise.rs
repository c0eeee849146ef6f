//! T15: the first effect of noise on implicit score matching, and what the regulariser keeps of it.
//!
//! On polynomial scores and whole points the derivative in σ² is exact. On networks and mixtures the
//! heat equation is integrated by quadrature, and the order of the remainder is fitted: 4, and only 2
//! if a term is missing.

use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    density::{Density, Mixture},
    identity::{
        fitted_order,
        small_noise::{HeatFlow, Instance, Rates, STEP, heat_flow},
    },
    matrix::noise::Generator,
    model::{Features, Monomials},
    objective::{implicit, regularised, trace},
    quadrature::{Rule, converged},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// ψ(x) = C F(x) with all monomials F of degree 1 to 3 in the plane and whole coefficients.
struct Polynomial {
    features: Monomials,
    coefficients: Matrix,
}

impl Polynomial {
    fn random(rng: &mut Generator) -> Self {
        let of_degree = |p: usize| (0..=p).map(move |i| vec![i, p - i]);
        let features = Monomials::new((1..=3).flat_map(of_degree).collect());
        let coefficients =
            Matrix::from_fn(features.count(), 2, |_, _| f64::from(rng.random_range(-9..=9)));
        Self { features, coefficients }
    }

    fn score<A: Array>(&self, x: &A) -> A {
        let c = &self.coefficients;
        self.features.of(x).nn(&x.constant(c.rows(), c.cols(), |i, j| c.at(i, j)))
    }

    fn rates(&self, x: &Matrix) -> Rates<Matrix> {
        Rates::of(|x| trace::of_score(|x: &Dual<_>| self.score(x), x), x)
    }
}

/// The coefficient of σ² in 𝔼_z[2f(x + σz)], 2f = ‖ψ‖² + 2 tr J, at a whole point: by multiplying
/// polynomials out and 𝔼z² = 1, without a Laplacian. Only pairs of z of one coordinate count.
fn by_moments(psi: &Polynomial, x: [i128; 2]) -> i128 {
    // Σ c x^i y^j as a table by (i, j)
    type Table = [[i128; 8]; 8];
    let table = |component: usize| -> Table {
        let mut table = [[0; 8]; 8];
        for (e, row) in psi.features.exponents().iter().zip(0..) {
            table[e[0]][e[1]] = psi.coefficients.at(row, component) as i128;
        }
        table
    };
    let mut integrand = [[0; 8]; 8];
    for component in [0, 1] {
        let p = table(component);
        for (i, j) in (0..16).map(|k| (k / 4, k % 4)) {
            for (k, l) in (0..16).map(|m| (m / 4, m % 4)) {
                integrand[i + k][j + l] += p[i][j] * p[k][l];
            }
            match component {
                0 if i > 0 => integrand[i - 1][j] += 2 * i as i128 * p[i][j],
                1 if j > 0 => integrand[i][j - 1] += 2 * j as i128 * p[i][j],
                _ => {}
            }
        }
    }
    // (x + σz)ⁱ holds i(i − 1)/2 · x^(i−2) σ²z²
    let pairs = |i: usize| (i * i.saturating_sub(1) / 2) as i128;
    let power = |x: i128, i: usize| x.pow(u32::try_from(i).expect("a small exponent"));
    let mut sum = 0;
    for (i, j) in (0..64).map(|k| (k / 8, k % 8)) {
        let along_x = pairs(i) * power(x[0], i.saturating_sub(2)) * power(x[1], j);
        let along_y = pairs(j) * power(x[0], i) * power(x[1], j.saturating_sub(2));
        sum += integrand[i][j] * (along_x + along_y);
    }
    sum
}

/// Bit for bit, for random cubic fields, gradients of nothing in general. Both sides are polynomials
/// in the coefficients and in x of degree 6 at most; the nearest false statements differ.
#[test]
fn the_derivative_in_sigma_squared_is_exact_on_polynomials() {
    let mut rng = generator(15);
    let cases = 500;
    let mut missed = [0; 3];
    for _ in 0..cases {
        let psi = Polynomial::random(&mut rng);
        let x = [(); 2].map(|()| rng.random_range(-20..=20));
        let at = Matrix::from_fn(1, 2, |_, j| f64::from(x[j]));
        let rates = psi.rates(&at);
        let expected = by_moments(&psi, x.map(i128::from));
        assert!(expected.abs() < 1 << 53, "over the bit budget");
        let expected = expected as f64;
        assert_eq!(rates.whole().item(), expected);
        let wrong = [
            rates.diagonal.item(),
            rates.diagonal.item() + rates.off_diagonal.item(),
            rates.whole().item() - rates.trace.item(),
        ];
        for (missed, wrong) in missed.iter_mut().zip(wrong) {
            *missed += usize::from(wrong != expected);
        }
    }
    let bound = f64::from(cases) * (6.0_f64 / 19.0).log10();
    println!("{cases} exact; a false identity would pass with probability 10^{bound:.0}");
    println!("the diagonal, ‖J‖², and all without Δ tr J miss {missed:?} times");
    assert!(missed.iter().all(|&m| m > 450));
}

/// The quadrature of the theorem: at half the step nothing changes.
#[test]
fn the_heat_flow_has_converged() {
    let mut rng = generator(1);
    for d in [1, 1, 1, 2, 2] {
        let instance = Instance::random(d, &mut rng);
        let [coarse, fine] = [STEP, STEP / 2.0].map(|step| HeatFlow::new(&instance, step));
        let scale = fine.smoothed.integrate(&fine.integrand).abs().max(1.0);
        converged(coarse.change(), fine.change(), 1e-12 * scale);
        let flow = |flow: &HeatFlow| flow.between.integrate(&flow.rates.whole());
        converged(flow(&coarse), flow(&fine), 1e-12 * scale);
    }
}

/// The fitted order of |remainder| in σ.
fn order(instance: &Instance, claimed: fn(&Rates<Matrix>) -> Matrix) -> f64 {
    let points = [0.04, 0.06, 0.08, 0.12, 0.16].map(|sigma| {
        let flow = heat_flow(&Instance { sigma, ..instance.clone() });
        [sigma, flow.remainder(sigma, &claimed(&flow.rates)).abs()]
    });
    fitted_order(&points)
}

/// Order 4 with all terms, 2 without any one of them.
#[test]
fn the_remainder_is_of_order_four() {
    let instance = Instance::fixed();
    let whole = order(&instance, Rates::whole);
    let truncated = order(&instance, |r| r.diagonal.clone());
    println!("order of the remainder: {whole:.3}; of what the regulariser leaves: {truncated:.3}");
    assert!((whole - 4.0).abs() < 0.1, "{whole}");
    let wrong: [fn(&Rates<Matrix>) -> Matrix; 6] = [
        |r| r.diagonal.clone(),
        |r| r.whole() - &r.off_diagonal,
        |r| r.whole() - &r.drift,
        |r| r.whole() - &r.trace,
        |r| r.whole() * 2.0, // σ² for σ²/2
        |r| r.whole() - r.trace.clone() * 2.0,
    ];
    for wrong in wrong {
        assert!((order(&instance, wrong) - 2.0).abs() < 0.2, "{}", order(&instance, wrong));
    }
}

/// The margin of the truncation, in closed form: q = N(0, I), ψ = −Px with P = (1 c; c 1). Then
/// Δψ = 0 = Δ tr J, ‖J‖² = 2 + 2c², and the regulariser sees 2. Exactly.
#[test]
fn the_regulariser_misses_what_couples_the_coordinates() {
    let features = Monomials::new(vec![vec![1, 0], vec![0, 1]]);
    let c = 0.5;
    let coefficients = Matrix::from_rows([[-1.0, -c], [-c, -1.0]]);
    let psi = Polynomial { features, coefficients };
    let rates = psi.rates(&Matrix::from_rows([[3.0, -7.0]]));
    assert_eq!(rates.whole().item(), 2.0 + 2.0 * c * c);
    assert_eq!(rates.diagonal.item(), 2.0);
    assert_eq!((rates.drift.item(), rates.trace.item()), (0.0, 0.0));
}

/// q = N(0, 1), ψ = −x³: 𝔼[½x⁶ − 3x²] under variance v = 1 + σ² is 7.5v³ − 3v, so the rate is
/// 2·(22.5 − 3) = 39, the regulariser 27, and with the square outside the expectation 9.
/// Gauss–Hermite is exact here; 64 u covers its weights.
#[test]
fn the_regulariser_belongs_inside_the_expectation() {
    let rule = Rule::gauss_hermite(8);
    let x = &rule.nodes;
    let cube = |x: &Dual<Dual<Dual<Matrix>>>| -(x.clone() * x * x);
    let rates = Rates::of(|x| trace::of_score(cube, x), x);
    let near = |value: f64, expected: f64| {
        assert!((value / expected - 1.0).abs() < 64.0 * f64::EPSILON, "{value} for {expected}");
    };
    near(rule.integrate(&rates.whole()), 39.0);
    near(rule.integrate(&rates.diagonal), 27.0);
    let (psi, diagonal) = trace::diagonal_of_score(|x| -(x.clone() * x * x), x);
    let outside = rule.integrate(&diagonal).powi(2);
    near(outside, 9.0);

    // The objective as it stands in the crate: λ inside, 4.5 − … + 27λ.
    let lambda = 0.125;
    let plain = rule.integrate(&implicit((psi.clone(), diagonal.clone())));
    let inside = rule.integrate(&regularised(psi, &diagonal, lambda));
    near(inside - plain, 27.0 * lambda);
    near(plain, 4.5);
    assert!((plain + lambda * outside - inside).abs() > 2.0);
}

/// Where the regulariser is nearly right: by Stein's identity 𝔼 Δ tr J = −𝔼⟨∇ log q, Δψ⟩, so at
/// ψ = ∇ log q the last two terms cancel and the rate is 𝔼‖J‖².
#[test]
fn at_the_true_score_only_the_squared_jacobian_is_left() {
    let at = |x: f64| Matrix::from_rows([[x]]);
    let q = Mixture::new([(0.4, at(-1.0), at(0.5)), (0.6, at(1.0), at(0.7))]);
    // The score as a formula: a sum of two components, weighted by a sigmoid of log odds.
    let log_odds = |x: &Dual<Dual<Dual<Matrix>>>| {
        let square = |a: f64| (x.clone() - a) * (x.clone() - a);
        square(1.0) * (-0.5 / 0.7) - square(-1.0) * (-0.5 / 0.5)
            + ((0.6 / 0.4_f64).ln() - 0.5 * (0.7 / 0.5_f64).ln())
    };
    let score = |x: &Dual<Dual<Dual<Matrix>>>| {
        let rho = log_odds(x).sigmoid();
        let (left, right) = ((x.clone() + 1.0) * (-1.0 / 0.5), (x.clone() - 1.0) * (-1.0 / 0.7));
        left.clone() + rho * (right - left)
    };
    let integrate = |steps| {
        let rule = q.rule(&Rule::trapezoid(-9.0, 9.0, steps));
        let rates = Rates::of(|x| trace::of_score(score, x), &rule.nodes);
        [rates.drift + rates.trace, rates.diagonal].map(|terms| rule.integrate(&terms))
    };
    let ([rest, jacobian], [coarse, _]) = (integrate(400), integrate(200));
    assert!(converged(coarse, rest, 1e-11).abs() < 1e-11, "{rest}");
    assert!(jacobian > 0.5, "{jacobian}");
}
