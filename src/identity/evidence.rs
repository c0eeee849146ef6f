//! The kinds of evidence.

/// On what a comparison rests, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// Both sides are the same polynomial: equal for all parameters and all points of a shape.
    Proof,
    /// Both sides are the same bits.
    Exact,
    /// They differ by no more than rounding can explain.
    Rounding,
    /// The same for integrals that have converged, as doubling the nodes or a closed form shows.
    Quadrature,
    /// A mean is within 6 standard errors of what it should be: a false alarm of 2·10⁻⁹.
    MonteCarlo,
}

impl Evidence {
    /// As a figure and a table call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Exact => "exact",
            Self::Rounding => "rounding",
            Self::Quadrature => "quadrature",
            Self::MonteCarlo => "Monte Carlo",
        }
    }
}
