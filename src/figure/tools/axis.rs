//! From numbers to places along an edge, and the few numbers worth writing there.
//!
//! Ticks stand at 1, 2 or 5 times a power of ten, because those are the numbers that a reader can
//! interpolate between without thinking; about five of them, because more are not read. On a
//! logarithmic axis they are the powers of ten themselves, until fewer than three fit.
//!
//! | axis               | numbers                              |
//! |--------------------|--------------------------------------|
//! | linear, −0.9 … 1.1 | −0.5  0  0.5  1.0                    |
//! | log, 5·10⁻⁴ … 2    | 10⁻³  10⁻²  10⁻¹  10⁰, minor marks   |
//! | log, 2 … 900       | 3  10  30  100  300, minor marks     |
//! | log, 5 … 420       | 5  10  20  50  100  200, minor marks |
//!
//! An axis knows nothing of pixels: it maps data to fractions of its length.

use super::raster::{Point, extremes};
use std::{fmt, ops::RangeInclusive};

/// An interval of data and how it is laid along an edge.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Whether its ticks have numbers.
    numbered: bool,
    /// Where they stand; if empty, that is chosen.
    places: &'static [f64],
}

/// A place on an axis that is worth a mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in data units.
    pub value: f64,
    /// What is written there, as markup; empty for a minor mark.
    pub label: String,
}

/// Marks on an axis; one more is tolerated where round numbers fall so.
const ABOUT: f64 = 5.0;

impl Axis {
    /// Equal steps are equal differences.
    pub const fn linear(low: f64, high: f64) -> Self {
        Self { low, high, logarithmic: false, numbered: true, places: &[] }
    }

    /// Equal steps are equal ratios; `low` must be positive.
    pub const fn log(low: f64, high: f64) -> Self {
        Self { low, high, logarithmic: true, numbered: true, places: &[] }
    }

    /// The same without numbers, where those of another panel below serve both.
    #[must_use]
    pub const fn unnumbered(self) -> Self {
        Self { numbered: false, ..self }
    }

    /// The same with numbers at just these places inside it, where something was measured.
    #[must_use]
    pub const fn at(self, places: &'static [f64]) -> Self {
        Self { places, ..self }
    }

