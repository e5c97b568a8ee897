//! One connection through the proxy.

use std::{collections::HashSet, io, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    Inside,
    answer::Answer,
    command::Command,
    fault::{DEADLOCK, Fault, state_and_text},
    packet::Packet,
    watch::{Standing, Watched},
};

const COMPRESS: u32 = 1 << 5;
const TLS: u32 = 1 << 11;
const NO_EOFS: u32 = 1 << 24;

/// The way to the server, by socket or by TCP.
pub(super) trait Server: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Server for T {}

/// A connection, past its handshake.
pub(super) struct Line {
    client: TcpStream,
    server: Box<dyn Server>,
    has_eofs: bool,
    standing: Standing,
    /// The numbers of statements made known that are transactions.
    transactions: HashSet<u32>,
}

/// Whether the connection goes on.
enum Next {
    GoesOn,
    IsCut,
}

impl Line {
    /// Passes the handshake on, until the server takes the client; an error if it doesn't.
    pub(super) async fn open(
        mut client: TcpStream,
        mut server: Box<dyn Server>,
    ) -> io::Result<Self> {
        Packet::read(&mut server).await?.write(&mut client).await?;
        let response = Packet::read(&mut client).await?;
        let [a, b, c, d, ..] = response.payload[..] else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let capabilities = u32::from_le_bytes([a, b, c, d]);
        assert_eq!(
            capabilities & (COMPRESS | TLS),
            0,
            "a client of the proxy speaks plainly: ?ssl-mode=DISABLED"
        );
        response.write(&mut server).await?;
        let mut first = [0];
        loop {
            tokio::select! {
                said = Packet::read(&mut server) => {
                    let said = said?;
                    said.write(&mut client).await?;
                    match said.payload.first() {
                        Some(0) => break,
                        Some(0xff) => return Err(io::ErrorKind::PermissionDenied.into()),
                        _ => {}
                    }
                }
                _ = client.peek(&mut first) => {
                    Packet::read(&mut client).await?.write(&mut server).await?;
                }
            }
        }
        Ok(Self {
            client,
            server,
            has_eofs: capabilities & NO_EOFS == 0,
            standing: Standing::default(),
            transactions: HashSet::new(),
        })
    }

    /// Passes commands and answers on until one side ends, or a fault ends it.
    pub(super) async fn carry(mut self, inside: &Inside) -> io::Result<()> {
        loop {
            let mut first = [0];
            // A server that ends a connection says so to a client that asks nothing.
            tokio::select! {
                _ = self.client.peek(&mut first) => {}
                said = Packet::read(&mut self.server) => {
                    said?.write(&mut self.client).await?;
                    continue;
                }
            }
            let asked = Packet::read(&mut self.client).await?;
            let command = match Command::of(&asked.payload) {
                Command::Execute(number) if self.transactions.contains(&number) => {
                    Command::Transaction
                }
                Command::Execute(_) => Command::Statement,
                command => command,
            };
            if command == Command::Unanswered {
                asked.write(&mut self.server).await?;
                continue;
            }
            let trip = self
                .standing
                .trip(command, &asked.payload, &inside.watches());
            let next = match trip {
                Some((watched, Some(fault))) => self.fail(&asked, command, fault, &watched).await?,
                _ => self.pass(&asked, command).await?,
            };
            if matches!(next, Next::IsCut) {
                return Ok(());
            }
        }
    }

    async fn pass(&mut self, asked: &Packet, command: Command) -> io::Result<Next> {
        let mut answer = Answer::to(command, self.has_eofs);
        asked.write(&mut self.server).await?;
        let mut is_first = true;
        loop {
            let said = Packet::read(&mut self.server).await?;
            if std::mem::take(&mut is_first) {
                self.know(command, &said.payload);
            }
            let is_last = answer.ends_with(&said.payload);
            if is_last {
                self.standing.answered(command, answer.is_error);
            }
            said.write(&mut self.client).await?;
            if is_last {
                return Ok(Next::GoesOn);
            }
        }
    }

    /// Remembers the number of a transaction that was made known.
    fn know(&mut self, command: Command, answer: &[u8]) {
        if let (Command::Prepare(is_transaction), [0, a, b, c, d, ..]) = (command, answer) {
            let number = u32::from_le_bytes([*a, *b, *c, *d]);
            if is_transaction {
                self.transactions.insert(number);
            } else {
                self.transactions.remove(&number);
            }
        }
    }

    /// Has the server do it; what it says.
    async fn done(&mut self, asked: &Packet, command: Command) -> io::Result<(Vec<Packet>, bool)> {
        let mut answer = Answer::to(command, self.has_eofs);
        asked.write(&mut self.server).await?;
        let mut said = Vec::new();
        loop {
            let packet = Packet::read(&mut self.server).await?;
            let is_last = answer.ends_with(&packet.payload);
            said.push(packet);
            if is_last {
                return Ok((said, answer.is_error));
            }
        }
    }

    async fn fail(
        &mut self,
        asked: &Packet,
        command: Command,
        fault: Fault,
        watched: &Arc<Watched>,
    ) -> io::Result<Next> {
        match fault {
            Fault::Error(number) => {
                if number == DEADLOCK {
                    let rollback = Packet::query("ROLLBACK");
                    self.done(&rollback, Command::Rollback).await?;
                }
                let (state, text) = state_and_text(number);
                let error = Packet::error(asked.sequence.wrapping_add(1), number, state, text);
                self.standing.answered(command, true);
                watched.is_hit();
                error.write(&mut self.client).await?;
                Ok(Next::GoesOn)
            }
            Fault::CutBefore => {
                watched.is_hit();
                Ok(Next::IsCut)
            }
            Fault::CutAfter => {
                self.done(asked, command).await?;
                watched.is_hit();
                Ok(Next::IsCut)
            }
            Fault::DoneAfterCut(later) => {
                watched.is_hit();
                self.client.shutdown().await.ok();
                tokio::time::sleep(later).await;
                self.done(asked, command).await?;
                Ok(Next::IsCut)
            }
            Fault::Held(hold) => {
                let (said, is_error) = self.done(asked, command).await?;
                watched.is_hit();
                watched.wait(hold).await;
                self.standing.answered(command, is_error);
                for packet in said {
                    packet.write(&mut self.client).await?;
                }
                Ok(Next::GoesOn)
            }
            Fault::Swallowed(hold) => {
                watched.is_hit();
                watched.wait(hold).await;
                Ok(Next::IsCut)
            }
        }
    }
}
