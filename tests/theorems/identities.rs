//! Every theorem of [`identity::all`]: its claims hold on every instance, its false statements do not,
//! and what they compare is neither a copy nor allowed to be far off.
//!
//! This is the net under the whole: whatever is added to the list is quantified over here. Claims
//! that are checked once, the proofs among them, are checked in `contents.rs`; that no check can miss
//! an error larger than its tolerance, too. What a theorem needs beyond its claims stands in the
//! module with the name of its page.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    grid::{Ball, Enclosed, Exact},
    identity::{self, Claim, Evidence, Instances, Sides, Theorem, number},
    matrix::noise::Generator,
};

/// Every claim, or every false statement, with its theorem; those that are checked once, or those
/// that are checked on random instances.
fn select(
    of: fn(&Theorem) -> &'static [Claim],
    once: bool,
) -> impl Iterator<Item = (Theorem, Claim)> {
    let pairs = identity::all().into_iter().flat_map(move |t| of(&t).iter().map(move |c| (t, *c)));
    pairs.filter(move |(_, claim)| matches!(claim.instances, Instances::One(_)) == once)
}

fn name(theorem: &Theorem, claim: &Claim) -> String {
    let Theorem { number, statement, .. } = theorem;
    format!("T{number} {statement}, {} ({})", claim.statement, claim.on)
}

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

#[test]
fn what_is_false_fails_clearly() {
    for (theorem, claim) in select(|t| t.false_statements, true) {
        assert!(claim.sides(&mut generator(0)).differ_clearly(), "{}", name(&theorem, &claim));
    }
}

/// The claims of the theorems with an even number, or with an odd one, on one instance.
fn half_of_them_hold(seed: u64, odd: u8) -> Result<(), TestCaseError> {
    for (theorem, claim) in select(|t| t.claims, false).filter(|(t, _)| t.number % 2 == odd) {
        let agree = claim.sides(&mut generator(seed)).agree();
        prop_assert!(agree.is_ok(), "{}: {:?}", name(&theorem, &claim), agree);
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::common::config(64))]

    // In two halves, for it is the longest test and may take two threads.
    #[test]
    fn every_even_theorem_holds_on_every_instance(seed: u64) {
        half_of_them_hold(seed, 0)?;
    }

    #[test]
    fn every_odd_theorem_holds_on_every_instance(seed: u64) {
        half_of_them_hold(seed, 1)?;
    }

    #[test]
    fn every_false_statement_fails_clearly_on_every_instance(seed: u64) {
        for (theorem, claim) in select(|t| t.false_statements, false) {
            let sides = claim.sides(&mut generator(seed));
            prop_assert!(sides.differ_clearly(), "{}: {:?}", name(&theorem, &claim), sides);
        }
    }
}

/// Two ways of computing one number round differently somewhere. If an array is the same on both
/// sides, bit for bit and on every instance, one side has been copied from the other. Most differ on
/// the first; eight are looked at, for an instance may have fewer arrays than the next.
#[test]
fn no_side_is_a_copy_of_the_other() {
    const INSTANCES: [u64; 2] = [8, 40];
    for (theorem, claim) in select(|t| t.claims, false) {
        let mut differ: Vec<bool> = vec![];
        for seed in 0..INSTANCES[1] {
            if seed >= INSTANCES[0] && differ.iter().all(|d| *d) {
                break;
            }
            if let Sides::Numbers { left, right, evidence, .. } = claim.sides(&mut generator(seed))
            {
                if evidence == Evidence::Exact {
                    break;
                }
                differ.resize(differ.len().max(left.len()), false);
                for (k, (l, r)) in left.iter().zip(&right).enumerate() {
                    let zero = l.data().iter().all(|x| *x == 0.0); // the slope of a constant, say
                    differ[k] |= l != r || zero;
                }
            }
        }
        assert!(differ.iter().all(|d| *d), "{}: {differ:?}", name(&theorem, &claim));
    }
}

/// What is allowed is small: on half of the instances at least, 10⁻⁸ of the largest entry of each
/// array at most. A tolerance that has been made wider by much shows here.
#[test]
fn no_tolerance_is_wide() {
    const INSTANCES: u64 = 11;
    let largest = |m: &Matrix| m.data().iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (theorem, claim) in select(|t| t.claims, false) {
        let width = |seed| match claim.sides(&mut generator(seed)) {
            Sides::Numbers { evidence, left, right, allowed }
                if evidence != Evidence::MonteCarlo =>
            {
                let arrays = left.iter().zip(&right).zip(&allowed);
                let relative = arrays.map(|((l, r), a)| match largest(l).max(largest(r)) {
                    // Both sides are 0 but for rounding: there is nothing to be relative to.
                    size if size < 1e-12 => 0.0,
                    size => largest(a) / size,
                });
                relative.fold(0.0, f64::max)
            }
            _ => 0.0,
        };
        let mut widths: Vec<f64> = (0..INSTANCES).map(width).collect();
        widths.sort_by(f64::total_cmp);
        let median = widths[widths.len() / 2];
        println!("{median:.1e} {}", name(&theorem, &claim));
        assert!(median < 1e-8, "{median:.1e}: {}", name(&theorem, &claim));
    }
}

