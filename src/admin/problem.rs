//! Problem details (RFC 9457): what an error of control looks like.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{DownloadView, FixturesError, JobError, NetworkError, OrderError, SettingsError, Unmet, WaitError};

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// `about:blank`: the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// What was found otherwise than expected, or wrong, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    /// The download as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Box<DownloadView>>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: &str) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: detail.to_owned(),
            errors: Vec::new(),
            current: None,
        }
    }

    pub(super) fn bad_request(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong")
    }

    fn with_errors(self, errors: Vec<String>) -> Self {
        Self { errors, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = serde_json::to_vec(&self).unwrap_or_default();
        let headers = [(CONTENT_TYPE, "application/problem+json"), (CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, json).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        Self::bad_request(&error.to_string())
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        Self::bad_request("nothing was changed").with_errors(error.0)
    }
}

impl From<FixturesError> for Problem {
    fn from(error: FixturesError) -> Self {
        match error {
            FixturesError::Mistakes(mistakes) => Self::bad_request("the fixtures cannot be used; nothing was changed")
                .with_errors(mistakes.iter().map(ToString::to_string).collect()),
            FixturesError::Network(error) => error.into(),
        }
    }
}

impl From<Unmet> for Problem {
    fn from(unmet: Unmet) -> Self {
        Self::new(StatusCode::CONFLICT, "the client did otherwise than expected").with_errors(unmet.0)
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        let status = match error {
            JobError::Unknown => StatusCode::NOT_FOUND,
            JobError::NoSuchPoint(_) => StatusCode::BAD_REQUEST,
            JobError::Passed | JobError::NotHeld | JobError::Ended => StatusCode::CONFLICT,
        };
        Self::new(status, &error.to_string())
    }
}

impl From<NetworkError> for Problem {
    fn from(error: NetworkError) -> Self {
        let status = match error {
            NetworkError::Unknown => StatusCode::NOT_FOUND,
            NetworkError::Default => StatusCode::CONFLICT,
            NetworkError::TooMany => StatusCode::INSUFFICIENT_STORAGE,
            NetworkError::Name => StatusCode::BAD_REQUEST,
        };
        Self::new(status, &error.to_string())
    }
}

impl From<WaitError> for Problem {
    fn from(error: WaitError) -> Self {
        let detail = error.to_string();
        let (status, current) = match error {
            WaitError::Timeout(current) => (StatusCode::REQUEST_TIMEOUT, current),
            WaitError::Deleted(current) => (StatusCode::CONFLICT, Some(current)),
            WaitError::Unknown => (StatusCode::NOT_FOUND, None),
            WaitError::Ended => (StatusCode::CONFLICT, None),
        };
        Self { current, ..Self::new(status, &detail) }
    }
}
