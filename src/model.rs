//! Models: parameters with names, and formulas that use them.
//!
//! A model is a plain struct of arrays, `Autoencoder<A>` say, generic over the reading `A`. Its
//! formulas are methods for any `A: Array`. [`Parameters::map`] lifts it from one reading to
//! another: numbers to variables on a tape, variables to constants of forward mode, and so on.
//!
//! | model | formula |
//! |---|---|
//! | [`Autoencoder`] | r(x) = Wᵀ sigmoid(W x + b) + c, with its energy and its score |
//! | [`ScoreNetwork`] | ψ(x) = W_L φ(… φ(W₁x + b₁) …) + b_L, with its exact trace |
//! | [`NoiseConditionalNetwork`] | ψ(x; σ) for every noise level, one network |
//! | [`EnergyNetwork`] | E(x) = ½‖x‖²/s² + network(x), its score by differentiation |
//! | [`ExponentialFamily`] | p ∝ exp(θᵀF(x)), fitted by one linear solve |
//! | [`Wiener`] | the best affine denoiser, from a mean and a covariance |
//!
//! # An energy of one's own
//!
//! It takes a struct of arrays, a formula for every reading, and `map`. Then [`train`](mod@crate::train)
//! puts it on a tape, and [`score_of`](Parameters::score_of) gives its score in whatever reading it is
//! called. A model that gives ψ itself needs no energy: on the tape
//! `implicit(trace::of_score_by_reverse(|x| model.score(x), x))`, or forward, with
//! `let m = model.constants();`, `implicit(trace::of_score(|x| m.score(x), x))`. A number that is not
//! learned, a width say, passes through `map` as it is.
//!
//! ```
//! use score_matching::corruption::corrupt;
//! use score_matching::objective::{denoising, implicit, trace::of_energy_by_reverse};
//! use score_matching::{optimizer::Sgd, prelude::*, train::{Batches, train}};
//!
//! /// E(x) = ½‖x − m‖²
//! #[derive(Clone)]
//! struct Bowl<A> {
//!     m: A,
//! }
//!
//! impl<A: Array> Bowl<A> {
//!     fn energy(&self, x: &A) -> A {
//!         x.clone().add_row(&-self.m.clone()).squared_norm() * 0.5
//!     }
//!     fn score(&self, x: &A) -> A {
//!         self.score_of(|model, x| model.energy(x), x)
//!     }
//! }
//!
//! impl<A> Parameters<A> for Bowl<A> {
//!     type With<B> = Bowl<B>;
//!     fn map<B>(self, mut f: impl FnMut(A) -> B) -> Bowl<B> {
//!         Bowl { m: f(self.m) }
//!     }
//! }
//!
//! let data = Matrix::from_rows([[1.0], [3.0]]);
//! let start = Bowl { m: Matrix::zeros(1, 1) };
//! let batches = || Batches::new(data.clone(), 2, Generator::seed_from_u64(1)).take(1);
//!
//! // Implicit score matching: at rate 1 one step goes to the mean of the data, m = 2
//! let ism = train(start.clone(), &mut Sgd { rate: 1.0 }, batches(), |model, x, _| {
//!     implicit(of_energy_by_reverse(|x| model.energy(x), x))
//! }, |_| ()).expect("finite losses");
//! assert_eq!(ism.m.item(), 2.0);
//!
//! // Denoising score matching with σ = 1: so does this
//! let dsm = train(start, &mut Sgd { rate: 1.0 }, batches(), |model, x, z| {
//!     denoising(|x| model.score(x), x, &corrupt(x, z, 1.0), 1.0)
//! }, |_| ()).expect("finite losses");
//! assert!((dsm.m.item() - 2.0).abs() < 1e-14);
//!
//! assert_eq!(ism.score(&data), Matrix::from_rows([[1.0], [-1.0]])); // m − x, as numbers
//! ```

