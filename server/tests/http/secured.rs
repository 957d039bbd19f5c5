//! HTTPS by the server itself.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use vexil_server::access::Mode;
use vexil_server::http::tls::TlsFiles;
use vexil_server::serve::{Options, Running, ServeError, StoreOption, serve};

use crate::server::PATIENCE;

/// A server that speaks HTTPS, and a client that trusts it and nobody else.
async fn secured(folder: &std::path::Path) -> (Running, reqwest::Client) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut options = Options::new(([127, 0, 0, 1], 0).into(), StoreOption::Memory);
    options.access = Mode::Open;
    options.tls = Some(TlsFiles { certificate, key });
    options.drain = Duration::from_millis(100);
    let running = serve(options).await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().timeout(PATIENCE).tls_certs_only([root]);
    (running, client.build().unwrap())
}

#[tokio::test]
async fn with_a_certificate_https_is_spoken_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (running, client) = secured(folder.path()).await;
    let url = running.url();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let answer = client.get(format!("{url}/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // Another connection, whose many answers go through the same writer.
    for _ in 0..3 {
        let document = client.get(format!("{url}/openapi.json")).send().await.unwrap();
        assert_eq!(document.json::<serde_json::Value>().await.unwrap()["openapi"], "3.1.0");
    }

    let stranger = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    assert!(stranger.get(format!("{url}/healthz")).send().await.is_err(), "it is not trusted");
    let mut plain = tokio::net::TcpStream::connect(running.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    running.shutdown().await;
}

#[tokio::test]
async fn without_its_files_there_is_no_server_and_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("vexil.db");
    let mut options = Options::new(([127, 0, 0, 1], 0).into(), StoreOption::Sqlite(store.clone()));
    let absent = folder.path().join("absent.pem");
    options.tls = Some(TlsFiles { certificate: absent.clone(), key: absent });
    assert!(matches!(serve(options).await, Err(ServeError::Tls(_))));
    assert!(!store.exists());
}
