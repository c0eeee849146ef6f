//! A table of one's own in three parts, and what a fit says of its rows.

use crate::{
    callers::complains,
    common::config,
    own_model::{bits, edited, edits},
};
use proptest::prelude::*;
use score_matching::{
    Array,
    experiment::Failure,
    fit::{Fit, Rows, Table, Verdict, learn, results, table::parse},
};
use std::sync::OnceLock;

/// Numbers between −1 and 1 that look random, for fewer than a hundred rows.
pub fn number(row: usize, column: usize) -> f64 {
    let place = (row + 1 + 100 * column) as f64;
    2.0 * (1e4 * place.sin().abs()).fract() - 1.0
}

/// A table of these rows, below these names.
fn table(names: &str, rows: impl IntoIterator<Item = Vec<f64>>) -> Table {
    let line = |row: Vec<f64>| row.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(",");
    let lines = rows.into_iter().map(line).collect::<Vec<_>>();
    parse(format!("{names}\n{}\n", lines.join("\n")).as_bytes(), None).expect("a table")
}

/// Row k of a table without twins, in units and at a place of its own.
fn row(k: usize, d: usize) -> Vec<f64> {
    (0..d).map(|j| 10.0 * number(k, j) - 5.0).collect()
}

/// A table of rows that repeat each other: the numbers of its distinct rows, each at least once.
fn with_twins() -> impl Strategy<Value = (Table, Vec<usize>)> {
    let kinds = (60_usize..100).prop_flat_map(|distinct| {
        let more = proptest::collection::vec(0..distinct, 0..200);
        more.prop_map(move |more| (0..distinct).chain(more).collect::<Vec<_>>()).prop_shuffle()
    });
    (kinds, 1_usize..4).prop_map(|(kinds, d)| {
        let rows = kinds.iter().map(|k| row(*k, d));
        (table(["a", "a,b", "a,b,c"][d - 1], rows), kinds)
    })
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn parts_are_all_rows_and_twins_stay_together(
        (table, kinds) in with_twins(),
        hold_out in 0.1_f64..0.5,
        seed in any::<u64>(),
    ) {
        let (n, d) = table.rows.shape();
        let Ok(rows) = Rows::divide(&table, hold_out, seed) else {
            // Only for too few rows of a part, which many twins can lead to.
            let error = Rows::divide(&table, hold_out, seed).unwrap_err();
            prop_assert!(error.expected.starts_with("a --hold-out that leaves"), "{}", error);
            return Ok(());
        };
        let mut sorted = rows.order.clone();
        sorted.sort_unstable();
        prop_assert!(sorted.into_iter().eq(0..n), "every row, once");
        let [training, validation, test] = rows.parts();
        prop_assert_eq!((training.start, validation.start, test.start, test.end), (0, training.end, validation.end, n));

        let part_of = |i: usize| usize::from(i >= validation.start) + usize::from(i >= test.start);
        let mut parts = vec![None; n];
        let mut largest = 1;
        for (i, row) in rows.order.iter().enumerate() {
            let kind = kinds[*row];
            prop_assert_eq!(*parts[kind].get_or_insert(part_of(i)), part_of(i), "twins in two parts");
            largest = largest.max(kinds.iter().filter(|k| **k == kind).count());
        }
        // A part takes whole sets until it has its share: less than a set too many.
        let share = |part: usize, whole: usize, share: f64| {
            let excess = part as f64 - share * whole as f64;
            (0.0..largest as f64).contains(&excess)
        };
        prop_assert!(share(test.len(), n, hold_out) && share(validation.len(), test.start, 0.2));

        // Mean 0, deviation 1, and the covariance of the rows that do not test; a sum of 300 numbers
        // of size 20 rounds by 10⁻¹² at most.
        let known = rows.x.select(&(0..test.start).collect::<Vec<_>>());
        for i in 0..n {
            let own = rows.units.own(&rows.x.select(&[i]));
            let exact = table.rows.row(rows.order[i]);
            prop_assert!(own.data().iter().zip(exact).all(|(a, b)| (a - b).abs() < 1e-12));
        }
        let m = test.start as f64;
        for j in 0..d {
            let column: Vec<f64> = (0..test.start).map(|i| known.at(i, j)).collect();
            prop_assert!(column.iter().sum::<f64>().abs() < 1e-12 * m);
            prop_assert!((column.iter().map(|v| v * v).sum::<f64>() / (m - 1.0) - 1.0).abs() < 1e-12);
            for k in 0..d {
                let product = (0..test.start).map(|i| known.at(i, j) * known.at(i, k)).sum::<f64>();
                prop_assert!((rows.covariance.at(j, k) - product / m).abs() < 1e-12);
            }
        }
        let again = Rows::divide(&table, hold_out, seed).expect("the same");
        prop_assert_eq!((&again.order, bits(&again.x)), (&rows.order, bits(&rows.x)));
        let other = Rows::divide(&table, hold_out, seed ^ 1).ok();
        prop_assert!(other.is_none_or(|other| other.order != rows.order));
    }

    #[test]
    fn an_edited_table_is_divided_or_refused(
        edits in prop_oneof![Just(vec![]), edits()],
        field in proptest::sample::select(&["1e300", "-1e-300", "1e9", "1e999", "NaN", "0", "", "x"][..]),
        place in 0_usize..140,
    ) {
        let rows = (0..70).flat_map(|k| row(k, 2));
        let fields = rows.enumerate().map(|(i, v)| if i == place { field.to_owned() } else { format!("{v:.2}") });
        let lines: Vec<_> = fields.collect::<Vec<_>>().chunks(2).map(|pair| pair.join(",")).collect();
        let text = edited(&format!("a,b\n{}\n", lines.join("\n")), edits);
        match parse(&text, None).and_then(|table| Rows::divide(&table, 0.25, 1)) {
            Ok(rows) => {
                prop_assert!(rows.x.data().iter().all(|v| v.abs() <= 1e5));
                prop_assert!(rows.remarks.iter().all(|remark| !remark.contains('\n') && !remark.contains("NaN")));
            }
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control), "{}", error),
        }
    }
}

