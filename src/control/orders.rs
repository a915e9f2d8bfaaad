//! Gates and outcomes: orders for jobs to come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use crate::{
    Outcome, Point,
    downloads::orders::Jobs,
    events::Place,
    network::Network,
    repository::node::UserName,
    rules::{Rule, Turns},
};

/// Which jobs an order is for; every one when nothing is stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobMatch {
    /// Jobs that zip this node, by itself or with a folder above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Jobs of this user; names are compared without case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The first matching job that it is for, counted from one [default: 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub nth: Option<u64>,
    /// How many jobs it is for from there on [default: all].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub times: Option<u64>,
}

impl JobMatch {
    /// The next job.
    #[must_use]
    pub fn next() -> Self {
        Self { times: Some(1), ..Self::default() }
    }

    /// Every job.
    #[must_use]
    pub fn every() -> Self {
        Self::default()
    }

    /// The nth job from now, counted from one.
    #[must_use]
    pub fn nth(nth: u64) -> Self {
        Self { nth: Some(nth), times: Some(1), ..Self::default() }
    }

    /// Only those that zip this node.
    #[must_use]
    pub fn containing(self, node: &str) -> Self {
        Self { node: Some(node.to_owned()), ..self }
    }

    /// Only those of this user.
    #[must_use]
    pub fn of_user(self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self }
    }

    fn read(&self) -> Result<(Jobs, Turns), OrderError> {
        if self.nth == Some(0) || self.times == Some(0) {
            return Err(OrderError("nth and times are 1 or more"));
        }
        let node =
            self.node.as_deref().map(str::parse).transpose().map_err(|_| OrderError("node is not a node's id"))?;
        let user = self.user.as_deref().map(UserName::from);
        Ok((Jobs { node, user }, Turns { nth: self.nth.unwrap_or(1), times: self.times }))
    }

    fn of(jobs: &Jobs, turns: Turns) -> Self {
        Self {
            node: jobs.node.map(|node| node.to_string()),
            user: jobs.user.as_ref().map(ToString::to_string),
            nth: Some(turns.nth),
            times: turns.times,
        }
    }
}

/// An order that makes no sense; what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OrderError(pub(super) &'static str);

/// To hold jobs at a point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GateOrder {
    /// Where.
    pub at: Point,
    /// Which [default: every one].
    #[serde(default)]
    pub jobs: JobMatch,
}

/// A gate for jobs to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GateRule {
    /// Its id.
    pub id: u64,
    /// Where it holds jobs.
    pub at: Point,
    /// Which.
    pub jobs: JobMatch,
    /// How many jobs matched so far.
    pub matched: u64,
    /// How many it was given to.
    pub applied: u64,
}

/// To have jobs end in a certain way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeOrder {
    /// How.
    pub outcome: Outcome,
    /// Which [default: every one].
    #[serde(default)]
    pub jobs: JobMatch,
}

/// An outcome for jobs to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeRule {
    /// Its id.
    pub id: u64,
    /// How jobs end.
    pub outcome: Outcome,
    /// Which.
    pub jobs: JobMatch,
    /// How many jobs matched so far.
    pub matched: u64,
    /// How many it was given to.
    pub applied: u64,
}

impl From<Rule<(Point, Jobs)>> for GateRule {
    fn from(rule: Rule<(Point, Jobs)>) -> Self {
        let Rule { id, order: (at, jobs), turns, matched, applied } = rule;
        Self { id, at, jobs: JobMatch::of(&jobs, turns), matched, applied }
    }
}

impl From<Rule<(Outcome, Jobs)>> for OutcomeRule {
    fn from(rule: Rule<(Outcome, Jobs)>) -> Self {
        let Rule { id, order: (outcome, jobs), turns, matched, applied } = rule;
        Self { id, outcome, jobs: JobMatch::of(&jobs, turns), matched, applied }
    }
}

/// A gate that is there as long as this is. Dropping it removes the rule, and lets the jobs go on that it holds.
#[derive(Debug)]
#[must_use = "dropping it opens the gate"]
pub struct GateGuard {
    /// The network that it was set in: after a reset, it is nobody's.
    network: Network,
    id: u64,
}

impl GateGuard {
    /// The rule's id.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for GateGuard {
    fn drop(&mut self) {
        remove_gate(&self.network, self.id);
    }
}

