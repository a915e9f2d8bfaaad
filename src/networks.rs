//! The networks: a world per name, made on first use.
//!
//! The segment of the path behind `/alfresco/api` names one. `-default-` is there from the start and for good; any other
//! springs up as the same image of the start, and is dropped when nobody has used it for a while.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;
use tracing::{debug, info, warn};

use crate::{
    clock::{Clock, Timestamp},
    content::{
        Content,
        packer::{Kept, Packer},
    },
    memory::Memory,
    network::{self, DEFAULT, Image, Network},
    repository::fixture::{Archives, FixtureError},
    tasks::Tasks,
    telemetry::Telemetry,
};

/// The longest name of a network.
const LONGEST_NAME: usize = 128;

/// The networks of an instance. Clones are the same networks.
#[derive(Clone, Debug)]
pub(crate) struct Networks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// As what a network springs up. Not locked before the networks are.
    image: Mutex<Image>,
    archives: Archives,
    telemetry: Telemetry,
    memory: Memory,
    packer: Packer,
    tasks: Tasks,
    /// Whether only those exist that were created on purpose.
    is_strict: bool,
    /// How many there may be.
    most: usize,
    /// How long one may be unused.
    idle: Duration,
    /// Real time, which no tester moves: how long nobody has asked is not a matter of a network's own clock.
    clock: Clock,
    worlds: RwLock<BTreeMap<String, World>>,
    /// There is one more that may become idle.
    grown: Notify,
}

#[derive(Debug)]
struct World {
    network: Network,
    /// What it began as, and begins as when it is reset.
    image: Image,
    last_used: AtomicI64,
}

impl World {
    fn new(network: Network, image: Image, now: Timestamp) -> Self {
        Self { network, image, last_used: AtomicI64::new(now.as_millis()) }
    }

    /// Somebody uses it. Many do within a millisecond, and only the first of them is to write.
    fn used(&self, now: Timestamp) {
        if self.last_used.load(Ordering::Relaxed) != now.as_millis() {
            self.last_used.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    fn last_used(&self) -> Timestamp {
        Timestamp::from_millis(self.last_used.load(Ordering::Relaxed))
    }
}

/// Why a network cannot be dropped or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// There is none of that name.
    #[error("there is no network of that name")]
    Unknown,
    /// `-default-` can be reset, and nothing else.
    #[error("-default- is always there")]
    Default,
    /// There may be no more.
    #[error("there are as many networks as there may be; see --max-networks and --max-memory")]
    TooMany,
    /// No path could name it.
    #[error("a network's name has 1 to 128 letters, digits, dots, hyphens and underscores")]
    Name,
}

impl Networks {
    /// The default network, and room for others.
    pub(crate) fn new(
        image: Image,
        archives: Archives,
        tasks: Tasks,
        is_strict: bool,
        most: usize,
        idle: Duration,
    ) -> Self {
        let clock = Clock::system();
        let default = Network::from_image(&image, DEFAULT, tasks.child());
        let world = World::new(default, image.clone(), clock.now());
        let networks = Self(Arc::new(Inner {
            telemetry: image.telemetry().clone(),
            memory: image.memory().clone(),
            packer: image.packer().clone(),
            image: Mutex::new(image),
            archives,
            tasks,
            is_strict,
            most,
            idle,
            clock,
            worlds: RwLock::new(BTreeMap::from([(DEFAULT.to_owned(), world)])),
            grown: Notify::new(),
        }));
        networks.0.tasks.spawn("network cleaner", networks.clone().drop_idle());
        networks
    }

    /// How many tasks run in all of them, and beside them.
    pub(crate) fn tasks(&self) -> usize {
        self.0.tasks.running()
    }

    /// The network that a request's path names; none when there is none, and none may spring up.
    pub(crate) fn at(&self, name: &str) -> Option<Network> {
        let name = canonical(name)?;
        if self.0.is_strict { self.existing(&name) } else { self.made(&name) }
    }

