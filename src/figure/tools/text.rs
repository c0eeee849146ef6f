//! Setting labels in type: which font, how large, and exactly where.
//!
//! This is the one file that knows the fonts. They are subsets of DejaVu (letters, Greek, the
//! operators of these papers) compiled into the program, so that figures look the same on every
//! machine and need no font installed. They are also shifted so that plotters, which centres a line
//! of text on its box, centres the capitals:
//!
//! ```text
//!   ─────────────────────  box, one em high
//!    ▗▖  █ ▗▄▖ ▄▖          capitals and digits
//!   ─▌▐──█─▌─▐─▄▌────────  the y of a text: ½ em down
//!    ▛▜  █ ▝▀▘ ▙▄          baseline, 0.3645 em below that
//!   ─────────────────────
//! ```
//!
//! A number centred on its tick, and a name level with its curve, then need no correction.

use std::sync::Once;

use plotters::prelude::{DrawingBackend, FontDesc, FontFamily, FontStyle};
use plotters::style::{RGBAColor, register_font};

use super::{
    canvas::Canvas,
    markup::{Face, Level, Run, parse},
    palette::Colour,
    raster::{Point, SCALE},
};

/// A point of a text, and where it stands: at the height of the middle of the capitals.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Its left end.
    Start(Point),
    /// Its middle.
    Middle(Point),
    /// Its right end.
    End(Point),
}

impl Anchor {
    /// The same as seen from `origin`.
    #[must_use]
    pub(super) fn from(self, [x, y]: Point) -> Self {
        let moved = |at: Point| [x + at[0], y + at[1]];
        match self {
            Self::Start(at) => Self::Start(moved(at)),
            Self::Middle(at) => Self::Middle(moved(at)),
            Self::End(at) => Self::End(moved(at)),
        }
    }

    /// The left end of a text of that width.
    fn start(self, width: f64) -> Point {
        match self {
            Self::Start(at) => at,
            Self::Middle([x, y]) => [x - width / 2.0, y],
            Self::End([x, y]) => [x - width, y],
        }
    }
}

/// A run with its place, in logical pixels: `x` from the start of the text, `y` from the middle of
/// the line's capitals to the middle of its own.
struct Placed {
    run: Run,
    x: f64,
    y: f64,
    size: f64,
}

/// Size of sub- and superscripts relative to the line.
const SCRIPT: f64 = 0.68;
/// How far the baseline of a subscript lies below that of the line, in ems of the line.
const DROP: f64 = 0.17;
/// How far the baseline of a superscript lies above it.
const RISE: f64 = 0.37;
/// Half the height of capitals, in ems: where the baseline lies below the middle.
const HALF_CAPITAL: f64 = 0.3645;
/// plotters' font size is the height of a line, which these fonts set to 1.24 em.
const LINE: f64 = 1.24;

impl Canvas {
    /// Sets `markup` at `size` pixels per em.
    pub fn text(&mut self, anchor: Anchor, size: f64, colour: Colour, markup: &str) {
        let (runs, width) = typeset(markup, size);
        let [left, middle] = anchor.start(width);
        if !(left.is_finite() && middle.is_finite()) {
            return self.refuse(format!("the text {markup:?} has no finite place"));
        }
        let colour = RGBAColor::from(colour);
        self.with_backend(|backend| {
            for Placed { run, x, y, size } in runs {
                let corner =
                    [left + x, middle + y - size / 2.0].map(|c| (c * SCALE).round() as i32);
                let style = font(run.face, size).color(&colour);
                backend.draw_text(&run.text, &style, corner.into())?;
            }
            backend.present()
        });
    }
}

/// Width of `markup` in logical pixels at `size` pixels per em.
pub fn width(markup: &str, size: f64) -> f64 {
    typeset(markup, size).1
}

