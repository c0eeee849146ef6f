//! `tape`: one small loss as it was recorded, and what its sweep has left on every node (T27).

use super::prelude::*;
use crate::{
    array::{Function, Linear, Product},
    autodiff::rules::Op,
    experiment::{
        RecordedLoss,
        recorded_loss::{RecordedNode, Role},
    },
};
use std::f64::consts::FRAC_PI_2;

/// Width and height of a node.
const NODE: [f64; 2] = [82.0, 58.0];
/// From one level to the next, and from one row to the next.
const PITCH: [f64; 2] = [132.0, 106.0];
/// Where level 1 begins, and where the middle row does.
const CORNER: [f64; 2] = [20.0, 172.0];
/// The list below: its left upper corner and the size of an entry.
const LIST: Rect = Rect::new(20.0, 474.0, 1006.0 / 13.0, 26.0);
const TEXT: f64 = 11.0;
const NUMBER: f64 = 12.5;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let loss = RecordedLoss::random(studio.seed);
    let nodes = &loss.nodes;
    let mut canvas = Canvas::new(1046, 560);
    let title = "One loss on the tape: $‖r(x\u{303}) − x‖^2$ for one sample, $r(x\u{303}) = W$ \
                 sigmoid$(W x\u{303} + b) + c$";
    canvas.text(Start([CORNER[0], 24.0]), 13.0, INK, title);

    let places: Vec<Rect> = (0..nodes.len()).map(|i| place(nodes, i)).collect();
    for (i, node) in nodes.iter().enumerate() {
        for (k, (&input, &slope)) in node.inputs.iter().zip(&node.slopes).enumerate() {
            // Two edges between the same nodes run side by side.
            let twice = node.inputs.iter().filter(|&&other| other == input).count() > 1;
            let aside = if twice { 14.0 * (2.0 * k as f64 - 1.0) } else { 0.0 };
            edge(&mut canvas, places[input], places[i], aside, slope);
        }
    }
    for (i, node) in nodes.iter().enumerate() {
        let [value, adjoint] = [node.value, node.adjoint].map(decimals);
        let what = what(nodes, i);
        draw_node(&mut canvas, places[i], node.role, [&what, &value, &adjoint]);
        let name = Start([places[i].left + 1.0, places[i].top - 8.0]);
        canvas.text(name, 10.5, GREY, &format!("$v_{{{i}}} = $"));
    }
    let last = places[nodes.len() - 1];
    let below = Middle([last.left + last.width / 2.0, last.bottom() + 12.0]);
    canvas.text(below, TEXT, INK, "the loss $L$");
    key(&mut canvas);
    list(&mut canvas, nodes);

    let flows: Vec<String> = loss.flows(0).into_iter().map(decimals).collect();
    let finding = format!(
        "{} nodes; the loss is {}; ∂loss/∂W is {}, the sum of {}: one flow for each use of W",
        nodes.len(),
        decimals(nodes[nodes.len() - 1].value),
        decimals(nodes[0].adjoint),
        flows.join(" and ")
    );
    Ok(Picture { canvas, finding })
}

/// Results stand in a row by their level. A leaf that is used once stands below its user; one with
/// several uses stands above, half-way between them. So no two edges cross.
fn place(nodes: &[RecordedNode], i: usize) -> Rect {
    let users = nodes.iter().filter(|user| user.inputs.contains(&i));
    let levels: Vec<f64> = users.map(|user| user.level as f64).collect();
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    let (level, row) = match (nodes[i].level, levels.len()) {
        (0, 1) => (mean, 1.0),
        (0, _) => (mean, -1.0),
        (level, _) => (level as f64, 0.0),
    };
    let [left, top] = [CORNER[0] + PITCH[0] * (level - 1.0), CORNER[1] + PITCH[1] * row];
    Rect::new(left, top, NODE[0], NODE[1])
}

