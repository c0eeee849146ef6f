//! Few colours, always the same meaning: ink for words and frames, navy for what the project
//! computes, red for what it is held against, grey for references. A reader who has seen one
//! figure can then read the next without a legend.

use plotters::style::RGBAColor;

/// An sRGB colour and its opacity in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    rgb: [u8; 3],
    alpha: f64,
}

/// Words, frames and ticks: not quite black, which would glare beside thin coloured lines.
pub const INK: Colour = Colour::hex(0x22_22_28);
/// The paper.
pub const WHITE: Colour = Colour::hex(0xff_ff_ff);
/// Reference lines, which must stay behind the data.
pub const GREY: Colour = Colour::hex(0x7d_7d_88);
/// Borders of tiles: just enough to see where a blank tile ends.
pub const PALE: Colour = Colour::hex(0xc9_c9_d1);
/// The first series.
pub const NAVY: Colour = Colour::hex(0x1f_4e_8c);
/// The second series; also samples.
pub const RED: Colour = Colour::hex(0xc4_3e_28);
/// Exact evidence.
pub const VIOLET: Colour = Colour::hex(0x6a_3d_9a);
/// Evidence by quadrature.
pub const GREEN: Colour = Colour::hex(0x2f_7d_4f);
/// Evidence by Monte Carlo.
pub const OCHRE: Colour = Colour::hex(0xc2_85_1c);

impl Colour {
    /// The colour written `0xRRGGBB`, opaque.
    pub const fn hex(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self { rgb: [red, green, blue], alpha: 1.0 }
    }

    /// Red, green and blue.
    pub const fn rgb(self) -> [u8; 3] {
        self.rgb
    }

    /// The same colour, letting 1 − `alpha` of the ground through.
    #[must_use]
    pub const fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// The way from `self` (t = 0) to `other` (t = 1), each channel on its own.
    pub fn towards(self, other: Self, t: f64) -> Self {
        let channel = |i: usize| {
            let (a, b) = (f64::from(self.rgb[i]), f64::from(other.rgb[i]));
            // `as` saturates, so rounding cannot leave 0..=255.
            #[expect(clippy::cast_sign_loss, reason = "a mean of two bytes is not negative")]
            let mixed = (a + (b - a) * t).round() as u8;
            mixed
        };
        Self { rgb: [channel(0), channel(1), channel(2)], ..self }
    }
}

impl From<Colour> for RGBAColor {
    fn from(colour: Colour) -> Self {
        let [red, green, blue] = colour.rgb;
        Self(red, green, blue, colour.alpha)
    }
}

/// What an image shows: how numbers in [`low`, `high`] become colours.
///
/// Values outside the interval take the colour of the nearer end, as ink does when it runs out.
///
/// [`low`]: Self::low
/// [`high`]: Self::high
#[derive(Clone, Copy, Debug)]
pub struct ColourScale {
    /// The value of the first colour.
    pub low: f64,
    /// The value of the last colour.
    pub high: f64,
    stops: &'static [Colour],
    /// Below 1, small values get more than their share of the colours.
    exponent: f64,
    alpha: f64,
}

/// White to ink, so that a digit looks written on the page rather than lit on a screen.
const WRITTEN: [Colour; 2] = [WHITE, INK];

/// Blue, white, red. The two arms darken alike: a filter and its negative look equally strong.
const SIGNED: [Colour; 5] = [
    Colour::hex(0x14_3d_73),
    Colour::hex(0x6f_a3_d0),
    Colour::hex(0xfa_fa_fa),
    Colour::hex(0xe0_8a_6d),
    Colour::hex(0x8f_22_1a),
];

/// White to navy, for densities.
const BLUES: [Colour; 5] = [
    WHITE,
    Colour::hex(0xc6_db_ef),
    Colour::hex(0x6b_ae_d6),
    Colour::hex(0x21_71_b5),
    Colour::hex(0x08_30_6b),
];

/// Viridis backwards: even in lightness and fit for the colour-blind, and on white paper the large
/// are dark.
const MAGNITUDES: [Colour; 8] = [
    Colour::hex(0xfd_e7_25),
    Colour::hex(0xa0_da_39),
    Colour::hex(0x4a_c1_6d),
    Colour::hex(0x1f_a1_87),
    Colour::hex(0x27_7f_8e),
    Colour::hex(0x36_5c_8d),
    Colour::hex(0x46_32_7e),
    Colour::hex(0x44_01_54),
];

impl ColourScale {
    const fn new(low: f64, high: f64, stops: &'static [Colour]) -> Self {
        Self { low, high, stops, exponent: 1.0, alpha: 1.0 }
    }

    /// White at 0, navy at `high`. A density spans orders of magnitude, and the exponent 0.6 keeps
    /// its skirts visible.
    pub const fn density(high: f64) -> Self {
        Self { exponent: 0.6, ..Self::new(0.0, high, &BLUES) }
    }

    /// Viridis, from yellow at 0 to violet at `high`, for the lengths of arrows.
    pub const fn magnitude(high: f64) -> Self {
        Self::new(0.0, high, &MAGNITUDES)
    }

    /// The same scale as a mere background: `alpha` of it, the rest is paper.
    #[must_use]
    pub const fn faded(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// White at `low`, ink at `high`.
    pub const fn grey(low: f64, high: f64) -> Self {
        Self::new(low, high, &WRITTEN)
    }

    /// Blue at −`limit`, white at 0, red at +`limit`: symmetric, because a scale fitted to the two
    /// extremes would paint some small weight of one sign in the colour of the other.
    pub const fn diverging(limit: f64) -> Self {
        Self::new(-limit, limit, &SIGNED)
    }

    /// The colour of a finite `value`.
    #[expect(clippy::cast_sign_loss, reason = "clamped to [0, stops − 1] on the line before")]
    pub fn colour(&self, value: f64) -> Colour {
        let last = self.stops.len() - 1;
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        let t = share.powf(self.exponent) * last as f64;
        let below = (t as usize).min(last - 1);
        self.stops[below].towards(self.stops[below + 1], t - below as f64).alpha(self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_meets_its_stops_and_saturates_beyond_them() {
        let scale = ColourScale::diverging(2.0);
        assert_eq!(scale.colour(-2.0), SIGNED[0]);
        assert_eq!(scale.colour(0.0), SIGNED[2]);
        assert_eq!(scale.colour(1.0), SIGNED[3]);
        assert_eq!(scale.colour(1e9), SIGNED[4]);
    }
}
