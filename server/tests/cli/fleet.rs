//! `vexil fleet`: clients that follow a server, and how far they are.

use std::time::Duration;

use vexil_runtime::Client;

use super::{announced, json, revision, run, shell, shop, text};

async fn client(url: &str, name: &str) -> Client {
    let client = Client::builder(url).project("shop").environment("production").name(name);
    let client = client.build().await.unwrap();
    assert!(client.ready(Duration::from_secs(30)).await);
    client
}

#[test]
fn a_fleet_is_waited_for_and_shown() {
    let server = shop();
    announced(&server, revision(&server));
    let place = "fleet -e production";
    assert!(run(&server, place).contains("no client has reported"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (first, second) = runtime
        .block_on(async { (client(&server.url, "one").await, client(&server.url, "two").await) });
    let said = run(&server, &format!("{place} --wait --at-least 2"));
    assert!(said.contains("2 of 2 clients (100 %)"), "{said}");

    run(&server, "flag off checkout-v2 -e production");
    let now = revision(&server);
    run(&server, &format!("{place} --wait --at-least 2 --revision {now}"));
    let fleet = json(&run(&server, &format!("{place} --json")));
    assert_eq!((&fleet["current"], &fleet["revision"]), (&2.into(), &now.into()), "{fleet}");
    assert!(fleet["lag_ms"]["max"].as_u64().is_some(), "both were following: {fleet}");
    let said = run(&server, &format!("{place} --clients"));
    for part in ["one", "two", "READY", "lag p50"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    // What changes nothing here is not waited for, and what is missing is told.
    run(&server, "flag off checkout-v2 -e development");
    let elsewhere = revision(&server);
    run(&server, &format!("{place} --wait --at-least 2 --revision {elsewhere}"));
    let script = format!("vexil {place} --wait --timeout 1 --at-least 3");
    let output = shell(&script, &server.url, std::path::Path::new(".")).output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains("2 clients report, and 3 are waited for"), "{said}");

    runtime.block_on(async {
        first.close().await;
        second.close().await;
    });
    // Nobody comes: the wait ends, and fails.
    let script = format!("vexil {place} --wait --timeout 1");
    let output = shell(&script, &server.url, std::path::Path::new(".")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("no client has reported"));
}
