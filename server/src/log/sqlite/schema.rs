//! The tables of the SQLite store, and the settings it runs under.
//!
//! In: a connection. Out: the same with tables and settings. `docs/log.md` shows the tables to
//! people. A released schema is never edited: a new version adds a step to `open`.

/// Marks the file as ours: "Vexl" in ASCII.
pub(super) const APPLICATION_ID: u32 = 0x5665_786c;

/// The version of the tables below.
pub(super) const VERSION: u32 = 4;

/// The oldest version that is read: 1 was never released.
pub(super) const OLDEST: u32 = 2;

/// Creates everything. The triggers hold what the log promises also against other programs that
/// write to the file: events are neither edited nor removed, and revisions have no gaps.
pub(super) const CREATE: &str = "
CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    head INTEGER NOT NULL,
    head_hash BLOB NOT NULL CHECK (length(head_hash) = 32)
) STRICT;

CREATE TABLE events (
    project INTEGER NOT NULL REFERENCES projects (id),
    revision INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    time_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    comment TEXT,
    schema INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    via TEXT,
    PRIMARY KEY (project, revision)
) STRICT;

CREATE TABLE appends (
    project INTEGER NOT NULL REFERENCES projects (id),
    id BLOB NOT NULL CHECK (length(id) = 16),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    request BLOB NOT NULL CHECK (length(request) = 32),
    PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    project INTEGER NOT NULL REFERENCES projects (id),
    revision INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    body TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (project, revision)
) STRICT;

CREATE TABLE archives (
    project INTEGER NOT NULL REFERENCES projects (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    held BLOB,
    PRIMARY KEY (project, first)
) STRICT;

CREATE TRIGGER events_are_not_edited BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never edited'); END;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM archives WHERE project = OLD.project
    AND OLD.revision BETWEEN first AND last)
BEGIN SELECT RAISE(ABORT, 'events are not removed before they are archived'); END;

CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events
WHEN NEW.revision IS NOT
    (SELECT coalesce(max(revision), 0) + 1 FROM events WHERE project = NEW.project)
BEGIN SELECT RAISE(ABORT, 'revisions have no gaps'); END;

CREATE TRIGGER heads_go_forward BEFORE UPDATE OF head ON projects
WHEN NEW.head <= OLD.head
BEGIN SELECT RAISE(ABORT, 'heads only go forward'); END;
";

/// What brings a file of a version to the next one: version, statements.
pub(super) const STEPS: &[(u32, &str)] = &[
    // Events say from where they came.
    (2, "ALTER TABLE events ADD COLUMN via TEXT;"),
    // Old events move into archives.
    (
        3,
        "
CREATE TABLE archives (
    project INTEGER NOT NULL REFERENCES projects (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    held BLOB,
    PRIMARY KEY (project, first)
) STRICT;

DROP TRIGGER events_are_not_removed;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM archives WHERE project = OLD.project
    AND OLD.revision BETWEEN first AND last)
BEGIN SELECT RAISE(ABORT, 'events are not removed before they are archived'); END;
",
    ),
];

const _: () = assert!(STEPS.len() as u32 == VERSION - OLDEST);

/// Settings of every connection: name, value as set, value as read back.
pub(super) const SETTINGS: &[(&str, &str, &str)] = &[
    // An acknowledged append survives the loss of power: every commit is synced …
    ("synchronous", "FULL", "2"),
    // … on macOS past the drive's own cache too.
    ("fullfsync", "ON", "1"),
    ("checkpoint_fullfsync", "ON", "1"),
    ("foreign_keys", "ON", "1"),
    ("busy_timeout", "5000", "5000"),
    ("wal_autocheckpoint", "1000", "1000"),
    ("journal_size_limit", "67108864", "67108864"),
    // A file from elsewhere cannot make us run its functions, nor read past a damaged page.
    ("trusted_schema", "OFF", "0"),
    ("cell_size_check", "ON", "1"),
    // A read error of a mapped file would end the process instead of being an error.
    ("mmap_size", "0", "0"),
];
