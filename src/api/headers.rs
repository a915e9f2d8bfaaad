//! The headers of a reply, in the order and the spelling in which the real server sends them.
//!
//! hyper writes headers in the order in which they were added, each word of a name with a capital. Two names are spelled
//! otherwise; see [`Spelling`](crate::spelling::Spelling).

use std::sync::{Mutex, PoisonError};

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, X_FRAME_OPTIONS},
};

use crate::clock::Timestamp;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("SAMEORIGIN");
pub(super) const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
pub(super) const LONG_AGO: HeaderValue = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");

/// The `Date` of answers: written anew once a second, since most answers come in the same one as the last.
#[derive(Debug, Default)]
pub(super) struct Dates(Mutex<Option<(i64, HeaderValue)>>);

impl Dates {
    /// The date of an answer that is given now.
    pub(super) fn of(&self, now: Timestamp) -> Option<HeaderValue> {
        let second = now.as_millis().div_euclid(1000);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, date)) = last.as_ref().filter(|(written, _)| *written == second) {
            return Some(date.clone());
        }
        let date = HeaderValue::try_from(httpdate::fmt_http_date(now.to_system())).ok()?;
        *last = Some((second, date.clone()));
        Some(date)
    }
}

/// Headers in the order in which they are added.
#[derive(Debug, Default)]
pub(super) struct Headers(HeaderMap);

impl Headers {
    pub(super) fn none() -> Self {
        Self(HeaderMap::with_capacity(12))
    }

    /// None, in the room that others have left.
    pub(super) fn reusing(mut others: HeaderMap) -> Self {
        others.clear();
        others.reserve(12);
        Self(others)
    }

    /// What the filter in front of every page adds.
    pub(super) fn framed() -> Self {
        Self::none().and_framed()
    }

    fn and_framed(self) -> Self {
        self.with(X_FRAME_OPTIONS, SAME_ORIGIN)
    }

    /// With all that an answer in JSON has.
    pub(super) fn of_json(self) -> Self {
        self.and_framed().uncached().json()
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
