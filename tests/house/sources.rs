//! The house rules, read from the sources.
//!
//! The crate is built in floors: a module imports only from floors below its own, so that a reader
//! who reads from the bottom up never meets a name that has not been explained. A rule that nothing
//! checks decays, so here the sources are read as text, stripped of comments and strings, and the
//! imports are compared with the plan below.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The plan of the house: every module of the top level with its floor. Modules inside a folder may
/// use each other; modules side by side on one floor may too, but not in a circle.
const FLOORS: [(&str, u8); 26] = [
    ("domain", 0),
    ("array", 0),
    ("file", 0),
    ("matrix", 1),
    ("grid", 2),
    ("autodiff", 3),
    ("quadrature", 3),
    ("model", 4),
    ("corruption", 4),
    ("density", 4),
    ("dataset", 4),
    ("objective", 5),
    ("discrepancy", 5),
    ("statistics", 5),
    ("train", 6),
    ("optimizer", 6),
    ("sampler", 6),
    ("prelude", 6),
    ("identity", 6),
    ("proof", 6),
    ("experiment", 6),
    ("fit", 7),
    ("figure", 7),
    // the roof
    ("lib", 8),
    ("main", 8),
    ("bin", 8),
];

/// Lines of a file that still fits in a head. A longer one says why, in these words.
const LONGEST: usize = 300;
const REASON: &str = "This file is long because";

fn floor(module: &str) -> u8 {
    let found = FLOORS.iter().find(|(name, _)| *name == module);
    found.unwrap_or_else(|| panic!("give it a floor: {module}")).1
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under the given folders, with its text, by its path from the root.
pub fn sources(folders: &[&str]) -> BTreeMap<PathBuf, String> {
    fn visit(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        let Ok(entries) = fs::read_dir(folder) else { return }; // benches may be absent
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a text");
                let path = path.strip_prefix(root()).expect("inside the crate").to_owned();
                found.insert(path, text);
            }
        }
    }
    let mut found = BTreeMap::new();
    for folder in folders {
        visit(&root().join(folder), &mut found);
    }
    assert!(!found.is_empty());
    found
}

/// The module of the top level that a file under src/ belongs to: `matrix` for src/matrix/door.rs.
fn module(path: &Path) -> String {
    let first = path.iter().nth(1).expect("a file under src/");
    Path::new(first).file_stem().expect("a name").to_string_lossy().into_owned()
}

