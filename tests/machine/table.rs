//! Tables of numbers: whatever a file holds, it is read as it is meant or refused with its place.

use crate::callers::complains;
use score_matching::{
    Matrix,
    fit::{
        InputError, Table,
        table::{parse, write},
    },
};
use std::{fs, path::Path};

/// Parses with the columns of these names, or all if there are none.
fn read(text: impl AsRef<[u8]>, columns: &[&str]) -> Result<Table, InputError> {
    let columns: Vec<_> = columns.iter().map(|&name| name.to_owned()).collect();
    parse(text.as_ref(), (!columns.is_empty()).then_some(&columns))
}

/// The message with which a text is refused.
fn refusal(text: impl AsRef<[u8]>, columns: &[&str]) -> String {
    let message = read(text, columns).expect_err("parse refuses it").to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
    message
}

#[test]
fn a_table_may_be_written_in_many_ways() {
    let same = [
        "x,y\n1.5,-2\n0.25,300\n",
        "x,y\n1.5,-2\n0.25,300",
        "\u{feff}x,y\r\n1.5,-2\r\n0.25,300\r\n\r\n\n  \n",
        " x ;\ty\n1.50 ; -2\n  .25\t;+300.\n",
        "x\ty\n1.5\t -2\n0.25\t300\n",
        "\"x\",\"y\"\n\"1.5\",\" -2 \"\n\t\"0.25\" ,00300\n",
    ];
    for text in same {
        let table = read(text, &[]).expect(text);
        assert_eq!(table.rows, Matrix::from_rows([[1.5, -2.0], [0.25, 300.0]]), "{text:?}");
        assert_eq!((&table.names[..], table.header), (&["x".into(), "y".into()][..], true));
        assert_eq!(table.decimals, [Some(2), Some(0)]);
    }
    let [_, below] = same[0].split_inclusive("y\n").collect::<Vec<_>>()[..] else { panic!() };
    let table = read(below, &[]).expect("numbers alone");
    assert_eq!(table.rows, Matrix::from_rows([[1.5, -2.0], [0.25, 300.0]]));
    assert_eq!((&table.names[..], table.header), (&["x1".into(), "x2".into()][..], false));
    let table = read("a\n1e3\n-2.5E-3\n1e-999\n", &[]).expect("exponents");
    assert_eq!(table.rows.data(), [1000.0, -0.0025, 0.0]);
    assert_eq!(table.decimals, [None]);
    let table = read("5\" pipe;b\n1e0;2E0\n", &[]).expect("a quote that opens nothing");
    assert_eq!((&table.names[0][..], table.decimals), ("5\" pipe", vec![None, None]));
    let table = read("\"a;\tb\",\" \"\"c\"\", \",5\" d\n1,2,3\n", &[]).expect("names in quotes");
    assert_eq!(table.names, ["a;\tb", "\"c\",", "5\" d"]);
}

#[test]
fn columns_are_chosen_by_name_and_in_order() {
    let text = ",kind,b,a,kind\n1,red,2,3,4\n2,,3.25,4,5\n";
    let table = read(text, &["a", "b"]).expect("two columns");
    assert_eq!(table.rows, Matrix::from_rows([[3.0, 2.0], [4.0, 3.25]]));
    assert_eq!(
        (table.names, table.decimals),
        (vec!["a".into(), "b".into()], vec![Some(0), Some(2)])
    );
    assert_eq!(read("1,2,3\n", &["x3", "x1"]).expect("x3 and x1").rows.data(), [3.0, 1.0]);
    let wide = "a,b".to_owned() + &",c".repeat(1000) + "\n1,2" + &",?".repeat(1000);
    assert_eq!(read(wide, &["b"]).expect("one of many").rows.data(), [2.0]);

    let many = "a,b,c,d,e,f,g,h,i,j,k,l\n1,2,3,4,5,6,7,8,9,10,11,12\n";
    let cases: [(&str, &[&str], &str); 10] = [
        (
            text,
            &["kind"],
            "1:5: expected a name of its own (--columns chooses others), found 'kind' again",
        ),
        (text, &["a", "b", "a"], "1: expected each column once in --columns, found 'a' twice"),
        (text, &["c"], "1: expected a column called 'c', found 'kind', 'b', 'a', 'kind'"),
        (text, &["a", ""], "1: expected a name between the commas of --columns, found nothing"),
        ("1,2\n", &["x3"], "1: expected a column called 'x3', found 'x1', 'x2'"),
        (
            many,
            &["a", "z"],
            "1: expected a column called 'z', found 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', … (12 in all)",
        ),
        ("a,b\nred,?\n", &["b"], "2:2: expected a number (--columns chooses others), found '?'"),
        ("a,b\n1\n", &["a"], "2:2: expected 2 fields, found 1"),
        (
            "a,b\n1,\"\n",
            &["a"],
            "2:2: expected a quote where the field ends, on its line, found '\"'",
        ),
        ("a,b\n1,\0\n", &["a"], "2:2: expected text, found the control character \\0"),
    ];
    for (text, columns, message) in cases {
        assert_eq!(refusal(text, columns), message, "{text:?}");
    }
    let none = parse(b"1\n", Some(&[])).expect_err("no columns").to_string();
    assert_eq!(none, "1: expected 1 to 256 columns (--columns chooses them), found 0");
}

