//! Ports that nobody else takes.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the range from which the system takes ports by itself, so that no connection that some
/// test makes meanwhile has it.
const FIRST: u16 = 10_240;
const LAST: u16 = 32_000;

/// A port of loopback for a program that must know it before it starts.
///
/// Every call of one process gives another one; processes begin at different places.
#[must_use]
pub fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let range = LAST - FIRST;
    let start = u16::try_from(std::process::id() * 37 % u32::from(range)).unwrap_or(0);
    loop {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed);
        let offset = (u32::from(start) + u32::from(step)) % u32::from(range);
        let port = FIRST + u16::try_from(offset).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