/// What was computed, in the notation of the source.
fn what(nodes: &[RecordedNode], i: usize) -> String {
    let name = |&input: &usize| match nodes[input].role {
        Role::Parameter(name) | Role::Data(name) => name.to_owned(),
        Role::Computed => format!("v_{{{input}}}"),
    };
    let RecordedNode { role, op, inputs, .. } = &nodes[i];
    let [x, y] = [inputs.first(), inputs.last()].map(|input| input.map_or(String::new(), name));
    match (role, op) {
        (Role::Parameter(name), _) => format!("parameter ${name}$"),
        (Role::Data(name), _) => format!("data ${name}$"),
        (_, Op::Product(Product::Nn)) => format!("${x} {y}$"),
        (_, Op::Product(Product::Nt)) => format!("${x} {y}^⊤$"),
        (_, Op::Add | Op::AddRow) => format!("${x} + {y}$"),
        (_, Op::Sub) => format!("${x} − {y}$"),
        (_, Op::Mul) => format!("${x} ∘ {y}$"),
        (_, Op::Linear(Linear::RowSum(_))) => format!("$∑ {x}$"),
        (_, Op::Apply(Function::Sigmoid)) => format!("sigmoid$({x})$"),
        (_, other) => format!("{other:?}"),
    }
}

/// A number as it stands in a node: three decimals, no minus before a rounded 0.
fn decimals(x: f64) -> String {
    let text = format!("{x:.3}");
    if text == "-0.000" { "0.000".into() } else { text.replace('-', "−") }
}

/// A slope: ±1 is written without decimals, for it is exact.
fn factor(slope: f64) -> String {
    let text = if slope.abs() == 1.0 { format!("{slope:.0}") } else { decimals(slope) };
    format!("×{}", text.replace('-', "−"))
}

/// Parameters have round ends, data cut corners, results are plain: told apart without colour.
fn draw_node(canvas: &mut Canvas, place: Rect, role: Role, [what, value, adjoint]: [&str; 3]) {
    let (edge, ground) = colours(role);
    canvas.polygon(&outline(place, role), edge);
    canvas.polygon(&outline(place.grown(-1.2), role), ground);
    let line = |y: f64| Middle([place.left + place.width / 2.0, place.top + y]);
    canvas.text(line(13.0), 10.5, INK, what);
    canvas.text(line(30.0), NUMBER, NAVY, value);
    canvas.text(line(46.0), NUMBER, RED, adjoint);
}

/// Of the edge and of the ground.
fn colours(role: Role) -> (Colour, Colour) {
    match role {
        Role::Parameter(_) => (OCHRE, WHITE.towards(OCHRE, 0.16)),
        Role::Data(_) => (GREY, WHITE.towards(GREY, 0.16)),
        Role::Computed => (INK, WHITE),
    }
}

fn outline(place: Rect, role: Role) -> Vec<Point> {
    let (radius, steps) = match role {
        Role::Parameter(_) => (16.0_f64.min(place.height / 2.0), 12),
        Role::Data(_) => (9.0_f64.min(place.height / 2.0), 1),
        Role::Computed => return place.corners().to_vec(),
    };
    let inner = place.grown(-radius).corners();
    let corner = |(k, centre): (usize, Point)| {
        (0..=steps).map(move |step| {
            let turn = FRAC_PI_2 * (k as f64 + f64::from(step) / f64::from(steps));
            [centre[0] - radius * turn.cos(), centre[1] - radius * turn.sin()]
        })
    };
    inner.into_iter().enumerate().flat_map(corner).collect()
}

/// An arrow from a node to one that was computed from it, with the slope by which the sweep multiplies.
fn edge(canvas: &mut Canvas, from: Rect, to: Rect, aside: f64, slope: f64) {
    let [a, b] = [from, to].map(|r| [r.left + r.width / 2.0, r.top + r.height / 2.0]);
    let (path, label) = if from.top == to.top {
        let y = a[1] + aside;
        let side = if aside > 0.0 { 10.0 } else { -9.0 };
        let middle = f64::midpoint(from.right(), to.left);
        (vec![[from.right(), y], [to.left, y]], Middle([middle - 0.5, y + side]))
    } else if a[0] == b[0] {
        (vec![[a[0], from.top], [b[0], to.bottom()]], Start([b[0] + 7.0, to.bottom() + 24.0]))
    } else {
        let start = if b[0] < a[0] { from.left } else { from.right() };
        let corner = [b[0], a[1]];
        (vec![[start, a[1]], corner, [b[0], to.top]], Start([b[0] + 7.0, to.top - 40.0]))
    };
    arrow(canvas, &path, 1.2, INK);
    canvas.text(label, 9.5, RED, &factor(slope));
}

