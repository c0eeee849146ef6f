//! Every part of an experiment has random numbers of its own.

use std::{collections::BTreeSet, fs, path::Path};

/// No generator in the experiments is seeded but through `stream`, and no name occurs twice.
#[test]
fn every_stream_of_the_experiments_has_its_own_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/experiment");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root).expect("the experiments") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a text");
        for seeded in ["seed_from_u64", "from_seed", "rng.clone()"] {
            assert!(!text.contains(seeded), "{seeded} in {}", path.display());
        }
        for after in text.split("stream(seed, \"").skip(1) {
            let name = after.split('"').next().expect("a name").to_owned();
            assert!(names.insert(name.clone()), "{name:?} occurs twice");
        }
        let calls = text.matches("stream(").count();
        assert_eq!(calls, text.matches("stream(seed, \"").count(), "{}", path.display());
    }
    assert!(names.len() >= 17, "{names:?}");
}
