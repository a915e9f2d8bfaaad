//! Rules: what a tester has ordered to happen, in order, and how often each has happened.
//!
//! Gates, outcomes and faults are all such lists. The first rule that applies is used; the ones behind it do not even
//! see the occasion, so two rules for "the next" serve the next two.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Which of the matching occasions a rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turns {
    /// The first matching occasion that it applies to, counted from one.
    pub(crate) nth: u64,
    /// How many occasions it applies to from there on; none for all.
    pub(crate) times: Option<u64>,
}

/// A rule as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Rule<T> {
    /// Unique in its list, rising.
    pub(crate) id: u64,
    pub(crate) order: T,
    pub(crate) turns: Turns,
    /// How many occasions matched.
    pub(crate) matched: u64,
    /// How many it was applied to.
    pub(crate) applied: u64,
}

/// Rules in the order in which they were added. Clones are the same list.
#[derive(Debug)]
pub(crate) struct Rules<T>(Arc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    rules: Mutex<Vec<Rule<T>>>,
    last_id: AtomicU64,
    /// How many rules there are: requests look at this, not at the lock, while there is none.
    count: AtomicU64,
}

impl<T> Clone for Rules<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self(Arc::new(Inner { rules: Mutex::default(), last_id: AtomicU64::new(0), count: AtomicU64::new(0) }))
    }
}

impl<T: Clone> Rules<T> {
    /// Adds a rule behind the others.
    pub(crate) fn add(&self, order: T, turns: Turns) -> Rule<T> {
        let mut rules = self.lock();
        let rule = self.rule(order, turns);
        rules.push(rule.clone());
        self.counted(&rules);
        rule
    }

    /// Puts these in the place of all that were there.
    pub(crate) fn replace(&self, orders: impl IntoIterator<Item = (T, Turns)>) -> Vec<Rule<T>> {
        let mut rules = self.lock();
        *rules = orders.into_iter().map(|(order, turns)| self.rule(order, turns)).collect();
        self.counted(&rules);
        rules.clone()
    }

    pub(crate) fn list(&self) -> Vec<Rule<T>> {
        self.lock().clone()
    }

    /// Removes one; says whether it was there.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut rules = self.lock();
        let before = rules.len();
        rules.retain(|rule| rule.id != id);
        self.counted(&rules);
        rules.len() < before
    }

    /// Removes all; their ids.
    pub(crate) fn clear(&self) -> Vec<u64> {
        let mut rules = self.lock();
        let ids = rules.drain(..).map(|rule| rule.id).collect();
        self.counted(&rules);
        ids
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.count.load(Ordering::Acquire) == 0
    }

    /// Whether any rule's order is of that kind.
    pub(crate) fn any(&self, is_of_kind: impl FnMut(&T) -> bool) -> bool {
        let mut is_of_kind = is_of_kind;
        !self.is_empty() && self.lock().iter().any(|rule| is_of_kind(&rule.order))
    }

    /// The first rule that applies to an occasion, which counts as one of its turns.
    pub(crate) fn pick(&self, matches: impl FnMut(&T) -> bool) -> Option<Rule<T>> {
        let mut matches = matches;
        if self.is_empty() {
            return None;
        }
        let mut rules = self.lock();
        rules.iter_mut().find_map(|rule| {
            if !matches(&rule.order) {
                return None;
            }
            rule.matched += 1;
            let is_due = rule.matched >= rule.turns.nth && rule.turns.times.is_none_or(|times| rule.applied < times);
            rule.applied += u64::from(is_due);
            is_due.then(|| rule.clone())
        })
    }

    fn rule(&self, order: T, turns: Turns) -> Rule<T> {
        let id = self.0.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        Rule { id, order, turns, matched: 0, applied: 0 }
    }

    fn counted(&self, rules: &[Rule<T>]) {
        self.0.count.store(rules.len() as u64, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule<T>>> {
        self.0.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(orders: &[(&'static str, u64, Option<u64>)], expected: &[Option<&str>]) {
        let rules = Rules::default();
        for (order, nth, times) in orders {
            rules.add(*order, Turns { nth: *nth, times: *times });
        }
        let picked: Vec<_> = expected.iter().map(|_| rules.pick(|_| true).map(|rule| rule.order)).collect();
        assert_eq!(picked, expected);
    }

    #[test]
    fn two_rules_for_the_next_serve_the_next_two() {
        check(&[("a", 1, Some(1)), ("b", 1, Some(1))], &[Some("a"), Some("b"), None]);
    }

    #[test]
    fn the_nth_is_counted_from_one_and_for_so_many_times() {
        check(&[("a", 3, Some(2))], &[None, None, Some("a"), Some("a"), None]);
        check(&[("a", 2, None), ("b", 1, None)], &[Some("b"), Some("a"), Some("a")]);
    }

    #[test]
    fn what_does_not_match_is_not_counted() {
        let rules = Rules::default();
        rules.add("a", Turns { nth: 2, times: None });
        assert!(rules.pick(|_| false).is_none());
        assert!(rules.pick(|_| true).is_none());
        assert!(rules.pick(|_| true).is_some());
        assert_eq!(rules.list()[0].matched, 2);
    }

    #[test]
    fn a_clone_is_the_same_list() {
        let rules = Rules::default();
        let clone = rules.clone();
        assert!(!clone.any(|_| true), "there is none");
        rules.add("a", Turns { nth: 1, times: None });
        assert!(clone.any(|order| *order == "a") && !clone.any(|order| *order == "b"));
    }

    #[test]
    fn ids_are_never_used_twice() {
        let rules = Rules::default();
        let turns = Turns { nth: 1, times: None };
        let first = rules.add("a", turns).id;
        assert_eq!(first, 1);
        assert!(rules.remove(first) && !rules.remove(first));
        assert!(rules.add("b", turns).id > first);
        assert_eq!(rules.replace([("c", turns)]).len(), 1);
        assert_eq!(rules.clear().len(), 1);
        assert!(rules.is_empty());
    }
}
