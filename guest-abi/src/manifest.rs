//! What the numbers in a module's manifest mean.

/// Name of the custom section that holds the manifest.
pub const SECTION: &str = "vexil.manifest";

/// How the host reads an attribute into its slot.
pub mod read {
    /// The attribute as it is.
    pub const VALUE: u8 = 0;
    /// A number, or a string that is a whole decimal number, as a number; else missing.
    pub const NUMBER: u8 = 1;
    /// A string, or an integer of at most 2^53 - 1 in magnitude in decimal, as a string; else missing.
    pub const UNIT: u8 = 2;
    /// A number, or a string in the grammar of `f64::from_str`, as a number.
    pub const FLOAT: u8 = 3;
}

/// The kind of a flag's values.
pub mod kind {
    /// `true` or `false`.
    pub const BOOLEAN: u8 = 0;
    /// UTF-8 text.
    pub const STRING: u8 = 1;
    /// A finite JSON number.
    pub const NUMBER: u8 = 2;
    /// Any JSON value.
    pub const JSON: u8 = 3;
}

/// The path by which a module asks for the targeting key.
pub const TARGETING_KEY: &str = "targetingKey";
/// The pseudo attribute that hosts fill with their clock, in milliseconds since the Unix epoch.
pub const NOW: &str = "$now";
/// The pseudo attribute that hosts draw anew for each context: an integer 0–4294967295.
pub const RANDOM: &str = "$random";
