//! What is refused by functions that no other test of this program calls wrongly. The rest stands in
//! `callers.rs` and beside what the functions do; that none is forgotten the test of the house sees.

use crate::{
    callers::{complains, complaint, refused},
    sampler::{generator, in_numbers},
};
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    corruption::{NoiseScales, corrupt},
    density::{Density, Mixture, SoftplusMixture, softplus_mixture::Expansion},
    grid::{Enclosed, Exact},
    identity::{
        Sides,
        annealing::{TwoModes, heavy_side},
        langevin::ascend,
        noise_conditional::{LevelBatch, in_turn},
        traces::{NetworkBatch, probes::moment, with_inner_product, without_transpose},
    },
    matrix::cholesky::Cholesky,
    model::{Autoencoder, NoiseConditionalNetwork, ScoreNetwork},
    objective::{regularised, sliced::Probe, trace::of_score_by_differences},
    sampler::metropolis::{Place, log_acceptance, log_proposal},
};

#[test]
fn a_gradient_beside_its_value_is_that_of_a_number() {
    let tape = Tape::new();
    let x = tape.var(&Matrix::<f64>::zeros(2, 3));
    complains!(x.with_gradient(&[x]), "gradient of (2, 3): a scalar expected");
}

#[test]
fn a_system_is_square_and_symmetric_and_as_long_as_its_right_side() {
    let identity = Matrix::from_rows([[1.0, 0.0], [0.0, 1.0]]);
    let factored = Cholesky::new(&identity).expect("positive definite");
    let rows = "A x = b: (2, 2) · (3, 1): b with 2 rows expected";
    complains!(factored.solve(&Matrix::zeros(3, 1)), rows);
    let slanted = Matrix::from_rows([[1.0, 0.5], [0.0, 1.0]]);
    complains!(Cholesky::of_covariance(&slanted), "covariance: not symmetric: 0 and 0.5 at (1, 0)");
}

#[test]
fn a_polynomial_has_a_mean_over_what_stands_in_no_function() {
    let z = Exact::named("z", 1, 1);
    let (inside, below) = (z.clone().sigmoid(), z.clone().reciprocal());
    let refused = |expected: &str, f: &dyn Fn() -> Exact| {
        let (message, ..) = complaint(|| _ = f());
        assert!(message.contains(expected), "{message}");
    };
    refused("inside a function: sigmoid(z)", &|| inside.gaussian_mean(&z));
    refused("inside a function: sigmoid(z)", &|| inside.mean_by(&z, |_| unreachable!()));
    refused("inside a function: sigmoid(z)", &|| inside.coefficient(&z, 1));
    refused("a power of z, not of 1/z", &|| below.gaussian_mean(&z));
    refused("a power of z, not of 1/z", &|| below.mean_by(&z, |_| unreachable!()));
    refused("an indeterminate expected, not 2 z", &|| z.coefficient(&(z.clone() * 2.0), 1));
}

#[test]
fn noise_and_differences_have_a_length() {
    let x = Matrix::<f64>::zeros(1, 1);
    for sigma in [-0.5, f64::NAN, f64::INFINITY] {
        let message = format!("σ = {sigma:?}: a number from 0 on expected");
        complains!(corrupt(&x, &x, sigma), message);
    }
    assert_eq!(corrupt(&x, &x, 0.0), x);
    for lambda in [-0.5, f64::NAN, f64::INFINITY] {
        let message = format!("λ = {lambda:?}: a number from 0 on expected");
        complains!(regularised(x.clone(), &x, lambda), message);
    }
    let place = Place { x: x.clone(), energy: x.clone(), score: x.clone() };
    for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let message = format!("a step of length {epsilon:e}: a positive finite number expected");
        complains!(log_proposal(&place, &place, epsilon), message);
        complains!(log_acceptance(&place, &place, epsilon), message);
    }
    for step in [0.0, -1.0, f64::NAN] {
        refused("a positive number expected", || {
            _ = of_score_by_differences(Clone::clone, &x, step);
        });
    }
}

