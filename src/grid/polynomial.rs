//! Polynomials as numbers: a formula read with them *is* its own expansion.
//!
//! Every parameter and every coordinate is an indeterminate, every f64 is a rational number with a
//! power of two below, and nothing rounds. What comes out is in a normal form. So two formulas that
//! give the same polynomial are the same function of everything in them, wherever both are defined
//! and differentiable: **one evaluation proves an identity for all θ and all x at once**, at the given
//! shape. Two that differ are told apart by their difference, a polynomial that can be read.
//!
//! What is no polynomial becomes an indeterminate of its own: a new symbol sigmoid(u) for each
//! polynomial u. Nothing is known of it but its derivative ([`Function::derivative`]) and
//!
//! ```text
//! sigmoid(−u) = 1 − sigmoid(u)    softplus(−u) = softplus(u) − u    tanh u = 2 sigmoid(2u) − 1
//! sigmoid′(u) = sigmoid(u) sigmoid(−u)
//! ```
//!
//! 1/u is a negative power if u is ± a power of two times symbols. So equality here is always
//! equality; a difference is one unless it rests on a relation not listed, like e^(u+v) = eᵘeᵛ.
//!
//! ```
//! use score_matching::{Array, Tape, grid::Exact};
//!
//! let tape = Tape::new();
//! let x = tape.var(&Exact::named("x", 1, 1));
//! let slope = (x * x * x).gradient(&[x]).remove(0);
//! assert_eq!(slope.at(0, 0).to_string(), "3 x²"); // at every x
//! ```

mod dyadic;
mod gaussian;
mod text;

pub use dyadic::Dyadic;
pub use gaussian::pairings;

use super::{Grid, Number};
use crate::array::Function;
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// The exact reading of a formula.
pub type Exact = Grid<Polynomial>;

impl Exact {
    /// An array of indeterminates: w₁₁, w₁₂, … or b₁, b₂, … or σ. From ten rows or columns on the two
    /// indices are kept apart, so that w₁,₁₁ and w₁₁,₁ are two letters.
    pub fn named(name: &str, rows: usize, cols: usize) -> Self {
        let place =
            |i: usize, of: usize| if of > 1 { digits(i + 1, 0x2080) } else { String::new() };
        let comma = if rows.max(cols) > 9 && rows.min(cols) > 1 { "," } else { "" };
        Self::from_fn(rows, cols, |i, j| {
            Polynomial::symbol(&format!("{name}{}{comma}{}", place(i, rows), place(j, cols)))
        })
    }

    /// How many terms all entries have together.
    pub fn terms(&self) -> usize {
        self.entries.iter().map(Polynomial::terms).sum()
    }

    /// What stands at σᵃ in every entry, for one indeterminate σ.
    ///
    /// # Panics
    /// If σ stands inside a function.
    pub fn coefficient(&self, sigma: &Self, a: i32) -> Self {
        let power = |powers: &[i32]| Dyadic::whole((powers.iter().sum::<i32>() == a).into());
        self.map(|p| p.replace_powers(sigma, power))
    }
}

/// The decimal digits of i from another row of the Unicode table: ₁₂.
fn digits(i: usize, zero: u32) -> String {
    i.to_string().bytes().filter_map(|b| char::from_u32(zero + u32::from(b - b'0'))).collect()
}

/// An indeterminate, by its place in the table of its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Symbol(usize);

/// What a symbol stands for.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Meaning {
    /// A parameter or a coordinate.
    Name(String),
    /// φ(u)
    Applied(Function, Polynomial),
}

/// The meanings by place, and the places by meaning.
type Table = (Vec<Rc<Meaning>>, HashMap<Rc<Meaning>, usize>);

thread_local! {
    /// The same meaning has the same symbol, in the whole thread.
    static TABLE: RefCell<Table> = RefCell::default();
}

impl Symbol {
    fn of(meaning: Meaning) -> Self {
        TABLE.with_borrow_mut(|(meanings, places)| {
            let meaning = Rc::new(meaning);
            let place = *places.entry(Rc::clone(&meaning)).or_insert(meanings.len());
            if place == meanings.len() {
                meanings.push(meaning);
            }
            Self(place)
        })
    }

    fn meaning(self) -> Rc<Meaning> {
        TABLE.with_borrow(|(meanings, _)| Rc::clone(&meanings[self.0]))
    }

    /// Whether one of these symbols stands in what it means.
    fn contains(self, symbols: &[Self]) -> bool {
        match &*self.meaning() {
            Meaning::Name(_) => symbols.contains(&self),
            Meaning::Applied(_, u) => {
                u.0.iter().any(|(m, _)| m.iter().any(|(s, _)| s.contains(symbols)))
            }
        }
    }
}

/// x₁^a₁ x₂^a₂ …, sorted, with no exponent 0. Many polynomials share one. An `Rc` cannot be sent to
/// another thread, where the symbols would mean something else.
type Monomial = Rc<[(Symbol, i32)]>;

/// Σ c x₁^a₁ x₂^a₂ …, sorted by their monomials, which all differ, with no c = 0; exponents may be
/// negative. A copy shares the terms, for a formula copies its arrays wherever it needs them twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Polynomial(Rc<[(Monomial, Dyadic)]>);

impl Polynomial {
    /// The indeterminate of that name.
    pub fn symbol(name: &str) -> Self {
        Self::one(Meaning::Name(name.into()))
    }

