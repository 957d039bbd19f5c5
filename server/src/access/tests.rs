//! Keys, from their first event to their last.

#![allow(clippy::unwrap_used)]

use super::grant::{Need, Scope};
use super::token::KeyKind;
use super::*;
use crate::log::event::{Hash, Via};
use crate::log::memory::MemoryStore;

fn scope(project: &str, environments: &[&str]) -> Scope {
    let environments = environments.iter().map(|&name| name.to_owned()).collect();
    Scope { project: Some(project.to_owned()), environments: Some(environments) }
}

fn create(kind: KeyKind, scope: Scope) -> Ask {
    let origins = match kind {
        KeyKind::Browser => vec!["https://shop.example".to_owned()],
        _ => Vec::new(),
    };
    let (name, expires_ms, names_actors) = (uuid::Uuid::now_v7().to_string(), None, false);
    Ask::Create { kind, name, scope, origins, expires_ms, names_actors }
}

fn caller() -> Caller {
    let via = Via { address: Some("192.0.2.7".into()), ..Via::default() };
    Caller { actor: "adam".to_owned(), via, ..Caller::default() }
}

fn access(store: &MemoryStore, mode: Mode) -> Arc<Access> {
    Arc::new(Access::open(Arc::new(store.clone()), mode).unwrap())
}

async fn made(access: &Arc<Access>, ask: Ask) -> Changed {
    access.change(&Identity::Anybody, ask, caller()).await.unwrap()
}

async fn refused(access: &Arc<Access>, identity: &Identity, ask: Ask) -> String {
    access.change(identity, ask, caller()).await.unwrap_err().to_string()
}

fn shown(access: &Access, token: &Token) -> Result<Identity, Stranger> {
    access.identify(Some(token.reveal()))
}

#[tokio::test]
async fn a_key_is_good_until_it_is_revoked_also_after_a_restart() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    assert_eq!(access.identify(None).unwrap_err(), Stranger::NoKey);
    let editor = made(&access, create(KeyKind::Editor, Scope::default())).await;
    let token = editor.token.unwrap();
    let identity = shown(&access, &token).unwrap();
    assert!(identity.may(Need::Define, Some("shop"), None));
    assert!(!identity.may(Need::Administer, None, None));
    let again = self::access(&store, Mode::Keys);
    assert!(shown(&again, &token).is_ok());
    made(&again, Ask::Revoke { key: editor.key.id.clone() }).await;
    assert_eq!(shown(&again, &token).unwrap_err(), Stranger::BadKey);
    assert!(shown(&access, &token).is_ok(), "it does not follow the store by itself");
    assert_eq!(self::access(&store, Mode::Keys).keys(), again.keys());
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_for_a_while() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let key = made(&access, create(KeyKind::Server, scope("shop", &["live"]))).await;
    let (id, first) = (key.key.id.clone(), key.token.unwrap());
    let rotate = |overlap_ms| Ask::Rotate { key: id.clone(), overlap_ms };
    let second = made(&access, rotate(60_000)).await.token.unwrap();
    assert!(shown(&access, &first).is_ok() && shown(&access, &second).is_ok());
    let third = made(&access, rotate(0)).await.token.unwrap();
    assert!(shown(&access, &first).is_err(), "only the one before the newest stays");
    assert!(shown(&access, &second).is_err(), "and that for no time at all");
    assert!(shown(&access, &third).is_ok());
}

#[tokio::test]
async fn a_key_is_not_of_another_kind_than_it_was_made() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let key = made(&access, create(KeyKind::Viewer, Scope::default())).await;
    let forged = Token::again(KeyKind::Admin, &key.key.id);
    assert_eq!(shown(&access, &forged).unwrap_err(), Stranger::BadKey);
}

