//! JSON that is as somebody promised but for one value: what whoever reads it has to bear. For
//! tests.
//!
//! It is made as text, as much of it can't be built from values: a name that comes twice, half a
//! character.

use std::fmt;

use serde_json::Value;

/// What is odd about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It isn't there, nor its name.
    Deleted,
    /// It is `null`.
    Null,
    /// It is an empty list.
    List,
    /// It is an empty object.
    Object,
    /// It is an empty text.
    Empty,
    /// It is `0`.
    Zero,
    /// It is another number.
    Number,
    /// It is `true`.
    True,
    /// It is another text.
    Text,
    /// It is a text with half of a surrogate pair in it, which is no character.
    HalfCharacter,
    /// Its name comes before it with another value.
    OtherBefore,
    /// Its name comes again after it with another value.
    OtherAfter,
}

impl Change {
    const ALL: [Self; 12] = [
        Self::Deleted,
        Self::Null,
        Self::List,
        Self::Object,
        Self::Empty,
        Self::Zero,
        Self::Number,
        Self::True,
        Self::Text,
        Self::HalfCharacter,
        Self::OtherBefore,
        Self::OtherAfter,
    ];

    /// What stands in the value's place; `None` where the value itself stays, or nothing does.
    const fn instead(self) -> Option<&'static str> {
        match self {
            Self::Null => Some("null"),
            Self::List => Some("[]"),
            Self::Object => Some("{}"),
            Self::Empty => Some("\"\""),
            Self::Zero => Some("0"),
            Self::Number => Some("7"),
            Self::True => Some("true"),
            Self::Text => Some("\"odd\""),
            Self::HalfCharacter => Some(r#""odd \ud800 text""#),
            Self::Deleted | Self::OtherBefore | Self::OtherAfter => None,
        }
    }
}

/// JSON with one odd thing in it.
#[derive(Clone, Debug)]
pub struct Odd {
    /// The JSON.
    pub text: String,
    /// The pointer to the value that is odd (RFC 6901, nothing is escaped).
    pub path: String,
    /// What is odd about it.
    pub change: Change,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}", self.change, self.path)
    }
}

/// Every value within, the whole one too, with everything that can be odd about it.
#[must_use]
pub fn every_odd(value: &Value) -> Vec<Odd> {
    let mut paths = Vec::new();
    walk(value, String::new(), &mut paths);
    let mut all = Vec::new();
    for path in paths {
        for change in Change::ALL {
            all.extend(odd(value, &path, change));
        }
    }
    all
}

fn walk(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, format!("{path}/{name}"), paths);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(item, format!("{path}/{number}"), paths);
            }
        }
        _ => {}
    }
    paths.push(path);
}

/// `None` where the change can't be made, or changes nothing.
fn odd(value: &Value, path: &str, change: Change) -> Option<Odd> {
    let at = value.pointer(path)?;
    let is_member = path
        .rsplit_once('/')
        .is_some_and(|(parent, _)| value.pointer(parent).is_some_and(Value::is_object));
    let is_possible = match change {
        Change::Deleted => !path.is_empty(),
        Change::OtherBefore | Change::OtherAfter => is_member,
        _ => change.instead() != Some(&at.to_string()),
    };
    let text = is_possible.then(|| render(value, "", path, change))?;
    Some(Odd {
        text,
        path: path.to_owned(),
        change,
    })
}

/// Another value of the same type.
fn other(value: &Value) -> &'static str {
    match value {
        Value::Bool(true) => "false",
        Value::Bool(false) => "true",
        Value::Number(_) => "7",
        Value::Object(_) => "{}",
        Value::Array(_) => "[]",
        Value::Null | Value::String(_) => "\"odd\"",
    }
}

fn render(value: &Value, here: &str, path: &str, change: Change) -> String {
    if here == path
        && let Some(instead) = change.instead()
    {
        return instead.to_owned();
    }
    match value {
        Value::Object(members) => {
            let members = members.iter().flat_map(|(name, member)| {
                let there = format!("{here}/{name}");
                let name = Value::from(name.as_str());
                let whole = format!("{name}:{}", render(member, &there, path, change));
                let other = format!("{name}:{}", other(member));
                match change {
                    Change::Deleted if there == path => vec![],
                    Change::OtherBefore if there == path => vec![other, whole],
                    Change::OtherAfter if there == path => vec![whole, other],
                    _ => vec![whole],
                }
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items = items.iter().enumerate().filter_map(|(number, item)| {
                let there = format!("{here}/{number}");
                let is_left_out = change == Change::Deleted && there == path;
                (!is_left_out).then(|| render(item, &there, path, change))
            });
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_is_made_odd_in_every_way() {
        let all = every_odd(&json!({"a": ["x"], "b": true}));
        let texts: Vec<_> = all.iter().map(|odd| odd.text.as_str()).collect();
        for expected in [
            r#"{"b":true}"#,
            r#"{"a":[],"b":true}"#,
            r#"{"a":["odd \ud800 text"],"b":true}"#,
            r#"{"a":["x"],"b":7}"#,
            r#"{"a":["x"],"b":false,"b":true}"#,
            r#"{"a":["x"],"b":true,"b":false}"#,
            r#"{"a":[],"a":["x"],"b":true}"#,
            "null",
            r#""odd""#,
        ] {
            assert!(texts.contains(&expected), "{expected} {texts:?}");
        }
        // The whole has no name, and stays; what is in the list has none; and "b" is `true`
        // already.
        assert_eq!(all.len(), 9 + 12 + 10 + 11);
        assert!(!texts.contains(&r#"{"a":["x"],"b":true}"#));
    }
}
