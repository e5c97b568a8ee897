//! The arguments of a call, however they came: as JSON, as a form, or in the query.

use std::collections::BTreeMap;

use poem::Request;
use serde_json::Value;

use crate::answers::Refusal;

/// The arguments by name.
pub(crate) struct Arguments(BTreeMap<String, Value>);

impl Arguments {
    /// Reads them. A body that says that it is JSON must be an object.
    pub(crate) fn of(request: &Request, body: &[u8]) -> Result<Self, Refusal> {
        let mut arguments = form(request.uri().query().unwrap_or_default().as_bytes());
        let is_json = request
            .content_type()
            .is_some_and(|kind| kind.starts_with("application/json"));
        if !is_json {
            arguments.extend(form(body));
        } else if !body.is_empty() {
            let body: Value = serde_json::from_slice(body).map_err(|_| "invalid_json")?;
            let Value::Object(members) = body else {
                return Err("json_not_object".into());
            };
            arguments.extend(members);
        }
        Ok(Self(arguments))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Empty where it is missing or no text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A structured argument; in forms these come as JSON text. `None` where it is missing,
    /// `Value::Null` where it can't be read.
    pub(crate) fn structured(&self, name: &str) -> Option<Value> {
        Some(match self.get(name)? {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            value => value.clone(),
        })
    }

    /// The ids of an argument that takes one or several: a list, or text with commas.
    pub(crate) fn ids(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(ids)) => ids.split(',').map(str::trim).collect(),
            _ => Vec::new(),
        }
    }
}

fn form(encoded: &[u8]) -> BTreeMap<String, Value> {
    url::form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}
