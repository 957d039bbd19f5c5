//! Flags as the language has them: the core types between documents, the log and the compiler.
//!
//! In: built by `document` (from JSON or YAML) or by the server's projection. Out: read by
//! `check`, `interpret` and `lower`. These types hold names, not ids, and no wire format: JSON is
//! `document`'s business. Maps are ordered, so that equal content gives equal modules.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

mod hashing;

pub use hashing::{Encoding, Family, ForeignHash, Hashing, Reduce};

/// A whole project: what a flag document holds and what the server projects from its log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// The project's key, where the document names it.
    pub key: Option<String>,
    /// Its environments, in order of creation.
    pub environments: Vec<String>,
    /// Paths of attributes that browsers learn nothing about but digests, in the order given; each
    /// covers what is below it.
    pub sensitive: Vec<String>,
    /// Its cohorts by key.
    pub segments: BTreeMap<String, Segment>,
    /// Its flags by key.
    pub flags: BTreeMap<String, ProjectFlag>,
}

/// A flag of a project with its configuration in each environment.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectFlag {
    /// What holds in every environment.
    pub definition: Definition,
    /// What holds in one; an environment that is absent has the default configuration.
    pub environments: BTreeMap<String, Configuration>,
}

/// The compiler's input: one environment's flags at one revision. Archived flags are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlagSet {
    /// Cohorts by key.
    pub segments: BTreeMap<String, Segment>,
    /// Flags by key.
    pub flags: BTreeMap<String, Flag>,
}

/// A flag in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// What holds in every environment.
    pub definition: Definition,
    /// What holds in this one.
    pub configuration: Configuration,
}

/// What is true of a flag in every environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The kind of all its values.
    pub kind: Kind,
    /// Variant key → value, in the order given; 1–1,024.
    pub variants: IndexMap<String, serde_json::Value>,
    /// For people.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// Labels, in the order given.
    pub tags: Vec<String>,
    /// May it be shipped to browsers.
    pub client_visible: bool,
    /// Is it in use.
    pub lifecycle: Lifecycle,
}

/// The kind of a flag's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A finite double.
    Number,
    /// Any JSON.
    Json,
}

/// Whether a flag is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifecycle {
    /// In use.
    #[default]
    Active,
    /// Kept for the record; in no module.
    Archived,
}

/// How a flag behaves in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The switch.
    pub enabled: bool,
    /// Variant served when off or when a prerequisite is not met.
    pub off_variant: String,
    /// Flags that must serve one of some variants first.
    pub prerequisites: Vec<FlagTest>,
    /// Variant → exact targeting keys, in the order given.
    pub overrides: IndexMap<String, Vec<String>>,
    /// The first that matches decides.
    pub rules: Vec<Rule>,
    /// Served when nothing else applies.
    pub fallthrough: Serve,
}

impl Configuration {
    /// The configuration of a flag that an environment says nothing about: switched off, serving
    /// the first variant whose value is `false` in a boolean flag, else the first variant.
    #[must_use]
    pub fn default_for(definition: &Definition) -> Self {
        let off_variant = definition.default_off_variant();
        Self {
            enabled: false,
            fallthrough: Serve::Variant(off_variant.clone()),
            off_variant,
            prerequisites: Vec::new(),
            overrides: IndexMap::new(),
            rules: Vec::new(),
        }
    }
}

impl Definition {
    /// See [`Configuration::default_for`]; empty only for a definition without variants.
    #[must_use]
    pub fn default_off_variant(&self) -> String {
        let off = self.variants.iter().find(|(_, value)| value.as_bool() == Some(false));
        let first = || self.variants.first();
        let chosen = if self.kind == Kind::Boolean { off.or_else(first) } else { first() };
        chosen.map(|(key, _)| key.clone()).unwrap_or_default()
    }
}

/// One rule of a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique within the flag and environment.
    pub id: String,
    /// For people.
    pub description: String,
    /// For whom it applies.
    pub when: Predicate,
    /// What it gives them.
    pub serve: Serve,
}

/// What a rule or the fallthrough gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Serve {
    /// One variant, by key.
    Variant(String),
    /// One of several by percentage.
    Split(Split),
}

/// A split of subjects over variants.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Paths of attributes, 1–4: the first that is a unit is hashed.
    pub by: Vec<String>,
    /// How.
    pub hashing: Hashing,
    /// Variant → number of buckets, in order; they sum to the buckets of `hashing`.
    pub weights: IndexMap<String, u32>,
    /// Variant served when the unit is missing.
    pub otherwise: Option<String>,
}

