//! Few colours, always the same meaning: ink for words and frames, navy for what the project
//! computes, red for what it is held against, grey for references. A reader who has seen one
//! figure can then read the next without a legend.
//!
//! Any two of them are told apart by readers who lack one of the three cones as well: a test computes
//! how far apart they look. Transparency brings colours nearer to each other, so below an opacity of
//! 0.85 the place or the shape of a mark must say as much as its colour.

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
pub const NAVY: Colour = Colour::hex(0x16_47_81);
/// The second series; also samples.
pub const RED: Colour = Colour::hex(0xab_26_13);
/// Exact evidence.
pub const VIOLET: Colour = Colour::hex(0x9e_6a_cf);
/// Evidence by quadrature.
pub const GREEN: Colour = Colour::hex(0x17_7c_55);
/// Evidence by Monte Carlo.
pub const OCHRE: Colour = Colour::hex(0xaf_81_07);

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
    /// Below 1, the last colours are not reached.
    reach: f64,
    /// Whether values beyond the interval are expected.
    pub(super) open: bool,
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

/// Viridis backwards, without its yellow, which is lost on white paper: even in lightness and fit for the
/// colour-blind, and the large are dark.
const MAGNITUDES: [Colour; 6] = [
    Colour::hex(0x4a_c1_6d),
    Colour::hex(0x1f_a1_87),
    Colour::hex(0x27_7f_8e),
    Colour::hex(0x36_5c_8d),
    Colour::hex(0x46_32_7e),
    Colour::hex(0x44_01_54),
];

impl ColourScale {
    const fn new(low: f64, high: f64, stops: &'static [Colour]) -> Self {
        Self { low, high, stops, exponent: 1.0, reach: 1.0, open: false }
    }

    /// White at 0, navy at `high`. A density spans orders of magnitude, and the exponent 0.6 keeps
    /// its skirts visible.
    pub const fn density(high: f64) -> Self {
        Self { exponent: 0.6, ..Self::new(0.0, high, &BLUES) }
    }

    /// Viridis, from green at 0 to violet at `high` and beyond, for the lengths of arrows.
    pub const fn magnitude(high: f64) -> Self {
        Self::new(0.0, high, &MAGNITUDES).open()
    }

    /// The same scale as a mere background: only the first `reach` of its colours, which stay as clear as
    /// they are. Navy that lets the paper through is a muddy grey.
    #[must_use]
    pub const fn faded(self, reach: f64) -> Self {
        Self { reach, ..self }
    }

    /// The same scale, of which the colour bar says that there are values beyond it.
    #[must_use]
    pub const fn open(self) -> Self {
        Self { open: true, ..self }
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
        let t = self.reach * share.powf(self.exponent) * last as f64;
        let below = (t as usize).min(last - 1);
        self.stops[below].towards(self.stops[below + 1], t - below as f64)
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

    /// What of linear red, green and blue is left to readers who lack the cone for long, middle or short
    /// waves (Machado, Oliveira and Fernandes 2009, severity 1).
    const LACKING: [[[f64; 3]; 3]; 3] = [
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];
    /// From linear sRGB to XYZ, as shares of the white D65.
    const XYZ: [[f64; 3]; 3] = [
        [0.433_953, 0.376_219, 0.189_828],
        [0.212_673, 0.715_152, 0.072_175],
        [0.017_758, 0.109_477, 0.872_766],
    ];

    fn times(matrix: &[[f64; 3]; 3], x: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum())
    }

    /// CIE L*a*b* of linear red, green and blue.
    fn lab(linear: [f64; 3]) -> [f64; 3] {
        let root = |t: f64| {
            if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
        };
        let [x, y, z] = times(&XYZ, linear.map(|c| c.clamp(0.0, 1.0))).map(root);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// ΔE of CIEDE2000 (Sharma, Wu and Dalal 2005): 1 is just seen.
    fn apart([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
        let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25f64.powi(7))).sqrt();
        let g = 0.5 * (1.0 - seventh(0.5 * (a1.hypot(b1) + a2.hypot(b2))));
        let [a1, a2] = [a1, a2].map(|a| (1.0 + g) * a);
        let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
        let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
        let (h1, h2) = (hue(a1, b1), hue(a2, b2));
        let turn = (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0;
        let h = h1 + 0.5 * turn;
        let (l, c) = (0.5 * (l1 + l2), 0.5 * (c1 + c2));
        let cos = |degrees: f64| degrees.to_radians().cos();
        let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0)
            - 0.20 * cos(4.0 * h - 63.0);
        let sl = 1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt();
        let (sc, sh) = (1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
        let bend = 60.0 * (-((h.rem_euclid(360.0) - 275.0) / 25.0).powi(2)).exp();
        let rotation = -2.0 * seventh(c) * bend.to_radians().sin();
        let chroma = (c2 - c1) / sc;
        let hue = 2.0 * (c1 * c2).sqrt() * (0.5 * turn).to_radians().sin() / sh;
        (((l2 - l1) / sl).powi(2) + chroma.powi(2) + hue.powi(2) + rotation * chroma * hue).sqrt()
    }

    #[test]
    fn distances_are_those_of_published_pairs() {
        let pairs = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ];
        for (a, b, expected) in pairs {
            assert!((apart(a, b) - expected).abs() < 1e-4, "{}", apart(a, b));
        }
    }

    /// 15 is far beyond what is just seen, so that thin lines and small dots differ too.
    #[test]
    fn every_two_colours_are_told_apart_by_all_readers() {
        let named = [("ink", INK), ("grey", GREY), ("navy", NAVY), ("red", RED)];
        let named =
            [&named[..], &[("violet", VIOLET), ("green", GREEN), ("ochre", OCHRE)]].concat();
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let readers = |colour: Colour| {
            let all = colour.rgb().map(linear);
            let [long, middle, short] = LACKING.each_ref().map(|matrix| lab(times(matrix, all)));
            [lab(all), long, middle, short]
        };
        for (i, (one, a)) in named.iter().enumerate() {
            for (other, b) in &named[..i] {
                let distances: Vec<f64> =
                    readers(*a).into_iter().zip(readers(*b)).map(|(a, b)| apart(a, b)).collect();
                println!("{one:6} {other:6} {distances:5.1?}");
                assert!(distances.iter().all(|&d| d > 15.0), "{one} and {other}: {distances:?}");
            }
        }
    }
}
