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
mod experiments;
mod grid;
mod lost_chains;
mod metropolis;
mod noise_scales;
mod optimizer;
mod rejections;
mod sampler;
mod streams;
mod tape;
mod training;
mod vocabulary;
