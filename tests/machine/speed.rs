//! What the figure and the page of speed show is what the lines of the benches say.

use score_matching::experiment::speed::{Setting, Sitting};

const SINGLE: Setting = Setting { precision: "f32", threads: 1 };

/// A sitting whose numbers are easy: the product, a step beside a peer's, and steps that take n² hours.
const LINES: &str = r#"{"machine":"A, of many words","cores":4}
{"bench":"limits","peer":"ours","dtype":"f32","threads":1,"shape":"triad","best_ms":1,"gb_per_s":7}
{"bench":"limits","peer":"ours","dtype":"f32","threads":1,"shape":"multiply_add","best_ms":1,"gflops":4}
{"bench":"limits","peer":"ours","dtype":"f32","threads":2,"shape":"multiply_add","best_ms":1,"gflops":8}
{"bench":"limits","peer":"ours","dtype":"f64","threads":1,"shape":"multiply_add","best_ms":1,"gflops":2}
{"bench":"product","peer":"ours","dtype":"f32","threads":1,"shape":"nn sq64","best_ms":1,"gflops":1}
{"bench":"product","peer":"ours","dtype":"f32","threads":1,"shape":"nt sq64","best_ms":1,"gflops":2}
{"bench":"product","peer":"ours","dtype":"f32","threads":1,"shape":"nn 96x33x77","best_ms":1,"gflops":0.4}
{"bench":"product","peer":"ours","dtype":"f32","threads":1,"shape":"nn sq128","best_ms":8,"gflops":3}
{"bench":"product","peer":"ours","dtype":"f32","threads":2,"shape":"nn sq64","best_ms":1,"gflops":1}
{"bench":"product","peer":"ours","dtype":"f64","threads":1,"shape":"nn sq64","best_ms":1,"gflops":1.8}
{"bench": "dae_dsm", "peer": "jax", "dtype": "f32", "threads": 1, "shape": "b1", "best_ms": 3.0, "median_ms": 8.0}
{"bench":"dae_dsm","peer":"ours","dtype":"f32","threads":1,"shape":"b1","best_ms":2.0,"median_ms":4.0,"peak_mb":7}
{"bench":"dae_dsm","peer":"ours","dtype":"f32","threads":2,"shape":"b1","best_ms":1.0}
{"bench":"dae_dsm","peer":"jax","dtype":"f64","threads":1,"shape":"b1","best_ms":9.0}
{"bench":"growth","peer":"ours","dtype":"f32","threads":1,"shape":"a","best_ms":16,"n":4,"d":2,"h":3}
{"bench":"growth","peer":"ours","dtype":"f32","threads":1,"shape":"b","best_ms":1,"n":1,"d":2,"h":3}
{"bench":"growth","peer":"ours","dtype":"f32","threads":1,"shape":"c","best_ms":4,"n":2,"d":2,"h":3}
{"bench":"growth","peer":"ours","dtype":"f32","threads":1,"shape":"d","best_ms":5,"n":2,"d":8,"h":3}
"#;

#[test]
fn each_series_has_the_lines_of_its_own_setting_alone() {
    let sitting = Sitting::read(LINES).expect("lines");
    assert_eq!(sitting.machine.word("machine"), "A, of many words");
    assert_eq!(sitting.machine.number("cores"), 4.0);
    assert_eq!(sitting.shares("nn", SINGLE), [[64.0, 0.25], [128.0, 0.75]]);
    assert_eq!(sitting.shares("nt", SINGLE), [[64.0, 0.5]]);
    assert_eq!(sitting.shares("nn", Setting { threads: 2, ..SINGLE }), [[64.0, 0.125]]);
    assert_eq!(sitting.shares("nn", Setting { precision: "f64", ..SINGLE }), [[64.0, 0.9]]);
    let lines = LINES.replace("multiply_add", "add");
    let without_a_peak = Sitting::read(&lines).expect("lines");
    assert!(without_a_peak.shares("nt", SINGLE)[0][1].is_nan());
}

