//! One running instance, on a thread of its own.
//!
//! [`Mock::start`] is a plain function: it works in a `#[test]`, and a blocking client inside an async test does not
//! deadlock. Two mocks in one process share nothing. Dropping one stops it.

mod builder;

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::mpsc::{self, SyncSender},
    thread::{self, JoinHandle},
};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};

pub use self::builder::MockBuilder;
use crate::{
    Clock, Config, Progress, Settings,
    admin::Admin,
    api::front::Front,
    clock,
    config::{ControlConfig, NetworkStyle, Switch},
    content::{intake::Intake, packer::Packer, spool::Spool},
    control::Control,
    journal::Limits,
    memory::Memory,
    network::{Image, Most},
    networks::Networks,
    replica::Replica,
    repository::fixture::{self, Archives, FixtureError},
    server::{self, Door},
    spelling::Spelling,
    tasks::{self, Tasks},
    tls::{self, TlsError},
};

/// Bytes of the stack of a worker. JSON may nest a thousand deep, and without optimizations, as in an embedding test, cloning
/// and dropping it takes more than the usual two megabytes. What is not used takes no memory.
const STACK: usize = 16 << 20;

/// Why nothing is listening.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on, most often because somebody else does.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The fixtures are wrong. Each mistake is one line.
    #[error("{}", lines(.0))]
    Fixtures(Vec<FixtureError>),
    /// No temporary file can be made.
    #[error("cannot write to the temporary folder {}, which --temp-dir names: {source}", folder.display())]
    TempDir {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file for the port number cannot be written.
    #[error("cannot write the port file {}, which --port-file names: {source}", file.display())]
    PortFile {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// HTTPS cannot be offered as configured.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The machine has no thread or socket to spare, or the program has a bug.
    #[error("cannot start: {0}")]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

fn lines(mistakes: &[FixtureError]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A running server. Dropping it stops it.
///
/// # Examples
///
/// ```
/// use alfresco_downloads_mock::Mock;
///
/// let mock = Mock::start()?;
/// assert!(mock.url().starts_with("http://127.0.0.1:"));
/// mock.stop();
/// # Ok::<(), alfresco_downloads_mock::StartError>(())
/// ```
#[derive(Debug)]
pub struct Mock {
    address: SocketAddr,
    url: String,
    tls_address: Option<SocketAddr>,
    ca_pem: Option<String>,
    admin_address: Option<SocketAddr>,
    networks: Networks,
    tasks: Tasks,
    runtime: Handle,
    thread: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

impl Mock {
    /// Starts with the built-in fixtures and every default, on a free port.
    ///
    /// # Errors
    /// When no port can be listened on, or the temporary folder cannot be written to.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(Config { port: 0, ..Config::default() })
    }

    /// Starts with other options than the defaults.
    pub fn builder() -> MockBuilder {
        MockBuilder::new()
    }

    /// Starts as configured. When this returns, the first request succeeds at full speed.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the fixtures, the temporary folder or the port file are wrong.
    pub fn start_with(config: Config) -> Result<Self, StartError> {
        // Not tokio's: its receiver refuses to block a thread that runs async code, such as an async test's.
        let (tell, told) = mpsc::sync_channel(1);
        let (end, ended) = oneshot::channel();
        let life = move || {
            run(&config, &tell);
            // Nobody needs to listen.
            let _ = end.send(());
        };
        let thread = thread::Builder::new().name("mock".to_owned()).spawn(life).map_err(internal)?;
        match told.recv() {
            Ok(Ok(Started { address, tls_address, ca_pem, admin_address, networks, tasks, runtime })) => Ok(Self {
                address,
                url: format!("http://{address}"),
                tls_address,
                ca_pem,
                admin_address,
                networks,
                tasks,
                runtime,
                thread: Some(thread),
                ended,
            }),
            Ok(Err(error)) => {
                let _ = thread.join();
                Err(error)
            }
            Err(gone) => Err(internal(gone)),
        }
    }

    /// Where it listens, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for HTTPS, if it does.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// The certificate of its own authority, in PEM, which a client of its HTTPS is to trust; none when it has no HTTPS, or
    /// was given a certificate.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Where testers control it, such as `http://127.0.0.1:41235/__admin`; none when that is off.
    pub fn admin_url(&self) -> Option<String> {
        self.admin_address.map(|address| format!("http://{address}/__admin"))
    }

    /// The door for testers, to the network `-default-`.
    pub fn control(&self) -> Control {
        Control::new(self.networks.clone(), self.tasks.clone())
    }

    /// How many nodes its repository has.
    pub fn nodes(&self) -> usize {
        self.networks.default().repository().read().len()
    }

    /// Its clock, which may be frozen and moved.
    pub fn clock(&self) -> Clock {
        self.networks.default().clock().clone()
    }

    /// Its settings, which may be changed.
    pub fn settings(&self) -> Settings {
        self.networks.default().settings().clone()
    }

    /// Waits until a download's progress satisfies `condition`, at once when it does already; none when there is no such
    /// download, or when it is deleted first. Blocks its thread, and may be called from async code all the same.
    pub fn wait_for(&self, id: &str, condition: impl Fn(&Progress) -> bool + Send + Sync) -> Option<Progress> {
        let download = self.networks.default().downloads().get(id.parse().ok()?)?;
        let waiting = download.wait_for(condition);
        // On a thread of its own, since a thread that runs async code must not block on more of it.
        thread::scope(|scope| scope.spawn(|| self.runtime.block_on(waiting)).join().ok().flatten())
    }

    /// How many tasks run: connections, jobs, the cleaner.
    pub fn tasks(&self) -> usize {
        self.tasks.running()
    }

    /// Stops it, and waits until it has.
    pub fn stop(self) {
        drop(self);
    }

    /// Stops it, and waits until it has or `impatience` resolves: then what still runs is left to itself.
    pub async fn stop_unless(mut self, impatience: impl Future<Output = ()>) {
        self.tasks.stop();
        tokio::select! {
            _ = &mut self.ended => (),
            () = impatience => self.thread = None,
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.tasks.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a start hands over.
struct Started {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    ca_pem: Option<String>,
    admin_address: Option<SocketAddr>,
    networks: Networks,
    tasks: Tasks,
    runtime: Handle,
}

/// The life of an instance: its runtime is made and dropped on this thread.
fn run(config: &Config, tell: &SyncSender<Result<Started, StartError>>) {
    let runtime = match Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(tasks::blocking_threads())
        .thread_name("mock-worker")
        .thread_stack_size(STACK)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = tell.send(Err(internal(error)));
            return;
        }
    };
    let tasks = Tasks::new(runtime.handle().clone());
    match build(config, &tasks, &runtime) {
        Ok((started, doors)) => {
            if tell.send(Ok(started)).is_ok() {
                let (connections, patience) = (config.limits.max_connections, config.limits.patience());
                runtime.block_on(server::serve(doors, connections, patience, tasks.clone()));
            }
        }
        Err(error) => {
            let _ = tell.send(Err(error));
        }
    }
    tasks.stop();
    // What reads from a slow disk cannot be told to end, and is not waited for beyond this.
    let _ = runtime.block_on(clock::within(server::GRACE, tasks.ended()));
    runtime.shutdown_background();
}

/// Binds first, then makes everything that the first request needs.
fn build(config: &Config, tasks: &Tasks, runtime: &Runtime) -> Result<(Started, Vec<Door>), StartError> {
    let _entered = runtime.enter();
    let (listener, address) = listen(config.address(), runtime)?;
    let tls_listener = config.tls_address().map(|address| listen(address, runtime)).transpose()?;
    let admin_listener = config.admin_address().map(|address| listen(address, runtime)).transpose()?;
    let folder = config.temp_folder();
    let spool = Spool::in_folder(&folder, config.limits.max_spool_size)
        .map_err(|source| StartError::TempDir { folder, source })?;
    let now = Clock::system().now();
    let loaded = match config.chosen_fixtures() {
        Some(path) => fixture::load(path, &spool, config.limits.fixtures(), now),
        None => fixture::built_in(),
    }
    .map_err(StartError::Fixtures)?;
    let intake = Intake::new(spool.clone(), config.limits.taken(config.upload_memory));
    let archives = Archives::new(spool.clone(), config.limits.fixtures(), intake.clone());
    let packer = Packer::new(tasks.clone(), spool, config.packing());
    if config.deflate.warm {
        let contents: Vec<_> = loaded.contents().cloned().collect();
        runtime.block_on(packer.warm(&contents));
    }
    let replica = Replica::of(&config.replica);
    let ControlConfig { journal_size: requests, journal_exchanges: exchange_bytes, .. } = config.control;
    let most = Most {
        nodes: config.limits.max_nodes,
        downloads: config.limits.max_downloads,
        entries: config.limits.max_download_entries,
        journal: Limits { requests, exchange_bytes },
    };
    let memory = Memory::new(config.limits.max_memory);
    let image = Image::new(loaded, config.downloads(), config.seed, most, packer, replica, memory);
    let is_strict = config.control.networks == NetworkStyle::Strict;
    let (most, idle) = (config.limits.max_networks, config.control.network_max_idle);
    let networks = Networks::new(image, archives, tasks.clone(), is_strict, most, idle);
    let control = Control::new(networks.clone(), tasks.clone());
    let tls = tls_listener.as_ref().map(|_| tls::prepare(&config.tls, now)).transpose()?;
    let ca_pem = tls.as_ref().and_then(|tls| tls.ca_pem.clone());
    let is_admin_on = config.control.admin == Switch::On;
    let admin = is_admin_on.then(|| Admin::new(control, &config.control, ca_pem.as_deref()));
    let spelling = runtime.block_on(Spelling::learn()).map_err(internal)?;
    let front = |admin| Front::new(networks.clone(), config, intake.clone(), spelling.clone(), admin);
    let public = front(admin.clone().filter(|_| admin_listener.is_none()));
    let started = Started {
        address,
        tls_address: tls_listener.as_ref().map(|(_, address)| *address),
        ca_pem,
        admin_address: admin_listener.as_ref().map(|(_, address)| *address).or(is_admin_on.then_some(address)),
        networks: networks.clone(),
        tasks: tasks.clone(),
        runtime: runtime.handle().clone(),
    };
    let encrypted = tls_listener.zip(tls);
    let encrypted = encrypted.map(|((listener, _), tls)| Door::encrypted(listener, tls.acceptor, public.clone()));
    let for_testers = admin_listener.map(|(listener, _)| Door::plain(listener, front(admin)));
    let doors = [Some(Door::plain(listener, public)), encrypted, for_testers];
    if let Some(file) = &config.port_file {
        write_port(file, address.port())?;
    }
    Ok((started, doors.into_iter().flatten().collect()))
}

fn listen(address: SocketAddr, runtime: &Runtime) -> Result<(TcpListener, SocketAddr), StartError> {
    let error = |source| StartError::Listen { address, source };
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(error)?;
    let address = listener.local_addr().map_err(error)?;
    Ok((listener, address))
}

fn write_port(file: &Path, port: u16) -> Result<(), StartError> {
    fs::write(file, format!("{port}\n")).map_err(|source| StartError::PortFile { file: file.to_owned(), source })
}

fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError::Internal(error.into())
}