#[tokio::test]
async fn nobody_gives_more_than_it_has() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let of_shop = Scope { project: Some("shop".into()), environments: None };
    let admin = made(&access, create(KeyKind::Admin, of_shop.clone())).await.token.unwrap();
    let identity = shown(&access, &admin).unwrap();
    let ask = |kind, scope| create(kind, scope);
    for (asked, why) in [
        (ask(KeyKind::Editor, Scope::default()), "its scope is wider"),
        (ask(KeyKind::Server, scope("bank", &["live"])), "its scope is wider"),
    ] {
        let message = refused(&access, &identity, asked).await;
        assert_eq!(message, format!("a key gives no more than it has: {why}"));
    }
    let good = access.change(&identity, ask(KeyKind::Editor, of_shop), caller()).await;
    assert!(good.is_ok());
    let root = made(&access, create(KeyKind::Admin, Scope::default())).await;
    let revoke = Ask::Revoke { key: root.key.id.clone() };
    let message = refused(&access, &identity, revoke).await;
    assert_eq!(message, format!("there is no key `{}`", root.key.id), "it is not for it to see");
}

#[tokio::test]
async fn the_last_key_that_gives_others_is_not_revoked() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let one = made(&access, create(KeyKind::Admin, Scope::default())).await.key;
    let revoke = |key: &Arc<Key>| Ask::Revoke { key: key.id.clone() };
    let message = refused(&access, &Identity::Anybody, revoke(&one)).await;
    assert!(message.contains("the last one"), "{message}");
    let other = made(&access, create(KeyKind::Admin, Scope::default())).await.key;
    made(&access, revoke(&one)).await;
    assert!(access.change(&Identity::Anybody, revoke(&other), caller()).await.is_err());
}

#[tokio::test]
async fn senseless_keys_are_refused() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Open);
    let browser = |origin: &str| match create(KeyKind::Browser, scope("shop", &["live"])) {
        Ask::Create { kind, name, scope, expires_ms, names_actors, .. } => {
            let origins = vec![origin.to_owned()];
            Ask::Create { kind, name, scope, origins, expires_ms, names_actors }
        }
        other => other,
    };
    let of_shop = Scope { project: Some("shop".into()), environments: None };
    for (ask, part) in [
        (create(KeyKind::Server, Scope::default()), "is of one project"),
        (create(KeyKind::Browser, of_shop), "name its environments"),
        (create(KeyKind::Editor, scope("$access", &["x"])), "the server's own"),
        (create(KeyKind::Editor, scope("shop", &[])), "good for nothing"),
        (browser("https://shop.example/"), "no origin"),
        (browser("shop.example"), "no origin"),
        (browser("HTTPS://shop.example"), "no origin"),
        (Ask::Rotate { key: "none".into(), overlap_ms: 0 }, "there is no key `none`"),
    ] {
        let message = refused(&access, &Identity::Anybody, ask).await;
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(access.keys().revision, Revision::ZERO, "nothing was appended");
    for good in ["*", "http://localhost:3000", "https://[::1]:8443"] {
        made(&access, browser(good)).await;
    }
}

#[tokio::test]
async fn the_same_id_again_makes_no_second_key() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let id = Some(uuid::Uuid::now_v7());
    let caller = |request| Caller { id, request: Hash([request; 32]), ..caller() };
    let ask = || create(KeyKind::Viewer, Scope::default());
    let first = access.change(&Identity::Anybody, ask(), caller(1)).await.unwrap();
    let second = access.change(&Identity::Anybody, ask(), caller(1)).await.unwrap();
    assert!(second.repeated && second.token.is_none());
    assert_eq!((second.key.id.as_str(), second.revision), (first.key.id.as_str(), first.revision));
    let other = access.change(&Identity::Anybody, ask(), caller(2)).await.unwrap_err();
    assert!(matches!(other, AccessError::Append(AppendError::Reused { .. })));
}

#[tokio::test]
async fn events_tell_from_where_and_hold_no_secret() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let token = made(&access, create(KeyKind::Admin, Scope::default())).await.token.unwrap();
    let records = store.records(LOG, Revision::ZERO, 9).unwrap();
    let text = format!("{records:?}");
    let secret = token.reveal().rsplit('_').next().unwrap();
    assert!(!text.contains(secret) && !text.contains(&secret[..12]), "{text}");
    let via = store.read(LOG, Revision::ZERO, 9).unwrap()[0].via.clone().unwrap();
    assert_eq!(via.address.as_deref(), Some("192.0.2.7"));
}

