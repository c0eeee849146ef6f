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
mod elementwise;
mod grid;
mod metropolis;
mod noise_scales;
mod quadrature;
mod sampler;
mod tape;
mod units;
mod vocabulary;
