//! T33: for σ² = 1/k the softplus energy of a tied denoising autoencoder is a mixture of Gaussians.
//!
//! What makes it one is the binomial theorem and a completed square:
//!
//! ```text
//! Πⱼ (1 + tⱼ)ᵏ = Σₙ Πⱼ C(k, nⱼ) tⱼ^(nⱼ),   tⱼ = e^(⟨Wⱼ, x⟩ + bⱼ),  0 ≤ nⱼ ≤ k
//! k⟨c, x⟩ − ½k‖x‖² + ⟨n, Wx + b⟩ = −½k‖x − μₙ‖² + ½k‖μₙ‖² + ⟨n, b⟩,   μₙ = c + Wᵀn/k
//! ```
//!
//! The first holds for whole k only, and for other k no mixture will do: if (1 + t)ᵏ were a sum of
//! powers of t with positive weights, every matrix [(1 + zᵢzⱼ)ᵏ] would be positive semidefinite.
//!
//! The density itself, with its samples, is [`SoftplusMixture`](crate::density::SoftplusMixture).
//!
//! The page: `proofs/softplus_mixture.md`.

use super::{
    Claim, Evidence, Sides, Theorem, enclosed,
    energies_and_scores::{SoftplusEnergy, with_a_closed_form},
};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    density::softplus_mixture::{Expansion, binomials},
    grid::{Exact, Grid, Number, Polynomial},
    matrix::Matrix,
    model::{Autoencoder, Parameters},
};
use rand::{Rng, RngExt};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 33,
    statement: "for σ² = 1/k, k = 1, 2, …, a softplus energy is a mixture of (k + 1)ʰ Gaussians",
    claims: &[
        Claim::one(
            "Πⱼ (1 + tⱼ)ᵏ = Σₙ Πⱼ C(k, nⱼ) tⱼ^(nⱼ)",
            "k, h = 1, 2, 3, every t",
            || {
                Sides::proofs(
                    SIZES.map(|(h, k)| [vec![powers_of_sums(h, k)], vec![expanded(h, k)]]),
                )
            },
        ),
        Claim::one(
            "the square that is left is −½k‖x − μₙ‖² + ½k‖μₙ‖²",
            EVERY,
            || Sides::proof(completed_square(1.0)),
        ),
        Claim::one(
            "Σₙ ρₙ = 1 and Σₙ ρₙ kμₙ = k r(x), with the binomial ρ",
            POSTERIOR,
            || Sides::proofs(SIZES.map(|(h, k)| posterior_mean(h, k))),
        ),
        Claim::one(
            "k = ½ is none: det [√(1 + zᵢzⱼ)] = −1/75",
            "z = 0, 11/60, 12/5",
            || Sides::exact(certificate()),
        ),
        Claim::any(
            "−E and its slope, from the Gaussians",
            "random θ, h, k up to 3, d = 2",
            |rng| {
                let (i, k) = in_the_plane(rng);
                Sides::rounding(mixed(&i, k), mixed(&enclosed(&i), k))
            },
        ),
        Claim::any("𝔼x and 𝔼x²", "random θ, h up to 3, k up to 4, on the line", |rng| {
            let (i, k) = with_a_closed_form(rng);
            Sides::rounding(moments(&i, k), moments(&enclosed(&i), k))
                .resting_on(Evidence::Quadrature)
        }),
    ],
    false_statements: &[
        Claim::one("the same without ½k‖μₙ‖² in the weights", EVERY, || {
            Sides::proof(completed_square(0.0))
        }),
        Claim::one("2ʰ Gaussians for every σ: (1 + t)ᵏ = 1 + tᵏ", "k = 2, every t", || {
            Sides::proof([vec![powers_of_sums(2, 2)], vec![two_to_the_h(2, 2)]])
        }),
        Claim::one("the binomial series for k = 3/2, to n = 4", "d, h = 2", || {
            let i = example(1.5);
            Sides::rounding(series(&i, 1.5, 4), series(&enclosed(&i), 1.5, 4))
                .resting_on(Evidence::Quadrature)
        }),
    ],
}];

const EVERY: &str = "d = 2, h = 3, every W, b, c, x, n and k";
const POSTERIOR: &str = "d = 2, k, h = 1, 2, 3, every θ and x";

/// h and k of the proofs.
const SIZES: [(usize, usize); 9] =
    [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3)];

/// θ and x as letters: d = 2.
fn every(h: usize) -> (Autoencoder<Exact>, Exact) {
    let (w, b) = (Exact::named("W", h, 2), Exact::named("b", 1, h));
    (Autoencoder { w, b, c: Exact::named("c", 1, 2), a: None }, Exact::named("x", 1, 2))
}

