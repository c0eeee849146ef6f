//! A step of log-Sobolev: noise averages the score difference, and so shrinks F.

use super::{Pair, Smoothed, log_density};
use crate::{
    array::{Array, Linear},
    matrix::Matrix,
    model::Parameters,
};

/// A pair of which p is N(0, v), before and after noise, at nodes and at points.
#[derive(Clone, Debug)]
pub struct Averaged<A = Matrix> {
    /// q and p, at the nodes of a rule.
    pub before: Smoothed<A>,
    /// q_t and p_t, at points y (n, d), or at the nodes of a rule.
    pub after: Smoothed<A>,
}

impl<A> Parameters<A> for Averaged<A> {
    type With<B> = Averaged<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Averaged<B> {
        Averaged { before: self.before.map(&mut f), after: self.after.map(f) }
    }
}

impl Averaged {
    /// After noise of variance t, at points y.
    pub fn new(pair: &Pair, t: f64, y: Matrix) -> Self {
        Self { after: Smoothed { x: y, ..pair.smoothed(t, 1) }, ..Self::at_nodes(pair, t, 1) }
    }

    /// After noise of variance t, at the nodes of its rule.
    ///
    /// Given Y, a variance v of X is v t/(v + t) only: the nodes before noise are finer by √(1 + v/t).
    pub fn at_nodes(pair: &Pair, t: f64, fineness: usize) -> Self {
        #[expect(clippy::cast_sign_loss, reason = "a root is positive")]
        let finer = (1.0 + pair.narrowest() / t).sqrt().ceil() as usize;
        Self { before: pair.smoothed(0.0, finer * fineness), after: pair.smoothed(t, fineness) }
    }
}

impl<A: Array> Averaged<A> {
    /// The law of X given Y = X + √t Z = y, X from q: its masses at all m nodes for the first y, then
    /// for the next, (n·m, 1).
    fn posterior(&self) -> A {
        let Smoothed { q, t, x, weights, .. } = &self.before;
        let (y, (n, m)) = (&self.after.x, (self.after.x.shape().0, x.shape().0));
        let away = y.clone().linear(Linear::Each(m)) - x.clone().linear(Linear::Tile(n));
        let narrow = self.after.t.clone().reciprocal().linear(Linear::Each(n * m));
        let prior = log_density(q, t, x).exp() * weights;
        let joint = (away.squared_norm() * narrow * -0.5).exp() * prior.linear(Linear::Tile(n));
        let total = joint.clone().linear(Linear::SumEach(m)).reciprocal();
        joint * total.linear(Linear::Each(m))
    }

    /// 𝔼[f | Y = y] by its masses, from f for every pair of y and node: (n·m, d) → (n, d).
    fn mean(&self, posterior: &A, f: A) -> A {
        let (m, d) = (self.before.x.shape().0, f.shape().1);
        (f * posterior.clone().linear(Linear::Spread(d))).linear(Linear::SumEach(m))
    }

    /// v/(v + t), (1, 1).
    fn shrinking(&self) -> A {
        let v = &self.before.p[0].variances;
        (self.after.t.clone() + v).reciprocal() * v
    }
}

/// ∇log(q_t/p_t)(y) and v/(v + t) 𝔼[∇log(q/p)(X) | Y = y]: why the score difference contracts.
pub fn averaging<A: Array>(i: &Averaged<A>) -> [Vec<A>; 2] {
    let (n, d) = i.after.x.shape();
    let apart = i.before.score_difference().linear(Linear::Tile(n));
    let factor = i.shrinking().linear(Linear::Spread(d)).linear(Linear::Each(n));
    [vec![i.after.score_difference()], vec![i.mean(&i.posterior(), apart) * factor]]
}

/// (v/(v + t))² F(q‖p), and F(q_t‖p_t) with what averaging takes away: (v/(v + t))² times the variance
/// of ∇log(q/p)(X) given Y, which is never negative.
pub fn contraction<A: Array>(i: &Averaged<A>) -> [Vec<A>; 2] {
    let ((n, _), (m, _)) = (i.after.x.shape(), i.before.x.shape());
    let posterior = i.posterior();
    let apart = i.before.score_difference().linear(Linear::Tile(n));
    let mean = i.mean(&posterior, apart.clone());
    let spread = (apart - mean.linear(Linear::Each(m))).squared_norm();
    let variance = i.after.mean(&i.mean(&posterior, spread));
    let [after, before] = shrinking(i).map(|side| side[0].clone());
    let factor = i.shrinking();
    [vec![before], vec![after + variance * &factor * factor]]
}

/// F(q_t‖p_t) and (v/(v + t))² F(q‖p).
pub fn shrinking<A: Array>(i: &Averaged<A>) -> [Vec<A>; 2] {
    let factor = i.shrinking();
    let before = i.before.fisher_divergence() * &factor * factor;
    [vec![i.after.fisher_divergence()], vec![before]]
}
