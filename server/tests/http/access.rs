//! Who may do what: every route with every kind of key, and the life of keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use vexil_server::access::Mode;
use vexil_server::http::table;
use vexil_server::limits::Rate;
use vexil_server::serve::{Options, StoreOption};

use crate::server::{Answer, PRODUCTION, Server, shop};
use crate::streams::Stream;

/// A server that asks for keys, with [`shop`], and the first key.
pub async fn guarded() -> (Server, String) {
    guarded_with(|_| {}).await
}

async fn guarded_with(edit: impl FnOnce(&mut Options)) -> (Server, String) {
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.access = Mode::Keys;
        edit(options);
    })
    .await;
    let root = server.running.admin.as_ref().unwrap().reveal().to_owned();
    let apply = server.request_as(&root, Method::POST, "/v1/projects/shop/apply").json(&shop());
    server.send(apply).await.good();
    let bank = json!({ "key": "bank", "environments": ["production"] });
    server.send(server.request_as(&root, Method::POST, "/v1/projects").json(&bank)).await.good();
    for project in ["shop", "bank"] {
        let head = format!("/v1/projects/{project}/environments/production/head");
        loop {
            let answer = server.send(server.request_as(&root, Method::GET, &head)).await;
            if answer.status == 200 {
                break;
            }
        }
    }
    (server, root)
}

async fn create(server: &Server, by: &str, key: &Value) -> Answer {
    server.send(server.request_as(by, Method::POST, "/v1/keys").json(key)).await
}

/// A new key: its token and id.
pub async fn key(server: &Server, root: &str, kind: &str, scope: &str) -> (String, String) {
    let mut new = json!({ "kind": kind, "name": format!("{kind} of {scope}") });
    let (project, environments) = match scope.split_once('/') {
        Some((project, environment)) => (project, Some(vec![environment])),
        None => (scope, None),
    };
    if project != "all" {
        new["project"] = project.into();
    }
    if let Some(environments) = environments {
        new["environments"] = environments.into();
    }
    if kind == "browser" {
        new["origins"] = json!(["https://shop.example"]);
    }
    let made = create(server, root, &new).await.good();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["token"]), text(&made["key"]["id"]))
}

/// Who asks, as the columns of the matrix.
const ASKERS: [&str; 19] = [
    "nobody",
    "admin all",
    "admin shop",
    "admin bank",
    "editor all",
    "editor shop",
    "editor shop/production",
    "editor shop/development",
    "editor bank",
    "viewer all",
    "viewer shop",
    "viewer bank",
    "server shop",
    "server shop/production",
    "server shop/development",
    "server bank",
    "browser shop/production",
    "browser shop/development",
    "browser bank/production",
];

/// The path of a route in the shop's production, at things that are not there: what is let in
/// changes nothing.
fn path(route: &str) -> String {
    let parts = [
        ("{p}", "shop"),
        ("{e}", "production"),
        ("{f}", "absent"),
        ("{s}", "absent"),
        ("{id}", "absent"),
        ("{file}", "absent.wasm"),
        ("{digest}", "absent"),
    ];
    let path = parts.iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{route} has a parameter that this test does not know");
    path
}

/// `+` let in, `-` refused for its key, `?` asked for a key.
async fn outcome(server: &Server, token: Option<&str>, method: &Method, route: &str) -> char {
    let path = path(route);
    let request = match token {
        Some(token) => server.request_as(token, method.clone(), &path),
        None => server.request(method.clone(), &path),
    };
    let request = match *method {
        // It is no JSON, so that nothing comes of it.
        Method::POST | Method::PUT => request.header("content-type", "application/json").body("{"),
        _ => request,
    };
    // A stream would not end.
    let response = request.send().await.unwrap();
    match response.status().as_u16() {
        401 => '?',
        403 => '-',
        _ => '+',
    }
}