/// Πⱼ tⱼ^(nⱼ)
fn monomial<'a>(powers: impl Iterator<Item = (&'a Polynomial, usize)>) -> Polynomial {
    powers.fold(Polynomial::of(1.0), |product, (t, n)| (0..n).fold(product, |p, _| p.times(t)))
}

/// Πⱼ (1 + tⱼ)ᵏ: (1, 1).
pub fn powers_of_sums(h: usize, k: usize) -> Exact {
    let sums = Exact::named("t", 1, h) + 1.0;
    Exact::from_fn(1, 1, |_, _| monomial(sums.entries().iter().map(|t| (t, k))))
}

/// Πⱼ (1 + tⱼᵏ): (1, 1).
pub fn two_to_the_h(h: usize, k: usize) -> Exact {
    let powers = Exact::named("t", 1, h).map(|t| monomial([(t, k)].into_iter()));
    Exact::from_fn(1, 1, |_, _| monomial((powers.clone() + 1.0).entries().iter().map(|t| (t, 1))))
}

/// n of each of the (k + 1)ʰ terms.
fn all_counts(h: usize, k: usize) -> Vec<Vec<usize>> {
    let [w, b, c] = [(h, 1), (1, h), (1, 1)].map(|(rows, cols)| Matrix::<f64>::zeros(rows, cols));
    let counts = Expansion::whole(&Autoencoder { w, b, c, a: None }, k).counts;
    (0..counts.rows()).map(|i| counts.row(i).iter().map(|n| *n as usize).collect()).collect()
}

/// Σₙ Πⱼ C(k, nⱼ) tⱼ^(nⱼ), with the terms and their multiplicities of the density: (1, 1).
pub fn expanded(h: usize, k: usize) -> Exact {
    let (t, counts) = (Exact::named("t", 1, h), all_counts(h, k));
    let term = |i: usize, _| monomial(t.entries().iter().zip(counts[i].iter().copied()));
    let terms = Exact::from_fn(counts.len(), 1, term);
    Expansion::whole(&every(h).0, k).multiplicities.tn(&terms)
}

/// k⟨c, x⟩ − ½k‖x‖² + ⟨n, Wx + b⟩, and −½k‖x − μ‖² + ½k‖μ‖² + ⟨n, b⟩ with `share` of the second
/// term, for every n and k. What the decoder makes of n/k is μ.
pub fn completed_square(share: f64) -> [Vec<Exact>; 2] {
    let (model, x) = every(3);
    let (n, k) = (Exact::named("n", 1, 3), Exact::named("k", 1, 1));
    let hidden = x.nt(&model.w).add_row(&model.b);
    let centre = model.decode(n.clone() * k.clone().reciprocal().linear(Linear::Spread(3)));
    let left = (x.inner(&model.c) - x.squared_norm() * 0.5) * &k + n.inner(&hidden);
    let squares = centre.squared_norm() * share - (x - centre).squared_norm();
    [vec![left], vec![squares * &k * 0.5 + n.inner(&model.b)]]
}

/// Σ ρ and Σ ρ kμ for ρₙ = Πⱼ C(k, nⱼ) sⱼ^(nⱼ) (1 − sⱼ)^(k − nⱼ), s = sigmoid(Wx + b); 1 and k
/// r(x). With the posterior ρ of the components k(Σ ρμ − x) is the score of a mixture.
pub fn posterior_mean(h: usize, k: usize) -> [Vec<Exact>; 2] {
    let ((model, x), counts) = (every(h), all_counts(h, k));
    let on = model.encode(&x);
    let off = -on.clone() + 1.0;
    let all = Expansion::whole(&model, k);
    let rho = Exact::from_fn(counts.len(), 1, |i, _| {
        let (on, off) = (on.entries().iter(), off.entries().iter());
        let powers = on.zip(counts[i].iter().copied());
        monomial(powers.chain(off.zip(counts[i].iter().map(|n| k - n))))
    });
    let rho = rho * &all.multiplicities;
    let one = x.constant(1, 1, |_, _| 1.0);
    let reconstructed = model.reconstruct(&x) * k as f64;
    [vec![rho.clone().sum(), rho.tn(&all.centres)], vec![one, reconstructed]]
}

/// With z = 0, 11/60, 12/5 and M = [√(1 + zᵢzⱼ)], everything in 60ths, which are whole numbers:
/// 3600 Mᵢⱼ² and 60³ det M; 3600(1 + zᵢzⱼ) and −60³/75. The squares are those of 11² + 60² = 61²
/// and its like.
pub fn certificate() -> [Vec<Matrix>; 2] {
    let z = Matrix::from_rows([[0.0], [11.0], [144.0]]);
    let roots = Matrix::from_rows([[60.0, 60.0, 60.0], [60.0, 61.0, 72.0], [60.0, 72.0, 156.0]]);
    let determinant = determinant(&Grid::from_matrix(&roots, |x| x));
    let determinants = [determinant, -60.0 * 60.0 * 60.0 / 75.0].map(|d| Matrix::from_rows([[d]]));
    let [left, right] = determinants;
    [vec![roots.clone() * &roots, left], vec![z.nt(&z) + 3600.0, right]]
}

