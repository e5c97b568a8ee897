//! The command line: `up`, `down`, `status`, `accounts`, `grant`, `end-all`, `config check`.
#![expect(clippy::print_stdout, reason = "answers go to the terminal")]

use std::io;

use anyhow::{Context as _, bail};
use clap::{
    Arg, ArgAction, ArgMatches, Command,
    builder::{PossibleValuesParser, TypedValueParser as _},
    value_parser,
};
use migration::{
    Migrator, MigratorTrait as _,
    accounts::{Account, Accounts, Require},
};
use sea_orm_migration::{
    MigrationStatus,
    sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement},
};
use shared::{
    domain::program::Program,
    operate::{
        lifecycle,
        settings::{self, Reader, check, definitions::DATABASE_URL},
    },
    store::{
        Database, StoreError,
        database_url::DatabaseUrl,
        end_all::{self, EndedAll, Reason},
        sqlite_files::LooseFiles,
    },
};

/// The commands and their flags.
pub(crate) fn command_line() -> Command {
    let database = || settings::arguments(&[DATABASE_URL]);
    Command::new("secure-secret-migrate")
        .about("Creates and changes the tables of Secure Secret")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("up")
                .about("Applies every migration that is missing")
                .arg(
                    Arg::new("grant")
                        .long("grant")
                        .action(ArgAction::SetTrue)
                        .help("Then does what `grant` does"),
                )
                .args(account_names())
                .args(database()),
        )
        .subcommand(
            Command::new("grant")
                .about(
                    "Gives the MySQL accounts of bot and reveal-web the rights that this version \
                     needs; wants the tables",
                )
                .args(account_names())
                .args(database()),
        )
        .subcommand(
            Command::new("down")
                .about("Takes the last migration back, with the data in its tables")
                .arg(
                    Arg::new("steps")
                        .long("steps")
                        .value_name("COUNT")
                        .value_parser(value_parser!(u32).range(1..))
                        .default_value("1")
                        .help("How many migrations to take back"),
                )
                .args(database()),
        )
        .subcommand(
            Command::new("status")
                .about("Lists the migrations and whether they are applied")
                .args(database()),
        )
        .subcommand(end_all_command())
        .subcommand(accounts_command())
        .subcommand(check::command_line(Program::Migrate))
}

fn end_all_command() -> Command {
    Command::new("end-all")
        .about(
            "Ends every secret that lives and takes back what waits for delivery: after a restored backup or a \
             failover, what was opened before could be opened again. Senders are told to send again",
        )
        .arg(
            Arg::new("reason")
                .long("reason")
                .value_name("REASON")
                .required(true)
                .value_parser(PossibleValuesParser::new(Reason::ALL.map(Reason::code)).try_map(reason_of))
                .help("Why, for the audit trail"),
        )
        .args(settings::arguments(&[DATABASE_URL]))
}

fn reason_of(code: String) -> Result<Reason, String> {
    let mut reasons = Reason::ALL.into_iter();
    reasons.find(|reason| reason.code() == code).ok_or(code)
}

fn accounts_command() -> Command {
    Command::new("accounts")
        .about("Prints the SQL by which an administrator makes the three MySQL accounts")
        .arg(
            Arg::new("database")
                .long("database")
                .value_name("NAME")
                .default_value("secure_secret")
                .help("The database (schema) of the tables"),
        )
        .args(account_names())
        .arg(
            Arg::new("migrate")
                .long("migrate")
                .value_name("NAME[@HOST]")
                .default_value("migrate")
                .help("The account that creates tables"),
        )
        .arg(
            Arg::new("require")
                .long("require")
                .value_name("WHAT")
                .value_parser(["ssl", "x509", "none"])
                .help(
                    "What connections must bring: ssl, x509 (a client's certificate) or none \
                     [default: ssl, but for accounts of localhost]",
                ),
        )
        .arg(
            Arg::new("grants")
                .long("grants")
                .action(ArgAction::SetTrue)
                .help(
                    "Prints the rights of bot and web instead, for an administrator who gives them by \
                     hand, once the tables are there",
                ),
        )
}

/// The flags that say which accounts there are.
fn account_names() -> [Arg; 3] {
    let account = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("NAME[@HOST]")
            .default_value(name)
            .help(help)
    };
    [
        Arg::new("host")
            .long("host")
            .value_name("HOST")
            .default_value("%")
            .help("From where the accounts connect: a host, an address, or a pattern of them"),
        account("bot", "The bot's account"),
        account("web", "Reveal-web's account"),
    ]
}

/// Runs the command that was given.
pub(crate) async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    match matches.subcommand() {
        Some(("accounts", matches)) => {
            print_accounts(matches);
            Ok(())
        }
        Some(("config", matches)) => match matches.subcommand() {
            Some((_, matches)) => check_settings(matches),
            None => Ok(()),
        },
        Some(("end-all", matches)) => end_all(matches).await,
        Some((name, matches)) => {
            let database = connect(matches).await?;
            migrate(name, matches, database.connection()).await
        }
        None => Ok(()),
    }
}

