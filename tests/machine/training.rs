//! The training as software: what it tells, where it stops, what it refuses, and what models begin
//! with. What trainings learn is the business of the program `training`.

use crate::callers::refused;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Var,
    array::Function,
    corruption::corrupt,
    density::Mixture,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::{EnergyNetwork, Parameters, ScoreNetwork},
    objective::denoising,
    optimizer::{Adam, Moves, Optimizer, Quantity, Sgd},
    train::{Batch, Batches, NotFinite, fresh, train},
};

/// A single array.
#[derive(Clone, Debug)]
struct Point<A>(A);

impl<A> Parameters<A> for Point<A> {
    type With<B> = Point<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Point<B> {
        Point(f(self.0))
    }
}

/// Training of one number on the loss Πₖ factorₖ · θ, for some steps; what each has moved.
fn linear<T: Real>(
    optimizer: &mut impl Optimizer<T>,
    start: f64,
    factors: &[f64],
    steps: usize,
) -> (Result<f64, NotFinite>, Vec<Moves>) {
    let mut moves = vec![];
    let number = |x| Matrix::<T>::from_fn(1, 1, |_, _| x);
    let batch: Batch<T> = (number(0.0), number(0.0));
    let trained = train(
        Point(number(start)),
        optimizer,
        std::iter::repeat_n(batch, steps),
        |theta, _, _| factors.iter().fold(theta.0, |product: Var<'_, _>, &f| product * f),
        |step| moves.push(step.moves),
    );
    (trained.map(|point| point.0.item()), moves)
}

/// Everything from the outlier on is finite but one square.
#[test]
fn a_square_that_overflows_ends_the_training_at_its_step() {
    let said = |trained: Result<f64, NotFinite>| {
        let error = trained.expect_err("an overflow");
        assert_eq!((error.step, error.what), (1, Quantity::Moment));
        assert!(error.loss.is_finite());
        error.to_string()
    };
    let single = said(linear(&mut Adam::<f32>::new(0.1), 1.0, &[1e21], 5).0);
    let double = said(linear(&mut Adam::<f64>::new(0.1), 1.0, &[1e157], 5).0);
    for said in [single, double] {
        let expected = "training stopped at step 1: the mean square of a gradient is not finite";
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn a_gradient_or_a_parameter_that_is_not_finite_ends_the_training_at_its_step() {
    // θ = 1e-200, and the loss 1e120 has the slope 1e320.
    let (steep, _) = linear(&mut Adam::<f64>::new(0.1), 1e-200, &[1e160, 1e160], 1);
    assert_eq!(steep.map_err(|e| (e.step, e.what)), Err((1, Quantity::Gradient)));
    // The last step, after which no loss comes, and an earlier one: −10³⁰⁸ fits, −2 · 10³⁰⁸ does not.
    for steps in [2, 5] {
        let (leap, moves) = linear::<f64>(&mut Sgd { rate: 1e308 }, 0.0, &[1.0], steps);
        let error = leap.expect_err("too long a step");
        let (what, loss) = (Quantity::Parameter, -1e308);
        assert_eq!((error.step, error.what, error.loss, moves.len()), (2, what, loss, 1));
        let place = "training stopped at step 2: a parameter is not finite";
        assert_eq!(error.to_string(), format!("{place} (loss {loss})"));
    }
    // The start itself.
    for start in [f64::NAN, f64::INFINITY] {
        let (lost, moves) = linear::<f64>(&mut Sgd { rate: 1.0 }, start, &[1.0], 1);
        let error = lost.expect_err("no number to start from");
        assert_eq!((error.step, error.what, moves.len()), (1, Quantity::Loss, 0));
        assert_eq!(error.to_string(), format!("training stopped at step 1: the loss is {start}"));
    }
}

#[test]
fn a_training_that_does_not_move_says_so() {
    // In f32 the distance from 1 to the number below it is 2⁻²⁴ = 6e-8: half of it does nothing.
    let (end, moves) = linear::<f32>(&mut Sgd { rate: 2e-8 }, 1.0, &[1.0], 4);
    assert_eq!((end, moves), (Ok(1.0), vec![Moves { numbers: 1, moved: 0, by_epsilon: 0 }; 4]));
    let (_, moves) = linear::<f64>(&mut Sgd { rate: 2e-8 }, 1.0, &[1.0], 4);
    assert_eq!(moves, vec![Moves { numbers: 1, moved: 1, by_epsilon: 0 }; 4]);
    let (_, moves) = linear(&mut Adam::<f64>::new(0.1), 1.0, &[1e-12], 4);
    assert_eq!(moves, vec![Moves { numbers: 1, moved: 1, by_epsilon: 1 }; 4]);
    // Its rate has fallen to 0 after three steps.
    let (_, moves) = linear(&mut Adam::<f64>::annealed(0.1, 3), 1.0, &[1.0], 5);
    assert_eq!(moves.iter().map(|m| m.moved).collect::<Vec<_>>(), [1, 1, 1, 0, 0]);
}

/// A unit whose relu is 0 on all of the data: its row of weights, its bias and its column of the next
/// layer stay where they are, 3 of 7 numbers.
#[test]
fn a_unit_that_is_dead_is_not_counted_among_those_that_move() {
    let mut rng = Generator::seed_from_u64(1);
    let mut model = ScoreNetwork::<Matrix>::random(&[1, 2, 1], Function::Relu, &mut rng);
    model.layers[0].w = model.layers[0].w.clone() * 0.1;
    model.layers[0].b = Matrix::from_rows([[10.0, -10.0]]);
    let mut moves = vec![];
    let trained = train(
        model,
        &mut Adam::new(1e-3),
        fresh(&Mixture::isotropic(1, 1.0), 64, rng).take(3),
        |model, x, _| (model.score(x) - x).squared_norm(),
        |step| moves.push(step.moves),
    );
    assert!(trained.is_ok());
    assert_eq!(moves, vec![Moves { numbers: 7, moved: 4, by_epsilon: 0 }; 3]);
}

/// One outlier in the first of 400 batches; the moves of the last step, out of 82 numbers.
fn with_an_outlier<T: Real>(outlier: f64) -> Result<usize, NotFinite> {
    let mut rng = Generator::seed_from_u64(1);
    let start = ScoreNetwork::<Matrix<T>>::random(&[2, 16, 2], Function::Softplus, &mut rng);
    let batches = (0..400).map(|index| {
        let [mut x, z] = [(); 2].map(|()| standard_normal::<T>(64, 2, &mut rng));
        if index == 0 {
            x.data_mut()[0] = T::of(outlier);
        }
        (x, z)
    });
    let mut last = Moves::default();
    train(
        start,
        &mut Adam::new(1e-2),
        batches,
        |model, x, z| denoising(|x| model.score(x), x, &corrupt(x, z, 0.5), 0.5),
        |step| last = step.moves,
    )?;
    assert_eq!(last.numbers, 82);
    Ok(last.moved)
}

/// The loss is finite at all of them, and so is every gradient.
#[test]
fn an_outlier_whose_gradient_has_no_square_ends_the_training() {
    assert!(with_an_outlier::<f32>(1.0).is_ok_and(|moved| moved > 75));
    assert!(with_an_outlier::<f64>(1.0).is_ok_and(|moved| moved > 75));
    for lost in [with_an_outlier::<f32>(1e15), with_an_outlier::<f64>(1e80)] {
        let error = lost.expect_err("an overflow");
        assert_eq!((error.step, error.what), (1, Quantity::Moment), "{error}");
    }
    // A square that is just a number outlives the momentum by thousands of steps, and holds what it
    // met where it is: that is told.
    let moved = with_an_outlier::<f32>(1e7).expect("finite");
    assert!(moved < 70, "{moved}"); // others had no gradient there, and move
}

#[test]
fn without_batches_the_parameters_come_back_as_they_were() {
    for start in [0.5, -0.0, f64::INFINITY] {
        let (end, moves) = linear(&mut Adam::<f64>::new(0.1), start, &[1.0], 0);
        assert_eq!((end.map(f64::to_bits), moves.len()), (Ok(start.to_bits()), 0));
    }
}

fn data_are_refused<T: Real>() {
    let rng = || Generator::seed_from_u64(1);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let data = Matrix::<T>::from_fn(4, 3, |i, j| if (i, j) == (2, 1) { bad } else { 0.0 });
        let expected = format!("the data have {bad} at row 2, column 1");
        refused(&expected, || _ = Batches::new(data, 2, rng()));
    }
    let four = || Matrix::<T>::zeros(4, 3);
    refused("batches of 0 from 4 rows", || _ = Batches::new(four(), 0, rng()));
    refused("batches of 5 from 4 rows", || _ = Batches::new(four(), 5, rng()));
    refused("batches of no samples", || {
        _ = fresh::<T>(&Mixture::isotropic(1, 1.0), 0, rng()).take(0).count();
    });
}

#[test]
fn data_that_are_no_numbers_and_batches_without_rows_are_refused() {
    data_are_refused::<f32>();
    data_are_refused::<f64>();
}

#[test]
fn what_a_training_refuses_it_refuses_at_its_call() {
    let nothing = || std::iter::empty::<Batch<f64>>();
    let start = || Point(Matrix::<f64>::zeros(1, 1));
    refused("a rate of NaN", || {
        _ = train(start(), &mut Sgd { rate: f64::NAN }, nothing(), |p, _, _| p.0, |_| ());
    });
    let mut adam = Adam::new(0.1);
    adam.beta2 = 1.0;
    refused("β₂ = 1", || _ = train(start(), &mut adam, nothing(), |p, _, _| p.0, |_| ()));
    let two = Matrix::<f64>::zeros(1, 2);
    let batch = [(two.clone(), two.clone())].into_iter();
    refused("one number a sample expected", || {
        _ = train(Point(two), &mut Adam::new(0.1), batch, |p, _, _| p.0, |_| ());
    });
}

/// W ~ N(0, 1/in): the outputs begin as large as the inputs. Of n squares the mean scatters by
/// √(2/n), and N(0, 1/out) would have twice or half the variance here.
#[test]
fn weights_begin_with_the_variance_of_one_over_their_inputs() {
    let widths = [300, 600, 300];
    let mut rng = Generator::seed_from_u64(1);
    let network = ScoreNetwork::<Matrix>::random(&widths, Function::Tanh, &mut rng);
    for (layer, inputs) in network.layers.iter().zip(widths) {
        let w = layer.w.data();
        let variance = w.iter().map(|w| w * w).sum::<f64>() / w.len() as f64 * inputs as f64;
        assert!((variance - 1.0).abs() < 6.0 * (2.0 / w.len() as f64).sqrt(), "{variance}");
        assert!(layer.b.data().iter().all(|b| *b == 0.0));
    }
}

/// E = ½‖x‖²/s² + network: with a network that is 0 nothing else is left.
#[test]
fn an_energy_is_confined_by_half_a_square() {
    let mut rng = Generator::seed_from_u64(1);
    let network = ScoreNetwork::<Matrix>::random(&[2, 3, 1], Function::Tanh, &mut rng);
    let network = network.map(|p| p * 0.0);
    let energy = EnergyNetwork { network, width: 2.0 }.energy(&Matrix::from_rows([[3.0, 1.0]]));
    assert_eq!(energy.item(), 0.5 * 10.0 / 4.0);
}
