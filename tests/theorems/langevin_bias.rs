//! T36: the law that a chain keeps, to rounding, against its expansion in the step.

use score_matching::{
    Array, Matrix,
    identity::langevin_bias::{Chain, Waves, tilt},
    sampler::Step,
};

const STEPS: [f64; 4] = [0.4, 0.2, 0.1, 0.05];

fn mean(law: &Matrix, f: &Matrix) -> f64 {
    law.inner(f).sum().item()
}

fn close(found: f64, expected: f64, within: f64, what: &str) {
    println!("{what}: {found:.13}");
    assert!((found - expected).abs() <= within, "{what}: {found:.15}, expected {expected:.15}");
}

/// log₂ of what a halved step divides a remainder by.
fn orders(remainders: &[f64]) -> Vec<f64> {
    remainders.windows(2).map(|pair| (pair[0] / pair[1]).abs().log2()).collect()
}

/// Σ |p_ε − predicted|. The absolute value has kinks, so on these nodes it is known to a hundredth
/// only.
fn apart(chain: &Chain, law: &Matrix) -> f64 {
    (law.clone() - &chain.predicted).data().iter().map(|x| x.abs()).sum()
}

/// 𝔼x² of the chain less that of p, for p ∝ exp(−x²/2 + cos(x + ½)): as it is, as predicted to first
/// order, and what remains of the prediction without ½Δ log p. A step rounds 162 sums at most, and what
/// it is off is forgotten within 200 steps: 162 · 200 u = 4·10⁻¹². Half as many nodes again change nothing.
#[test]
fn the_shift_of_the_second_moment_on_the_line() {
    const ROUNDING: f64 = 4e-12;
    let shifts = [0.134_229_874_349, 0.060_905_761_321, 0.029_095_025_243, 0.014_229_139_460];
    let firsts = [0.111_389_963_577, 0.055_694_981_788, 0.027_847_490_894, 0.013_923_745_447];
    let (mut remainders, mut without_curvature, mut distances) = (vec![], vec![], vec![]);
    for ((epsilon, shift), first) in STEPS.into_iter().zip(shifts).zip(firsts) {
        let waves = Waves::line();
        let chain = Chain::new(&waves, epsilon, 2.0);
        let (x, law) = (&chain.nodes, chain.stationary(100.0));
        let (squares, s) = (x.squared_norm(), waves.score(x));
        let of_p = mean(&chain.density, &squares);
        close(of_p, 0.639_035_063_052, 1e-12, "𝔼x²");
        let information = mean(&chain.density, &s.squared_norm());
        close(information, 1.717_509_276_894, 1e-12, "I(p)");
        let g = mean(&chain.density, &tilt(&s, &waves.laplacian(x)));
        close(g, -0.25 * information, 1e-13, "𝔼g = −I/4");

        let found = mean(&law, &squares) - of_p;
        close(found, shift, ROUNDING, "the shift");
        let predicted = mean(&chain.predicted, &squares) - of_p;
        close(predicted, first, 1e-12, "to first order");
        remainders.push(found - predicted);
        distances.push(apart(&chain, &law));
        let bare = s.squared_norm() * 0.25;
        let covariance =
            mean(&chain.density, &(bare.clone() * &squares)) - mean(&chain.density, &bare) * of_p;
        without_curvature.push(found - 0.5 * epsilon * covariance);

        if epsilon == 0.2 {
            let work = mean(&law, &x.inner(&s)) + 1.0;
            close(work, -0.093_003_701, 1e-9, "the virial without its last term");
            close(work + 0.05 * mean(&law, &s.squared_norm()), 0.0, 1e-14, "with it");
            let finer = Chain::new(&waves, epsilon, 3.0);
            let again = mean(&finer.stationary(100.0), &finer.nodes.squared_norm()) - of_p;
            close(again, found, ROUNDING, "with more nodes");
        }
    }
    close(remainders[3], 0.000_305_394_0, 5e-11, "what is left at ε = 0.05");
    close(without_curvature[3], 0.003_152_884_9, 5e-11, "without ½Δ log p");
    let right = orders(&remainders);
    for (found, expected) in right.iter().zip([2.13, 2.06, 2.03]) {
        close(*found, expected, 5e-3, "the order");
    }
    for (found, expected) in orders(&distances).iter().zip([2.073, 2.038, 2.019]) {
        close(*found, expected, 0.02, "the order of the distance");
    }
    let wrong = orders(&without_curvature);
    assert!(wrong.is_sorted_by(|a, b| a > b) && wrong[2] < 1.2, "it goes to 1: {wrong:?}");
}

