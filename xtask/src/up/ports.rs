//! Ports that nobody uses.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

use crate::show;

/// The port asked for, or fails when it is taken; else the usual one, else a free one.
/// `not` is an address that is promised already.
pub fn choose(
    who: &str,
    asked: Option<u16>,
    usual: u16,
    not: Option<SocketAddr>,
) -> Result<SocketAddr> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let is_free = |port| Some(at(port)) != not && TcpListener::bind(at(port)).is_ok();
    if let Some(port) = asked {
        let taken = || format!("port {port} for {who} is in use; choose another, or none");
        return is_free(port).then(|| at(port)).with_context(taken);
    }
    if is_free(usual) {
        return Ok(at(usual));
    }
    let free = TcpListener::bind(at(0)).context("no port is free")?.local_addr()?;
    println!("{}", show::faint(format!("port {usual} is in use; {who} takes {}", free.port())));
    Ok(free)
}
