//! How to start a mock that is not quite the default one.

use std::{num::NonZeroU64, path::Path, time::Duration};

use super::{Mock, StartError};
use crate::{Config, ContentLimit, NetworkStyle, ProgressStyle};

/// Starts a [`Mock`] with other options than the defaults. Each has the default of its flag, save the port: that is any
/// free one. The environment is not looked at.
///
/// # Examples
///
/// In a plain test, with a blocking client:
///
/// ```
/// use std::time::Duration;
///
/// use alfresco_downloads_mock::{Mock, ProgressStyle};
///
/// let mock = Mock::builder()
///     .seed(7)
///     .start_delay(Duration::ZERO)
///     .progress(ProgressStyle::Smooth)
///     .start()?;
/// let url = mock.url(); // for the client under test
/// assert!(url.starts_with("http://127.0.0.1:"));
/// # Ok::<(), alfresco_downloads_mock::StartError>(())
/// ```
///
/// In an async test, whatever its executor:
///
/// ```
/// use std::time::Duration;
///
/// use alfresco_downloads_mock::{Condition, JobMatch, Mock, Point};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = Mock::builder().start()?;
/// let control = mock.control();
/// let gate = control.hold(Point::Pending, JobMatch::next())?;
/// // Let the client ask for its download here. It stays PENDING for as long as the test wants.
/// # let nothing = control.wait(None, Condition::held(), Duration::ZERO).await;
/// # assert!(nothing.is_err());
/// drop(gate);
/// let seen = control.wait(None, Condition::ended(), Duration::from_millis(1)).await;
/// # assert!(seen.is_err(), "there is no client in this example");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `start`"]
pub struct MockBuilder {
    config: Config,
}

impl MockBuilder {
    pub(super) fn new() -> Self {
        Self { config: Config { port: 0, ..Config::default() } }
    }

    /// The repository's content: a folder, or a zip of one.
    pub fn fixtures(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        self.configure(|config| config.fixtures = Some(path))
    }

    /// Makes ids and tickets repeatable.
    pub fn seed(self, seed: u64) -> Self {
        self.configure(|config| config.seed = Some(seed))
    }

    /// The port to listen on.
    pub fn port(self, port: u16) -> Self {
        self.configure(|config| config.port = port)
    }

    /// Uncompressed bytes beyond which a download ends as `MAX_CONTENT_SIZE_EXCEEDED`; zero for no limit.
    pub fn max_content_size(self, bytes: u64) -> Self {
        self.configure(|config| config.download_max_content_size = ContentLimit(NonZeroU64::new(bytes)))
    }

    /// How long a download lives after its last change.
    pub fn cleaner_max_age(self, age: Duration) -> Self {
        self.configure(|config| config.download_cleaner_max_age = age)
    }

    /// How long a job stays `PENDING` before it begins.
    pub fn start_delay(self, delay: Duration) -> Self {
        self.configure(|config| config.download_start_delay = delay)
    }

    /// Uncompressed bytes per second at which a job proceeds; zero for as fast as it can.
    pub fn pace(self, bytes_per_second: u64) -> Self {
        self.configure(|config| config.download_pace = NonZeroU64::new(bytes_per_second))
    }

    /// How many jobs run at once, at least one.
    pub fn workers(self, workers: usize) -> Self {
        self.configure(|config| config.download_workers = workers.max(1))
    }

    /// When the counters of a job are updated.
    pub fn progress(self, style: ProgressStyle) -> Self {
        self.configure(|config| config.download_progress = style)
    }

    /// What callers of `/__admin` must send as a bearer token.
    pub fn admin_token(self, token: &str) -> Self {
        self.configure(|config| config.control.admin_token = Some(token.to_owned()))
    }

    /// How many requests each network remembers.
    pub fn journal_size(self, requests: usize) -> Self {
        self.configure(|config| config.control.journal_size = requests)
    }

    /// Only those networks exist that were created.
    pub fn strict_networks(self) -> Self {
        self.configure(|config| config.control.networks = NetworkStyle::Strict)
    }

    /// Any other option.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts it. When this returns, the first request succeeds at full speed.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the fixtures or the temporary folder are wrong.
    pub fn start(self) -> Result<Mock, StartError> {
        Mock::start_with(self.config)
    }
}