/// The truth tables of what compares.
#[test]
fn sides_agree_or_differ_as_they_should() {
    let numbers = |left: f64, right: f64, allowed: f64| Sides::Numbers {
        evidence: Evidence::Rounding,
        left: number(left),
        right: number(right),
        allowed: number(allowed),
    };
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for (left, right, allowed, agree, differ) in [
        (1.0, 1.0, 0.0, true, false),
        (1.0, 1.5, 0.5, true, false),
        (1.0, 1.5, 0.4, false, false), // neither close enough nor clearly apart
        (1.0, 2.0, 0.1, false, false), // exactly ten times
        (1.0, 2.0, 0.09, false, true),
        (1.0, 1.0, -1.0, false, false),
        (nan, 1.0, 1.0, false, false),
        (1.0, nan, 1.0, false, false),
        (1.0, 1.0, nan, false, false),
        (1.0, 1.0, inf, false, false),
        (inf, inf, 1.0, false, false),
        (inf, 1.0, 1.0, false, false),
    ] {
        let sides = numbers(left, right, allowed);
        let case = format!("{left} and {right}, allowed {allowed}");
        assert_eq!((sides.agree().is_ok(), sides.differ_clearly()), (agree, differ), "{case}");
    }
    let bits = |left: f64, right: f64| Sides::exact([number(left), number(right)]);
    assert!(bits(1.0, 1.0).agree().is_ok() && bits(0.0, 0.0).agree().is_ok());
    for (left, right, differ) in
        [(1.0, 1.0_f64.next_up(), false), (1.0, 0.5, true), (0.0, 1e-300, true)]
    {
        let sides = bits(left, right);
        assert!(sides.agree().is_err() && sides.differ_clearly() == differ, "{left} and {right}");
    }

    let x = Exact::named("x", 1, 1);
    let formulas =
        |left: &Exact, right: &Exact| Sides::proof([vec![left.clone()], vec![right.clone()]]);
    assert!(formulas(&x, &x).agree().is_ok() && !formulas(&x, &x).differ_clearly());
    let twice = formulas(&(x.clone() * 2.0), &x);
    assert_eq!(twice.agree(), Err("array 0, entry 0: left − right = x".to_owned()));
    assert!(twice.differ_clearly());
    // Equal functions that need a relation which is not known: neither proved nor refuted.
    let y = Exact::named("y", 1, 1);
    let powers = formulas(&(x.clone() + &y).exp(), &(x.clone().exp() * y.exp()));
    assert!(powers.agree().is_err() && !powers.differ_clearly());

    // One array of several, and one entry of several, decide.
    let row = |b: f64| Matrix::from_rows([[1.0, b]]);
    let several = |b: f64| Sides::exact([vec![row(1.0), row(2.0)], vec![row(1.0), row(b)]]);
    assert!(several(2.0).agree().is_ok() && several(3.0).agree().is_err());

    // Doubling compares the finer sides. One that has not converged neither agrees nor differs.
    let integral = |left: [f64; 2], right: [f64; 2]| {
        let at = |k: usize| [number(left[k - 1]), number(right[k - 1])];
        let sides = Sides::doubled(|k| Sides::integrals(at(k), number(1.0), 100));
        (sides.agree().is_ok(), sides.differ_clearly())
    };
    assert_eq!(integral([1.0, 1.0], [1.0, 1.0]), (true, false));
    assert_eq!(integral([1.0, 1.0], [1.1, 1.1]), (false, true));
    for (left, right) in
        [([1.1, 1.0], [1.0, 1.0]), ([1.0, 1.0], [1.1, 1.0]), ([1.1, 1.0], [2.0, 2.0])]
    {
        assert_eq!(integral(left, right), (false, false), "{left:?} {right:?} has not converged");
    }

    // Numbers against their intervals.
    let interval = |low: f64, high: f64| vec![Enclosed::from_fn(1, 1, |_, _| Ball { low, high })];
    let rounded = |left: f64, right: f64, l: [f64; 2], r: [f64; 2]| {
        let within = [interval(l[0], l[1]), interval(r[0], r[1])];
        let sides = Sides::rounding([number(left), number(right)], within);
        (sides.agree().is_ok(), sides.differ_clearly())
    };
    assert_eq!(rounded(1.0, 1.5, [0.0, 1.0], [1.0, 2.0]), (true, false));
    assert_eq!(rounded(1.0, 1.5, [0.0, 1.0], [1.5, 2.5]), (false, true), "they do not meet");
    assert_eq!(rounded(1.1, 1.5, [0.0, 1.0], [1.0, 2.0]), (false, false), "not in its interval");
    assert_eq!(rounded(f64::NAN, 1.5, [0.0, 1.0], [1.0, 2.0]), (false, false));
    assert_eq!(rounded(1.0, 1.5, [0.0, f64::INFINITY], [1.0, 2.0]), (false, false));

    // Of −1, 0, 1 the mean is 0, with a standard error of 1/√3: six of them are 3.46.
    let mean = |expected: f64| Sides::monte_carlo(&[-1.0, 0.0, 1.0], expected).agree().is_ok();
    assert!(mean(3.46) && !mean(3.47) && mean(-3.46) && !mean(-3.47));
    // Ten of them are 5.77.
    let apart = |expected: f64| Sides::monte_carlo(&[-1.0, 0.0, 1.0], expected).differ_clearly();
    assert!(!apart(5.77) && apart(5.78));
}

#[test]
#[should_panic(expected = "the shapes of the two sides")]
fn sides_of_different_shapes_are_no_sides() {
    let _ = Sides::exact([number(0.0), vec![Matrix::zeros(1, 2)]]).agree();
}

#[test]
#[should_panic(expected = "nothing to compare")]
fn sides_without_an_array_are_no_sides() {
    let _ = Sides::proof([vec![], vec![]]).agree();
}
