//! What the benches share: their options, how they time, and the JSON lines that they print.
//!
//! ```text
//! cargo bench --bench steps -- dae_dsm_b512 --f64 --threads 2 --secs 5
//! ```
//!
//! The word is a part of the names to be measured. Times are the *best* of many: whatever else the
//! machine does can only make a run slower. Even so, compare only numbers from one sitting.

#![allow(dead_code, reason = "each bench uses a part")]

pub mod peak;

use score_matching::matrix::{Real, door::Door};
use std::{
    fmt::Write,
    process::Command,
    time::{Duration, Instant},
};

pub struct Options {
    /// A part of the names of the lines to be measured.
    only: String,
    double: bool,
    threads: usize,
    /// How long each line is measured for.
    pub time: Duration,
    /// Whether this process is for one line alone, of which it prints one number.
    pub alone: bool,
}

impl Options {
    /// From the command line.
    pub fn read(seconds: f64) -> Self {
        let time = Duration::from_secs_f64(seconds);
        let only = String::new();
        let mut options = Self { only, double: false, threads: 1, time, alone: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || {
                let number = words.next().and_then(|word| word.parse().ok());
                number.unwrap_or_else(|| panic!("{word} wants a number"))
            };
            match &word[..] {
                "--bench" => {} // cargo's own
                "--f64" => options.double = true,
                "--threads" => options.threads = number() as usize,
                "--alone" => options.alone = true,
                "--secs" => options.time = Duration::from_secs_f64(number()),
                _ => options.only = word,
            }
        }
        options
    }

    /// Runs all lines, in the precision and on the threads that were asked for. They run on the main thread, as in
    /// a user's program; the main thread is no thread of the pool.
    pub fn run(&self, single: impl FnOnce(), double: impl FnOnce()) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build_global();
        pool.expect("no pool before this one");
        if self.double { double() } else { single() }
    }

    /// Whether a line is asked for.
    pub fn wants(&self, name: &str) -> bool {
        if self.alone { name == self.only } else { name.contains(&self.only) }
    }

    /// Whether there may be a line whose name ends so. In a process for one line alone the data of others would
    /// count as held before.
    pub fn wants_some(&self, end: &str) -> bool {
        !self.alone || self.only.ends_with(end)
    }

    /// What this program prints if it runs again for one line alone, with `--alone`: a number, which nothing that
    /// ran before has touched.
    pub fn number_alone(name: &str) -> f64 {
        let program = std::env::current_exe().expect("this program has a path");
        let words = std::env::args_os().skip(1);
        let run = Command::new(program).args(words).args([name, "--secs", "0", "--alone"]).output();
        let printed = run.expect("this program runs again").stdout;
        let number = String::from_utf8_lossy(&printed).trim().parse();
        number.unwrap_or_else(|_| panic!("{name}: a number expected"))
    }

    /// Seconds of a call: the best, and the median.
    pub fn time(&self, mut call: impl FnMut()) -> [f64; 2] {
        let (begin, mut times) = (Instant::now(), vec![]);
        // Short calls are timed in groups, so that reading the clock does not count.
        let (mut group, start) = (0, Instant::now());
        while group == 0 || start.elapsed() < Duration::from_micros(100) {
            call();
            group += 1;
        }
        while times.len() < 3 || begin.elapsed() < self.time {
            let start = Instant::now();
            (0..group).for_each(|_| call());
            times.push(start.elapsed().as_secs_f64() / f64::from(group));
        }
        quantiles(times)
    }
}

/// The smallest, and the median.
pub fn quantiles(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [0, times.len() / 2].map(|i| times[i])
}

/// One line: the name, the shape, seconds (best and median) as milliseconds, and other numbers.
pub fn line<T: Real>(bench: &str, shape: &str, seconds: [f64; 2], others: &[(&str, f64)]) {
    let [best, median] = seconds.map(|s| 1e3 * s);
    let dtype = if size_of::<T>() == 4 { "f32" } else { "f64" };
    let (threads, door) = (rayon::current_num_threads(), Door::current().name());
    let mut line = format!(
        "{{\"bench\":\"{bench}\",\"peer\":\"ours\",\"dtype\":\"{dtype}\",\"threads\":{threads},\
         \"shape\":\"{shape}\",\"door\":\"{door}\",\"best_ms\":{best:.6},\"median_ms\":{median:.6}"
    );
    for (name, number) in others.iter().filter(|(_, number)| number.is_finite()) {
        let number = (number * 1e4).round() / 1e4; // four decimals, of which a count needs none
        write!(line, ",\"{name}\":{number}").expect("a string grows");
    }
    println!("{line}}}");
}
