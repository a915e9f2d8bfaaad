//! The body of a request, which has to keep coming.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::clock;

/// How much has to come in the time.
const PORTION: usize = 1 << 10;

/// A body of which a kibibyte, or the rest, has to come within some time whenever it is waited for.
pub(super) struct Patient {
    inner: Incoming,
    patience: Duration,
    /// Runs from the first wait for a portion on.
    deadline: Option<BoxFuture<'static, ()>>,
    /// How much of the portion has come.
    portion: usize,
}

impl Patient {
    pub(super) fn new(inner: Incoming, patience: Duration) -> Self {
        Self { inner, patience, deadline: None, portion: 0 }
    }
}

/// The body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body has stopped coming: less than {PORTION} bytes of it in {0:?}")]
struct Stopped(Duration);

impl Body for Patient {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Self { inner, patience, deadline, portion } = &mut *self;
        match Pin::new(inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                *portion += frame.data_ref().map_or(0, Bytes::len);
                if *portion >= PORTION {
                    (*portion, *deadline) = (0, None);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(ended) => Poll::Ready(ended.map(|ended| ended.map_err(Into::into))),
            Poll::Pending => {
                ready!(deadline.get_or_insert_with(|| Box::pin(clock::real_sleep(*patience))).as_mut().poll(context));
                Poll::Ready(Some(Err(Stopped(*patience).into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