/// The runs of `markup` in their places, and the width of the whole.
fn typeset(markup: &str, size: f64) -> (Vec<Placed>, f64) {
    let (mut placed, mut end) = (Vec::<Placed>::new(), 0.0_f64);
    for run in parse(markup) {
        let (own, drop) = match run.level {
            Level::Line => (size, 0.0),
            Level::Below => (size * SCRIPT, DROP),
            Level::Above => (size * SCRIPT, -RISE),
        };
        let x = match placed.last() {
            Some(letter) if run.is_accent() => over(letter, &run),
            // In x_i^2 both scripts begin where x ends, whichever is written first.
            Some(script) if pairs(script.run.level, run.level) => script.x,
            _ => end - overhang(&run) * own,
        };
        end = end.max(x + overhang(&run) * own + advance(&run, own));
        // Scripts and line share baselines, not middles.
        let y = (HALF_CAPITAL + drop) * size - HALF_CAPITAL * own;
        placed.push(Placed { run, x, y, size: own });
    }
    (placed, end)
}

/// Whether one is a subscript and the other a superscript.
fn pairs(one: Level, other: Level) -> bool {
    matches!((one, other), (Level::Below, Level::Above) | (Level::Above, Level::Below))
}

/// Where an accent starts that is centred over the last character of `letter`.
fn over(letter: &Placed, accent: &Run) -> f64 {
    let last = letter.run.text.chars().last().map(String::from).unwrap_or_default();
    let whole = advance(&letter.run, letter.size);
    let half = advance(&Run { text: last, ..letter.run.clone() }, letter.size) / 2.0;
    // An accent has no width of its own, only ink. plotters starts ink at the pen, so its width is
    // its furthest pixel; nothing is drawn here.
    let mut ink = 0;
    let _ = font(accent.face, letter.size).draw(&accent.text, (0, 0), |x, _, _| {
        ink = ink.max(x);
        Ok::<(), std::fmt::Error>(())
    });
    letter.x + whole - half - f64::from(ink) / SCALE / 2.0
}

/// How far the pen moves on: the width of a run with the white on both sides.
fn advance(run: &Run, size: f64) -> f64 {
    let samples = font(run.face, size).layout_box(&run.text).map_or(0, |(_, (right, _))| right);
    f64::from(samples) / SCALE
}

/// How far a letter reaches back under its neighbour, in ems.
///
/// The fonts know, but plotters moves all ink that lies left of the pen to the right of it, and so
/// drives a J into its subscript.
fn overhang(run: &Run) -> f64 {
    match (run.face, run.text.as_str()) {
        (Face::Italic, "J" | "j") => 0.17,
        (Face::Italic, "A" | "Λ") => 0.08,
        (Face::Italic, "f" | "X" | "χ") => 0.06,
        _ => 0.0,
    }
}

/// plotters keeps fonts by name in a table of the whole process, filled here on first use.
fn font(face: Face, size: f64) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let fonts: [(&str, FontStyle, &'static [u8]); 3] = [
            ("sans-serif", FontStyle::Normal, include_bytes!("fonts/dejavu-Sans.ttf")),
            ("serif", FontStyle::Normal, include_bytes!("fonts/dejavu-Serif.ttf")),
            ("serif", FontStyle::Italic, include_bytes!("fonts/dejavu-Serif-Italic.ttf")),
        ];
        for (name, style, bytes) in fonts {
            assert!(register_font(name, style, bytes).is_ok(), "a built-in font is damaged");
        }
    });
    let (family, style) = match face {
        Face::Sans => ("sans-serif", FontStyle::Normal),
        Face::Upright => ("serif", FontStyle::Normal),
        Face::Italic => ("serif", FontStyle::Italic),
    };
    // The style must be given here: FontDesc::style() keeps the old glyphs.
    FontDesc::new(FontFamily::Name(family), size * LINE * SCALE, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paired_scripts_share_their_start_and_accents_take_no_width() {
        let (placed, _) = typeset("$x_i^2$", 20.0);
        assert_eq!(placed[1].x.to_bits(), placed[2].x.to_bits());
        assert_eq!(width("$x\u{303}$", 20.0).to_bits(), width("$x$", 20.0).to_bits());
        assert!(width("$x_i$", 20.0) > width("$x$", 20.0));
    }
}