/// The message with which a table is refused.
fn refusal(table: &Table) -> String {
    Rows::divide(table, 0.25, 1).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_divided_is_refused() {
    let rows = |n: usize, d| (0..n).map(move |k| row(k, d));
    let of = |column: &str, expected: &str, found: &str| {
        format!(
            "expected {expected} in column '{column}' (--columns chooses others), found {found}"
        )
    };
    assert_eq!(
        refusal(&table("a", rows(59, 1).chain(rows(3, 1)))),
        "expected 60 rows that differ, for 1 column, found 59 (of 62 rows)"
    );
    assert_eq!(
        refusal(&table("a,b,c,d,e,f,g,h,i,j,k", rows(65, 11))),
        "expected 66 rows that differ, for 11 columns, found 65 (of 65 rows)"
    );
    assert!(Rows::divide(&table("a,b,c,d,e,f,g,h,i,j,k", rows(66, 11)), 0.25, 1).is_ok());
    let with = |f: fn(Vec<f64>) -> f64| rows(60, 2).map(move |r| [r.clone(), vec![f(r)]].concat());
    let sum = "a sum of multiples of the columns before it";
    let own = "numbers of its own";
    assert_eq!(
        refusal(&table("a,b,c", with(|_| 7.5))),
        of("c", "numbers that differ", "7.5 in all rows that do not test")
    );
    assert_eq!(refusal(&table("a,b,c", with(|r| 0.3 * r[1]))), of("c", own, sum));
    assert_eq!(refusal(&table("a,b,c", with(|r| r[0] - 2.0 * r[1] + 9.0))), of("c", own, sum));
    for (scale, found) in [(1e251, "e251"), (1e300, "e300"), (1e-251, "e-251"), (1e-310, "e-310")] {
        let message = refusal(&table("a,b", rows(60, 2).map(|r| vec![r[0], r[1] * scale])));
        assert!(
            message.starts_with("expected sizes from 1e-250 to 1e250 in column 'b'"),
            "{message}"
        );
        assert!(message.ends_with(found), "{message}");
    }
    for scale in [1e-249, 1e155, 1e248] {
        let rows =
            Rows::divide(&table("a,b", rows(60, 2).map(|r| vec![r[0], r[1] * scale])), 0.25, 1);
        assert!(rows.expect("two columns").x.is_finite());
    }

    // Far from the rows that do not test: the line is that of the text.
    let sound = table("a,b", rows(60, 2));
    let units = Rows::divide(&sound, 0.25, 1).expect("rows").units;
    let far = |v: f64| units.of_table(&table("a,b", [vec![-5.0, -5.0], vec![-5.0, v]]));
    assert!(far(4e5).is_ok());
    let found = far(-1e7).unwrap_err();
    assert_eq!(found.row, Some(3));
    assert_eq!(
        found.to_string(),
        "3: ".to_owned() + &of("b", "a number at most 1e5 deviations from the mean", "-10000000.0")
    );

    complains!(Rows::divide(&sound, 1.0, 1), "a share of 1: one in (0, 1) expected");
    complains!(Fit::of(&sound, f64::NAN, 1, |_, _| ()), "a share of NaN: one in (0, 1) expected");
    let other = Rows::divide(&table("a,b", rows(61, 2)), 0.25, 1).expect("rows");
    let shapes = "rows of shape (61, 2), a table of shape (60, 2)";
    complains!(Fit::of_rows(&sound, other, 1, |_, _| ()), shapes);
}

#[test]
fn what_the_network_cannot_bear_is_an_error_and_no_panic() {
    let sound = table("a", (0..60).map(|k| row(k, 1)));
    let few = table("a", (0..59).map(|k| row(k, 1)));
    let error = Fit::of(&few, 0.25, 1, |_, _| ()).unwrap_err();
    assert!(error.to_string().starts_with("expected 60 rows that differ"), "{error}");
    let mut rows = Rows::divide(&sound, 0.25, 1).expect("rows");
    rows.x = rows.x.clone() * 1e30; // in single precision its square is infinite
    let failed = learn(&rows, 1, |_| ()).unwrap_err();
    let error = Fit::of_rows(&sound, rows, 1, |_, _| ()).unwrap_err();
    assert_eq!(error.to_string(), Failure::from(failed).to_string());
}

/// One fit for all tests, with names that ours collide with, and with twins.
pub fn fitted() -> &'static (Table, Fit) {
    static FITTED: OnceLock<(Table, Fit)> = OnceLock::new();
    FITTED.get_or_init(|| {
        let rows =
            (0..66).map(|k| row(k % 63, 2).iter().map(|v| (v * 100.0).round() / 100.0).collect());
        let table = table("rank,\"rank_\"", rows);
        let fit = Fit::of(&table, 0.25, 1, |_, _| ()).expect("a fit");
        (table, fit)
    })
}

