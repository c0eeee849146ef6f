//! `identities`: every claim of every theorem, and every false statement.

use super::prelude::*;
use crate::{
    identity::{self, Claim, Evidence, Instances, Sides, Theorem},
    matrix::noise::Generator,
};
use rand::{RngExt, SeedableRng};

/// How often a claim about random instances is tried.
const INSTANCES: usize = 40;
/// What has a gap and its unit: the colour of its dots, and where its name stands on the axis.
const KINDS: [(Evidence, Colour, f64); 3] = [
    (Evidence::MonteCarlo, OCHRE, 3e-2),
    (Evidence::Quadrature, GREEN, 1e-3),
    (Evidence::Rounding, NAVY, 3e-5),
];
/// Where the name of the false statements stands.
const FALSE: f64 = 1e8;
/// Height of a row for what has no residual.
const ROW: f64 = 16.0;

/// The row of numbers whose gap is 0, which have the colours of their evidence.
const NO_GAP: &str = "no gap seen";

/// What is drawn of one comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    /// A gap, in units of what is allowed.
    Residual(f64),
    /// A row of its own, by its name: where no gap is allowed there is no such unit, and a gap of 0
    /// has no logarithm.
    Row(&'static str),
}

fn mark(sides: &Sides, holds: bool) -> Mark {
    match (sides.evidence(), holds) {
        (Evidence::Proof, true) => Mark::Row("proof"),
        (Evidence::Exact, true) => Mark::Row("exact"),
        (Evidence::Proof, false) => Mark::Row("refuted by a polynomial"),
        (Evidence::Exact, false) => Mark::Row("refuted, no gap allowed"),
        _ if sides.residual() == 0.0 => Mark::Row(NO_GAP),
        // Intervals that do not meet.
        _ if sides.residual().is_infinite() => Mark::Row("refuted, no gap allowed"),
        _ => Mark::Residual(sides.residual()),
    }
}

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let theorems = identity::all();
    let marks = compared(&theorems, &mut rng);
    Ok(picture(&theorems, &marks))
}