/// An outcome that is ordered as long as this is there. Jobs that have it already keep it.
#[derive(Debug)]
#[must_use = "dropping it takes the order back"]
pub struct OutcomeGuard {
    network: Network,
    id: u64,
}

impl Drop for OutcomeGuard {
    fn drop(&mut self) {
        self.network.orders().outcomes.remove(self.id);
        self.network.changes().tell_of(Place::Orders);
    }
}

fn remove_gate(network: &Network, id: u64) -> bool {
    let was_there = network.orders().gates.remove(id);
    network.changes().tell_of(Place::Orders);
    for steering in network.downloads().remembered().iter().filter_map(|download| download.steering()) {
        steering.gate.open_if_shut_by(id);
    }
    was_there
}

/// Gates hold jobs where a tester wants them; outcomes end them as he wants.
impl Control {
    /// Holds jobs to come at a point, as long as the guard is there. It is set when this returns: a download that is
    /// asked for afterwards cannot slip by.
    ///
    /// # Errors
    /// When there is no such point, or the jobs cannot be.
    pub fn hold(&self, at: Point, jobs: JobMatch) -> Result<GateGuard, OrderError> {
        let network = self.world();
        let id = add_gate(&network, &GateOrder { at, jobs })?.id;
        Ok(GateGuard { network, id })
    }

    /// The same, until it is removed.
    ///
    /// # Errors
    /// When there is no such point, or the jobs cannot be.
    pub fn add_gate(&self, order: &GateOrder) -> Result<GateRule, OrderError> {
        add_gate(&self.world(), order)
    }

    /// All gates for jobs to come.
    pub fn gates(&self) -> Vec<GateRule> {
        self.world().orders().gates.list().into_iter().map(GateRule::from).collect()
    }

    /// Removes a gate, and lets the jobs go on that it holds; says whether it was there.
    pub fn remove_gate(&self, id: u64) -> bool {
        remove_gate(&self.world(), id)
    }

    /// Removes all gates, and lets all jobs go on that they hold.
    pub fn remove_gates(&self) {
        let network = self.world();
        network.orders().gates.clear();
        network.changes().tell_of(Place::Orders);
        for steering in network.downloads().remembered().iter().filter_map(|download| download.steering()) {
            steering.gate.open();
        }
    }

    /// Has jobs to come end in that way, as long as the guard is there.
    ///
    /// # Errors
    /// When there is no such point, or the jobs cannot be.
    pub fn order(&self, outcome: Outcome, jobs: JobMatch) -> Result<OutcomeGuard, OrderError> {
        let network = self.world();
        let id = add_outcome(&network, &OutcomeOrder { outcome, jobs })?.id;
        Ok(OutcomeGuard { network, id })
    }

    /// The same, until it is removed.
    ///
    /// # Errors
    /// When there is no such point, or the jobs cannot be.
    pub fn add_outcome(&self, order: &OutcomeOrder) -> Result<OutcomeRule, OrderError> {
        add_outcome(&self.world(), order)
    }

    /// All outcomes for jobs to come.
    pub fn outcomes(&self) -> Vec<OutcomeRule> {
        self.world().orders().outcomes.list().into_iter().map(OutcomeRule::from).collect()
    }

    /// Removes an outcome; says whether it was there.
    pub fn remove_outcome(&self, id: u64) -> bool {
        let network = self.world();
        let was_there = network.orders().outcomes.remove(id);
        network.changes().tell_of(Place::Orders);
        was_there
    }

    /// Removes all outcomes.
    pub fn remove_outcomes(&self) {
        let network = self.world();
        network.orders().outcomes.clear();
        network.changes().tell_of(Place::Orders);
    }
}

fn add_gate(network: &Network, order: &GateOrder) -> Result<GateRule, OrderError> {
    order.at.check().map_err(OrderError)?;
    let (jobs, turns) = order.jobs.read()?;
    let rule = network.orders().gates.add((order.at, jobs), turns);
    network.changes().tell_of(Place::Orders);
    Ok(rule.into())
}

fn add_outcome(network: &Network, order: &OutcomeOrder) -> Result<OutcomeRule, OrderError> {
    order.outcome.check().map_err(OrderError)?;
    let (jobs, turns) = order.jobs.read()?;
    let rule = network.orders().outcomes.add((order.outcome, jobs), turns);
    network.changes().tell_of(Place::Orders);
    Ok(rule.into())
}
