//! In the documentation a reader gets from the mention of a theorem to the theorem by a click. Its
//! module names the page with the proof.

use crate::sources::sources;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The start of a text, as far as its characters are of this kind.
fn leading(text: &str, kind: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !kind(c)).unwrap_or(text.len())]
}

/// The numbers of the theorems that each module of `identity` declares, its folder included.
fn declared() -> BTreeMap<String, BTreeSet<String>> {
    let mut declared = BTreeMap::<_, BTreeSet<_>>::new();
    for (path, text) in sources(&["src/identity"]) {
        let file = Path::new(path.iter().nth(2).expect("a file under src/identity/"));
        let module = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let numbers = text.split(" number: ").skip(1);
        let numbers = numbers.map(|rest| leading(rest, |c| c.is_ascii_digit()).to_owned());
        declared.entry(module).or_default().extend(numbers);
    }
    declared
}

/// The doc comments of a source, each without its blocks of code.
fn docs(source: &str) -> Vec<String> {
    let mut docs = vec![String::new()];
    for line in source.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("//!").or(line.strip_prefix("///")) {
            docs.last_mut().expect("at least one").extend([doc.trim(), "\n"]);
        } else {
            docs.push(String::new());
        }
    }
    docs.iter().map(|doc| doc.split("```").step_by(2).collect()).collect()
}

/// The theorems that a doc comment mentions, by number, each with the path to which it links:
/// `[T10](path)`, or `[T10]` with a line `[T10]: path`.
fn mentions(doc: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = vec![];
    for (at, _) in doc.match_indices('T') {
        let (before, after) = (&doc[..at], &doc[at + 1..]);
        let number = leading(after, |c| c.is_ascii_digit());
        if number.is_empty() || before.ends_with(char::is_alphanumeric) {
            continue;
        }
        let line = format!("\n[T{number}]: ");
        let below = || doc.split_once(&line).map(|(_, path)| path);
        let bracket = after[number.len()..].strip_prefix(']').filter(|_| before.ends_with('['));
        let path = bracket.and_then(|rest| rest.strip_prefix('(').or_else(below));
        found.push((number, path.map(|path| leading(path, |c| c != ')' && c != '\n'))));
    }
    found
}

#[test]
fn every_mention_of_a_theorem_links_to_the_module_that_declares_it() {
    let declared = declared();
    let mut count = 0;
    for (path, text) in sources(&["src"]) {
        // The theorems themselves; and the pictures, which `cargo doc` leaves out.
        let room = path.with_extension("");
        if room.starts_with("src/identity") || room.starts_with("src/figure/pictures") {
            continue;
        }
        for doc in docs(&text) {
            for (number, link) in mentions(&doc) {
                let module = link.and_then(|link| link.strip_prefix("crate::identity::"));
                let numbers = module.and_then(|module| declared.get(module));
                let right = numbers.is_some_and(|numbers| numbers.contains(number));
                assert!(right, "{path:?}: T{number} links to {link:?}");
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count} mentions were found");
}

#[test]
fn every_module_with_theorems_names_its_page_and_the_page_names_the_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, text) in sources(&["src/identity"]) {
        let page =
            text.split_once("\n//! The page: `").map(|(_, page)| leading(page, |c| c != '`'));
        assert!(page.is_some() || !text.contains("THEOREMS: "), "{path:?} names no page");
        if let Some(page) = page {
            let page = fs::read_to_string(root.join(page)).expect(page);
            let source = format!("](../{})", path.display()).replace('\\', "/");
            assert!(page.contains(&source), "the page of {path:?} does not link to it");
        }
    }
}
