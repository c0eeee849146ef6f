//! T12 and T28 where nothing rounds: bit for bit, the traces also against integers, as a witness
//! that nothing did.
//!
//! Once through the real activations, at points where they are exact, by all routes and with all
//! gradients; and once as polynomial identities with the slopes prescribed, which bounds the chance
//! of a false theorem.

use rand::{Rng, RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    array::Linear,
    identity::{
        denoising_autoencoder,
        traces::{self, AUTOENCODER, Instance, NETWORK},
    },
    matrix::noise::Generator,
    model::{Autoencoder, network},
    objective::trace,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The elements in units of 1/`unit`, which must be whole numbers.
fn whole(m: &Matrix, unit: f64) -> Vec<i128> {
    let scaled = m.data().iter().map(|v| v * unit);
    scaled.inspect(|v| assert_eq!(v.fract(), 0.0, "not a multiple")).map(|v| v as i128).collect()
}

/// The same number from integers, if it is one that floating point can hold.
fn exact(value: i128, unit: f64) -> f64 {
    assert!(value.abs() < 1 << 53, "over the bit budget: {value}");
    value as f64 / unit
}

/// T12 where nothing rounds, through the real sigmoid: all seven routes in all quantities, and the
/// trace against integers.
#[test]
fn the_routes_of_an_autoencoder_agree_bit_for_bit() {
    let mut rng = generator(1985);
    let mut bent = 0.0;
    for _ in 0..200 {
        let shape = (1 << rng.random_range(0..3), rng.random_range(1..=4), rng.random_range(1..=8));
        let mut instance = denoising_autoencoder::Instance::dyadic(shape, &mut rng);
        if rng.random() {
            let a = (0..shape.2).map(|_| f64::from(rng.random_range(-4..=4_i32)) / 2.0).collect();
            instance.model.a = Some(Matrix::from_vec(1, shape.2, a));
        }
        for (name, route) in AUTOENCODER {
            let sides = traces::autoencoder(&instance, route);
            assert!(sides.are_identical(), "{name}, shape {shape:?}");
            assert_eq!(sides.left[1], trace_in_integers(&instance), "{name}: something rounded");
        }
        let s = instance.model.encode(&instance.noisy);
        bent += s.data().iter().filter(|&&s| s == 0.5).count() as f64 / s.data().len() as f64;
    }
    assert!(bent / 200.0 > 0.1, "hidden units with a slope have a fair share: {}", bent / 200.0);
}

/// (Σⱼ aⱼ s′ⱼ ‖Wⱼ‖² − d)/σ² with a in halves and s′ in quarters.
fn trace_in_integers(instance: &denoising_autoencoder::Instance) -> Matrix {
    let denoising_autoencoder::Instance { model, noisy, sigma, .. } = instance;
    let (n, d) = noisy.shape();
    let h = model.w.rows();
    let (w, b, x) = (whole(&model.w, 1.0), whole(&model.b, 1.0), whole(noisy, 1.0));
    let a = model.a.as_ref().map_or_else(|| vec![2; h], |a| whole(a, 2.0));
    let of_sample = |i: usize| {
        let flat =
            |j: &usize| b[*j] + (0..d).map(|k| w[j * d + k] * x[i * d + k]).sum::<i128>() == 0;
        let norm = |j: usize| (0..d).map(|k| w[j * d + k] * w[j * d + k]).sum::<i128>();
        let bent: i128 = (0..h).filter(flat).map(|j| a[j] * norm(j)).sum();
        exact(bent - 8 * d as i128, 8.0 * sigma * sigma)
    };
    Matrix::from_vec(n, 1, (0..n).map(of_sample).collect())
}

/// T28 where nothing rounds, through the real tanh.
#[test]
fn the_routes_of_a_network_agree_bit_for_bit() {
    let mut rng = generator(28);
    let mut nonzero = 0;
    for _ in 0..200 {
        let size = |rng: &mut Generator| rng.random_range(1..=5);
        let (d, h1, h2) = (size(&mut rng), size(&mut rng), size(&mut rng));
        let n = 1 << rng.random_range(0..3);
        for widths in [&[d, h1, d][..], &[d, h1, h2, d]] {
            let instance = Instance::dyadic((n, widths), &mut rng);
            for (name, route) in NETWORK {
                let sides = traces::of_network(&instance, route);
                assert!(sides.are_identical(), "{name}, widths {widths:?}");
                nonzero += usize::from(sides.left[1].data().iter().any(|&t| t != 0.0));
            }
        }
    }
    let share = f64::from(nonzero as u32) / (200.0 * 2.0 * NETWORK.len() as f64);
    assert!(share > 0.2, "traces that are not 0 have a fair share: {share}");
}

/// Multiples of 1/16 from −4 to 4: a grid of 129 values a variable.
fn sixteenths(rows: usize, cols: usize, rng: &mut impl Rng) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| f64::from(rng.random_range(-64..=64)) / 16.0)
}

