//! Flags of HTTPS.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use tokio_rustls::rustls::pki_types::DnsName;

use super::port;

/// Whether there is a second, encrypted port, and who it claims to be.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The port to listen on for HTTPS, beside the plain one; 0 takes any free one, and the ready line says which
    #[arg(long, env = "ALFRESCO_MOCK_TLS_PORT", value_name = "PORT", value_parser = port)]
    pub tls_port: Option<u16>,

    /// Whose certificate to show when none is given: one by an authority that is made for this run
    #[arg(
        long = "tls",
        env = "ALFRESCO_MOCK_TLS",
        value_name = "MODE",
        requires = "tls_port",
        conflicts_with = "tls_certificate"
    )]
    pub tls_mode: Option<TlsMode>,

    /// The certificate to show, in PEM, with those between it and its authority
    #[arg(
        long,
        env = "ALFRESCO_MOCK_TLS_CERTIFICATE",
        value_name = "PATH",
        requires = "tls_port",
        requires = "tls_key"
    )]
    pub tls_certificate: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "ALFRESCO_MOCK_TLS_KEY", value_name = "PATH", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// Host names and addresses that a certificate of our own is for, separated by commas
    #[arg(
        long,
        env = "ALFRESCO_MOCK_TLS_NAMES",
        value_name = "NAMES",
        default_value = "localhost,127.0.0.1,::1",
        value_parser = names
    )]
    pub tls_names: Names,

    /// A file to write the certificate of our own authority to, for clients that are to trust it
    #[arg(
        long,
        env = "ALFRESCO_MOCK_TLS_CA_FILE",
        value_name = "PATH",
        requires = "tls_port",
        conflicts_with = "tls_certificate"
    )]
    pub tls_ca_file: Option<PathBuf>,
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TlsMode {
    /// An authority is made at the start, and a certificate by it. Both are forgotten at the end.
    SelfSigned,
}

/// Host names and addresses, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

pub(super) fn names(text: &str) -> Result<Names, String> {
    let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| {
        let host = name.strip_prefix("*.").unwrap_or(name);
        name.parse::<IpAddr>().is_ok() || DnsName::try_from(host).is_ok()
    };
    if names.iter().all(is_name) {
        Ok(Names(names))
    } else {
        Err("expected host names or IP addresses, such as localhost, separated by commas".to_owned())
    }
}
