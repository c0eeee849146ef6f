//! Models as text: read again as they were, or refused; and whatever is accepted can be used.

use crate::{
    common::config,
    own_table::{fitted, number},
};
use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Matrix,
    fit::{InputError, Model, results},
    matrix::noise::Generator,
};
use std::path::Path;

pub fn bits(x: &Matrix) -> Vec<u64> {
    x.data().iter().map(|x| x.to_bits()).collect()
}

/// FNV-1a, written once more.
fn signed(above: &str) -> String {
    let mut hash = 14_695_981_039_346_656_037_u64;
    for byte in above.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
    }
    format!("{above}checksum {hash:016x}\n")
}

/// The lines of a small model above its checksum.
fn small() -> Vec<String> {
    let mut lines: Vec<String> = "score-matching model 1\ncolumns 2\n2 a\n- b, \"c\"\nmean 1 2\n1.5 -2.0\n\
        deviation 1 2\n0.5 3.0\ncovariance 2 2\n1.0 0.25\n0.25 1.0\nlevels 4 2.0 0.25\nnetwork 2 3 3 2"
        .lines()
        .map(str::to_owned)
        .collect();
    let mut count = 0;
    for (name, rows, cols) in [
        ("weights", 3, 2),
        ("biases", 1, 3),
        ("weights", 3, 3),
        ("biases", 1, 3),
        ("weights", 2, 3),
        ("biases", 1, 2),
        ("level", 3, 1),
    ] {
        lines.push(format!("{name} {rows} {cols}"));
        for _ in 0..rows {
            let mut next = || {
                count += 1;
                format!("{:?}", number(count, 0) as f32)
            };
            lines.push((0..cols).map(|_| next()).collect::<Vec<_>>().join(" "));
        }
    }
    lines
}

fn text_of(lines: &[String]) -> String {
    signed(&(lines.join("\n") + "\n"))
}

/// Whoever has accepted a model can use it: it speaks, or says which row was lost.
fn use_of(model: &Model) -> Result<Matrix, String> {
    let sampled = model.sample(3, &mut Generator::seed_from_u64(1)).map_err(|e| e.to_string())?;
    assert!(!results::samples(model, &sampled).contains("NaN"));
    let denoised = model.denoised(&sampled, model.scales.smallest());
    if denoised.is_finite() {
        assert!(!results::denoised(model, &denoised).contains("NaN"));
    }
    Ok(sampled)
}

#[test]
fn a_model_that_was_written_is_read_as_it_was() {
    let (_, fit) = fitted();
    let text = fit.model.text();
    let read = Model::parse(text.as_bytes()).expect("a model");
    assert_eq!(read.text(), text);
    let drawn =
        |model: &Model| bits(&model.sample(20, &mut Generator::seed_from_u64(1)).expect("samples"));
    assert_eq!(drawn(&read), drawn(&fit.model));
    let density = |model: &Model| bits(&model.log_density(&fit.rows.x).expect("densities"));
    assert_eq!(density(&read), density(&fit.model));
    assert_eq!((read.names, read.decimals), (fit.model.names.clone(), fit.model.decimals.clone()));

    let small = text_of(&small());
    let read = Model::parse(small.as_bytes()).expect("a model");
    assert_eq!(read.text(), small);
    assert!(use_of(&read).is_ok());
    assert!(read.log_density(&Matrix::from_rows([[1e300, 0.0]])).unwrap_err().lost == 1);
}

/// More than a block of rows, so that threads share them.
#[test]
fn samples_have_the_same_bits_on_any_number_of_threads() {
    let model = Model::parse(text_of(&small()).as_bytes()).expect("a model");
    let drawn = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let sample = || model.sample(1100, &mut Generator::seed_from_u64(1)).expect("samples");
        bits(&pool.install(sample))
    };
    assert_eq!(drawn(1), drawn(2));
}

/// The message with which a text is refused.
#[track_caller]
fn refusal(text: impl AsRef<[u8]>) -> String {
    Model::parse(text.as_ref()).expect_err("parse refuses it").to_string()
}

#[test]
fn what_was_cut_short_or_changed_is_refused() {
    let whole = text_of(&small());
    let last = whole.lines().count();
    let cut =
        format!("{last}: expected a line with a checksum, found the end: the file was cut short");
    assert_eq!(refusal(&whole[..whole.len() - 1]), cut);
    assert!(refusal(&whole[..whole.len() / 2]).ends_with("found the end: the file was cut short"));
    let version = "1: expected 'score-matching model 1', found 'score-matching model 2'";
    assert_eq!(refusal(whole.replace("model 1", "model 2")), version);
    assert!(refusal(whole.replace("2.0", "2.1")).ends_with(": the file was changed"));
    assert!(refusal(whole.clone() + "\n").ends_with(": the file was changed"));
    assert_eq!(
        refusal([whole.as_bytes(), b"\xff"].concat()),
        "1: expected UTF-8, found other bytes: the file was changed"
    );
    assert!(refusal("").starts_with("1: expected 'score-matching model 1'"));
    let nowhere = Model::read(Path::new("no such model")).unwrap_err().to_string();
    assert!(nowhere.starts_with("no such model: expected a file that can be read"), "{nowhere}");
    assert!(!Model::is_in(Path::new("no such model")) && !Model::is_in(Path::new("Cargo.toml")));
}

