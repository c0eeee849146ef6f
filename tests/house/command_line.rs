//! The command line, as a user meets it: what is right is drawn, and what is wrong gets one clear
//! line, exit code 2 and no file.

use crate::program::{assert_refused, files, folder, run, text};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

#[test]
fn help_and_list_name_every_option_and_every_figure() {
    let help = text(&run(&["--help"]).stdout);
    for option in ["evening", "figures NAME", "--out", "--seed", "--list", "--version", "--help"] {
        assert!(help.contains(option), "{help}");
    }
    let list = run(&["--list"]);
    assert!(list.status.success());
    for name in ["evening_1", "evening_4", "filters", "denoising", "training", "equivalence"] {
        assert!(text(&list.stdout).lines().any(|line| line.starts_with(name)));
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = run(&["--version"]);
    assert!(version.status.success());
    assert_eq!(text(&version.stdout), concat!("score-matching ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_second_run_overwrites_cleanly_and_the_same_seed_gives_the_same_file() {
    let out = folder("twice");
    let draw = |seed| {
        let output =
            run(&["figures", "equivalence", "--out", out.to_str().unwrap(), "--seed", seed]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("machine epsilons"));
        assert_eq!(files(&out), ["equivalence.png"]);
        fs::read(out.join("equivalence.png")).unwrap()
    };
    let first = draw("7");
    assert!(first.starts_with(b"\x89PNG"));
    assert!(draw("7") == first);
    assert!(draw("8") != first);
}

#[test]
fn an_unknown_figure_is_refused_before_anything_is_made() {
    let out = folder("unknown");
    let path = out.to_str().unwrap();
    assert_refused(
        &["figures", "filter", "--out", path],
        &["no figure is called 'filter'", "--list"],
    );
    assert_refused(&["figures", "--out", path], &["at least one name"]);
    assert!(!out.exists());
}

#[test]
fn a_bad_number_is_refused() {
    for bad in ["-1", "1.5", "many", "18446744073709551616", ""] {
        assert_refused(&["--seed", bad], &["--seed", bad, "whole number"]);
    }
    assert_refused(&["--seed"], &["--seed needs a number"]);
    assert_refused(&["--out"], &["--out needs a folder"]);
    assert_refused(&["--out", ""], &["--out needs a folder"]);
    assert_refused(&["--list", "--all"], &["'--all' is not understood"]);
    assert_refused(&["--verbose"], &["'--verbose' is not understood"]);
    assert_refused(&["filter"], &["'filter' is not understood"]);
    assert_refused(&["filters"], &["did you mean 'figures filters'?"]);
    assert_refused(&["figures", "evening"], &["no figure is called 'evening'"]);
    assert_refused(&["evening", "--seed", "many"], &["--seed many", "whole number"]);
    assert_refused(&["--seed=many"], &["--seed many", "whole number"]);
    assert_refused(&["--seed="], &["whole number"]);
    assert_refused(&["--out="], &["--out needs a folder"]);
    assert_refused(&["--list=all"], &["--list takes no value", "'all'"]);
}

#[test]
fn a_value_may_follow_an_equals_sign() {
    let out = folder("equals");
    let path = out.to_str().unwrap();
    let [apart, joined] = [
        vec!["figures", "equivalence", "--out", path, "--seed", "7"],
        vec!["figures", "equivalence", &format!("--out={path}"), "--seed=7"],
    ]
    .map(|arguments| {
        assert!(run(&arguments).status.success());
        fs::read(out.join("equivalence.png")).unwrap()
    });
    assert!(apart == joined);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    // A file stands where the folder should be: that stops even the superuser.
    let out = folder("blocked");
    fs::create_dir_all(&out).unwrap();
    let file = out.join("file");
    fs::write(&file, "kept").unwrap();
    for path in [file.clone(), file.join("deeper")] {
        let path = path.to_str().unwrap();
        let why = format!("{} is a file, not a folder", file.display());
        let parts = ["cannot write into", path, &why];
        assert_refused(&["figures", "equivalence", "--out", path], &parts);
        assert_refused(&["evening", "--out", path], &parts);
    }
    assert_eq!(files(&out), ["file"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}

#[test]
fn a_figure_that_cannot_be_replaced_leaves_nothing_half_written() {
    // A folder stands where the picture should be.
    let out = folder("occupied");
    fs::create_dir_all(out.join("equivalence.png")).unwrap();
    let path = out.to_str().unwrap();
    assert_refused(&["figures", "equivalence", "--out", path], &["equivalence.png"]);
    assert_eq!(files(&out), ["equivalence.png"]);
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let output = Command::new(env!("CARGO_BIN_EXE_score-matching"))
        .arg(OsStr::from_bytes(b"fig\xffures"))
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "error: the argument 'fig\u{fffd}ures' is not UTF-8\n");
}

/// A drawing into the folder, begun and not waited for.
fn begin(out: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_score-matching"))
        .args(["figures", "equivalence", "--out", out.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

#[test]
fn many_runs_at_once_all_draw_the_same_whole_file() {
    let out = folder("crowd");
    let mut runs: Vec<Child> = (0..8).map(|_| begin(&out)).collect();
    assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
    assert_eq!(files(&out), ["equivalence.png"]);
    let crowded = fs::read(out.join("equivalence.png")).unwrap();
    assert!(begin(&out).wait().unwrap().success());
    assert!(fs::read(out.join("equivalence.png")).unwrap() == crowded);
}

/// Runs are killed after 10 ms, 20 ms, …, that is at any stage. What they leave, the next run takes away;
/// but not what another program, or another run that goes on, has made.
#[test]
fn what_killed_runs_leave_goes_with_the_next_and_nothing_else_does() {
    let out = folder("killed");
    fs::create_dir_all(&out).unwrap();
    let kept = [
        ".score-matching-trial",
        ".equivalence.1-0.partial.txt",
        ".mine.1-0.partial.png",
        &format!(".curl.{}-0.partial.png", std::process::id()),
    ];
    for name in kept {
        fs::write(out.join(name), "kept").unwrap();
    }
    for killed in 1..=20 {
        let mut run = begin(&out);
        std::thread::sleep(Duration::from_millis(10 * killed));
        run.kill().unwrap(); // that of one that has ended is no error
        run.wait().unwrap();
    }
    let left = format!(".equivalence.{}-3.partial.png", u32::MAX); // no process has this number
    fs::write(out.join(left), "half").unwrap();
    assert!(begin(&out).wait().unwrap().success());
    let mut expected: Vec<&str> = kept.to_vec();
    expected.push("equivalence.png");
    expected.sort_unstable();
    // Where the system does not tell which processes live, what is young may still be written.
    if Path::new("/proc/self").exists() {
        assert_eq!(files(&out), expected);
    }
    assert!(kept.iter().all(|name| fs::read_to_string(out.join(name)).unwrap() == "kept"));
}

#[test]
fn a_number_of_threads_that_is_none_is_refused() {
    let draw = |threads: &str| {
        Command::new(env!("CARGO_BIN_EXE_score-matching"))
            .args(["figures", "equivalence", "--out", folder("threads").to_str().unwrap()])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .expect("it starts")
    };
    for bad in ["abc", "-1", "2.5"] {
        let output = draw(bad);
        assert_eq!(output.status.code(), Some(2));
        let message = format!("error: RAYON_NUM_THREADS: '{bad}' is no number of threads\n");
        assert_eq!(text(&output.stderr), message);
    }
    assert!(["", "1", "3"].iter().all(|good| draw(good).status.success()));
}

#[test]
fn an_unknown_door_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_score-matching"))
        .args(["figures", "equivalence", "--out", folder("door").to_str().unwrap()])
        .env("SCORE_MATCHING_DOOR", "avx3")
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let message = "error: SCORE_MATCHING_DOOR: 'avx3' is none of portable, avx2, avx512\n";
    assert_eq!(text(&output.stderr), message);
}