/// In the plane, where log p is no sum over the axes.
#[test]
fn the_distance_to_the_first_order_in_the_plane() {
    let distances = [0.4, 0.2].map(|epsilon| {
        let chain = Chain::new(&Waves::plane(), epsilon, 1.45);
        apart(&chain, &chain.stationary(30.0))
    });
    for (found, expected) in distances.iter().zip([0.014_473, 0.003_383]) {
        close(*found, expected, 0.01 * expected, "Σ |p_ε − predicted|");
    }
    close(orders(&distances)[0], 2.097, 0.02, "its order");
}

/// ψ = −(I + S)Px keeps N(0, P⁻¹), P = diag(1, 2), S a quarter turn. With M = (I + S)P the covariance of
/// the chain obeys MΣ + ΣMᵀ − (ε/2)MΣMᵀ = 2I, and so to first order in ε, Σ = P⁻¹ + εΣ₁,
/// MΣ₁ + Σ₁Mᵀ = ½MP⁻¹Mᵀ. All numbers are whole, times 12.
#[test]
fn a_curl_has_another_bias_than_the_formula_for_gradients() {
    let turned = Matrix::from_rows([[1.0, 2.0], [-1.0, 2.0]]); // (I + S)P
    let inverse = Matrix::from_rows([[12.0, 0.0], [0.0, 6.0]]);
    let both_ways = |of: &Matrix| turned.nn(of) + of.nt(&turned);
    assert_eq!(both_ways(&inverse), Matrix::from_rows([[24.0, 0.0], [0.0, 24.0]]), "it keeps p");
    let second = turned.nn(&inverse).nt(&turned) * 0.5;
    let truth = Matrix::from_rows([[7.0, 1.0], [1.0, 5.0]]);
    assert_eq!(both_ways(&truth), second, "Σ₁ = [[7, 1], [1, 5]]/12");
    // The formula has u = ½‖ψ/2‖² + … = ¼‖Px‖² + …, so Cov(xxᵀ, u) = ½ P⁻¹P²P⁻¹ = ½I.
    let formula = Matrix::from_rows([[6.0, 0.0], [0.0, 6.0]]);
    assert_ne!(both_ways(&formula), second);
    let gap = truth - formula;
    assert_eq!(gap, Matrix::from_rows([[1.0, 1.0], [1.0, -1.0]]), "1/12 in every entry");
    // And a long run of the recursion x ← (I − (ε/2)M)x + √ε z agrees with the truth.
    let epsilon = 2.0_f64.powi(-12);
    let Step { drift, .. } = Step::halved(epsilon);
    let keep = Matrix::from_rows([[1.0, 0.0], [0.0, 1.0]]) - turned.clone() * drift;
    let noise = Matrix::from_rows([[epsilon, 0.0], [0.0, epsilon]]);
    let start = inverse * (1.0 / 12.0);
    let settled = (0..60_000).fold(start.clone(), |s, _| keep.nn(&s).nt(&keep) + &noise);
    let slope = (settled - start) * (12.0 / epsilon);
    for (found, expected) in slope.data().iter().zip([7.0, 1.0, 1.0, 5.0]) {
        close(*found, expected, 20.0 * epsilon, "12 Σ₁");
    }
}
