//! Heat maps, contours, arrows and what lies on them.

use super::*;
use crate::{
    array::{Array, Function},
    corruption::NoiseScales,
    density::{Density, Mixture, mixture::diagonal, shapes::pinwheel, shapes::two_moons},
    experiment::{
        LearnedShape, Pinwheel, PinwheelChains, SampledShape,
        noise_conditional::{Descent, Network},
        pinwheel::{FittedField, Method},
        sampled_shapes::STEPS_PER_LEVEL,
    },
    figure::pictures::{
        annealing, curl, langevin, noise_scales, parzen, score_fields, shapes, tweedie,
    },
    identity::tweedie::posterior_moments,
    matrix::noise::{Generator, standard_normal},
    model::ScoreNetwork,
};
use rand::SeedableRng;
use std::f64::consts::TAU;

/// The values of the only field of a kind are those of a function at its points: one for each of heat
/// and contours, two for each of arrows.
fn are(drawn: &[Drawn], kind: &str, function: impl Fn(&Matrix) -> Matrix) {
    let mut found = drawn.iter().filter(|field| field.kind == kind);
    let field = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "{kind} twice");
    let expected = function(&rows(&field.points));
    assert_eq!(field.values.len(), expected.data().len(), "{kind}");
    for (i, (&found, &expected)) in field.values.iter().zip(expected.data()).enumerate() {
        assert!(near(found, expected), "{kind}: value {i} is {found}, not {expected}");
    }
}

fn rows(points: &[Point]) -> Matrix {
    Matrix::from_vec(points.len(), 2, points.concat())
}

/// A Gaussian in the plane that no flip, turn or shift leaves as it is, by its own formulas.
#[derive(Clone, Copy)]
struct Tilted {
    mean: Point,
    covariance: [Point; 2],
}

impl Tilted {
    /// One for each number.
    fn new(k: usize) -> Self {
        Self { mean: [0.5 + 0.2 * k as f64, -0.3], covariance: [[0.5, 0.3], [0.3, 0.8]] }
    }

    fn mixture(self) -> Mixture {
        Mixture::gaussian(rows(&[self.mean]), rows(&self.covariance))
    }

    fn smoothed(self, sigma: f64) -> Self {
        let [[a, b], [_, c]] = self.covariance;
        Self { covariance: [[a + sigma * sigma, b], [b, c + sigma * sigma]], ..self }
    }

    /// ∇ log q = −Σ⁻¹(x − μ)
    fn score(self, x: &Matrix) -> Matrix {
        let [[a, b], [_, c]] = self.covariance;
        let inverse = Matrix::from_rows([[c, -b], [-b, a]]) * (-1.0 / (a * c - b * b));
        self.centred(x).nn(&inverse)
    }

    /// q = exp(½(x − μ)·∇ log q)/(2π√|Σ|)
    fn density(self, x: &Matrix) -> Matrix {
        let [[a, b], [_, c]] = self.covariance;
        let exponent = self.centred(x).inner(&self.score(x)) * 0.5;
        exponent.exp() * (1.0 / (TAU * (a * c - b * b).sqrt()))
    }

    fn centred(self, x: &Matrix) -> Matrix {
        x.clone().add_row(&-rows(&[self.mean]))
    }
}

/// A studio in which nothing was learned of three Gaussians, at so many noise levels, and where so many
/// samples were drawn.
fn with_shapes(levels: usize, count: usize) -> Studio {
    let studio = studio();
    let mut rng = studio.generator();
    for (k, shape) in studio.shapes.iter().enumerate() {
        let learned = LearnedShape {
            density: Tilted::new(k).mixture(),
            scales: NoiseScales::geometric(1.6, 0.4, levels),
            model: Network::random(&[2, 3, 3, 2], Function::Softplus, 1.0, &mut rng),
        };
        let sampled = SampledShape {
            descent: Descent { states: vec![], samples: standard_normal(count, 2, &mut rng) },
            shares: vec![1.0],
            discrepancy: scatter(0.1, 0.01),
            fresh_discrepancy: scatter(0.2, 0.01),
        };
        assert!(shape.set(Ok((learned, sampled))).is_ok(), "nobody has trained");
    }
    studio
}

#[test]
fn samples_lie_below_the_density_they_were_drawn_from() {
    let studio = with_shapes(2, 3000);
    let Picture { canvas, .. } = shapes::draw(&studio).expect("shapes");
    let frames = frames(&canvas);
    assert_eq!(frames.len(), 6);
    for (k, shape) in Shape::ALL.into_iter().enumerate() {
        are(frames[2 * k], "heat", |x| Tilted::new(k).density(x));
        are(frames[2 * k + 1], "contours", |x| Tilted::new(k).density(x));
        let (_, sampled) = studio.shape(shape).expect("shapes");
        let dots = only(frames[2 * k + 1], "dots", RED.alpha(0.45));
        assert_eq!(dots, points(&sampled.descent.samples)[..dots.len()]);
        assert!(dots.len() > 2000);
    }
}

