//! The SQL of the three MySQL accounts: what each program may do, and nothing more.
//!
//! A break-in at reveal-web then can't list, add or remove secrets, and one at the bot can't read
//! a ciphertext that was stored before.

use std::fmt::Write as _;

/// The three accounts and where they live.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The database (schema) that holds the tables.
    pub database: String,
    /// The host part of the accounts, `%` for any.
    pub host: String,
    /// Name of the account that creates tables.
    pub migrate: String,
    /// Name of the bot's account.
    pub bot: String,
    /// Name of reveal-web's account.
    pub web: String,
}

impl Accounts {
    /// The accounts' usual names for a database.
    #[must_use]
    pub fn named(database: &str, host: &str) -> Self {
        Self {
            database: database.to_owned(),
            host: host.to_owned(),
            migrate: "migrate".to_owned(),
            bot: "bot".to_owned(),
            web: "web".to_owned(),
        }
    }

    /// The grant for the migrating account; can run before there are tables.
    #[must_use]
    pub fn schema_grants(&self) -> Vec<String> {
        vec![format!(
            "GRANT CREATE, ALTER, DROP, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE ON {}.* TO {}",
            identifier(&self.database),
            self.account(&self.migrate),
        )]
    }

    /// The grants for the bot and for reveal-web; MySQL wants the tables to exist first.
    #[must_use]
    pub fn column_grants(&self) -> Vec<String> {
        let bot = BOT.iter().map(|rights| (rights, &self.bot));
        let web = WEB.iter().map(|rights| (rights, &self.web));
        bot.chain(web)
            .map(|((table, rights), account)| {
                format!(
                    "GRANT {rights} ON {}.{} TO {}",
                    identifier(&self.database),
                    identifier(table),
                    self.account(account),
                )
            })
            .collect()
    }

    /// Everything as a script, with the places for passwords marked.
    #[must_use]
    pub fn script(&self) -> String {
        let mut script = String::from(
            "-- Choose three passwords, replace the three marks, and run this as an administrator.\n\
             -- The last part wants the tables: run `secure-secret-migrate up` in between.\n",
        );
        for name in [&self.migrate, &self.bot, &self.web] {
            // Writing to a String has no error to give.
            let _ = writeln!(
                script,
                "CREATE USER {} IDENTIFIED BY '<password of {name}>';",
                self.account(name)
            );
        }
        for grant in self.schema_grants().iter().chain(&self.column_grants()) {
            let _ = writeln!(script, "{grant};");
        }
        script
    }

    /// The account as SQL names it.
    #[must_use]
    pub fn account(&self, name: &str) -> String {
        format!("{}@{}", literal(name), literal(&self.host))
    }
}

/// The bot: stores and delivers; reads no ciphertext.
const BOT: [(&str, &str); 4] = [
    (
        "secrets",
        "INSERT, \
         SELECT (id, submission_key, part, team, sender, sender_name, recipient, recipient_locale, \
         recipient_tz, created_at, expires_at, viewed_at, destroyed_at, destroy_reason, \
         reuse_count, reused_at), \
         UPDATE (destroyed_at, destroy_reason, ciphertext, note_ciphertext)",
    ),
    ("deliveries", "INSERT, SELECT, UPDATE"),
    ("audit_events", "INSERT, SELECT"),
    ("seaql_migrations", "SELECT"),
];

/// Reveal-web: finds a secret, opens it once, and writes that down.
const WEB: [(&str, &str); 3] = [
    (
        "secrets",
        "SELECT (id, format, token_hash, ciphertext, note_ciphertext, key_id, sender, sender_name, \
         recipient, recipient_locale, recipient_tz, created_at, expires_at, viewed_at, \
         destroyed_at, destroy_reason, burn_id, reuse_count), \
         UPDATE (viewed_at, destroyed_at, destroy_reason, ciphertext, note_ciphertext, burn_id, \
         reuse_count, reused_at)",
    ),
    ("audit_events", "INSERT"),
    ("seaql_migrations", "SELECT"),
];

fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        let odd = Accounts::named("a`b", "10.0.0.%");
        let script = odd.script();
        assert!(
            script.contains("ON `a``b`.* TO 'migrate'@'10.0.0.%';"),
            "{script}"
        );
        assert!(literal("o'\\x").eq("'o''\\\\x'"));
    }

    #[test]
    fn only_the_bot_can_add_secrets_and_only_the_web_can_read_them() {
        let grants = Accounts::named("secure_secret", "%").column_grants();
        let of = |account: &str| {
            grants
                .iter()
                .filter(|grant| grant.contains(account))
                .count()
        };
        assert_eq!((of("'bot'@"), of("'web'@")), (4, 3));
        assert!(grants.iter().all(|grant| !grant.contains("DELETE")));
    }
}
