//! A way to a MySQL server on which round trips go wrong, by what they are for and not by what
//! their statements say.
//!
//! A test watches one operation of a program ([`MySqlProxy::watch`]) and says which of its round
//! trips goes wrong, and how; what the program does besides goes on.

mod answer;
mod command;
mod fault;
mod line;
mod packet;
mod watch;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, Weak},
};

use tokio::{
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch::{Sender, channel},
    task::AbortHandle,
};
use url::Url;

pub use self::{
    fault::{DEADLOCK, Fault, Hold, INTERRUPTED, LOCK_WAIT_TIMEOUT},
    watch::{Aim, Trip, Watch, Whose},
};
use self::{line::Line, packet::Packet, watch::Watched};
use crate::{Account, TestDatabase};

/// A way to a MySQL server.
pub struct MySqlProxy {
    address: SocketAddr,
    inside: Arc<Inside>,
    accepting: AbortHandle,
}

/// What connections share.
struct Inside {
    server: Place,
    watches: Mutex<Vec<Weak<Watched>>>,
    welcome: Sender<Welcome>,
}

/// How new connections are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// As the server does.
    Usual,
    /// They are cut at once.
    Cut,
    /// They are cut once the server has said who it is.
    CutAfterGreeting,
    /// Nothing is said to them.
    Silence,
}

/// Where the server is.
enum Place {
    Socket(PathBuf),
    Tcp(String),
}

impl MySqlProxy {
    /// A way to the server of a database.
    pub async fn before(database: &TestDatabase) -> Self {
        let server = Place::of(&database.url(Account::Migrate));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside {
            server,
            watches: Mutex::default(),
            welcome: channel(Welcome::Usual).0,
        });
        let accepted = Arc::clone(&inside);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let inside = Arc::clone(&accepted);
                // Either side's end is the connection's.
                tokio::spawn(async move { inside.carry(client).await.ok() });
            }
        });
        Self {
            address,
            inside,
            accepting: accepting.abort_handle(),
        }
    }

    /// `DATABASE_URL` for a program.
    ///
    /// MySQL takes an account's password over a plain connection only if it knows it from a
    /// protected one: that is made first.
    pub async fn url(&self, database: &TestDatabase, account: Account) -> String {
        let url = database.url(account);
        crate::connect(&url).await.close().await.unwrap();
        let mut url = Url::parse(&url).unwrap();
        url.set_host(Some(&self.address.ip().to_string())).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.set_query(Some("ssl-mode=DISABLED"));
        url.to_string()
    }

    /// Its port, on this machine.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts every connection, as a failover does, and meets new ones so from now on.
    pub fn cut_all(&self, welcome: Welcome) {
        self.inside.welcome.send_replace(welcome);
    }

    /// Watches an operation from now on: what names any of these in its parameters, and
    /// transactions.
    #[must_use]
    pub fn watch(&self, whose: Whose, names: &[&[u8]], aims: &[(Aim, Fault)]) -> Watch {
        let watch = Watch::new(whose, names, aims);
        let mut watches = self.inside.watches.lock().unwrap();
        watches.retain(|watch| watch.strong_count() > 0);
        watches.push(watch.seen_by());
        watch
    }
}

impl Drop for MySqlProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Place {
    fn of(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let mut query = url.query_pairs();
        match query.find(|(name, _)| name == "socket") {
            Some((_, path)) => Self::Socket(path.into_owned().into()),
            None => Self::Tcp(format!(
                "{}:{}",
                url.host_str().unwrap(),
                url.port().unwrap_or(3306)
            )),
        }
    }
}

impl Inside {
    /// Carries a connection until it ends, or all are cut.
    async fn carry(&self, client: TcpStream) -> std::io::Result<()> {
        let mut welcome = self.welcome.subscribe();
        let met = *welcome.borrow_and_update();
        tokio::select! {
            carried = self.meet(client, met) => carried,
            _ = welcome.changed() => Ok(()),
        }
    }

    async fn meet(&self, mut client: TcpStream, welcome: Welcome) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        match welcome {
            Welcome::Usual => {}
            Welcome::Cut => return Ok(()),
            Welcome::CutAfterGreeting => {
                let mut server = self.server().await?;
                return Packet::read(&mut server).await?.write(&mut client).await;
            }
            Welcome::Silence => std::future::pending().await,
        }
        let server = self.server().await?;
        Line::open(client, server).await?.carry(self).await
    }

    async fn server(&self) -> std::io::Result<Box<dyn line::Server>> {
        let server: Box<dyn line::Server> = match &self.server {
            Place::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Place::Tcp(address) => {
                let server = TcpStream::connect(address).await?;
                server.set_nodelay(true)?;
                Box::new(server)
            }
        };
        Ok(server)
    }

    fn watches(&self) -> Vec<Arc<Watched>> {
        let watches = self.watches.lock().unwrap();
        let known = watches.iter().filter_map(Weak::upgrade);
        known.filter(|watch| watch.is_on()).collect()
    }
}