#[test]
fn the_particles_of_a_frame_move_on_the_density_of_their_level() {
    let studio = with_shapes(2, 1);
    let Motion { film, .. } = annealing::draw(&studio).expect("shapes");
    let (learned, _) = studio.shape(Shape::Pinwheel).expect("shapes");
    let mut rng = Generator::seed_from_u64(studio.seed.wrapping_add(2));
    let every = STEPS_PER_LEVEL / annealing::FRAMES;
    let flow = learned.descend(annealing::PARTICLES, every, &mut rng).expect("tame");
    let levels = [[1.6; annealing::FRAMES], [0.4; annealing::FRAMES]].concat();
    // The last frame shows the samples, on the last level.
    assert_eq!(film.drawn.len(), levels.len() + 1);
    let levels = levels.into_iter().chain([0.4]).zip(flow.states.iter().chain([&flow.samples]));
    for (frame, (sigma, x)) in film.drawn.iter().zip(levels) {
        are(frame, "contours", |x| Tilted::new(0).smoothed(sigma).density(x));
        let inside = |at: &Point| at.iter().all(|c| c.abs() < annealing::LIMIT);
        let shown: Vec<Point> = points(x).into_iter().filter(inside).collect();
        assert_eq!(only(frame, "dots", RED), shown);
    }
}

#[test]
fn each_level_has_its_density_and_above_the_learned_score_the_exact_one() {
    let studio = with_shapes(10, 1);
    let Picture { canvas, .. } = noise_scales::draw(&studio).expect("shapes");
    let (learned, _) = studio.shape(Shape::Pinwheel).expect("shapes");
    let sigma = |level: usize| learned.scales.sigmas()[level];
    let levels = noise_scales::SHOWN.map(|level| [(sigma(level), true), (sigma(level), false)]);
    let frames = frames(&canvas);
    assert_eq!(frames.len(), 8);
    for (frame, &(sigma, exact)) in frames.into_iter().zip(levels.as_flattened()) {
        let smoothed = Tilted::new(0).smoothed(sigma);
        are(frame, "heat", |x| smoothed.density(x));
        are(frame, "contours", |x| smoothed.density(x));
        if exact {
            are(frame, "arrows", |x| smoothed.score(x));
        } else {
            are(frame, "arrows", |x| learned.model.score_at(&x.cast(), sigma).cast());
        }
    }
}

#[test]
fn each_field_is_the_score_of_its_own_network() {
    let studio = studio();
    let mut rng = studio.generator();
    let fits = Method::ALL.map(|method| {
        let model = ScoreNetwork::random(&[2, 3, 2], Function::Tanh, &mut rng);
        FittedField { method, model, divergence: 1.0, scale: 2.0 }
    });
    let run = Pinwheel { density: Tilted::new(0).mixture(), fits: fits.to_vec() };
    assert!(studio.pinwheel.set(Ok(run)).is_ok(), "nobody has trained");
    let Picture { canvas, .. } = score_fields::draw(&studio).expect("fields");
    let frames = frames(&canvas);
    assert_eq!(frames.len(), 6);
    for (k, frame) in frames.into_iter().enumerate() {
        are(frame, "heat", |x| Tilted::new(0).density(x));
        are(frame, "contours", |x| Tilted::new(0).density(x));
        match k {
            0 => are(frame, "arrows", |x| Tilted::new(0).score(x)),
            k => are(frame, "arrows", |x| fits[k - 1].model.score(x)),
        }
    }
}

#[test]
fn a_parzen_estimate_is_the_mixture_of_its_kernels() {
    let sample = two_moons().sample(5, &mut studio().generator());
    let mut canvas = page();
    parzen::panels(&mut canvas, &sample);
    for (frame, (sigma, _)) in frames(&canvas).into_iter().zip(parzen::LEVELS) {
        let kernel = |&at: &Point| (1.0, rows(&[at]), diagonal(2, sigma * sigma));
        let kernels = Mixture::new(points(&sample).iter().map(kernel));
        are(frame, "heat", |x| kernels.density(x));
        are(frame, "contours", |x| kernels.density(x));
        are(frame, "arrows", |x| kernels.score(x));
        assert_eq!(only(frame, "dots", RED), points(&sample));
    }
    assert_eq!(frames(&canvas).len(), 3);
}