#[test]
fn what_is_no_table_of_numbers_is_refused_with_its_place() {
    const NUMBER: &str = "expected a number (--columns chooses others), found";
    const FINITE: &str = "expected a finite number, found";
    const SIZE: &str = "expected a number of at most 1.8e308 in size, found";
    const POINT: &str = "expected a number with a decimal point, found";
    const FIRST: &str = "expected a first line of names alone or of numbers alone, found";
    const NAME: &str = "expected a name of its own (--columns chooses others), found";
    const ROW: &str = "expected a row of the table, found an empty line";
    const QUOTE: &str = "expected a quote where the field ends, on its line, found";
    let cases: &[(&[u8], &str)] = &[
        (b"", "1:1: expected numbers, found an empty file"),
        (b"\xef\xbb\xbf \r\n\n", "1:1: expected numbers, found an empty file"),
        (b"x,y\n", "2: expected numbers below the names, found the end of the file"),
        (b"\n1,2\n", &format!("1: {ROW}")),
        (b"x\n1\n \r\n2\n", &format!("3: {ROW}")),
        (b"1,2\n3,4\n5\n", "3:2: expected 2 fields, found 1"),
        (b"1,2\n3,4,5,x\n", "2:3: expected 2 fields, found 4"),
        (b"x\n1,5\n", "2:2: expected 1 field, found 2"),
        (b"a,b\n1,red\n", &format!("2:2: {NUMBER} 'red'")),
        (b"a,b\n1,\n", &format!("2:2: {NUMBER} an empty field")),
        (b"a,b\n\"\",1\n", &format!("2:1: {NUMBER} an empty field")),
        (b"1,,3\n", &format!("1:2: {NUMBER} an empty field")),
        (b"a\nNA\n", &format!("2:1: {NUMBER} 'NA'")),
        (b"a\n0x1f\n", &format!("2:1: {NUMBER} '0x1f'")),
        (b"0x1f\n1\n", &format!("1:1: {NUMBER} '0x1f'")),
        (b"a\n1_000\n", &format!("2:1: {NUMBER} '1_000'")),
        (b"a\n1 000\n", &format!("2:1: {NUMBER} '1 000'")),
        (b"a\n1.5.2\n", &format!("2:1: {NUMBER} '1.5.2'")),
        (b"a\n1e\n", &format!("2:1: {NUMBER} '1e'")),
        (b"a\n.\n", &format!("2:1: {NUMBER} '.'")),
        ("a\n−1\n".as_bytes(), &format!("2:1: {NUMBER} '−1'")),
        (b"a\nnan\n", &format!("2:1: {FINITE} 'nan'")),
        (b"a\n-NaN\n", &format!("2:1: {FINITE} '-NaN'")),
        (b"a\n+Inf\n", &format!("2:1: {FINITE} '+Inf'")),
        (b"infinity,1\n", &format!("1:1: {FINITE} 'infinity'")),
        (b"a\n1e999\n", &format!("2:1: {SIZE} '1e999'")),
        (b"-1.8e308\n", &format!("1:1: {SIZE} '-1.8e308'")),
        (b"a;b\n1;2,5\n", &format!("2:2: {POINT} '2,5'")),
        (b"a\tb\n-1,5e3\t2\n", &format!("2:1: {POINT} '-1,5e3'")),
        (b"1,5;2\n", &format!("1:1: {POINT} '1,5'")),
        (b"a\n\"1,5\"\n", &format!("2:1: {POINT} '1,5'")),
        (b"1,2,red\n", &format!("1:3: {FIRST} 'red' among numbers")),
        (b",red,2020\n", &format!("1:3: {FIRST} '2020' among names")),
        (b"a,b,nan\n", &format!("1:3: {FIRST} 'nan' among names")),
        (b"a,b,a\n1,2,3\n", &format!("1:3: {NAME} 'a' again")),
        (b"a,\"a \"\n1,2\n", &format!("1:2: {NAME} 'a' again")),
        (b"a,\n1,2\n", &format!("1:2: {NAME} an empty field")),
        (b",\n", &format!("1:1: {NAME} an empty field")),
        (b"a,b\n1,\xff2\n", "2:2: expected UTF-8, found the byte 0xff"),
        (b"gr\xfcn,b\n1,2\n", "1:1: expected UTF-8, found the byte 0xfc"),
        (b"\xff\xfe1\0\n\0", "1:1: expected UTF-8, found the byte 0xff"),
        (b"a,b\n1,\xe2\x82\n", "2:2: expected UTF-8, found the byte 0xe2"),
        (b"\x7fELF\x01\0", "1:1: expected text, found the control character \\u{7f}"),
        (b"a\n1\0\n", "2:1: expected text, found the control character \\0"),
        (b"a,b\r1,2\r", "1:2: expected text, found the control character \\r"),
        ("a\n1\u{85}2\n".as_bytes(), "2:1: expected text, found the control character \\u{85}"),
        (b"a,\"b\n1,2\n", &format!("1:2: {QUOTE} '\"b'")),
        (b"a\n\"1\n2\"\n", &format!("2:1: {QUOTE} '\"1'")),
        (b"a,b\n\"1\" 2,3\n", &format!("2:1: {QUOTE} '\"1\" 2'")),
        (b"a,b\n1,\"2\"3\"\n", &format!("2:2: {QUOTE} '\"2\"3\"'")),
        (b"a\n\"\n", &format!("2:1: {QUOTE} '\"'")),
        (b"a\n\"\"\"\n", &format!("2:1: {QUOTE} '\"\"\"'")),
        (b"a\n'1' \\ \"\n", &format!("2:1: {NUMBER} ''1' \\ \"'")),
        ("a\n\u{202e}1\n".as_bytes(), &format!("2:1: {NUMBER} '\\u{{202e}}1'")),
        (
            "a\nabcdefghijklmnopqrstuvwxyzäöüß\n".as_bytes(),
            &format!("2:1: {NUMBER} 'abcdefghijklmnopqrstuvwxyzäöüß'"),
        ),
        (
            "a\nabcdefghijklmnopqrstuvwxyzäöüßx\n".as_bytes(),
            &format!("2:1: {NUMBER} 'abcdefghijklmnopqrstuvwxyzäöüß…'"),
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refusal(text, &[]), *message, "{}", text.escape_ascii());
    }
}

