//! What the user asks for.

use score_matching::{
    figure::{self, Figure},
    fit::table,
};
use std::{ffi::OsString, ops::RangeInclusive, path::PathBuf, str::FromStr};

/// The most samples that are drawn at once.
const MOST_SAMPLES: u32 = 1_000_000;
/// Any noise that a model may know.
const SIGMAS: RangeInclusive<f64> = 0.0..=1e9;

/// What the user asked for.
#[derive(Debug)]
pub enum Request {
    Help,
    Version,
    List,
    Work(Work),
}

/// What takes a while.
#[derive(Debug)]
pub enum Work {
    Draw { figures: Vec<Figure>, out: PathBuf, seed: u64 },
    Fit { file: PathBuf, columns: Option<Vec<String>>, hold_out: f64, out: PathBuf, seed: u64 },
    Sample { model: PathBuf, count: Option<usize>, out: Option<PathBuf>, seed: u64 },
    Denoise { model: PathBuf, file: PathBuf, sigma: Option<f64>, out: Option<PathBuf> },
}

/// The arguments as text.
pub fn arguments() -> Result<Vec<String>, String> {
    let text = |argument: OsString| {
        let refuse = |raw: OsString| format!("the argument '{}' is not UTF-8", raw.display());
        argument.into_string().map_err(refuse)
    };
    std::env::args_os().skip(1).map(text).collect()
}

/// What the arguments ask for; an error is one line for the user.
pub fn parse(arguments: Vec<String>) -> Result<Request, String> {
    let (mut words, mut options) = (vec![], vec![]);
    let mut instead = None;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        // --out DIR and --out=DIR are the same.
        let (word, mut given) = match argument.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (&argument[..], None),
        };
        let mut value = |option, what| {
            let value = given.take().or_else(|| arguments.next());
            let value = value.ok_or(format!("{word} needs {what}"))?;
            options.push((option, value));
            Ok::<_, String>(())
        };
        match word {
            "--help" | "-h" => instead = Some(Request::Help),
            "--version" | "-V" => instead = Some(Request::Version),
            "--list" => instead = Some(Request::List),
            "--out" => value("--out", "a folder")?,
            "--seed" => value("--seed", "a number")?,
            "--columns" => value("--columns", "names")?,
            "--hold-out" => value("--hold-out", "a number")?,
            "--sigma" => value("--sigma", "a number")?,
            "-n" => value("-n", "a number")?,
            other if other.starts_with('-') || other.is_empty() => {
                return Err(not_understood(other));
            }
            other => words.push(other.to_owned()),
        }
        if let Some(value) = given {
            return Err(format!("{word} takes no value, and so not '{value}'"));
        }
    }
    if let Some(request) = instead {
        return Ok(request);
    }
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_default();
    Given { command, words: words.collect(), options }.work().map(Request::Work)
}

fn not_understood(word: &str) -> String {
    format!("'{word}' is not understood; --help tells what is")
}

/// Words and options of one command.
struct Given {
    command: String,
    words: Vec<String>,
    options: Vec<(&'static str, String)>,
}

impl Given {
    fn work(self) -> Result<Work, String> {
        match &self.command[..] {
            "evening" => {
                self.only(&["--out", "--seed"])?;
                let [] = self.files([])?;
                let all = figure::ALL.iter().copied();
                let figures = all.filter(|figure| figure.name.starts_with("evening_")).collect();
                self.draw(figures)
            }
            "" | "figures" => {
                self.only(&["--out", "--seed"])?;
                let mut figures: Vec<Figure> = vec![];
                for name in &self.words {
                    let unknown = || format!("no figure is called '{name}'; --list names them all");
                    let figure = figure::find(name).ok_or_else(unknown)?;
                    if !figures.iter().any(|f| f.name == figure.name) {
                        figures.push(figure);
                    }
                }
                if self.command.is_empty() {
                    figures = figure::ALL.to_vec();
                } else if figures.is_empty() {
                    return Err("figures needs at least one name; --list names them all".into());
                }
                self.draw(figures)
            }
            "fit" => {
                self.only(&["--columns", "--hold-out", "--out", "--seed"])?;
                let [file] = self.files(["a table, FILE.csv"])?;
                let columns = self.option("--columns").map(|text| {
                    table::names(text).map_err(|error| format!("--columns {text}: {error}"))
                });
                Ok(Work::Fit {
                    file,
                    columns: columns.transpose()?,
                    hold_out: self.number("--hold-out", 0.01..=0.9)?.unwrap_or(0.25),
                    out: self.path("--out")?.unwrap_or_else(|| "fit".into()),
                    seed: self.seed()?,
                })
            }
            "sample" => {
                self.only(&["-n", "--out", "--seed"])?;
                let [model] = self.files(["a model, MODEL.txt"])?;
                let count = self.number("-n", 1..=MOST_SAMPLES)?.map(|count| count as usize);
                Ok(Work::Sample { model, count, out: self.path("--out")?, seed: self.seed()? })
            }
            "denoise" => {
                self.only(&["--sigma", "--out"])?;
                let [model, file] = self.files(["a model, MODEL.txt", "a table, FILE.csv"])?;
                let sigma = self.number("--sigma", SIGMAS)?;
                Ok(Work::Denoise { model, file, sigma, out: self.path("--out")? })
            }
            name if figure::find(name).is_some() => Err(format!("did you mean 'figures {name}'?")),
            other => Err(not_understood(other)),
        }
    }

    fn draw(&self, figures: Vec<Figure>) -> Result<Work, String> {
        let out = self.path("--out")?.unwrap_or_else(|| "plots".into());
        Ok(Work::Draw { figures, out, seed: self.seed()? })
    }

    /// Refuses options that say nothing to this command.
    fn only(&self, known: &[&str]) -> Result<(), String> {
        let other = self.options.iter().find(|(option, _)| !known.contains(option));
        other.map_or(Ok(()), |(option, _)| {
            let command = if self.command.is_empty() { "figures" } else { &self.command };
            Err(format!("'{command}' has no option {option}; --help lists its options"))
        })
    }

    /// What was given last.
    fn option(&self, option: &str) -> Option<&str> {
        let given = self.options.iter().rev().find(|(name, _)| *name == option);
        given.map(|(_, value)| &value[..])
    }

    fn files<const N: usize>(&self, what: [&str; N]) -> Result<[PathBuf; N], String> {
        let found = self.words.iter().map(PathBuf::from).collect::<Vec<_>>();
        let wrong = |found: Vec<PathBuf>| match what.get(found.len()) {
            Some(missing) => format!("{} needs {missing}", self.command),
            None => not_understood(&self.words[N]),
        };
        found.try_into().map_err(wrong)
    }

    fn path(&self, option: &str) -> Result<Option<PathBuf>, String> {
        match self.option(option) {
            Some("") => Err(format!("{option} needs a folder")),
            path => Ok(path.map(PathBuf::from)),
        }
    }

    fn seed(&self) -> Result<u64, String> {
        let Some(text) = self.option("--seed") else { return Ok(1) };
        let expected = format!("--seed {text}: expected a whole number from 0 to {}", u64::MAX);
        text.parse().map_err(|_| expected)
    }

    fn number<T: FromStr + PartialOrd + std::fmt::Debug>(
        &self,
        option: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, String> {
        let Some(text) = self.option(option) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        let expected = format!("{option} {text}: expected a number from {least:?} to {most:?}");
        number.ok_or(expected).map(Some)
    }
}