    fn one(meaning: Meaning) -> Self {
        Self([([(Symbol::of(meaning), 1)].into(), Dyadic::whole(1))].into())
    }

    /// The normal form of a sum of terms in any order.
    fn of_terms(terms: impl Iterator<Item = (Monomial, Dyadic)>) -> Self {
        let mut terms: Vec<_> = terms.collect();
        terms.sort_by(|(m, _), (n, _)| m.cmp(n));
        terms.dedup_by(|(next, e), (kept, c)| {
            let same = next == kept;
            if same {
                *c = c.plus(*e);
            }
            same
        });
        terms.retain(|(_, c)| *c != Dyadic::ZERO);
        Self(terms.into())
    }

    /// The number of its terms; 0 has none.
    pub fn terms(&self) -> usize {
        self.0.len()
    }

    /// The same polynomial read with other numbers: each letter has the one that `at` gives it.
    pub fn read<N: Number>(&self, at: &impl Fn(&str) -> N) -> N {
        let power = |(symbol, a): &(Symbol, i32)| {
            let x = match &*symbol.meaning() {
                Meaning::Name(name) => at(name),
                Meaning::Applied(f, u) => u.read(at).apply(*f),
            };
            let x = if *a > 0 { x } else { x.apply(Function::Reciprocal) };
            (1..a.unsigned_abs()).fold(x.clone(), |product, _| product.times(&x))
        };
        let start = |c: &Dyadic| N::of(c.to_f64());
        let product =
            |(m, c): &(Monomial, Dyadic)| m.iter().map(power).fold(start(c), |p, x| p.times(&x));
        N::sum(self.0.iter().map(product))
    }

    /// The linear map that replaces the powers of some indeterminates by a number.
    fn replace_powers(&self, of: &Exact, by: impl Fn(&[i32]) -> Dyadic) -> Self {
        let symbols: Vec<Symbol> = of.entries.iter().map(Self::as_symbol).collect();
        Self::of_terms(self.0.iter().map(|(monomial, c)| {
            let (drawn, kept): (Vec<(Symbol, i32)>, Vec<_>) =
                monomial.iter().partition(|(s, _)| symbols.contains(s));
            let inside = kept.iter().any(|(s, _)| s.contains(&symbols));
            assert!(!inside, "an indeterminate inside a function: {self}");
            let powers: Vec<i32> = drawn.iter().map(|(_, a)| *a).collect();
            (kept.into(), c.times(by(&powers)))
        }))
    }

    fn as_symbol(&self) -> Symbol {
        if let [(m, c)] = &*self.0
            && *c == Dyadic::whole(1)
            && let [(symbol, 1)] = m[..]
            && let Meaning::Name(_) = *symbol.meaning()
        {
            return symbol;
        }
        panic!("an indeterminate expected, not {self}")
    }
}

/// x₁^a₁ … y₁^b₁ …, the powers of one indeterminate brought together.
fn product(m: &Monomial, n: &Monomial) -> Monomial {
    if m.is_empty() || n.is_empty() {
        return Rc::clone(if m.is_empty() { n } else { m });
    }
    let mut powers = [&m[..], n].concat();
    powers.sort_unstable();
    powers.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.checked_add(next.1).expect("an exponent of 31 bits");
        }
        same
    });
    powers.retain(|(_, a)| *a != 0);
    powers.into()
}

impl Number for Polynomial {
    fn of(x: f64) -> Self {
        Self::of_terms([([].into(), Dyadic::of(x))].into_iter())
    }

    fn plus(self, y: &Self) -> Self {
        Self::of_terms(self.0.iter().chain(&*y.0).cloned())
    }

    fn times(&self, y: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|left| y.0.iter().map(move |right| (left, right)));
        Self::of_terms(pairs.map(|((m, c), (n, e))| (product(m, n), c.times(*e))))
    }

    /// All terms at once: one sum after the other would sort the first terms again and again.
    fn sum(terms: impl Iterator<Item = Self>) -> Self {
        let polynomials: Vec<Self> = terms.collect();
        Self::of_terms(polynomials.iter().flat_map(|p| p.0.iter().cloned()))
    }

    fn apply(&self, f: Function) -> Self {
        use Function::{Ln, Reciprocal, Sigmoid, SigmoidSlope, Softplus, Tanh};
        let times = |p: &Self, a: f64| p.times(&Self::of(a));
        // Of u and −u, exactly one has a last coefficient below 0; it is expressed by the other.
        let turned = self.0.last().is_some_and(|(_, c)| c.is_negative());
        match (f, self.0.first()) {
            (Reciprocal, Some((m, c))) if self.terms() == 1 && c.is_power_of_two() => {
                let inverse = m.iter().map(|(s, a)| (*s, -a)).collect();
                Self([(inverse, c.reciprocal())].into())
            }
            (Reciprocal | Ln, None) => panic!("{f:?} of the polynomial 0"),
            (Tanh, _) => times(&times(self, 2.0).apply(Sigmoid), 2.0).plus(&Self::of(-1.0)),
            (SigmoidSlope, _) => self.apply(Sigmoid).times(&times(self, -1.0).apply(Sigmoid)),
            (Sigmoid, None) => Self::of(0.5), // u = 0 = −u
            (Sigmoid, _) if turned => Self::of(1.0).plus(&times(&times(self, -1.0).apply(f), -1.0)),
            (Softplus, _) if turned => times(self, -1.0).apply(f).plus(self),
            _ => Self::one(Meaning::Applied(f, self.clone())),
        }
    }
}