#[test]
fn more_columns_than_are_read_are_counted_and_refused() {
    let row = |n: usize, field: &str, separator: &str| vec![field; n].join(separator);
    assert_eq!(read(row(256, "1", ","), &[]).expect("as many as may be").rows.cols(), 256);
    for (separator, field) in [(",", "1"), ("\t", "a"), (";", " \"\""), ("\t", "")] {
        for n in [257, 1_000_000] {
            let message = refusal(row(n, field, separator), &[]);
            let expected = "1: expected 1 to 256 columns (--columns chooses them), found";
            assert_eq!(message, format!("{expected} {n}"));
        }
    }
    let message = refusal("1,2\n".to_owned() + &row(1_000_000, "1", ","), &[]);
    assert_eq!(message, "2:3: expected 2 fields, found 1000000");
}

#[test]
fn a_file_is_read_and_its_errors_name_it() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine_table.csv");
    fs::write(&path, "a,b\n1,2\n").expect("a folder for tests");
    assert_eq!(Table::read(&path, None), parse(b"a,b\n1,2\n", None));
    fs::write(&path, "a,b\n1,?\n").expect("a folder for tests");
    let error = Table::read(&path, None).expect_err("no number");
    assert_eq!((error.row, error.column, &error.file), (Some(2), Some(2), &Some(path.clone())));
    let inside = parse(b"a,b\n1,?\n", None).expect_err("nor here");
    assert_eq!(error.to_string(), format!("{}:{inside}", path.display()));
    let error = Table::read(Path::new("no such\nfile"), None).expect_err("there is none");
    let message = "no such\\nfile: expected a file that can be read, found ";
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn what_would_not_be_read_again_is_not_written() {
    let (one, none) = (Matrix::from_rows([[1.0]]), [None]);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    complains!(write(&[], &one, &none), "(0, 1) names and decimals for 1 columns");
    complains!(write(&names(&["a"]), &one, &[]), "(1, 0) names and decimals for 1 columns");
    let infinite = Matrix::from_rows([[f64::INFINITY]]);
    complains!(write(&names(&["a"]), &infinite, &none), "a number in a table is finite");
    for name in ["", "1", "1,5", "nan", " a", "a\t", "a\nb", "\0"] {
        let message = format!("not a name of one column: {name:?}");
        complains!(write(&names(&[name]), &one, &none), message);
    }
    let two = Matrix::from_rows([[1.0, 2.0]]);
    complains!(write(&names(&["a", "a"]), &two, &[None; 2]), "not a name of one column: \"a\"");

    let x = Matrix::from_rows([[0.5, -1e-7, 2.0], [-0.0, 0.1 + 0.2, 1e22]]);
    let text = write(&names(&["a b", "c,\"", "d;"]), &x, &[Some(2), None, Some(0)]);
    let lines = [
        "a b,\"c,\"\"\",\"d;\"",
        "0.50,-1e-7,2",
        "-0.00,0.30000000000000004,10000000000000000000000",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    // No f64 has more digits than the smallest, and no more are written.
    let smallest = Matrix::from_rows([[5e-324]]);
    let text = write(&names(&["a"]), &smallest, &[Some(u32::MAX)]);
    let table = read(&text, &[]).expect("one number");
    assert_eq!((table.rows, table.decimals), (smallest, vec![Some(1074)]));
}
