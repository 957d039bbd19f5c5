//! The network between clients, or writers, and the server: bodies.
//!
//! In: the pieces of a body as the server writes them; a frame of an event stream is one piece. Out:
//! the same late, in two, twice, garbled, cut off in the middle, or followed by nothing for ever.
//! Order is kept, because a connection keeps it; what is of another connection comes when it comes.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::BodyDataStream;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::time::sleep;
use vexil_runtime::transport::{Body, TransportError};

use super::network::{Call, nothing};
use super::server::Death;

/// What comes next of a body.
enum Next {
    Piece(Duration, Bytes),
    Broken(&'static str),
    End,
    Silence,
}

struct Wire {
    call: Call,
    /// `None`: nothing more is read from the server.
    body: Option<BodyDataStream>,
    death: Death,
    coming: VecDeque<Next>,
}

/// A body under way.
pub fn body(call: Call, body: axum::body::Body, death: Death) -> Body {
    let wire = Wire { call, body: Some(body.into_data_stream()), death, coming: VecDeque::new() };
    let pieces = stream::unfold(Some(wire), async |wire| {
        let mut wire = wire?;
        match wire.next().await {
            Some(Ok(piece)) => Some((Ok(piece), Some(wire))),
            Some(Err(error)) => Some((Err(error), None)),
            None => None,
        }
    });
    pieces.boxed()
}

impl Wire {
    async fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        loop {
            match self.coming.pop_front() {
                Some(Next::Piece(pause, bytes)) => {
                    sleep(pause).await;
                    return Some(self.call.reach().await.map(|()| bytes));
                }
                Some(Next::Broken(why)) => return Some(Err(why.into())),
                Some(Next::End) => return None,
                Some(Next::Silence) => return nothing().await,
                None => self.read().await,
            }
        }
    }

    async fn read(&mut self) {
        let Some(body) = &mut self.body else { return self.coming.push_back(Next::End) };
        let piece = tokio::select! {
            biased;
            _ = self.death.wait_for(|dead| *dead) => None,
            piece = body.next() => Some(piece),
        };
        match piece {
            Some(Some(Ok(piece))) => self.pass(&piece),
            Some(_) => self.coming.push_back(Next::End),
            None => {
                self.body = None;
                let end = self.end();
                self.coming.push_back(end);
            }
        }
    }

    /// How a connection ends that nobody closes.
    fn end(&mut self) -> Next {
        match self.call.dice.below(3) {
            0 => {
                self.call.note("the connection is silent from now on");
                Next::Silence
            }
            1 => Next::Broken("connection reset"),
            _ => Next::End,
        }
    }

    fn pass(&mut self, piece: &Bytes) {
        let faults = self.call.world.faults();
        let frame = announcement(piece);
        if let Some(frame) = &frame {
            self.call.world.say(id(frame).parse().unwrap_or_default(), frame);
        }
        let mut piece = piece.clone();
        let is_kept = self.call.client.is_some() && self.call.what != "events";
        if is_kept && !piece.is_empty() && self.call.happens(faults.garbled) {
            let mut bytes = piece.to_vec();
            let (at, bit) = (self.call.dice.below(bytes.len()), self.call.dice.below(8));
            bytes[at] ^= 1 << bit;
            self.call.note(&format!("byte {at} of {} is garbled", bytes.len()));
            piece = bytes.into();
        }
        if self.call.happens(faults.cut) {
            let at = self.call.dice.below(piece.len() + 1);
            self.call.note(&format!("cut after {at} bytes of {}", piece.len()));
            self.send(piece.slice(..at));
            self.body = None;
            let end = self.end();
            return self.coming.push_back(end);
        }
        if self.call.happens(faults.split) {
            let at = self.call.dice.below(piece.len() + 1);
            self.send(piece.slice(..at));
            self.send(piece.slice(at..));
        } else {
            self.send(piece.clone());
        }
        let Some(frame) = frame else { return };
        if self.call.happens(faults.twice) {
            self.call.note("an announcement comes twice");
            self.send(frame);
        }
        if self.call.happens(faults.replayed)
            && let Some(old) = self.call.old_frame()
        {
            self.call.note(&format!("an announcement of before comes again: {}", id(&old)));
            self.send(old);
        }
    }

    fn send(&mut self, piece: Bytes) {
        let pause = self.call.latency();
        self.coming.push_back(Next::Piece(pause, piece));
    }
}

/// The announcement in a piece of an event stream.
fn announcement(piece: &Bytes) -> Option<Bytes> {
    let text = std::str::from_utf8(piece).ok()?;
    let at = text.find("event: announcement\n")?;
    Some(piece.slice(at..))
}

/// The revision of an announcement.
pub fn id(frame: &Bytes) -> &str {
    let text = std::str::from_utf8(frame).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or_default()
}
