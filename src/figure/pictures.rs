//! The pictures, one file each, and their catalogue.

mod annealing;
mod blindness;
mod boundary;
mod contrastive_divergence;
mod curl;
mod denoising;
mod derivatives;
mod digit_samples;
mod efficiency;
mod equivalence;
mod evening;
mod explicit_implicit;
mod filters;
mod fisher_kl;
mod floor;
mod identities;
mod langevin;
mod level_losses;
mod mode_weights;
mod noise_scales;
pub(super) mod own_table;
mod parzen;
mod pipeline;
mod score_fields;
mod shapes;
mod speed;
mod step_size;
mod tape;
mod traces;
mod training;
mod tweedie;

#[cfg(test)]
mod series;

/// What a picture draws with: each file names in full only what it draws.
mod prelude {
    pub(super) use crate::figure::{
        Error, Motion, Picture, Studio,
        studio::Shape,
        tools::{
            Anchor::{End, Middle, Start},
            ArrowScale, Axis, Canvas, Colour, ColourScale, Film, GREEN, GREY, INK, Mesh, NAVY,
            OCHRE, Panel, Point, RED, Rect, Surface, Tiles, VIOLET, WHITE, extremes, points,
            two_digits,
        },
    };
}

use super::{
    Drawing::{Moving, Still},
    Figure,
};

/// One row for each figure: its name and what it shows. The module of its name draws it, or the function
/// that stands after `by`.
macro_rules! catalogue {
    ($($kind:ident $name:ident $(by $draw:path)?: $shows:literal,)*) => {
        &[$(Figure {
            name: stringify!($name),
            shows: $shows,
            draw: $kind(catalogue!(@$name $($draw)?)),
        }),*]
    };
    (@$name:ident) => { $name::draw };
    (@$name:ident $draw:path) => { $draw };
}

/// The catalogue. Neighbours are drawn at the same time, so two figures that wait for one training do not
/// stand side by side.
pub const ALL: &[Figure] = catalogue! {
    Still evening_1 by evening::draw::<1>: "an evening: data, and the score that is to be learned",
    Still evening_2 by evening::draw::<2>: "an evening: noise, the way back, and the loss that falls",
    Still evening_3 by evening::draw::<3>: "an evening: the learned score beside the exact one",
    Still evening_4 by evening::draw::<4>: "an evening: from noise to samples by the learned score",
    Still filters: "the rows of W that a denoising autoencoder has learned from digits",
    Still denoising:
        "held-out digits: clean, corrupted, and restored by the autoencoder and linearly",
    Still training: "DSM against epochs, with DAE/(2σ⁴) from another code path on the same curve",
    Still equivalence: "DSM = DAE/(2σ⁴) for hundreds of random models, to rounding",
    Still curl: "tied, untied and sigmoid decoders: a score has no curl",
    Still explicit_implicit:
        "ESM and ISM along a line in θ: parallel curves ½I(q) apart, with one minimiser",
    Still boundary:
        "what implicit score matching misses where a density ends with a step, and its repair",
    Still floor: "the loss of the perfect score against σ, plain and with its control variate",
    Still score_fields: "the score of the pinwheel, and what five objectives have learned of it",
    Still traces: "the cost of the exact trace by each route, and the error of random directions",
    Still tweedie:
        "corrupted points and where the best denoiser sends them, with what it cannot know",
    Still parzen: "the Parzen density and score of thirty points at three noise levels",
    Still efficiency:
        "score matching against maximum likelihood for exp(−θx⁴), over repeated samples",
    Still blindness:
        "what score matching pays for the weight of two modes, against their distance",
    Still fisher_kl:
        "the slope of KL under noise is F/2; two far modes have no F but keep their KL",
    Still langevin: "ascent, Langevin and the Metropolis-adjusted chain from one start",
    Still step_size: "the variance of a chain with a fixed step, predicted and measured",
    Still mode_weights:
        "two far modes by plain and annealed Langevin: samples, weights, where they freeze",
    Still noise_scales: "a pinwheel at four noise levels, its exact score and the learned one",
    Still level_losses:
        "loss, gradient noise and what is learned, level by level, for λ = σ² and λ = 1",
    Still shapes: "a pinwheel, two moons and a spiral, and what annealed Langevin draws of them",
    Still digit_samples: "digits out of noise, level by level, judged by numbers",
    Moving annealing: "particles flow to the pinwheel as σ falls",
    Still contrastive_divergence:
        "CD-1 against implicit score matching as the step shrinks, and what a long step costs",
    Still derivatives:
        "the sigmoid and its first six derivatives, each by differentiating the last",
    Still tape: "one small loss on the tape: every operation with its value and its adjoint",
    Still speed: "products, steps beside JAX and growth, as the benches measured them",
    Still identities: "every theorem on random instances, and every counterexample far above",
    Still pipeline: "one digit through every step, to its loss, to new parameters and to a sample",
};
