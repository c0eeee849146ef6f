//! What the program says: lines on standard output, and how far it is.

use std::{
    io::{ErrorKind, IsTerminal, Write, stderr, stdout},
    sync::{Mutex, PoisonError},
};

/// What makes a terminal forget its line.
const CLEARED: &str = "\r\x1b[K";

/// Takes the line of progress off the terminal.
pub fn clear() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "{CLEARED}");
    }
}

/// A line on standard output, in the place of the line of progress. Whoever has closed it (`| head`) does
/// not want to hear more.
pub fn say(line: &str) -> Result<(), String> {
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
pub fn progress() -> impl Fn(&str, f64) + Send + Sync {
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
