//! The one door for testers: everything that they may do, as typed methods.
//!
//! A [`Control`] is of one network, and finds it anew at each call, so it stays good when the network is reset. The
//! routes below `/__admin` ([`admin`](crate::admin)) and the client helpers do nothing that is not a method here.

mod clock;
mod downloads;
mod events;
mod faults;
mod fixtures;
mod journal;
mod orders;
mod settings;
mod verify;
mod view;
mod wait;

use tokio::task::JoinError;

use crate::{
    network::{DEFAULT, Network},
    networks::{NetworkError, Networks},
    tasks::{self, Tasks},
};

pub use self::{
    clock::ClockView,
    downloads::{JobError, ZipEntries, ZipEntryView},
    events::{Event, OrdersView, Watch, WatchedEvent},
    faults::{FaultGuard, FaultRule, OutageOrder, OutageView},
    fixtures::{FixturesError, FixturesView},
    journal::JournalFilter,
    orders::{GateGuard, GateOrder, GateRule, JobMatch, OrderError, OutcomeGuard, OutcomeOrder, OutcomeRule},
    settings::{SettingsError, SettingsPatch, SettingsView},
    verify::{Expectations, ReportView, Unmet},
    view::DownloadView,
    wait::{Condition, WaitError},
};

/// Controls one network of a running [`Mock`](crate::Mock).
///
/// # Examples
///
/// ```
/// use alfresco_downloads_mock::{Condition, JobMatch, Mock, Point};
///
/// let mock = Mock::start()?;
/// let control = mock.control();
/// let gate = control.hold(Point::Pending, JobMatch::next())?;
/// // Let the client under test ask for a download: it stays PENDING until the gate is dropped or opened.
/// assert!(control.downloads().is_empty());
/// drop(gate);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Control {
    networks: Networks,
    tasks: Tasks,
    name: Box<str>,
}

impl Control {
    pub(crate) fn new(networks: Networks, tasks: Tasks) -> Self {
        Self { networks, tasks, name: DEFAULT.into() }
    }

    /// Does what takes longer the more there is, such as letting downloads expire, off the threads that answer requests.
    pub(crate) async fn apart<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let control = self.clone();
        match tasks::blocking(move || work(&control)).await.map_err(JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The server stops, and nobody is answered any more.
            Err(Err(_)) => std::future::pending().await,
        }
    }

    /// Controls the network of that name, which is made when it is not there. A client gets to it by the segment of the
    /// path behind `/alfresco/api`, which js-api calls the tenant.
    ///
    /// # Errors
    /// When no network can have that name.
    pub fn network(&self, name: &str) -> Result<Self, NetworkError> {
        let network = self.networks.create(name)?;
        Ok(Self { name: network.name().into(), ..self.clone() })
    }

    /// Controls the network of that name, which must exist, or be one that springs up at a request.
    pub(crate) fn existing_network(&self, name: &str) -> Result<Self, NetworkError> {
        let network = self.networks.find(name)?;
        Ok(Self { name: network.name().into(), ..self.clone() })
    }

    /// The name of the network.
    pub fn network_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn all_networks(&self) -> &Networks {
        &self.networks
    }

    /// The names of all networks that there are, in alphabetical order.
    pub fn network_names(&self) -> Vec<String> {
        self.networks.names()
    }

    /// Puts the network back to the start: nodes, people, tickets, ids, downloads, settings, clock, orders, faults,
    /// outage, journal. Jobs and waits end; answers under way are sent to their end. Takes no time to speak of, however
    /// large the fixtures are.
    pub fn reset(&self) {
        // The name is that of a network.
        let _ = self.networks.reset(&self.name);
    }

    /// Puts `-default-` back to the start, and drops all other networks.
    pub fn reset_all(&self) {
        self.networks.reset_all();
    }

    /// Drops the network and all that is in it. When its name is used again, that is a new one.
    ///
    /// # Errors
    /// When it is `-default-`, or is not there any more.
    pub fn drop_network(&self) -> Result<(), NetworkError> {
        self.networks.drop_network(&self.name)
    }

    pub(crate) fn drop_named(&self, name: &str) -> Result<(), NetworkError> {
        self.networks.drop_network(name)
    }

    pub(crate) fn reset_named(&self, name: &str) -> Result<(), NetworkError> {
        self.networks.reset(name)
    }

    /// The network as it is now.
    fn world(&self) -> Network {
        // A network that was dropped in the meantime begins again.
        self.networks.create(&self.name).unwrap_or_else(|_| self.networks.default())
    }
}
