//! What lies between the connections and the API for the sake of testers: outage, faults, journal.
//!
//! A [`Visit`] goes with each request: it decides, before the API is asked, whether and how the request goes wrong, and
//! afterwards spoils the answer as it is sent, and writes down what became of it.

pub(crate) mod body;
mod overheard;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    },
    response::{IntoResponse as _, Response},
};
use http_body::Body as _;

use self::{
    body::{Ending, Spoiled, Tally, Watched},
    overheard::Overheard,
};
use crate::{
    content::Content,
    downloads::download::{Download, Status},
    error::Error,
    events::Place,
    faults::{Asked, Effect, Fault, InZip, InjectedError},
    journal::{Arrival, DecidedBy, Decision, draft::Draft},
    line::{Break, Line},
    network::Network,
    operation::Operation,
    outage::OutageKind,
    repository::node::NodeId,
    secret,
    telemetry::{Meter, Subject},
};

/// How long the real server keeps a connection that owes bytes (Tomcat's keep-alive timeout).
const STALLED: Duration = Duration::from_secs(20);

/// What the API tells of an answer, beside the answer itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The check that refused the request, and its text.
    pub(crate) refusal: Option<(String, String)>,
    /// The download that was created.
    pub(crate) created: Option<NodeId>,
    /// The status of a download that it shows.
    pub(crate) status: Option<Status>,
    /// The content of which it sends a part.
    pub(crate) sent: Option<Sent>,
}

/// A part of a content on its way.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) content: Content,
    /// From where to where, when it is one part.
    pub(crate) part: Option<(u64, u64)>,
    /// The length that the real server would announce, where that is not the true one.
    pub(crate) announced: Option<u64>,
}

/// A request on its way through.
#[derive(Debug)]
pub(crate) struct Visit {
    line: Line,
    operation: Option<Operation>,
    /// The download in its path, a deleted one too.
    download: Option<Arc<Download>>,
    /// What is still to go wrong when the answer is sent.
    effect: Option<Effect>,
    decision: Option<Decision>,
    meter: Meter,
    draft: Draft,
}

impl Visit {
    pub(crate) fn begin(network: Network, line: Line, arrival: &Arrival<'_>, headers: &HeaderMap) -> Self {
        let operation = arrival.operation;
        let started = network.clock().now();
        let meter = Meter::begin(network.telemetry(), Subject::Api(operation), arrival.method, arrival.path);
        let download = arrival.node.and_then(|node| network.downloads().get_remembered(NodeId::unversioned(node)?));
        let id = download.as_ref().map(|download| download.id);
        let draft = Draft::begin(network, started, arrival, id, headers);
        Self { line, operation, download, effect: None, decision: None, meter, draft }
    }

    /// The body of the request, which is written down as far as it is read.
    pub(crate) fn overhear(&mut self, body: Body) -> Body {
        if body.size_hint().exact() == Some(0) {
            return body;
        }
        match self.draft.listen() {
            Some(heard) => Body::new(Overheard::new(body, heard)),
            None => body,
        }
    }

    fn network(&self) -> &Network {
        self.draft.network()
    }

    /// Whether the body decides what goes wrong.
    pub(crate) fn wants_body(&self) -> bool {
        self.operation == Some(Operation::CreateDownload) && self.network().faults().name_a_node()
    }

    /// An answer in the place of the API's, if something goes wrong already. Resolves never for a request that is not
    /// to be answered.
    pub(crate) async fn before(&mut self, arrival: &Arrival<'_>, body: &[u8]) -> Option<Response> {
        if let Some(kind) = self.network().outage().strike(self.draft.started()) {
            return Box::pin(self.be_out(kind)).await;
        }
        let Arrival { operation, path, node, user, .. } = *arrival;
        let (id, fault, delay) = self.network().faults().pick(&Asked { operation, path, node, user, body })?;
        Box::pin(self.strike(id, fault, delay, node)).await
    }

    async fn be_out(&mut self, kind: OutageKind) -> Option<Response> {
        let name = match kind {
            OutageKind::Refuse => "refuse",
            OutageKind::Hang => "hang",
            OutageKind::Reset => "reset",
        };
        self.network().changes().tell_of(Place::Outage);
        self.decide(Decision { by: DecidedBy::Outage, name: name.to_owned(), fault: None, text: None });
        match kind {
            OutageKind::Refuse => self.never(Some(Break::Close)).await,
            OutageKind::Hang => self.never(None).await,
            OutageKind::Reset => self.never(Some(Break::Reset)).await,
        }
    }

    async fn strike(&mut self, id: u64, fault: Fault, delay: Duration, node: Option<&str>) -> Option<Response> {
        let Fault { name, effect, .. } = fault;
        self.network().changes().tell_of(Place::Faults);
        let name = name.unwrap_or_else(|| effect.as_ref().map_or("delay".to_owned(), kind));
        self.decide(Decision { by: DecidedBy::Fault, name, fault: Some(id), text: None });
        if !delay.is_zero() {
            let ended = self.network().ended();
            tokio::select! {
                biased;
                () = ended.cancelled() => return self.never(Some(Break::Close)).await,
                () = self.network().clock().sleep_until(self.network().clock().now() + delay) => (),
            }
        }
        match effect? {
            Effect::Error(error) => Some(self.injected(error, node).into_response()),
            Effect::Status(status) => Some(StatusCode::from_u16(status).unwrap_or_default().into_response()),
            Effect::Hang => self.never(None).await,
            Effect::ResetBeforeHead => self.never(Some(Break::Reset)).await,
            later => {
                self.effect = Some(later);
                None
            }
        }
    }

