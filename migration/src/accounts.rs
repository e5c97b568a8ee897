//! The three MySQL accounts as SQL: what each may do is [`rights`]' to say.

use std::fmt::Write as _;

use shared::{
    domain::program::Program,
    store::{
        doors,
        grants::{self, Right, identifier},
        rights::{self, Columns, TableRights},
    },
};

/// What the migrating account may do with the database, and give to the other two.
const SCHEMA_RIGHTS: &str = "CREATE, ALTER, DROP, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE, CREATE ROUTINE, \
     ALTER ROUTINE, EXECUTE";

/// An account: a name, and from where it may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    name: String,
    host: String,
}

impl Account {
    /// An account by its name and host, such as `%` for any.
    #[must_use]
    pub fn new(name: &str, host: &str) -> Self {
        Self {
            name: name.to_owned(),
            host: host.to_owned(),
        }
    }

    /// Reads `name` or `name@host`; the host is this one if none is given.
    #[must_use]
    pub fn parse(text: &str, host: &str) -> Self {
        let (name, host) = text.rsplit_once('@').unwrap_or((text, host));
        Self::new(name, host)
    }

    /// Whether it comes from the server's own machine only.
    fn is_local(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1")
    }

    fn sql(&self) -> String {
        format!("{}@{}", literal(&self.name), literal(&self.host))
    }
}

/// What the server demands of an account's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// TLS from other machines, nothing on the server's own.
    TlsFromAfar,
    /// TLS.
    Tls,
    /// TLS with a client's certificate.
    ClientCertificate,
    /// Nothing.
    Nothing,
}

impl Require {
    const fn sql(self, is_local: bool) -> &'static str {
        match self {
            Self::TlsFromAfar if is_local => "",
            Self::TlsFromAfar | Self::Tls => " REQUIRE SSL",
            Self::ClientCertificate => " REQUIRE X509",
            Self::Nothing => "",
        }
    }
}

/// The three accounts and the database that they share.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The database (schema) that holds the tables.
    pub database: String,
    /// The account that creates tables.
    pub migrate: Account,
    /// The bot's account.
    pub bot: Account,
    /// Reveal-web's account.
    pub web: Account,
}

impl Accounts {
    /// The grant for the migrating account; can run before there are tables. It may pass on what it
    /// may do itself, within this database, so that an update can give the others what they need.
    #[must_use]
    pub fn schema_grant(&self) -> String {
        format!(
            "GRANT {SCHEMA_RIGHTS} ON {}.* TO {} WITH GRANT OPTION",
            identifier(&self.database),
            self.migrate.sql(),
        )
    }

    /// The grants for the bot and for reveal-web; MySQL wants tables and stored procedures to exist
    /// first.
    #[must_use]
    pub fn grants(&self) -> Vec<String> {
        let of = |program, account: &Account| {
            let to_tables = rights::of(program).iter();
            let to_doors = doors::of(program).map(|door| {
                format!(
                    "GRANT EXECUTE ON PROCEDURE {}.{} TO {}",
                    identifier(&self.database),
                    identifier(door.name),
                    account.sql(),
                )
            });
            let grants = to_tables.map(|rights| self.grant(rights, account));
            grants.chain(to_doors).collect::<Vec<_>>()
        };
        let mut grants = of(Program::Bot, &self.bot);
        grants.extend(of(Program::Web, &self.web));
        grants
    }

    /// What takes back, right by right, what a version before needed.
    #[must_use]
    pub fn revocations(&self) -> Vec<String> {
        let of = |program, account: &Account| {
            let former = grants::former(&self.database, program).into_iter();
            let revoke = |right: Right| format!("REVOKE {right} FROM {}", account.sql());
            former.map(revoke).collect::<Vec<_>>()
        };
        let mut revocations = of(Program::Bot, &self.bot);
        revocations.extend(of(Program::Web, &self.web));
        revocations
    }

