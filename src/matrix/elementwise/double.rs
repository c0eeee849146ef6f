//! The constants of the elementary functions in double precision.
//!
//! Each polynomial is the Chebyshev interpolant of its function, computed with 60 digits and then
//! rounded; for functions as smooth as these it is within a small factor of the best polynomial of
//! its length. With Python's mpmath it is one line, for instance for E
//!
//! ```text
//! chebyfit(lambda r: (exp(r) - 1 - r) / r**2, [-0.34661, 0.34661], 10)
//! ```
//!
//! (a little beyond ½ ln 2, because k is the rounding of a rounded quotient).
//! The error stated with each is the largest one on a grid of 2001 points *after* rounding the
//! coefficients, relative to the function's result. One ulp is between 2⁻⁵³ and 2⁻⁵².

use super::{Elementary, operations};

impl Elementary for f64 {
    const GRID: [Self; 3] =
        [6_755_399_441_055_744.0, 6_755_399_441_056_767.0, 6_755_399_441_057_790.0];
    const LIMIT: Self = 1100.0;
    const LOG2_E: Self = std::f64::consts::LOG2_E;
    const SPLIT: Self = 134_217_729.0;
    /// 42 bits and the rest: |k| ≤ 1587 takes 11 bits, and 42 + 11 = 53.
    const LN_2: [Self; 2] = [Self::from_bits(0x3fe6_2e42_fefa_3800), 5.497_923_018_708_371e-14];
    /// Error of 1 + r + r² E(r): 2^(−56.1).
    const EXP: &'static [Self] = &[
        0.500_000_000_000_000_1,
        0.166_666_666_666_666_69,
        0.041_666_666_666_624_13,
        0.008_333_333_333_330_062,
        0.001_388_888_891_721_371_7,
        0.000_198_412_698_630_536_18,
        2.480_152_129_595_437_6e-5,
        2.755_726_845_999_706_4e-6,
        2.762_008_844_540_974_6e-7,
        2.510_038_549_551_032e-8,
    ];
    /// Error of u − u² (½ − u L(u)): 2^(−56.7).
    const LOG_1P: &'static [Self] = &[
        0.193_147_180_559_945_31,
        -0.079_441_541_679_836_69,
        0.033_883_083_359_549_58,
        -0.014_805_138_940_576_432,
        0.006_582_708_136_647_411,
        -0.002_965_797_170_629_658,
        0.001_350_147_928_525_230_6,
        -0.000_620_651_166_942_703_4,
        0.000_281_480_972_953_617,
        -0.000_161_003_398_156_226_53,
        -5.230_964_167_324_214e-5,
        -0.000_399_382_177_388_791_4,
        -0.000_926_426_564_872_620_3,
        -0.001_893_099_111_783_548_6,
        -0.002_985_787_283_623_404_4,
        -0.003_720_476_172_710_855,
        -0.003_592_674_678_378_76,
        -0.002_643_778_219_063_671_6,
        -0.001_432_554_396_182_500_4,
        -0.000_540_699_474_285_495_1,
        -0.000_127_322_683_012_866_59,
        -1.424_011_208_150_927_8e-5,
    ];

    operations!();
}
