//! The headers of a reply, in the order and the spelling in which the real server sends them.
//!
//! hyper writes headers in the order in which they were added, each word of a name with a capital. Two names are spelled
//! otherwise; see [`Spelling`](crate::spelling::Spelling).

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, X_FRAME_OPTIONS},
};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("SAMEORIGIN");
pub(super) const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
pub(super) const LONG_AGO: HeaderValue = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");

/// Headers in the order in which they are added.
#[derive(Debug, Default)]
pub(super) struct Headers(HeaderMap);

impl Headers {
    pub(super) fn none() -> Self {
        Self(HeaderMap::with_capacity(12))
    }

    /// What the filter in front of every page adds.
    pub(super) fn framed() -> Self {
        Self::none().with(X_FRAME_OPTIONS, SAME_ORIGIN)
    }

    /// The three headers that forbid caching.
    pub(super) fn uncached(self) -> Self {
        self.with(CACHE_CONTROL, NO_CACHE).with(EXPIRES, LONG_AGO).with(PRAGMA, NO_CACHE)
    }

    pub(super) fn json(self) -> Self {
        self.with(CONTENT_TYPE, JSON)
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.append(name, value);
        self
    }

    pub(super) fn into_map(self) -> HeaderMap {
        self.0
    }
}