    /// What an administrator runs once, with the places for passwords marked.
    #[must_use]
    pub fn script(&self, require: Require) -> String {
        let mut script = String::from(
            "-- Put three passwords of your own in place of the marks, and run this as an administrator.\n",
        );
        // Writing to a String has no error to give.
        let _ = writeln!(
            script,
            "CREATE DATABASE IF NOT EXISTS {};",
            identifier(&self.database)
        );
        for account in [&self.migrate, &self.bot, &self.web] {
            let _ = writeln!(
                script,
                "CREATE USER {} IDENTIFIED BY '<password of {}>'{};",
                account.sql(),
                account.name,
                require.sql(account.is_local())
            );
        }
        let _ = writeln!(script, "{};", self.schema_grant());
        script.push_str(
            "-- What the other two may do comes with the tables: secure-secret-migrate up --grant\n",
        );
        script
    }

    fn grant(&self, rights: &TableRights, account: &Account) -> String {
        let insert = rights.insert.then(|| "INSERT".to_owned());
        let delete = rights.delete.then(|| "DELETE".to_owned());
        let select = columns("SELECT", &rights.select);
        let update = columns("UPDATE", &rights.update);
        let all: Vec<_> = [insert, delete, select, update]
            .into_iter()
            .flatten()
            .collect();
        format!(
            "GRANT {} ON {}.{} TO {}",
            all.join(", "),
            identifier(&self.database),
            identifier(rights.table),
            account.sql(),
        )
    }
}

fn columns(right: &str, columns: &Columns) -> Option<String> {
    match columns {
        Columns::None => None,
        Columns::All(_) => Some(right.to_owned()),
        Columns::Only(names) => Some(format!("{right} ({})", names.join(", "))),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(database: &str, host: &str) -> Accounts {
        Accounts {
            database: database.to_owned(),
            migrate: Account::new("migrate", host),
            bot: Account::new("bot", host),
            web: Account::parse("web@10.0.0.7", host),
        }
    }

    #[test]
    fn names_are_quoted() {
        let script = accounts("a`b", "10.0.0.%").script(Require::TlsFromAfar);
        assert!(
            script.contains("ON `a``b`.* TO 'migrate'@'10.0.0.%' WITH GRANT OPTION;"),
            "{script}"
        );
        assert!(
            script.contains("CREATE USER 'web'@'10.0.0.7' IDENTIFIED"),
            "{script}"
        );
        assert!(literal("o'\\x").eq("'o''\\\\x'"));
    }

    #[test]
    fn tls_is_demanded_of_who_comes_from_afar() {
        let tls = |host, require| {
            let script = accounts("x", host).script(require);
            script.matches("REQUIRE SSL").count()
        };
        assert_eq!(tls("%", Require::TlsFromAfar), 3);
        assert_eq!(tls("localhost", Require::TlsFromAfar), 1);
        assert_eq!(tls("localhost", Require::Tls), 3);
        assert_eq!(tls("%", Require::Nothing), 0);
    }

    #[test]
    fn the_bot_has_rights_to_tables_and_the_web_to_doors() {
        let grants = accounts("secure_secret", "%").grants();
        let of = |account: &str, what: &str| {
            grants
                .iter()
                .filter(|grant| grant.contains(account) && grant.contains(what))
                .count()
        };
        let (bot, web) = ("'bot'@", "'web'@");
        assert_eq!((of(bot, "ON `"), of(bot, "PROCEDURE")), (10, 1));
        assert_eq!((of(web, "ON `"), of(web, "EXECUTE ON PROCEDURE")), (0, 13));
        let deletes: Vec<_> = grants
            .iter()
            .filter(|grant| grant.contains("DELETE"))
            .collect();
        let of_bots = ["`bots` TO 'bot'@", "`alerts` TO 'bot'@"];
        assert_eq!(deletes.len(), of_bots.len(), "{deletes:?}");
        for (delete, of_bot) in deletes.iter().zip(of_bots) {
            assert!(delete.contains(of_bot), "{deletes:?}");
        }
        assert!(grants.contains(
            &"GRANT EXECUTE ON PROCEDURE `secure_secret`.`burn_1` TO 'web'@'10.0.0.7'".to_owned()
        ));
    }

    #[test]
    fn what_a_version_before_needed_is_taken_back_right_by_right() {
        let revocations = accounts("secure_secret", "%").revocations();
        assert!(
            revocations.contains(
                &"REVOKE SELECT (ciphertext) ON `secure_secret`.`secrets` FROM 'web'@'10.0.0.7'"
                    .to_owned()
            )
        );
        assert!(
            revocations
                .iter()
                .all(|revoke| revoke.contains("FROM 'web'@")),
            "{revocations:?}"
        );
    }
}