/// By the first row, again and again.
pub fn determinant<N: Number>(m: &Grid<N>) -> N {
    let (n, _) = m.shape();
    if n == 0 {
        return N::of(1.0);
    }
    N::sum((0..n).map(|j| {
        let other = |l: usize| l + usize::from(l >= j);
        let minor = Grid::from_fn(n - 1, n - 1, |i, l| m.at(i + 1, other(l)).clone());
        let sign = if j % 2 == 0 { 1.0 } else { -1.0 };
        m.at(0, j).times(&N::of(sign)).times(&determinant(&minor))
    }))
}

/// [(1 + zᵢzⱼ)ᵏ] for z (n, 1), every 1 + zᵢzⱼ positive: (n, n). If (1 + t)ᵏ were ∫ tᵃ dν(a) with a
/// positive ν, this would be positive semidefinite.
pub fn kernel<A: Array>(z: &A, k: f64) -> A {
    ((z.nt(z) + 1.0).ln() * k).exp()
}

/// A random energy in the plane with σ² = 1/k for k up to 3, and k.
fn in_the_plane(rng: &mut impl Rng) -> (SoftplusEnergy, usize) {
    let (h, k) = (rng.random_range(1..=3), rng.random_range(1..=3));
    let i = SoftplusEnergy::random((2, h), rng);
    (SoftplusEnergy::new(i.model, (k as f64).recip().sqrt(), i.x), k)
}

/// log Σₙ a e^(⟨n, b⟩ + ½k‖μ‖²) e^(−½k‖x − μ‖²) and its gradient by x, Gaussian by Gaussian; −E and
/// the score.
pub fn mixed<A: Array>(i: &SoftplusEnergy<A>, k: usize) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let on = i.on(&tape);
    let ((n, _), (h, _)) = (i.x.shape(), i.model.w.shape());
    let (powers, size) = (binomials(k as f64, k), k as f64);
    let gaussian = |term| {
        let one = Expansion::of(&on.model, size, &powers, term..term + 1);
        let log_weight = one.multiplicities.ln() + one.exponents;
        let apart = on.x.add_row(&(one.centres * (-1.0 / size)));
        (apart.squared_norm() * (-0.5 * size) + log_weight.linear(Linear::Tile(n))).exp()
    };
    let all = (1..(k + 1).pow(h as u32)).fold(gaussian(0), |sum, term| sum + gaussian(term));
    let log = all.ln();
    let slope = log.sum().gradient(&[on.x]).remove(0);
    [vec![log.value(), slope], vec![-i.energy(&i.x), i.model.score(&i.x, i.sigma)]]
}

/// 𝔼x and 𝔼x² by the nodes, and from the centres: Σ wμ and Σ wμ² + 1/k.
pub fn moments<A: Array>(i: &SoftplusEnergy<A>, k: usize) -> [Vec<A>; 2] {
    let both = |p: &A, x: &A| [p.tn(x), p.tn(&(x.clone() * x))];
    let p = i.probability(&i.nodes) * &i.weights;
    let all = Expansion::whole(&i.model, k);
    let weights = all.exponents.exp() * &all.multiplicities;
    let total = weights.clone().sum().reciprocal().linear(Linear::Tile(weights.shape().0));
    let inverse = 1.0 / k as f64;
    let [mean, square] = both(&(weights * total), &(all.centres * inverse));
    [both(&p, &i.nodes).into(), vec![mean, square + inverse]]
}

/// log Z by the nodes, and from the binomial series of (1 + t)ᵏ for any k, cut off after t^`most`.
pub fn series<A: Array>(i: &SoftplusEnergy<A>, k: f64, most: usize) -> [Vec<A>; 2] {
    let (h, _) = i.model.w.shape();
    let terms = 0..(most + 1).pow(h as u32);
    let cut_off = Expansion::of(&i.model, k, &binomials(k, most), terms).log_partition(k);
    [vec![i.partition().ln()], vec![cut_off]]
}

/// W = ((1, −½), (½, 1)), b = (−½, ¼), c = (⅓, −¼), σ² = 1/k, at x = (½, −¾).
pub fn example(k: f64) -> SoftplusEnergy {
    let model = Autoencoder {
        w: Matrix::from_rows([[1.0, -0.5], [0.5, 1.0]]),
        b: Matrix::from_rows([[-0.5, 0.25]]),
        c: Matrix::from_rows([[1.0 / 3.0, -0.25]]),
        a: None,
    };
    SoftplusEnergy::new(model, k.recip().sqrt(), Matrix::from_rows([[0.5, -0.75]]))
}
