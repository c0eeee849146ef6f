//! The main command: draws every figure of the project, or some of them.

use score_matching::{
    figure::{self, Figure, Studio},
    matrix::door::Door,
};
use std::{
    ffi::OsString,
    io::{ErrorKind, IsTerminal, Write, stderr, stdout},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

const HELP: &str = "\
score-matching: trains the models and draws the figures

usage: score-matching [evening | figures NAME…] [--out DIR] [--seed N]
       score-matching --list | --version | --help

  evening         draw the four pictures of proofs/evening.md, in a few seconds
  figures NAME…   draw only these figures
  --out DIR       the folder to draw into (default: plots)
  --seed N        the seed of everything random, 0 to 18446744073709551615 (default: 1)
  --list          list the figures
  --version       print the version
  --help          print this page

environment:
  RAYON_NUM_THREADS=N      use N threads; the figures do not depend on it
  SCORE_MATCHING_DOOR=D    use the instructions of door D: portable, avx2 or avx512";

/// What makes a terminal forget its line.
const CLEARED: &str = "\r\x1b[K";

/// Takes the line of progress off the terminal.
fn clear() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "{CLEARED}");
    }
}

/// What the user asked for.
#[derive(Debug)]
enum Request {
    Help,
    Version,
    List,
    Draw { figures: Vec<Figure>, out: PathBuf, seed: u64 },
}

fn main() -> ExitCode {
    match arguments().and_then(parse).and_then(answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            clear();
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
        // --out DIR and --out=DIR are the same.
        let (word, mut given) = match argument.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (&argument[..], None),
        };
        let mut value =
            |what| given.take().or_else(|| arguments.next()).ok_or(format!("{word} needs {what}"));
        match word {
            "--help" | "-h" => instead = Some(Request::Help),
            "--version" | "-V" => instead = Some(Request::Version),
            "--list" => instead = Some(Request::List),
            "--out" => out = value("a folder")?.into(),
            "--seed" => {
                let text = value("a number")?;
                seed = text.parse().map_err(|_| {
                    format!("--seed {text}: expected a whole number from 0 to {}", u64::MAX)
                })?;
            }
            "evening" if !only_some => {
                let of_the_evening = |figure: &&Figure| figure.name.starts_with("evening_");
                figures = figure::ALL.iter().filter(of_the_evening).copied().collect();
                only_some = true;
            }
            "figures" if !only_some => only_some = true,
            name if only_some && !name.starts_with('-') => {
                let unknown = || format!("no figure is called '{name}'; --list names them all");
                let figure = figure::find(name).ok_or_else(unknown)?;
                if !figures.iter().any(|f: &Figure| f.name == figure.name) {
                    figures.push(figure);
                }
            }
            name if figure::find(name).is_some() => {
                return Err(format!("did you mean 'figures {name}'?"));
            }
            other => return Err(format!("'{other}' is not understood; --help tells what is")),
        }
        if let Some(value) = given {
            return Err(format!("{word} takes no value, and so not '{value}'"));
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
        Request::Version => say(concat!("score-matching ", env!("CARGO_PKG_VERSION"))),
        Request::List => figure::ALL
            .iter()
            .try_for_each(|figure| say(&format!("{:24}{}", figure.name, figure.shows))),
        Request::Draw { figures, out, seed } => draw(&figures, &out, seed),
    }
}

fn draw(figures: &[Figure], out: &Path, seed: u64) -> Result<(), String> {
    // What can be wrong is found out now, and not after a training.
    Door::requested()?;
    threads()?;
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

/// A line on standard output, in the place of the line of progress. Whoever has closed it (`| head`) does
/// not want to hear more.
fn say(line: &str) -> Result<(), String> {
    clear();
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}"))
        }
        _ => Ok(()),
    }
}

/// What goes on and how far it is: one line that is rewritten on a terminal; elsewhere a plain line when
/// something begins and when it ends.
fn progress() -> impl Fn(&str, f64) + Send + Sync {
    let on_terminal = stderr().is_terminal();
    let going = Mutex::new(Vec::<(String, f64)>::new());
    move |what, done| {
        let mut going = going.lock().unwrap_or_else(PoisonError::into_inner);
        let place = going.iter().position(|(known, _)| known == what);
        let begins = place.is_none();
        let place = place.unwrap_or_else(|| {
            going.push((what.to_owned(), done));
            going.len() - 1
        });
        going[place].1 = done;
        let line = |(what, done): &(String, f64)| format!("{what}: {:.0} %", 100.0 * done);
        // A progress line that cannot be shown is no error.
        if on_terminal {
            // One of them, since a line that is longer than the terminal could not be rewritten.
            let more = match going.len() {
                1 => String::new(),
                several => format!(" (and {} more)", several - 1),
            };
            let _ = write!(stderr(), "{CLEARED}{}{more}", line(&going[place]));
        } else if begins || done >= 1.0 {
            let _ = writeln!(stderr(), "{}", line(&going[place]));
        }
        if done >= 1.0 {
            going.remove(place);
        }
        if on_terminal && going.is_empty() {
            let _ = write!(stderr(), "{CLEARED}");
        }
        let _ = stderr().flush();
    }
}
