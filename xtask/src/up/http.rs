//! One question over HTTP: does an address answer well. Not a client, only that.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(2);

/// Whether `GET path` is answered with a status of 200–299 within two seconds.
pub fn good(address: SocketAddr, path: &str) -> bool {
    status(address, path).is_ok_and(|status| (200..300).contains(&status))
}

fn status(address: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12]; // as in `HTTP/1.1 200`
    stream.read_exact(&mut head)?;
    let text = String::from_utf8_lossy(&head);
    Ok(text.rsplit(' ').next().and_then(|code| code.parse().ok()).unwrap_or(0))
}
