//! Symmetric positive definite systems.
