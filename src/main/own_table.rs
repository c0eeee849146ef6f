//! The commands for a table of one's own: fit, sample, denoise.

use super::talk::{progress, say};
use score_matching::{
    Array, figure, file,
    fit::{self, Fit, InputError, Model, Rows, Table, results},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a fit writes, the model first: a folder with a model is a folder of ours.
const FILES: [&str; 4] = ["model.txt", "samples.csv", "rows.csv", "fit.png"];

/// Learns from a table, says what was learned, and writes it into a folder.
pub fn learn(
    file: &Path,
    columns: Option<&[String]>,
    hold_out: f64,
    out: &Path,
    seed: u64,
) -> Result<(), String> {
    let table = Table::read(file, columns).map_err(|error| error.to_string())?;
    let rows =
        Rows::divide(&table, hold_out, seed).map_err(|error| error.in_file(file).to_string())?;
    let places = FILES.map(|name| out.join(name));
    guard(&places, file)?;
    let names = FILES.map(|name| name.split('.').next().unwrap_or_default());
    file::prepare(out, &names)
        .map_err(|error| format!("cannot write into {}: {}", out.display(), error.reason))?;

    let [training, validation, test] = rows.parts().map(|part| part.len());
    let (n, d) = table.rows.shape();
    say(&format!("{}: {n} rows of {d} numbers", file.display()))?;
    if !table.header {
        say("note: the first line is numbers, so it is a row; the columns are called x1, x2, …")?;
    }
    say(&format!("divided into {training} to train, {validation} to validate and {test} to test"))?;
    for remark in &rows.remarks {
        say(&format!("note: {remark}"))?;
    }
    let fit = Fit::of_rows(&table, rows, seed, progress())
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let (scales, best) = (&fit.learned.scales, fit.learned.best);
    let (largest, smallest) = (scales.sigmas()[0], scales.smallest());
    say(&format!(
        "learned at {} noise levels from {largest:.2} to {smallest:.3} standard deviations; best at step {best}",
        scales.sigmas().len()
    ))?;
    say(&format!("\n{}\n{}\n", fit.verdict, fit.verdict.sentence()))?;

    let [model, samples, rows, picture] = &places;
    file::write(model, &fit.model.text()).map_err(|error| error.to_string())?;
    file::write(samples, &results::samples(&fit.model, &fit.samples))
        .map_err(|error| error.to_string())?;
    file::write(rows, &fit.rows_text()).map_err(|error| error.to_string())?;
    figure::save_fit(&fit, picture).map_err(|error| error.to_string())?;
    say(&format!("{}: the model, for 'sample' and 'denoise'", model.display()))?;
    say(&format!("{}: as many samples as rows", samples.display()))?;
    say(&format!(
        "{}: each row denoised, its log density, its rank (1 the most unusual) and its part (1 training, \
         2 validation, 3 test)",
        rows.display()
    ))?;
    say(&format!("{}: data, samples, curves, gains", picture.display()))
}

/// Sees that nothing is lost: neither the input nor a file that is not from a fit.
fn guard(places: &[PathBuf; 4], input: &Path) -> Result<(), String> {
    let elsewhere = "--out chooses another folder";
    if let Some(place) = places.iter().find(|place| same(place, input)) {
        return Err(format!("{} is the input and would be replaced; {elsewhere}", place.display()));
    }
    places.iter().try_for_each(|place| file::check(place)).map_err(|error| error.to_string())?;
    if Model::is_in(&places[0]) {
        return Ok(());
    }
    match places.iter().find(|place| place.exists()) {
        Some(place) => Err(format!("{} is not from a fit; {elsewhere}", place.display())),
        None => Ok(()),
    }
}

/// Draws rows from a model: onto standard output, or into a file.
pub fn sample(
    path: &Path,
    count: Option<usize>,
    out: Option<&Path>,
    seed: u64,
) -> Result<(), String> {
    let model = Model::read(path).map_err(|error| error.to_string())?;
    spare(out, &[path])?;
    let x = model.sample(count.unwrap_or(1000), &mut fit::sampling(seed));
    let x = x.map_err(|error| format!("{}: {error}", path.display()))?;
    put(&results::samples(&model, &x), out)
}

/// Takes noise of σ off the rows of a table.
pub fn denoise(
    path: &Path,
    file: &Path,
    sigma: Option<f64>,
    out: Option<&Path>,
) -> Result<(), String> {
    let model = Model::read(path).map_err(|error| error.to_string())?;
    let (largest, smallest) = (model.scales.sigmas()[0], model.scales.smallest());
    let sigma = sigma.unwrap_or(smallest);
    if !(smallest..=largest).contains(&sigma) {
        let known = format!(
            "this model knows noise from {smallest:.4} to {largest:.4} standard deviations"
        );
        return Err(format!("--sigma {sigma}: {known}"));
    }
    let refused = |error: InputError| error.in_file(file).without_choice().to_string();
    let table = Table::read(file, Some(&model.names)).map_err(refused)?;
    spare(out, &[path, file])?;
    let x = model.denoised(&model.units.of_table(&table).map_err(refused)?, sigma);
    if !x.is_finite() {
        return Err(format!("{}: its network gives no finite numbers here", path.display()));
    }
    put(&results::denoised(&model, &x), out)
}

/// Sees that a file that will be written is none of the inputs.
fn spare(out: Option<&Path>, inputs: &[&Path]) -> Result<(), String> {
    let Some(out) = out else { return Ok(()) };
    if inputs.iter().any(|input| same(out, input)) {
        return Err(format!("{} is an input and would be replaced", out.display()));
    }
    file::check(out).map_err(|error| error.to_string())
}

/// Whether both are there, and the same file.
fn same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Writes a text to a file, or else to standard output.
fn put(text: &str, out: Option<&Path>) -> Result<(), String> {
    out.map_or_else(
        || say(text.trim_end()),
        |out| file::write(out, text).map_err(|error| error.to_string()),
    )
}
