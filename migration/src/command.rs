//! The command line: `up`, `down`, `status`, `accounts`, `grant`, `end-all`, `config check`.
#![expect(clippy::print_stdout, reason = "answers go to the terminal")]

use std::io;

use anyhow::{Context as _, bail};
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser as _},
    value_parser,
};
use migration::{
    Migrator, MigratorTrait as _,
    accounts::{Account, Accounts, Require},
    doors::{self, Wrong},
};
use sea_orm_migration::{
    MigrationStatus,
    sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement},
};
use shared::{
    domain::program::Program,
    operate::{
        lifecycle,
        settings::{
            OfDatabase, Reader, SettingFlags,
            check::{self, Config},
            definitions::DATABASE_URL,
        },
    },
    store::{
        Database, StoreError,
        end_all::{EndedAll, Reason},
        grants,
        sqlite_files::LooseFiles,
    },
};

/// Creates and changes the tables of Secure Secret
#[derive(Parser)]
#[command(name = "secure-secret-migrate", version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Applies every migration that is missing, and makes the stored procedures that are missing or
    /// changed
    Up {
        /// Then does what `grant` does
        #[arg(long)]
        grant: bool,
        #[command(flatten)]
        names: AccountNames,
        #[command(flatten)]
        flags: SettingFlags<OfDatabase>,
    },
    /// Gives the MySQL accounts of bot and reveal-web the rights that this version needs; wants the
    /// tables and stored procedures
    Grant {
        /// Then takes back what only a version before needed, once none of its programs runs any
        /// more
        #[arg(long)]
        take_back: bool,
        #[command(flatten)]
        names: AccountNames,
        #[command(flatten)]
        flags: SettingFlags<OfDatabase>,
    },
    /// Takes the last migration back, with the data in its tables
    Down {
        /// How many migrations to take back
        #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
        steps: u32,
        #[command(flatten)]
        flags: SettingFlags<OfDatabase>,
    },
    /// Lists the migrations and whether they are applied
    Status(SettingFlags<OfDatabase>),
    /// Ends every secret that lives and takes back what waits for delivery: after a restored backup
    /// or a failover, what was opened before could be opened again. Senders are told to send again
    EndAll {
        /// Why, for the audit trail
        #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.map(Reason::code)).try_map(reason_of))]
        reason: Reason,
        #[command(flatten)]
        flags: SettingFlags<OfDatabase>,
    },
    /// Prints the SQL by which an administrator makes the three MySQL accounts
    Accounts(AllAccounts),
    /// Shows the settings
    #[command(subcommand)]
    Config(Config<OfDatabase>),
}

/// Which accounts the programs have.
#[derive(Args)]
struct AccountNames {
    /// From where the accounts connect: a host, an address, or a pattern of them
    #[arg(long, default_value = "%")]
    host: String,
    /// The bot's account
    #[arg(long, value_name = ACCOUNT, default_value = "bot")]
    bot: String,
    /// Reveal-web's account
    #[arg(long, value_name = ACCOUNT, default_value = "web")]
    web: String,
}

/// What an administrator is to make.
#[derive(Args)]
struct AllAccounts {
    /// The database (schema) of the tables
    #[arg(long, value_name = "NAME", default_value = "secure_secret")]
    database: String,
    #[command(flatten)]
    names: AccountNames,
    /// The account that creates tables
    #[arg(long, value_name = ACCOUNT, default_value = MIGRATE)]
    migrate: String,
    /// What connections must bring: ssl, x509 (a client's certificate) or none [default: ssl, but
    /// for accounts of localhost]
    #[arg(long, value_name = "WHAT")]
    require: Option<Required>,
    /// Prints the rights of bot and web instead, for an administrator who gives them by hand, once
    /// the tables are there
    #[arg(long)]
    grants: bool,
}

/// How an account is named on the command line.
const ACCOUNT: &str = "NAME[@HOST]";

/// The account that creates tables, if nobody says otherwise.
const MIGRATE: &str = "migrate";

#[derive(Clone, Copy, ValueEnum)]
enum Required {
    Ssl,
    X509,
    None,
}

fn reason_of(code: String) -> Result<Reason, String> {
    let mut reasons = Reason::ALL.into_iter();
    reasons.find(|reason| reason.code() == code).ok_or(code)
}

/// Runs the command that was given.
pub(crate) async fn run(CommandLine { command }: CommandLine) -> anyhow::Result<()> {
    match command {
        Command::Up {
            grant: grants,
            names,
            flags,
        } => {
            let database = connect(&flags).await?;
            up(&database, grants).await?;
            if grants {
                grant(&names, &database.pool()).await?;
            }
            Ok(())
        }
        Command::Grant {
            take_back: takes_back,
            names,
            flags,
        } => {
            let database = connect(&flags).await?;
            grant(&names, &database.pool()).await?;
            if takes_back {
                take_back(&names, &database.pool()).await?;
            }
            Ok(())
        }
        Command::Down { steps, flags } => {
            let database = connect(&flags).await?;
            Migrator::down(&database.pool(), Some(steps)).await?;
            print_status(&database.pool()).await
        }
        Command::Status(flags) => print_status(&connect(&flags).await?.pool()).await,
        Command::EndAll { reason, flags } => end_all(reason, &flags).await,
        Command::Accounts(accounts) => {
            print_accounts(&accounts);
            Ok(())
        }
        Command::Config(Config::Check(flags)) => check_settings(&flags),
    }
}

