//! The little language of labels.
//!
//! A label is words with some mathematics in it, written with three signs: `$` turns mathematics
//! on and off, and `_`, `^` lower or raise what follows, one character or a `{group}`. So
//! `density $p_σ(x)$` and `10^{−3}` mean what anyone who writes papers expects. After `\` a sign is a
//! character like others: [`plain`] writes it before each.
//!
//! Words are sans. In mathematics the type says what a sign is, as in print: variables are italic;
//! names of functions, digits, operators and brackets stand upright. There is no nesting, because
//! no label needs an exponent of an exponent; Greek letters and operators are typed as themselves.
//!
//! This file only reads: where the runs are put is the business of [`text`](super::text).

/// What kind of letters a run is set in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Face {
    /// Words.
    Sans,
    /// Functions, digits and operators.
    Upright,
    /// Variables.
    Italic,
}

/// Where a run stands relative to the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Level {
    /// On it.
    Line,
    /// A subscript.
    Below,
    /// A superscript.
    Above,
}

/// Characters that share a face and a level and are therefore drawn in one go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub text: String,
    pub face: Face,
    pub level: Level,
}

impl Run {
    /// Whether this is a combining hat or tilde, which is drawn over the letter before it.
    pub fn is_accent(&self) -> bool {
        self.text.starts_with(['\u{302}', '\u{303}'])
    }
}

/// Names set upright in mathematics; any other letters side by side are a product of variables.
const FUNCTIONS: [&str; 7] = ["log", "exp", "tr", "max", "min", "tanh", "det"];

/// What is not drawn as itself.
const SIGNS: [char; 4] = ['$', '_', '^', '\\'];

/// Markup for words of others, such as the name of a column: every character is drawn as itself.
pub fn plain(words: &str) -> String {
    let shown = |c| SIGNS.contains(&c).then_some('\\').into_iter().chain([c]);
    words.chars().flat_map(shown).collect()
}

/// Splits markup into runs.
///
/// Every string has a reading (an unclosed group ends with the text), because a label is not worth
/// an error type: who misspells a label sees it in the figure.
pub(super) fn parse(markup: &str) -> Vec<Run> {
    let (mut runs, mut maths, mut rest) = (Vec::new(), false, markup);
    while let Some(next) = rest.chars().next() {
        let tail = &rest[next.len_utf8()..];
        match next {
            '$' => {
                maths = !maths;
                rest = tail;
            }
            '_' | '^' => {
                let level = if next == '_' { Level::Below } else { Level::Above };
                let (script, after) = script(tail);
                set(&mut runs, script, maths, level);
                rest = after;
            }
            '\\' => {
                let end = tail.chars().next().map_or(0, char::len_utf8);
                set(&mut runs, &tail[..end], maths, Level::Line);
                rest = &tail[end..];
            }
            _ => {
                let end = rest.find(SIGNS).unwrap_or(rest.len());
                set(&mut runs, &rest[..end], maths, Level::Line);
                rest = &rest[end..];
            }
        }
    }
    runs
}

/// What a `_` or `^` applies to, and the text after it.
fn script(tail: &str) -> (&str, &str) {
    if let Some(group) = tail.strip_prefix('{') {
        group.split_once('}').unwrap_or((group, ""))
    } else {
        tail.split_at(tail.chars().next().map_or(0, char::len_utf8))
    }
}

/// Appends `text` as runs, choosing the face of each word or sign.
fn set(runs: &mut Vec<Run>, text: &str, maths: bool, level: Level) {
    let letter = |c: char| c.is_ascii_alphabetic() || ('Α'..='ϵ').contains(&c);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = &rest[..rest.find(|c| !letter(c)).unwrap_or(rest.len())];
        let function = FUNCTIONS.contains(&word);
        let face = match (maths, letter(first) && !function) {
            (false, _) => Face::Sans,
            (true, true) => Face::Italic,
            (true, false) => Face::Upright,
        };
        let piece = if function { word } else { &rest[..first.len_utf8()] };
        rest = &rest[piece.len()..];
        // The hyphen of the keyboard is half as long as a minus.
        let text = if maths { piece.replace('-', "−") } else { piece.to_owned() };
        let run = Run { text, face, level };
        // Variables stay single, so that each can be put exactly where its slant needs it; an
        // accent stays single because it belongs to one letter. All else joins, to be kerned.
        let joins = |last: &Run| {
            last.face == face && last.level == level && face != Face::Italic && !last.is_accent()
        };
        match runs.last_mut().filter(|last| !run.is_accent() && joins(last)) {
            Some(last) => last.text += &run.text,
            None => runs.push(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(markup: &str) -> Vec<(String, Face, Level)> {
        parse(markup).into_iter().map(|r| (r.text, r.face, r.level)).collect()
    }

    #[test]
    fn words_are_sans_variables_italic_and_functions_upright() {
        use {Face::*, Level::*};
        let expected = [
            ("score ", Sans, Line),
            ("∇", Upright, Line),
            ("x", Italic, Below),
            (" log ", Upright, Line),
            ("p", Italic, Line),
            ("(", Upright, Line),
            ("x", Italic, Line),
            (") − ", Upright, Line),
            ("σ", Italic, Line),
            ("2", Upright, Above),
        ];
        let expected = expected.map(|(text, face, level)| (text.to_owned(), face, level));
        assert_eq!(runs("score $∇_x log p(x) - σ^2$"), expected);
    }

    #[test]
    fn a_group_or_one_character_is_a_script_and_half_a_group_is_no_error() {
        use {Face::Sans, Level::*};
        let (ten, minus) = (("10".to_owned(), Sans, Line), ("−12".to_owned(), Sans, Above));
        assert_eq!(runs("10^{−12}"), [ten.clone(), minus.clone()]);
        assert_eq!(runs("10^{−12"), [ten.clone(), minus]);
        assert_eq!(runs("10^"), [ten]);
    }

    #[test]
    fn words_of_others_are_drawn_as_they_are() {
        for words in ["net_income_$", "a^2", r"C:\x_{1}\", "$_^", ""] {
            let drawn = runs(&plain(words));
            let text: String = drawn.iter().map(|(text, ..)| &text[..]).collect();
            assert_eq!(text, words);
            assert!(
                drawn.iter().all(|(_, face, level)| (*face, *level) == (Face::Sans, Level::Line))
            );
        }
        assert_eq!(runs(r"\")[..], []); // nothing follows
    }
}
