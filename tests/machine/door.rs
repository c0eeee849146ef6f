//! The door that was asked for is the door that is used, and only for as long as it was asked for.

use score_matching::matrix::door::Door;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, Output},
};

/// By name of this test, for the child process below.
const REPORT: &str = "door::the_door_in_use_is_reported";
/// What stands in front of the door's name in the child's output.
const SAYS: &str = "the door in use is ";

#[test]
fn a_door_is_left_again() {
    for (outer, inner) in Door::available().flat_map(|a| Door::available().map(move |b| (a, b))) {
        let before = Door::current();
        let seen = outer.within(|| {
            let first = Door::current();
            let second = inner.within(Door::current);
            [first, second, Door::current()]
        });
        assert_eq!(seen, [outer, inner, outer]);
        assert_eq!(Door::current(), before, "after {outer:?}");
        let restored = outer.within(|| {
            let panicked = catch_unwind(AssertUnwindSafe(|| inner.within(|| panic!("inside"))));
            panicked.is_err() && Door::current() == outer
        });
        assert!(restored, "after a panic in {inner:?} within {outer:?}");
    }
}

/// A process of this program that reports its door, asked for one or not.
fn child(asked: Option<&str>) -> Output {
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", REPORT, "--nocapture"]).env_remove("SCORE_MATCHING_DOOR");
    child.envs(asked.map(|name| ("SCORE_MATCHING_DOOR", name)));
    child.env("RUST_BACKTRACE", "0"); // which takes longer than all else
    child.output().expect("it starts")
}

/// Without this, tests behind `SCORE_MATCHING_DOOR=portable` could all run behind another door.
#[test]
fn the_environment_chooses_the_door_of_a_process() {
    let widest = Door::available().last().expect("portable at least");
    let named = Door::available().map(|door| (Some(door.name()), door));
    for (asked, expected) in named.chain([(None, widest), (Some(""), widest)]) {
        let text = String::from_utf8(child(asked).stdout).expect("UTF-8");
        let said = text.split_once(SAYS).expect(&text).1.lines().next();
        assert_eq!(said, Some(expected.name()), "asked for {asked:?}");
    }
}

/// With the error of `Door::requested`.
#[test]
fn a_door_that_is_none_is_refused() {
    for name in ["avx3", "Portable", "portable ", "0"] {
        let output = child(Some(name));
        let [said, why] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        assert!(!output.status.success() && !said.contains(SAYS), "{name}: {said}");
        let refused = format!("SCORE_MATCHING_DOOR: '{name}' is none of portable, avx2, avx512");
        assert!(why.contains(&refused), "{name}: {why}");
    }
}

#[test]
fn the_door_in_use_is_reported() {
    let door = Door::current();
    println!("{SAYS}{}", door.name());
    assert!(door.is_available());
}
