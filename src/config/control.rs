//! The flags of what is there for testers: control, journal, networks.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Names, Origins, numbers::within};

/// How testers reach the server, and how much it remembers for them.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct ControlConfig {
    /// Whether testers may control the server over HTTP, below /__admin
    #[arg(long, env = "ALFRESCO_MOCK_ADMIN", value_name = "SWITCH", default_value = "on")]
    pub admin: Switch,

    /// A port of its own for /__admin, which the other then has not; 0 takes any free one [default: the same port]
    #[arg(long, env = "ALFRESCO_MOCK_ADMIN_PORT", value_name = "PORT", value_parser = super::port)]
    pub admin_port: Option<u16>,

    /// What callers of /__admin must send as a bearer token [default: none is needed]
    #[arg(long, env = "ALFRESCO_MOCK_ADMIN_TOKEN", value_name = "TOKEN", value_parser = token)]
    pub admin_token: Option<String>,

    /// Which web pages may use /__admin beside those that it serves itself: `any`, `off`, or origins, separated by commas
    #[arg(long, env = "ALFRESCO_MOCK_ADMIN_CORS", value_name = "ORIGINS", default_value = "off", value_parser = super::cors::origins)]
    pub admin_cors: Origins,

    /// Host names under which /__admin may be used without a token, beside addresses and names that nobody can buy (without
    /// a dot, or below localhost, local, internal, test, home.arpa) [default: none]
    #[arg(long, env = "ALFRESCO_MOCK_ADMIN_HOSTS", value_name = "NAMES", value_parser = super::tls::names)]
    pub admin_hosts: Option<Names>,

    /// How many requests, and how many downloads that are gone, each network remembers
    #[arg(long, env = "ALFRESCO_MOCK_JOURNAL_SIZE", value_name = "NUMBER", default_value = "10000", value_parser = journal_size)]
    pub journal_size: usize,

    /// Bytes of headers and bodies that each network remembers of those requests; 0 for none
    #[arg(long, env = "ALFRESCO_MOCK_JOURNAL_EXCHANGES", value_name = "BYTES", default_value = "8388608", value_parser = super::memory)]
    pub journal_exchanges: usize,

    /// Whether a network springs up when it is first used, or must have been created over /__admin
    #[arg(long, env = "ALFRESCO_MOCK_NETWORKS", value_name = "STYLE", default_value = "any")]
    pub networks: NetworkStyle,

    /// How long a network other than -default- is kept when nobody uses it
    #[arg(
        long,
        env = "ALFRESCO_MOCK_NETWORK_MAX_IDLE",
        value_name = "DURATION",
        default_value = "30m",
        value_parser = super::duration
    )]
    pub network_max_idle: Duration,
}

/// Something that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is there.
    On,
    /// It is not.
    Off,
}

/// Which networks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NetworkStyle {
    /// Any that a request names.
    Any,
    /// Those that were created; others are answered as on the real server, with 401.
    Strict,
}

fn token(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits and any of - . _ ~ + / =".to_owned())
    }
}

fn journal_size(text: &str) -> Result<usize, String> {
    within(text, 1..=1_000_000, "a number of requests")
}
