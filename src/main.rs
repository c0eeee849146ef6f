//! The main command: draws every figure of the project, or some of them.

use score_matching::{
    figure::{self, Figure, Studio},
    matrix::door::Door,
};
use std::{
    cell::Cell,
    ffi::OsString,
    fs,
    io::{ErrorKind, IsTerminal, Write, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

const HELP: &str = "\
score-matching: trains the models and draws the figures

usage: score-matching [figures NAME…] [--out DIR] [--seed N]
       score-matching --list | --help

  figures NAME…   draw only these figures
  --out DIR       the folder to draw into (default: plots)
  --seed N        the seed of everything random, 0 to 18446744073709551615 (default: 1)
  --list          list the figures
  --help          print this page

environment:
  RAYON_NUM_THREADS=N      use N threads; the figures do not depend on it
  SCORE_MATCHING_DOOR=D    use the instructions of door D: portable, avx2 or avx512";

/// What the user asked for.
#[derive(Debug)]
enum Request {
    Help,
    List,
    Draw { figures: Vec<Figure>, out: PathBuf, seed: u64 },
}

fn main() -> ExitCode {
    match arguments().and_then(parse).and_then(answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(stderr(), "error: {message}"); // nobody may be listening
            ExitCode::from(2)
        }
    }
}

/// The arguments as text.
fn arguments() -> Result<Vec<String>, String> {
    let text = |argument: OsString| {
        let refuse = |raw: OsString| format!("the argument '{}' is not UTF-8", raw.display());
        argument.into_string().map_err(refuse)
    };
    std::env::args_os().skip(1).map(text).collect()
}

/// What the arguments ask for; an error is one line for the user.
fn parse(arguments: Vec<String>) -> Result<Request, String> {
    let mut arguments = arguments.into_iter();
    let (mut figures, mut out, mut seed) = (Vec::new(), PathBuf::from("plots"), 1);
    let mut only_some = false;
    let mut instead = None;
    while let Some(argument) = arguments.next() {
        let mut value = |what| arguments.next().ok_or(format!("{argument} needs {what}"));
        match argument.as_str() {
            "--help" | "-h" => instead = Some(Request::Help),
            "--list" => instead = Some(Request::List),
            "--out" => out = value("a folder")?.into(),
            "--seed" => {
                let text = value("a number")?;
                seed = text.parse().map_err(|_| {
                    format!("--seed {text}: expected a whole number from 0 to {}", u64::MAX)
                })?;
            }
            "figures" if !only_some => only_some = true,
            name if only_some && !name.starts_with('-') => {
                let unknown = || format!("no figure is called '{name}'; --list names them all");
                let figure = figure::find(name).ok_or_else(unknown)?;
                if !figures.iter().any(|f: &Figure| f.name == figure.name) {
                    figures.push(figure);
                }
            }
            other => return Err(format!("'{other}' is not understood; --help tells what is")),
        }
    }
    if let Some(request) = instead {
        return Ok(request);
    }
    if out.as_os_str().is_empty() {
        return Err("--out needs a folder".into());
    }
    if only_some && figures.is_empty() {
        return Err("figures needs at least one name; --list names them all".into());
    }
    if !only_some {
        figures = figure::ALL.to_vec();
    }
    Ok(Request::Draw { figures, out, seed })
}

fn answer(request: Request) -> Result<(), String> {
    match request {
        Request::Help => say(HELP),
        Request::List => figure::ALL
            .iter()
            .try_for_each(|figure| say(&format!("{:24}{}", figure.name, figure.shows))),
        Request::Draw { figures, out, seed } => draw(&figures, &out, seed),
    }
}

fn draw(figures: &[Figure], out: &Path, seed: u64) -> Result<(), String> {
    // What can be wrong is found out now, and not after a training.
    Door::requested()?;
    writable(out).map_err(|error| format!("cannot write into {}: {error}", out.display()))?;
    let studio = Studio::new(seed, progress());
    for figure in figures {
        let finding = figure.draw(&studio, out).map_err(|error| error.to_string())?;
        let path = out.join(figure.file());
        say(&format!("{}: {finding}", path.display()))?;
    }
    Ok(())
}

/// A line on standard output. Whoever has closed it (`| head`) does not want to hear more.
fn say(line: &str) -> Result<(), String> {
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}"))
        }
        _ => Ok(()),
    }
}

/// Makes the folder and tries it.
fn writable(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let trial = folder.join(".score-matching-trial");
    fs::write(&trial, "")?;
    fs::remove_file(&trial)
}

/// One line that is rewritten on a terminal; elsewhere a plain line at the beginning and the end.
fn progress() -> impl Fn(&str, f64) {
    let on_terminal = stderr().is_terminal();
    let begun = Cell::new(false);
    move |what, done| {
        let percent = (100.0 * done).round();
        if on_terminal {
            let end = if done < 1.0 { "" } else { "\n" };
            // A progress line that cannot be shown is no error.
            let _ = write!(stderr(), "\r{what}: {percent:3} %{end}");
            let _ = stderr().flush();
        } else if !begun.replace(true) || done >= 1.0 {
            let _ = writeln!(stderr(), "{what}: {percent} %");
        }
    }
}