fn arrow(canvas: &mut Canvas, path: &[Point], width: f64, colour: Colour) {
    let [.., before, tip] = path else { return };
    let length = (tip[0] - before[0]).hypot(tip[1] - before[1]);
    let [dx, dy] = [0, 1].map(|i| (tip[i] - before[i]) / length);
    let back = |along: f64, aside: f64| {
        [tip[0] - along * dx - aside * dy, tip[1] - along * dy + aside * dx]
    };
    let mut shaft = path.to_vec();
    shaft.pop();
    shaft.push(back(5.0, 0.0));
    canvas.line(&shaft, width, colour);
    canvas.polygon(&[*tip, back(7.0, 3.2), back(7.0, -3.2)], colour);
}

/// What the lines of a node and the numbers at the arrows are.
fn key(canvas: &mut Canvas) {
    let left = CORNER[0] + 4.3 * PITCH[0];
    let sample = Rect::new(left, CORNER[1] - PITCH[1], NODE[0], NODE[1]);
    draw_node(canvas, sample, Role::Computed, ["operation", "value", "adjoint"]);
    let lines = [
        (13.0, INK, "what was computed, from which nodes"),
        (30.0, NAVY, "computed from left to right"),
        (46.0, RED, "$∂L/∂v$, swept from right to left: over all arrows that leave,"),
        (62.0, RED, "the sum of the adjoint at the tip × the slope at the arrow"),
    ];
    for (y, colour, text) in lines {
        canvas.text(Start([sample.right() + 10.0, sample.top + y]), TEXT, colour, text);
    }
}

/// The tape itself: a list in which all arrows point to the right.
fn list(canvas: &mut Canvas, nodes: &[RecordedNode]) {
    let entry = |i: usize| Rect { left: LIST.left + LIST.width * i as f64, ..LIST };
    let title = "The tape is a list. Every input stands to the left of what was computed from it, so \
                 the sweep can go through the list from its end";
    canvas.text(Start([LIST.left, LIST.top - 94.0]), TEXT, INK, title);
    for (i, node) in nodes.iter().enumerate() {
        for (k, &input) in node.inputs.iter().enumerate() {
            let twice = k > 0 && node.inputs[0] == input;
            let [from, to] = [input, i].map(|i| entry(i).left + LIST.width / 2.0);
            // An arc leaves right of the middle and arrives left of it, so that none hides another.
            let (from, to) = (from + 6.0, to - 6.0 - 9.0 * k as f64);
            // Arcs of data are flatter, so that they cross those of parameters at a clear angle.
            let flat = if matches!(nodes[input].role, Role::Data(_)) { 0.7 } else { 1.0 };
            let height = flat * (8.0 + 8.0 * (i - input) as f64) + if twice { 8.0 } else { 0.0 };
            let arc = (0..=40).map(|step| {
                let turn = 2.0 * FRAC_PI_2 * f64::from(step) / 40.0;
                let across = f64::midpoint(from, to) - (to - from) / 2.0 * turn.cos();
                [across, LIST.top - 1.0 - height * turn.sin()]
            });
            let colour = colours(nodes[input].role).0;
            arrow(canvas, &arc.collect::<Vec<_>>(), 1.1, colour);
        }
    }
    for (i, node) in nodes.iter().enumerate() {
        let (edge, ground) = colours(node.role);
        let place = entry(i);
        canvas.rectangle(place, ground);
        canvas.outline(place, 1.0, edge);
        let middle = place.left + place.width / 2.0;
        let short = match node.role {
            Role::Parameter(name) | Role::Data(name) => format!("${name}$"),
            Role::Computed => what(nodes, i),
        };
        canvas.text(Middle([middle, place.top + LIST.height / 2.0]), 10.0, INK, &short);
        canvas.text(Middle([middle, place.bottom() + 11.0]), 9.0, GREY, &i.to_string());
    }
    let (y, right) = (LIST.bottom() + 36.0, entry(nodes.len()).left);
    let middle = f64::midpoint(LIST.left, right);
    canvas.text(Start([LIST.left, y]), TEXT, NAVY, "recorded in this order");
    arrow(canvas, &[[LIST.left + 142.0, y], [middle - 12.0, y]], 1.6, NAVY);
    canvas.text(End([right, y]), TEXT, RED, "swept in the opposite order");
    arrow(canvas, &[[right - 172.0, y], [middle + 12.0, y]], 1.6, RED);
}