    /// `-default-`.
    pub(crate) fn default(&self) -> Network {
        self.made(DEFAULT).expect("there is always room for the default network")
    }

    /// The network of that name, which is made if it is not there.
    pub(crate) fn create(&self, name: &str) -> Result<Network, NetworkError> {
        self.made(&canonical(name).ok_or(NetworkError::Name)?).ok_or(NetworkError::TooMany)
    }

    /// The network of that name, if it is there, or may spring up at a request.
    pub(crate) fn find(&self, name: &str) -> Result<Network, NetworkError> {
        let name = canonical(name).ok_or(NetworkError::Name)?;
        if self.0.is_strict {
            return self.existing(&name).ok_or(NetworkError::Unknown);
        }
        self.made(&name).ok_or(NetworkError::TooMany)
    }

    /// The names of all, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.read().keys().cloned().collect()
    }

    /// Puts a network back to the start. What runs in it ends; bodies that are being sent go on.
    pub(crate) fn reset(&self, name: &str) -> Result<(), NetworkError> {
        let name = canonical(name).ok_or(NetworkError::Name)?;
        let mut worlds = self.worlds();
        let Some(world) = worlds.get_mut(&*name) else {
            return if self.0.is_strict { Err(NetworkError::Unknown) } else { Ok(()) };
        };
        let old = self.begin_again(world);
        drop(worlds);
        drop(old);
        Ok(())
    }

    /// Puts `-default-` back to the start, and drops all others.
    pub(crate) fn reset_all(&self) {
        self.begin_all_again(self.worlds());
    }

    /// The start that has the fixtures in a zip, all else being the same. To be called where blocking is allowed.
    pub(crate) fn image_of(&self, archive: &Content) -> Result<Image, Vec<FixtureError>> {
        let loaded = self.0.archives.load(archive, self.0.clock.now())?;
        Ok(self.image().with_fixtures(loaded))
    }

    /// Where archives are received.
    pub(crate) fn archives(&self) -> &Archives {
        &self.0.archives
    }

    /// Puts a network, which is made if it is not there, to a start of its own. A reset leads back to that.
    pub(crate) fn begin_as(&self, name: &str, image: Image) -> Result<(), NetworkError> {
        let name = canonical(name).ok_or(NetworkError::Name)?;
        let mut worlds = self.worlds();
        let old = if let Some(world) = worlds.get_mut(&*name) {
            world.image = image;
            Some(self.begin_again(world))
        } else {
            if !self.has_room_for(&name, worlds.len()) {
                return Err(NetworkError::TooMany);
            }
            worlds.insert(name.to_string(), self.spring_up(&name, image));
            None
        };
        drop(worlds);
        self.0.grown.notify_one();
        drop(old);
        Ok(())
    }

    /// Puts `-default-` to this start, as which all others spring up anew.
    pub(crate) fn begin_all_as(&self, image: Image) {
        let mut worlds = self.worlds();
        if let Some(default) = worlds.get_mut(DEFAULT) {
            default.image = image.clone();
        }
        *self.image() = image;
        self.begin_all_again(worlds);
    }

    fn begin_all_again(&self, mut worlds: RwLockWriteGuard<'_, BTreeMap<String, World>>) {
        let mut others = std::mem::take(&mut *worlds);
        let mut old = None;
        if let Some(mut default) = others.remove(DEFAULT) {
            old = Some(self.begin_again(&mut default));
            worlds.insert(DEFAULT.to_owned(), default);
        }
        drop(worlds);
        for world in others.values() {
            self.end(world);
        }
        drop((old, others));
    }

    /// Drops a network with all that is in it. When its name is used again, it is a new one.
    pub(crate) fn drop_network(&self, name: &str) -> Result<(), NetworkError> {
        let name = canonical(name).ok_or(NetworkError::Name)?;
        if name == DEFAULT {
            return Err(NetworkError::Default);
        }
        let world = self.worlds().remove(&*name).ok_or(NetworkError::Unknown)?;
        self.end(&world);
        Ok(())
    }