/// The source without its comments and without what stands in quotes.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let raw = rest.starts_with("r\"") || rest.starts_with("r#\"");
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if raw && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            let (open, close) = if rest.starts_with("r#") { (3, "\"#") } else { (2, "\"") };
            rest[open..].find(close).map_or(rest.len(), |at| open + at + close.len())
        } else if c == '"' || rest.starts_with("'\\") || rest.starts_with("'\"'") {
            let mut escaped = false;
            let end = rest[1..].find(|d| {
                let ends = d == c && !escaped;
                escaped = d == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |at| at + 2)
        } else {
            0
        };
        if skipped > 0 {
            rest = &rest[skipped..];
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

/// The words of a code and what stands between them, without spaces.
fn tokens(code: &str) -> Vec<&str> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let length = if part(c) { word } else { c.len_utf8() };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// The first names after a prefix, `crate` for example, also in braces:
/// `array` and `matrix` in `use crate::{array::{Array, Shape}, matrix::Matrix}`.
fn imports(code: &str, prefix: &str) -> BTreeSet<String> {
    let tokens = tokens(code);
    let mut found = BTreeSet::new();
    for (at, _) in tokens.windows(3).enumerate().filter(|(_, t)| **t == [prefix, ":", ":"]) {
        let after = &tokens[at + 3..];
        if after[0] != "{" {
            found.insert(after[0].to_owned());
            continue;
        }
        let mut depth = 0;
        let mut first = false;
        for &token in after {
            match token {
                "{" => (depth, first) = (depth + 1, depth == 0),
                "}" => depth -= 1,
                "," => first = depth == 1,
                name if first => {
                    found.insert(name.to_owned());
                    first = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

/// Which modules each module of the top level imports from.
fn graph() -> BTreeMap<String, BTreeSet<String>> {
    // what lib.rs exports again under a shorter name: `Matrix` is from `matrix`
    let exports = |name: &str| match name {
        "Array" => "array".to_owned(),
        "Matrix" => "matrix".to_owned(),
        "Tape" | "Var" | "Dual" => "autodiff".to_owned(),
        _ => name.to_owned(),
    };
    let mut graph = BTreeMap::<_, BTreeSet<_>>::new();
    for (path, text) in sources(&["src"]) {
        let (module, code) = (module(&path), code(&text));
        let mut names = imports(&code, "crate");
        names.extend(imports(&code, "score_matching"));
        assert!(!code.contains("super::super"), "{}: write crate::", path.display());
        let on_top = path.iter().count() == 2; // whose parent is the crate
        let upwards = |line: &str| line.trim_start_matches("pub ").starts_with("use super::");
        assert!(!(on_top && code.lines().any(upwards)), "{}: write crate::", path.display());
        let from = graph.entry(module.clone()).or_default();
        from.extend(names.iter().map(|name| exports(name)).filter(|name| *name != module));
    }
    graph
}

#[test]
fn every_module_imports_only_from_floors_below_its_own() {
    for (module, imported) in graph() {
        for from in imported {
            let (own, other) = (floor(&module), floor(&from));
            assert!(other <= own, "{module} on floor {own} imports {from} from floor {other}");
        }
        floor(&module); // also for one that imports nothing
    }
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut graph = graph();
    // Whoever imports nothing that is left can be taken away; what cannot is in a circle.
    while !graph.is_empty() {
        let left: BTreeSet<_> = graph.keys().cloned().collect();
        graph.retain(|_, imported| !imported.is_disjoint(&left));
        assert!(graph.len() < left.len(), "a circle: {graph:?}");
    }
}

#[test]
fn threads_stay_on_the_floor_of_matrices_and_plots_in_the_tools_of_figures() {
    for (path, text) in sources(&["src"]) {
        let code = code(&text);
        let words = tokens(&code);
        for (package, home) in [("rayon", "src/matrix"), ("plotters", "src/figure/tools")] {
            let at_home = path.with_extension("").starts_with(home);
            assert!(at_home || !words.contains(&package), "{path:?} uses {package}");
        }
    }
}

#[test]
fn unsafe_code_stands_in_one_file_and_two_that_measure() {
    let homes = ["src/matrix/door.rs", "benches/common/counting.rs", "benches/common/peak.rs"];
    for (path, text) in sources(&["src", "tests", "benches"]) {
        let found = tokens(&code(&text)).contains(&"unsafe");
        let expected = homes.iter().any(|home| path == Path::new(home));
        assert_eq!(found, expected, "{path:?}");
    }
}

#[test]
fn every_file_is_short_and_finished() {
    for (path, text) in sources(&["src", "tests", "benches"]) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST || text.contains(REASON), "{path:?} has {lines} lines");
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!")] {
            assert!(!text.contains(mark), "{path:?} says {mark}");
        }
    }
}

/// One name, one meaning: whoever searches for a type finds it once.
#[test]
fn no_two_public_types_have_one_name() {
    let mut homes = BTreeMap::<String, PathBuf>::new();
    for (path, text) in sources(&["src"]) {
        let code = code(&text);
        for words in tokens(&code).windows(3) {
            if words[0] == "pub" && ["struct", "enum", "trait", "type"].contains(&words[1]) {
                let other = homes.insert(words[2].to_owned(), path.clone());
                assert!(other.is_none(), "{} in {path:?} and in {other:?}", words[2]);
            }
        }
    }
    assert!(homes.contains_key("Matrix"));
}

#[test]
fn every_proof_is_run_by_the_tests() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("a library");
    let Ok(proofs) = fs::read_dir(root().join("proofs")) else { return };
    for proof in proofs {
        let path = proof.expect("a readable folder").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.extension().is_some_and(|extension| extension == "md") && name != "README.md" {
            let registered = library.contains(&format!("\"../proofs/{name}\""));
            assert!(registered, "proofs/{name} is not in src/lib.rs: its steps are never run");
        }
    }
}

#[test]
fn the_reader_of_sources_reads_them_rightly() {
    let source = r##"
        use crate::{array::{Array, Shape}, matrix::Matrix, self_made}; // crate::figure
        fn f<'a>(x: &'a str) -> char { crate::train::g("crate::sampler \" crate::sampler"); '"' }
        fn g() -> crate :: model::Wiener { r#"crate::density " "#; '\'' }
    "##;
    let found = imports(&code(source), "crate");
    let expected = ["array", "matrix", "model", "self_made", "train"];
    assert_eq!(found, expected.map(str::to_owned).into());
}