/// A named cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// For people.
    pub description: String,
    /// Who belongs, besides `included`; `None`: nobody else.
    pub when: Option<Predicate>,
    /// Targeting keys that belong.
    pub included: Vec<String>,
    /// Targeting keys that do not, whatever `when` says.
    pub excluded: Vec<String>,
}

/// A flag and the variants it has to serve.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagTest {
    /// The other flag's key.
    pub flag: String,
    /// Its variants, of which it has to serve one.
    pub variants: Vec<String>,
}

/// A condition on the context.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Every one holds.
    All(Vec<Predicate>),
    /// Some one holds.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// The subject is in the segment of this key.
    Segment(String),
    /// Another flag serves one of some variants.
    Flag(FlagTest),
    /// The unit falls in a range of buckets.
    Bucket(Bucket),
    /// An attribute passes a test.
    Attribute {
        /// Attribute path.
        path: String,
        /// What it has to pass.
        test: Test,
    },
}

impl Predicate {
    /// Keys of the segments that this predicate names, as often as it does.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        match self {
            Self::Segment(key) => vec![key],
            Self::Not(inner) => inner.segments(),
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::segments).collect(),
            Self::Flag(_) | Self::Bucket(_) | Self::Attribute { .. } => Vec::new(),
        }
    }

    /// Keys of the flags that this predicate names, as often as it does.
    #[must_use]
    pub fn flags(&self) -> Vec<&str> {
        match self {
            Self::Flag(test) => vec![&test.flag],
            Self::Not(inner) => inner.flags(),
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::flags).collect(),
            Self::Segment(_) | Self::Bucket(_) | Self::Attribute { .. } => Vec::new(),
        }
    }

    /// The predicate that always holds.
    #[must_use]
    pub const fn always() -> Self {
        Self::All(Vec::new())
    }
}

/// A range of buckets: `from <= bucket < to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Paths of attributes, 1–4: the first that is a unit is hashed.
    pub by: Vec<String>,
    /// How.
    pub hashing: Hashing,
    /// First bucket inside, 0 to the number of buckets.
    pub from: u32,
    /// First bucket outside, `from` to the number of buckets.
    pub to: u32,
}

/// A string, number or boolean operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Text.
    String(String),
    /// A finite double.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
}

/// What is asked of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Presence equals this.
    Exists(bool),
    /// It equals one of these: `equals` (one operand) and `in`.
    In {
        /// 1–100,000 operands.
        values: Vec<Scalar>,
        /// Compare strings in lower case.
        ignore_case: bool,
    },
    /// A string with one of these in it: `contains`, `starts_with`, `ends_with`.
    Affix {
        /// Where.
        place: Place,
        /// 1–1,000 needles.
        needles: Vec<String>,
        /// Compare in lower case.
        ignore_case: bool,
    },
    /// A numeric attribute compared with a number.
    Number {
        /// How.
        order: Order,
        /// With what; finite.
        operand: f64,
        /// Which strings are numbers.
        dialect: NumberDialect,
    },
    /// `low <= attribute <= high`.
    Between {
        /// Finite.
        low: f64,
        /// Finite, not less than `low`.
        high: f64,
        /// Which strings are numbers.
        dialect: NumberDialect,
    },
    /// A version compared by SemVer 2.0 precedence.
    Version {
        /// How.
        order: VersionOrder,
        /// With what, as written; it parses as a version.
        operand: String,
        /// What is a version, for operand and attribute.
        dialect: VersionDialect,
    },
    /// A string in which one of some regular expressions is found.
    Matches {
        /// 1–100 patterns, as written; they parse.
        patterns: Vec<String>,
        /// Under the flag `i`.
        ignore_case: bool,
    },
    /// A string that is an IP address in one of some networks.
    Cidr {
        /// 1–10,000 networks or single addresses, as written; they parse.
        nets: Vec<String>,
    },
    /// A time compared with a time.
    Time {
        /// `after` if true, else `before`.
        after: bool,
        /// The operand in milliseconds since the Unix epoch; finite.
        operand_ms: f64,
    },
    /// A list attribute compared with operands.
    List {
        /// Which quantifier.
        quantifier: Quantifier,
        /// 1–100,000 operands (1–1,000 for `AllOf`).
        values: Vec<Scalar>,
        /// Compare strings in lower case.
        ignore_case: bool,
    },
}

/// Where in a string a needle has to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere: `contains`.
    Anywhere,
    /// At its start: `starts_with`.
    Start,
    /// At its end: `ends_with`.
    End,
}

