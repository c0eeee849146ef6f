//! The pages that people read: no link leads nowhere, and every figure has its caption.

use score_matching::{
    experiment::speed::{Beside, Setting, Sitting},
    figure,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// README.md and every page in proofs/, plots/ and benches/, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("README.md")];
    for folder in ["proofs", "plots", "benches"] {
        let entries = fs::read_dir(root.join(folder)).expect("a folder");
        let files = entries.map(|entry| entry.expect("readable").path());
        paths.extend(files.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).expect("a text"));
    paths.into_iter().map(read).collect()
}

/// Whether this is the package and not the repository.
fn is_packaged() -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".cargo_vcs_info.json").exists()
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
            if is_packaged() && file.extension().is_some_and(|e| e == "png" || e == "gif") {
                continue; // pictures are drawn again, and not packaged
            }
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

/// Where pages are read on the web, Markdown takes for its own, also between dollars,
///
/// - a backslash before punctuation: of a norm it leaves an absolute value. `\Vert`, `\thinspace` and
///   `\lbrace` are safe.
/// - a star, or an underscore after punctuation: it begins an emphasis, which an underscore in the next
///   formula may end. `\ast` and `\mathrm{DSM_\sigma}` are safe.
#[test]
fn markdown_finds_nothing_of_its_own_in_an_inline_formula() {
    let mut count = 0;
    for (page, text) in pages() {
        for paragraph in prose(&text).lines() {
            // What stands between back quotes is code and has no formulas.
            let words: String = paragraph.split('`').step_by(2).collect();
            let parts: Vec<&str> = words.split('$').collect();
            assert!(parts.len() % 2 == 1, "{}: a formula is open: {paragraph}", page.display());
            for formula in parts.iter().skip(1).step_by(2) {
                let lost = formula
                    .split('\\')
                    .skip(1)
                    .find(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()));
                let mut pairs = formula.chars().zip(formula.chars().skip(1));
                let begins = pairs.any(|(before, c)| c == '_' && !before.is_alphanumeric());
                let emphasis = begins || formula.starts_with('_') || formula.contains('*');
                assert!(lost.is_none() && !emphasis, "{}: ${formula}$", page.display());
                count += 1;
            }
        }
    }
    assert!(count > 1500, "{count} formulas were found");
}

/// The commands of formulas that were seen rendered, by KaTeX: a slip of the pen is not among them.
const COMMANDS: &str = "Big Delta Gamma Longrightarrow Phi Sigma Vert alpha approx arctan ast bar begin beta big \
    binom cdot cdots chi circ cos cosh cr delta det dot dots ell end epsilon eta exp frac gamma ge hat iint in \
    infty int kappa lambda langle lbrace ldots le left leftarrow lesssim ll log longrightarrow mapsto mathbb \
    mathcal mathit mathrm max mid min mp mu nabla ne nu oint omega operatorname partial phi pi pm prod propto \
    psi qquad quad rangle rbrace rho right sigma sim simeq sin sqrt square succeq sum tag tanh tau text \
    textstyle tfrac theta thickspace thinspace tilde to top underbrace varepsilon varphi vert";

#[test]
fn formulas_use_known_commands() {
    let known: BTreeSet<&str> = COMMANDS.split_whitespace().collect();
    for (page, text) in pages() {
        let displays = text.split("```math\n").skip(1).filter_map(|rest| rest.split("```").next());
        let displays = displays.collect::<String>();
        let words = prose(&text).split('`').step_by(2).collect::<String>();
        let inline = words.split('$').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
        for formula in [displays, inline] {
            for rest in formula.split('\\').skip(1) {
                let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                let command = &rest[..end];
                let right = command.is_empty() || known.contains(command);
                assert!(right, "{}: \\{command}", page.display());
            }
        }
    }
}

