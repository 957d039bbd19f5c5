//! The writer against the byte tables of guest-abi's `ABI.md`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;

use super::*;
use crate::manifest::Attribute;
use crate::path::Path;
use crate::read::Read;

fn manifest(scratch: u32, attributes: &[(&str, Read)]) -> Manifest {
    let attributes: Vec<Attribute> = attributes
        .iter()
        .map(|(path, read)| Attribute { path: Path::new((*path).into()), read: *read })
        .collect();
    Manifest {
        asks: attributes.iter().zip(0..).map(|(it, slot)| Ask::of(it, slot)).collect(),
        record_bytes: fixed_bytes(attributes.len(), scratch) as u32,
        reads_now: false,
        keys: Default::default(),
        compiler: "test".into(),
        scratch,
        attributes,
        flags: Vec::new(),
    }
}

fn context(json: serde_json::Value) -> Context<'static> {
    Context::from_json(&json).unwrap().into_owned()
}

/// Writes some slots at a fixed time.
fn write_slots(
    arena: &mut [u8],
    manifest: &Manifest,
    slots: impl Iterator<Item = u32>,
    context: &Context<'_>,
) -> Result<u32, Full> {
    let hints = &mut vec![0; manifest.attributes.len()];
    let asks: Vec<Ask> = slots.map(|slot| manifest.asks[slot as usize]).collect();
    write(arena, manifest, &asks, context, &Pseudo::at(1_790_000_000_000.0), hints)
}

