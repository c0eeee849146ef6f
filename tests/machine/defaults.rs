//! What a model is before it is trained, by hand.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    matrix::noise::Generator,
    model::{Autoencoder, EnergyNetwork, NoiseConditionalNetwork, ScoreNetwork, network::Layer},
};

/// The mean and the variance of n ≥ 10⁵ normal numbers are within 6 standard errors, √(v/n) and
/// v√(2/n): for less than one seed in 10⁸ they are not. A wrong 1/d is off by 100 of them and more.
fn is_normal(w: &Matrix, variance: f64) {
    let n = w.data().len() as f64;
    assert!(n >= 1e5);
    let mean = w.data().iter().sum::<f64>() / n;
    let square = w.data().iter().map(|x| x * x).sum::<f64>() / n;
    assert!(mean.abs() < 6.0 * (variance / n).sqrt(), "mean {mean}");
    assert!((square / variance - 1.0).abs() < 6.0 * (2.0 / n).sqrt(), "{square} for {variance}");
}

fn is_zero(b: &Matrix) {
    assert!(b.data().iter().all(|x| *x == 0.0));
}

#[test]
fn weights_have_the_variance_one_over_the_number_of_inputs() {
    let mut rng = Generator::seed_from_u64(1);
    let Autoencoder { w, b, c, a } = Autoencoder::<Matrix>::random(200, 500, &mut rng);
    assert_eq!(
        (w.shape(), b.shape(), c.shape(), a.is_none()),
        ((500, 200), (1, 500), (1, 200), true)
    );
    is_normal(&w, 1.0 / 200.0);
    [b, c].iter().for_each(is_zero);

    let widths = [200, 500, 1000, 100];
    let network = ScoreNetwork::<Matrix>::random(&widths, Function::Tanh, &mut rng);
    for (layer, ends) in network.layers.iter().zip(widths.windows(2)) {
        assert_eq!((layer.w.shape(), layer.b.shape()), ((ends[1], ends[0]), (1, ends[1])));
        is_normal(&layer.w, 1.0 / ends[0] as f64);
        is_zero(&layer.b);
    }

    let widths = [4, 100_000, 4];
    let model = NoiseConditionalNetwork::<Matrix>::random(&widths, Function::Tanh, 2.0, &mut rng);
    is_normal(&model.network.layers[0].w, 0.25);
    is_normal(&model.level, 1.0);
    is_zero(&model.network.layers[1].w);
}

#[test]
fn an_energy_is_confined_by_half_the_square_over_the_width() {
    let layers = vec![Layer { w: Matrix::zeros(1, 2), b: Matrix::from_rows([[0.25]]) }];
    let network = ScoreNetwork { layers, activation: Function::Softplus };
    let energy = EnergyNetwork { network, width: 2.0 };
    assert_eq!(energy.energy(&Matrix::from_rows([[3.0, 4.0]])).item(), 0.25 + 3.125);
}
