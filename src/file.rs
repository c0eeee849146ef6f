//! Files that are written complete or not at all.
//!
//! A file is written beside its place under a name of its own and then moved there, so that its place never
//! holds half a file, even if the program is killed or another one writes the same. What a killed program
//! has left is removed by the next.

use std::{
    fmt, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

/// What stands in the names of files that are being written, before their endings.
const PARTIAL: &str = "partial";
/// To write a file takes a second or two: one that nobody has touched for so long is nobody's.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Why a file was not written.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileError {
    /// The file that was asked for.
    pub path: PathBuf,
    /// What stood in the way, in one line.
    pub reason: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for FileError {}

/// Sees that in this place there is nothing or a file: a folder, a device or a link would be lost.
///
/// # Errors
/// If there is something else.
pub fn check(path: &Path) -> Result<(), FileError> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        let reason = "what is there is no file".to_owned();
        return Err(FileError { path: path.to_path_buf(), reason });
    }
    Ok(())
}

/// Writes a text to its place. On an error `path` is as it was before, and nothing else is left behind.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), FileError> {
    replace(path, None, text.len(), |partial| Ok(fs::write(partial, text)?))
}

/// Writes a file by `encode`, unless there is a `fault`. On an error `path` is as it was before, and nothing
/// else is left behind.
///
/// `bytes` is about the length of the file. It is needed to say why it could not be written: of an error
/// of the system plotters, which writes the films, tells the Debug form of a nest of enums, while the
/// standard library, when it writes as much to the same place, says it plainly.
pub(crate) fn replace(
    path: &Path,
    fault: Option<&str>,
    bytes: usize,
    encode: impl FnOnce(&Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
) -> Result<(), FileError> {
    check(path)?;
    let error = |reason| FileError { path: path.to_path_buf(), reason };
    if let Some(reason) = fault {
        return Err(error(reason.to_owned()));
    }
    let plain = |cause: io::Error| error(cause.to_string());
    let partial = partial(path).map_err(plain)?;
    let written = match encode(&partial) {
        Ok(()) => fs::rename(&partial, path).map_err(plain),
        Err(cause) => Err(match fs::write(&partial, vec![1; bytes]) {
            Err(cause) => plain(cause),
            Ok(()) => error(cause.to_string()),
        }),
    };
    if written.is_err() {
        // If even this fails there is nothing better to report than the cause itself.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// An empty file beside `path` that nobody else has. Its ending stays, so that its name tells whose it is.
fn partial(path: &Path) -> io::Result<PathBuf> {
    let part =
        |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let [stem, ending] = [path.file_stem(), path.extension()].map(part);
    let process = std::process::id();
    let mut number = 0;
    loop {
        let name = format!(".{stem}.{process}-{number}.{PARTIAL}.{ending}");
        let partial = path.with_file_name(name);
        match fs::File::create_new(&partial) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|_| partial),
        }
    }
}

/// Makes the folder for files of these names, without their endings, sees that files can be made in it, and
/// removes what a killed program has left of them. No other file is touched.
///
/// # Errors
/// If the folder cannot be made or written into.
pub fn prepare(folder: &Path, names: &[&str]) -> Result<(), FileError> {
    let error = |reason| FileError { path: folder.to_path_buf(), reason };
    if let Some(file) = folder.ancestors().find(|place| place.is_file()) {
        return Err(error(format!("{} is a file, not a folder", file.display())));
    }
    let tried = fs::create_dir_all(folder).and_then(|()| partial(&folder.join("trial.png")));
    tried.and_then(fs::remove_file).map_err(|cause| error(cause.to_string()))?;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if is_left(&name.to_string_lossy(), names) && is_forgotten(&entry) {
            let _ = fs::remove_file(entry.path()); // it is no harm if it stays
        }
    }
    Ok(())
}

/// Whether a file's name is `.NAME.PROCESS-NUMBER.partial.ENDING`, as [`partial`] makes them.
fn is_left(file: &str, names: &[&str]) -> bool {
    let parts: Vec<&str> = file.split('.').collect();
    let ["", name, owner, PARTIAL, _] = parts[..] else { return false };
    let number = |text: &str| text.parse::<u32>().is_ok();
    let owned = owner.split_once('-').is_some_and(|(process, i)| number(process) && number(i));
    owned && (names.contains(&name) || name == "trial")
}

/// Whether nobody writes it any more: its process has ended or, where the system does not tell, it is old.
/// Processes of other machines are not seen: two of them should not draw into one folder.
fn is_forgotten(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    let process = name.split('.').nth(2).and_then(|owner| owner.split('-').next());
    if Path::new("/proc/self").exists() {
        return process.is_some_and(|id| !Path::new("/proc").join(id).exists());
    }
    let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|t| t.elapsed().ok());
    age.is_some_and(|age| age > FORGOTTEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty directory of this test's own, which goes with it.
    struct Directory(PathBuf);

    impl std::ops::Deref for Directory {
        type Target = Path;
        fn deref(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn directory(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("file-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_that_cannot_be_written_is_one_line_of_error_and_leaves_nothing() {
        let directory = directory("refused");
        let missing = directory.join("missing/file.txt");
        let line = write(&missing, "text").unwrap_err().to_string();
        let cause = line.strip_prefix(&format!("cannot write {}: ", missing.display())).unwrap();
        // The cause in the words of the operating system, not the Debug of a nest of enums.
        assert!(!cause.is_empty() && !cause.contains(['\n', '{']), "{cause}");

        // A directory stands in its place.
        let taken = directory.join("taken.txt");
        fs::create_dir(&taken).unwrap();
        let reason = write(&taken, "text").unwrap_err().reason;
        assert_eq!(
            (names(&directory), reason),
            (vec!["taken.txt".into()], check(&taken).unwrap_err().reason)
        );
        #[cfg(unix)]
        assert!(check(Path::new("/dev/null")).is_err() && check(&missing).is_ok());
    }

    #[test]
    fn an_encoder_that_fails_or_a_fault_spares_the_old_file() {
        let directory = directory("spared");
        let path = directory.join("file.txt");
        write(&path, "yesterday's").unwrap();
        let fails = replace(&path, None, 4, |partial| {
            fs::write(partial, "half")?;
            Err("no more".into())
        });
        assert_eq!(fails.unwrap_err().reason, "no more");
        assert!(replace(&path, Some("a fault"), 4, |_| unreachable!()).is_err());
        assert_eq!(names(&directory), ["file.txt"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "yesterday's");
    }

    #[test]
    fn a_folder_that_cannot_be_is_refused_and_only_what_is_left_goes() {
        let directory = directory("prepared");
        let file = directory.join("file");
        fs::write(&file, "kept").unwrap();
        let reason = prepare(&file.join("deeper"), &["dot"]).unwrap_err().reason;
        assert_eq!(reason, format!("{} is a file, not a folder", file.display()));
        let old = fs::File::options();
        let dead = u32::MAX; // no process has this number
        let [ours, others] = ["dot", "other"].map(|name| format!(".{name}.{dead}-0.partial.png"));
        for name in [&ours, &others, ".dot.png"] {
            let made = old.clone().write(true).create(true).open(directory.join(name)).unwrap();
            made.set_modified(std::time::SystemTime::now() - 2 * FORGOTTEN).unwrap();
        }
        prepare(&directory, &["dot"]).unwrap();
        let mut left = names(&directory);
        left.sort();
        assert_eq!(left, [".dot.png", &others, "file"]);
    }
}
