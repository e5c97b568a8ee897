//! A database for each test; on MySQL with the three accounts under which the programs run.

use migration::{
    Migrator, MigratorTrait as _,
    accounts::{Account as Grantee, Accounts},
    doors,
};
use std::path::Path;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, DatabaseConnection, DbErr, Statement, TryGetable,
};
use shared::{
    domain::program::Program,
    store::{Database, StoreError, database_url::DatabaseUrl},
};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use crate::{OwnMySql, environment::mysql_url};

/// The engines that everything runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// MySQL.
    MySql,
}

impl Engine {
    /// As people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::MySql => "MySQL",
        }
    }
}

/// The account of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Creates tables; tests look through it.
    Migrate,
    /// The bot's.
    Bot,
    /// Reveal-web's.
    Web,
}

impl Account {
    /// Whose it is.
    #[must_use]
    pub const fn program(self) -> Program {
        match self {
            Self::Migrate => Program::Migrate,
            Self::Bot => Program::Bot,
            Self::Web => Program::Web,
        }
    }
}

/// A database that is gone after the test.
pub struct TestDatabase {
    /// Its engine.
    pub engine: Engine,
    folder: TempDir,
    name: String,
    /// The MySQL accounts' password, a canary.
    pub password: String,
    /// The MySQL server's administrator.
    server: String,
    admin: Option<DatabaseConnection>,
}

impl TestDatabase {
    /// An empty database with its accounts.
    pub async fn empty(engine: Engine) -> Self {
        let server = match engine {
            Engine::MySql => mysql_url(),
            Engine::Sqlite => String::new(),
        };
        Self::empty_on(engine, server).await
    }

    /// The same on a MySQL server of the test's own, with its tables.
    pub async fn migrated_on(server: &OwnMySql) -> Self {
        let database = Self::empty_on(Engine::MySql, server.url()).await;
        database.migrate().await;
        database
    }

    /// The same without tables.
    pub async fn empty_on_server(server: &OwnMySql) -> Self {
        Self::empty_on(Engine::MySql, server.url()).await
    }

    async fn empty_on(engine: Engine, server: String) -> Self {
        let id = Uuid::now_v7().simple().to_string();
        let mut database = Self {
            engine,
            folder: tempfile::tempdir().unwrap(),
            name: format!("t{}", &id[12..]),
            password: format!("canary-password-{id}"),
            server,
            admin: None,
        };
        if engine == Engine::MySql {
            let admin = connect(&database.server).await;
            execute(&admin, &format!("CREATE DATABASE {}", database.name)).await;
            for account in [Account::Migrate, Account::Bot, Account::Web] {
                let create = format!(
                    "CREATE USER '{}'@'%' IDENTIFIED BY '{}'",
                    database.account(account),
                    database.password
                );
                execute(&admin, &create).await;
            }
            execute(&admin, &database.accounts().schema_grant()).await;
            database.admin = Some(admin);
        }
        database
    }

    /// A database with its tables, and with the rights to them.
    pub async fn migrated(engine: Engine) -> Self {
        let database = Self::empty(engine).await;
        database.migrate().await;
        database
    }

    async fn migrate(&self) {
        let store = self.store().await;
        Migrator::up(&store.pool(), None).await.unwrap();
        doors::make(&store.pool()).await.unwrap();
        self.grant().await;
    }

    /// Gives the programs' accounts their rights, which MySQL ties to tables that exist.
    pub async fn grant(&self) {
        if let Some(admin) = &self.admin {
            for grant in &self.accounts().grants() {
                execute(admin, grant).await;
            }
        }
    }

    /// `DATABASE_URL` for a program.
    #[must_use]
    pub fn url(&self, account: Account) -> String {
        match self.engine {
            Engine::Sqlite => {
                format!("sqlite://{}/test.db?mode=rwc", self.folder.path().display())
            }
            Engine::MySql => {
                let mut url = Url::parse(&self.server).unwrap();
                url.set_username(&self.account(account)).unwrap();
                url.set_password(Some(&self.password)).unwrap();
                url.set_path(&self.name);
                url.to_string()
            }
        }
    }

    /// The same for a MySQL database that is on several servers, at these ports of this machine.
    #[must_use]
    pub fn url_at(&self, account: Account, ports: &[u16]) -> String {
        let hosts: Vec<_> = ports
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        let (user, hosts) = (self.account(account), hosts.join(","));
        format!("mysql://{user}:{}@{hosts}/{}", self.password, self.name)
    }

    /// The store as a program sees it that may do anything.
    pub async fn store(&self) -> Database {
        self.store_of(Account::Migrate).await
    }

