//! The settings of a server: from the command line, the environment, a file, or by default.
//!
//! In: arguments, of which clap has taken some from the environment, and a file in YAML or JSON.
//! Out: settings that make sense together. What stands on the command line goes first, then the
//! environment, then the file. A name in the file that is not known is a fault, never ignored.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::super::failure::Failure;
use super::super::source;
use super::{LogFormat, Serve};
use crate::access::Mode;
use crate::http::tls::TlsFiles;
use crate::limits::KEEP_EVENTS;
use crate::serve::{Options, StoreOption};
use crate::trace::export;

/// What a file may say; the names are those of the options.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    store: Option<PathBuf>,
    memory: Option<bool>,
    dev: Option<bool>,
    trusted_proxies: Option<Vec<IpAddr>>,
    signing_key: Option<PathBuf>,
    trust: Option<PathBuf>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    otlp_endpoint: Option<String>,
    keep_events: Option<u64>,
    max_streams: Option<u32>,
    log_format: Option<LogFormat>,
    log: Option<String>,
}

/// What is served with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Settings {
    pub(super) listen: SocketAddr,
    pub(super) store: PathBuf,
    pub(super) memory: bool,
    pub(super) dev: bool,
    pub(super) trusted_proxies: Vec<IpAddr>,
    pub(super) signing_key: Option<PathBuf>,
    pub(super) trust: Option<PathBuf>,
    pub(super) tls_certificate: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) otlp_endpoint: Option<String>,
    pub(super) keep_events: u64,
    pub(super) max_streams: u32,
    pub(super) log_format: LogFormat,
    pub(super) log: String,
}

/// The levels of logs.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The usual number of event streams.
#[allow(clippy::cast_possible_truncation)] // some thousands
const STREAMS: u32 = crate::limits::STREAMS_MAX as u32;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7070);

impl Settings {
    /// Those of `arguments`, completed by the file that they name.
    ///
    /// # Errors
    /// The file cannot be read or understood, or the settings make no sense together.
    pub(super) fn of(arguments: &Serve) -> Result<Self, Failure> {
        let file = match &arguments.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        let proxies = Some(arguments.trusted_proxies.clone()).filter(|given| !given.is_empty());
        let settings = Self {
            listen: arguments.listen.or(file.listen).unwrap_or(LISTEN),
            store: arguments.store.clone().or(file.store).unwrap_or_else(|| "vexil.db".into()),
            // A file that is named now goes before what the settings' file says of memory.
            memory: arguments
                .memory
                .unwrap_or_else(|| arguments.store.is_none() && file.memory.unwrap_or_default()),
            dev: arguments.dev.or(file.dev).unwrap_or_default(),
            trusted_proxies: proxies.or(file.trusted_proxies).unwrap_or_default(),
            signing_key: arguments.signing_key.clone().or(file.signing_key),
            trust: arguments.trust.clone().or(file.trust),
            tls_certificate: arguments.tls_certificate.clone().or(file.tls_certificate),
            tls_key: arguments.tls_key.clone().or(file.tls_key),
            otlp_endpoint: arguments
                .otlp_endpoint
                .clone()
                .filter(|given| !given.is_empty())
                .or(file.otlp_endpoint),
            keep_events: arguments.keep_events.or(file.keep_events).unwrap_or(KEEP_EVENTS),
            max_streams: arguments.max_streams.or(file.max_streams).unwrap_or(STREAMS),
            log_format: arguments.log_format.or(file.log_format).unwrap_or(LogFormat::Pretty),
            log: arguments.log.clone().or(file.log).unwrap_or_else(|| "info".into()),
        };
        settings.filter()?;
        if let Some(endpoint) = &settings.otlp_endpoint {
            export::address(endpoint).map_err(|error| Failure::Usage(error.to_string()))?;
        }
        if settings.dev && arguments.new_admin_key {
            return Err(Failure::Usage("a server that asks for no keys makes none".into()));
        }
        if settings.tls_certificate.is_some() != settings.tls_key.is_some() {
            let both = "TLS wants a certificate and its key: give both, `--tls-certificate` and `--tls-key`";
            return Err(Failure::Usage(both.into()));
        }
        Ok(settings)
    }

