//! What happens in a network, as it happens.

use std::collections::VecDeque;

use serde::Serialize;
use tokio::sync::watch::Receiver;
use utoipa::ToSchema;

use super::{ClockView, Control, DownloadView, FaultRule, GateRule, OutageView, OutcomeRule, SettingsView};
use crate::{
    JournalEntry,
    changes::Changes,
    clock::Timeline,
    events::{News, Place, Watcher},
    network::Network,
    settings::InForce,
};

/// What has changed, as it is when it is told. A state that was followed by another before it was told is left out.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Event {
    /// Downloads and requests are not what was told before, or nothing was told before: whoever wants to know them is to
    /// look.
    Reset {},
    /// A download, new or changed, deleted or not.
    Download(Box<DownloadView>),
    /// A request, new or changed.
    Request(Box<JournalEntry>),
    /// Requests with a number below this are forgotten.
    Journal {
        /// The first number that is not.
        first: u64,
    },
    /// The clock was moved, stopped or started.
    Clock(ClockView),
    /// The settings.
    Settings(Box<SettingsView>),
    /// All faults.
    Faults(Vec<FaultRule>),
    /// The outage, if there is one.
    Outage(Option<OutageView>),
    /// Gates and outcomes for jobs to come.
    Orders(OrdersView),
}

/// What is ordered for jobs to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrdersView {
    /// Where they are held.
    pub gates: Vec<GateRule>,
    /// How they end.
    pub outcomes: Vec<OutcomeRule>,
}

impl Event {
    /// What kind of event it is.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reset {} => "reset",
            Self::Download(_) => "download",
            Self::Request(_) => "request",
            Self::Journal { .. } => "journal",
            Self::Clock(_) => "clock",
            Self::Settings(_) => "settings",
            Self::Faults(_) => "faults",
            Self::Outage(_) => "outage",
            Self::Orders(_) => "orders",
        }
    }
}

/// An event, and how to come back to it.
#[derive(Clone, Debug)]
pub struct WatchedEvent {
    /// For [`Control::watch`], to go on behind it.
    pub id: String,
    /// The event.
    pub event: Event,
}

/// What happens in a network, from a moment on.
#[derive(Debug)]
pub struct Watch {
    network: Network,
    watcher: Watcher,
    clock: Receiver<Timeline>,
    settings: Receiver<InForce>,
    /// What is known and not told yet.
    pending: VecDeque<WatchedEvent>,
}

impl Control {
    /// Watches what happens in the network from now on, or from behind an event of a watch before. It begins with
    /// [`Event::Reset`], unless it can go on where that one was, and with the clock, the settings, the faults, the outage
    /// and the orders as they are.
    pub fn watch(&self, after: Option<&str>) -> Watch {
        let network = self.world();
        let (clock, settings) = (network.clock().moves(), network.settings().changes());
        let (watcher, is_resumed) = network.changes().events().watch(after);
        let mut watch = Watch { network, watcher, clock, settings, pending: VecDeque::new() };
        watch.begin(is_resumed);
        watch
    }
}

impl Watch {
    /// The next event; none when the network ends, which it does when it is reset too. Losing interest in between loses
    /// no event.
    pub async fn next(&mut self) -> Option<WatchedEvent> {
        loop {
            if let Some(event) = self.ready() {
                return Some(event);
            }
            let Self { network, watcher, clock, settings, .. } = self;
            let ended = network.ended();
            let changes: &Changes = network.changes();
            let event = tokio::select! {
                biased;
                () = ended.cancelled() => return None,
                Ok(()) = clock.changed() => Event::Clock(ClockView::of(network.clock())),
                Ok(()) = settings.changed() => Event::Settings(Box::new(network.settings().downloads().into())),
                news = changes.until(|| watcher.news()) => {
                    self.tell(news);
                    continue;
                }
            };
            self.push(self.watcher.position(), event);
        }
    }

    /// The next event, if it can be told without waiting.
    pub fn ready(&mut self) -> Option<WatchedEvent> {
        self.pending.pop_front()
    }

    fn begin(&mut self, is_resumed: bool) {
        let at = self.watcher.position();
        if !is_resumed {
            self.push(at, Event::Reset {});
        }
        self.push(at, Event::Clock(ClockView::of(self.network.clock())));
        self.push(at, Event::Settings(Box::new(self.network.settings().downloads().into())));
        for place in [Place::Faults, Place::Outage, Place::Orders, Place::Journal] {
            self.look_at(at, place);
        }
    }

    fn tell(&mut self, news: News) {
        match news {
            News::Places(places) => {
                for (number, place) in places {
                    self.look_at(number, place);
                }
            }
            News::TooMuch => self.begin(false),
        }
    }

    fn look_at(&mut self, number: u64, place: Place) {
        let network = &self.network;
        let event = match place {
            Place::Download(id) => {
                let download = network.downloads().get_remembered(id);
                download.map(|download| Event::Download(Box::new(DownloadView::of(&download))))
            }
            Place::Request(number) => network.journal().entry(number).map(|entry| Event::Request(Box::new(entry))),
            Place::Journal => Some(Event::Journal { first: network.journal().first() }),
            Place::Faults => {
                Some(Event::Faults(network.faults().rules.list().into_iter().map(FaultRule::from).collect()))
            }
            Place::Outage => Some(Event::Outage(OutageView::of(network))),
            Place::Orders => {
                let gates = network.orders().gates.list().into_iter().map(GateRule::from).collect();
                let outcomes = network.orders().outcomes.list().into_iter().map(OutcomeRule::from).collect();
                Some(Event::Orders(OrdersView { gates, outcomes }))
            }
        };
        if let Some(event) = event {
            self.push(number, event);
        }
    }

    fn push(&mut self, number: u64, event: Event) {
        let id = self.watcher.id(number);
        self.pending.push_back(WatchedEvent { id, event });
    }
}