    /// A linear axis that shows all of `values` with a little room at both ends, so that no marker
    /// is cut by the frame.
    pub fn linear_around(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values);
        Self::linear(low, high)
    }

    /// A logarithmic axis that shows all of `values` with a little room at both ends.
    pub fn log_around(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values.into_iter().map(f64::log10));
        Self::log(10.0_f64.powf(low), 10.0_f64.powf(high))
    }

    /// Whether this is an interval at all; everything else may then be taken for granted.
    pub fn is_sound(&self) -> bool {
        let (low, high) = (self.warp(self.low), self.warp(self.high));
        low.is_finite() && high.is_finite() && low < high && (high - low).is_normal()
    }

    /// The lower end.
    pub const fn low(&self) -> f64 {
        self.low
    }

    /// Its right or upper end.
    pub const fn high(&self) -> f64 {
        self.high
    }

    /// How far along the axis `value` lies: 0 at the lower end, 1 at the upper end.
    ///
    /// Not finite if `value` is not, or if the axis is logarithmic and `value` not positive.
    pub fn fraction(&self, value: f64) -> f64 {
        let (low, high) = (self.warp(self.low), self.warp(self.high));
        (self.warp(value) - low) / (high - low)
    }

    /// The points (x, f(x)) from end to end, at `steps` steps that are equal along the axis.
    pub fn graph(&self, steps: usize, mut f: impl FnMut(f64) -> f64) -> Vec<Point> {
        let value = |i| {
            let t = i as f64 / steps as f64;
            if self.logarithmic {
                self.low * (self.high / self.low).powf(t)
            } else {
                self.low + (self.high - self.low) * t
            }
        };
        (0..=steps).map(value).map(|x| [x, f(x)]).collect()
    }

    /// Data to the scale on which the axis is uniform.
    fn warp(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// The marks, in increasing order; none if the axis is not sound.
    pub fn ticks(&self) -> Vec<Tick> {
        let mut ticks = if self.is_sound() { self.numbered_ticks() } else { Vec::new() };
        if !self.numbered {
            for tick in &mut ticks {
                tick.label.clear();
            }
        }
        ticks
    }

    fn numbered_ticks(&self) -> Vec<Tick> {
        if !self.places.is_empty() {
            return self.places.iter().map(|&value| Tick { value, label: minus(&value) }).collect();
        }
        if !self.logarithmic {
            return linear_ticks(self.low, self.high);
        }
        let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
        if last - first >= 2 {
            // Every one or every few; between neighbours, marks without a number at 2 … 9 times, whose
            // crowding tells at a glance that the axis is logarithmic.
            let stride = (last - first - 1) / ABOUT as i32 + 1;
            return self.marks(first - 1..=last, |digit, power, _| match digit {
                1 if power.rem_euclid(stride) == 0 => Some(format!("10^{{{}}}", minus(&power))),
                _ => (stride == 1 || digit == 1).then(String::new),
            });
        }
        // Two do not make a scale: plain numbers, since 10^{−1.7} says nothing. Equal differences crowd
        // at the upper end, so they are the last resort, for an axis that is all but linear.
        let choices = [&[1, 2, 5][..], &[1, 3], &[1, 2, 3, 4, 6, 8]].map(|digits| {
            self.marks(first - 1..=last, |digit, power, value| {
                Some(if digits.contains(&digit) { number(value, power) } else { String::new() })
            })
        });
        let numbers = |ticks: &[Tick]| ticks.iter().filter(|tick| !tick.label.is_empty()).count();
        let fit = choices.into_iter().find(|ticks| (4..=7).contains(&numbers(ticks)));
        fit.unwrap_or_else(|| linear_ticks(self.low, self.high))
    }

    /// 1 … 9 times the powers of ten, as far as the axis reaches and `label` gives them one.
    fn marks(
        &self,
        powers: RangeInclusive<i32>,
        label: impl Fn(i32, i32, f64) -> Option<String>,
    ) -> Vec<Tick> {
        let digits = powers.flat_map(|power| (1..10).map(move |digit| (digit, power)));
        let mark = |(digit, power)| {
            let value = f64::from(digit) * 10_f64.powi(power);
            Some(Tick { value, label: label(digit, power, value)? })
        };
        digits.filter_map(mark).filter(|t| (self.low..=self.high).contains(&t.value)).collect()
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.logarithmic { "logarithmic" } else { "linear" };
        write!(f, "{kind} axis from {} to {}", self.low, self.high)
    }
}

/// Multiples of the step 1, 2 or 5 × 10ᵏ that comes nearest to five intervals.
fn linear_ticks(low: f64, high: f64) -> Vec<Tick> {
    let rough = (high - low) / ABOUT;
    let power = rough.log10().floor();
    let unit = 10_f64.powf(power);
    // The borders are geometric means of neighbours: √2, √10 and √50.
    let (factor, power) = match rough / unit {
        r if r < 1.415 => (1.0, power),
        r if r < 3.163 => (2.0, power),
        r if r < 7.072 => (5.0, power),
        _ => (1.0, power + 1.0),
    };
    let step = factor * 10_f64.powf(power);
    // A hair of slack, so that rounding does not lose a tick that stands on the very end.
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    (0..=(last - first) as i32)
        .map(|k| (first + f64::from(k)) * step)
        .map(|value| Tick { value, label: number(value, power as i32) })
        .collect()
}

/// `value` with as many decimals as a step of 10^`power` needs: labels of an axis then agree in
/// their last digit, and 0.50 beside 0.25 says how finely it is divided. Only 0 is plainly 0, and
/// what would be a row of noughts is written with a power of ten.
fn number(value: f64, power: i32) -> String {
    let largest = value.abs().max(10_f64.powi(power));
    if value != 0.0 && !(1e-4..1e6).contains(&largest) {
        // A hair of slack, lest 10⁻⁷ be written 10×10⁻⁸.
        let exponent = (value.abs().log10() + 1e-9).floor();
        let decimals = usize::try_from(exponent as i32 - power).unwrap_or(0);
        let digits = minus(&format!("{:.decimals$}", value / 10_f64.powf(exponent)));
        return format!("{digits}×10^{{{}}}", minus(&exponent));
    }
    let decimals = usize::try_from(-power).unwrap_or(0);
    let text = if value == 0.0 { "0".into() } else { format!("{value:.decimals$}") };
    minus(&text)
}

