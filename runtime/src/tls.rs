//! TLS for the client's requests.
//!
//! In: whether the server is reached by HTTPS. Out: a rustls configuration with ring and the
//! operating system's trust. It is passed to one HTTP client; the process-wide provider that other
//! code may have installed is never touched.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// A configuration for servers at `https` addresses; for plain ones a placeholder that trusts
/// nobody and does not read the system's certificates, which may be absent.
pub(crate) fn config(https: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match https {
        true => builder.with_platform_verifier()?,
        false => builder.with_root_certificates(RootCertStore::empty()),
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
