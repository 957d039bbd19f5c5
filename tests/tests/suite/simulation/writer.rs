//! Writers: who changes flags, over the same network.
//!
//! In: times. Out: acknowledged writes. A write whose answer does not come is sent again with the
//! same id until it is acknowledged, however often that takes: it must count once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{Method, Request, header};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use vexil_tests::generate::Dice;

use super::network::Call;
use super::truth::{ENVIRONMENT, OTHER, PROJECT};
use super::world::World;

/// For how long a writer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A write that was acknowledged.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// Its id.
    pub id: Uuid,
    /// The revision after it.
    pub revision: u64,
    /// How many events came of it.
    pub events: usize,
}

/// What is written.
struct Write {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Write {
    fn draw(dice: &mut Dice, first: u64, head: u64) -> Self {
        let environment = if dice.chance(15) { OTHER } else { ENVIRONMENT };
        let flag = |name: &str, end: &str| {
            format!("/v1/projects/{PROJECT}/environments/{environment}/flags/{name}/{end}")
        };
        let post = |path| Self { method: Method::POST, path, body: None };
        let put = |path, body| Self { method: Method::PUT, path, body: Some(body) };
        match dice.below(10) {
            0 | 1 => post(flag("checkout", "enable")),
            2 | 3 => post(flag("checkout", "disable")),
            4..=6 => {
                let on = *dice.one_of(&[25_000, 50_000, 75_000]);
                let split = json!({ "split": { "weights": { "on": on, "off": 100_000 - on } } });
                put(flag("checkout", "fallthrough"), split)
            }
            7 | 8 => {
                let color = *dice.one_of(&["red", "green", "blue"]);
                put(flag("banner", "fallthrough"), color.into())
            }
            _ => {
                // Not further back than to where the flags were there.
                let to = first + dice.below(usize::try_from(head - first + 1).unwrap()) as u64;
                let body = match dice.chance(50) {
                    true => json!({ "to": to, "environment": ENVIRONMENT }),
                    false => json!({ "to": to }),
                };
                let path = format!("/v1/projects/{PROJECT}/revert");
                Self { method: Method::POST, path, body: Some(body) }
            }
        }
    }

    fn request(&self, id: Uuid) -> Request<Bytes> {
        let body = self.body.as_ref().map_or_else(String::new, Value::to_string);
        let request = Request::builder().method(self.method.clone()).uri(self.path.as_str());
        let request = request.header("idempotency-key", id.to_string());
        let request = request.header(header::CONTENT_TYPE, "application/json");
        request.body(body.into()).unwrap()
    }
}

/// Writes at those times, one after the other.
pub async fn run(world: Arc<World>, writer: usize, times: Vec<Duration>) {
    for (number, at) in times.into_iter().enumerate() {
        sleep(at.saturating_sub(world.history.now())).await;
        let mut dice = world.dice([2, writer as u64, number as u64, 0]);
        let half = |dice: &mut Dice| dice.below(usize::MAX) as u64;
        let id = Uuid::from_u64_pair(half(&mut dice), half(&mut dice));
        let write = Write::draw(&mut dice, world.first(), world.head());
        let body = write.body.as_ref().map_or_else(String::new, Value::to_string);
        world.history.note(format!("writer {writer} write {number}: {} {body}", write.path));
        for attempt in 1_u64.. {
            let dice = world.dice([2, writer as u64, number as u64, attempt]);
            let name = format!("writer {writer} write {number} attempt {attempt}");
            let (there, what) = (Arc::clone(&world), String::new());
            let call = Call { world: there, name, what, client: None, dice };
            if ask(call, write.request(id), id).await {
                break;
            }
            sleep(Duration::from_millis(200 * attempt.min(10))).await;
        }
    }
}

/// Asks once; whether there is an answer that settles it.
async fn ask(call: Call, request: Request<Bytes>, id: Uuid) -> bool {
    let (world, name) = (Arc::clone(&call.world), call.name.clone());
    let answer = timeout(PATIENCE, async {
        let response = call.carry(request).await?;
        let status = response.status().as_u16();
        let body: Vec<Bytes> = response.into_body().try_collect().await?;
        Ok::<_, vexil_runtime::transport::TransportError>((status, body.concat()))
    });
    let Ok(Ok((status, body))) = answer.await else { return false };
    let Ok(answer) = serde_json::from_slice::<Value>(&body) else { return false };
    let events = answer["events"].as_array().map(Vec::len);
    let (Some(revision), Some(events)) = (answer["revision"].as_u64(), events) else {
        // A server that ends, or a garbled answer, is asked again; a refusal would be our mistake.
        if (400..500).contains(&status) {
            world.broke(format!("{name} was refused: {answer}"));
        }
        return false;
    };
    world.history.note(format!("{name}: acknowledged, {events} events up to revision {revision}"));
    world.acknowledged(Acknowledged { id, revision, events });
    true
}
