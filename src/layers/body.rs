//! A body that is counted while it is sent, and spoiled where a fault says so.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Body as _, Frame, SizeHint};

use crate::{
    clock::{Clock, Timestamp},
    downloads::download::Download,
    journal::{draft::Draft, noted::Over},
    line::{Break, Line, UnderWay},
    network::Network,
    telemetry::Meter,
};

/// How many portions of a slow body come in a second.
const PORTIONS: u64 = 20;

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: Body,
    spoiled: Option<Box<Spoiled>>,
    tally: Tally,
    /// Ends with this.
    _under_way: Option<UnderWay>,
}

impl Watched {
    /// The body of the answer to that request.
    pub(crate) fn to(self, request: UnderWay) -> Self {
        Self { _under_way: Some(request), ..self }
    }

    /// `is_over` says that nobody will ask for a byte.
    pub(super) fn new(inner: Body, spoiled: Option<Spoiled>, mut tally: Tally, is_over: bool) -> Self {
        tally.is_complete = is_over && spoiled.is_none();
        Self { inner, spoiled: spoiled.map(Box::new), tally, _under_way: None }
    }

    /// A body that is counted, but not written down.
    pub(crate) fn metered(inner: Body, meter: Meter) -> Self {
        Self {
            inner,
            spoiled: None,
            tally: Tally { bytes: 0, is_complete: false, part: None, meter, draft: None },
            _under_way: None,
        }
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Self { inner, spoiled, tally, .. } = &mut *self;
        let polled = match spoiled {
            None => Pin::new(&mut *inner).poll_frame(context),
            Some(spoiled) => spoiled.poll_frame(inner, context),
        };
        match ready!(polled) {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    tally.count(bytes);
                }
                if spoiled.is_none() && inner.is_end_stream() {
                    tally.is_complete = true;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                tally.is_complete = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.spoiled.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // hyper trusts a hint more than a header, and a spoiled body may be at odds with its header.
        if self.spoiled.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}

/// What is written down about an answer: when its last byte was handed over, or its connection has gone.
#[derive(Debug)]
pub(super) struct Tally {
    bytes: u64,
    is_complete: bool,
    /// The download whose content it is: from where to where, of how much.
    part: Option<(Arc<Download>, (u64, u64), u64)>,
    /// Ends with this.
    meter: Meter,
    /// None when nothing is written down.
    draft: Option<Draft>,
}

impl Tally {
    pub(super) fn new(part: Option<(Arc<Download>, (u64, u64), u64)>, meter: Meter, draft: Draft) -> Self {
        Self { bytes: 0, is_complete: false, part, meter, draft: Some(draft) }
    }

    fn count(&mut self, bytes: &[u8]) {
        if let Some(draft) = &mut self.draft {
            draft.pass(bytes);
        }
        self.bytes += bytes.len() as u64;
        self.meter.served(bytes.len() as u64);
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let (now, started) = (draft.network().clock().now(), draft.started());
        if let Some((download, (start, end), size)) = self.part.take() {
            let end = end.min(start + self.bytes);
            download.note(|report| report.handed_over(now, (start, end), size));
        }
        draft.end(Over {
            bytes: self.bytes,
            is_complete: self.is_complete,
            duration_ms: u64::try_from(now.since(started).as_millis()).unwrap_or(u64::MAX),
        });
    }
}

/// How a body ends that does not end by itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Break(Break),
    /// Never, as long as the network is there.
    Stall,
    /// The connection is closed at that time.
    StallUntil(Timestamp),
}

/// What is to happen to a body.
pub(super) struct Spoiled {
    line: Line,
    network: Network,
    /// Where it ends.
    limit: Option<(u64, Ending)>,
    /// How it ends when all was sent.
    behind: Option<Ending>,
    /// Which byte is flipped.
    flipped: Option<u64>,
    /// Bytes per second, and from when on they are counted.
    rate: Option<(u64, Timestamp)>,
    /// Bytes that were handed over.
    at: u64,
    /// Bytes that were read and not handed over.
    rest: Bytes,
    /// Something to wait for before anything else.
    waiting: Option<BoxFuture<'static, ()>>,
    has_ended: bool,
    /// The length that the head is to announce, where that is not the true one.
    announced: Option<u64>,
}

impl std::fmt::Debug for Spoiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spoiled").field("limit", &self.limit).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Spoiled {
    pub(super) fn new(line: Line, network: Network) -> Self {
        Self {
            line,
            network,
            limit: None,
            behind: None,
            flipped: None,
            rate: None,
            at: 0,
            rest: Bytes::new(),
            waiting: None,
            has_ended: false,
            announced: None,
        }
    }

