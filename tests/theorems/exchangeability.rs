//! T21: whether (x, x′) may be exchanged, for every sampler of the crate.
//!
//! One step from samples of p, drawn exactly: 𝔼[f(x)g(x′) − g(x)f(x′)] is 0 for an adjusted chain, and
//! known for a plain one. Independent chains, so a mean has a standard error.

use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix, Tape,
    density::{Density, Mixture},
    identity::{
        Sides,
        langevin::{accepted, energies_alone, exchange, mixture, place},
        langevin_bias::{Chain, Waves},
    },
    matrix::noise::{Generator, standard_normal},
    sampler::{
        Level, Negatives, Sampler, Step, annealed, langevin, metropolis,
        metropolis::{Place, log_acceptance},
    },
};

fn one(x: &Matrix) -> Matrix {
    Matrix::from_fn(x.rows(), 1, |_, _| 1.0)
}

fn square(x: &Matrix) -> Matrix {
    x.squared_norm()
}

/// log of what a rule compares with a uniform number.
type Rule = fn(&Place<Matrix>, &Place<Matrix>, f64) -> Matrix;

fn first(x: &Matrix) -> Matrix {
    Matrix::from_fn(x.rows(), 1, |i, _| x.at(i, 0))
}

fn cube(x: &Matrix) -> Matrix {
    first(x) * first(x) * first(x)
}

