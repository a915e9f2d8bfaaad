//! A request's body that is written down while it is read.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::journal::exchange::Part;

/// The body of a request.
pub(super) struct Overheard {
    inner: Body,
    heard: Arc<Mutex<Part>>,
}

impl Overheard {
    pub(super) fn new(inner: Body, heard: Arc<Mutex<Part>>) -> Self {
        Self { inner, heard }
    }
}

impl http_body::Body for Overheard {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(bytes) = polled.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).pass(bytes);
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