#[test]
fn a_ratio_is_the_peers_time_over_ours() {
    let sitting = Sitting::read(LINES).expect("lines");
    let [pair] = &sitting.beside("jax", SINGLE)[..] else { panic!("one step has a peer") };
    assert_eq!((pair.bench, pair.shape), ("dae_dsm", "b1"));
    assert_eq!((pair.ratio, pair.ratio_of_medians), (1.5, 2.0));
    assert_eq!(pair.ours.number("peak_mb"), 7.0);
    assert!(sitting.beside("jax", Setting { threads: 2, ..SINGLE }).is_empty());
    assert!(sitting.beside("numpy", SINGLE).is_empty());
}

#[test]
fn of_several_rounds_the_fastest_counts() {
    let round = |time, gflops| {
        format!(
            "{{\"bench\":\"product\",\"peer\":\"ours\",\"dtype\":\"f32\",\"threads\":1,\
             \"shape\":\"nn sq64\",\"best_ms\":{time},\"gflops\":{gflops}}}\n"
        )
    };
    let lines = format!("{LINES}{}{}{}", round(0.8, 1.25), round(0.5, 2.0), round(0.9, 1.1));
    let sitting = Sitting::read(&lines).expect("lines");
    assert_eq!(sitting.shares("nn", SINGLE), [[64.0, 0.5], [128.0, 0.75]]);
    assert_eq!(sitting.shares("nn", Setting { threads: 2, ..SINGLE }), [[64.0, 0.125]]);
}

#[test]
fn growth_is_that_of_one_size_while_the_others_stay() {
    let sitting = Sitting::read(LINES).expect("lines");
    let (points, order) = sitting.growth("n", [2.0, 2.0, 3.0], SINGLE);
    assert_eq!(points, [[1.0, 1.0], [2.0, 4.0], [4.0, 16.0]]);
    assert!((order - 2.0).abs() < 1e-12, "{order}");
    let (points, _) = sitting.growth("d", [2.0, 2.0, 3.0], SINGLE);
    assert_eq!(points, [[2.0, 4.0], [8.0, 5.0]]);
}

#[test]
fn a_row_that_is_no_measurement_is_refused_by_its_number() {
    let refused = |rows: &str, number: usize| {
        let error = Sitting::read(rows).expect_err(rows);
        assert!(error.starts_with(&format!("row {number}: a JSON object")), "{rows}: {error}");
    };
    refused("", 1);
    refused(r#"{"bench":"product"}"#, 1);
    let machine = r#"{"machine":"M"}"#;
    let good = r#"{"bench":"b","peer":"p","dtype":"f32","threads":1,"shape":"s","best_ms":1}"#;
    assert!(Sitting::read(&format!("{machine}\n{good}")).is_ok());
    for bad in [
        "product 3 ms",
        &good[1..],
        &good[..good.len() - 1],
        &good.replace(":1,", ":0,"),
        &good.replace("\"best_ms\":1", "\"best_ms\":\"soon\""),
        &good.replace("\"best_ms\":1", "\"best_ms\":NaN"),
        &good.replace("\"p\",", "\"p\""),
        &good.replace("\"peer\":\"p\",", ""),
    ] {
        refused(&format!("{machine}\n{good}\n{bad}"), 3);
    }
}

/// The kept lines have what is drawn: all squares in all forms, peers beside each step, growth, traces.
#[test]
fn the_kept_lines_are_whole() {
    let sitting = Sitting::kept();
    let all = sitting.machine.number("cores") as usize;
    for precision in ["f32", "f64"] {
        for threads in [1, all] {
            let setting = Setting { precision, threads };
            for form in ["nn", "nt", "tn"] {
                let shares = sitting.shares(form, setting);
                assert_eq!(shares.len(), 8, "{form}, {setting:?}");
                assert!(shares.iter().all(|p| p[1] > 0.0 && p[1] < 1.1), "{shares:?}");
            }
            let steps = sitting.ours("dae_dsm", setting).count();
            assert_eq!(steps, 5, "{setting:?}");
            assert_eq!(
                sitting.beside("jax", setting).len(),
                34,
                "16 of growth, 18 others: {setting:?}"
            );
            for name in ["n", "d", "h"] {
                let (points, _) = sitting.growth(name, [512.0, 64.0, 256.0], setting);
                assert_eq!(points.len(), 6, "{name}, {setting:?}");
            }
            assert_eq!(sitting.ours("trace_closed", setting).count(), 7, "{setting:?}");
        }
    }
}
