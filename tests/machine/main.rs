//! What the theorems rest on: matrices, derivatives, densities, samplers.

mod bridge;
mod callers;
#[path = "../common/mod.rs"]
mod common;
mod conditional_network;
mod defaults;
mod density;
mod determinism;
mod discrepancy;
mod domains;
mod door;
mod edges;
mod elementwise;
mod empty;
mod experiments;
mod far_out;
mod graphs;
mod grid;
mod lost_chains;
mod metropolis;
mod noise;
mod noise_scales;
mod optimizer;
mod oracle;
mod quadrature;
mod refusals;
mod rejections;
mod rows;
mod sampler;
mod singular;
mod streams;
mod sums;
mod tape;
mod training;
mod units;
mod vocabulary;
