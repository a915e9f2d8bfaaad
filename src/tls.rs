//! HTTPS: whose certificate is shown, and which versions of HTTP are offered.

use std::{fs, path::Path, sync::Arc, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::{
    clock::Timestamp,
    config::{Names, TlsConfig},
};

/// HTTP/2, and what everybody speaks.
const VERSIONS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A day before the start, for clients whose clock is behind.
const EARLIER: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that strict clients believe a certificate.
const VALID: Duration = Duration::from_secs(397 * 24 * 60 * 60);

/// Why HTTPS cannot be offered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written, or does not hold what it should.
    #[error("cannot use {file}, which {flag} names: {reason}")]
    File {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not belong together, or are of a kind that is not known.
    #[error("the certificate of --tls-certificate cannot be used with the key of --tls-key: {0}")]
    Pair(#[source] rustls::Error),
    /// A certificate of our own cannot be made.
    #[error("no certificate can be made for the names of --tls-names: {0}")]
    Own(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a port with HTTPS needs.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate of our own authority, in PEM; none when the certificate is somebody else's.
    pub(crate) ca_pem: Option<String>,
}

/// The cryptography, which is the same for server and health check.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Reads the certificate that is asked for, or makes one.
pub(crate) fn prepare(config: &TlsConfig, now: Timestamp) -> Result<Tls, TlsError> {
    let (chain, key, ca_pem) = if let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) {
        (read_chain(certificate)?, read_key(key)?, None)
    } else {
        let (chain, key, ca_pem) = self_signed(&config.tls_names, now).map_err(TlsError::Own)?;
        (chain, key, Some(ca_pem))
    };
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Pair)?;
    server.alpn_protocols = VERSIONS.map(<[u8]>::to_vec).to_vec();
    if let (Some(file), Some(pem)) = (&config.tls_ca_file, &ca_pem) {
        fs::write(file, pem).map_err(|error| refuse("--tls-ca-file", file, &error))?;
    }
    Ok(Tls { acceptor: Arc::new(server).into(), ca_pem })
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let flag = "--tls-certificate";
    let pem = fs::read(file).map_err(|error| refuse(flag, file, &error))?;
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| refuse(flag, file, &error))?;
    if chain.is_empty() {
        return Err(refuse(flag, file, &"it holds no certificate in PEM"));
    }
    Ok(chain)
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let flag = "--tls-key";
    let pem = fs::read(file).map_err(|error| refuse(flag, file, &error))?;
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| refuse(flag, file, &"it holds no private key in PEM, or one that needs a password"))
}

fn refuse(flag: &'static str, file: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { flag, file: file.display().to_string(), reason: reason.to_string() }
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, String);

/// An authority, and a certificate by it for these names. The authority's key is dropped here: nothing else is ever
/// signed with it.
fn self_signed(names: &Names, now: Timestamp) -> Result<Own, Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = dated(CertificateParams::default(), now);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "alfresco-downloads-mock, authority of one run");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut leaf = dated(CertificateParams::new(names.0.clone())?, now);
    leaf.distinguished_name.push(DnType::CommonName, "alfresco-downloads-mock");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    Ok((vec![certificate.der().clone(), authority.der().clone()], key, authority.pem()))
}

/// Valid from yesterday on, for about a year.
fn dated(mut params: CertificateParams, now: Timestamp) -> CertificateParams {
    let day = |timestamp: Timestamp| {
        let at = timestamp.utc();
        let field = |value: i8| u8::try_from(value).unwrap_or(1);
        date_time_ymd(i32::from(at.year()), field(at.month()), field(at.day()))
    };
    params.not_before = day(now - EARLIER);
    params.not_after = day(now - EARLIER + VALID);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
}
