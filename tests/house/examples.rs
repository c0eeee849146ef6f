//! Every public item of the API is called by name in an example that asserts something: in the
//! documentation of its own file, or of the item that its documentation links to.

use crate::sources::sources;
use std::{collections::BTreeMap, path::PathBuf};

/// The modules that a program of one's own calls.
const API: [&str; 9] = [
    "autodiff",
    "corruption",
    "density",
    "model",
    "objective",
    "optimizer",
    "prelude",
    "sampler",
    "train",
];

/// How the documentation of an item says where it is called: `see the example of [`langevin`]`.
const ELSEWHERE: &str = "ee the example of [`";

/// What `name` begins with that is a word of Rust.
fn word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

/// The examples of a file that assert something, without the lines that only import.
fn examples(text: &str) -> String {
    let documentation = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix("//!").or_else(|| line.strip_prefix("///")).map(str::to_owned)
    };
    let mut blocks = vec![];
    let mut open: Option<String> = None;
    for line in text.lines().filter_map(documentation) {
        match (&mut open, line.trim().strip_prefix("```")) {
            (None, Some("")) => open = Some(String::new()),
            (None, Some(_)) => open = Some("not Rust".to_owned()),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) if !line.trim().starts_with("use ") => *block += &(line + "\n"),
            (_, None) => {}
        }
    }
    blocks.retain(|block| block.contains("assert"));
    blocks.concat()
}

/// Whether an example calls a function, or names what is none.
fn called(examples: &str, kind: &str, name: &str) -> bool {
    examples.match_indices(name).any(|(at, _)| {
        let (before, after) = (&examples[..at], &examples[at + name.len()..]);
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let ends = match kind {
            "fn" => after.starts_with(['(', '<', ':']),
            _ => word(after).is_empty(),
        };
        begins && ends
    })
}

/// A public item: kind, name, and the item that its documentation links to for an example.
type Item<'a> = (&'a str, &'a str, Option<&'a str>);

/// The public items of a file, methods and the functions of public traits included: to these the link
/// of their trait applies.
fn items(text: &str) -> Vec<Item<'_>> {
    let (mut found, mut elsewhere, mut in_trait, mut of_trait) = (vec![], None, false, None);
    for line in text.lines() {
        let item = line.trim_start();
        if let Some((_, link)) = item.split_once(ELSEWHERE) {
            let path = &link[..link.find('`').expect("the end of a link")];
            elsewhere = path.rsplit("::").next();
        }
        if item.is_empty() || item.starts_with("//") || item.starts_with('#') {
            continue;
        }
        let public = item.strip_prefix("pub ").or(in_trait.then_some(item)).unwrap_or("");
        let public = public.strip_prefix("const fn ").map_or(public, |_| &public["const ".len()..]);
        if let Some((kind, rest)) = public.split_once(' ')
            && ["fn", "struct", "enum", "trait", "type", "const"].contains(&kind)
        {
            found.push((kind, word(rest), elsewhere.or(of_trait.filter(|_| in_trait))));
        }
        if line.starts_with("pub trait ") {
            (in_trait, of_trait) = (true, elsewhere);
        }
        in_trait = in_trait && line != "}";
        elsewhere = None;
    }
    found
}

#[test]
fn every_public_item_is_called_by_an_example_that_asserts() {
    let all = sources(&["src"]);
    let api: BTreeMap<&PathBuf, &String> = all
        .iter()
        .filter(|(path, _)| {
            API.iter().any(|m| path.with_extension("").starts_with(format!("src/{m}")))
        })
        .collect();
    let shown = |text: &str, (kind, name, _): Item| called(&examples(text), kind, name);
    let somewhere = |name: &str| {
        let of_name = |text: &&&String| {
            items(text).into_iter().any(|item| item.1 == name && shown(text, item))
        };
        api.values().find(of_name).is_some()
    };
    let (mut count, mut forgotten) = (0, vec![]);
    for (path, text) in &api {
        for item in items(text) {
            count += 1;
            if !shown(text, item) && !item.2.is_some_and(somewhere) {
                forgotten.push(format!("{}: {} {}", path.display(), item.0, item.1));
            }
        }
    }
    println!("{count} public items");
    assert!(count > 200 && forgotten.is_empty(), "without an example: {forgotten:#?}");
}
