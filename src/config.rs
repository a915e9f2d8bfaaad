//! What is fixed at the start: flags, each with an environment variable, and their defaults.
//!
//! The only file that reads the environment (through clap). Help texts are the reference; the README's table is
//! checked against them by a test.

#![expect(clippy::doc_markdown, reason = "clap prints these texts, and backticks mean nothing in a terminal")]

mod control;
mod cors;
mod deflate;
mod health;
mod limits;
mod numbers;
mod replica;
mod tls;

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, builder::Resettable, error::ErrorKind,
};

use self::numbers::within;
pub use self::{
    control::{ControlConfig, NetworkStyle, Switch},
    cors::{CorsConfig, Origins, Tokens},
    deflate::DeflateConfig,
    health::HealthArgs,
    limits::LimitsConfig,
    replica::{Replica, ReplicaConfig},
    tls::{Names, TlsConfig, TlsMode},
};
use crate::{
    content::packer::Limits,
    settings::{DownloadSettings, ProgressStyle},
};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = env!("CARGO_PKG_NAME"),
    version,
    about = "A fast, faithful stand-in for the Downloads API of Alfresco Content Services",
    args_conflicts_with_subcommands = true,
    max_term_width = 110
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve, when no command is named.
    #[command(flatten)]
    pub config: Config,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API (the default)
    Serve(Box<Config>),
    /// Ask a running server whether it is ready; exit code 0 when it is
    Health(HealthArgs),
    /// Say what a fixtures folder or zip would load, or every mistake in it
    Check {
        /// A fixtures folder, or a zip of one
        path: PathBuf,
    },
}

/// Everything that is fixed when the server starts. Each field is a flag and an environment variable.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The address to listen on
    #[arg(long, env = "ALFRESCO_MOCK_BIND", value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = address)]
    pub bind: IpAddr,

    /// The port to listen on; 0 takes any free one, and the ready line says which
    #[arg(long, env = "ALFRESCO_MOCK_PORT", value_name = "PORT", default_value_t = 8080, value_parser = port)]
    pub port: u16,

    /// A file to write the port number to once the server is ready
    #[arg(long, env = "ALFRESCO_MOCK_PORT_FILE", value_name = "PATH")]
    pub port_file: Option<PathBuf>,

    /// HTTPS, beside the plain port.
    #[command(flatten)]
    pub tls: TlsConfig,

    /// Servers that share the work.
    #[command(flatten)]
    pub replica: ReplicaConfig,

    /// The repository's content: a folder, or a zip of one [default: the built-in fixtures]
    #[arg(long, env = "ALFRESCO_MOCK_FIXTURES", value_name = "PATH")]
    pub fixtures: Option<PathBuf>,

    /// Fixtures to use when no others are named and something lies there, as in the image [default: none]
    #[arg(long, env = "ALFRESCO_MOCK_DEFAULT_FIXTURES", value_name = "PATH")]
    pub default_fixtures: Option<PathBuf>,

    /// Where spooled content goes [default: the system's temporary folder]
    #[arg(long, env = "ALFRESCO_MOCK_TEMP_DIR", value_name = "PATH")]
    pub temp_dir: Option<PathBuf>,

    /// Bytes of an uploaded content that stay in memory; what is larger goes to the temporary folder
    #[arg(long, env = "ALFRESCO_MOCK_UPLOAD_MEMORY", value_name = "BYTES", default_value = "1048576", value_parser = memory)]
    pub upload_memory: usize,

    /// How contents are deflated.
    #[command(flatten)]
    pub deflate: DeflateConfig,

    /// Uncompressed bytes beyond which a download ends as MAX_CONTENT_SIZE_EXCEEDED; -1 for no limit
    #[arg(
        long,
        env = "ALFRESCO_MOCK_DOWNLOAD_MAX_CONTENT_SIZE",
        value_name = "BYTES",
        default_value = "2152852358",
        allow_negative_numbers = true,
        value_parser = content_size
    )]
    pub download_max_content_size: ContentLimit,

    /// How long a download lives after its last change
    #[arg(
        long,
        env = "ALFRESCO_MOCK_DOWNLOAD_CLEANER_MAX_AGE",
        value_name = "DURATION",
        default_value = "60m",
        value_parser = duration
    )]
    pub download_cleaner_max_age: Duration,

    /// How long a job stays PENDING before it begins
    #[arg(
        long,
        env = "ALFRESCO_MOCK_DOWNLOAD_START_DELAY",
        value_name = "DURATION",
        default_value = "50ms",
        value_parser = duration
    )]
    pub download_start_delay: Duration,

    /// Uncompressed bytes per second at which a job proceeds [default: unlimited]
    #[arg(long, env = "ALFRESCO_MOCK_DOWNLOAD_PACE", value_name = "BYTES", value_parser = pace)]
    pub download_pace: Option<NonZeroU64>,

    /// How many jobs run at once; the rest wait as PENDING
    #[arg(long, env = "ALFRESCO_MOCK_DOWNLOAD_WORKERS", value_name = "NUMBER", default_value = "8", value_parser = workers)]
    pub download_workers: usize,

    /// When a job's counters are updated: as on the real server, about every 10 MB, or all the time
    #[arg(long, env = "ALFRESCO_MOCK_DOWNLOAD_PROGRESS", value_name = "STYLE", default_value = "alfresco")]
    pub download_progress: ProgressStyle,

    /// How many nodes are looked at for archived content when a download is created; -1 for all
    #[arg(
        long,
        env = "ALFRESCO_MOCK_DOWNLOAD_ARCHIVE_CHECK_LIMIT",
        value_name = "NUMBER",
        default_value = "500",
        allow_negative_numbers = true,
        value_parser = node_limit
    )]
    pub download_archive_check_limit: i64,

    /// Let a file of 4 GiB or more kill its job, as on the real server, instead of zipping it
    #[arg(long, env = "ALFRESCO_MOCK_DOWNLOAD_FAIL_LARGE_ENTRIES", value_parser = clap::builder::BoolishValueParser::new())]
    pub download_fail_large_entries: bool,

    /// Pages on other origins.
    #[command(flatten)]
    pub cors: CorsConfig,

    /// Challenge with `Basic` instead of `AlfTicket`, as alfresco.restApi.basicAuthScheme=true does
    #[arg(long, env = "ALFRESCO_MOCK_BASIC_AUTH_SCHEME", value_parser = clap::builder::BoolishValueParser::new())]
    pub basic_auth_scheme: bool,

    /// Answer 501 to /api/discovery, as system.api.discovery.enabled=false does
    #[arg(long, env = "ALFRESCO_MOCK_DISCOVERY_OFF", value_parser = clap::builder::BoolishValueParser::new())]
    pub discovery_off: bool,

    /// How much is taken, and for how long is waited.
    #[command(flatten)]
    pub limits: LimitsConfig,

    /// How testers reach the server.
    #[command(flatten)]
    pub control: ControlConfig,

    /// Make ids and tickets repeatable: the same in every run with the same seed [default: unforeseeable ones]
    #[arg(long, env = "ALFRESCO_MOCK_SEED", value_name = "NUMBER", value_parser = seed)]
    pub seed: Option<u64>,

    /// How log lines look; what is logged is set by RUST_LOG
    #[arg(long, env = "ALFRESCO_MOCK_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// What is logged: a level, or levels by module, such as `debug` or `info,alfresco_downloads_mock::api=debug`
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info", value_parser = log_filter)]
    pub log: String,
}