pub mod autoencoder;
pub mod exponential_family;
pub mod network;
pub mod noise_conditional;
pub mod wiener;

pub use autoencoder::Autoencoder;
pub use exponential_family::{ExponentialFamily, Features, Monomials};
pub use network::{EnergyNetwork, ScoreNetwork};
pub use noise_conditional::NoiseConditionalNetwork;
pub use wiener::Wiener;

use crate::{
    array::Array,
    autodiff::{Dual, Tape, Var},
};

/// A struct of arrays that can be lifted from one reading to another, array by array.
///
/// A model of one's own needs `With` and `map` alone, as in the example of the [module](self).
///
/// ```
/// use score_matching::{model::{Autoencoder, Parameters}, prelude::*};
///
/// let at = |x: f64| Matrix::from_rows([[x]]);
/// let model = Autoencoder { w: at(2.0), b: at(0.0), c: at(1.0), a: None };
/// let doubled: <Autoencoder<Matrix> as Parameters<Matrix>>::With<f64> = // of numbers
///     model.clone().map(|p| 2.0 * p.item());
/// assert_eq!(doubled.into_list(), [4.0, 0.0, 2.0]);
///
/// let tape = Tape::new();
/// let on_tape = model.on(&tape); // r(0) = w sigmoid(b) + c
/// let slopes = on_tape.reconstruct(&tape.var(&at(0.0))).gradient(&on_tape.into_list());
/// assert_eq!(slopes, [at(0.5), at(0.5), at(1.0)]); // sigmoid(0), w sigmoid′(0), 1
///
/// let slope = model.constants().reconstruct(&Dual::axes(&at(0.0))).tangents_or_zero(1);
/// assert_eq!(slope.item(), 1.0); // r′(0) = w² sigmoid′(0)
/// ```
pub trait Parameters<A>: Sized {
    /// The same struct over another reading.
    type With<B>: Parameters<B>;

    /// Every array through `f`, in a fixed order.
    fn map<B>(self, f: impl FnMut(A) -> B) -> Self::With<B>;

    /// The arrays as a list, in the order of [`Parameters::map`].
    fn into_list(self) -> Vec<A> {
        let mut list = Vec::new();
        self.map(|array| list.push(array));
        list
    }

    /// The same parameters as variables on a tape.
    fn on<'t>(&self, tape: &'t Tape<A>) -> Self::With<Var<'t, A>>
    where
        A: Array,
        Self: Clone,
    {
        self.clone().map(|p| tape.var(&p))
    }

    /// ψ(x) = −∇E(x) for an energy with these parameters, by one reverse sweep: (n, d) → (n, d).
    ///
    /// From numbers it makes numbers, to sample with; from variables it makes variables, so that a loss
    /// of ψ can be differentiated in θ. `energy` gives E(x) of every row, (n, 1).
    ///
    /// # Panics
    /// If the energy does not have one column, or the shapes do not fit.
    #[track_caller]
    fn score_of(
        &self,
        energy: impl for<'t> Fn(&Self::With<Var<'t, A>>, &Var<'t, A>) -> Var<'t, A>,
        x: &A,
    ) -> A
    where
        A: Array,
        Self: Clone,
    {
        let tape = Tape::new();
        let x = tape.var(x);
        let energy = energy(&self.on(&tape), &x);
        let (expected, found) = ((x.shape().0, 1), energy.shape());
        assert!(
            found == expected,
            "an energy of {found:?}: one number a row, {expected:?}, expected"
        );
        -energy.sum().gradient(&[x]).remove(0)
    }

    /// The same parameters as constants of forward mode: for formulas that are given an x that moves, as
    /// the routes of [`trace`](crate::objective::trace) do. Those over `Dual<Dual<A>>` need it twice,
    /// `model.constants().constants()`.
    fn constants(&self) -> Self::With<Dual<A>>
    where
        A: Array,
        Self: Clone,
    {
        self.clone().map(|p| Dual::constant(&p))
    }
}