/// The curl in closed form: of ψ = r(u(x)) − x with u = Σⱼ sigmoid(Wⱼ·x + bⱼ) Dⱼ + c, for a decoder D
/// and a function r of each coordinate, it is r′(u₂) ∂u₂/∂x₁ − r′(u₁) ∂u₁/∂x₂.
#[test]
fn the_curl_of_each_decoder_is_that_of_its_arrows() {
    let Picture { canvas, .. } = curl::draw(&studio()).expect("fixed numbers");
    let sigmoid = |a: f64| 1.0 / (1.0 + (-a).exp());
    let units = |[x, y]: [f64; 2]| {
        std::array::from_fn(|j| sigmoid(curl::W[j][0] * x + curl::W[j][1] * y + curl::B[0][j]))
    };
    let sum = |of: &dyn Fn(usize) -> f64| (0..3).map(of).sum::<f64>();
    let cases = [(curl::W, false), (curl::V, false), (curl::W, true)];
    for (frame, (decoder, squashed)) in frames(&canvas).into_iter().zip(cases) {
        let value = |s: [f64; 3], i: usize| sum(&|j| s[j] * decoder[j][i]) + curl::C[0][i];
        // ∂uᵢ/∂xₖ
        let slope = |s: [f64; 3], i: usize, k: usize| {
            sum(&|j| s[j] * (1.0 - s[j]) * decoder[j][i] * curl::W[j][k])
        };
        let outer = |u: f64| if squashed { sigmoid(u) } else { u };
        let outer_slope = |u: f64| if squashed { sigmoid(u) * sigmoid(-u) } else { 1.0 };
        let at = |x: &Matrix, i: usize| [x.at(i, 0), x.at(i, 1)];
        are(frame, "arrows", |x| {
            Matrix::from_fn(x.rows(), 2, |n, i| outer(value(units(at(x, n)), i)) - x.at(n, i))
        });
        are(frame, "heat", |x| {
            Matrix::from_fn(x.rows(), 1, |n, _| {
                let s = units(at(x, n));
                outer_slope(value(s, 1)) * slope(s, 1, 0)
                    - outer_slope(value(s, 0)) * slope(s, 0, 1)
            })
        });
    }
    assert_eq!(frames(&canvas).len(), 3);
}

#[test]
fn each_chain_has_its_own_path_on_the_density() {
    let path = |k: usize| vec![[0.5, 0.2], [1.0, 0.1 * k as f64], [2.0 - k as f64, -1.0]];
    let run = PinwheelChains {
        density: pinwheel(),
        paths: [1, 2, 3].map(path),
        mode: Matrix::from_rows([[1.0, -1.0]]),
        plain: Matrix::from_fn(1, 5, |_, _| 0.2),
        adjusted: Matrix::from_fn(1, 5, |_, _| 0.2),
        acceptance: 0.5,
        outside: [0.3, 0.2, 0.1],
    };
    let Picture { canvas, .. } = langevin::picture(&run);
    assert_eq!(frames(&canvas).len(), 3);
    for (frame, k) in frames(&canvas).into_iter().zip(1..) {
        are(frame, "heat", |x| pinwheel().density(x));
        assert_eq!(only(frame, "curve", NAVY.alpha(0.35)), path(k));
        assert_eq!(only(frame, "dots", RED.alpha(0.5)), path(k)[1..]);
        assert_eq!(only(frame, "dots", INK), path(k)[..1]);
        let ends = all(frame, "marks", RED).concat();
        assert_eq!(ends, if k == 1 { vec![[1.0, -1.0]] } else { vec![] });
    }
}

/// By quadrature of Bayes' formula, which knows nothing of scores. With 60 steps of h = 0.15 a posterior of
/// deviation s is integrated to 2e^(−2π²(s/h)²), and none is narrower than a stroke of 0.15 under σ = ½,
/// s² = 1/(1/0.15² + 1/0.5²): 3e−8 of numbers up to 3, and of a covariance of 0.02 at least.
#[test]
fn corrupted_points_are_sent_to_their_posterior_means() {
    let Picture { canvas, .. } = tweedie::draw(&studio()).expect("an exact score");
    let [left, right] = frames(&canvas)[..] else { panic!("two panels") };
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let moments = |from: Point| posterior_moments(&two_moons(), &rows(&[from]), tweedie::SIGMA, 60);
    for panel in [left, right] {
        are(panel, "heat", |x| two_moons().density(x));
        let sticks = all(panel, "curve", NAVY.alpha(0.75));
        let [from, to] = [RED, NAVY].map(|colour| all(panel, "dots", colour).concat());
        assert!(sticks.len() > 7 && sticks.len() == from.len() && sticks.len() == to.len());
        for (i, stick) in sticks.iter().enumerate() {
            assert_eq!(stick[..], [from[i], to[i]]);
            let (mean, _) = moments(from[i]);
            assert!(
                near(to[i][0], mean.at(0, 0)) && near(to[i][1], mean.at(0, 1)),
                "{from:?}, point {i}"
            );
        }
    }
    // An ellipse is where (x − μ)ᵀ Σ⁻¹ (x − μ) = 1.
    let ellipses = all(right, "curve", INK);
    assert_eq!(ellipses.len(), tweedie::CHOSEN.len());
    for (ellipse, from) in ellipses.iter().zip(tweedie::CHOSEN) {
        let (mean, covariance) = moments(from);
        let [[a, b], [_, c]] = [0, 1].map(|i| [covariance.at(i, 0), covariance.at(i, 1)]);
        for at in ellipse {
            let [x, y] = [at[0] - mean.at(0, 0), at[1] - mean.at(0, 1)];
            let square = (c * x * x - 2.0 * b * x * y + a * y * y) / (a * c - b * b);
            assert!((square - 1.0).abs() < 1e-5, "{at:?}: {square}");
        }
    }
}
