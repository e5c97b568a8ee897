//! The command line: `up`, `down`, `status`, `accounts`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "answers go to the terminal"
)]

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};
use migration::{Migrator, MigratorTrait as _, accounts::Accounts};
use sea_orm_migration::{MigrationStatus, sea_orm::DatabaseConnection};
use shared::{
    settings::{self, DatabaseUrl, Reader, definitions::DATABASE_URL},
    store::Database,
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
        .subcommand(
            Command::new("accounts")
                .about("Prints the SQL of the three MySQL accounts with their rights")
                .arg(
                    Arg::new("database")
                        .long("database")
                        .value_name("NAME")
                        .default_value("secure_secret")
                        .help("The database (schema) of the tables"),
                )
                .arg(
                    Arg::new("host")
                        .long("host")
                        .value_name("HOST")
                        .default_value("%")
                        .help("From where the accounts may connect"),
                ),
        )
}

/// Runs the command that was given.
pub(crate) async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    match matches.subcommand() {
        Some(("accounts", matches)) => {
            print_accounts(matches);
            Ok(())
        }
        Some((name, matches)) => {
            let database = connect(matches).await?;
            migrate(name, matches, database.connection()).await
        }
        None => Ok(()),
    }
}

/// Says what went wrong.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("secure-secret-migrate: {error:#}");
}

async fn connect(matches: &ArgMatches) -> anyhow::Result<Database> {
    let mut reader = Reader::new(matches);
    let url = reader.required(&DATABASE_URL, DatabaseUrl::parse);
    reader.finish()?;
    let url = url.context("DATABASE_URL is missing")?;
    Database::connect(&url)
        .await
        .context("DATABASE_URL: is the server up, and are host, name and password right?")
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
        }
        "down" => {
            let steps = matches.get_one::<u32>("steps").copied().unwrap_or(1);
            Migrator::down(connection, Some(steps)).await?;
            print_status(connection).await?;
        }
        _ => print_status(connection).await?,
    }
    Ok(())
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
    let text = |id| matches.get_one::<String>(id).map_or("", String::as_str);
    print!(
        "{}",
        Accounts::named(text("database"), text("host")).script()
    );
}