impl Default for Config {
    /// The flags' own defaults, whatever the environment says.
    fn default() -> Self {
        CommandLine::command()
            .mut_args(|arg| arg.env(Resettable::Reset))
            .try_get_matches_from([env!("CARGO_PKG_NAME")])
            .and_then(|matches| CommandLine::from_arg_matches(&matches))
            .expect("every flag has a default")
            .config
    }
}

impl Config {
    /// Where to listen.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// Where to listen for HTTPS, if at all.
    pub(crate) fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.tls_port.map(|port| SocketAddr::new(self.bind, port))
    }

    /// Where to listen for testers, if that is not the same port.
    pub(crate) fn admin_address(&self) -> Option<SocketAddr> {
        let port = self.control.admin_port.filter(|_| self.control.admin == Switch::On)?;
        Some(SocketAddr::new(self.bind, port))
    }

    /// The fixtures to load; none for the built-in ones.
    pub(crate) fn chosen_fixtures(&self) -> Option<&Path> {
        let mounted = || self.default_fixtures.as_deref().filter(|path| path.exists());
        self.fixtures.as_deref().or_else(mounted)
    }

    /// Where spooled content goes.
    pub(crate) fn temp_folder(&self) -> PathBuf {
        self.temp_dir.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// How contents are deflated, and how much of that is kept.
    pub(crate) fn packing(&self) -> Limits {
        Limits {
            level: self.deflate.deflate_level,
            memory: self.deflate.deflated_memory,
            spooled_ahead: self.deflate.deflated_spool,
            remembers: self.deflate.warm,
        }
    }

    pub(crate) fn downloads(&self) -> DownloadSettings {
        DownloadSettings {
            max_content_size: self.download_max_content_size.0,
            cleaner_max_age: self.download_cleaner_max_age,
            start_delay: self.download_start_delay,
            pace: self.download_pace,
            archive_check_limit: u64::try_from(self.download_archive_check_limit).ok(),
            fail_large_entries: self.download_fail_large_entries,
            workers: self.download_workers,
            progress: self.download_progress,
        }
    }
}

