//! From a formula that fails to the least that fails, as a program.

use super::formula::{Graph, Node};
use score_matching::{
    Array, Matrix,
    array::Linear,
    autodiff::rules::Op,
    matrix::{Real, door::Door},
};
use std::{
    cell::{Cell, RefCell},
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

/// The entries in a precision. An f32 has an eighth of the exponents: 1e300 becomes 3e37.
pub fn entries<T: Real>(x: &Matrix) -> Matrix<T> {
    let fitted = |x: f64| {
        let y = T::of(x).to_f64();
        let lost = x.is_finite() && (y.is_infinite() || y == 0.0 && x != 0.0);
        if lost { x.abs().powf(0.125).copysign(x) } else { x }
    };
    Matrix::from_fn(x.rows(), x.cols(), |i, j| fitted(x.at(i, j)))
}

fn ones(x: &Matrix) -> bool {
    x.data().iter().all(|&x| x == 1.0)
}

impl Graph {
    /// The nodes that no other uses.
    fn roots(&self) -> Vec<usize> {
        let uses = |node: &Node, i| matches!(node, Node::Step(_, inputs) if inputs.contains(&i));
        (0..self.0.len()).filter(|&i| !self.0.iter().any(|node| uses(node, i))).collect()
    }

    /// These nodes and what they are computed from.
    fn only(&self, roots: &[usize]) -> Self {
        let mut needed: Vec<bool> = (0..self.0.len()).map(|i| roots.contains(&i)).collect();
        for (i, node) in self.0.iter().enumerate().rev() {
            if let (true, Node::Step(_, inputs)) = (needed[i], node) {
                for &x in inputs {
                    needed[x] = true;
                }
            }
        }
        let place = |x: usize| needed[..x].iter().filter(|needed| **needed).count();
        let kept = self.0.iter().zip(&needed).filter(|(_, needed)| **needed);
        Self(
            kept.map(|(node, _)| match node {
                Node::Step(op, inputs) => Node::Step(*op, inputs.map(place)),
                Node::Leaf(x) => Node::Leaf(x.clone()),
            })
            .collect(),
        )
    }

    fn with(&self, i: usize, node: Node) -> Self {
        let mut graph = self.clone();
        graph.0[i] = node;
        graph
    }

    /// Every size `from` made `to`, in leaves and in linear maps; of a leaf the first or the
    /// `last` rows and columns stay.
    fn resized(&self, from: usize, to: usize, last: [bool; 2]) -> Self {
        use Linear::{Each, Fold, RowSum, Spread, SumEach, Tile};
        let new = |s: usize| if s == from { to } else { s };
        let skipped = |s: usize, last| if last { s - new(s) } else { 0 };
        let node = |node: &Node| match node {
            Node::Leaf(x) => {
                let (n, d) = x.shape();
                let entry = |i, j| x.at(i + skipped(n, last[0]), j + skipped(d, last[1]));
                Node::Leaf(Matrix::from_fn(new(n), new(d), entry))
            }
            Node::Step(op, inputs) => {
                let op = match *op {
                    Op::Linear(Tile(k)) => Op::Linear(Tile(new(k))),
                    Op::Linear(Each(k)) => Op::Linear(Each(new(k))),
                    Op::Linear(Fold(k)) => Op::Linear(Fold(new(k))),
                    Op::Linear(SumEach(k)) => Op::Linear(SumEach(new(k))),
                    Op::Linear(Spread(k)) => Op::Linear(Spread(new(k))),
                    Op::Linear(RowSum(k)) => Op::Linear(RowSum(new(k))),
                    op => op,
                };
                Node::Step(op, *inputs)
            }
        };
        Self(self.0.iter().map(node).collect())
    }

    /// Smaller formulas, the smallest first.
    fn smaller(&self) -> Vec<Self> {
        let shapes = self.shapes().expect("it fits");
        let roots = self.roots();
        let mut all: Vec<Self> = (0..self.0.len()).map(|i| self.only(&[i])).collect();
        all.extend(roots.iter().map(|root| {
            let others: Vec<_> = roots.iter().copied().filter(|i| i != root).collect();
            self.only(&others)
        }));
        all.retain(|graph| (1..self.0.len()).contains(&graph.0.len()));
        for (i, node) in self.0.iter().enumerate().rev() {
            if let Node::Step(..) = node {
                let part = self.only(&[i]);
                let value = part.read(&part.leaves(Matrix::clone)).remove(0);
                // What has become a leaf leaves its inputs without use.
                all.push(self.with(i, Node::Leaf(value)).only(&roots));
            }
        }
        let mut sizes: Vec<usize> = shapes.iter().flat_map(|&(n, d)| [n, d]).collect();
        sizes.sort_unstable();
        sizes.dedup();
        for s in sizes.into_iter().rev().filter(|&s| s > 1) {
            for to in [1, s / 2, s - 1] {
                for last in [[false, false], [true, true], [false, true], [true, false]] {
                    all.push(self.resized(s, to, last));
                }
            }
        }
        for (i, node) in self.0.iter().enumerate() {
            let Node::Leaf(x) = node else { continue };
            all.extend((!ones(x)).then(|| {
                let ones = Matrix::from_fn(x.rows(), x.cols(), |_, _| 1.0);
                self.with(i, Node::Leaf(ones))
            }));
            for e in 0..x.data().len().min(64) {
                for simple in [1.0, x.data()[e].trunc()] {
                    let mut simpler = x.clone();
                    simpler.data_mut()[e] = simple;
                    if x.data()[e] != 1.0 && simple.to_bits() != x.data()[e].to_bits() {
                        all.push(self.with(i, Node::Leaf(simpler)));
                    }
                }
            }
        }
        all.retain(|graph| graph.shapes().is_some());
        all
    }

    /// As Rust source.
    fn program<T: Real>(&self) -> String {
        let mut text = String::new();
        let precision = if size_of::<T>() == 4 { "f32" } else { "f64" };
        for (i, node) in self.0.iter().enumerate() {
            let value = match *node {
                Node::Leaf(ref x) => {
                    let number = |x: &T| match format!("{x:?}").as_str() {
                        "NaN" => format!("{precision}::NAN"),
                        "inf" => format!("{precision}::INFINITY"),
                        "-inf" => format!("{precision}::NEG_INFINITY"),
                        x => x.to_owned(),
                    };
                    let values: Vec<_> = entries::<T>(x).data().iter().map(number).collect();
                    let (rows, cols, values) = (x.rows(), x.cols(), values.join(", "));
                    if ones(x) {
                        format!("Matrix::<{precision}>::from_fn({rows}, {cols}, |_, _| 1.0)")
                    } else {
                        format!("Matrix::<{precision}>::from_vec({rows}, {cols}, vec![{values}])")
                    }
                }
                Node::Step(op, [x, y]) => match op {
                    Op::Product(form) => format!("x{x}.product(Product::{form:?}, &x{y})"),
                    Op::AddRow => format!("x{x}.clone().add_row(&x{y})"),
                    Op::Linear(l) => format!("x{x}.clone().linear(Linear::{l:?})"),
                    Op::Apply(f) => format!("x{x}.clone().apply(Function::{f:?})"),
                    Op::Shift(a) => format!("x{x}.clone() + {a:?}_f64"),
                    Op::Add => format!("x{x}.clone() + &x{y}"),
                    Op::Sub => format!("x{x}.clone() - &x{y}"),
                    Op::Mul => format!("x{x}.clone() * &x{y}"),
                    Op::Leaf => unreachable!("leaves are nodes of their own"),
                },
            };
            let _ = writeln!(text, "let x{i} = {value};");
        }
        text
    }
}

thread_local!(static CAUGHT: Cell<bool> = const { Cell::new(false) });
thread_local!(static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) });

/// What `f` panics with. The panics of other tests are shown as ever.
fn panic_of(f: impl FnOnce()) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if CAUGHT.get() {
                MESSAGE.set(info.to_string());
            } else {
                usual(info);
            }
        }));
    });
    CAUGHT.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    CAUGHT.set(false);
    outcome.err().map(|_| MESSAGE.take())
}

/// Reads the formula behind every door, and shows the least that still fails.
pub fn try_out<T: Real>(graph: &Graph, seed: u64, check: fn(&Graph, Door)) {
    for door in Door::available() {
        let fault = |graph: &Graph| panic_of(|| check(graph, door));
        let Some(mut message) = fault(graph) else { continue };
        let mut least = graph.clone();
        while let Some((smaller, why)) =
            least.smaller().into_iter().find_map(|graph| fault(&graph).map(|why| (graph, why)))
        {
            (least, message) = (smaller, why);
        }
        panic!("graph {seed}, {door:?}: {message}\n{}", least.program::<T>());
    }
}
