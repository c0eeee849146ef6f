//! The pages that people read: no link leads nowhere, and every figure has its caption.

use score_matching::figure;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// README.md and every page in proofs/ and plots/, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("README.md")];
    for folder in ["proofs", "plots"] {
        let entries = fs::read_dir(root.join(folder)).expect("a folder");
        let files = entries.map(|entry| entry.expect("readable").path());
        paths.extend(files.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).expect("a text"));
    paths.into_iter().map(read).collect()
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// What a heading is called in a link: lower case, blanks as hyphens, no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &Path) -> Vec<String> {
    let text = prose(&fs::read_to_string(page).expect("a page"));
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for (page, text) in pages() {
        let text = prose(&text);
        let folder = page.parent().expect("a folder");
        for target in text.split("](").skip(1).map(|rest| &rest[..rest.find(')').expect(")")]) {
            if target.starts_with("http") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { folder.join(file) };
            assert!(file.exists(), "{}: no file {target}", page.display());
            if !heading.is_empty() {
                let known = anchors(&file).iter().any(|a| a == heading);
                assert!(known, "{}: no heading {target}", page.display());
            }
            count += 1;
        }
    }
    assert!(count > 20, "the links were found");
}

#[test]
fn every_figure_stands_in_the_gallery_with_a_caption() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gallery = fs::read_to_string(root.join("plots/README.md")).expect("the gallery");
    for figure in figure::ALL {
        let name = figure.name;
        let section = gallery.split("\n## ").find(|section| section.starts_with(name));
        let section = section.unwrap_or_else(|| panic!("no section {name}"));
        assert!(section.contains(&format!("]({})", figure.file())), "{name} is not shown");
        assert!(section.len() > 300, "{name} has no caption");
    }
}
