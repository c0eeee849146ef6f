//! What several figures share: the seed, and runs that are made once.

use crate::{
    density::{Mixture, shapes},
    experiment::{
        DenoisedDigits, Failure, LearnedShape, Pinwheel, SampledDigits, SampledShape,
        digits::EPOCHS,
    },
    matrix::noise::Generator,
    objective::Weight,
    train::NotFinite,
};
use rand::SeedableRng;
use std::{fmt, sync::OnceLock};

/// Hears what is going on and the fraction done.
type Progress = Box<dyn Fn(&str, f64) + Send + Sync>;

/// A run that is made when it is first asked for, while others wait for it.
type Once<T, E> = OnceLock<Result<T, E>>;

/// What the figures share.
pub struct Studio {
    pub(super) seed: u64,
    progress: Progress,
    pub(super) digits: Once<DenoisedDigits, NotFinite>,
    pub(super) pinwheel: Once<Pinwheel, NotFinite>,
    pub(super) sampled_digits: Once<SampledDigits, Failure>,
    pub(super) shapes: [Once<(LearnedShape, SampledShape), Failure>; 3],
    unweighted: Once<LearnedShape, NotFinite>,
}

/// A shape that was learned at all noise levels and sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Pinwheel,
    TwoMoons,
    Spiral,
}

impl Shape {
    pub(super) const ALL: [Self; 3] = [Self::Pinwheel, Self::TwoMoons, Self::Spiral];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pinwheel => "pinwheel",
            Self::TwoMoons => "two moons",
            Self::Spiral => "spiral",
        }
    }

    pub(super) fn density(self) -> Mixture {
        match self {
            Self::Pinwheel => shapes::pinwheel(),
            Self::TwoMoons => shapes::two_moons(),
            Self::Spiral => shapes::spiral(),
        }
    }
}

impl fmt::Debug for Studio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Studio").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Studio {
    /// With a seed for everything random; `progress` hears what is going on and the fraction done.
    pub fn new(seed: u64, progress: impl Fn(&str, f64) + Send + Sync + 'static) -> Self {
        Self {
            seed,
            progress: Box::new(progress),
            digits: OnceLock::new(),
            pinwheel: OnceLock::new(),
            sampled_digits: OnceLock::new(),
            shapes: Default::default(),
            unweighted: OnceLock::new(),
        }
    }

    /// A generator at the beginning of its stream.
    pub(super) fn generator(&self) -> Generator {
        Generator::seed_from_u64(self.seed)
    }

    /// The autoencoder on the digits, trained when it is first asked for.
    pub(super) fn digits(&self) -> Result<&DenoisedDigits, NotFinite> {
        once(&self.digits, || DenoisedDigits::run(self.seed, EPOCHS, self.training("the digits")))
    }

    /// The five networks on the pinwheel, trained when they are first asked for.
    pub(super) fn pinwheel(&self) -> Result<&Pinwheel, NotFinite> {
        once(&self.pinwheel, || Pinwheel::run(self.seed, self.training("the pinwheel")))
    }

    /// The digits drawn by a noise-conditional network.
    pub(super) fn sampled_digits(&self) -> Result<&SampledDigits, Failure> {
        let DenoisedDigits { digits, model, .. } = self.digits()?;
        let progress = self.training("the digits at all noise levels");
        once(&self.sampled_digits, || SampledDigits::run(self.seed, digits, model, progress))
    }

    /// A shape learned by a noise-conditional network, and drawn by it.
    pub(super) fn shape(&self, shape: Shape) -> Result<&(LearnedShape, SampledShape), Failure> {
        once(&self.shapes[shape as usize], || {
            let what = format!("the {} at all noise levels", shape.name());
            let progress = self.training(&what);
            let learned =
                LearnedShape::train(shape.density(), Weight::Variance, self.seed, progress)?;
            let sampled = learned.sample(self.seed)?;
            Ok((learned, sampled))
        })
    }

    /// The pinwheel learned with λ = 1 instead of σ², and all else the same.
    pub(super) fn unweighted_pinwheel(&self) -> Result<&LearnedShape, NotFinite> {
        once(&self.unweighted, || {
            let progress = self.training("the pinwheel with λ = 1");
            LearnedShape::train(Shape::Pinwheel.density(), Weight::One, self.seed, progress)
        })
    }

    /// Says what is going on, and the fraction done.
    pub(super) fn tell(&self, what: &str, done: f64) {
        (self.progress)(what, done);
    }

    /// Passes on the fraction of a training done.
    fn training(&self, on: &str) -> impl Fn(f64) {
        let what = format!("training on {on}");
        move |done| self.tell(&what, done)
    }
}

/// What the run gave, made if nobody has yet.
fn once<T, E: Copy>(run: &Once<T, E>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    run.get_or_init(make).as_ref().map_err(|error| *error)
}
