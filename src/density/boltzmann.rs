//! The density of an energy: p = e^(−E)/Z ([T1](crate::identity::energies_and_scores)).
//!
//! The partition function Z = ∫ e^(−E) is what makes energy models hard: in general it has no closed
//! form, and quadrature serves only in one or two dimensions. There it serves well, and shows what the
//! score does not need: ∇ log p = −∇E, free of Z. One family in which Z is a finite sum, whatever the
//! dimension, is [`SoftplusMixture`](super::SoftplusMixture).

use super::{Density, drawn};
use crate::{
    array::Array,
    autodiff::{Tape, Var},
    matrix::{Matrix, noise::Generator},
    quadrature::{Rule, expectation},
};

/// e^(−E)/Z on the nodes' range, with Z by the trapezoid rule.
///
/// ```
/// use score_matching::{density::Boltzmann, prelude::*, quadrature::Rule};
///
/// // E(x) = ½x² + 1, so that Z = √(2π)/e
/// let rule = Rule::trapezoid(-9.0, 9.0, 60);
/// let q = Boltzmann::new(|x| x.squared_norm() * 0.5 + 1.0, rule);
/// assert!((q.log_partition() + 1.0 - 0.5 * std::f64::consts::TAU.ln()).abs() < 1e-13);
/// assert_eq!(q.score(&Matrix::from_rows([[2.0]])).item(), -2.0); // −E′, free of Z
/// ```
pub struct Boltzmann<E> {
    energy: E,
    rule: Rule,
    log_z: f64,
}

/// log Z = log ∫ e^(−E) as a formula, from the energies (m, 1) at the rule's nodes: (1, 1).
///
/// As everywhere, the largest term is taken out before the exponential: `lowest` is the least
/// energy, or any number near it. It changes nothing but the range of the numbers.
///
/// ```
/// use score_matching::{density::boltzmann::log_partition, prelude::*, quadrature::Rule};
///
/// let energy = Matrix::from_rows([[3.0], [3.0], [3.0]]); // ∫ e^(−3) over [0, 1]
/// assert_eq!(log_partition(&energy, &Rule::trapezoid(0.0, 1.0, 2), 3.0).item(), -3.0);
/// ```
#[track_caller]
pub fn log_partition<A: Array>(energy: &A, rule: &Rule, lowest: f64) -> A {
    expectation(&rule.weights, &(-energy.clone() + lowest).exp()).ln() - lowest
}

impl<E> std::fmt::Debug for Boltzmann<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Boltzmann").field("log_z", &self.log_z).finish_non_exhaustive()
    }
}

impl<E: for<'t> Fn(&Var<'t>) -> Var<'t>> Boltzmann<E> {
    /// From an energy (n, d) → (n, 1), and a rule whose nodes cover where e^(−E) is not negligible.
    ///
    /// # Panics
    /// If the energy is not a number or −∞ at a node, a weight is negative or not finite, or there is
    /// no mass on the nodes: each has an infinite energy or no weight.
    #[track_caller]
    pub fn new(energy: E, rule: Rule) -> Self {
        let energies = Self::energies(&energy, &rule.nodes);
        let mut lowest = f64::INFINITY;
        for (&energy, &weight) in energies.data().iter().zip(rule.weights.data()) {
            assert!(energy > f64::NEG_INFINITY, "an energy of {energy}: a number or ∞ expected");
            assert!(
                weight >= 0.0 && weight.is_finite(),
                "weight {weight}: a number from 0 on expected"
            );
            if weight > 0.0 {
                lowest = lowest.min(energy);
            }
        }
        assert!(lowest < f64::INFINITY, "e^(−E) is 0 at every node that has a weight");
        let log_z = log_partition(&energies, &rule, lowest).item();
        assert!(log_z.is_finite(), "log Z = {log_z}: a finite number expected");
        Self { energy, rule, log_z }
    }

    /// E at the rows of x, as numbers: (n, d) → (n, 1).
    fn energies(energy: &E, x: &Matrix) -> Matrix {
        let tape = Tape::new();
        energy(&tape.var(x)).value()
    }

    /// log Z
    pub const fn log_partition(&self) -> f64 {
        self.log_z
    }
}

impl<E: for<'t> Fn(&Var<'t>) -> Var<'t>> Density for Boltzmann<E> {
    fn dimension(&self) -> usize {
        self.rule.nodes.cols()
    }

    fn log_density(&self, x: &Matrix) -> Matrix {
        -Self::energies(&self.energy, x) - self.log_z
    }

    /// −∇E
    fn score(&self, x: &Matrix) -> Matrix {
        let tape = Tape::new();
        let x = tape.var(x);
        -(self.energy)(&x).sum().gradient(&[x]).remove(0)
    }

    /// Samples of the rule's nodes with their weights: as fine as the rule.
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        let rows = drawn(self.rule(&self.rule).weights.data(), n, rng);
        self.rule.nodes.select(&rows)
    }
}
