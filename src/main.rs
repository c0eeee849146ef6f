//! Draws every figure.
fn main() {}
