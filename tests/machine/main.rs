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
mod graphs;
mod grid;
mod metropolis;
mod noise_scales;
mod sampler;
mod tape;
mod vocabulary;
