//! An energy of digits with a known Z (T33): its likelihood beside that of Gaussians, its chains
//! beside exact samples.

use score_matching::{
    Array, Matrix,
    experiment::{
        ExactLikelihood,
        exact_likelihood::{LANGEVIN, SAMPLES},
    },
    statistics::Scatter,
};

/// The mean of left − right, in standard errors over the held-out digits.
fn above(name: &str, left: &Matrix, right: &Matrix) -> f64 {
    let gap = Scatter::of((left.clone() - right).data());
    println!("{name}: {:.2} ± {:.2}", gap.mean, gap.standard_error());
    gap.mean / gap.standard_error()
}

#[test]
fn an_energy_with_a_known_z_has_a_likelihood_and_exact_samples() {
    let run = ExactLikelihood::run(1).expect("finite losses and chains");
    let held_out = &run.held_out;
    for (name, log) in [
        ("denoising", &held_out.denoising),
        ("likelihood", &held_out.likelihood),
        ("gaussian", &held_out.gaussian),
        ("isotropic", &held_out.isotropic),
    ] {
        let of = Scatter::of(log.data());
        println!("{name}: {:.2} ± {:.2} nats", of.mean, of.standard_error());
    }
    println!("log Z = {:.3}", run.energy.log_partition());
    above("likelihood − denoising", &held_out.likelihood, &held_out.denoising);
    for energy in [&held_out.denoising, &held_out.likelihood] {
        assert!(above("energy − isotropic", energy, &held_out.isotropic) > 6.0);
        assert!(above("gaussian − energy", &held_out.gaussian, energy) > 6.0);
    }

    // Exact samples have the moments of the closed form; a chain at a long step has too much
    // variance.
    let off = |squares: &Scatter| (squares.mean - run.total_variance) / squares.standard_error();
    let [centre, covariance] = run.energy.moments();
    for draw in &run.exact {
        assert!(off(&draw.squares).abs() < 6.0, "{draw:?}");
        let mean = draw.samples.clone().sum_over_samples() * (1.0 / SAMPLES as f64);
        for i in 0..mean.cols() {
            let error = (covariance.at(i, i) / SAMPLES as f64).sqrt();
            assert!((mean.at(0, i) - centre.at(0, i)).abs() < 6.0 * error, "pixel {i}");
        }
    }
    let discrepancies: Vec<f64> = run.exact.iter().map(|draw| draw.discrepancy).collect();
    let exact = Scatter::of(&discrepancies);
    println!(
        "total variance {:.2}; exact: {:.4} ± {:.4}",
        run.total_variance,
        exact.mean,
        exact.deviation()
    );
    println!(
        "exact draws off by {:?}",
        run.exact.iter().map(|d| off(&d.squares)).collect::<Vec<_>>()
    );
    for (step, chain) in LANGEVIN.iter().zip(&run.chains) {
        println!(
            "step {step}: total variance {:.2}, {:.1} standard errors; discrepancy {:.4}",
            chain.squares.mean,
            off(&chain.squares),
            chain.discrepancy
        );
    }
    let [short, long] = &run.chains[..] else { panic!("two steps") };
    assert!(off(&long.squares) > 10.0, "{:?}", long.squares);
    let error = short.squares.standard_error().hypot(long.squares.standard_error());
    assert!(long.squares.mean - short.squares.mean > 6.0 * error, "the shorter step is nearer");
}
