//! Flags of the health check.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{duration, port};

/// Whom to ask for health, and how patiently.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// The server's address [default: http://127.0.0.1 at the port of ALFRESCO_MOCK_PORT, else 8080, and
    /// https://127.0.0.1 at the port of ALFRESCO_MOCK_TLS_PORT, if it is set]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The port to ask when no URL is given; the variable that the server itself reads
    #[arg(long, env = "ALFRESCO_MOCK_PORT", value_name = "PORT", default_value_t = 8080, value_parser = port)]
    pub port: u16,
    /// The port to ask by HTTPS too when no URL is given; the variable that the server itself reads
    #[arg(long, env = "ALFRESCO_MOCK_TLS_PORT", value_name = "PORT", value_parser = port)]
    pub tls_port: Option<u16>,
    /// The authority that the server's certificate must be by, in PEM [default: any, for nothing secret is sent]
    #[arg(long, value_name = "PATH")]
    pub ca: Option<PathBuf>,
    /// How long to keep asking before giving up
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub wait: Duration,
}
