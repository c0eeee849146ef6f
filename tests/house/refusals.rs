//! What the documentation says is refused is refused: every `# Errors` and every `# Panics` of a public
//! function is provoked by some test.

use crate::sources::sources;

/// The words by which a test knows that it was refused.
const REFUSALS: [&str; 7] =
    ["complains!", "refused(", "should_panic", "expect_err", "_err()", ".err()", "Err("];

/// How far from such a word the function is called, in bytes.
const NEAR: usize = 600;

/// The public functions, of all sources, that document a refusal: with the paths of their files. A
/// section that begins with "Never" says why there is a `Result` or an `expect` all the same.
fn documented() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in sources(&["src"]) {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (i, _) in lines.iter().enumerate().filter(|(_, line)| {
            line.starts_with("/// # Panics") || line.starts_with("/// # Errors")
        }) {
            let said = lines[i + 1..].iter().find(|line| **line != "///").expect("a sentence");
            let item =
                lines[i..].iter().find(|line| !line.starts_with("//") && !line.starts_with('#'));
            let item = item.expect("what is documented");
            if said.starts_with("/// Never") || item.starts_with("pub(") {
                continue;
            }
            let Some((_, name)) = item.split_once("fn ") else { continue };
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
            found.push((path.display().to_string(), name[..end].to_owned()));
        }
    }
    found
}

/// The text of all tests, those beside the sources included.
fn tests() -> String {
    let beside = sources(&["src"])
        .into_values()
        .filter_map(|text| text.find("#[cfg(test)]").map(|start| text[start..].to_owned()));
    sources(&["tests"]).into_values().chain(beside).collect()
}

#[test]
fn every_documented_refusal_is_provoked() {
    let text = tests();
    let refusals: Vec<usize> =
        REFUSALS.iter().flat_map(|word| text.match_indices(word)).map(|(at, _)| at).collect();
    let provoked = |name: &str| {
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        text.match_indices(name).any(|(at, _)| {
            let whole = !word(text[..at].chars().next_back())
                && !word(text[at + name.len()..].chars().next());
            whole && refusals.iter().any(|refusal| refusal.abs_diff(at) < NEAR)
        })
    };
    let documented = documented();
    let forgotten: Vec<_> = documented.iter().filter(|(_, name)| !provoked(name)).collect();
    println!("{} documented refusals", documented.len());
    assert!(documented.len() > 130 && forgotten.is_empty(), "never provoked: {forgotten:#?}");
}