    /// All that there are.
    pub(crate) fn all(&self) -> Vec<Network> {
        self.read().values().map(|world| world.network.clone()).collect()
    }

    /// What is counted in all of them.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// What this process has.
    pub(crate) fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// What of deflated contents is kept.
    pub(crate) fn cache(&self) -> Kept {
        self.0.packer.kept()
    }

    fn existing(&self, name: &str) -> Option<Network> {
        let now = self.0.clock.now();
        let worlds = self.read();
        let world = worlds.get(name)?;
        world.used(now);
        Some(world.network.clone())
    }

    /// The network of that name, which is made if it is not there; none when there are too many already.
    fn made(&self, name: &str) -> Option<Network> {
        if let Some(network) = self.existing(name) {
            return Some(network);
        }
        let mut worlds = self.worlds();
        if !worlds.contains_key(name) && name != DEFAULT && !self.has_room_for(name, worlds.len()) {
            return None;
        }
        let world = worlds.entry(name.to_owned()).or_insert_with_key(|name| {
            debug!("made the network {name}");
            self.spring_up(name, self.image().clone())
        });
        let network = world.network.clone();
        drop(worlds);
        self.0.grown.notify_one();
        Some(network)
    }

    /// Whether one more may be made beside so many.
    fn has_room_for(&self, name: &str, count: usize) -> bool {
        if count >= self.0.most {
            warn!("the network {name} was not made, since there are {count} already; see --max-networks");
            return false;
        }
        let has_memory = self.0.memory.has_room();
        if !has_memory {
            warn!("the network {name} was not made for lack of memory; see --max-memory");
        }
        has_memory
    }

    fn spring_up(&self, name: &str, image: Image) -> World {
        let network = Network::from_image(&image, name, self.0.tasks.child());
        World::new(network, image, self.0.clock.now())
    }

    fn end(&self, world: &World) {
        world.network.end();
        // Only then is it worth waiting for who changes the repository.
        if self.0.memory.was_short() {
            self.0.memory.freed(world.network.grown_from(&world.image) + 1);
        }
    }

    /// The old network, which has ended.
    fn begin_again(&self, world: &mut World) -> Network {
        self.end(world);
        let fresh = world.network.begin_again(&world.image, self.0.tasks.child());
        world.used(self.0.clock.now());
        std::mem::replace(&mut world.network, fresh)
    }

    /// Drops networks as they become idle.
    async fn drop_idle(self) {
        loop {
            let limit = self.0.clock.now() - self.0.idle;
            let mut dropped = Vec::new();
            let next = {
                let mut worlds = self.worlds();
                let is_idle = |(name, world): &(&String, &World)| *name != DEFAULT && world.last_used() < limit;
                let idle: Vec<String> = worlds.iter().filter(is_idle).map(|(name, _)| name.clone()).collect();
                dropped.extend(idle.into_iter().filter_map(|name| worlds.remove_entry(&name)));
                worlds.iter().filter(|(name, _)| *name != DEFAULT).map(|(_, world)| world.last_used()).min()
            };
            for (name, world) in dropped {
                info!("dropped the network {name}, which nobody has used for {:?}", self.0.idle);
                self.end(&world);
            }
            match next {
                Some(oldest) => {
                    self.0.clock.sleep_until(oldest + self.0.idle + Duration::from_millis(1)).await;
                }
                None => self.0.grown.notified().await,
            }
        }
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.0.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn worlds(&self) -> RwLockWriteGuard<'_, BTreeMap<String, World>> {
        self.0.worlds.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, World>> {
        self.0.worlds.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name as it is kept: without case, as the real server's tenants. `-system-` is the default one's.
fn canonical(name: &str) -> Option<Cow<'_, str>> {
    let is_valid = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if !is_valid {
        return None;
    }
    Some(match name {
        DEFAULT => DEFAULT.into(),
        other if other.eq_ignore_ascii_case(network::SYSTEM) => DEFAULT.into(),
        other => other.to_ascii_lowercase().into(),
    })
}
