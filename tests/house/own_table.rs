//! The commands for a table of one's own, as a user meets them: every mistake gets one line that says
//! where it is and what was expected, exit code 2, and no file.

use crate::program::{assert_refused, files, folder, run, text};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Numbers between −1 and 1 that look random.
fn number(row: usize, column: usize) -> f64 {
    2.0 * (1e4 * ((row + 1 + 1000 * column) as f64).sin().abs()).fract() - 1.0
}

/// Rows of two numbers below the names a and b, of which `change` may make others.
fn table(rows: usize, change: impl Fn(usize, f64, f64) -> String) -> String {
    let line = |i| change(i, number(i, 0), number(i, 1)) + "\n";
    "a,b\n".to_owned() + &(0..rows).map(line).collect::<String>()
}

fn plain(_: usize, a: f64, b: f64) -> String {
    format!("{a:.4},{b:.4}")
}

/// A folder with a file `table.csv` that holds this.
fn with_table(name: &str, bytes: impl AsRef<[u8]>) -> (PathBuf, String) {
    let folder = folder(name);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("table.csv");
    fs::write(&file, bytes).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

/// What `fit` refuses, and that it makes nothing.
#[track_caller]
fn assert_unfit(bytes: impl AsRef<[u8]>, options: &[&str], message: &str) {
    let (folder, file) = with_table("unfit", bytes);
    let out = folder.join("out");
    let arguments = [&["fit", &file, "--out", out.to_str().unwrap()], options].concat();
    assert_refused(&arguments, &[&format!("error: {file}:{message}\n")]);
    assert_eq!(files(&folder), ["table.csv"], "{message}");
}

#[test]
fn a_table_that_cannot_be_learned_from_is_refused_and_nothing_is_made() {
    const OTHERS: &str = "(--columns chooses others), found";
    const FEW: &str = " expected 60 rows that differ, for 2 columns, found";
    let bad = |line: &str| table(70, plain) + line + "\n";
    let cases = [
        (String::new(), "1:1: expected numbers, found an empty file".into()),
        ("a,b\n".into(), "2: expected numbers below the names, found the end of the file".into()),
        (bad("1"), "72:2: expected 2 fields, found 1".into()),
        (bad("1,red"), format!("72:2: expected a number {OTHERS} 'red'")),
        (bad("NaN,1"), "72:1: expected a finite number, found 'NaN'".into()),
        (bad("1,-inf"), "72:2: expected a finite number, found '-inf'".into()),
        (
            bad("1e999,1"),
            "72:1: expected a number of at most 1.8e308 in size, found '1e999'".into(),
        ),
        (bad("\"1,5\",1"), "72:1: expected a number with a decimal point, found '1,5'".into()),
        (
            bad("1,1").replace("a,b", "a,a"),
            format!("1:2: expected a name of its own {OTHERS} 'a' again"),
        ),
        (table(1, plain), format!("{FEW} 1 (of 1 rows)")),
        (table(59, plain), format!("{FEW} 59 (of 59 rows)")),
        (table(200, |_, _, _| "3,4".into()), format!("{FEW} 1 (of 200 rows)")),
        (
            table(70, |_, a, _| format!("{a},0.5")),
            format!(
                " expected numbers that differ in column 'b' {OTHERS} 0.5 in all rows that do not test"
            ),
        ),
        (
            table(70, |_, a, _| format!("{a},{}", 3.0 - 2.0 * a)),
            format!(
                " expected numbers of its own in column 'b' {OTHERS} a sum of multiples of the columns before it"
            ),
        ),
        (
            "x\n".to_owned() + &"1\n".repeat(100_001),
            " expected at most 100000 rows (a random part of them is enough), found 100001".into(),
        ),
    ];
    for (bytes, message) in &cases {
        assert_unfit(bytes, &[], message);
    }
    let character = "1:1: expected text, found the control character \\u{7f}";
    assert_unfit(b"\x7fELF\x02\x01\x01\0", &[], character);
    let count = "1: expected 1 to 256 columns (--columns chooses them), found 1000000";
    assert_unfit(vec!["x"; 1_000_000].join(","), &[], count);
    let left = " expected a --hold-out that leaves [30, 6, 12] rows that differ, found [15, 4, 171] to train, \
                to validate and to test";
    assert_unfit(table(190, plain), &["--hold-out", "0.9"], left);
    let nothing = "a name between the commas of --columns, found nothing";
    let other = "a column called 'z', found 'a', 'b'";
    for (columns, expected) in [("z", other), ("", nothing), ("a,,b", nothing)] {
        let message = format!("1: expected {expected}");
        assert_unfit(table(60, plain), &["--columns", columns], &message);
    }
}

/// Numbers of any size that is not near the last are numbers; what could not be told from infinity, or from
/// its neighbours, is refused.
#[test]
fn sizes_at_the_ends_of_the_numbers_are_refused() {
    for exponent in ["e307", "e-320"] {
        let (folder, file) = with_table("sizes", table(70, |_, a, b| format!("{a},{b}{exponent}")));
        let parts = [&file[..], "expected sizes from 1e-250 to 1e250 in column 'b'"];
        assert_refused(&["fit", &file, "--out", folder.join("out").to_str().unwrap()], &parts);
        assert_eq!(files(&folder), ["table.csv"]);
    }
    // In the first seeds the row is in each part: among the rows that test it is refused, with its line.
    let (_, file) = with_table(
        "sizes",
        table(70, |i, a, b| if i == 33 { "1e9,0".into() } else { plain(i, a, b) }),
    );
    let wrong_place = Path::new(&file).join("out"); // stops whatever is not refused before
    let message = format!(
        "error: {file}:35: expected a number at most 1e5 deviations from the mean in column 'a' \
         (--columns chooses others), found 1000000000.0\n"
    );
    let refused = (1..=20).filter(|seed: &u32| {
        let seed = seed.to_string();
        let output = run(&["fit", &file, "--seed", &seed, "--out", wrong_place.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr) == message
    });
    assert!((1..=19).contains(&refused.count()));
}

#[test]
fn options_and_files_that_make_no_sense_are_refused() {
    let (folder, file) = with_table("options", table(60, plain));
    for bad in ["2", "-1", "0", "nan", "inf", "", "0,2"] {
        let message = format!("error: --hold-out {bad}: expected a number from 0.01 to 0.9\n");
        assert_refused(&["fit", &file, "--hold-out", bad], &[&message]);
    }
    for bad in ["0", "1000000000", "-1", "1.5", ""] {
        let message = format!("error: -n {bad}: expected a number from 1 to 1000000\n");
        assert_refused(&["sample", &file, "-n", bad], &[&message]);
    }
    for bad in ["-1", "nan", "inf", "1e999"] {
        let message = format!("error: --sigma {bad}: expected a number from 0.0 to 1000000000.0\n");
        assert_refused(&["denoise", &file, &file, "--sigma", bad], &[&message]);
    }
    let path = folder.to_str().unwrap();
    let cases: [(&[&str], &str); 14] = [
        (&["fit"], "fit needs a table, FILE.csv"),
        (&["fit", &file, "--sigma", "1"], "'fit' has no option --sigma"),
        (&["sample", &file, "--columns", "a"], "'sample' has no option --columns"),
        (&["denoise", &file, &file, "--seed", "1"], "'denoise' has no option --seed"),
        (&["figures", "-n", "1"], "'figures' has no option -n"),
        (&["fit", &file, "more.csv"], "'more.csv' is not understood"),
        (&["denoise", &file], "denoise needs a table, FILE.csv"),
        (&["fit", ""], "'' is not understood"),
        (&[""], "'' is not understood"),
        (
            &["fit", &file, "--columns", "a,\"b"],
            "--columns a,\"b: expected a quote where the field ends",
        ),
        (&["fit", &file, "--columns", "a\nb"], "--columns a\u{fffd}b: expected text"),
        (
            &["fit", "no such file"],
            "no such file: expected a file that can be read, found No such file",
        ),
        (&["fit", path], ": expected a file that can be read, found Is a directory"),
        (&["sample", &file], "table.csv:1: expected 'score-matching model 1', found 'a,b'"),
    ];
    for (arguments, part) in cases {
        assert_refused(arguments, &[part]);
    }
    assert_eq!(files(&folder), ["table.csv"]);
}

/// A folder with what was made of the plain table, fitted once for all tests.
fn fitted() -> &'static (PathBuf, String) {
    static FITTED: OnceLock<(PathBuf, String)> = OnceLock::new();
    FITTED.get_or_init(|| {
        let (folder, file) = with_table("fitted", table(60, plain));
        // What is read may have been written anywhere: marks, ends of lines, separators.
        let windows =
            "\u{feff}".to_owned() + &table(60, plain).replace(',', ";").replace('\n', "\r\n");
        fs::write(&file, windows).unwrap();
        let out = folder.join("out");
        let output = run(&["fit", &file, "--out", out.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.contains(
            "60 rows of 2 numbers\ndivided into 36 to train, 9 to validate and 15 to test\n"
        ));
        assert!(!said.contains("NaN") && !said.contains("inf"), "{said}");
        (out, file)
    })
}

#[test]
fn a_model_draws_and_denoises_what_it_was_asked_for() {
    let (out, file) = fitted();
    assert_eq!(files(out), ["fit.png", "model.txt", "rows.csv", "samples.csv"]);
    let model = out.join("model.txt");
    let model = model.to_str().unwrap();
    let samples = text(&run(&["sample", model, "-n", "60"]).stdout);
    assert_eq!(samples, fs::read_to_string(out.join("samples.csv")).unwrap());
    assert_ne!(samples, text(&run(&["sample", model, "-n", "60", "--seed", "2"]).stdout));

    // The rows as fit has denoised them, also out of a table with more columns in another order.
    let denoised = text(&run(&["denoise", model, file]).stdout);
    let rows = fs::read_to_string(out.join("rows.csv")).unwrap();
    let two = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(",");
    assert_eq!(
        denoised.lines().map(two).collect::<Vec<_>>(),
        rows.lines().map(two).collect::<Vec<_>>()
    );
    let swapped =
        table(60, |i, a, b| format!("{b:.4},red,{a:.4},{i}")).replace("a,b", "b,kind,a,c");
    let (folder, other) = with_table("more", swapped);
    let into = folder.join("denoised.csv");
    assert!(run(&["denoise", model, &other, "--out", into.to_str().unwrap()]).stdout.is_empty());
    assert_eq!(fs::read_to_string(&into).unwrap(), denoised);

    for (text, message) in [
        ("0.1,0.2\n", "1: expected a column called 'a', found 'x1', 'x2'"),
        ("a,c\n1,2\n", "1: expected a column called 'b', found 'a', 'c'"),
        (
            "a,b\n1,2\n1,1e300\n",
            "3: expected a number at most 1e5 deviations from the mean in column 'b'",
        ),
    ] {
        let (folder, file) = with_table("denoised", text);
        let into = folder.join("denoised.csv");
        let arguments = ["denoise", model, &file, "--out", into.to_str().unwrap()];
        assert_refused(&arguments, &[&format!("error: {file}:{message}")]);
        assert_eq!(files(&folder), ["table.csv"]);
    }
    for sigma in ["1e-9", "99"] {
        let message = format!("--sigma {sigma}: this model knows noise from 0.");
        assert_refused(
            &["denoise", model, file, "--sigma", sigma],
            &[&message.replace("1e-9", "0.000000001")],
        );
    }
}

/// Neither an input, nor what is not from a fit, nor what is no file at all.
#[test]
fn nothing_is_lost() {
    let (out, file) = fitted();
    let model = out.join("model.txt");
    let model = model.to_str().unwrap();
    let (folder, samples) = with_table("lost", "");
    let own = folder.join("samples.csv");
    fs::rename(samples, &own).unwrap();
    fs::write(&own, table(60, plain)).unwrap();
    let (own, here) = (own.to_str().unwrap(), folder.to_str().unwrap());
    assert_refused(
        &["fit", own, "--out", here],
        &["samples.csv is the input and would be replaced"],
    );
    assert_refused(&["fit", file, "--out", here], &["samples.csv is not from a fit"]);
    assert_refused(&["denoise", model, own, "--out", own], &["is an input and would be replaced"]);
    assert_refused(&["sample", model, "--out", model], &["is an input and would be replaced"]);
    let none = "what is there is no file";
    assert_refused(&["sample", model, "--out", here], &[none]);
    let missing = folder.join("missing/samples.csv");
    assert_refused(
        &["sample", model, "--out", missing.to_str().unwrap()],
        &["cannot write", "missing"],
    );
    assert_eq!(files(&folder), ["samples.csv"]);
    assert_eq!(fs::read_to_string(own).unwrap(), table(60, plain));

    // Beside a model all is from a fit, but a folder stays a folder; and it is found out before the training.
    fs::copy(model, folder.join("model.txt")).unwrap();
    fs::create_dir(folder.join("rows.csv")).unwrap();
    assert_refused(&["fit", file, "--out", here], &["cannot write", "rows.csv", none]);
    #[cfg(unix)]
    {
        let link = folder.join("link.csv");
        std::os::unix::fs::symlink("elsewhere", &link).unwrap();
        assert_refused(&["sample", model, "--out", link.to_str().unwrap()], &[none]);
        assert!(link.is_symlink());
    }
}