    /// Which logs are written.
    ///
    /// # Errors
    /// The filter cannot be read.
    pub(super) fn filter(&self) -> Result<EnvFilter, Failure> {
        let fault = |error| Failure::Usage(format!("`{}` selects no logs: {error}", self.log));
        // A word alone would be taken for the name of a module, and silence everything else.
        let directives = self.log.split(',').map(str::trim).filter(|one| !one.is_empty());
        for one in directives.filter(|one| !one.contains(['=', '['])) {
            if !LEVELS.iter().any(|level| one.eq_ignore_ascii_case(level)) {
                return Err(Failure::Usage(format!(
                    "`{}` selects no logs: `{one}` is none of {}; a module is written with its \
                     level, as in `hyper=debug`",
                    self.log,
                    LEVELS.join(", ")
                )));
            }
        }
        EnvFilter::try_new(&self.log).map_err(fault)
    }

    /// The same for the server.
    pub(super) fn options(&self) -> Options {
        let store = match self.memory {
            true => StoreOption::Memory,
            false => StoreOption::Sqlite(self.store.clone()),
        };
        let mut options = Options::new(self.listen, store);
        let files = self.tls_certificate.clone().zip(self.tls_key.clone());
        options.tls = files.map(|(certificate, key)| TlsFiles { certificate, key });
        options.access = if self.dev { Mode::Open } else { Mode::Keys };
        options.trusted_proxies.clone_from(&self.trusted_proxies);
        options.signing_key.clone_from(&self.signing_key);
        options.trust.clone_from(&self.trust);
        options.streams_max = self.max_streams as usize;
        options.keep_events = Some(self.keep_events).filter(|keep| *keep > 0);
        options
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = source::text(path)?;
    if text.trim().is_empty() {
        return Ok(File::default());
    }
    serde_saphyr::from_str(&text).map_err(|error| {
        // What it says of its own settings is of no use to who has written the file.
        let said = error.to_string();
        let said = [", set ", "; set ", "; use ", ", use "]
            .iter()
            .fold(said.as_str(), |said, end| said.split(end).next().unwrap_or(said));
        Failure::Usage(format!("`{}`: {said}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn settings(file: &str, edit: impl FnOnce(&mut Serve)) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vexil.yaml");
        std::fs::write(&path, file).unwrap();
        let mut arguments = Serve { config: Some(path), ..Serve::default() };
        edit(&mut arguments);
        Settings::of(&arguments).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_is_given_goes_before_the_file_and_that_before_the_default() {
        let file = "listen: 127.0.0.1:1\nstore: /data/flags.db\nlog_format: json\n\
                    trusted_proxies: [10.0.0.1]\n";
        let from_file = settings(file, |_| {}).unwrap();
        assert_eq!(from_file.listen.port(), 1);
        assert_eq!(from_file.store, Path::new("/data/flags.db"));
        assert_eq!((from_file.log.as_str(), from_file.log_format), ("info", LogFormat::Json));
        let given = settings(file, |arguments| {
            arguments.listen = Some("127.0.0.1:2".parse().unwrap());
            arguments.trusted_proxies = vec!["10.0.0.2".parse().unwrap()];
        });
        let given = given.unwrap();
        assert_eq!((given.listen.port(), given.trusted_proxies.len()), (2, 1));
        assert_eq!(given.store, Path::new("/data/flags.db"));
        let none = settings("", |_| {}).unwrap();
        assert_eq!((none.listen, none.store.as_path()), (LISTEN, Path::new("vexil.db")));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused_with_what_is_wrong() {
        for (file, part) in [
            ("lisen: 127.0.0.1:1", "lisen"),
            ("listen: nowhere", "listen"),
            ("log: 'x=[y'", "selects no logs"),
            ("log: inof", "`inof` is none of"),
            ("log: 'info, 5'", "`5` is none of"),
            ("- a", "vexil.yaml"),
        ] {
            let error = settings(file, |_| {}).unwrap_err();
            assert!(error.contains(part), "{file}: {error}");
        }
        let half = settings("tls_key: key.pem", |_| {}).unwrap_err();
        assert!(half.contains("a certificate and its key"), "{half}");
        let not_dev = settings("dev: true", |arguments| arguments.dev = Some(false)).unwrap();
        assert!(!not_dev.dev, "what is given goes before the file");
        let kept = settings("memory: true", |arguments| arguments.store = Some("a.db".into()));
        assert!(!kept.unwrap().memory);
        let both = settings("dev: true", |arguments| arguments.new_admin_key = true);
        assert!(both.unwrap_err().contains("asks for no keys"));
    }
}