pub(super) fn picture(theorems: &[Theorem], marks: &[Compared]) -> Picture {
    let last = theorems.iter().map(|t| t.number).max().unwrap_or(1);
    let mut canvas = Canvas::new(900, 560);
    let frame = Rect::new(62.0, 104.0, 660.0, 330.0);
    let x = Axis::linear(0.5, f64::from(last) + 0.5).unnumbered(); // its own numbers are too few
    // Stripes lead the eye from a dot to its theorem.
    let pitch = frame.width / f64::from(last);
    for number in 1..=last {
        let left = frame.left + pitch * f64::from(number - 1);
        if number % 2 == 0 {
            let top = frame.top - 2.0 * ROW - 24.0;
            let height = frame.bottom() + 34.0 + 3.0 * ROW - top;
            canvas.rectangle(Rect::new(left, top, pitch, height), GREY.alpha(0.08));
        }
        let [x, y] = [left + 0.5 * pitch, frame.bottom()];
        canvas.line(&[[x, y], [x, y + 5.0]], 1.0, INK);
        canvas.text(Middle([x, y + 14.0]), 10.0, INK, &number.to_string());
    }
    let rows = [
        ("refuted by a polynomial", RED, frame.top - 2.0 * ROW - 24.0),
        ("refuted, no gap allowed", RED, frame.top - ROW - 24.0),
        (NO_GAP, GREY, frame.bottom() + 34.0),
        ("exact", VIOLET, frame.bottom() + 34.0 + ROW),
        ("proof", INK, frame.bottom() + 34.0 + 2.0 * ROW),
    ];
    for (k, (name, colour, top)) in rows.into_iter().enumerate() {
        let row = Rect::new(frame.left, top, frame.width, ROW);
        if k % 2 == 0 {
            canvas.rectangle(row, GREY.alpha(0.12));
        }
        canvas.text(Start([row.right() + 12.0, top + ROW / 2.0]), 10.0, colour, name);
    }

    let dots = |of: Option<Evidence>| -> Vec<Point> {
        let chosen = marks.iter().filter(|(_, evidence, holds, _)| match of {
            Some(kind) => *holds && *evidence == kind,
            None => !holds,
        });
        let point = |(x, _, _, mark): &Compared| match mark {
            Mark::Residual(residual) => Some([*x, *residual]),
            Mark::Row(_) => None,
        };
        chosen.filter_map(point).collect()
    };
    let residuals = marks.iter().filter_map(|(.., mark)| match mark {
        Mark::Residual(residual) => Some(*residual),
        Mark::Row(_) => None,
    });
    let y = Axis::log_around(residuals.chain([FALSE]).chain(KINDS.map(|kind| kind.2)));
    let mut panel = Panel::new(&mut canvas, frame, x, y);
    panel.labels("", "", "gap / what is allowed").horizontal(1.0, "");
    for (name, colour, top) in rows {
        let own = marks.iter().filter(|(.., mark)| matches!(mark, Mark::Row(own) if *own == name));
        let coloured = own.map(|&(x, evidence, ..)| {
            let kind = KINDS.iter().find(|kind| name == NO_GAP && kind.0 == evidence);
            (x, kind.map_or(colour, |kind| kind.1))
        });
        let coloured: Vec<(f64, Colour)> = coloured.collect();
        for alike in coloured.chunk_by(|a, b| a.1 == b.1) {
            let places: Vec<Point> = alike.iter().map(|(x, _)| [*x, 1.0]).collect();
            panel.marks(&places, alike[0].1.alpha(0.7), |canvas, [across, _], colour| {
                canvas.disc([across, top + ROW / 2.0], 1.8, colour);
            });
        }
    }
    let beside = |y: f64| [x.high(), y];
    panel.label(beside(1.0), Start([12.0, 0.0]), GREY, "allowed");
    let kinds = KINDS.map(|(kind, colour, y)| (Some(kind), colour, y));
    for (kind, colour, y) in kinds.into_iter().chain([(None, RED, FALSE)]) {
        let (name, dots) = (kind.map_or("false statements", Evidence::name), dots(kind));
        // The claims may do without a kind of evidence, and then its name would be a riddle.
        if !dots.is_empty() {
            panel.dots(&dots, 1.6, colour.alpha(0.85));
            panel.label(beside(y), Start([12.0, 0.0]), colour, name);
        }
    }

    let title = format!("{} theorems, and what is false next to them", theorems.len());
    canvas.text(Start([frame.left, 24.0]), 13.0, INK, &title);
    let below = [frame.left + 0.5 * frame.width, frame.bottom() + 34.0 + 3.0 * ROW + 16.0];
    canvas.text(Middle(below), 11.0, INK, "number of the theorem");
    let worst = dots(Some(Evidence::Rounding)).into_iter().chain(dots(Some(Evidence::Quadrature)));
    let worst = worst.map(|p| p[1]).fold(0.0, f64::max);
    let nearest = dots(None).into_iter().map(|p| p[1]).fold(f64::INFINITY, f64::min);
    let proofs = marks.iter().filter(|(.., mark)| matches!(mark, Mark::Row("proof"))).count();
    let finding = format!(
        "{} theorems, {proofs} proofs; numbers are at most {worst:.2} of what is allowed apart, those \
         of false statements at least {nearest:.0}",
        theorems.len()
    );
    Picture { canvas, finding }
}

/// Where a comparison stands, its evidence, whether it is a claim, and its mark.
pub(super) type Compared = (f64, Evidence, bool, Mark);

/// Every claim and every false statement of the theorems, on instances.
pub(super) fn compared(theorems: &[Theorem], rng: &mut Generator) -> Vec<Compared> {
    let mut marks = Vec::new();
    for theorem in theorems {
        for (claims, holds) in [(theorem.claims, true), (theorem.false_statements, false)] {
            for claim in claims {
                for _ in 0..times(claim) {
                    let sides = claim.sides(rng);
                    // A little to the left and right, so that forty dots are not one.
                    let aside = aside(sides.evidence(), holds) + rng.random_range(-0.15..0.15);
                    let x = f64::from(theorem.number) + aside;
                    marks.push((x, sides.evidence(), holds, mark(&sides, holds)));
                }
            }
        }
    }
    marks
}

/// Rounding and quadrature lie side by side, since their colours may not be enough.
fn aside(evidence: Evidence, holds: bool) -> f64 {
    match evidence {
        Evidence::Rounding if holds => -0.17,
        Evidence::Quadrature if holds => 0.17,
        _ => 0.0,
    }
}

/// How often a claim is drawn.
const fn times(claim: &Claim) -> usize {
    match claim.instances {
        Instances::One(_) => 1,
        Instances::Any(_) => INSTANCES,
    }
}
