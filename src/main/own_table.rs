//! The commands for a table of one's own: fit, sample, denoise.

use super::talk::{progress, say};
use score_matching::{
    Array, figure, file,
    fit::{self, Fit, Model, Table, results},
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
    let places = FILES.map(|name| out.join(name));
    guard(&places, file)?;
    let names = FILES.map(|name| name.split('.').next().unwrap_or_default());
    file::prepare(out, &names)
        .map_err(|error| format!("cannot write into {}: {}", out.display(), error.reason))?;

    let fit = Fit::of(&table, hold_out, seed, progress())
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let [training, validation, test] = fit.rows.parts().map(|part| part.len());
    let (n, d) = table.rows.shape();
    say(&format!("{}: {n} rows of {d} numbers", file.display()))?;
    say(&format!("divided into {training} to train, {validation} to validate and {test} to test"))?;
    for remark in &fit.rows.remarks {
        say(&format!("note: {remark}"))?;
    }
    let (scales, best) = (&fit.learned.scales, fit.learned.best);
    let (largest, smallest) = (scales.sigmas()[0], scales.smallest());
    say(&format!(
        "learned at {} noise levels from {largest:.2} to {smallest:.3} deviations; best at step {best}",
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
    say(&format!("{}: each row denoised, and its rank, 1 the most unusual", rows.display()))?;
    say(&format!("{}: data, samples, curves, gains", picture.display()))
}

/// Sees that nothing is lost: neither the input nor a file that is not from a fit.
fn guard(places: &[PathBuf; 4], input: &Path) -> Result<(), String> {
    let same = |place: &&PathBuf| {
        fs::canonicalize(place).is_ok_and(|place| fs::canonicalize(input).is_ok_and(|i| i == place))
    };
    let elsewhere = "--out chooses another folder";
    if let Some(place) = places.iter().find(same) {
        return Err(format!("{} is the input and would be replaced; {elsewhere}", place.display()));
    }
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
    let x = model.sample(count.unwrap_or(1000), &mut fit::sampling(seed));
    let x = x.map_err(|error| format!("{}: {error}", path.display()))?;
    put(&results::samples(&model, &x), out, &[path])
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
        let known = format!("this model knows noise from {smallest:.4} to {largest:.4} deviations");
        return Err(format!("--sigma {sigma}: {known}"));
    }
    let table = Table::read(file, Some(&model.names)).map_err(|error| error.to_string())?;
    let x = model.denoised(&model.units.standardised(&table.rows), sigma);
    if !x.is_finite() {
        return Err(format!("{}: a number is too far out to be denoised", file.display()));
    }
    put(&results::denoised(&model, &x), out, &[path, file])
}

/// Writes a text to a file that is none of the inputs, or else to standard output.
fn put(text: &str, out: Option<&Path>, inputs: &[&Path]) -> Result<(), String> {
    let Some(out) = out else { return say(text.trim_end()) };
    let place = fs::canonicalize(out);
    for input in inputs {
        if place.as_ref().is_ok_and(|place| fs::canonicalize(input).is_ok_and(|i| i == *place)) {
            return Err(format!("{} is an input and would be replaced", out.display()));
        }
    }
    file::write(out, text).map_err(|error| error.to_string())
}