    pub(super) fn end_at(&mut self, bytes: u64, ending: Ending) {
        self.limit = Some((bytes, ending));
    }

    pub(super) fn end_behind(&mut self, ending: Ending) {
        self.behind = Some(ending);
    }

    /// Owes the rest until so much time has passed from now on.
    pub(super) fn stall_behind(&mut self, time: Duration) {
        self.behind = Some(Ending::StallUntil(self.clock().now() + time));
    }

    pub(super) fn announce(&mut self, length: u64) {
        self.announced = Some(length);
    }

    pub(super) fn announced(&self) -> Option<u64> {
        self.announced
    }

    pub(super) fn flip(&mut self, byte: u64) {
        self.flipped = Some(byte);
    }

    pub(super) fn slow_down(&mut self, rate: u64) {
        self.rate = Some((rate, self.clock().now()));
    }

    /// What happens when no byte of the body will be asked for.
    pub(super) fn end_with_head(&self) {
        if let Some((0, Ending::Break(how))) = self.limit {
            self.line.cut_when_flushed(how);
        }
    }

    fn clock(&self) -> &Clock {
        self.network.clock()
    }

    fn poll_frame(
        &mut self,
        inner: &mut Body,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(context));
                self.waiting = None;
            }
            if self.has_ended {
                // The connection is about to go.
                return Poll::Pending;
            }
            if let Some((limit, ending)) = self.limit
                && self.at >= limit
            {
                self.end(ending);
                continue;
            }
            if self.rest.is_empty() {
                match ready!(Pin::new(&mut *inner).poll_frame(context)) {
                    Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => match self.behind {
                        Some(ending) => self.end(ending),
                        None => return Poll::Ready(None),
                    },
                }
                continue;
            }
            if !self.is_due() {
                continue;
            }
            return Poll::Ready(Some(Ok(Frame::data(self.portion()))));
        }
    }

    /// Whether the next bytes may go; else there is something to wait for now.
    fn is_due(&mut self) -> bool {
        let Some((rate, since)) = self.rate else { return true };
        let millis = u64::try_from(u128::from(self.at) * 1000 / u128::from(rate)).unwrap_or(u64::MAX);
        let due = since + Duration::from_millis(millis);
        if self.clock().now() >= due {
            return true;
        }
        let (clock, ended) = (self.clock().clone(), self.network.ended());
        self.waiting = Some(Box::pin(async move {
            tokio::select! {
                () = clock.sleep_until(due) => (),
                () = ended.cancelled() => (),
            }
        }));
        if self.network.ended().is_cancelled() {
            self.line.cut(Break::Close);
            self.has_ended = true;
        }
        false
    }

    fn portion(&mut self) -> Bytes {
        let mut length = self.rest.len() as u64;
        if let Some((rate, _)) = self.rate {
            length = length.min((rate / PORTIONS).max(1));
        }
        if let Some((limit, _)) = self.limit {
            length = length.min(limit - self.at);
        }
        let mut portion = self.rest.split_to(crate::content::to_usize(length));
        if let Some(at) = self.flipped.and_then(|byte| byte.checked_sub(self.at)).filter(|at| *at < length) {
            let mut bytes = portion.to_vec();
            bytes[crate::content::to_usize(at)] ^= 0xFF;
            portion = bytes.into();
        }
        self.at += length;
        portion
    }

    fn end(&mut self, ending: Ending) {
        self.has_ended = true;
        let (line, ended, clock) = (self.line.clone(), self.network.ended(), self.clock().clone());
        match ending {
            Ending::Break(how) => line.cut_when_flushed(how),
            Ending::Stall => {
                self.waiting = Some(Box::pin(async move {
                    ended.cancelled().await;
                    line.cut(Break::Close);
                }));
            }
            Ending::StallUntil(due) => {
                self.waiting = Some(Box::pin(async move {
                    tokio::select! {
                        () = clock.sleep_until(due) => (),
                        () = ended.cancelled() => (),
                    }
                    line.cut(Break::Close);
                }));
            }
        }
    }
}