async fn end_all(matches: &ArgMatches) -> anyhow::Result<()> {
    // The command line has it, or this is not reached.
    let Some(&reason) = matches.get_one::<Reason>("reason") else {
        return Ok(());
    };
    let database = connect(matches).await?;
    database.check_schema().await?;
    let EndedAll {
        secrets,
        taken_back,
    } = end_all::end_all(&database, reason).await?;
    println!(
        "{secrets} secrets ended; {taken_back} of their messages were not out, and are taken back. Bots tell \
         senders and recipients"
    );
    Ok(())
}

fn check_settings(matches: &ArgMatches) -> anyhow::Result<()> {
    let mut reader = Reader::new(Program::Migrate, matches);
    reader.required(&DATABASE_URL, DatabaseUrl::parse);
    check::print(&reader, &mut io::stdout().lock())?;
    Ok(reader.finish()?)
}

async fn connect(matches: &ArgMatches) -> anyhow::Result<Database> {
    let mut reader = Reader::new(Program::Migrate, matches);
    let url = reader.required(&DATABASE_URL, DatabaseUrl::parse);
    reader.finish()?;
    let url = url.context("DATABASE_URL is missing")?;
    let database = Database::connect(&url).await.context("DATABASE_URL")?;
    if let Some(files) = LooseFiles::of(&url) {
        lifecycle::warn(Program::Migrate, &files.warning());
    }
    Ok(database)
}

async fn migrate(
    name: &str,
    matches: &ArgMatches,
    connection: &DatabaseConnection,
) -> anyhow::Result<()> {
    match name {
        "up" => {
            let missing = Migrator::get_pending_migrations(connection).await?.len();
            Migrator::up(connection, None).await?;
            println!("{missing} migrations applied; the tables are up to date");
            if matches.get_flag("grant") {
                grant(matches, connection).await?;
            }
        }
        "grant" => grant(matches, connection).await?,
        "down" => {
            let steps = matches.get_one::<u32>("steps").copied().unwrap_or(1);
            Migrator::down(connection, Some(steps)).await?;
            print_status(connection).await?;
        }
        _ => print_status(connection).await?,
    }
    Ok(())
}

/// Gives each account its rights. Doing it again changes nothing.
async fn grant(matches: &ArgMatches, connection: &DatabaseConnection) -> anyhow::Result<()> {
    if connection.get_database_backend() != DbBackend::MySql {
        println!("SQLite has no accounts; there is nothing to grant");
        return Ok(());
    }
    let question = Statement::from_string(DbBackend::MySql, "SELECT DATABASE()");
    let answer = connection.query_one_raw(question).await?;
    let name: String = answer
        .context("the server did not say which database this is")?
        .try_get_by_index(0)?;
    let accounts = accounts(matches, &name);
    for statement in accounts.column_grants() {
        if let Err(error) = connection.execute_unprepared(&statement).await {
            bail!(
                "{}. It was: {statement}",
                grant_advice(&StoreError::from(error))
            );
        }
    }
    println!("bot and web have the rights that they need");
    Ok(())
}

fn grant_advice(error: &StoreError) -> String {
    let advice = match error {
        StoreError::Refused { code } if code == "1142" || code == "1143" || code == "1044" => {
            "the migrating account may not pass rights on: run the GRANT ... WITH GRANT OPTION that \
             `secure-secret-migrate accounts` prints, or let an administrator run what `accounts \
             --grants` prints"
        }
        StoreError::Refused { code } if code == "1410" || code == "1133" => {
            "there is no such account: make it first (`secure-secret-migrate accounts` prints the \
             SQL), and say by --host, --bot and --web how it is called"
        }
        StoreError::Refused { code } if code == "1146" => {
            "a table is missing: run `secure-secret-migrate up --grant`"
        }
        _ => return error.to_string(),
    };
    advice.to_owned()
}

async fn print_status(connection: &DatabaseConnection) -> anyhow::Result<()> {
    for migration in Migrator::get_migration_with_status_read_only(connection).await? {
        let status = match migration.status() {
            MigrationStatus::Applied => "applied",
            MigrationStatus::Pending => "missing",
        };
        println!("{status}  {}", migration.name());
    }
    Ok(())
}

fn print_accounts(matches: &ArgMatches) {
    let accounts = accounts(matches, text(matches, "database"));
    if matches.get_flag("grants") {
        for grant in accounts.column_grants() {
            println!("{grant};");
        }
        return;
    }
    let require = match matches.get_one::<String>("require").map(String::as_str) {
        Some("ssl") => Require::Tls,
        Some("x509") => Require::ClientCertificate,
        Some("none") => Require::Nothing,
        _ => Require::TlsFromAfar,
    };
    print!("{}", accounts.script(require));
}

fn accounts(matches: &ArgMatches, database: &str) -> Accounts {
    let host = text(matches, "host");
    let account = |id: &str| Account::parse(text(matches, id), host);
    let migrate = matches.try_contains_id("migrate").unwrap_or(false);
    Accounts {
        database: database.to_owned(),
        migrate: if migrate {
            account("migrate")
        } else {
            Account::new("migrate", host)
        },
        bot: account("bot"),
        web: account("web"),
    }
}

fn text<'a>(matches: &'a ArgMatches, id: &str) -> &'a str {
    matches.get_one::<String>(id).map_or("", String::as_str)
}
