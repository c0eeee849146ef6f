//! The negatives of contrastive divergence: where the model's own chains go.

use super::{Chains, Escaped, Langevin, Sampler, Step};
use crate::{
    array::Array,
    autodiff::Var,
    matrix::{Matrix, Real, noise::Generator},
};

/// Chains that make the negatives x⁻ of
/// [`contrastive_divergence`](crate::objective::contrastive_divergence): at each call k Langevin
/// steps by the energy as it is now.
///
/// CD-k begins every time at the data (Hinton 2002). Persistent chains go on from where they were
/// (Tieleman 2008): k steps are few, but the energy has hardly changed since the last ones.
///
/// ```
/// use rand::SeedableRng;
/// use score_matching::matrix::noise::{Generator, standard_normal};
/// use score_matching::{Array, Matrix, array::Function, objective::contrastive_divergence};
/// use score_matching::model::{EnergyNetwork, ScoreNetwork};
/// use score_matching::{optimizer::Adam, sampler::Negatives, train::{Batches, train}};
///
/// let mut rng = Generator::seed_from_u64(1);
/// let data: Matrix = standard_normal(256, 2, &mut rng);
/// let network = ScoreNetwork::random(&[2, 8, 1], Function::Softplus, &mut rng);
/// let model = EnergyNetwork { network, width: 2.0 };
/// let mut negatives = Negatives::from_data(1, 0.1, Generator::seed_from_u64(2));
/// let trained = train(
///     model,
///     &mut Adam::new(1e-2),
///     Batches::new(data, 64, rng).take(10),
///     |model, x, _| {
///         let negative = negatives.draw(|x| model.energy(x), x).expect("finite chains");
///         contrastive_divergence(|x| model.energy(x), x, &negative)
///     },
///     |_| (),
/// );
/// assert!(trained.is_ok());
/// ```
#[derive(Debug)]
pub struct Negatives<T: Real> {
    steps: usize,
    step: Step,
    /// Where persistent chains are.
    chains: Option<Matrix<T>>,
    rng: Generator,
}

impl<T: Real> Negatives<T> {
    /// k steps of length ε from the data.
    ///
    /// # Panics
    /// If k is 0, or ε is not positive and finite in this precision.
    #[track_caller]
    pub fn from_data(k: usize, epsilon: f64, rng: Generator) -> Self {
        assert!(k > 0, "after 0 steps the negatives are the data");
        let step = Step::halved(epsilon);
        step.check::<T>();
        Self { steps: k, step, chains: None, rng }
    }

    /// k steps of length ε from where the chains are, at first at `start` (n, d): as many chains as a
    /// batch will have rows.
    ///
    /// ```
    /// use score_matching::{prelude::*, sampler::Negatives};
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(&Matrix::zeros(3, 1));
    /// let chains = |k| {
    ///     let rng = Generator::seed_from_u64(1);
    ///     Negatives::persistent(Matrix::zeros(3, 1), k, 0.1, rng)
    /// };
    /// let mut draw = |chains: &mut Negatives<f64>| {
    ///     chains.draw(|x| x.squared_norm() * 0.5, &x).expect("finite chains").value()
    /// };
    /// let mut by_one = chains(1);
    /// let twice = [draw(&mut by_one), draw(&mut by_one)];
    /// assert_eq!(twice[1], draw(&mut chains(2))); // the second draw goes on where the first was
    /// ```
    ///
    /// # Panics
    /// As [`Negatives::from_data`].
    #[track_caller]
    pub fn persistent(start: Matrix<T>, k: usize, epsilon: f64, rng: Generator) -> Self {
        Self { chains: Some(start), ..Self::from_data(k, epsilon, rng) }
    }

    /// x⁻ for the energy and the batch x: (n, d) both. It lies on the tape of x as a constant.
    ///
    /// # Errors
    /// If chains leave the finite numbers; it tells how many. Persistent ones among them go back to
    /// where they were before this call, and the others go on from where they are now.
    ///
    /// # Panics
    /// If the persistent chains have another shape than x.
    #[track_caller]
    pub fn draw<'t>(
        &mut self,
        energy: impl Fn(&Var<'t, Matrix<T>>) -> Var<'t, Matrix<T>>,
        x: &Var<'t, Matrix<T>>,
    ) -> Result<Var<'t, Matrix<T>>, Escaped> {
        let constant = |values: &Matrix<T>| {
            let (n, d) = values.shape();
            x.constant(n, d, |i, j| values.at(i, j))
        };
        let score = |at: &Matrix<T>| {
            let at = constant(at);
            -energy(&at).sum().gradient(&[at]).remove(0)
        };
        let start = self.chains.clone().unwrap_or_else(|| x.value());
        assert!(
            start.shape() == x.shape(),
            "chains of {:?} · a batch of {:?}: the same shape expected",
            start.shape(),
            x.shape()
        );
        // The score records on a tape that cannot leave this thread: so all chains move at once.
        let mut moving = Chains::new(Langevin { score, step: self.step }, start, &mut self.rng);
        let negative = moving.by_ref().after(self.steps);
        if let Some(chains) = &mut self.chains {
            let (d, (survivors, points)) = (chains.cols(), moving.survivors());
            for (row, chain) in survivors.into_iter().enumerate() {
                chains.data_mut()[chain * d..][..d].copy_from_slice(points.row(row));
            }
        }
        Ok(constant(&negative?))
    }
}
