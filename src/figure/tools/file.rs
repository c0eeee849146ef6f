//! The file of a figure: written complete or not at all.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// Why a figure was not written.
#[derive(Debug)]
pub struct FigureError {
    /// The file that was asked for.
    pub path: PathBuf,
    /// What stood in the way, in one line.
    pub reason: String,
}

impl fmt::Display for FigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot draw {}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for FigureError {}

/// Writes a file by `encode`, unless there is a `fault`.
///
/// It is written beside its place and then moved there, so that `path` never holds half a figure,
/// even if the program is killed. On an error `path` is as it was before, and nothing else is left
/// behind.
pub(super) fn replace(
    path: &Path,
    fault: Option<&str>,
    encode: impl FnOnce(&Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
) -> Result<(), FigureError> {
    let error = |reason| FigureError { path: path.to_path_buf(), reason };
    if let Some(reason) = fault {
        return Err(error(reason.to_owned()));
    }
    let name = path.file_name().ok_or_else(|| error("the path names no file".into()))?;
    // The encoder picks the format by the extension, so that must stay at the end.
    let partial = path.with_file_name(format!(".partial.{}", name.to_string_lossy()));
    // plotters would say "ImageError(IoError(Os { … }))"; the standard library says it plainly.
    let made = fs::File::create(&partial).map_err(Into::into);
    made.and_then(|_| encode(&partial)).and_then(|()| Ok(fs::rename(&partial, path)?)).map_err(
        |cause| {
            // If even this fails there is nothing better to report than the cause itself.
            let _ = fs::remove_file(&partial);
            error(cause.to_string())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::tools::{Canvas, INK};

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
        let path = std::env::temp_dir().join(format!("figure-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_saved_figure_is_a_png_and_leaves_nothing_beside_it() {
        let directory = directory("saved");
        let path = directory.join("dot.png");
        let mut canvas = Canvas::new(10, 8);
        canvas.disc([5.0, 4.0], 3.0, INK);
        canvas.save(&path).unwrap();
        assert_eq!(names(&directory), ["dot.png"]);
        let bytes = fs::read(&path).unwrap();
        // Signature; then length and name of the header, and the size in pixels.
        assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(bytes[16..24], [0, 0, 0, 20, 0, 0, 0, 16]);
        Canvas::new(10, 8).save(&path).unwrap();
        assert_ne!(fs::read(&path).unwrap(), bytes, "the dot must be in the file");
    }

    #[test]
    fn a_figure_that_cannot_be_written_is_one_line_of_error_and_no_file() {
        let directory = directory("refused");
        let missing = directory.join("missing/figure.png");
        let error = Canvas::new(4, 4).save(&missing).unwrap_err();
        let (line, path) = (error.to_string(), missing.display());
        let cause = line.strip_prefix(&format!("cannot draw {path}: ")).unwrap();
        // The cause in the words of the operating system, not the Debug of a nest of enums.
        assert!(!cause.is_empty() && !cause.contains(['\n', '{']), "{cause}");

        // Written, but a directory stands in its place: the partial file must go again.
        fs::create_dir(directory.join("taken.png")).unwrap();
        assert!(Canvas::new(4, 4).save(&directory.join("taken.png")).is_err());
        assert_eq!(names(&directory), ["taken.png"]);
    }

    #[test]
    fn a_coordinate_that_is_not_finite_refuses_the_figure_and_spares_the_old_one() {
        let directory = directory("spared");
        let path = directory.join("figure.png");
        fs::write(&path, "yesterday's").unwrap();
        let mut canvas = Canvas::new(4, 4);
        canvas.line(&[[0.0, 0.0], [1.0, f64::NAN]], 1.0, INK);
        canvas.disc([f64::INFINITY, 0.0], 1.0, INK);
        assert_eq!(canvas.save(&path).unwrap_err().reason, "(1, NaN) is no place on the page");
        assert_eq!(fs::read(&path).unwrap(), b"yesterday's");
    }
}
