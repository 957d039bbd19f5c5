//! The verdict: what a guest answers, packed in one `i64`.

/// No variant: the caller's default is served.
pub const NO_VARIANT: u16 = 0xFFFF;
/// No rule decided.
pub const NO_RULE: u16 = 0xFFFF;

/// Why a variant was served; OpenFeature's reasons.
pub mod reason {
    /// Not known.
    pub const UNKNOWN: u8 = 0;
    /// The flag gives everybody the same.
    pub const STATIC: u8 = 1;
    /// Nothing more specific applied.
    pub const DEFAULT: u8 = 2;
    /// A rule or an override matched.
    pub const TARGETING_MATCH: u8 = 3;
    /// A split by percentage decided.
    pub const SPLIT: u8 = 4;
    /// The flag is switched off in this environment.
    pub const DISABLED: u8 = 5;
    /// Evaluation failed; the error code says why.
    pub const ERROR: u8 = 6;

    /// OpenFeature's name of each reason, by number.
    pub const NAMES: [&str; 7] =
        ["UNKNOWN", "STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "ERROR"];
}

/// What went wrong; OpenFeature's error codes.
pub mod error_code {
    /// Nothing.
    pub const NONE: u8 = 0;
    /// The host has no module yet.
    pub const PROVIDER_NOT_READY: u8 = 1;
    /// The module has no such flag.
    pub const FLAG_NOT_FOUND: u8 = 2;
    /// Something could not be parsed.
    pub const PARSE_ERROR: u8 = 3;
    /// The flag's kind is not the one asked for.
    pub const TYPE_MISMATCH: u8 = 4;
    /// The flag splits by the targeting key, and the context has none.
    pub const TARGETING_KEY_MISSING: u8 = 5;
    /// The context lacks what the flag splits by, or does not fit the arena.
    pub const INVALID_CONTEXT: u8 = 6;
    /// The host is in a state it cannot leave.
    pub const PROVIDER_FATAL: u8 = 7;
    /// Anything else.
    pub const GENERAL: u8 = 8;

    /// OpenFeature's name of each code, by number; the first is empty.
    pub const NAMES: [&str; 9] = [
        "",
        "PROVIDER_NOT_READY",
        "FLAG_NOT_FOUND",
        "PARSE_ERROR",
        "TYPE_MISMATCH",
        "TARGETING_KEY_MISSING",
        "INVALID_CONTEXT",
        "PROVIDER_FATAL",
        "GENERAL",
    ];
}

/// More on how a variant was chosen.
pub mod detail {
    /// Nothing more to say.
    pub const NONE: u16 = 0;
    /// An override named the targeting key.
    pub const OVERRIDE: u16 = 0xFFFF;
    // 1..=0xFFFE: one more than the index of the prerequisite that was not met.
}

/// One flag's verdict for one context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Index into the flag's variants, or [`NO_VARIANT`].
    pub variant: u16,
    /// Index into the flag's rules, or [`NO_RULE`].
    pub rule: u16,
    /// One of [`reason`].
    pub reason: u8,
    /// One of [`error_code`].
    pub error_code: u8,
    /// One of [`detail`], or one more than the index of the prerequisite that was not met.
    pub detail: u16,
}

impl Verdict {
    /// A verdict that serves `variant` for `reason`, with no rule, error or detail.
    #[must_use]
    pub const fn serve(variant: u16, reason: u8) -> Self {
        Self { variant, rule: NO_RULE, reason, error_code: error_code::NONE, detail: detail::NONE }
    }

    /// A verdict that serves nothing, with reason `ERROR` and `error_code`.
    #[must_use]
    pub const fn error(error_code: u8) -> Self {
        Self {
            variant: NO_VARIANT,
            rule: NO_RULE,
            reason: reason::ERROR,
            error_code,
            detail: detail::NONE,
        }
    }

    /// Packs as `ABI.md` tables it: variant in bits 0-15, rule in 16-31, reason in 32-39, error
    /// code in 40-47, detail in 48-63.
    #[must_use]
    pub const fn pack(self) -> i64 {
        (self.variant as u64
            | (self.rule as u64) << 16
            | (self.reason as u64) << 32
            | (self.error_code as u64) << 40
            | (self.detail as u64) << 48) as i64
    }

    /// The inverse of [`Verdict::pack`]; every bit pattern unpacks.
    #[must_use]
    pub const fn unpack(packed: i64) -> Self {
        let bits = packed as u64;
        Self {
            variant: bits as u16,
            rule: (bits >> 16) as u16,
            reason: (bits >> 32) as u8,
            error_code: (bits >> 40) as u8,
            detail: (bits >> 48) as u16,
        }
    }
}
