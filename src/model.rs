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
        assert!(found == expected, "an energy of {found:?}: one number a row, {expected:?}, expected");
        -energy.sum().gradient(&[x]).remove(0)
    }

    /// The same parameters as constants of forward mode.
    fn constants(&self) -> Self::With<Dual<A>>
    where
        A: Array,
        Self: Clone,
    {
        self.clone().map(|p| Dual::constant(&p))
    }
}