    /// The store under an account.
    pub async fn store_of(&self, account: Account) -> Database {
        let url = DatabaseUrl::parse(&self.url(account)).unwrap();
        Database::connect(&url, account.program()).await.unwrap()
    }

    /// Runs a statement under an account. The programs may be at work on the same rows: what lost
    /// a deadlock to them did nothing, and is said again.
    pub async fn run(&self, account: Account, sql: &str) -> Result<u64, DbErr> {
        let connection = connect(&self.url(account)).await;
        let done = loop {
            match connection.execute_unprepared(sql).await {
                Err(error) if StoreError::from(error.clone()) == StoreError::Deadlock => {}
                done => break done,
            }
        };
        connection.close().await.unwrap();
        done.map(|done| done.rows_affected())
    }

    /// A connection that is kept, for locks and for transactions.
    pub async fn session(&self) -> DatabaseConnection {
        connect(&self.url(Account::Migrate)).await
    }

    /// The same as the MySQL server's administrator.
    pub async fn admin_session(&self) -> DatabaseConnection {
        connect(&self.server).await
    }

    /// The same, as a URL.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        &self.server
    }

    /// The folder of an SQLite database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database's name on its MySQL server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection that is kept, if the database is there.
    pub async fn try_session(&self) -> Option<DatabaseConnection> {
        try_connect(&self.url(Account::Migrate)).await
    }

    /// The one number that a query gives.
    pub async fn count(&self, sql: &str) -> i64 {
        value(&self.url(Account::Migrate), sql).await
    }

    /// The one number that a query of the MySQL server's administrator gives.
    pub async fn admin_count(&self, sql: &str) -> i64 {
        value(&self.server, sql).await
    }

    /// The one text that a query of the MySQL server's administrator gives.
    pub async fn admin_text(&self, sql: &str) -> String {
        value(&self.server, sql).await
    }

    /// The one text that a query gives.
    pub async fn text(&self, sql: &str) -> String {
        value(&self.url(Account::Migrate), sql).await
    }

    /// Everything that is in the audit log, as text.
    pub async fn audit_text(&self) -> String {
        let filter = shared::store::audit::Filter {
            secret: None,
            within: None,
            limit: 100_000,
        };
        let entries = shared::store::audit::list(&self.store().await, filter)
            .await
            .unwrap();
        format!("{entries:?}")
    }

    /// The bytes of SQLite's files; nothing on MySQL.
    #[must_use]
    pub fn raw_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default())
            .collect()
    }

    /// SQLite's file, with everything in it that was written.
    pub async fn main_file(&self) -> Vec<u8> {
        self.run(Account::Migrate, "PRAGMA wal_checkpoint(TRUNCATE)")
            .await
            .unwrap();
        std::fs::read(self.folder.path().join("test.db")).unwrap()
    }

    /// An account's name, unique to this test.
    #[must_use]
    pub fn account(&self, account: Account) -> String {
        let prefix = match account {
            Account::Migrate => "m",
            Account::Bot => "b",
            Account::Web => "w",
        };
        format!("{prefix}{}", self.name)
    }

    fn accounts(&self) -> Accounts {
        let account = |account| Grantee::new(&self.account(account), "%");
        Accounts {
            database: self.name.clone(),
            migrate: account(Account::Migrate),
            bot: account(Account::Bot),
            web: account(Account::Web),
        }
    }

    /// Removes a MySQL database with its accounts; SQLite's folder goes by itself.
    pub async fn remove(self) {
        if let Some(admin) = &self.admin {
            execute(admin, &format!("DROP DATABASE {}", self.name)).await;
            for account in [Account::Migrate, Account::Bot, Account::Web] {
                execute(admin, &format!("DROP USER '{}'@'%'", self.account(account))).await;
            }
        }
    }
}

async fn value<T: TryGetable>(url: &str, sql: &str) -> T {
    let connection = connect(url).await;
    let backend = connection.get_database_backend();
    let statement = Statement::from_string(backend, sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    let value = row.try_get_by_index(0).unwrap();
    connection.close().await.unwrap();
    value
}

/// A connection of one's own. It lives as long as it is kept: with a time limit, sqlx's pool has a
/// task that can keep a thread busy for ever (see `shared::store::Database::connect`).
pub async fn connect(url: &str) -> DatabaseConnection {
    sea_orm::Database::connect(session_options(url))
        .await
        .unwrap()
}

/// The same, if there is somebody.
pub(crate) async fn try_connect(url: &str) -> Option<DatabaseConnection> {
    sea_orm::Database::connect(session_options(url)).await.ok()
}

fn session_options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false);
    options
}

pub(crate) async fn execute(connection: &DatabaseConnection, sql: &str) {
    connection
        .execute_unprepared(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
