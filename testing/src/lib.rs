//! Clients for tests of services that use Vexil.
//!
//! In: fixed values, or a flag file. Out: a [`TestClient`], which is a real
//! [`Client`] on a real module, compiled in the test: what a test sees is
//! what a service would see. It has no server, no background, and waits for nothing.
//!
//! ```
//! use vexil_runtime::{Client, Context};
//! use vexil_testing::TestClient;
//!
//! fn greeting(client: &Client, user: &str) -> String {
//!     client.string("greeting", &Context::with_key(user), "Hello")
//! }
//!
//! # fn main() -> Result<(), vexil_testing::TestError> {
//! let client = TestClient::builder().value("greeting", "Hallo").build()?;
//! assert_eq!(greeting(&client, "eva"), "Hallo");
//! client.set("greeting", "Salut")?;
//! assert_eq!(greeting(&client, "eva"), "Salut");
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{compile, document};
use vexil_runtime::{Client, LoadError};

mod fixed;

/// A client whose flags a test decides.
#[derive(Debug)]
pub struct TestClient {
    client: Client,
    flags: Mutex<FlagSet>,
}

/// Why there is no test client, or why it stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The flag file cannot be read.
    #[error("`{}` cannot be read: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The flags are not right.
    #[error("{}", list(.0))]
    Flags(Vec<Diagnostic>),
    /// The flag file has no such environment.
    #[error("there is no environment `{environment}`; there are: {known}")]
    NoEnvironment {
        /// The environment asked for.
        environment: String,
        /// Those that the file has.
        known: String,
    },
    /// A flag's value cannot be what was given.
    #[error("flag `{flag}` is of kind {kind}; {value} is not")]
    Kind {
        /// The flag's key.
        flag: String,
        /// The kind of its values.
        kind: &'static str,
        /// The value given.
        value: String,
    },
    /// The module is refused, which is a fault of Vexil's.
    #[error(transparent)]
    Load(#[from] LoadError),
}

fn list(faults: &[Diagnostic]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

/// What a [`TestClient`] is built from.
#[derive(Clone, Debug, Default)]
#[must_use = "call `.build()`"]
pub struct Builder {
    values: BTreeMap<String, Value>,
}

impl TestClient {
    /// Begins with no flags.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A client of the flags of one environment in a flag file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not right, or has no such environment.
    pub fn from_file(file: impl AsRef<Path>, environment: &str) -> Result<Self, TestError> {
        let file = file.as_ref();
        let text = std::fs::read_to_string(file)
            .map_err(|source| TestError::Read { file: file.to_owned(), source })?;
        Self::from_document(&text, environment)
    }

    /// A client of the flags of one environment in a flag document, JSON or YAML.
    ///
    /// # Errors
    ///
    /// As [`TestClient::from_file`].
    pub fn from_document(text: &str, environment: &str) -> Result<Self, TestError> {
        let project = document::read(text).map_err(TestError::Flags)?;
        let flags = project.flag_set(environment).ok_or_else(|| TestError::NoEnvironment {
            environment: environment.to_owned(),
            known: project.environments.join(", "),
        })?;
        Self::of(flags)
    }

    fn of(flags: FlagSet) -> Result<Self, TestError> {
        let module = compile(&flags).map_err(TestError::Flags)?;
        let client = Client::from_module(&module.bytes)?;
        Ok(Self { client, flags: Mutex::new(flags) })
    }

    /// From now on the flag serves this value to everybody; a flag that is new is of the value's
    /// kind. Listeners hear of it.
    ///
    /// # Errors
    ///
    /// When the flag is of another kind; then everything stays as it was.
    pub fn set(&self, flag: &str, value: impl Into<Value>) -> Result<(), TestError> {
        let mut flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = flags.clone();
        fixed::serve(&mut changed, flag, value.into())?;
        let module = compile(&changed).map_err(TestError::Flags)?;
        self.client.swap_module(&module.bytes)?;
        *flags = changed;
        Ok(())
    }
}

impl Builder {
    /// The flag serves this value to everybody, and is of the value's kind.
    pub fn value(mut self, flag: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.insert(flag.into(), value.into());
        self
    }

    /// Compiles the flags.
    ///
    /// # Errors
    ///
    /// When a key is not one that flags can have.
    pub fn build(self) -> Result<TestClient, TestError> {
        let mut flags = FlagSet::default();
        for (flag, value) in self.values {
            fixed::serve(&mut flags, &flag, value)?;
        }
        TestClient::of(flags)
    }
}

/// Everything that a client can do.
impl Deref for TestClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