/// Every route × every asker, as `tests/cases/access/matrix.txt` has it. A route that is not there
/// changes the table, and fails the test; `BLESS=1` rewrites it: read the difference.
#[tokio::test]
async fn every_route_lets_in_whom_the_matrix_says() {
    let (server, root) = guarded().await;
    let mut tokens = BTreeMap::new();
    for asker in ASKERS.iter().skip(1) {
        let (kind, scope) = asker.split_once(' ').unwrap();
        tokens.insert(*asker, key(&server, &root, kind, scope).await.0);
    }
    let mut matrix = String::new();
    for (number, asker) in ASKERS.iter().enumerate() {
        writeln!(matrix, "{}{asker}", "  ".repeat(number)).unwrap();
    }
    let bars: Vec<&str> = ASKERS.iter().map(|_| "|").collect();
    writeln!(matrix, "{}", bars.join(" ")).unwrap();
    for (method, route, _) in table() {
        let mut line = String::new();
        for asker in ASKERS {
            let token = tokens.get(asker).map(String::as_str);
            let outcome = outcome(&server, token, &method, &route).await;
            write!(line, "{outcome} ").unwrap();
        }
        writeln!(matrix, "{line}  {method} {route}").unwrap();
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/access/matrix.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &matrix).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(matrix, expected, "see {}", file.display());
}