#[tokio::test]
async fn a_log_that_was_edited_is_refused() {
    let store = MemoryStore::new();
    let unknown = Append {
        id: uuid::Uuid::now_v7(),
        request: Hash([0; 32]),
        time_ms: 1,
        actor: "x".into(),
        comment: None,
        via: Via::default(),
        changes: vec![crate::log::change::Change::FlagArchived { flag: "f".into() }],
        expected: None,
    };
    store.append(LOG, unknown).unwrap();
    let error = Access::open(Arc::new(store), Mode::Keys).err().unwrap();
    assert!(matches!(error, OpenError::Keys(KeysError::Unknown { .. })), "{error:?}");
}

fn with(ask: Ask, edit: impl FnOnce(&mut String, &mut Option<i64>, &mut bool)) -> Ask {
    let Ask::Create { kind, mut name, scope, origins, mut expires_ms, mut names_actors } = ask
    else {
        panic!("it creates a key");
    };
    edit(&mut name, &mut expires_ms, &mut names_actors);
    Ask::Create { kind, name, scope, origins, expires_ms, names_actors }
}

#[tokio::test]
async fn nobody_gains_by_making_or_rotating_keys() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let soon = crate::clock::now_ms() + 3_600_000;
    let short =
        with(create(KeyKind::Admin, Scope::default()), |_, expires, _| *expires = Some(soon));
    let short = shown(&access, &made(&access, short).await.token.unwrap()).unwrap();
    let longer = create(KeyKind::Admin, Scope::default());
    assert!(refused(&access, &short, longer).await.contains("good for longer"));
    let forever = made(&access, create(KeyKind::Admin, Scope::default())).await.key;
    let take = Ask::Rotate { key: forever.id.clone(), overlap_ms: 0 };
    assert!(refused(&access, &short, take).await.contains("good for longer"));

    let of_shop = Scope { project: Some("shop".into()), environments: None };
    let shop = made(&access, create(KeyKind::Admin, of_shop.clone())).await.token.unwrap();
    let shop = shown(&access, &shop).unwrap();
    let gateway = with(create(KeyKind::Editor, of_shop), |_, _, names| *names = true);
    let gateway = made(&access, gateway).await.key;
    let take = Ask::Rotate { key: gateway.id.clone(), overlap_ms: 0 };
    assert!(refused(&access, &shop, take).await.contains("could say who acts"));
}

#[tokio::test]
async fn a_name_is_of_one_key_that_acts() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let eva = |kind| with(create(kind, Scope::default()), |name, _, _| *name = "eva".to_owned());
    let first = made(&access, eva(KeyKind::Editor)).await.key;
    assert!(
        refused(&access, &Identity::Anybody, eva(KeyKind::Viewer)).await.contains("another key")
    );
    made(&access, Ask::Revoke { key: first.id.clone() }).await;
    made(&access, eva(KeyKind::Editor)).await;
}

#[tokio::test]
async fn a_key_that_was_revoked_meanwhile_changes_nothing() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    made(&access, create(KeyKind::Admin, Scope::default())).await;
    let second = made(&access, create(KeyKind::Admin, Scope::default())).await;
    let identity = shown(&access, &second.token.unwrap()).unwrap();
    made(&access, Ask::Revoke { key: second.key.id.clone() }).await;
    let back_door = create(KeyKind::Admin, Scope::default());
    assert!(refused(&access, &identity, back_door).await.contains("not good"));
    assert!(access.still_knows(&identity).is_err());
}

#[tokio::test]
async fn an_admin_key_that_expires_does_not_take_the_place_of_the_last() {
    let store = MemoryStore::new();
    let access = access(&store, Mode::Keys);
    let last = made(&access, create(KeyKind::Admin, Scope::default())).await.key;
    let soon = crate::clock::now_ms() + 3_600_000;
    let short =
        with(create(KeyKind::Admin, Scope::default()), |_, expires, _| *expires = Some(soon));
    made(&access, short).await;
    let revoke = Ask::Revoke { key: last.id.clone() };
    assert!(refused(&access, &Identity::Anybody, revoke).await.contains("the last one"));
}
