//! How a polynomial is written in a message.

use super::{Meaning, Polynomial, Symbol};
use std::{cmp::Reverse, fmt};

/// Six terms at most, for a message: the highest degree first, and letters by their names.
impl fmt::Display for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 6;
        let mut terms: Vec<_> = self.0.iter().map(|(m, c)| (factors(m), *c)).collect();
        terms.sort_by_cached_key(|(factors, _)| {
            (Reverse(factors.iter().map(|f| f.2).sum::<i32>()), factors.clone())
        });
        for (k, (factors, c)) in terms.iter().take(SHOWN).enumerate() {
            let sign = match (k, c.is_negative()) {
                (0, false) => "",
                (0, true) => "−",
                (_, false) => " + ",
                (_, true) => " − ",
            };
            let size = c.to_f64().abs();
            let number = (size != 1.0 || factors.is_empty()).then(|| size.to_string());
            let powers = factors.iter().map(|(_, base, a)| format!("{base}{}", exponent(*a)));
            let words: Vec<String> = number.into_iter().chain(powers).collect();
            write!(f, "{sign}{}", words.join(" "))?;
        }
        match self.terms() {
            0 => write!(f, "0"),
            n if n > SHOWN => write!(f, " + … ({n} terms)"),
            _ => Ok(()),
        }
    }
}

/// What a monomial is made of, functions last: whether it is one, how it is written, its exponent.
fn factors(monomial: &[(Symbol, i32)]) -> Vec<(bool, String, i32)> {
    let factor = |(symbol, a): &(Symbol, i32)| match &*symbol.meaning() {
        Meaning::Name(name) => (false, name.clone(), *a),
        Meaning::Applied(function, u) => {
            (true, format!("{}({u})", format!("{function:?}").to_lowercase()), *a)
        }
    };
    let mut factors: Vec<_> = monomial.iter().map(factor).collect();
    factors.sort();
    factors
}

/// ², ⁻³, or nothing for 1.
fn exponent(a: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |c: char| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]);
    if a == 1 { String::new() } else { a.to_string().chars().map(raised).collect() }
}
