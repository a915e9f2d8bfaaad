//! Faults and outages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Control, OrderError};
use crate::{
    Fault, OutageKind, Timestamp, duration::DurationText, events::Place, network::Network, outage::Current, rules::Rule,
};

/// A fault as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FaultRule {
    /// Its id.
    pub id: u64,
    /// What was ordered.
    pub fault: Fault,
    /// How many requests matched so far.
    pub matched: u64,
    /// How many it was applied to.
    pub applied: u64,
}

impl From<Rule<Fault>> for FaultRule {
    fn from(rule: Rule<Fault>) -> Self {
        let Rule { id, order: fault, matched, applied, .. } = rule;
        Self { id, fault, matched, applied }
    }
}

/// A fault that is there as long as this is.
#[derive(Debug)]
#[must_use = "dropping it removes the fault"]
pub struct FaultGuard {
    /// The network that it was set in: after a reset, it is nobody's.
    network: Network,
    id: u64,
}

impl FaultGuard {
    /// The fault's id, by which the journal names it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How many requests it was applied to so far.
    pub fn applied(&self) -> u64 {
        let rules = self.network.faults().rules.list();
        rules.iter().find(|rule| rule.id == self.id).map_or(0, |rule| rule.applied)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.network.faults().rules.remove(self.id);
        self.network.changes().tell_of(Place::Faults);
    }
}

/// An outage to begin, for so many requests, or so long, or both: it is over with the first of them. Without either it
/// lasts until it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutageOrder {
    /// How the network cannot be reached.
    pub kind: OutageKind,
    /// For so many requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub requests: Option<u64>,
    /// For so long, by the network's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duration: Option<DurationText>,
}

/// An outage under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutageView {
    /// How the network cannot be reached.
    pub kind: OutageKind,
    /// Requests that it still concerns; none for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// When it is over; none for not by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

impl OutageView {
    /// The outage of a network at this moment.
    pub(super) fn of(network: &Network) -> Option<Self> {
        let current = network.outage().current(network.clock().now())?;
        Some(Self { kind: current.kind, requests: current.requests, until: current.until })
    }
}

/// What goes wrong between the client and the API.
impl Control {
    /// Lets requests go wrong, as long as the guard is there.
    ///
    /// # Errors
    /// When there cannot be such a fault.
    pub fn inject(&self, fault: Fault) -> Result<FaultGuard, OrderError> {
        let network = self.world();
        let id = add_fault(&network, fault)?.id;
        Ok(FaultGuard { network, id })
    }

    /// The same, until it is removed.
    ///
    /// # Errors
    /// When there cannot be such a fault.
    pub fn add_fault(&self, fault: Fault) -> Result<FaultRule, OrderError> {
        add_fault(&self.world(), fault)
    }

    /// All faults, in the order in which they are looked at.
    pub fn faults(&self) -> Vec<FaultRule> {
        self.world().faults().rules.list().into_iter().map(FaultRule::from).collect()
    }

    /// Puts these in the place of all that there are.
    ///
    /// # Errors
    /// When there cannot be one of them; then all stay as they were.
    pub fn replace_faults(&self, faults: Vec<Fault>) -> Result<Vec<FaultRule>, OrderError> {
        faults.iter().try_for_each(Fault::check).map_err(OrderError)?;
        let with_turns = faults.into_iter().map(|fault| {
            let turns = fault.turns();
            (fault, turns)
        });
        let network = self.world();
        let rules = network.faults().rules.replace(with_turns);
        network.changes().tell_of(Place::Faults);
        Ok(rules.into_iter().map(FaultRule::from).collect())
    }

    /// Removes a fault; says whether it was there. What is under way goes on going wrong.
    pub fn remove_fault(&self, id: u64) -> bool {
        let network = self.world();
        let was_there = network.faults().rules.remove(id);
        network.changes().tell_of(Place::Faults);
        was_there
    }

    /// Removes all faults.
    pub fn remove_faults(&self) {
        let network = self.world();
        network.faults().rules.clear();
        network.changes().tell_of(Place::Faults);
    }

    /// Begins an outage, in the place of any other. Control itself stays up.
    ///
    /// # Errors
    /// When it is for no request at all.
    pub fn begin_outage(&self, order: OutageOrder) -> Result<OutageView, OrderError> {
        let OutageOrder { kind, requests, duration } = order;
        if requests == Some(0) {
            return Err(OrderError("requests is 1 or more"));
        }
        let network = self.world();
        let until = duration.map(|duration| network.clock().now() + duration.0);
        network.outage().set(Some(Current { kind, requests, until }));
        network.changes().tell_of(Place::Outage);
        Ok(OutageView { kind, requests, until })
    }

    /// The outage under way, if there is one.
    pub fn outage(&self) -> Option<OutageView> {
        let network = self.world();
        OutageView::of(&network)
    }

    /// Ends the outage, if there is one. Requests that it has caught stay caught.
    pub fn end_outage(&self) {
        let network = self.world();
        network.outage().set(None);
        network.changes().tell_of(Place::Outage);
    }
}

fn add_fault(network: &Network, fault: Fault) -> Result<FaultRule, OrderError> {
    fault.check().map_err(OrderError)?;
    let turns = fault.turns();
    let rule = network.faults().rules.add(fault, turns);
    network.changes().tell_of(Place::Faults);
    Ok(rule.into())
}
