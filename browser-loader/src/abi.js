// Guest ABI 1: the numbers that a module and its host have to agree on.
// A test holds them against the crate `vexil-abi`, where they are defined.

export const ABI = 1;

// The context record: a header, slots, what the guest keeps for itself, then texts and elements.
export const HEADER = 16, SLOT = 16, TAIL = 8;
export const BOOLEAN = 2, NUMBER = 3, STRING = 4, LIST = 5, OPAQUE = 6;

// How a slot is to be read: 0 as it is.
export const AS_NUMBER = 1, AS_UNIT = 2, AS_FLOAT = 3;

// Verdicts.
export const NONE = 0xffff;
export const REASONS = ["UNKNOWN", "STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "ERROR"];
export const ERROR_CODES = [
  , "PROVIDER_NOT_READY", "FLAG_NOT_FOUND", "PARSE_ERROR", "TYPE_MISMATCH",
  "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "PROVIDER_FATAL", "GENERAL",
];
export const KINDS = ["boolean", "string", "number", "json"];

// What is signed.
export const ANNOUNCEMENT_PREFIX = "vexil announcement 1\0", KEYS_PREFIX = "vexil keys 1\0";
