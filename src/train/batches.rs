//! What a training is fed: batches of samples, each with fresh noise.

use crate::{
    array::Array,
    density::Density,
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
};
use rand::{SeedableRng, seq::SliceRandom};
use std::iter;

/// A batch x (n, d) and its noise z (n, d), z ~ N(0, I).
/// See the example of [`NotFinite`](super::NotFinite).
pub type Batch<T> = (Matrix<T>, Matrix<T>);

/// Endless batches of `size` new samples of a density, each with fresh noise: no point is seen
/// twice, so the descent is on the expectation itself and there is nothing to overfit. The samples and
/// the noise have a stream each.
///
/// ```
/// use score_matching::{density::Mixture, prelude::*, train::fresh};
///
/// let q = Mixture::isotropic(2, 1.0);
/// for (x, z) in fresh::<f32>(&q, 5, Generator::seed_from_u64(1)).take(3) {
///     assert_eq!((x.shape(), z.shape()), ((5, 2), (5, 2)));
/// }
/// ```
///
/// # Panics
/// If a batch would be empty.
#[track_caller]
pub fn fresh<T: Real>(
    density: &impl Density,
    size: usize,
    mut rng: Generator,
) -> impl Iterator<Item = Batch<T>> {
    assert!(size > 0, "batches of no samples");
    let mut noise = rng.fork();
    iter::repeat_with(move || {
        let x = density.sample(size, &mut rng).cast();
        (x, standard_normal(size, density.dimension(), &mut noise))
    })
}

/// Endless mini-batches of a dataset, in a new order in every epoch, each with fresh noise.
///
/// An epoch leaves out the rows that do not fill a batch; the order changes, so they get their turn.
/// The order and the noise have a stream each.
///
/// ```
/// use score_matching::{prelude::*, train::Batches};
///
/// let data = Matrix::from_rows([[1.0], [2.0], [4.0]]);
/// let mut batches = Batches::new(data, 3, Generator::seed_from_u64(1));
/// assert_eq!(batches.per_epoch(), 1);
/// let (x, z) = batches.next().expect("they do not end");
/// assert_eq!((x.sum().item(), z.shape()), (7.0, (3, 1))); // each row once, in some order
/// ```
#[derive(Clone, Debug)]
pub struct Batches<T: Real> {
    data: Matrix<T>,
    size: usize,
    rng: Generator,
    noise: Generator,
    order: Vec<usize>,
    next: usize,
}

impl<T: Real> Batches<T> {
    /// Batches of `size` rows of `data`.
    ///
    /// # Panics
    /// If a batch would be empty or larger than the data, or a number of the data is not finite: its
    /// row and column are told, from 0.
    #[track_caller]
    pub fn new(data: Matrix<T>, size: usize, mut rng: Generator) -> Self {
        let (n, d) = data.shape();
        assert!(0 < size && size <= n, "batches of {size} from {n} rows");
        if let Some(at) = data.data().iter().position(|x| !x.to_f64().is_finite()) {
            panic!("the data have {} at row {}, column {}", data.data()[at], at / d, at % d);
        }
        let noise = rng.fork();
        Self { data, size, rng, noise, order: (0..n).collect(), next: n }
    }

    /// How many batches make an epoch.
    pub const fn per_epoch(&self) -> usize {
        self.order.len() / self.size
    }
}

impl<T: Real> Iterator for Batches<T> {
    type Item = Batch<T>;

    fn next(&mut self) -> Option<Batch<T>> {
        if self.next + self.size > self.order.len() {
            self.order.shuffle(&mut self.rng);
            self.next = 0;
        }
        let x = self.data.select(&self.order[self.next..][..self.size]);
        self.next += self.size;
        let noise = standard_normal(self.size, self.data.cols(), &mut self.noise);
        Some((x, noise))
    }
}