/// The text of a number with a true minus sign, as long as a plus, in place of the hyphen.
///
/// Labels of ticks are words, not mathematics, in the markup, so the sign must be made here.
fn minus(number: &impl ToString) -> String {
    number.to_string().replace('-', "−")
}

/// From a little below the least of the values to a little above the greatest.
fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let [low, high] = extremes(values);
    // One value, or the same value many times, still deserves an axis around it.
    let room = if high > low { 0.05 * (high - low) } else { 0.5 };
    (low - room, high + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn linear_ticks_are_few_and_round() {
        assert_eq!(labels(Axis::linear(-3.2, 3.2)), ["−3", "−2", "−1", "0", "1", "2", "3"]);
        assert_eq!(labels(Axis::linear(0.0, 0.17)), ["0", "0.05", "0.10", "0.15"]);
        assert_eq!(labels(Axis::linear(0.0, 100.0)), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(Axis::linear(0.0, 3e-7)).last().unwrap(), "3.0×10^{−7}");
    }

    #[test]
    fn every_linear_axis_has_three_to_eight_ticks_inside_it() {
        for k in 1..400 {
            let (low, high) = (-0.37 * f64::from(k), 1.23_f64.powi(k % 60));
            let ticks = Axis::linear(low, high).ticks();
            assert!((3..=8).contains(&ticks.len()), "{} ticks on [{low}, {high}]", ticks.len());
            assert!(ticks.iter().all(|t| low - 1e-6 <= t.value && t.value <= high + 1e-6));
        }
    }

    #[test]
    fn log_ticks_are_powers_of_ten_or_of_fewer_than_three_plain_numbers() {
        assert_eq!(labels(Axis::log(5e-4, 2.0)), ["10^{−3}", "10^{−2}", "10^{−1}", "10^{0}"]);
        assert_eq!(labels(Axis::log(0.015, 0.3)), ["0.02", "0.05", "0.1", "0.2"]);
        assert_eq!(labels(Axis::log(5.0, 420.0)), ["5", "10", "20", "50", "100", "200"]);
        assert_eq!(labels(Axis::log(2.0, 900.0)), ["3", "10", "30", "100", "300"]);
        assert_eq!(labels(Axis::log(2.1, 12.7)), ["3", "4", "6", "8", "10"]);
        assert_eq!(labels(Axis::log(0.021, 0.025)), ["0.021", "0.022", "0.023", "0.024", "0.025"]);
        assert_eq!(labels(Axis::log(0.02, 0.03)).join(" "), "0.020 0.022 0.024 0.026 0.028 0.030");
        assert_eq!(labels(Axis::log(1e-12, 1e3)).len(), 6);
        assert_eq!(labels(Axis::log(0.9, 5.0).at(&[1.0, 2.0, 4.0])), ["1", "2", "4"]);
    }

    #[test]
    fn a_graph_goes_from_end_to_end_at_equal_steps_along_the_axis() {
        for axis in [Axis::linear(-2.0, 6.0), Axis::log(0.25, 16.0)] {
            let points = axis.graph(4, |x| 2.0 * x);
            assert_eq!([points[0][0], points[4][0]], [axis.low(), axis.high()]);
            for (i, [x, y]) in points.into_iter().enumerate() {
                // exact on the linear axis; logarithms below 2 over 1.8 leave a few roundings
                assert!((axis.fraction(x) - 0.25 * i as f64).abs() < 4.0 * f64::EPSILON);
                assert_eq!(y, 2.0 * x);
            }
        }
    }

    #[test]
    fn an_axis_that_is_no_interval_is_unsound_and_has_no_ticks() {
        for axis in [
            Axis::linear(1.0, 1.0),
            Axis::linear(0.0, f64::NAN),
            Axis::log(0.0, 1.0),
            Axis::log_around([]),
            Axis::linear(f64::MIN, f64::MAX),
        ] {
            assert!(!axis.is_sound() && axis.ticks().is_empty(), "{axis:?}");
        }
    }
}
