use rand::SeedableRng;
use score_matching::{identity::{self,contrastive_divergence::*}, matrix::noise::Generator};
#[test]
fn look() {
    let t = std::time::Instant::now();
    let mut worst: f64 = 0.0;
    for seed in 0..300 {
        let mut rng = Generator::seed_from_u64(seed);
        let q = quadratic(&Instance::quadratic(&mut rng));
        assert!(q.are_identical(), "{q:?}");
        let i = Instance::random(1 + (seed as usize) % 2, &mut rng);
        let c = along_the_step(&i, 1.0);
        worst = worst.max(c.residual);
        assert!(c.holds(), "{seed} {c:?}");
    }
    println!("{worst:e} {:?}", t.elapsed());
    println!("{:?}", (identity::contrastive_divergence::THEOREMS[0].counterexample)(&mut Generator::seed_from_u64(1)));
    for seed in 0..12 {
        let mut rng = Generator::seed_from_u64(seed);
        let i = Instance::random(1 + (seed as usize) % 2, &mut rng);
        let points: Vec<[[f64;2];4]> = (5..=10).map(|k| {
            let i = Instance { epsilon: 0.5f64.powi(k), ..i.clone() };
            let e = i.epsilon;
            let cd = contrastive(&i);
            let ism = implicit(&i);
            let wrong = first_order(&i, 2.0);
            let thr = through_the_sampler(&i);
            let dbl = contrastive_by(&i, score_matching::sampler::Step{drift: e, noise: e.sqrt()});
            [[e, distance(&cd,&ism)],[e, angle(&cd,&ism)],[e,distance(&thr,&wrong)],[e,distance(&dbl,&wrong)]]
        }).collect();
        let o: Vec<f64> = (0..4).map(|k| identity::fitted_order(&points.iter().map(|p| p[k]).collect::<Vec<_>>())).collect();
        println!("{seed} {o:?}");
    }
}