/// An order between numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// An order between versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionOrder {
    /// Same precedence.
    Equal,
    /// Lower precedence.
    Less,
    /// Not higher.
    LessOrEqual,
    /// Higher precedence.
    Greater,
    /// Not lower.
    GreaterOrEqual,
}

/// Which strings are numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberDialect {
    /// Digits, with a sign and a fraction if need be.
    #[default]
    Decimal,
    /// Exponents, points without digits before or after them, and infinities too.
    Float,
}

impl NumberDialect {
    /// Every dialect, in the order of the reference.
    pub const ALL: [Self; 2] = [Self::Decimal, Self::Float];

    /// Its word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::Float => "float",
        }
    }
}

/// What is a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionDialect {
    /// A leading `v` is allowed; minor and patch may be missing and are 0.
    #[default]
    Loose,
    /// SemVer 2.0 exactly.
    Strict,
    /// Minor and patch may be missing and are 0; no `v`.
    Partial,
}

impl VersionDialect {
    /// Every dialect, in the order of the reference.
    pub const ALL: [Self; 3] = [Self::Loose, Self::Strict, Self::Partial];

    /// Its word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loose => "loose",
            Self::Strict => "strict",
            Self::Partial => "partial",
        }
    }
}

/// How many of the operands a list has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    AnyOf,
    /// Every one.
    AllOf,
    /// None.
    NoneOf,
}

/// Keys of the segments that some rule names, directly or through other segments.
#[must_use]
pub fn segments_in_use<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    segments: &'a BTreeMap<String, Segment>,
) -> BTreeSet<&'a str> {
    let mut waiting: Vec<&str> = rules.into_iter().flat_map(|rule| rule.when.segments()).collect();
    let mut used = BTreeSet::new();
    while let Some(key) = waiting.pop() {
        if used.insert(key) {
            let when = segments.get(key).and_then(|segment| segment.when.as_ref());
            waiting.extend(when.into_iter().flat_map(Predicate::segments));
        }
    }
    used
}

/// Is the attribute at `path` the one at `sensitive`, or below it?
#[must_use]
pub fn covers(sensitive: &str, path: &str) -> bool {
    path.strip_prefix(sensitive).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Test {
    /// Its word in documents; `in` of one operand is `equals`.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        match self {
            Self::Exists(_) => "exists",
            Self::In { values, .. } if values.len() == 1 => "equals",
            Self::In { .. } => "in",
            Self::Affix { place, .. } => match place {
                Place::Anywhere => "contains",
                Place::Start => "starts_with",
                Place::End => "ends_with",
            },
            Self::Number { order, .. } => match order {
                Order::Less => "lt",
                Order::LessOrEqual => "lte",
                Order::Greater => "gt",
                Order::GreaterOrEqual => "gte",
            },
            Self::Between { .. } => "between",
            Self::Matches { .. } => "matches",
            Self::Cidr { .. } => "cidr",
            Self::Version { order, .. } => match order {
                VersionOrder::Equal => "semver_eq",
                VersionOrder::Less => "semver_lt",
                VersionOrder::LessOrEqual => "semver_lte",
                VersionOrder::Greater => "semver_gt",
                VersionOrder::GreaterOrEqual => "semver_gte",
            },
            Self::Time { after: true, .. } => "after",
            Self::Time { after: false, .. } => "before",
            Self::List { quantifier, .. } => match quantifier {
                Quantifier::AnyOf => "any_of",
                Quantifier::AllOf => "all_of",
                Quantifier::NoneOf => "none_of",
            },
        }
    }
}

impl Project {
    /// Is the attribute at `path` sensitive?
    #[must_use]
    pub fn is_sensitive(&self, path: &str) -> bool {
        self.sensitive.iter().any(|sensitive| covers(sensitive, path))
    }

    /// The flag set of `environment`, without archived flags; `None` when the project has no such
    /// environment.
    #[must_use]
    pub fn flag_set(&self, environment: &str) -> Option<FlagSet> {
        if !self.environments.iter().any(|name| name == environment) {
            return None;
        }
        let flags = self
            .flags
            .iter()
            .filter(|(_, flag)| flag.definition.lifecycle == Lifecycle::Active)
            .map(|(key, flag)| {
                let configuration = flag.environments.get(environment).cloned();
                let definition = flag.definition.clone();
                let configuration =
                    configuration.unwrap_or_else(|| Configuration::default_for(&definition));
                (key.clone(), Flag { definition, configuration })
            })
            .collect();
        Some(FlagSet { segments: self.segments.clone(), flags })
    }
}
