//! The constants of the elementary functions in single precision, obtained as in
//! [`double`](super::double). One ulp is between 2⁻²⁴ and 2⁻²³.

use super::{Elementary, operations};

impl Elementary for f32 {
    const GRID: [Self; 3] = [12_582_912.0, 12_583_039.0, 12_583_166.0];
    const LIMIT: Self = 150.0;
    const LOG2_E: Self = std::f32::consts::LOG2_E;
    const SPLIT: Self = 4097.0;
    /// 16 bits and the rest: |k| ≤ 217 takes 8 bits, and 16 + 8 = 24.
    const LN_2: [Self; 2] = [Self::from_bits(0x3f31_7200), 1.428_606_8e-6];
    /// Error of 1 + r + r² E(r): 2^(−26.9).
    const EXP: &'static [Self] =
        &[0.5, 0.166_665_76, 0.041_666_556, 0.008_363_179, 0.001_392_618_4];
    /// Error of u − u² (½ − u L(u)): 2^(−28.4).
    const LOG_1P: &'static [Self] = &[
        0.193_147_18,
        -0.079_441_46,
        0.033_886_544,
        -0.014_752_137,
        0.006_994_665,
        -0.001_121_774,
        0.006_407_029,
        0.008_058_992,
        0.009_458_087,
        0.005_412_893,
        0.001_596_345_7,
    ];

    operations!();
}
