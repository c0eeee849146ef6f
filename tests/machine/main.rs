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
mod edges;
mod elementwise;
mod far_out;
mod grid;
mod metropolis;
mod noise_scales;
mod sampler;
mod singular;
mod tape;
mod vocabulary;