#[tokio::test]
async fn who_shows_a_bad_key_learns_nothing_from_the_answer() {
    let (server, root) = guarded().await;
    let (good, id) = key(&server, &root, "viewer", "shop").await;
    let mut forged = good.clone();
    let at = good.len() - 20;
    forged.replace_range(at..=at, if &good[at..=at] == "x" { "y" } else { "x" });
    let ask = |token: String| server.request_as(&token, Method::GET, "/v1/projects/shop");
    let mut answers = Vec::new();
    for token in [forged, "vxl_viewer_0000000000_x".into(), "x".into(), id] {
        let answer = server.send(ask(token)).await;
        answer.refused(401, "unauthenticated");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        answers.push(answer.json()["detail"].clone());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // A project that is out of scope is refused like one that is not there.
    for project in ["bank", "absent"] {
        let path = format!("/v1/projects/{project}");
        let answer = server.send(server.request_as(&good, Method::GET, &path)).await;
        let problem = answer.refused(403, "forbidden");
        assert!(problem["detail"].as_str().unwrap().contains(project));
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_and_its_streams_end_at_once() {
    let (server, root) = guarded().await;
    let (token, id) = key(&server, &root, "server", "shop/production").await;
    let (other, _) = key(&server, &root, "server", "shop/production").await;
    let events = format!("{PRODUCTION}/events");
    let mut stream = Stream::of(server.request_as(&token, Method::GET, &events)).await;
    let mut others = Stream::of(server.request_as(&other, Method::GET, &events)).await;
    stream.announcement().await;
    others.announcement().await;
    let path = format!("/v1/keys/{id}");
    server.send(server.request_as(&root, Method::DELETE, &path)).await.good();
    while let Some(frame) = stream.next().await {
        assert_eq!(frame.event, None, "nothing is announced to it any more");
    }
    let head = format!("{PRODUCTION}/head");
    server
        .send(server.request_as(&token, Method::GET, &head))
        .await
        .refused(401, "unauthenticated");
    server.send(server.request_as(&other, Method::GET, &head)).await.good();
    let enable = format!("{PRODUCTION}/flags/checkout/disable");
    server.send(server.request_as(&root, Method::POST, &enable)).await.good();
    others.announcement().await;
}

#[tokio::test]
async fn a_key_is_rotated_without_a_gap() {
    let (server, root) = guarded().await;
    let (old, id) = key(&server, &root, "server", "shop/production").await;
    let path = format!("/v1/keys/{id}/rotate");
    let head = format!("{PRODUCTION}/head");
    let rotated = server.send(server.request_as(&root, Method::POST, &path)).await.good();
    let new = rotated["token"].as_str().unwrap();
    assert!(rotated["key"]["old_secret_until"].is_string());
    for token in [old.as_str(), new] {
        server.send(server.request_as(token, Method::GET, &head)).await.good();
    }
    let now = server.request_as(&root, Method::POST, &path).json(&json!({ "overlap_s": 0 }));
    server.send(now).await.good();
    for token in [old.as_str(), new] {
        let answer = server.send(server.request_as(token, Method::GET, &head)).await;
        answer.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn pages_get_modules_for_pages_only() {
    let (server, root) = guarded().await;
    let visible = json!({ "kind": "boolean", "client_visible": true });
    let put = server.request_as(&root, Method::PUT, "/v1/projects/shop/flags/banner");
    server.send(put.json(&visible)).await.good();
    let (page, _) = key(&server, &root, "browser", "shop/production").await;
    let (service, _) = key(&server, &root, "server", "shop/production").await;
    let (elsewhere, _) = key(&server, &root, "server", "bank").await;
    let head = format!("{PRODUCTION}/head");
    let of = |token: String| {
        let request = server.request_as(&token, Method::GET, &head);
        let server = &server;
        async move {
            loop {
                // The first page to ask waits for the compiler.
                let answer = server.send(request.try_clone().unwrap()).await;
                if answer.status != 503 {
                    return answer.good();
                }
            }
        }
    };
    let (for_pages, for_services) = (of(page.clone()).await, of(service.clone()).await);
    assert_ne!(for_pages["digest"], for_services["digest"]);
    let fetch = |token: &str, head: &Value| {
        let url = head["url"].as_str().unwrap();
        server.send(server.request_as(token, Method::GET, url))
    };
    let module = fetch(&page, &for_pages).await;
    assert_eq!(module.status, 200);
    assert!(module.header("cache-control").starts_with("public"));
    let holds = |needle: &[u8]| module.bytes.windows(needle.len()).any(|part| part == needle);
    assert!(holds(b"banner") && !holds(b"checkout"), "only what pages may see");
    fetch(&page, &for_services).await.refused(404, "unknown-module");
    let module = fetch(&service, &for_services).await;
    assert!(module.header("cache-control").starts_with("private"));
    fetch(&elsewhere, &for_services).await.refused(404, "unknown-module");
    let print = |token: &str, head: &Value, flag: &str| {
        let digest = head["digest"].as_str().unwrap();
        let path = format!("/v1/modules/{digest}/wat?flag={flag}");
        let request = server.request_as(token, Method::GET, &path);
        server.send(request.header("origin", "https://shop.example"))
    };
    let code = print(&page, &for_pages, "banner").await;
    assert_eq!(code.status, 200);
    assert_eq!(code.header("access-control-allow-origin"), "https://shop.example");
    print(&page, &for_pages, "checkout").await.refused(404, "unknown-flag");
    print(&page, &for_services, "checkout").await.refused(404, "unknown-module");
    print(&elsewhere, &for_services, "checkout").await.refused(404, "unknown-module");
    assert_eq!(print(&service, &for_services, "checkout").await.status, 200);
    let asks = server.request_as(&page, Method::GET, &format!("{head}?audience=server"));
    server.send(asks).await.refused(403, "forbidden");

    // A change of what pages do not see is not told to them by name.
    let events = format!("{PRODUCTION}/events");
    let mut stream = Stream::of(server.request_as(&page, Method::GET, &events)).await;
    stream.announcement().await;
    let disable = format!("{PRODUCTION}/flags/checkout/disable");
    server.send(server.request_as(&root, Method::POST, &disable)).await.good();
    assert_eq!(stream.announcement().await["changed"], json!([]));
    let enable = format!("{PRODUCTION}/flags/banner/enable");
    server.send(server.request_as(&root, Method::POST, &enable)).await.good();
    assert_eq!(stream.announcement().await["changed"], json!(["banner"]));
}

#[tokio::test]
async fn pages_show_their_key_in_the_url_and_come_from_their_origins() {
    let (server, root) = guarded().await;
    let (page, _) = key(&server, &root, "browser", "shop/production").await;
    let head = format!("{PRODUCTION}/head?key={page}");
    let from = |origin: &str| server.request(Method::GET, &head).header("origin", origin);
    let own = loop {
        let answer = server.send(from("https://shop.example")).await;
        if answer.status != 503 {
            break answer;
        }
    };
    own.good();
    assert_eq!(own.header("access-control-allow-origin"), "https://shop.example");
    assert!(own.header("access-control-expose-headers").contains("etag"));
    let strange = server.send(from("https://evil.example")).await;
    strange.refused(403, "forbidden");

    let preflight = |origin: &str| {
        let request = server.request(Method::OPTIONS, &format!("{PRODUCTION}/head"));
        let request = request.header("origin", origin);
        request.header("access-control-request-method", "GET")
    };
    let asked = server.send(preflight("https://shop.example")).await;
    assert_eq!(asked.status, 204);
    assert!(asked.header("access-control-allow-headers").contains("authorization"));
    let asked = server.send(preflight("https://evil.example")).await;
    assert!(!asked.headers.contains_key("access-control-allow-origin"));

    let secret = format!("{PRODUCTION}/head?key={root}");
    let problem = server.get(&secret).await.refused(400, "malformed-request");
    assert!(problem["detail"].as_str().unwrap().contains("rotate"));
    assert!(!problem.to_string().contains(&root));
}

#[tokio::test]
async fn a_write_tells_who_did_it_from_where_and_under_which_request() {
    let (server, root) = guarded().await;
    let (editor, id) = key(&server, &root, "editor", "shop").await;
    let enable = format!("{PRODUCTION}/flags/limit/disable?comment=too+dear");
    let request = server.request_as(&editor, Method::POST, &enable);
    server.send(request.header("x-request-id", "req-7")).await.good();
    let log = server.request_as(&editor, Method::GET, "/v1/projects/shop/log?flag=limit");
    let log = server.send(log).await.good();
    let event = log["events"].as_array().unwrap().last().unwrap();
    assert_eq!(event["actor"], "editor of shop");
    assert_eq!(event["comment"], "too dear");
    let via = json!({ "address": "127.0.0.1", "key": id, "request": "req-7" });
    assert_eq!(event["via"], via);

    // A key speaks for itself.
    let other = server.request_as(&editor, Method::POST, &enable).header("vexil-actor", "eva");
    server.send(other).await.refused(403, "forbidden");
    let gateway = json!({ "kind": "editor", "name": "gateway", "names_actors": true });
    let made = create(&server, &root, &gateway).await.good();
    let gateway = made["token"].as_str().unwrap();
    let enable = format!("{PRODUCTION}/flags/limit/enable");
    let request = server.request_as(gateway, Method::POST, &enable).header("vexil-actor", "eva");
    server.send(request).await.good();
    let log = server.request_as(&editor, Method::GET, "/v1/projects/shop/log?actor=eva");
    let log = server.send(log).await.good();
    assert_eq!(log["events"][0]["via"]["key"], made["key"]["id"]);
}

#[tokio::test]
async fn an_environments_editor_reverts_its_environment_only() {
    let (server, root) = guarded().await;
    let (editor, _) = key(&server, &root, "editor", "shop/production").await;
    let revert = |body: Value| {
        server.request_as(&editor, Method::POST, "/v1/projects/shop/revert").json(&body)
    };
    server.send(revert(json!({ "to": 1 }))).await.refused(403, "forbidden");
    let other = json!({ "to": 1, "environment": "development" });
    server.send(revert(other)).await.refused(403, "forbidden");
    let disable = format!("{PRODUCTION}/flags/limit/disable");
    let done = server.send(server.request_as(&editor, Method::POST, &disable)).await.good();
    let to = done["revision"].as_u64().unwrap() - 1;
    let own = json!({ "to": to, "environment": "production" });
    server.send(revert(own)).await.good();
}

#[tokio::test]
async fn keys_are_listed_without_secrets_to_those_who_may_see_them() {
    let (server, root) = guarded().await;
    let (admin, _) = key(&server, &root, "admin", "shop").await;
    key(&server, &root, "server", "bank").await;
    let (own, id) = key(&server, &admin, "server", "shop").await;
    let list = |token: &str| server.request_as(token, Method::GET, "/v1/keys");
    let all = server.send(list(&root)).await.good();
    assert_eq!(all["keys"].as_array().unwrap().len(), 4);
    let seen = server.send(list(&admin)).await.good();
    let names: Vec<&str> =
        seen["keys"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin of shop", "server of shop"]);
    for secret in [&root, &admin, &own] {
        assert!(!all.to_string().contains(&secret[secret.len() - 20..]));
    }
    let whoami = server.send(server.request_as(&own, Method::GET, "/v1/keys/self")).await.good();
    assert_eq!((&whoami["id"], &whoami["kind"]), (&json!(id), &json!("server")));
    let log = server.send(server.request_as(&admin, Method::GET, "/v1/access/log")).await.good();
    assert_eq!(log["events"].as_array().unwrap().len(), 2);
    let verify = server.request_as(&root, Method::GET, "/v1/access/log/verify");
    assert_eq!(server.send(verify).await.good()["ok"], true);
    // The log of access is no project.
    let project = server.request_as(&root, Method::GET, "/v1/projects/$access/log");
    server.send(project).await.refused(404, "unknown-project");
    let apply = server.request_as(&root, Method::POST, "/v1/projects/$access/apply");
    server.send(apply.json(&json!({"format": "vexil/1"}))).await.refused(422, "invalid-flags");
}

#[tokio::test]
async fn bad_keys_are_refused_with_what_is_wrong() {
    let (server, root) = guarded().await;
    for (new, status, end, part) in [
        (json!({ "kind": "root", "name": "x" }), 400, "malformed-request", "no kind of key"),
        (json!({ "kind": "server", "name": "x" }), 422, "invalid-key", "one project"),
        (json!({ "kind": "viewer", "name": " " }), 422, "invalid-key", "name of a key"),
        (
            json!({ "kind": "viewer", "name": "x", "expires": "soon" }),
            400,
            "malformed-request",
            "RFC 3339",
        ),
        (
            json!({ "kind": "viewer", "name": "x", "expires": "2020-01-01T00:00:00Z" }),
            422,
            "invalid-key",
            "in the past",
        ),
        (json!({ "kind": "viewer" }), 400, "malformed-request", "name"),
    ] {
        let problem = create(&server, &root, &new).await.refused(status, end);
        assert!(problem["detail"].as_str().unwrap().contains(part), "{problem}");
    }
    let absent = server.request_as(&root, Method::DELETE, "/v1/keys/absent");
    server.send(absent).await.refused(404, "unknown-key");
    let own = server.send(server.request_as(&root, Method::GET, "/v1/keys/self")).await.good();
    let last = format!("/v1/keys/{}", own["id"].as_str().unwrap());
    server.send(server.request_as(&root, Method::DELETE, &last)).await.refused(409, "in-use");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back_and_others_go_on() {
    let (server, root) =
        guarded_with(|options| options.rates.reads = Rate { burst: 5, per_minute: 6 }).await;
    let (one, _) = key(&server, &root, "viewer", "shop").await;
    let (other, _) = key(&server, &root, "viewer", "shop").await;
    let ask = |token: &str| server.send(server.request_as(token, Method::GET, "/v1/projects/shop"));
    let mut left = Vec::new();
    for _ in 0..5 {
        let answer = ask(&one).await;
        answer.good();
        assert_eq!(answer.header("ratelimit-policy"), "\"reads\";q=5;w=50");
        left.push(answer.header("ratelimit").to_owned());
    }
    assert_eq!((left[0].as_str(), left[4].as_str()), ("\"reads\";r=4", "\"reads\";r=0"));
    let refused = ask(&one).await;
    refused.refused(429, "too-many-requests");
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert!(refused.header("ratelimit").ends_with(&format!(";t={wait}")));
    ask(&other).await.good();
}

#[tokio::test]
async fn who_guesses_keys_is_held_back_and_good_keys_are_not() {
    let (server, root) =
        guarded_with(|options| options.rates.failures = Rate { burst: 3, per_minute: 3 }).await;
    let guess = || server.send(server.request_as("vxl_guess", Method::GET, "/v1/projects"));
    for _ in 0..3 {
        guess().await.refused(401, "unauthenticated");
    }
    guess().await.refused(429, "too-many-requests");
    let metrics = server.send(server.request_as(&root, Method::GET, "/metrics")).await;
    for line in [
        "vexil_bad_keys_total 4",
        "vexil_rate_limited_total{limit=\"failures\"} 1",
        "vexil_rate_limited_total{limit=\"reads\"} 0",
        "vexil_keys{kind=\"admin\"} 1",
        "vexil_memory_bytes{component=\"announcements\"}",
    ] {
        assert!(metrics.text().contains(line), "{line}: {}", metrics.text());
    }
    server.send(server.request_as(&root, Method::GET, "/v1/projects")).await.good();
    server.get("/healthz").await.good();
}

#[tokio::test]
async fn a_key_that_is_revoked_while_its_body_arrives_changes_nothing() {
    let (server, root) = guarded().await;
    let (admin, id) = key(&server, &root, "admin", "all").await;
    let body = r#"{"kind":"admin","name":"backdoor"}"#;
    let address = server.running.address;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/keys HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {admin}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}",
        body.len(),
        &body[..5]
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The head has arrived when the server has let the key in, which it counts as a write.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let path = format!("/v1/keys/{id}");
    server.send(server.request_as(&root, Method::DELETE, &path)).await.good();
    stream.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn the_stream_of_a_key_that_expires_ends_also_while_there_is_news() {
    let (server, root) = guarded().await;
    let (token, id) = key(&server, &root, "server", "shop/production").await;
    let events = format!("{PRODUCTION}/events");
    let mut stream = Stream::of(server.request_as(&token, Method::GET, &events)).await;
    stream.announcement().await;
    let rotate = server.request_as(&root, Method::POST, &format!("/v1/keys/{id}/rotate"));
    server.send(rotate.json(&json!({ "overlap_s": 1 }))).await.good();
    let over = async {
        while stream.next().await.is_some() {
            for switch in ["disable", "enable"] {
                let path = format!("{PRODUCTION}/flags/limit/{switch}");
                server.send(server.request_as(&root, Method::POST, &path)).await.good();
            }
        }
    };
    let path = format!("{PRODUCTION}/flags/limit/disable");
    server.send(server.request_as(&root, Method::POST, &path)).await.good();
    tokio::time::timeout(std::time::Duration::from_secs(10), over).await.expect("it ends");
}

#[tokio::test]
async fn a_server_without_keys_answers_no_pages_of_others() {
    let server = Server::start().await;
    server.with_shop().await;
    let disable = format!("{PRODUCTION}/flags/limit/disable");
    let post = || server.request(Method::POST, &disable);
    server.send(post().header("origin", "https://evil.example")).await.refused(403, "forbidden");
    server.send(post().header("host", "rebound.evil.example")).await.refused(403, "forbidden");
    let own = server.send(post().header("origin", "http://localhost:3000")).await;
    own.good();
    assert_eq!(own.header("access-control-allow-origin"), "http://localhost:3000");
}

#[tokio::test]
async fn odd_paths_and_other_schemes_are_refused_with_a_problem() {
    let (server, root) = guarded().await;
    let odd = server.request_as(&root, Method::GET, "/v1/projects/%FF");
    server.send(odd).await.refused(400, "malformed-request");
    let basic = server.request(Method::GET, "/v1/projects").basic_auth("u", Some("p"));
    let answer = server.send(basic).await;
    answer.refused(401, "unauthenticated");
    assert!(answer.headers.contains_key("www-authenticate"));
    server.send(server.request_as("vxl_bad", Method::GET, "/healthz")).await.good();
}
