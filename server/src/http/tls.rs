//! TLS: a certificate and its key, from PEM files that are looked at again while they serve.
//!
//! In: paths. Out: what a handshake needs. A renewed certificate is taken without a restart; files
//! that make no sense leave the one that serves where it is.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::hub::error::chain;

/// Where a certificate is, with those that vouch for it, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates in PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its private key in PEM (PKCS #8, PKCS #1 or SEC 1), not encrypted.
    pub key: PathBuf,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no PEM of what it should.
    #[error("cannot read {what} from `{}`: {why}", path.display())]
    Read {
        /// What is looked for in it.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The two do not belong together, or are of a kind that is not spoken.
    #[error("the certificate in `{}` cannot be used with the key in `{}`",
        files.certificate.display(), files.key.display())]
    Pair {
        /// Which.
        files: TlsFiles,
        /// Why not.
        source: rustls::Error,
    },
}

/// What stands in the two files; `None`: one of them cannot be read.
type Contents = Option<(Vec<u8>, Vec<u8>)>;

impl TlsFiles {
    fn contents(&self) -> Contents {
        // Reading what is no file may never end.
        let read = |path: &PathBuf| {
            let is_file = std::fs::metadata(path).ok()?.is_file();
            is_file.then(|| std::fs::read(path).ok()).flatten()
        };
        Some((read(&self.certificate)?, read(&self.key)?))
    }

    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let fault = |what, path: &PathBuf, error: pem::Error| TlsError::Read {
            what,
            path: path.clone(),
            why: words(&error),
        };
        let path = &self.certificate;
        let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        let certificates: Vec<CertificateDer<'static>> =
            certificates.map_err(|source| fault("a certificate", path, source))?;
        if certificates.is_empty() {
            return Err(fault("a certificate", path, pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key = key.map_err(|source| fault("a private key", &self.key, source))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
        let mut config = config.map_err(|source| TlsError::Pair { files: self.clone(), source })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Says whether they could be used.
    ///
    /// # Errors
    /// Why they could not.
    pub fn check(&self) -> Result<(), TlsError> {
        self.load().map(drop)
    }
}

/// What is wrong with a file.
fn words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "it ends within a section".to_owned(),
        pem::Error::NoItemsFound => "it holds none in PEM, or only an encrypted one".to_owned(),
        other => other.to_string(),
    }
}

/// The certificate that serves.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    serving: RwLock<Arc<ServerConfig>>,
    /// What stood in the files at the last look.
    seen: Mutex<Contents>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// They make no sense.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        // Before they are loaded: what comes between the two is looked at again.
        let seen = Mutex::new(files.contents());
        let serving = RwLock::new(files.load()?);
        Ok(Self { files, serving, seen })
    }

    /// What the next handshake needs.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.serving.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks whether another certificate has been put there. Blocks on the file system.
    pub fn renew(&self) {
        let contents = self.files.contents();
        let contents_missing = contents.is_none();
        {
            // Replaced as a whole.
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == contents {
                return;
            }
            *seen = contents;
        }
        if contents_missing {
            tracing::warn!("a TLS file cannot be read; the certificate before is served on");
            return;
        }
        // The two files are replaced one after the other: the next look finds both.
        match self.files.load() {
            Ok(config) => {
                *self.serving.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::info!("another certificate is served");
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "the certificate before is served on");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Makes a certificate and its key in a folder; where they are.
    fn write(folder: &std::path::Path, name: &str) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let (certificate, key) =
            (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        TlsFiles { certificate, key }
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_one_that_makes_no_sense_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "a");
        let tls = Tls::open(files.clone()).unwrap();
        let first = tls.config();
        tls.renew();
        assert!(Arc::ptr_eq(&first, &tls.config()), "nothing has changed");
        let other = write(folder.path(), "b");
        std::fs::copy(&other.certificate, &files.certificate).unwrap();
        tls.renew();
        assert!(Arc::ptr_eq(&first, &tls.config()), "its key has not come yet");
        std::fs::copy(&other.key, &files.key).unwrap();
        tls.renew();
        assert!(!Arc::ptr_eq(&first, &tls.config()));
    }

    #[test]
    fn files_that_make_no_sense_are_refused_with_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (write(folder.path(), "a"), write(folder.path(), "b"));
        let absent = folder.path().join("absent.pem");
        for (certificate, key, parts) in [
            (&absent, &a.key, ["a certificate", "absent.pem"]),
            (&a.key, &a.key, ["a certificate", "a.key"]),
            (&a.certificate, &a.certificate, ["a private key", "a.pem"]),
            (&a.certificate, &b.key, ["a.pem", "b.key"]),
        ] {
            let files = TlsFiles { certificate: certificate.clone(), key: key.clone() };
            let error = files.check().unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
