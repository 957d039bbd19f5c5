//! Unleash's delta documents: events that add up to features and segments.
//!
//! In: the list `events` of `/api/client/delta`, oldest first. Out: the features and segments that
//! a client holds after it.

use super::notes::Notes;
use super::read::{feature, features, given, id, segment, segments};
use super::wire::Export;
use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::quoted;
use crate::document::cursor::{Cursor, Object};

/// Adds up the events of `list` in `export`.
pub(super) fn read(
    list: &Cursor<'_, '_>,
    export: &mut Export,
    notes: &mut Notes,
    faults: &mut Faults,
) {
    let events: Vec<Cursor<'_, '_>> = list.items(faults).collect();
    for event in &events {
        if let Some(object) = event.object(faults) {
            add(&object, export, notes, faults);
        }
    }
}

fn add(
    event: &Object<'_, '_>,
    export: &mut Export,
    notes: &mut Notes,
    faults: &mut Faults,
) -> Option<()> {
    let kind = event.required("type", faults)?.text(faults)?;
    match kind {
        "hydration" => {
            export.features.clear();
            export.segments.clear();
            features(&event.required("features", faults)?, export, notes, faults);
            if let Some(list) = given(event, "segments") {
                segments(&list, export, faults);
            }
        }
        "feature-updated" => {
            let feature = feature(&event.required("feature", faults)?, faults)?;
            export.features.insert(feature.name.clone(), feature);
        }
        "feature-removed" => {
            export.features.remove(event.required("featureName", faults)?.text(faults)?);
        }
        "segment-updated" => {
            let (id, segment) = segment(&event.required("segment", faults)?, faults)?;
            export.segments.insert(id, segment);
        }
        "segment-removed" => {
            export.segments.remove(&id(&event.required("segmentId", faults)?, faults)?);
        }
        unknown => {
            let message = format!("the event {} is not known", quoted(unknown));
            let help = "known here: `hydration`, `feature-updated`, `feature-removed`, \
                        `segment-updated`, `segment-removed`";
            faults.advise(codes::UNKNOWN_WORD, &event.place("type"), message, help);
        }
    }
    Some(())
}