/// log₁₀ of the probability that different polynomials of this degree agree at so many independent
/// points of that grid, for one fixed shape (Schwartz and Zippel).
fn schwartz_zippel(degree: f64, trials: u32) -> f64 {
    f64::from(trials) * (degree / 129.0).log10()
}

/// T28 with the slopes prescribed: both sides are polynomials of degree 5 in (W₁, W₂, W₃, s₁, s₂).
/// The Jacobian is assembled by forward mode, and once more in integers.
#[test]
fn the_trace_of_two_layers_is_a_polynomial_identity() {
    let mut rng = generator(1979);
    let (d, h1, h2) = (3, 4, 5);
    let trials = 200;
    for _ in 0..trials {
        let [w1, w2, w3] =
            [(h1, d), (h2, h1), (d, h2)].map(|(rows, cols)| sixteenths(rows, cols, &mut rng));
        let [s1, s2] = [h1, h2].map(|h| sixteenths(1, h, &mut rng));
        let closed = network::trace_of_two([&w1, &w2, &w3], [&s1, &s2]);
        let constant = Dual::<Matrix>::constant;
        let (_, forward) = trace::of_score(
            |x| {
                let y1 = x.nt(&constant(&w1)) * constant(&s1);
                let y2 = y1.nt(&constant(&w2)) * constant(&s2);
                y2.nt(&constant(&w3))
            },
            &Matrix::zeros(1, d),
        );
        assert_eq!(closed, forward);

        let [w1, w2, w3, s1, s2] = [&w1, &w2, &w3, &s1, &s2].map(|m| whole(m, 16.0));
        let mut sum = 0;
        for k in 0..d {
            for i in 0..h2 {
                for j in 0..h1 {
                    sum += w3[k * h2 + i] * s2[i] * w2[i * h1 + j] * s1[j] * w1[j * d + k];
                }
            }
        }
        assert_eq!(closed.item(), exact(sum, 16_f64.powi(5)), "something rounded");
    }
    let bound = schwartz_zippel(5.0, trials);
    println!("{trials} points: a false identity would pass with probability 10^{bound:.0}");
    assert!(bound < -100.0);
}

/// T12 with the slopes prescribed: degree 4 in (W, a, s′), and 3 in (W₁, W₂, s).
#[test]
fn the_traces_of_one_layer_are_polynomial_identities() {
    let mut rng = generator(1980);
    let (d, h) = (4, 6);
    let trials = 200;
    for _ in 0..trials {
        let (w, w2, s) =
            (sixteenths(h, d, &mut rng), sixteenths(d, h, &mut rng), sixteenths(1, h, &mut rng));
        let a = sixteenths(1, h, &mut rng);
        let constant = Dual::<Matrix>::constant;
        let forward = |out: &Matrix| {
            let layer = |x: &Dual<Matrix>| (x.nt(&constant(&w)) * constant(&s)).nt(&constant(out));
            trace::of_score(layer, &Matrix::zeros(1, d)).1
        };
        let decoder = w.clone().linear(Linear::Transpose) * a.clone().linear(Linear::Tile(d)); // Wᵀ diag(a)
        let model = Autoencoder {
            w: w.clone(),
            b: Matrix::zeros(1, h),
            c: Matrix::zeros(1, d),
            a: Some(a.clone()),
        };
        assert_eq!(model.trace_of_slopes(&s), forward(&decoder));
        assert_eq!(network::trace_of_one([&w, &w2], &s), forward(&w2));

        let traces = [forward(&decoder), forward(&w2)];
        let [w, w2, s, a] = [&w, &w2, &s, &a].map(|m| whole(m, 16.0));
        let (mut tied, mut free) = (0, 0);
        for j in 0..h {
            for k in 0..d {
                tied += a[j] * s[j] * w[j * d + k] * w[j * d + k];
                free += s[j] * w[j * d + k] * w2[k * h + j];
            }
        }
        let witness = [exact(tied, 16_f64.powi(4)), exact(free, 16_f64.powi(3))];
        assert_eq!(traces.map(|t| t.item()), witness, "something rounded");
    }
    let bound = schwartz_zippel(4.0, trials);
    println!("{trials} points: a false identity would pass with probability 10^{bound:.0}");
    assert!(bound < -100.0);
}
