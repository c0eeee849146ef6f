//! The backward sweep over a tape.
//!
//! Each node hands its adjoint on by its rule. One thing is spared. Some φ have a φ′ that is one function of
//! the table, as sigmoid has. If φ′(x) was on the tape before the sweep began, or came with φ(x), this value
//! is taken. It has the same bits.

use super::{Tape, binary};
use crate::{
    array::{Array, Function},
    autodiff::rules::{Op, Side},
};
use std::collections::HashMap;

impl<A: Array> Tape<A> {
    /// One backward sweep from `of` to each of `wrt`.
    ///
    /// `read` says which reading of the values the rules receive: the values themselves, so that
    /// nothing is recorded, or variables, so that the result can be differentiated again. `known`
    /// gives a φ′(x) that came with φ(x).
    pub(super) fn sweep<B: Array>(
        &self,
        of: u32,
        wrt: &[u32],
        seed: B,
        (read, known): (impl Fn(u32) -> B, impl Fn(Function, u32) -> Option<B>),
    ) -> Vec<B> {
        let links: Vec<(Op, [u32; 2])> =
            self.nodes.borrow()[..=of as usize].iter().map(|n| (n.op, n.inputs)).collect();
        let depends = depending(&links, wrt);
        let applied = applied(&links);
        let mut adjoints = Adjoints(vec![None; links.len()]);
        adjoints.add(of, seed);
        for i in (0..=of).rev().filter(|&i| depends[i as usize]) {
            let Some(g) = adjoints.take(i, wrt.contains(&i)) else { continue };
            let (op, [x, y]) = links[i as usize];
            let at_hand = slope(op).and_then(|slope| match applied.get(&(slope, x)) {
                Some(&slope) => Some(read(slope)),
                None => known(slope, x),
            });
            let pullback = |side, g| match &at_hand {
                Some(slope) => g * slope, // φ′(x) is not computed again
                None => op.pullback(side, [&read(x), &read(y), &read(i)], g),
            };
            match (op != Op::Leaf && depends[x as usize], binary(op) && depends[y as usize]) {
                // The last pullback takes g itself, so that it can work in g's buffer.
                (true, true) => {
                    adjoints.add(x, pullback(Side::Left, g.clone()));
                    adjoints.add(y, pullback(Side::Right, g));
                }
                (true, false) => adjoints.add(x, pullback(Side::Left, g)),
                (false, true) => adjoints.add(y, pullback(Side::Right, g)),
                (false, false) => {}
            }
        }
        let zero = |i| {
            let x = read(i);
            let (rows, cols) = x.shape();
            x.constant(rows, cols, |_, _| 0.0)
        };
        let found = wrt.iter().map(|&i| (i, adjoints.0.get(i as usize).cloned().flatten()));
        found.map(|(i, g)| g.unwrap_or_else(|| zero(i))).collect()
    }
}

/// Which nodes depend on one of `wrt`, so that only they take part in a sweep.
fn depending(links: &[(Op, [u32; 2])], wrt: &[u32]) -> Vec<bool> {
    let mut depends = vec![false; links.len()];
    for (i, (_, [x, y])) in links.iter().enumerate() {
        let asked = wrt.iter().any(|&w| w as usize == i);
        depends[i] = asked || depends[*x as usize] || depends[*y as usize];
    }
    depends
}

/// The adjoints of the nodes, as far as a sweep has come.
struct Adjoints<B>(Vec<Option<B>>);

impl<B: Array> Adjoints<B> {
    /// A value that is used several times receives the sum of what flows back from each use.
    fn add(&mut self, i: u32, flow: B) {
        let slot = &mut self.0[i as usize];
        *slot = Some(match slot.take() {
            None => flow,
            Some(sum) => sum + flow,
        });
    }

    /// What has arrived at node i, which is used up unless it is also asked for.
    fn take(&mut self, i: u32, kept: bool) -> Option<B> {
        let slot = &mut self.0[i as usize];
        if kept { slot.clone() } else { slot.take() }
    }
}