async fn end_all(reason: Reason, flags: &SettingFlags<OfDatabase>) -> anyhow::Result<()> {
    let database = connect(flags).await?;
    database.check_schema().await?;
    let EndedAll {
        secrets,
        taken_back,
    } = database.end_all(reason).await?;
    println!(
        "{secrets} secrets ended; {taken_back} of their messages were not out, and are taken back. Bots tell \
         senders and recipients"
    );
    Ok(())
}

fn check_settings(flags: &SettingFlags<OfDatabase>) -> anyhow::Result<()> {
    let mut reader = Reader::new(Program::Migrate, flags);
    reader.required(&DATABASE_URL);
    check::print(&reader, &mut io::stdout().lock())?;
    Ok(reader.finish()?)
}

async fn connect(flags: &SettingFlags<OfDatabase>) -> anyhow::Result<Database> {
    let mut reader = Reader::new(Program::Migrate, flags);
    let url = reader.required(&DATABASE_URL);
    reader.finish()?;
    let url = url.context("DATABASE_URL is missing")?;
    let database = Database::connect(&url, Program::Migrate)
        .await
        .context("DATABASE_URL")?;
    if let Some(files) = LooseFiles::of(&url) {
        lifecycle::warn(Program::Migrate, &files.warning());
    }
    Ok(database)
}

/// Looks first whether all of it can be done, so that nothing is left half done.
async fn up(database: &Database, grants_next: bool) -> anyhow::Result<()> {
    let connection = &database.pool();
    if is_mysql(connection) {
        let missing = grants::missing_for_doors(database).await?;
        if !missing.is_empty() {
            let missing: Vec<_> = missing.iter().map(grants::Right::to_string).collect();
            bail!(
                "the migrating account may not make stored procedures, and nothing was changed. It \
                 lacks {}: let an administrator run the GRANT ... WITH GRANT OPTION of \
                 `secure-secret-migrate accounts`",
                missing.join(", ")
            );
        }
    }
    let missing = Migrator::get_pending_migrations(connection).await?.len();
    Migrator::up(connection, None).await?;
    println!("{missing} migrations applied; the tables are up to date");
    if is_mysql(connection) {
        let made = doors::make(connection).await?;
        let and_now = if made > 0 && !grants_next {
            ": say who may call them by `secure-secret-migrate grant`"
        } else {
            ""
        };
        println!("{made} stored procedures made{and_now}");
    }
    Ok(())
}

fn is_mysql(connection: &DatabaseConnection) -> bool {
    connection.get_database_backend() == DbBackend::MySql
}

async fn accounts_of(
    names: &AccountNames,
    connection: &DatabaseConnection,
) -> anyhow::Result<Accounts> {
    let question = Statement::from_string(DbBackend::MySql, "SELECT DATABASE()");
    let answer = connection.query_one_raw(question).await?;
    let name: String = answer
        .context("the server did not say which database this is")?
        .try_get_by_index(0)?;
    Ok(accounts(names, &name, MIGRATE))
}

/// Gives each account its rights. Doing it again changes nothing.
async fn grant(names: &AccountNames, connection: &DatabaseConnection) -> anyhow::Result<()> {
    if !is_mysql(connection) {
        println!("SQLite has no accounts; there is nothing to grant");
        return Ok(());
    }
    for statement in accounts_of(names, connection).await?.grants() {
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

/// Takes back what only a version before needed. Doing it again changes nothing.
async fn take_back(names: &AccountNames, connection: &DatabaseConnection) -> anyhow::Result<()> {
    if !is_mysql(connection) {
        return Ok(());
    }
    let mut taken = 0;
    for statement in accounts_of(names, connection).await?.revocations() {
        match connection.execute_unprepared(&statement).await {
            Ok(_) => taken += 1,
            Err(error) => match StoreError::from(error) {
                // There is no such grant, as a whole or to this table.
                StoreError::Refused { code } if code == "1141" || code == "1147" => {}
                error => bail!("{}. It was: {statement}", grant_advice(&error)),
            },
        }
    }
    println!("{taken} rights of before taken back");
    Ok(())
}

fn grant_advice(error: &StoreError) -> String {
    let advice = match error {
        StoreError::Refused { code }
            if ["1142", "1143", "1044", "1370"].contains(&code.as_str()) =>
        {
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
        StoreError::Refused { code } if code == "1305" => {
            "a stored procedure is missing: run `secure-secret-migrate up --grant`"
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
    for (door, wrong) in doors::wrong(connection).await? {
        let status = match wrong {
            Wrong::Missing => "missing",
            Wrong::Changed => "changed",
            Wrong::Foreign => "another account's",
        };
        println!("{status}  stored procedure {}", door.name);
    }
    Ok(())
}

fn print_accounts(told: &AllAccounts) {
    let accounts = accounts(&told.names, &told.database, &told.migrate);
    if told.grants {
        for grant in accounts.grants() {
            println!("{grant};");
        }
        return;
    }
    let require = match told.require {
        Some(Required::Ssl) => Require::Tls,
        Some(Required::X509) => Require::ClientCertificate,
        Some(Required::None) => Require::Nothing,
        None => Require::TlsFromAfar,
    };
    print!("{}", accounts.script(require));
}

fn accounts(names: &AccountNames, database: &str, migrate: &str) -> Accounts {
    let account = |name| Account::parse(name, &names.host);
    Accounts {
        database: database.to_owned(),
        migrate: account(migrate),
        bot: account(&names.bot),
        web: account(&names.web),
    }
}
