//! Five objectives on the pinwheel: all of them find the score, each to within its bound.
//!
//! The trainings take half a minute, so this runs only when it is asked for:
//! `cargo test --test training pinwheel -- --ignored`.

use score_matching::experiment::{Pinwheel, pinwheel::Method};

/// The Fisher divergence ½𝔼‖ψ − ∇log q‖² as a share of ½I(q) (of q_σ for denoising). A score that
/// is zero everywhere has the share 1.
#[test]
#[ignore = "half a minute of training"]
fn every_objective_finds_the_score_of_the_pinwheel() {
    let run = Pinwheel::run(1, |_| ()).expect("the losses stay finite");
    assert_eq!(run.fits.len(), 5);
    for fit in &run.fits {
        let bound = if fit.method == Method::Denoising { 0.08 } else { 0.05 };
        assert!(fit.share() < bound, "{:?}: {:.3}", fit.method, fit.share());
    }
}
