//! What flags and contexts are made of.

/// Attribute paths that rules ask for.
pub(super) const PATHS: [&str; 13] = [
    "country",
    "plan",
    "email",
    "age",
    "score",
    "app.version",
    "roles",
    "user.plan",
    "user.tags",
    "seen_at",
    "company.id",
    "active",
    "ip",
];

/// Paths that subjects are split by.
pub(super) const UNITS: [&str; 6] =
    ["targetingKey", "targetingKey", "company.id", "age", "email", "$random"];

/// Strings with something special about them.
pub(super) const STRINGS: [&str; 44] = [
    "",
    " ",
    "a",
    "A",
    "DE",
    "de",
    "De",
    "AT",
    "CH",
    "pro",
    "PRO",
    "free",
    "eva@example.com",
    "EVA@EXAMPLE.COM",
    "@example.com",
    "example",
    "Straße",
    "STRASSE",
    "straße",
    "ΟΔΟΣ",
    "οδοσ",
    "οδος",
    "Σ",
    "İstanbul",
    "i\u{307}stanbul",
    "ISTANBUL",
    "ȺȾ",
    "ⱥⱦ",
    "ꭰ",
    "Ꭰ",
    "日本語",
    "日本",
    "e\u{301}",
    "é",
    "É",
    "😀",
    "a\u{0}b",
    "12",
    "12.0",
    "true",
    "exactly-eight-bytes-and-then-some-more-to-fill-several-words",
    "exactly-eight",
    "12345678",
    "1234567",
];

/// Strings that look like numbers, and near misses.
pub(super) const NUMERALS: [&str; 22] = [
    "0",
    "-0",
    "+0",
    "1",
    "-1",
    "+1",
    "01",
    "1.5",
    "1.50",
    "18",
    "65",
    "1.",
    ".5",
    "1e3",
    " 1",
    "1 ",
    "--1",
    "NaN",
    "Infinity",
    "0.1",
    "9007199254740993",
    "179769313486231570000000000000000000000000000000000000000000000000000000000000000000000000000\
     0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
     0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
     00000000000000000000000000000000000",
];

/// Numbers at the edges.
pub(super) const NUMBERS: [f64; 18] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    1.5,
    0.1,
    12.0,
    18.0,
    65.0,
    64.999_999_999_999_99,
    1e21,
    -1e300,
    9_007_199_254_740_991.0,
    9_007_199_254_740_992.0,
    -9_007_199_254_740_991.0,
    5e-324,
    1_700_000_000_000.0,
    1_700_000_000_000.5,
];

/// Numbers that only a context can have.
pub(super) const WILD_NUMBERS: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// Versions in every shape the grammar allows.
pub(super) const VERSIONS: [&str; 26] = [
    "0",
    "1",
    "v1",
    "V1.2",
    "1.2.3",
    "1.2.4",
    "1.10.0",
    "1.9",
    "2.0.0",
    "2.0.0-alpha",
    "2.0.0-alpha.1",
    "2.0.0-alpha.beta",
    "2.0.0-beta",
    "2.0.0-beta.2",
    "2.0.0-beta.11",
    "2.0.0-rc.1",
    "2.0.0+build.5",
    "2.0.0-rc.1+x",
    "2-rc",
    "2.0-rc.1",
    "2.0.0--",
    "2.0.0-0",
    "18446744073709551615.0.0",
    "1.0.0-99999999999999999999",
    "1.0.0-99999999999999999998",
    "1.0.0-a-b.C",
];

/// Strings that are almost versions.
pub(super) const NOT_VERSIONS: [&str; 16] = [
    "",
    "v",
    "01.2.3",
    "1.02.3",
    "1.2.3.4",
    "1.2.",
    "1..2",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3-a..b",
    "1.2.3+",
    "1.2.3-ä",
    "vv1",
    "18446744073709551616.0.0",
    " 1.2.3",
    "1.2.3-a+b+c",
];

/// Times in every shape the grammar allows, around one another.
pub(super) const TIMES: [&str; 14] = [
    "2023-11-14T22:13:20Z",
    "2023-11-14T22:13:20.000Z",
    "2023-11-14t22:13:20z",
    "2023-11-14 22:13:20Z",
    "2023-11-14T23:13:20+01:00",
    "2023-11-14T22:13:20.0009Z",
    "2023-11-14T22:13:20.001Z",
    "2024-02-29T00:00:00Z",
    "2000-02-29T12:00:00-23:59",
    "1969-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "1900-03-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
];

/// Strings that are almost times.
pub(super) const NOT_TIMES: [&str; 20] = [
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z",
    "2023-01-00T00:00:00Z",
    "2023-04-31T00:00:00Z",
    "2023-01-01T24:00:00Z",
    "2023-01-01T00:60:00Z",
    "2023-01-01T00:00:61Z",
    "2023-01-01T00:00:00",
    "2023-01-01T00:00:00.Z",
    "2023-01-01T00:00Z",
    "2023-01-01T00:00:00+24:00",
    "2023-01-01T00:00:00+00:60",
    "2023-01-01T00:00:00+0000",
    "2023-01-01X00:00:00Z",
    "2023-1-01T00:00:00ZZ",
    "1700000000000",
    "20230101T000000ZZZZZ",
    "2023-01-01T00:00:00.5+01:0",
];

/// Versions that are strict, and so of every dialect.
pub(super) const STRICT_VERSIONS: [&str; 6] =
    ["0.0.0", "1.2.3", "1.10.0", "2.0.0-alpha.1", "2.0.0-rc.1+x", "18446744073709551615.0.0"];

/// Patterns that find something in some of the strings.
pub(super) const PATTERNS: [&str; 16] = [
    "",
    "^$",
    "a",
    "^[a-z]+$",
    "@example\\.com$",
    "stra(ß|ss)e",
    "(?i)ΟΔΟΣ",
    "^\\p{Greek}+$",
    "\\d",
    "^user-[0-9]{1,2}$",
    "(?-u:\\b)a",
    "(?-u:\\B)",
    "^.$",
    "\\x00",
    "[é日😀]",
    "(?-u:\\b)zz|é",
];

/// Addresses around the networks, and near misses.
pub(super) const ADDRESSES: [&str; 24] = [
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "11.0.0.0",
    "9.255.255.255",
    "192.0.2.1",
    "192.0.2.2",
    "0.0.0.0",
    "255.255.255.255",
    "::",
    "::1",
    "2001:db8::",
    "2001:DB8::1.2.3.4",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "::ffff:10.0.0.1",
    "fe80::1%eth0",
    "10.0.0",
    "010.0.0.1",
    "10.0.0.256",
    "1::2::3",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::8",
    "12345::",
];

/// Networks that overlap, touch, and stand alone.
pub(super) const NETWORKS: [&str; 12] = [
    "10.0.0.0/8",
    "10.1.2.3/9",
    "11.0.0.0/8",
    "192.0.2.1",
    "0.0.0.0/0",
    "255.255.255.255/32",
    "::/0",
    "::1",
    "2001:db8::/32",
    "2001:db8:8000::/33",
    "::ffff:0:0/96",
    "1:2:3:4::/64",
];
