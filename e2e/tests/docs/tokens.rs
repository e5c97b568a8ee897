//! Rust's tokens, and the texts in them.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens of a source.
pub(crate) fn tokens(text: &str) -> Vec<TokenTree> {
    let tokens: TokenStream = text.parse().unwrap();
    tokens.into_iter().collect()
}

/// Whether `#[cfg(test)]` begins here.
pub(crate) fn is_test(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else {
        return false;
    };
    let attribute = attribute.to_string();
    hash.as_char() == '#' && attribute.split_whitespace().collect::<String>() == "[cfg(test)]"
}

/// Tokens of the item that begins here.
pub(crate) fn item_length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    tokens
        .iter()
        .position(is_end)
        .map_or(tokens.len(), |end| end + 1)
}

/// A log line's text: the literal that is no field's value.
pub(crate) fn log_message(group: &Group) -> Option<String> {
    let tokens: Vec<_> = group.stream().into_iter().collect();
    let is_value = |at: usize| at > 0 && matches!(tokens[at - 1].to_string().as_str(), "=" | ":");
    let texts = (0..tokens.len()).filter(|at| !is_value(*at));
    texts.filter_map(|at| literal(&tokens[at])).next_back()
}

/// The first text in a group, at any depth; of `concat!` its pieces together.
pub(crate) fn first(group: &Group) -> Option<String> {
    let tokens: Vec<_> = group.stream().into_iter().collect();
    (0..tokens.len()).find_map(|at| match &tokens[at..] {
        [name, TokenTree::Punct(_), TokenTree::Group(pieces), ..]
            if name.to_string() == "concat" =>
        {
            let pieces = pieces.stream().into_iter();
            let text: String = pieces
                .filter_map(|piece| match &piece {
                    TokenTree::Ident(_) => Some("…".to_owned()),
                    piece => value(piece),
                })
                .collect();
            Some(plain(&text))
        }
        [TokenTree::Group(group), ..] => first(group),
        [token, ..] => literal(token),
        [] => None,
    })
}

/// A string literal as the documents have it.
pub(crate) fn literal(token: &TokenTree) -> Option<String> {
    value(token).map(|text| plain(&text))
}

/// A string literal's value.
fn value(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else {
        return None;
    };
    let text: syn::LitStr = syn::parse_str(&literal.to_string()).ok()?;
    Some(text.value())
}

/// On one line, with `…` for what is put in.
fn plain(text: &str) -> String {
    let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let (mut plain, mut rest) = (String::new(), text.as_str());
    while let Some((before, placeholder)) = rest.split_once('{') {
        plain.push_str(before);
        plain.push('…');
        rest = placeholder.split_once('}').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    // What is put in can have an end of its own that is put in, too.
    while plain.contains("……") {
        plain = plain.replace("……", "…");
    }
    let plain = plain.replace('\u{1}', "{").replace('\u{2}', "}");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether there is a word besides what is put in.
pub(crate) fn says_something(text: &str) -> bool {
    let is_word = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    text.split_whitespace().any(is_word)
}
