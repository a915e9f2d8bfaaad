//! Tickets: one per user, valid for an hour of inactivity (wire reference, downloads, section 9.3).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{node::UserName, people::People};
use crate::{
    clock::{Clock, Timestamp},
    ids::Ids,
    replica::Replica,
};

/// How long an unused ticket lives (`authentication.ticket.validDuration`).
const VALID: Duration = Duration::from_secs(3600);

/// What a ticket's text begins with. Validation drops as many characters without reading them.
const PREFIX: &str = "TICKET_";

/// The tickets that are valid. Clones are the same tickets.
#[derive(Clone, Debug)]
pub(crate) struct Tickets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    ids: Ids,
    /// With several servers, what they sign tickets with, and whom for.
    replica: Option<(Replica, People)>,
    /// By their digits.
    valid: Mutex<HashMap<String, Ticket>>,
    /// Signed tickets that were ended here, and when: their signatures stay right.
    ended: Mutex<HashMap<String, Timestamp>>,
}

#[derive(Debug)]
struct Ticket {
    user: UserName,
    last_used: Timestamp,
}

impl Tickets {
    pub(crate) fn new(clock: Clock, ids: Ids, replica: Option<(Replica, People)>) -> Self {
        Self(Arc::new(Inner { clock, ids, replica, valid: Mutex::default(), ended: Mutex::default() }))
    }

    /// The user's ticket: the one that is still valid, or a new one.
    pub(crate) fn create(&self, user: &UserName) -> String {
        let now = self.0.clock.now();
        let mut valid = self.valid();
        valid.retain(|_, ticket| ticket.is_valid(now));
        if let Some((digits, ticket)) = valid.iter_mut().find(|(_, ticket)| ticket.user == *user) {
            ticket.last_used = now;
            return format!("{PREFIX}{digits}");
        }
        let digits = match &self.0.replica {
            Some((replica, _)) => replica.sign_ticket(user.as_str(), now, &self.0.ids),
            None => self.0.ids.ticket_digits(),
        };
        let ticket = format!("{PREFIX}{digits}");
        valid.insert(digits, Ticket { user: user.clone(), last_used: now });
        ticket
    }

    /// Whose ticket that is. Looking keeps it alive.
    pub(crate) fn user_of(&self, ticket: &str) -> Option<UserName> {
        let now = self.0.clock.now();
        let digits = digits(ticket)?;
        let mut valid = self.valid();
        if !valid.contains_key(digits)
            && let Some(user) = self.signed_elsewhere(digits, now)
        {
            valid.insert(digits.to_owned(), Ticket { user, last_used: now });
        }
        let ticket = valid.get_mut(digits)?;
        if !ticket.is_valid(now) {
            return None;
        }
        ticket.last_used = now;
        Some(ticket.user.clone())
    }

    /// Whose ticket that is. This look changes nothing.
    pub(crate) fn peek(&self, ticket: &str) -> Option<UserName> {
        let now = self.0.clock.now();
        let valid = self.valid();
        valid.get(digits(ticket)?).filter(|ticket| ticket.is_valid(now)).map(|ticket| ticket.user.clone())
    }

    /// Ends a ticket for everyone who has it.
    pub(crate) fn delete(&self, ticket: &str) {
        if let Some(digits) = digits(ticket) {
            self.valid().remove(digits);
            if self.0.replica.is_some() {
                let now = self.0.clock.now();
                let mut ended = self.ended();
                ended.retain(|_, at| now.since(*at) < VALID);
                ended.insert(digits.to_owned(), now);
            }
        }
    }

    /// Whose ticket another server has signed within the hour.
    fn signed_elsewhere(&self, digits: &str, now: Timestamp) -> Option<UserName> {
        let (replica, people) = self.0.replica.as_ref()?;
        let users = people.sorted(&[]).into_iter().map(|person| person.id.as_str().to_owned());
        let (user, signed) = replica.read_ticket(digits, users)?;
        let is_valid = now.since(signed) < VALID && !self.ended().contains_key(digits);
        is_valid.then(|| user.as_str().into())
    }

    fn ended(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.0.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn valid(&self) -> MutexGuard<'_, HashMap<String, Ticket>> {
        self.0.valid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    fn is_valid(&self, now: Timestamp) -> bool {
        now.since(self.last_used) < VALID
    }
}

/// What follows the first seven characters, whatever those are.
fn digits(ticket: &str) -> Option<&str> {
    let (start, _) = ticket.char_indices().nth(PREFIX.len())?;
    Some(&ticket[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets() -> (Clock, Tickets) {
        let clock = Clock::frozen(Timestamp::from_millis(0));
        (clock.clone(), Tickets::new(clock, Ids::seeded(1), None))
    }

    #[test]
    fn a_second_login_returns_the_same_ticket() {
        let (_, tickets) = tickets();
        let ticket = tickets.create(&"alice".into());
        assert_eq!(tickets.create(&"alice".into()), ticket);
        assert_ne!(tickets.create(&"bob".into()), ticket);
    }

    #[test]
    fn the_first_seven_characters_are_not_read() {
        let (_, tickets) = tickets();
        let ticket = tickets.create(&"alice".into());
        assert_eq!(tickets.user_of(&format!("XXXXXXX{}", &ticket[7..])), Some("alice".into()));
        assert_eq!(tickets.user_of("TICKET_"), None);
        assert_eq!(tickets.user_of("short"), None);
    }

    #[test]
    fn an_hour_without_use_ends_it() {
        let (clock, tickets) = tickets();
        let ticket = tickets.create(&"alice".into());
        clock.advance(Duration::from_secs(3599));
        assert!(tickets.user_of(&ticket).is_some());
        clock.advance(Duration::from_secs(3599));
        assert!(tickets.user_of(&ticket).is_some(), "use keeps it alive");
        clock.advance(VALID);
        assert_eq!(tickets.user_of(&ticket), None);
        assert_ne!(tickets.create(&"alice".into()), ticket);
    }

    #[test]
    fn a_deleted_ticket_is_dead() {
        let (_, tickets) = tickets();
        let ticket = tickets.create(&"alice".into());
        tickets.delete(&ticket);
        assert_eq!(tickets.user_of(&ticket), None);
    }
}
