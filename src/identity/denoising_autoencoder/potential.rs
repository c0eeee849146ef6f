//! T11, the converse: a field with a symmetric Jacobian has a potential, its integral along any path.

use super::Instance;
use crate::{array::Array, identity::Sides, matrix::Matrix, quadrature::Rule};

/// ∫₀¹ ⟨ψ(x + t(y − x)), y − x⟩ dt from every row of x to that of y: (n, d), (n, d) → (n, 1).
///
/// T11, the converse: if J is symmetric everywhere in ℝᵈ, the integral depends on the ends alone, and is
/// the potential of ψ (Poincaré's lemma).
pub fn path_integral(
    psi: impl Fn(&Matrix) -> Matrix,
    [x, y]: [&Matrix; 2],
    nodes: usize,
) -> Matrix {
    let (rule, way) = (Rule::gauss_legendre(0.0, 1.0, nodes), y.clone() - x);
    let term = |k: usize| {
        let at = way.clone() * rule.nodes.at(k, 0) + x;
        psi(&at).inner(&way) * rule.weights.at(k, 0)
    };
    (0..nodes).map(term).fold(Matrix::zeros(x.rows(), 1), |sum, term| sum + term)
}

/// T11: what E falls by from x to x̃, as the integral of ψ and as a difference, for an instance with no
/// number beyond ±1.
///
/// An argument of a sigmoid moves by at most 2d ≤ 16 along the segment, and the poles of the sigmoid
/// are at a distance of π: so the integrand is analytic around the segment, at 0.39 of its half length,
/// and 64 nodes leave an error of 1.46⁻¹²⁸ = 10⁻²¹ of its size.
pub(super) fn fall(i: &Instance) -> Sides {
    const NODES: usize = 64;
    let integral = path_integral(|x| i.model.score(x, i.sigma), [&i.x, &i.noisy], NODES);
    let energy = |x: &Matrix| i.model.energy(x, i.sigma);
    // Terms of ψ: h + 2 in each dimension, times 2 for the way. Those of E: d, ½d, and h softplus, each
    // at most d + 1 + log 2, at two points. With d, h ≤ 8 both sums are below 256.
    let magnitude = integral.clone() * 0.0 + 256.0 / (i.sigma * i.sigma);
    let fall = energy(&i.x) - energy(&i.noisy);
    Sides::integrals([vec![integral], vec![fall]], vec![magnitude], NODES)
}
