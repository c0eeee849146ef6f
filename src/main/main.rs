//! The program: draws the figures of the project, and fits tables of one's own.

mod own_table;
mod request;
mod talk;

use request::{Request, Work, arguments, parse};
use score_matching::{
    figure::{self, Figure, Studio},
    matrix::door::Door,
};
use std::{
    io::{Write, stderr},
    ops::ControlFlow,
    path::Path,
    process::ExitCode,
};
use talk::{clear, progress, say};

const HELP: &str = "\
score-matching: trains the models and draws the figures; fits a table of your own

usage: score-matching [evening | figures NAME…] [--out DIR] [--seed N]
       score-matching fit FILE.csv [--columns A,B,…] [--hold-out SHARE] [--out DIR] [--seed N]
       score-matching sample MODEL.txt [-n N] [--out FILE] [--seed N]
       score-matching denoise MODEL.txt FILE.csv [--sigma S] [--out FILE]
       score-matching --list | --version | --help

evening: draws the four pictures of proofs/evening.md, in a few seconds
figures: draws the figures of the project, or some of them
  figures NAME…     draw only these figures
  --out DIR         the folder to draw into (default: plots)
  --list            list the figures

fit: learns the density of the rows of a table of numbers, and judges it by rows held out
  FILE.csv          names in the first line or none; commas, semicolons or tabs between the
                    numbers; decimal points; no empty fields
  --columns A,B,…   only these columns, in this order; the first two are drawn
  --hold-out SHARE  the share of the rows that judge, 0.01 to 0.9 (default: 0.25)
  --out DIR         the folder to write into (default: fit); an older fit there is replaced:
                    model.txt, samples.csv, rows.csv, fit.png
sample: draws rows from a fitted model
  -n N              this number of rows (default: 1000)
  --out FILE        into this file, and not onto standard output
denoise: takes noise off the rows of a table with the columns of the model
  --sigma S         the noise, in standard deviations of a column (default: the model's smallest)
  --out FILE        into this file, and not onto standard output

  --seed N          the seed of everything random, 0 to 18446744073709551615 (default: 1)
  --version         print the version
  --help            print this page

environment:
  RAYON_NUM_THREADS=N      use N threads; no result depends on it
  SCORE_MATCHING_DOOR=D    use the instructions of door D: portable, avx2 or avx512";

fn main() -> ExitCode {
    match arguments().and_then(parse).and_then(answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            clear();
            // One line, whatever was given; and nobody may be listening.
            let _ = writeln!(stderr(), "error: {}", message.replace(char::is_control, "\u{fffd}"));
            ExitCode::from(2)
        }
    }
}

fn answer(request: Request) -> Result<(), String> {
    match request {
        Request::Help => say(HELP),
        Request::Version => say(concat!("score-matching ", env!("CARGO_PKG_VERSION"))),
        Request::List => figure::ALL
            .iter()
            .try_for_each(|figure| say(&format!("{:24}{}", figure.name, figure.shows))),
        Request::Work(work) => {
            // What can be wrong is found out now, and not after a training.
            Door::requested()?;
            threads()?;
            match work {
                Work::Draw { figures, out, seed } => draw(&figures, &out, seed),
                Work::Fit { file, columns, hold_out, out, seed } => {
                    own_table::learn(&file, columns.as_deref(), hold_out, &out, seed)
                }
                Work::Sample { model, count, out, seed } => {
                    own_table::sample(&model, count, out.as_deref(), seed)
                }
                Work::Denoise { model, file, sigma, out } => {
                    own_table::denoise(&model, &file, sigma, out.as_deref())
                }
            }
        }
    }
}

fn draw(figures: &[Figure], out: &Path, seed: u64) -> Result<(), String> {
    figure::prepare(out)
        .map_err(|error| format!("cannot write into {}: {}", out.display(), error.reason))?;
    let studio = Studio::new(seed, progress());
    let mut drawn = Ok(());
    figure::draw_all(figures, &studio, out, |figure, finding| {
        let finding = finding.map_err(|error| error.to_string());
        let line = |finding| format!("{}: {finding}", out.join(figure.file()).display());
        drawn = finding.and_then(|finding| say(&line(finding)));
        if drawn.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    drawn
}

/// Refuses a number of threads that rayon would pass over in silence.
fn threads() -> Result<(), String> {
    let name = "RAYON_NUM_THREADS";
    let text = std::env::var_os(name).unwrap_or_default();
    let number = text.to_str().and_then(|text| text.parse::<u32>().ok());
    if text.is_empty() || number.is_some() {
        return Ok(());
    }
    Err(format!("{name}: '{}' is no number of threads", text.display()))
}