    /// Gives no answer: breaks the connection now, or leaves it open until the network ends.
    async fn never(&self, how: Option<Break>) -> Option<Response> {
        self.note_poll(None);
        if how.is_none() {
            self.network().ended().cancelled().await;
        }
        self.line.cut(how.unwrap_or(Break::Close));
        std::future::pending().await
    }

    fn injected(&self, error: InjectedError, node: Option<&str>) -> Error {
        let InjectedError { status_code: status, error_key, text } = error;
        let node = node.unwrap_or_default().to_owned();
        Error::Injected { status, key: error_key, text, node, network: self.network().name().to_owned() }
    }

    fn decide(&mut self, decision: Decision) {
        self.draft.decide(decision.clone());
        self.decision = Some(decision);
    }

    /// The answer as it is to be sent. `has_body` says whether a body may follow its head.
    pub(crate) fn after(mut self, response: Response, has_body: bool, told: Told) -> Response<Watched> {
        let (mut parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        self.meter.answered(status);
        let refusal = told.refusal.map(|(name, text)| {
            let text = secret::hidden_in_refusal(self.operation, &text);
            Decision { by: DecidedBy::Check, name, fault: None, text: Some(text) }
        });
        if !matches!(status, 401 | 403) {
            self.note_poll(told.status);
        }
        let sent = told.sent;
        if let Some(download) = self.download.as_ref().filter(|_| sent.is_some() && matches!(status, 200 | 206)) {
            download.note(|report| report.content_requests += 1);
        }
        let spoiled = self.effect.as_ref().and_then(|effect| {
            let mut spoiled = Spoiled::new(self.line.clone(), self.network().clone());
            spoil(effect, sent.as_ref(), &mut spoiled).then_some(spoiled)
        });
        if let Some(length) = spoiled.as_ref().and_then(Spoiled::announced) {
            parts.headers.remove(TRANSFER_ENCODING);
            set_in_place(&mut parts.headers, length);
        }
        let is_polled = has_body && parts.headers.get(CONTENT_LENGTH).is_none_or(|length| length != "0");
        if let Some(spoiled) = spoiled.as_ref().filter(|_| !is_polled) {
            spoiled.end_with_head();
        }
        // What is in memory as a whole is handed over at once, and told of then.
        let takes_time = sent.is_some() || spoiled.is_some();
        let part = sent.and_then(|sent| Some((self.download?, sent.part?, sent.content.size())));
        self.draft.answered(status, self.decision.or(refusal), told.created, &parts.headers);
        if takes_time {
            self.draft.tell();
        }
        let tally = Tally::new(part, self.meter, self.draft);
        let is_over = !is_polled || body.is_end_stream();
        Response::from_parts(parts, Watched::new(body, spoiled, tally, is_over))
    }

    /// A poll was answered with that status, or in another way, or not at all.
    fn note_poll(&self, status: Option<Status>) {
        if self.operation == Some(Operation::GetDownload)
            && let Some(download) = &self.download
        {
            download.note(|report| report.polled(self.draft.started(), status));
        }
    }
}

/// Sets what is to happen to a body; whether the effect concerns it at all.
fn spoil(effect: &Effect, sent: Option<&Sent>, spoiled: &mut Spoiled) -> bool {
    match effect {
        Effect::ResetAfterHead => spoiled.end_at(0, Ending::Break(Break::Reset)),
        Effect::CutAfter(bytes) => spoiled.end_at(*bytes, Ending::Break(Break::Close)),
        Effect::StallAt(bytes) => spoiled.end_at(*bytes, Ending::Stall),
        Effect::BytesPerSecond(rate) => spoiled.slow_down(*rate),
        Effect::ContentLength(length) => {
            spoiled.end_behind(Ending::Break(Break::Close));
            spoiled.announce(*length);
        }
        Effect::AlfrescoStalls => {
            let Some(announced) = sent.and_then(|sent| sent.announced) else { return false };
            spoiled.stall_behind(STALLED);
            spoiled.announce(announced);
        }
        Effect::FlipInZip(place) => {
            let Some(at) = in_body(*place, sent) else { return false };
            spoiled.flip(at);
        }
        Effect::CutInZip(place) => {
            let Some(at) = in_body(*place, sent) else { return false };
            spoiled.end_at(at, Ending::Break(Break::Close));
        }
        Effect::Error(_) | Effect::Status(_) | Effect::Hang | Effect::ResetBeforeHead => return false,
    }
    true
}

/// Where a place in a zip lies in the body, if the body is a part of a zip and has it.
fn in_body(place: InZip, sent: Option<&Sent>) -> Option<u64> {
    let sent = sent?;
    let (start, end) = sent.part?;
    let entry = usize::try_from(place.entry.map_or(0, |entry| entry - 1)).ok()?;
    let (at, length) = sent.content.as_archive()?.locate(place.part, entry)?;
    let offset = place.offset.unwrap_or_default();
    let at = at.checked_add(offset)?;
    (offset < length && (start..end).contains(&at)).then(|| at - start)
}

/// Changes the length where it stands, so that the order of the headers stays.
fn set_in_place(headers: &mut axum::http::HeaderMap, length: u64) {
    let value = HeaderValue::from(length);
    match headers.get_mut(CONTENT_LENGTH) {
        Some(there) => *there = value,
        None => drop(headers.insert(CONTENT_LENGTH, value)),
    }
}

/// The name of an effect, as in JSON.
fn kind(effect: &Effect) -> String {
    match serde_json::to_value(effect) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(members)) => members.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