/// Writes all slots into an arena of old rubbish; returns the record.
fn record(manifest: &Manifest, context: &Context) -> Vec<u8> {
    let mut arena = vec![0xAA; 4096];
    let slots = 0..manifest.attributes.len() as u32;
    let length = write_slots(&mut arena, manifest, slots, context).unwrap();
    arena.truncate(length as usize);
    arena
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[test]
fn a_record_is_a_header_slots_scratch_and_strings() {
    let manifest = manifest(8, &[("targetingKey", Read::Value), ("age", Read::Value)]);
    let bytes = record(&manifest, &context(json!({"targetingKey": "eva", "age": 41})));
    #[rustfmt::skip]
    let expected: Vec<u8> = [
        &[59, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0][..],       // length, state, reserved
        &[4, 0, 0, 0,   3, 0, 0, 0,  56, 0, 0, 0, 0, 0, 0, 0],          // STRING, 3 bytes, at 56
        &[3, 0, 0, 0,   0, 0, 0, 0,  0, 0, 0, 0, 0, 0x80, 0x44, 0x40],  // NUMBER 41.0
        &[0xAA; 8],                                                     // scratch: bind's
        b"eva",
    ]
    .concat();
    assert_eq!(bytes, expected);
}

#[test]
fn each_content_has_its_tag_and_payload() {
    let manifest = manifest(
        0,
        &[("no", Read::Value), ("yes", Read::Value), ("o", Read::Value), ("$now", Read::Number)],
    );
    let bytes = record(&manifest, &context(json!({"yes": true, "o": {}})));
    let slot = |n: usize| (u32_at(&bytes, 16 + 16 * n), u64_at(&bytes, 24 + 16 * n));
    assert_eq!(slot(0), (tag::MISSING, 0));
    assert_eq!(slot(1), (tag::BOOLEAN, 1));
    assert_eq!(slot(2), (tag::OPAQUE, 0));
    assert_eq!(slot(3), (tag::NUMBER, 1_790_000_000_000.0_f64.to_bits()));
    assert_eq!(bytes.len(), 16 + 4 * 16);
}

#[test]
fn lists_are_aligned_slots_whose_strings_follow() {
    let manifest = manifest(0, &[("name", Read::Value), ("tags", Read::Value)]);
    let json = json!({"name": "abc", "tags": ["x", 2, false, [1], {"a": 1}, null, ""]});
    let bytes = record(&manifest, &context(json));
    assert_eq!(u32_at(&bytes, 16 + 8), 48, "`abc` behind the slots");
    assert_eq!((u32_at(&bytes, 32), u32_at(&bytes, 36)), (tag::LIST, 6), "null is left out");
    let at = u64_at(&bytes, 40) as usize;
    assert_eq!(at, 56, "rounded up from 51");
    let tags: Vec<u32> = (0..6).map(|n| u32_at(&bytes, at + 16 * n)).collect();
    let expected = [tag::STRING, tag::NUMBER, tag::BOOLEAN, tag::OPAQUE, tag::OPAQUE, tag::STRING];
    assert_eq!(tags, expected);
    assert_eq!(u64_at(&bytes, at + 8), 56 + 6 * 16, "`x` behind the elements");
    assert_eq!(bytes[56 + 6 * 16], b'x');
    assert_eq!(u32_at(&bytes, at + 16 * 5 + 4), 0, "the empty string has no bytes");
}

#[test]
fn integers_read_as_units_are_decimal_texts() {
    let manifest = manifest(0, &[("id", Read::Unit)]);
    let cases = [
        (json!(0), "0"),
        (json!(-0.0), "0"),
        (json!(7), "7"),
        (json!(-120), "-120"),
        (json!(9_007_199_254_740_991_i64), "9007199254740991"),
        (json!(-9_007_199_254_740_991_i64), "-9007199254740991"),
        (json!("text"), "text"),
    ];
    for (id, expected) in cases {
        let bytes = record(&manifest, &context(json!({"id": id})));
        assert_eq!(&bytes[32..], expected.as_bytes());
        assert_eq!(u32_at(&bytes, 20) as usize, expected.len());
    }
    let mut buffer = [0; DECIMAL_BYTES];
    assert_eq!(decimal_text(i64::MIN, &mut buffer), i64::MIN.to_string().as_bytes());
}

#[test]
fn texts_of_every_length_are_copied_whole() {
    let manifest = manifest(0, &[("a", Read::Value)]);
    for length in 0..80 {
        let text: String = ('!'..='~').cycle().take(length).collect();
        let bytes = record(&manifest, &context(json!({"a": text})));
        assert_eq!(&bytes[32..], text.as_bytes());
    }
}

#[test]
fn texts_stand_in_whole_words() {
    let manifest = manifest(0, &[("a", Read::Value), ("b", Read::Value)]);
    for length in 0..=SHORT {
        let json = json!({"a": "x".repeat(length), "b": "y"});
        let bytes = record(&manifest, &context(json));
        let next = 48 + length.next_multiple_of(WORD);
        assert_eq!(u64_at(&bytes, 40) as usize, next, "{length}");
        assert!(bytes[48 + length..next].iter().all(|byte| *byte == 0), "{length}");
        assert_eq!(bytes[next], b'y');
    }
}

#[test]
fn attributes_are_found_wherever_they_stand_and_however_long_their_names_are() {
    let names = ["a", "country", "subscription", "a-name-of-more-than-fifteen-bytes", "gone"];
    let reads: Vec<(&str, Read)> = names.iter().map(|name| (*name, Read::Value)).collect();
    let manifest = manifest(0, &reads);
    for others in [0, 3, 7, 12, 40] {
        for before in [true, false] {
            let mut context = Context::new();
            let more = (0..others).map(|number| (format!("more-{number}"), "no"));
            if before {
                context.extend(more.clone());
            }
            context.extend(names.iter().take(4).map(|name| (*name, name.to_uppercase())));
            if !before {
                context.extend(more);
            }
            let bytes = record(&manifest, &context);
            for (slot, name) in names.iter().enumerate() {
                let row = 16 + 16 * slot;
                let at = u64_at(&bytes, row + 8) as usize;
                let found = match u32_at(&bytes, row) {
                    tag::STRING => Some(&bytes[at..at + u32_at(&bytes, row + 4) as usize]),
                    _ => None,
                };
                let expected = (slot < 4).then(|| name.to_uppercase());
                let expected = expected.as_deref().map(str::as_bytes);
                assert_eq!(found, expected, "{name} of {others} more, {before}");
            }
        }
    }
}

#[test]
fn slots_that_are_not_read_stay_as_they_are() {
    let manifest = manifest(0, &[("a", Read::Value), ("b", Read::Value)]);
    let mut arena = vec![0xAA; 64];
    let context = context(json!({"a": "long text that is not written", "b": 1}));
    assert_eq!(write_slots(&mut arena, &manifest, [1].into_iter(), &context), Ok(48));
    assert_eq!(&arena[16..32], &[0xAA; 16]);
    assert_eq!(u32_at(&arena, 32), tag::NUMBER);
}

#[test]
fn a_context_that_does_not_fit_is_refused_without_a_byte_too_many() {
    let manifest = manifest(0, &[("a", Read::Value)]);
    for (json, fits) in [
        (json!({"a": "12345678"}), true),
        (json!({"a": "123456789"}), false),
        (json!({"a": [1]}), false),
        (json!({}), true),
    ] {
        let mut arena = vec![0; 40];
        let written = write_slots(&mut arena, &manifest, [0].into_iter(), &context(json));
        assert_eq!(written.is_ok(), fits);
    }
    // Words where there is room for them, and else side by side.
    let manifest = super::tests::manifest(0, &[("a", Read::Value), ("b", Read::Value)]);
    for (room, fits) in [(58, true), (50, true), (49, false)] {
        let mut arena = vec![0; room];
        let context = context(json!({"a": "x", "b": "y"}));
        assert_eq!(write_slots(&mut arena, &manifest, 0..2, &context).is_ok(), fits, "{room}");
    }
    let manifest = super::tests::manifest(200, &[("a", Read::Value)]);
    let short = write_slots(&mut [0; 100], &manifest, [0].into_iter(), &Context::new());
    assert_eq!(short, Err(Full));
    let fixed = write_slots(&mut [0; 31], &manifest, [0].into_iter(), &Context::new());
    assert_eq!(fixed, Err(Full));
}
