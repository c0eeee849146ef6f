//! Tables that nobody wrote by hand: any bytes, tables in any style, and tables that were damaged.

use crate::common::config;
use proptest::prelude::*;
use score_matching::{
    Matrix,
    fit::table::{parse, write},
};

/// Whatever was read is a table of finite numbers, and is read again as it is written; whatever was not
/// is refused on one line, at a line that there is, or just below.
fn sound(bytes: &[u8], columns: Option<&[String]>) -> Result<(), TestCaseError> {
    match parse(bytes, columns) {
        Ok(table) => {
            let (n, d) = (table.rows.rows(), table.rows.cols());
            prop_assert!(
                n > 0 && d > 0 && n * d == table.rows.data().len() && 2 * n * d <= bytes.len() + 1
            );
            prop_assert!(table.rows.is_finite());
            prop_assert_eq!((table.names.len(), table.decimals.len()), (d, d));
            prop_assert!(columns.is_none_or(|columns| columns == table.names));
            let text = write(&table.names, &table.rows, &vec![None; d]);
            let again = parse(text.as_bytes(), None).expect("a table");
            prop_assert_eq!(bits(&again.rows), bits(&table.rows));
            prop_assert_eq!(again.names, table.names);
        }
        Err(error) => {
            let lines = bytes.split(|byte| *byte == b'\n').count();
            prop_assert!(error.row.is_some_and(|row| (1..=lines + 1).contains(&row)), "{}", error);
            prop_assert!(!error.to_string().contains(char::is_control), "{}", error);
        }
    }
    Ok(())
}

fn bits(x: &Matrix) -> Vec<u64> {
    x.data().iter().map(|x| x.to_bits()).collect()
}

/// Bytes that a table may have, more often than others.
fn byte() -> impl Strategy<Value = u8> {
    let likely = b"0123456789...,,,;;\t\n\n\n\r\"\"  eE+-xab_naif\0\xef\xbb\xbf\xc3\xa4";
    prop_oneof![9 => proptest::sample::select(&likely[..]), 1 => any::<u8>()]
}

fn columns() -> impl Strategy<Value = Option<Vec<String>>> {
    let names = ["a", "b", "x1", "x2", "", "a b"].map(str::to_owned).to_vec();
    proptest::option::of(proptest::sample::subsequence(names, 0..3))
}

/// The text of a table in some style, and its numbers.
fn file() -> impl Strategy<Value = (Vec<u8>, Vec<Vec<f64>>)> {
    let number = (-99_999_i64..99_999, 0_usize..4).prop_map(|(digits, decimals)| {
        let number = format!("{:.decimals$}", digits as f64 / [1.0, 10.0, 100.0, 1000.0][decimals]);
        (number.parse().expect("a number"), number)
    });
    let rows =
        move |d| proptest::collection::vec(proptest::collection::vec(number.clone(), d), 1..6);
    let style = ("[,;\t]", "\r?\n", "\u{feff}?", " {0,2}", "\"?", any::<bool>(), "(\r?\n){0,2}");
    ((1_usize..5).prop_flat_map(rows), style).prop_map(|(rows, style)| {
        let (separator, end, mark, blanks, quote, header, last) = style;
        let field = |text: &str| format!("{blanks}{quote}{text}{quote}{blanks}");
        let names = ["a", "b", "a b", "x1"].map(field);
        let mut lines = if header { vec![names[..rows[0].len()].join(&separator)] } else { vec![] };
        let line = |row: &Vec<(f64, String)>| {
            row.iter().map(|(_, text)| field(text)).collect::<Vec<_>>().join(&separator)
        };
        lines.extend(rows.iter().map(line));
        let numbers = rows.iter().map(|row| row.iter().map(|(x, _)| *x).collect()).collect();
        ((mark + &lines.join(&end) + &last).into_bytes(), numbers)
    })
}

/// Puts some bytes in the place of as many others, beginning somewhere.
fn edit(text: &mut Vec<u8>, (place, gone, new): (f64, usize, Vec<u8>)) {
    let begin = (place * text.len() as f64) as usize;
    let end = begin.saturating_add(gone).min(text.len());
    text.splice(begin..end, new);
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..64),
            proptest::collection::vec(byte(), 0..64),
        ],
        columns in columns(),
    ) {
        sound(&bytes, columns.as_deref())?;
    }

    #[test]
    fn a_table_in_any_style_holds_its_numbers((text, numbers) in file()) {
        let table = parse(&text, None).expect("a table");
        let rows: Vec<_> = (0..table.rows.rows()).map(|i| table.rows.row(i).to_vec()).collect();
        prop_assert_eq!(rows, numbers);
        let text = write(&table.names, &table.rows, &table.decimals);
        let again = parse(text.as_bytes(), None).expect("a table");
        prop_assert_eq!((again.rows, again.decimals), (table.rows, table.decimals));
        prop_assert_eq!((again.names, again.header), (table.names, true));
    }

    #[test]
    fn an_edited_table_is_read_or_refused(
        (mut text, _) in file(),
        edits in proptest::collection::vec(
            (0.0..=1.0, prop_oneof![0_usize..3, Just(usize::MAX)], proptest::collection::vec(byte(), 0..3)),
            1..4,
        ),
        columns in columns(),
    ) {
        for change in edits {
            edit(&mut text, change);
        }
        sound(&text, columns.as_deref())?;
    }

    #[test]
    fn what_is_written_is_read_again(
        names in proptest::collection::vec("[^\\p{Cc}]{1,6}|[a\"]{1,4}|[^\\p{Cc}][,;\t\u{feff}]x", 1..5),
        numbers in proptest::collection::vec(proptest::num::f64::ANY, 4..20),
    ) {
        let mut kept = Vec::<String>::new();
        for name in names {
            let name = name.trim_matches([' ', '\t']).to_owned() + "n";
            let number = name.parse::<f64>().is_ok() || name.starts_with("0x");
            if !kept.contains(&name) && !number {
                kept.push(name);
            }
        }
        let d = kept.len();
        prop_assume!(d > 0);
        let finite = |x: &f64| if x.is_finite() { *x } else { -0.0 };
        let rows = Matrix::from_fn(numbers.len() / d, d, |i, j| finite(&numbers[i * d + j]));
        let table = parse(write(&kept, &rows, &vec![None; d]).as_bytes(), None).expect("a table");
        prop_assert_eq!(bits(&table.rows), bits(&rows));
        prop_assert_eq!(table.names, kept);
    }
}