/// The checksum of a forged text is right: its content is read with as much care.
#[test]
fn numbers_that_no_fit_has_written_are_refused() {
    let digits = "digits, a blank, a name";
    let levels = "'levels', a count, σ₁ > σ_L > 0";
    let possible = "means and deviations that a table can have";
    let covariance = "the covariance of a density";
    let cases = [
        (2, "columns 0", "'columns' and counts from 1 to 256"),
        (2, "columns 99999999999999999999", "'columns' and counts from 1 to 256"),
        (2, "columns 3", digits),
        (3, "-1 a", digits),
        (3, "1075 a", digits),
        (3, "2 ", digits),
        (3, "2 1e5", digits),
        (3, "2  a", digits),
        (3, "2 b, \"c\"", digits),
        (3, "2 a\u{1}", digits),
        (6, "NaN 1.0", "2 finite numbers"),
        (6, "1.0", "2 finite numbers"),
        (6, "1e300 1.0", possible),
        (8, "-0.5 3.0", possible),
        (8, "0.0 3.0", possible),
        (8, "1e308 3.0", possible),
        (8, "5e-324 3.0", possible),
        (8, "inf 3.0", "2 finite numbers"),
        (10, "1.0 0.5", covariance),
        (10, "-1.0 0.25", covariance),
        (12, "levels 4 0.25 2.0", levels),
        (12, "levels 4 2.0 2.0", levels),
        (12, "levels 4 NaN 0.25", levels),
        (12, "levels 4 2.0 0.0", levels),
        (12, "levels 99999999999 2.0 0.25", levels),
        (13, "network 2 3 3 3", "a network from 2 columns to 2"),
        (13, "network 2 99999 2", "'network' and counts from 1 to 4096"),
        (13, "network 2 4096 4096 2", "'weights 4096 2'"),
        (14, "weights 2 3", "'weights 3 2'"),
        (15, "1e39 0.0", "2 finite numbers"),
        (15, "0.5", "2 finite numbers"),
    ];
    for (line, changed, expected) in cases {
        let mut lines = small();
        changed.clone_into(&mut lines[line - 1]);
        let message = refusal(text_of(&lines));
        assert!(
            message.contains(&format!(": expected {expected}, found ")),
            "{changed}: {message}"
        );
    }
    let lines = small();
    let more = refusal(text_of(&[&lines[..], &["more".into()]].concat()));
    assert_eq!(more, format!("{}: expected a checksum, found 'more'", lines.len() + 1));
    let less = refusal(text_of(&lines[..lines.len() - 1]));
    assert_eq!(less, format!("{}: expected another line, found 'checksum'", lines.len()));

    // In range, and yet too much: the samples say that they are lost.
    let mut lines = small();
    "3e38 3e38".clone_into(&mut lines[14]);
    let model = Model::parse(text_of(&lines).as_bytes()).expect("finite numbers");
    assert!(use_of(&model).unwrap_err().starts_with("sampling failed"));
}

/// Bytes for the place of others, from 0 to 1 in the text.
pub fn edits() -> impl Strategy<Value = Vec<(f64, usize, Vec<u8>)>> {
    let byte = prop_oneof![
        4 => proptest::sample::select(&b"0123456789.-e \nainfN"[..]),
        1 => any::<u8>(),
    ];
    let gone = prop_oneof![4 => 0_usize..4, 1 => Just(usize::MAX)];
    proptest::collection::vec((0.0..=1.0, gone, proptest::collection::vec(byte, 0..4)), 1..4)
}

pub fn edited(text: &str, edits: Vec<(f64, usize, Vec<u8>)>) -> Vec<u8> {
    let mut text = text.as_bytes().to_vec();
    for (place, gone, new) in edits {
        let begin = (place * text.len() as f64) as usize;
        let end = begin.saturating_add(gone).min(text.len());
        text.splice(begin..end, new);
    }
    text
}

/// One line, at a line that there is or just below.
fn is_sound(error: &InputError, bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    error.row.is_some_and(|row| (1..=lines + 1).contains(&row))
        && !error.to_string().contains(char::is_control)
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn an_edited_model_is_refused(edits in edits()) {
        let text = text_of(&small());
        let bytes = edited(&text, edits);
        match Model::parse(&bytes) {
            Ok(_) => prop_assert_eq!(bytes, text.as_bytes()),
            Err(error) => prop_assert!(is_sound(&error, &bytes), "{}", error),
        }
    }

    /// Never a panic, neither when it is read nor when it is used.
    #[test]
    fn a_forged_model_is_refused_or_can_be_used(edits in edits()) {
        let above = small().join("\n") + "\n";
        let forged = String::from_utf8_lossy(&edited(&above, edits)).into_owned();
        let bytes = signed(&forged);
        match Model::parse(bytes.as_bytes()) {
            Ok(model) => {
                let again = Model::parse(model.text().as_bytes()).expect("as it was written");
                prop_assert_eq!(again.text(), model.text());
                let _ = use_of(&model);
            }
            Err(error) => prop_assert!(is_sound(&error, bytes.as_bytes()), "{}", error),
        }
    }
}
