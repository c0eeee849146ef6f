//! What the theorems rest on: matrices, derivatives, densities, samplers.

mod bridge;
mod callers;
#[path = "../common/mod.rs"]
mod common;
mod conditional_network;
mod density;
mod determinism;
mod discrepancy;
mod door;
mod elementwise;
mod empty;
mod grid;
mod metropolis;
mod noise;
mod noise_scales;
mod sampler;
mod sums;
mod tape;
mod vocabulary;
