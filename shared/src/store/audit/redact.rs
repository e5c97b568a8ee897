//! Keeps what sounds secret out of the audit log's metadata.

use serde_json::Value;

const TELLTALE: [&str; 6] = [
    "secret",
    "token",
    "password",
    "key",
    "authorization",
    "cookie",
];

/// Replaces every value whose key's name contains secret, token, password, key, authorization or
/// cookie, in whatever case, at any depth, within arrays too.
#[must_use]
pub fn redact(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| {
                let kept = if sounds_secret(&name) {
                    "[redacted]".into()
                } else {
                    redact(member)
                };
                (name, kept)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(redact).collect(),
        other => other,
    }
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    TELLTALE.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn telltale_names_lose_their_value_at_any_depth() {
        let metadata = json!({
            "reason": "unknown_key",
            "API_KEY": 1,
            "nested": [{"Set-Cookie": "c"}, [{"deep": {"xSecretX": {"a": "b"}}}], "plain"],
            "Authorization": null,
            "passwords": ["a", "b"],
            "accessToken": {"still": "here"},
        });
        assert_eq!(
            redact(metadata),
            json!({
                "reason": "unknown_key",
                "API_KEY": "[redacted]",
                "nested": [
                    {"Set-Cookie": "[redacted]"},
                    [{"deep": {"xSecretX": "[redacted]"}}],
                    "plain",
                ],
                "Authorization": "[redacted]",
                "passwords": "[redacted]",
                "accessToken": "[redacted]",
            })
        );
    }
}
