//! 𝔼 of a polynomial over standard normal indeterminates: a sum of products of moments.

use super::{Dyadic, Exact};

impl Exact {
    /// 𝔼 over z ~ N(0, I), for an array z of indeterminates: independent coordinates, so the moments
    /// multiply.
    ///
    /// ```
    /// use score_matching::{Array, grid::Exact};
    ///
    /// let (x, z) = (Exact::named("x", 1, 1), Exact::named("z", 1, 1));
    /// let mean = (x + &z).squared_norm().gaussian_mean(&z); // 𝔼(x + z)²
    /// assert_eq!(mean.at(0, 0).to_string(), "x² + 1");
    /// ```
    ///
    /// # Panics
    /// If z stands inside a function, or with a negative power.
    #[must_use]
    pub fn gaussian_mean(&self, z: &Self) -> Self {
        let moment = |&a: &i32| pairings(usize::try_from(a).expect("a power of z, not of 1/z"));
        let all = |powers: &[i32]| powers.iter().map(moment).try_fold(1, |m, n| n?.checked_mul(m));
        let moments = |powers: &[i32]| Dyadic::whole(all(powers).expect("moments of 127 bits"));
        self.map(|p| p.replace_powers(z, moments))
    }

    /// The linear map that replaces the powers of the indeterminates z by their moment under a law.
    /// The powers of one monomial come in a list, without those that are 0. The list does not say
    /// which power belongs to which letter: the law must not change when coordinates are exchanged.
    ///
    /// # Panics
    /// If z stands inside a function, or with a negative power.
    #[must_use]
    pub fn mean_by(&self, z: &Self, moment: impl Fn(&[i32]) -> Dyadic) -> Self {
        let moment = |powers: &[i32]| {
            assert!(powers.iter().all(|&a| a > 0), "a power of z, not of 1/z");
            moment(powers)
        };
        self.map(|p| p.replace_powers(z, moment))
    }
}

/// 𝔼zⁿ for z ~ N(0, 1): the number of ways to put n points into pairs, 1, 0, 1, 0, 3, 0, 15, …, since
/// 𝔼 e^(tz) = e^(t²/2) has n!/(2ᵏ k!) at tⁿ/n!, k = n/2. The largest even n for which it fits is 56.
///
/// They are counted without that formula, and above all without 𝔼[zⁿ⁺¹] = n 𝔼[zⁿ⁻¹], which is Stein's
/// identity itself. The points are passed from left to right, with an arc from each to its partner.
/// A point either opens an arc or closes one of those that are open:
///
/// ```text
/// ways(open) ← ways(open − 1) + (open + 1) ways(open + 1)
/// ```
pub fn pairings(n: usize) -> Option<i128> {
    let mut ways = vec![1_i128]; // by the number of open arcs
    for passed in 1..=n {
        let from = |open: usize| ways.get(open).copied().unwrap_or(0);
        // What is open must find a partner among the points that are left.
        let most = passed.min(n - passed);
        let next = (0..=most).map(|open| {
            let opened = if open == 0 { 0 } else { from(open - 1) };
            let closed = from(open + 1).checked_mul(open as i128 + 1)?;
            opened.checked_add(closed)
        });
        ways = next.collect::<Option<_>>()?;
    }
    Some(ways[0])
}