/// A limit on uncompressed bytes; none when it is not positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLimit(pub Option<NonZeroU64>);

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A mistake on the command line or in a variable, or a request for help.
#[derive(Debug)]
pub enum Usage {
    /// Text that was asked for: help or the version.
    Asked(String),
    /// One line that names the flag, the value and what is allowed.
    Mistake(String),
}

impl CommandLine {
    /// Reads the command line and the environment.
    pub fn read() -> Result<Self, Usage> {
        Self::try_parse().map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Usage::Asked(error.render().to_string()),
            _ => Usage::Mistake(one_line(&error.render().to_string())),
        })
    }
}

/// clap's error without its layout: all but the usage and the pointer to `--help`.
fn one_line(rendered: &str) -> String {
    let lines = rendered
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("For more information") && !line.starts_with("Usage:"))
        .filter(|line| !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join(" ");
    joined.strip_prefix("error: ").map_or(joined.clone(), str::to_owned)
}

fn address(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse().map_err(|_| "expected an IP address, such as 127.0.0.1, 0.0.0.0 or ::1".to_owned())
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "expected a port number from 0 (any free one) to 65535".to_owned())
}

fn content_size(text: &str) -> Result<ContentLimit, String> {
    match text.parse::<i64>() {
        Ok(bytes) if bytes >= -1 => Ok(ContentLimit(u64::try_from(bytes).ok().and_then(NonZeroU64::new))),
        _ => Err("expected a number of bytes, or -1 for no limit".to_owned()),
    }
}

fn node_limit(text: &str) -> Result<i64, String> {
    match text.parse::<i64>() {
        Ok(nodes) if nodes >= -1 => Ok(nodes),
        _ => Err("expected a number of nodes, or -1 for no limit".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "expected a number with a unit, such as 50ms, 2s or 60m".to_owned())
}

fn pace(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "expected a number of bytes per second, 1 or more".to_owned())
}

pub(super) fn memory(text: &str) -> Result<usize, String> {
    let bytes = within(text, 0..=u32::MAX, "a number of bytes")?;
    usize::try_from(bytes).map_err(|error| error.to_string())
}

fn seed(text: &str) -> Result<u64, String> {
    within(text, 0..=u64::MAX, "a number")
}

fn workers(text: &str) -> Result<usize, String> {
    within(text, 1..=1024, "a number of jobs")
}

fn log_filter(text: &str) -> Result<String, String> {
    text.parse::<tracing_subscriber::filter::Targets>()
        .map(|_| text.to_owned())
        .map_err(|_| "expected a filter such as `info`, `debug` or `alfresco_downloads_mock=debug`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(args: &[&str]) -> String {
        let error = CommandLine::command()
            .mut_args(|arg| arg.env(Resettable::Reset))
            .try_get_matches_from([&["mock"], args].concat())
            .expect_err("a mistake");
        one_line(&error.render().to_string())
    }

    #[test]
    fn the_defaults_are_the_real_servers() {
        let config = Config::default();
        assert_eq!(config.address(), SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(config.download_max_content_size.0.map(NonZeroU64::get), Some(2_152_852_358));
        assert_eq!(config.download_cleaner_max_age, Duration::from_secs(3600));
        assert_eq!(config.download_workers, 8);
    }

    #[test]
    fn a_mistake_is_one_line_with_the_flag_the_value_and_what_is_allowed() {
        assert_eq!(
            mistake(&["--port", "70000"]),
            "invalid value '70000' for '--port <PORT>': expected a port number from 0 (any free one) to 65535"
        );
        assert_eq!(
            mistake(&["--download-start-delay", "50"]),
            "invalid value '50' for '--download-start-delay <DURATION>': expected a number with a unit, such as 50ms, 2s or 60m"
        );
        assert_eq!(
            mistake(&["--log-format", "xml"]),
            "invalid value 'xml' for '--log-format <FORMAT>' [possible values: text, json]"
        );
        assert_eq!(
            mistake(&["--deflate-level", "10"]),
            "invalid value '10' for '--deflate-level <LEVEL>': expected a level from 1 (quick) to 9 (small)"
        );
        assert_eq!(
            mistake(&["--deflated-memory", "256M"]),
            "invalid value '256M' for '--deflated-memory <BYTES>': expected a number of bytes from 0 to 4611686018427387903"
        );
    }

    #[test]
    fn minus_one_lifts_the_limit() {
        assert_eq!(content_size("-1"), Ok(ContentLimit(None)));
        assert_eq!(content_size("0"), Ok(ContentLimit(None)));
        assert!(content_size("-2").is_err());
    }
}
