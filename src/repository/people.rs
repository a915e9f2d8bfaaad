//! People: who may log in, and with what.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value};

use super::{access::Caller, collation::SortKey, node::UserName};
use crate::{
    clock::{Clock, Timestamp},
    secret::is_same,
};

/// Failed tries after which somebody is refused for a while (`authentication.protection.limit`).
const TRIES: u32 = 10;

/// How long (`authentication.protection.periodSeconds`).
const PROTECTED: Duration = Duration::from_secs(6);

/// Somebody who may log in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserName,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) is_admin: bool,
    pub(crate) is_enabled: bool,
    pub(crate) has_email_notifications: bool,
    /// What else is known of somebody, by the names in the API: `jobTitle`, `company`, …
    pub(crate) details: Map<String, Value>,
}

/// What people may be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortBy {
    Id,
    FirstName,
    LastName,
}

/// People by lower-case name: the real server finds them whatever the case. Clones share them until one is changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<BTreeMap<String, Arc<Person>>>);

impl Known {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Person> for Known {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        let keyed = people.into_iter().map(|person| (person.id.as_str().to_lowercase(), Arc::new(person)));
        Self(Arc::new(keyed.collect()))
    }
}

/// Everybody who may log in. Clones are the same people.
#[derive(Clone, Debug)]
pub(crate) struct People(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: RwLock<Known>,
    clock: Clock,
    failures: Mutex<HashMap<String, Failures>>,
    /// Whether there are any: who logs in looks at this, not at the lock, while there are none.
    has_failures: AtomicBool,
}

/// The failed tries of one name in a row.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Person {
    /// First and last name; what a client shows.
    pub(crate) fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    fn caller(&self) -> Caller {
        Caller { user: self.id.clone(), is_admin: self.is_admin }
    }
}

impl People {
    pub(crate) fn new(known: Known, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            known: RwLock::new(known),
            clock,
            failures: Mutex::default(),
            has_failures: AtomicBool::new(false),
        }))
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Person>> {
        self.read().0.get(&*key(name)).cloned()
    }

    /// Everybody, in that order, each field perhaps descending; by id where nothing else tells two apart.
    pub(crate) fn sorted(&self, order: &[(SortBy, bool)]) -> Vec<Arc<Person>> {
        // They are kept in the order of their ids, and sorting leaves equals as they are.
        let mut people: Vec<_> = self.read().0.values().cloned().collect();
        for (sort_by, is_descending) in order.iter().rev() {
            let key = |person: &Person| match sort_by {
                SortBy::Id => SortKey::of(person.id.as_str()),
                SortBy::FirstName => SortKey::of(&person.first_name),
                SortBy::LastName => SortKey::of(&person.last_name),
            };
            people.sort_by(|one, other| {
                let ordering = key(one).cmp(&key(other));
                if *is_descending { ordering.reverse() } else { ordering }
            });
        }
        people
    }

    /// Adds somebody, or replaces who has that id.
    pub(crate) fn put(&self, person: Person) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut known.0).insert(person.id.as_str().to_lowercase(), Arc::new(person));
    }

    /// What to call a user: people by their names, anybody else by the id.
    pub(crate) fn display_name(&self, user: &UserName) -> String {
        self.find(user.as_str()).map_or_else(|| user.to_string(), |person| person.display_name())
    }

    /// The caller with that name, if that name may still come in.
    pub(crate) fn caller(&self, name: &str) -> Option<Caller> {
        self.find(name).filter(|person| person.is_enabled).map(|person| person.caller())
    }

    /// Logs somebody in. After ten failures in a row a name is refused, right password or not, until six seconds have
    /// passed since the last (wire reference, downloads, section 9.2).
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<Caller> {
        let key = key(name);
        let known = self.read();
        let known = known.0.get(&*key);
        let person = known.filter(|person| person.is_enabled && is_same(&person.password, password));
        if let Some(person) = person.filter(|_| !self.0.has_failures.load(Ordering::Acquire)) {
            return Some(person.caller());
        }
        let mut failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.now();
        failures.retain(|_, failure| now.since(failure.last) < PROTECTED);
        let count = failures.get(&*key).map_or(0, |failure| failure.count);
        if let Some(person) = person.filter(|_| count < TRIES) {
            failures.remove(&*key);
            self.0.has_failures.store(!failures.is_empty(), Ordering::Release);
            return Some(person.caller());
        }
        // A name that nobody has needs no protection, and must not fill the memory.
        if known.is_some() {
            failures.insert(key.into_owned(), Failures { count: count.saturating_add(1), last: now });
        }
        self.0.has_failures.store(!failures.is_empty(), Ordering::Release);
        None
    }
}

/// The name under which somebody is kept.
fn key(name: &str) -> Cow<'_, str> {
    let is_lower = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { name.into() } else { name.to_lowercase().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(clock: &Clock) -> People {
        let alice = Person {
            id: "Alice".into(),
            first_name: "Alice".into(),
            last_name: String::new(),
            email: String::new(),
            password: "secret".into(),
            is_admin: false,
            is_enabled: true,
            has_email_notifications: true,
            details: Map::new(),
        };
        People::new([alice].into_iter().collect(), clock.clone())
    }

    #[test]
    fn names_have_no_case_and_passwords_have() {
        let people = people(&Clock::system());
        assert_eq!(people.log_in("aLiCe", "secret").unwrap().user, "Alice".into());
        assert_eq!(people.log_in("alice", "Secret"), None);
        assert_eq!(people.log_in("bob", "secret"), None);
        assert_eq!(people.display_name(&"Alice".into()), "Alice");
        assert_eq!(people.display_name(&"System".into()), "System");
    }

    #[test]
    fn ten_failures_close_the_door_for_six_seconds() {
        let clock = Clock::frozen(Timestamp::from_millis(0));
        let people = people(&clock);
        for _ in 0..TRIES {
            assert_eq!(people.log_in("alice", "wrong"), None);
        }
        assert_eq!(people.log_in("alice", "secret"), None);
        clock.advance(Duration::from_millis(5999));
        assert_eq!(people.log_in("alice", "secret"), None, "and the try itself counts");
        clock.advance(PROTECTED);
        assert!(people.log_in("alice", "secret").is_some());
    }
}
