//! What the benches measured, read back from their JSON lines.
//!
//! Every other number of a figure comes from its own run; a time belongs to a machine and a minute. So
//! these lines are kept in `benches/measured.jsonl`, as `benches/measure.sh` wrote them: first what
//! machine it was, then the measurements. A measurement has a line for each round. The fastest counts:
//! whatever else the machine does can only make a time longer.

use crate::identity::fitted_order;
use std::collections::HashMap;

/// The lines that are kept.
const KEPT: &str = include_str!("../../benches/measured.jsonl");

/// The name under which the benches of this crate speak; others are peers.
const OURS: &str = "ours";

/// One flat JSON object: names, each with a word or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Line<'a> {
    /// The word, or the digits, under a name; empty if there is none.
    pub fn word(&self, name: &str) -> &'a str {
        self.0.iter().find(|field| field.0 == name).map_or("", |field| field.1)
    }

    /// The number under a name; NaN if there is none.
    pub fn number(&self, name: &str) -> f64 {
        self.word(name).parse().unwrap_or(f64::NAN)
    }

    /// The object that a row of text holds, if it has these words and these positive numbers.
    fn read(number: usize, row: &'a str, words: &[&str], numbers: &[&str]) -> Result<Self, String> {
        let whole = |line: &Self| {
            words.iter().all(|name| !line.word(name).is_empty())
                && numbers.iter().all(|name| line.number(name) > 0.0)
        };
        Self::parse(row).filter(whole).ok_or_else(|| {
            let expected = [words, numbers].concat().join(", ");
            format!("row {number}: a JSON object with {expected} expected")
        })
    }

    fn parse(row: &'a str) -> Option<Self> {
        let mut rest = row.trim().strip_prefix('{')?.strip_suffix('}')?.trim_start();
        let mut fields = vec![];
        while !rest.is_empty() {
            let (name, after) = rest.strip_prefix('"')?.split_once('"')?;
            let after = after.trim_start().strip_prefix(':')?.trim_start();
            let (value, after) = match after.strip_prefix('"') {
                Some(word) => word.split_once('"')?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            fields.push((name, value.trim()));
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => after,
                None => return None,
            };
        }
        Some(Self(fields))
    }
}

/// Which measurements are meant: a precision, "f32" or "f64", and a number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name of the precision.
    pub precision: &'static str,
    /// The number of threads.
    pub threads: usize,
}

/// The peer's time and ours for the same work.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside<'a> {
    /// The bench.
    pub bench: &'a str,
    /// The shape of the work.
    pub shape: &'a str,
    /// Our line.
    pub ours: Line<'a>,
    /// The peer's milliseconds over ours, best times: more than 1 where ours is faster.
    pub ratio: f64,
    /// The same ratio of the medians, each of the round with the best time; NaN if one was not measured.
    pub ratio_of_medians: f64,
}

/// One sitting on one machine.
#[derive(Clone, Debug)]
pub struct Sitting<'a> {
    /// What machine it was, and when.
    pub machine: Line<'a>,
    lines: Vec<Line<'a>>,
}

impl Sitting<'static> {
    /// The sitting that is kept with the code.
    ///
    /// # Panics
    /// If somebody has spoiled the file.
    pub fn kept() -> Self {
        Self::read(KEPT).unwrap_or_else(|error| panic!("benches/measured.jsonl: {error}"))
    }
}

impl<'a> Sitting<'a> {
    /// Reads a machine's line and the lines that were measured on it. What has the same bench, peer, precision,
    /// shape and threads is one measurement, of which the fastest line is kept.
    ///
    /// # Errors
    /// One line, which names the first row that is something else.
    pub fn read(text: &'a str) -> Result<Self, String> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let machine = Line::read(1, first, &["machine"], &[])?;
        let words = ["bench", "peer", "dtype", "shape"];
        let what = |line: &Line<'a>| (words.map(|name| line.word(name)), line.word("threads"));
        let (mut lines, mut places) = (Vec::<Line<'_>>::new(), HashMap::new());
        for (i, row) in rest.lines().enumerate() {
            let line = Line::read(i + 2, row, &words, &["threads", "best_ms"])?;
            let place = *places.entry(what(&line)).or_insert(lines.len());
            match lines.get_mut(place) {
                None => lines.push(line),
                Some(fastest) if line.number("best_ms") < fastest.number("best_ms") => {
                    *fastest = line;
                }
                Some(_) => (),
            }
        }
        Ok(Self { machine, lines })
    }

    /// What a peer measured in a setting.
    fn of(&self, peer: &str, setting: Setting) -> impl Iterator<Item = &Line<'a>> {
        self.lines.iter().filter(move |line| {
            line.word("peer") == peer
                && line.word("dtype") == setting.precision
                && line.number("threads") == setting.threads as f64
        })
    }

    /// Our lines of a bench.
    pub fn ours(&self, bench: &str, setting: Setting) -> impl Iterator<Item = &Line<'a>> {
        self.of(OURS, setting).filter(move |line| line.word("bench") == bench)
    }

    /// (n, share of the multiply-add peak) of the products of square matrices in one form: "nn", "nt" or
    /// "tn"; NaN if the peak was not measured.
    pub fn shares(&self, form: &str, setting: Setting) -> Vec<[f64; 2]> {
        let mut limits = self.ours("limits", setting);
        let peak = limits.find(|line| line.word("shape") == "multiply_add");
        let peak = peak.map_or(f64::NAN, |line| line.number("gflops"));
        let square = |line: &Line| {
            let (its_form, side) = line.word("shape").split_once(" sq")?;
            (its_form == form).then_some([side.parse().ok()?, line.number("gflops") / peak])
        };
        self.ours("product", setting).filter_map(square).collect()
    }

    /// What a peer measured as well, beside ours, in the order of our lines.
    pub fn beside(&self, peer: &str, setting: Setting) -> Vec<Beside<'a>> {
        let pair = |ours: &Line<'a>| {
            let same = |theirs: &&Line| {
                ["bench", "shape"].iter().all(|name| theirs.word(name) == ours.word(name))
            };
            let theirs = self.of(peer, setting).find(same)?;
            let ratio = |time| theirs.number(time) / ours.number(time);
            Some(Beside {
                bench: ours.word("bench"),
                shape: ours.word("shape"),
                ratio: ratio("best_ms"),
                ratio_of_medians: ratio("median_ms"),
                ours: ours.clone(),
            })
        };
        self.of(OURS, setting).filter_map(pair).collect()
    }

    /// The points of [`Sitting::growth`], of which `time` is "best_ms" or "median_ms".
    pub(crate) fn growing(
        &self,
        name: &str,
        middle: [f64; 3],
        setting: Setting,
        time: &str,
    ) -> Vec<[f64; 2]> {
        let others = ["n", "d", "h"].into_iter().zip(middle).filter(|other| other.0 != name);
        let others: Vec<_> = others.collect();
        let mut points: Vec<[f64; 2]> = self
            .ours("growth", setting)
            .filter(|line| others.iter().all(|&(name, size)| line.number(name) == size))
            .map(|line| [line.number(name), line.number(time)])
            .collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        points
    }

    /// (size, best milliseconds) of a training step in which one of "n", "d", "h" grows and the two others
    /// stay at `middle`, with the order that is fitted: the slope of the logarithms.
    pub fn growth(&self, name: &str, middle: [f64; 3], setting: Setting) -> (Vec<[f64; 2]>, f64) {
        let points = self.growing(name, middle, setting, "best_ms");
        let order = fitted_order(&points);
        (points, order)
    }
}
