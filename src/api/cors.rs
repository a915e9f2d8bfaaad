//! Pages on other origins, answered as the servlet container's filter answers them (wire reference, section 8).
//!
//! The real server has this off; a stand-in is mostly called from a page on another port, so here it is on. Requests
//! without an `Origin`, those of every client that is not a browser, never come here.

use axum::{
    body::Body,
    http::{
        HeaderName, Method, Request, StatusCode,
        header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, ORIGIN},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::headers::Headers;
use crate::config::{Config, Origins, Tokens};

/// Which pages may call, and what they may send and read.
#[derive(Clone, Debug)]
pub(super) struct Cors {
    origins: Origins,
    layer: CorsLayer,
}

/// What the filter makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Not a foreign page: the filter adds nothing.
    Same,
    /// A page that may not call.
    Refused,
    /// A preflight, answered without asking who calls.
    Preflight,
    /// A foreign page: the filter adds its headers to the answer.
    Foreign,
}

impl Cors {
    /// For the API.
    pub(super) fn new(config: &Config) -> Self {
        let methods = config.cors.cors_allowed_methods.0.iter().filter_map(|method| method.parse::<Method>().ok());
        Self::with(config, config.cors.cors.clone(), methods.collect(), header_names(&config.cors.cors_allowed_headers))
    }

    /// For control.
    pub(super) fn of_control(config: &Config) -> Self {
        let methods = vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        Self::with(config, config.control.admin_cors.clone(), methods, vec![AUTHORIZATION, CONTENT_TYPE])
    }

    fn with(config: &Config, origins: Origins, methods: Vec<Method>, headers: Vec<HeaderName>) -> Self {
        let layer = CorsLayer::new()
            .allow_origin(AllowOrigin::mirror_request())
            .allow_credentials(true)
            .allow_methods(methods)
            .allow_headers(headers)
            .expose_headers(header_names(&config.cors.cors_exposed_headers))
            .max_age(config.cors.cors_preflight_maxage)
            .vary([]);
        Self { origins, layer }
    }

    pub(super) fn admit(&self, request: &Parts) -> Admission {
        let Some(origin) = request.headers.get(ORIGIN) else { return Admission::Same };
        let is_allowed = match &self.origins {
            Origins::Off => return Admission::Same,
            Origins::Any => true,
            Origins::These(origins) => origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()),
        };
        if !is_allowed {
            return Admission::Refused;
        }
        let is_preflight =
            request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if is_preflight { Admission::Preflight } else { Admission::Foreign }
    }

    /// The answer to a page that may not call.
    pub(super) fn refusal() -> Response {
        (StatusCode::FORBIDDEN, Headers::framed().into_map()).into_response()
    }

    /// The answer to a preflight.
    pub(super) async fn preflight(&self, request: &Parts) -> Response {
        let (parts, body) = self.through_layer(request, Response::default()).await.into_parts();
        let mut headers = Headers::framed().into_map();
        headers.extend(parts.headers);
        (parts.status, headers, body).into_response()
    }

    /// The same for control: what may not call is left to its guard, which knows the pages that it serves itself.
    pub(super) fn admit_to_control(&self, request: &Parts) -> Admission {
        let is_listed = |origins: &[String]| {
            let origin = request.headers.get(ORIGIN).map(axum::http::HeaderValue::as_bytes);
            origins.iter().any(|allowed| Some(allowed.as_bytes()) == origin)
        };
        match &self.origins {
            Origins::These(origins) if !is_listed(origins) => Admission::Same,
            _ => self.admit(request),
        }
    }

    /// The answer with the filter's headers.
    pub(super) async fn through_layer(&self, request: &Parts, answer: Response) -> Response {
        let mut asked = Request::new(Body::empty());
        asked.method_mut().clone_from(&request.method);
        asked.headers_mut().clone_from(&request.headers);
        // The layer takes every OPTIONS for a preflight; one that asks for no method is none.
        if !request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            *asked.method_mut() = Method::GET;
        }
        let mut answer = Some(answer);
        let inner = service_fn(move |_: Request<Body>| {
            let answer = answer.take().unwrap_or_default();
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        match self.layer.layer(inner).oneshot(asked).await {
            Ok(answer) => answer.map(Body::new),
            Err(never) => match never {},
        }
    }
}

fn header_names(names: &Tokens) -> Vec<HeaderName> {
    names.0.iter().filter_map(|name| HeaderName::try_from(name.as_str()).ok()).collect()
}
