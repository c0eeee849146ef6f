//! The routes to ψ and tr J, as tables over any reading, and what follows from a route.

use super::NetworkBatch;
use crate::{
    array::Array,
    autodiff::{Tape, Var},
    identity::denoising_autoencoder::Instance,
    matrix::Matrix,
    model::{Autoencoder, Parameters, ScoreNetwork},
    objective::{self, trace},
};

/// ψ and tr J of an autoencoder, from its parameters, x and σ.
pub type OfAutoencoder<A = Matrix> =
    for<'t> fn(&Autoencoder<Var<'t, A>>, &Var<'t, A>, f64) -> (Var<'t, A>, Var<'t, A>);

/// The routes for an autoencoder: the closed form, from its score, and from its energy.
pub fn autoencoder_routes<A: Array>() -> [(&'static str, OfAutoencoder<A>); 7] {
    [
        ("closed form", |m, x, sigma| m.score_and_trace(x, sigma)),
        ("score, forward, all axes at once", |m, x, sigma| {
            let m = m.constants();
            trace::of_score(|x| m.score(x, sigma), x)
        }),
        ("score, forward, column by column", |m, x, sigma| {
            let m = m.constants();
            trace::of_score_by_columns(|x| m.score(x, sigma), x)
        }),
        ("score, reverse", |m, x, sigma| trace::of_score_by_reverse(|x| m.score(x, sigma), x)),
        ("energy, reverse over reverse", |m, x, sigma| {
            trace::of_energy_by_reverse(|x| m.energy(x, sigma), x)
        }),
        ("energy, reverse over forward", |m, x, sigma| {
            let m = m.constants();
            trace::of_energy_by_mixing(|x| m.energy(x, sigma), x)
        }),
        ("energy, forward over forward", |m, x, sigma| {
            let m = m.constants().constants();
            trace::of_energy_by_forward(|x| m.energy(x, sigma), x)
        }),
    ]
}

/// ψ and tr J of a network, from its parameters and x.
pub type OfNetwork<A = Matrix> =
    for<'t> fn(&ScoreNetwork<Var<'t, A>>, &Var<'t, A>) -> (Var<'t, A>, Var<'t, A>);

/// The routes for a network; the first is for one or two hidden layers.
pub fn network_routes<A: Array>() -> [(&'static str, OfNetwork<A>); 5] {
    [
        ("closed form", |m, x| m.score_and_trace(x)),
        ("forward, all axes at once", |m, x| {
            let m = m.constants();
            trace::of_score(|x| m.score(x), x)
        }),
        ("forward, column by column", |m, x| {
            let m = m.constants();
            trace::of_score_by_columns(|x| m.score(x), x)
        }),
        ("reverse", |m, x| trace::of_score_by_reverse(|x| m.score(x), x)),
        ("columns of J, layer by layer", |m, x| m.score_and_trace_at_any_depth(x)),
    ]
}

/// ψ, tr J and ISM of every sample, and the gradient of its mean by each parameter.
fn quantities<A: Array>(pair: (Var<'_, A>, Var<'_, A>), theta: &[Var<'_, A>]) -> Vec<A> {
    let each = objective::implicit(pair);
    let mut all = vec![pair.0.value(), pair.1.value(), each.value()];
    all.extend(each.mean().gradient(theta));
    all
}

/// T12: ψ, tr J, ISM and its gradients for an autoencoder at x̃, by one of the routes.
pub fn of_autoencoder<A: Array>(i: &Instance<A>, route: OfAutoencoder<A>) -> Vec<A> {
    let tape = Tape::new();
    let Instance { model, noisy, sigma, .. } = i.on(&tape);
    quantities(route(&model, &noisy, sigma), &model.into_list())
}

/// T12 and T28: the same for a network at x.
pub fn of_network<A: Array>(i: &NetworkBatch<A>, route: OfNetwork<A>) -> Vec<A> {
    let tape = Tape::new();
    let NetworkBatch { network, x } = i.on(&tape);
    quantities(route(&network, &x), &network.into_list())
}