#[test]
fn intervals_of_two_shapes_have_no_common_width() {
    let [one, two] = [1, 2].map(|n| Enclosed::exact(&Matrix::zeros(1, n)));
    refused("two sides", || _ = one.widths_where_they_meet(&two));
}

#[test]
fn sides_of_two_shapes_are_not_compared() {
    let sides = Sides::exact([1, 2].map(|n| vec![Matrix::zeros(1, n)]));
    let (message, ..) = complaint(|| _ = sides.residual());
    assert!(message.contains("(1, 1)") && message.contains("(1, 2)"), "{message}");
}

#[test]
fn the_formulas_of_the_theorems_refuse_what_they_do_not_treat() {
    let x = Matrix::<f64>::zeros(1, 2);
    let batch = |widths: &[usize]| NetworkBatch {
        network: ScoreNetwork::random(widths, Function::Tanh, &mut generator(1)),
        x: x.clone(),
    };
    refused("two hidden layers expected", || _ = without_transpose(&batch(&[2, 3, 2])));
    refused("three hidden layers expected", || _ = with_inner_product(&batch(&[2, 3, 2])));
    refused("degree 6", || _ = moment(Probe::Sphere, 2, &[6]));
    let modes = TwoModes { place: 2.0, weight: 0.5 };
    refused("a level without steps", || _ = heavy_side(modes, &[], 0, 1.0));
    let model = NoiseConditionalNetwork::random(&[2, 3, 2], Function::Tanh, 1.0, &mut generator(1));
    let batch = LevelBatch { model, x: x.clone(), noise: x.clone(), sigma: Matrix::zeros(1, 1) };
    refused("1 rows for 3 levels", || _ = in_turn(&batch, &NoiseScales::geometric(2.0, 1.0, 3)));
}

#[test]
fn an_ascent_that_leaves_the_numbers_says_when() {
    let q = Mixture::isotropic(1, 1.0);
    let lost = ascend(&q, Matrix::from_rows([[1.0]]), 1e200, 3);
    assert_eq!(in_numbers(lost), Err([0, 2, 1, 1]));
    assert_eq!(q.dimension(), 1);
}

#[test]
fn a_softplus_mixture_has_a_whole_k_finite_parameters_and_few_gaussians() {
    type Energy = SoftplusMixture;
    let model = |d, h| Autoencoder::<Matrix>::random(d, h, &mut generator(1));
    let [small, large, huge] = [3, 25, 1000].map(|h| model(2, h));
    complains!(Energy::new(small, 0), "σ² = 1/k for k = 0: a whole number from 1 on expected");
    complains!(Energy::new(large, 1), "2^25 Gaussians: 16777216 at most expected");
    complains!(Energy::new(huge, 3), "4^1000 Gaussians: 16777216 at most expected");
    complains!(Expansion::whole(&model(2, 25), 1), "2^25 Gaussians: 16777216 at most expected");
    let weighted = Autoencoder { a: Some(Matrix::zeros(1, 3)), ..model(2, 3) };
    complains!(Energy::new(weighted, 1), "hidden units weighted by a: (1 + eᶻ)ᵏ for each expected");
    let wide = Autoencoder { c: Matrix::zeros(1, 3), ..model(2, 3) };
    complains!(Energy::new(wide, 1), "W, b and c of shapes [(3, 2), (1, 3), (1, 3)]");
    let lost = Autoencoder { b: Matrix::zeros(1, 3) * f64::NAN, ..model(2, 3) };
    complains!(Energy::new(lost, 1), "a parameter that is not finite");
    let far = Autoencoder { c: Matrix::zeros(1, 2) + 1e200, ..model(2, 3) };
    complains!(Energy::new(far, 1), "log Z = NaN: a finite number expected");
    let q = Energy::new(model(2, 3), 1);
    let columns = "x yᵀ: (1, 3) · (3, 2): y with 3 columns expected";
    complains!(q.log_density(&Matrix::zeros(1, 3)), columns);
    complains!(q.score(&Matrix::zeros(1, 3)), columns);
}
