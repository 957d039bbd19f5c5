//! The format of archives: what goes in comes out, and nothing that was altered does.

use std::io::Cursor;

use super::*;
use crate::limits;
use crate::log::conformance::append;
use crate::log::event::Record;
use crate::log::memory::MemoryStore;
use crate::log::store::Store as _;

/// A log of so many events, and the header of an archive of its events after the first `skipped`.
fn log(events: usize, skipped: u64) -> (MemoryStore, Header) {
    let store = MemoryStore::new();
    for _ in 0..events.div_ceil(100) {
        store.append("shop", append(events.min(100))).unwrap();
    }
    let hash = |at: u64| store.records("shop", Revision(at - 1), 1).unwrap()[0].hash;
    let before = match skipped {
        0 => Head::start("shop"),
        at => Head { revision: Revision(at), hash: hash(at) },
    };
    let end = Head { revision: Revision(events as u64), hash: hash(events as u64) };
    let checkpoint =
        Checkpoint::new(before.revision, before.hash, "{\"a\":\"\\u0000\"}".to_owned());
    (store, Header { project: "shop".to_owned(), before, end, checkpoint: Some(checkpoint) })
}

fn written(store: &MemoryStore, header: &Header) -> (Vec<u8>, Hash) {
    let mut bytes = Vec::new();
    let page = |after| Ok::<_, ArchiveError>(store.records("shop", after, 700).unwrap());
    let (size, digest) = write(&mut bytes, header, page).unwrap();
    assert_eq!(size, bytes.len() as u64);
    (bytes, digest)
}

#[test]
fn events_come_back_as_they_were_from_anywhere() {
    let (store, header) = log(2_500, 300);
    let (bytes, digest) = written(&store, &header);
    let mut reader = Reader::open(Cursor::new(&bytes), Some(digest)).unwrap();
    assert_eq!(reader.header().unwrap(), header);
    for after in [300, 301, 1_299, 1_300, 1_301, 2_499] {
        let records = reader.records(Revision(after)).unwrap();
        let expected = store.records("shop", Revision(after), records.len()).unwrap();
        assert!(!records.is_empty() && records == expected, "after {after}");
    }
    assert!(reader.records(Revision(2_500)).unwrap().is_empty());
    assert_eq!(written(&store, &header).0, bytes, "equal events give equal bytes");
}

#[test]
fn an_old_event_that_does_not_say_from_where_it_came_comes_back() {
    let (store, _) = log(1, 0);
    let record = store.records("shop", Revision::ZERO, 1).unwrap().remove(0);
    for (schema, via) in [(1, None), (2, Some("null".to_owned()))] {
        let record = Record { schema, via, ..record.clone() };
        assert_eq!(lines::read_event(&lines::event(&record)).unwrap(), record);
    }
}

#[test]
fn it_is_json_lines_for_any_reader_of_zstd() {
    let (store, header) = log(1_200, 0);
    let (bytes, _) = written(&store, &header);
    let text = String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1_201);
    assert_eq!(lines[0]["vexil_archive"], 1);
    assert_eq!(lines[1_200]["revision"], 1_200);
}

/// All that is read, and whether it is what was written.
fn read_all(bytes: &[u8], digest: Hash, header: &Header) -> Result<Vec<Record>, ArchiveError> {
    let mut reader = Reader::open(Cursor::new(bytes), Some(digest))?;
    let found = reader.header()?;
    assert_eq!(found, *header, "another header is not read");
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(header.before.revision, |record| record.revision);
        let more = reader.records(after)?;
        if more.is_empty() {
            return Ok(records);
        }
        records.extend(more);
    }
}

#[test]
fn a_flipped_bit_or_a_missing_end_is_found_wherever_it_is() {
    let (store, header) = log(50, 10);
    let (bytes, digest) = written(&store, &header);
    let whole = read_all(&bytes, digest, &header).unwrap();
    assert_eq!(whole.len(), 40);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match read_all(&flipped, digest, &header) {
            Err(_) => {}
            // What no reader looks at: the marks that make the index a frame to be skipped.
            Ok(records) => assert_eq!(records, whole, "bit {bit}"),
        }
    }
    for end in 0..bytes.len() {
        let error = read_all(&bytes[..end], digest, &header).unwrap_err();
        assert!(matches!(error, ArchiveError::NoArchive), "cut at {end}: {error}");
    }
}

#[test]
fn what_unpacks_to_more_than_an_archive_holds_is_refused() {
    let (store, header) = log(1, 0);
    let body = " ".repeat(limits::ARCHIVE_PART_UNPACKED_MAX);
    let checkpoint = Some(Checkpoint::new(Revision::ZERO, header.before.hash, body));
    let (bytes, digest) = written(&store, &Header { checkpoint, ..header });
    let error = Reader::open(Cursor::new(bytes), Some(digest)).unwrap().header().unwrap_err();
    assert!(error.to_string().contains("longer than an archive may hold"), "{error}");
}

#[test]
fn an_archive_of_a_version_to_come_is_named() {
    let (store, header) = log(1, 0);
    let (bytes, _) = written(&store, &header);
    let text = b"{\"version\":1";
    let at = bytes.windows(text.len()).position(|part| part == text).unwrap();
    let mut newer = bytes;
    newer[at + text.len() - 1] = b'2';
    let error = Reader::open(Cursor::new(newer), None).unwrap_err();
    assert!(matches!(error, ArchiveError::Version(2)), "{error}");
}