/// A page that states a theorem, in bold, has exercises; others may have some. Exercise k of the page
/// `name` links to its answer, the heading `name k` on a page of answers, and the answer runs. No
/// answer is without an exercise.
#[test]
fn every_page_with_theorems_has_exercises_and_each_an_answer() {
    let in_bold = |text: &str| text.split("**T").skip(1).any(|t| t.starts_with(char::is_numeric));
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let (answers, pages): (Vec<_>, Vec<_>) =
        pages().into_iter().partition(|(path, _)| name(path).starts_with("answers"));
    let sections = answers.iter().flat_map(|(_, text)| text.split("\n### ").skip(1));
    let mut answers: Vec<(&str, &str)> =
        sections.map(|section| section.split_once('\n').expect("an answer")).collect();
    let asks = |text: &str| in_bold(text) || text.contains("\n## Exercises\n");
    for (page, text) in pages.iter().filter(|(_, text)| asks(text)) {
        let page = name(page);
        let section = text.split("\n## ").find(|section| section.starts_with("Exercises\n"));
        let section = section.unwrap_or_else(|| panic!("{page} has no exercises"));
        let exercises = section.lines().filter(|line| line.starts_with(char::is_numeric));
        let exercises: Vec<&str> = exercises.collect();
        assert!(exercises.len() > 1, "{page}: two exercises or more");
        for (k, exercise) in (1..).zip(exercises) {
            let link = format!(".md#{page}-{k}))");
            assert!(
                exercise.starts_with(&format!("{k}. ")) && exercise.ends_with(&link),
                "{exercise}"
            );
            let found = answers.iter().position(|(heading, _)| *heading == format!("{page} {k}"));
            let (_, answer) =
                answers.remove(found.unwrap_or_else(|| panic!("{page} {k}: no answer")));
            assert!(answer.contains("```rust\n"), "{page} {k}: the answer does not run");
        }
    }
    assert!(answers.is_empty(), "no exercise asks for {answers:?}");
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

/// A row of the table on the page of speed: JAX's time over ours in each setting, and how often a step of
/// ours in single precision on one thread asks the allocator.
fn row(sitting: &Sitting, pair: &Beside, settings: [Setting; 4]) -> String {
    let ratio = |setting| {
        let pairs = sitting.beside("jax", setting);
        let same = |other: &&Beside| (other.bench, other.shape) == (pair.bench, pair.shape);
        pairs.iter().find(same).map_or("–".to_owned(), |pair| format!("{:.2}", pair.ratio))
    };
    let [a, b, c, d] = settings.map(ratio);
    let number = |name, decimals| {
        let number = pair.ours.number(name);
        if number.is_finite() { format!("{number:.decimals$}") } else { "–".to_owned() }
    };
    let time = format!("{:.3}", pair.ours.number("best_ms"));
    let calls = number("allocations", 0);
    let (bench, shape) = (pair.bench, pair.shape);
    format!("| {bench} | {shape} | {time} | {a} | {b} | {c} | {d} | {calls} |")
}

/// `cargo test --test house the_page_of_speed -- --nocapture` prints the lines.
#[test]
fn the_page_of_speed_has_the_table_of_the_kept_lines() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let page = fs::read_to_string(page).expect("a page");
    let sitting = Sitting::kept();
    let all = sitting.machine.number("cores") as usize;
    let settings = [("f32", 1), ("f32", all), ("f64", 1), ("f64", all)]
        .map(|(precision, threads)| Setting { precision, threads });
    let pairs = sitting.beside("jax", settings[0]);
    let rows = pairs.iter().filter(|pair| pair.bench != "growth");
    let mut rows: Vec<String> = rows.map(|pair| row(&sitting, pair, settings)).collect();
    let machine = ["machine", "cores", "rustc", "jax", "date", "rounds"]
        .map(|name| sitting.machine.word(name));
    rows.push(format!(
        "{}, {} cores, {}, JAX {}, {}, {} rounds.",
        machine[0],
        machine[1],
        machine[2],
        machine[3],
        &machine[4][..10],
        machine[5]
    ));
    println!("{}", rows.join("\n"));
    for row in rows {
        assert!(page.lines().any(|line| line.contains(&row)), "benches/README.md lacks: {row}");
    }
}