type Test = (&'static str, fn(&Matrix) -> Matrix, fn(&Matrix) -> Matrix);

const TESTS: [Test; 3] =
    [("(‖x‖², 1)", square, one), ("(x₁, x₁³)", first, cube), ("(x₁, ‖x‖²)", first, square)];

/// The adjusted chain at a long and a longer step, in one to five dimensions.
#[test]
fn an_adjusted_chain_passes() {
    let mut rng = Generator::seed_from_u64(2101);
    for d in [1, 2, 3, 5] {
        let p = mixture(d, &mut rng);
        for epsilon in [0.5, 1.0] {
            let x = p.sample(20_000, &mut rng);
            let potential = |x: &Matrix| (-p.log_density(x), p.score(x));
            let mut chains = metropolis(potential, x.clone(), epsilon, &mut rng);
            let next = chains.next().expect("no end").expect("finite");
            let accepted = chains.acceptance();
            assert!(accepted > 0.3 && accepted < 0.999, "{accepted} of d = {d}, ε = {epsilon}");
            for (name, f, g) in TESTS {
                let sides = Sides::monte_carlo(exchange(&x, &next, f, g).data(), 0.0);
                println!("d = {d}, ε = {epsilon}, {name}: {:.2} of six errors", sides.residual());
                assert_eq!(sides.agree(), Ok(()), "{name} in {d} dimensions, ε = {epsilon}");
            }
        }
    }
}

const SIGMA: f64 = 0.5;

/// One step ε from x by a sampler, for the density q_σ, σ = ½, of a clean q.
type OneStep = fn(&Mixture, &Matrix, f64, &mut Generator) -> Matrix;

/// The samplers that adjust nothing.
const PLAIN: [(&str, OneStep); 4] = [
    ("langevin", |q, x, epsilon, rng| {
        let p = q.smoothed(SIGMA);
        langevin(|x| p.score(x), x.clone(), Step::halved(epsilon), rng).after(1).expect("finite")
    }),
    ("annealed", |q, x, epsilon, rng| {
        let level = Level { sigma: SIGMA, step: Step::halved(epsilon) };
        let score = |x: &Matrix, sigma: f64| q.smoothed(sigma).score(x);
        annealed(score, x.clone(), vec![level], 1, rng).after(1).expect("finite")
    }),
    ("CD-1", |q, x, epsilon, rng| {
        draw(q, x, Negatives::from_data(1, epsilon, Generator::from_rng(rng)))
    }),
    ("persistent", |q, x, epsilon, rng| {
        let negatives = Negatives::persistent(x.clone(), 1, epsilon, Generator::from_rng(rng));
        draw(q, x, negatives)
    }),
];

fn draw(q: &Mixture, x: &Matrix, mut negatives: Negatives<f64>) -> Matrix {
    let (p, tape) = (q.smoothed(SIGMA), Tape::new());
    negatives.draw(|x| -p.density(x).ln(), &tape.var(x)).expect("finite").value()
}

/// 𝔼‖x‖² − 𝔼‖x′‖² = −ε²I(p)/4, so with ε²‖s(x)‖²/4 on top the mean is 0.
///
/// The components have variances up to 1 and means in [−1, 1]ᵈ, so a coordinate of q_σ has a variance of
/// at most 2¼, and I(p) is d/2.25 at least. ‖x‖² − ‖x′‖² is −2√ε⟨x, z⟩ but for smaller terms, with a
/// variance of 9εd at most and a fifth for the rest. So n = 256 · 81 · 11/(ε³d) shows ε²d/9 at 16
/// standard errors: within 6 of the truth it is 10 or more from 0.
#[test]
fn a_plain_chain_fails_by_a_quarter_of_the_squared_step_times_the_information() {
    let mut rng = Generator::seed_from_u64(2102);
    for d in [1, 3] {
        let (q, epsilon) = (mixture(d, &mut rng), 1.0);
        let p = q.smoothed(SIGMA);
        let x = p.sample(256 * 81 * 11 / d, &mut rng);
        let known = p.score(&x).squared_norm() * (0.25 * epsilon * epsilon);
        for (name, step) in PLAIN {
            let found = exchange(&x, &step(&q, &x, epsilon, &mut rng), square, one);
            let right = Sides::monte_carlo((found.clone() + &known).data(), 0.0);
            println!("{name}, d = {d}: {:.2} of six errors", right.residual());
            assert_eq!(right.agree(), Ok(()), "{name}, d = {d}");
            assert!(Sides::monte_carlo(found.data(), 0.0).differ_clearly(), "{name}, d = {d}");
        }
    }
}

/// A Metropolis chain that accepts by min(1, p(x′)/p(x)), on N(0, 1) with ε = ½, against the integrals
/// of what it does. x² − x′² has a deviation of about √(4ε), so 11 000 chains see 0.2186 at 16 standard
/// errors; x x′³ − x³x′ has one of about 5, and 40 000 see 0.4019.
#[test]
fn a_proposal_that_is_left_out_is_caught() {
    const EPSILON: f64 = 0.5;
    let exact = [0.218_605_208, -0.401_874_313];
    let (p, n) = (Mixture::isotropic(1, 1.0), 80_000);
    let mut rng = Generator::seed_from_u64(2103);
    let x = standard_normal(n, 1, &mut rng);
    let here = place(&p, &x);
    let z = standard_normal(n, 1, &mut rng);
    let there = place(&p, &Step::halved(EPSILON).take(&x, here.score.clone(), z));
    let chance: Vec<f64> = (0..n).map(|_| rng.random::<f64>().ln()).collect();
    let rules: [(Rule, bool); 2] = [(energies_alone, true), (log_acceptance, false)];
    for (rule, caught) in rules {
        let ratio = rule(&here, &there, EPSILON);
        let choose = |i: usize| if chance[i] < ratio.at(i, 0) { &there.x } else { &x };
        let next = Matrix::from_fn(n, 1, |i, _| choose(i).at(i, 0));
        let Sides::Numbers { left, right, .. } = accepted(rule, 1) else { panic!("numbers") };
        for (k, (name, f, g)) in TESTS.into_iter().take(2).enumerate() {
            let integral = left[k].item() - right[k].item();
            println!("{name}: {integral:.12}");
            let expected = if caught { exact[k] } else { 0.0 };
            assert!((integral - expected).abs() < 1e-9, "{name}: {integral}");
            let values = exchange(&x, &next, f, g);
            assert_eq!(Sides::monte_carlo(values.data(), expected).agree(), Ok(()), "{name}");
            assert_eq!(Sides::monte_carlo(values.data(), 0.0).differ_clearly(), caught, "{name}");
        }
    }
}

/// On p ∝ exp(−x²/2 + cos(x + ½)) by the chain as an operator: from p the violation is
/// (ε²/2) 𝔼_p[u′(f g′ − g f′)] + O(ε³) with u′ = ¼(s s′ + s″), and from the law that the chain itself keeps
/// it is O(ε³).
#[test]
fn the_violation_has_its_order_in_the_step() {
    let waves = Waves::line();
    let steps = [0.4, 0.2, 0.1, 0.05];
    let orders = |v: &[f64; 4]| [0, 1, 2].map(|k| (v[k] / v[k + 1]).log2());
    let near = |found: [f64; 3], expected: [f64; 3]| {
        println!("{found:.3?}");
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.006), "{found:?}");
    };
    let chains = steps.map(|epsilon| Chain::new(&waves, epsilon, 2.0));
    let violation = |own: bool, f: fn(&Matrix) -> Matrix, g: fn(&Matrix) -> Matrix| {
        chains.each_ref().map(|chain| {
            let law = if own { chain.stationary(100.0) } else { chain.density.clone() };
            chain.exchange(&law, &f(&chain.nodes), &g(&chain.nodes))
        })
    };
    let chain = &chains[3];
    let (x, p) = (&chain.nodes, &chain.density);
    let s = waves.score(x);
    let bend = waves.laplacian(x);
    let third = Matrix::from_fn(x.rows(), 1, |i, _| (x.at(i, 0) + 0.5).sin()); // s″
    let slope = (s * &bend + third) * 0.25;
    let coefficient = |wronskian: Matrix| 0.5 * p.inner(&(slope.clone() * wronskian)).sum().item();

    let squares = violation(false, square, one);
    let information = p.inner(&waves.score(x).squared_norm()).sum().item();
    for (found, epsilon) in squares.iter().zip(steps) {
        let exact = -0.25 * epsilon * epsilon * information;
        assert!((found - exact).abs() < 1e-14, "{found} and {exact}");
    }
    assert!((squares[3] + 1.073_443_298_1e-3).abs() < 1e-13);

    let cubes = violation(false, first, cube);
    for (found, expected) in
        cubes.iter().zip([0.068_925_141_7, 0.021_661_883_4, 0.005_969_295_6, 0.001_561_552_0])
    {
        assert!((found - expected).abs() < 1e-10, "{found}");
    }
    near(orders(&cubes), [1.67, 1.86, 1.94]);
    let predicted = coefficient(square(x) * x * 2.0); // x · 3x² − x³
    assert!((predicted - 0.652_312_033_140).abs() < 1e-12, "{predicted}");
    let scaled = [2, 3].map(|k| cubes[k] / (steps[k] * steps[k]));
    assert!((2.0 * scaled[1] - scaled[0] - predicted).abs() < 1e-3 * predicted, "{scaled:?}");

    let pairs = violation(false, first, square);
    let predicted = coefficient(square(x));
    assert!((predicted + 0.124_235_567_476).abs() < 1e-12, "{predicted}");
    near(orders(&pairs), [2.0; 3]);
    assert!((pairs[3] / 0.0025 / predicted - 1.0).abs() < 1e-2);

    let own = violation(true, first, cube);
    for (found, expected) in own.iter().zip([-8.339e-3, -8.692e-4, -9.905e-5, -1.182e-5]) {
        assert!((found / expected - 1.0).abs() < 1e-3, "{found}");
    }
    near(orders(&own), [3.26, 3.13, 3.07]);
}
