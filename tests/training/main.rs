//! Models are trained, and judged by what is known of the truth.

mod bumps;
mod contrastive_training;
mod digits;
mod exact_likelihood;
mod level_gradients;
mod objectives;
mod pinwheel;
mod samples;