#[test]
fn rows_are_told_in_the_order_of_the_table() {
    let (table, fit) = fitted();
    let told = parse(fit.rows_text().as_bytes(), None).expect("a table");
    assert_eq!(told.names, ["rank", "rank_", "log_density", "rank__", "part"]);
    assert_eq!(told.decimals, [4, 4, 4, 0, 0].map(Some));
    let n = table.rows.rows();
    assert_eq!(told.rows.shape(), (n, 5));
    let x = fit.model.units.standardised(&table.rows);
    let sigma = fit.learned.scales.smallest();
    let denoised = fit.model.units.own(&fit.model.denoised(&x, sigma));
    let density = fit.model.log_density(&x).expect("densities");
    let half_a_digit = 0.5001e-4;
    for i in 0..n {
        for j in 0..2 {
            assert!((told.rows.at(i, j) - denoised.at(i, j)).abs() < half_a_digit, "row {i}");
        }
        assert!((told.rows.at(i, 2) - density.at(i, 0)).abs() < half_a_digit, "row {i}");
        let place = fit.rows.order.iter().position(|row| *row == i).expect("every row");
        let part = fit.rows.parts().iter().position(|part| part.contains(&place)).expect("a part");
        assert_eq!(told.rows.at(i, 4), 1.0 + part as f64, "row {i}");
        let lower = (0..n).filter(|&k| density.at(k, 0) < density.at(i, 0)).count();
        assert_eq!(
            told.rows.at(i, 3),
            1.0 + lower as f64,
            "row {i}: one more than are less expected"
        );
        assert_eq!(told.rows.row(i), told.rows.row(i % 63), "twins are told alike");
    }
    let samples =
        parse(results::samples(&fit.model, &fit.samples).as_bytes(), None).expect("a table");
    assert_eq!((samples.names, samples.rows.shape()), (table.names.clone(), (n, 2)));
}

#[test]
fn a_verdict_of_other_rows_is_refused() {
    let (_, fit) = fitted();
    let other = Rows::divide(&table("a", (0..60).map(|k| row(k, 1))), 0.25, 1).expect("rows");
    let refused = std::panic::catch_unwind(|| Verdict::of(&other, &fit.model, &fit.samples, 1));
    assert!(refused.is_err());
}

#[cfg(feature = "figures")]
#[test]
fn a_picture_that_cannot_be_written_is_an_error() {
    let path = std::path::Path::new("no such folder/fit.png");
    let error = score_matching::figure::save_fit(&fitted().1, path).unwrap_err();
    assert_eq!(error.path, path);
}