/// Where φ(x) stands, by φ and the position of x.
fn applied(links: &[(Op, [u32; 2])]) -> HashMap<(Function, u32), u32> {
    let nodes = (0..).zip(links);
    nodes
        .filter_map(|(i, (op, [x, _]))| match op {
            Op::Apply(f) => Some(((*f, *x), i)),
            _ => None,
        })
        .collect()
}

/// φ′ of an operation φ, if it is one function of the table.
const fn slope(op: Op) -> Option<Function> {
    if let Op::Apply(f) = op { f.slope() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, Tape, Var};

    /// Each φ whose φ′ is one function of the table.
    const PAIRS: [Function; 4] =
        [Function::Sigmoid, Function::Softplus, Function::Ln, Function::Relu];

    /// Σ φ(x) φ′(z), recorded in either order, and how often φ′ stands on the tape after it was
    /// differentiated.
    fn gradient_and_slopes(
        f: Function,
        [x, z]: [&Var; 2],
        wrt: &[Var],
        slope_first: bool,
    ) -> (Vec<Matrix>, usize) {
        let slope = || f.derivative(z, z);
        let product = if slope_first {
            let slope = slope();
            x.apply(f) * slope
        } else {
            x.apply(f) * slope()
        };
        let gradient = product.sum().grad(wrt).iter().map(Var::value).collect();
        let is_slope = |op: Op| f.slope().is_some_and(|slope| op == Op::Apply(slope));
        (gradient, x.tape.nodes().iter().filter(|node| is_slope(node.op)).count())
    }

    #[test]
    fn a_slope_that_is_on_the_tape_is_not_computed_again() {
        let x = Matrix::from_rows([[0.25, 0.5, 2.0]]);
        for (f, slope_first) in PAIRS.into_iter().flat_map(|f| [(f, false), (f, true)]) {
            let tape = Tape::new();
            let var = tape.var(&x);
            let (one, slopes) = gradient_and_slopes(f, [&var, &var], &[var], slope_first);
            assert_eq!(slopes, 1, "{f:?}");

            let tape = Tape::new();
            let [x, z] = [tape.var(&x), tape.var(&x)];
            let (two, slopes) = gradient_and_slopes(f, [&x, &z], &[x, z], slope_first);
            assert_eq!(slopes, 2, "{f:?}");
            assert_eq!(one[0], two[0].clone() + &two[1], "{f:?}");
        }
    }

    /// The slope at another place is another number.
    #[test]
    fn the_slope_is_that_of_the_same_input() {
        for (f, slope_first) in PAIRS.into_iter().flat_map(|f| [(f, false), (f, true)]) {
            let tape = Tape::new();
            let [x, z] = [0.5, 2.0].map(|a| tape.var(&Matrix::from_rows([[a]])));
            let slope =
                |a: f64| f.slope().map(|slope| Matrix::from_rows([[a]]).apply(slope).item());
            let (found, _) = gradient_and_slopes(f, [&x, &z], &[x], slope_first);
            assert_eq!(
                Some(found[0].item()),
                slope(2.0).zip(slope(0.5)).map(|(a, b)| a * b),
                "{f:?}"
            );
        }
    }

    /// 7 takes the place of the kept slope: a gradient of 7 shows that the kept one is read.
    #[test]
    fn a_slope_that_came_with_the_value_is_not_computed_again() {
        let seven = Matrix::from_rows([[7.0]]);
        let tape = Tape::new();
        let x = tape.var(&Matrix::from_rows([[0.5]]));
        let y = x.sigmoid();
        let key = (Function::SigmoidSlope, x.position);
        let kept = tape.slopes.borrow_mut().insert(key, seven.clone());
        assert_eq!(kept, Some(x.value().apply(Function::SigmoidSlope)));
        assert_eq!(y.gradient(&[x])[0], seven, "with numbers, by the sweep");
        assert_eq!(y.grad(&[x])[0].value(), seven, "with variables, by `apply`");
    }
}
