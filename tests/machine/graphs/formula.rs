//! Formulas at random, and how they are read.

use rand::{RngExt, seq::IndexedRandom};
use score_matching::{
    Array, Matrix,
    array::{Function, Linear, Product, Shape},
    autodiff::rules::Op,
    matrix::noise::{Generator, standard_normal},
};

#[derive(Clone, Debug)]
pub enum Node {
    Leaf(Matrix),
    /// The operation and the nodes it is applied to, which come before it.
    Step(Op, [usize; 2]),
}

/// A formula of its leaves.
#[derive(Clone, Debug)]
pub struct Graph(pub Vec<Node>);

const fn binary(op: Op) -> bool {
    matches!(op, Op::Product(_) | Op::Add | Op::Sub | Op::Mul | Op::AddRow)
}

/// The shape of op(x, y), if it fits.
fn shape(op: Op, x: Shape, y: Shape) -> Option<Shape> {
    let fits = match op {
        Op::Product(Product::Nn) => x.1 == y.0,
        Op::Product(Product::Nt) => x.1 == y.1,
        Op::Product(Product::Tn) => x.0 == y.0,
        Op::Add | Op::Sub | Op::Mul => x == y,
        Op::AddRow => y == (1, x.1),
        Op::Linear(Linear::Fold(k) | Linear::SumEach(k)) => k > 0 && x.0.is_multiple_of(k),
        Op::Linear(Linear::Spread(_)) => x.1 == 1,
        Op::Linear(Linear::RowSum(d)) => x.1 == d,
        _ => true,
    };
    fits.then(|| match op {
        Op::Product(form) => (form.sizes(x, y).0, form.sizes(x, y).1),
        Op::Linear(l) => l.shape(x),
        _ => x,
    })
}

impl Graph {
    /// The shapes of all nodes, if everything fits.
    pub fn shapes(&self) -> Option<Vec<Shape>> {
        let mut shapes = Vec::new();
        for node in &self.0 {
            shapes.push(match node {
                Node::Leaf(x) => x.shape(),
                Node::Step(op, [x, y]) => shape(*op, shapes[*x], shapes[*y])?,
            });
        }
        Some(shapes)
    }

    pub fn leaves<A>(&self, f: impl Fn(&Matrix) -> A) -> Vec<A> {
        let leaf = |node: &Node| if let Node::Leaf(x) = node { Some(f(x)) } else { None };
        self.0.iter().filter_map(leaf).collect()
    }

    /// The values of those nodes that no other uses. An operation is given the last owner of its
    /// left side where it can be, so that it works in place.
    pub fn read<A: Array>(&self, leaves: &[A]) -> Vec<A> {
        let mut last_use = vec![usize::MAX; self.0.len()];
        for (i, node) in self.0.iter().enumerate() {
            if let Node::Step(_, inputs) = node {
                for &x in inputs {
                    last_use[x] = i;
                }
            }
        }
        let (mut values, mut rest): (Vec<Option<A>>, _) = (Vec::new(), leaves.iter());
        for (i, node) in self.0.iter().enumerate() {
            let value = match *node {
                Node::Leaf(_) => rest.next().expect("a leaf").clone(),
                Node::Step(op, [x, y]) => {
                    let right = if binary(op) { values[y].clone() } else { None };
                    let left = values[x].clone();
                    [x, y].into_iter().filter(|&x| last_use[x] == i).for_each(|x| values[x] = None);
                    op.value(left.expect("a value"), right.as_ref().unwrap_or(&leaves[0]))
                }
            };
            values.push(Some(value));
        }
        values.into_iter().flatten().collect()
    }
}

/// ±0, whole numbers and ordinary ones; then the edges of the range; then what lies beyond.
fn leaf((rows, cols): Shape, edge: u32, rng: &mut Generator) -> Matrix {
    const WHOLE: [f64; 6] = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0];
    const EDGE: [f64; 6] = [5e-324, -2e-310, 1e-300, -1e-300, 1e300, -1e300];
    const BEYOND: [f64; 3] = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let normal: Matrix = standard_normal(rows, cols, rng);
    let values = normal.data().iter().map(|&normal| match rng.random_range(0..12_u32) {
        0..3 => *WHOLE.choose(rng).expect("six"),
        3..6 if edge > 0 => *EDGE.choose(rng).expect("six"),
        6 if edge > 1 => *BEYOND.choose(rng).expect("three"),
        _ => normal,
    });
    Matrix::from_vec(rows, cols, values.collect())
}

/// An operation that fits x, and the shape it wants on its right.
fn operation((n, d): Shape, s: usize, rng: &mut Generator) -> (Op, Shape) {
    use Product::{Nn, Nt, Tn};
    let a = *[-0.75, 0.1, 3.0, 0.0].choose(rng).expect("four");
    let k = (2..8).find(|k| n % k == 0).filter(|_| rng.random()).unwrap_or(n.max(1));
    let small = rng.random_range(0..4);
    let pair = [
        (Op::Product(Nn), (d, s)),
        (Op::Product(Nt), (s, d)),
        (Op::Product(Tn), (n, s)),
        (Op::Add, (n, d)),
        (Op::Sub, (n, d)),
        (Op::Mul, (n, d)),
        (Op::AddRow, (1, d)),
    ];
    let mut alone = vec![Op::Shift(a), Op::Linear(Linear::Scale(a))];
    alone.extend(
        [Linear::Tile(small), Linear::Each(small), Linear::Fold(k), Linear::SumEach(k)]
            .map(Op::Linear),
    );
    alone.extend([Linear::RowSum(d), Linear::Transpose].map(Op::Linear));
    alone.extend((d == 1).then_some(Op::Linear(Linear::Spread(s))));
    alone.extend(Function::ALL.map(Op::Apply));
    if rng.random() {
        *pair.choose(rng).expect("seven")
    } else {
        (*alone.choose(rng).expect("many"), (0, 0))
    }
}

/// `most` bounds the elements of a node, and sixteen times as many multiplications.
pub fn random(sizes: &[usize], most: usize, rng: &mut Generator) -> Graph {
    let edge = rng.random_range(0..3);
    let size = |rng: &mut Generator| *sizes.choose(rng).expect("sizes");
    let first = (size(rng), size(rng));
    let mut graph = Graph(vec![Node::Leaf(leaf(first, edge, rng))]);
    for _ in 0..rng.random_range(1..=5) {
        let shapes = graph.shapes().expect("it fits");
        let x = rng.random_range(0..shapes.len());
        let (op, right) = operation(shapes[x], size(rng), rng);
        let small = |(m, n): Shape| {
            let terms = if matches!(op, Op::Product(_)) { right.0.max(right.1) } else { 0 };
            m * n <= most && m * n * terms <= 16 * most && right.0 * right.1 <= most
        };
        let right_is = |op| if binary(op) { right } else { shapes[x] };
        if !shape(op, shapes[x], right_is(op)).is_some_and(small) {
            continue;
        }
        let fitting: Vec<usize> = (0..shapes.len()).filter(|&y| shapes[y] == right).collect();
        let y = match fitting.choose(rng).filter(|_| rng.random()) {
            _ if !binary(op) => x,
            Some(&y) => y,
            None => {
                graph.0.push(Node::Leaf(leaf(right, edge, rng)));
                graph.0.len() - 1
            }
        };
        graph.0.push(Node::Step(op, [x, y]));
    }
    graph
}
