//! Control over HTTP: the routes below `/__admin`, a prefix that Alfresco does not use.
//!
//! JSON in and out, RFC 9457 problem details for errors, an `OpenAPI` document made from the code. No logic of its own:
//! each handler calls one method of [`Control`].

mod clock;
mod downloads;
mod events;
mod extract;
mod faults;
mod fixtures;
mod gates;
mod guard;
mod journal;
mod networks;
mod openapi;
mod problem;
mod settings;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    handler::Handler,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
            X_FRAME_OPTIONS,
        },
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::{get, on},
};
use bytes::Bytes;
use serde::Serialize;
use tower::ServiceExt as _;
use tracing::error;
use utoipa_axum::PathItemExt as _;

use self::{guard::Guard, problem::Problem};
use crate::{config::ControlConfig, control::Control, networks::Networks, panics, telemetry::exposition};

/// What every path of control begins with.
const PREFIX: &str = "/__admin";

/// Where those who collect metrics look.
const METRICS: &str = "/metrics";

/// What keeps browsers from running, framing or guessing what is answered; a page that needs more says so itself.
const PROTECTION: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Whether a path is one of control.
pub(crate) fn is_admin(path: &str) -> bool {
    path == METRICS || path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers requests for control. Clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Admin(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    router: Router,
    guard: Guard,
}

impl Admin {
    /// `config` says who may control, and `ca_pem` is the certificate of the authority that HTTPS is to be trusted for.
    pub(crate) fn new(control: Control, config: &ControlConfig, ca_pem: Option<&str>) -> Self {
        let networks = control.all_networks().clone();
        let ca_pem = ca_pem.map(|pem| Bytes::copy_from_slice(pem.as_bytes()));
        let router = Router::new()
            .nest(PREFIX, operations())
            .route(&format!("{PREFIX}/openapi.json"), get(async || openapi::document()))
            .route(METRICS, get(async move || metrics(&networks)))
            .route(&format!("{PREFIX}/ca.pem"), get(async move || authority(ca_pem.clone())))
            .fallback(async || Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address"))
            .method_not_allowed_fallback(async || {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the method does not fit the address")
            })
            .with_state(control);
        Self(Arc::new(Inner { router, guard: Guard::new(config) }))
    }

    pub(crate) async fn answer(&self, parts: Parts, body: Body) -> Response {
        let mut response = match self.0.guard.check(&parts) {
            Err(refusal) => refusal.into_response(),
            Ok(()) => match panics::caught(self.0.router.clone().oneshot(Request::from_parts(parts, body))).await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(panicked) => {
                    error!("a bug answered a call of control: {panicked}");
                    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "a bug of the mock; its log says more")
                        .into_response()
                }
            },
        };
        for (name, value) in PROTECTION {
            response.headers_mut().entry(name).or_insert(value);
        }
        response
    }
}

fn metrics(networks: &Networks) -> Response {
    let headers = [(CONTENT_TYPE, exposition::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
    (headers, exposition::render(networks)).into_response()
}

/// The certificate of the authority that was made for this run.
fn authority(pem: Option<Bytes>) -> Response {
    match pem {
        Some(pem) => ([(CONTENT_TYPE, "application/x-pem-file"), (CACHE_CONTROL, "no-store")], pem).into_response(),
        None => Problem::new(
            StatusCode::NOT_FOUND,
            "there is no authority of our own: --tls-port is not set, or a certificate was given",
        )
        .into_response(),
    }
}

/// Makes the router of what is listed, each operation at the address and the method that its description says. From a
/// description no more than that is taken, so that the rest of it is left out of the program.
macro_rules! operations {
    ($($module:ident::$handler:ident),+ $(,)?) => {
        fn operations() -> Router<Control> {
            let router = Router::new();
            $(let router = utoipa_axum::paste! {
                add::<$module::[<__path_ $handler>], _, _>(router, &$module::$handler)
            };)+
            router
        }

        #[cfg(test)]
        fn description() -> utoipa::openapi::OpenApi {
            utoipa_axum::router::OpenApiRouter::with_openapi(openapi::beginning())
                $(.routes(utoipa_axum::routes!($module::$handler)))+
                .into_openapi()
        }
    };
}

operations! {
    gates::list_gates,
    gates::add_gate,
    gates::remove_gates,
    gates::remove_gate,
    gates::list_outcomes,
    gates::add_outcome,
    gates::remove_outcomes,
    gates::remove_outcome,
    downloads::list_downloads,
    downloads::get_download,
    downloads::get_report,
    downloads::verify,
    downloads::hold,
    downloads::release,
    downloads::step,
    downloads::end,
    downloads::get_entries,
    downloads::wait,
    clock::get_clock,
    clock::set_clock,
    clock::freeze,
    clock::resume,
    clock::advance,
    settings::get_settings,
    settings::change_settings,
    faults::list_faults,
    faults::add_fault,
    faults::replace_faults,
    faults::remove_faults,
    faults::remove_fault,
    faults::get_outage,
    faults::begin_outage,
    faults::end_outage,
    journal::get_journal,
    journal::clear_journal,
    journal::wait_for_requests,
    journal::get_exchange,
    events::watch,
    networks::list_networks,
    networks::get_network,
    networks::create_network,
    networks::drop_network,
    networks::reset_network,
    networks::reset,
    fixtures::load_fixtures,
}

fn add<P: utoipa::Path, T: 'static, H: Handler<T, Control>>(router: Router<Control>, handler: &H) -> Router<Control> {
    P::methods()
        .iter()
        .fold(router, |router, method| router.route(&P::path(), on(method.to_method_filter(), handler.clone())))
}

type Result<T, E = Problem> = std::result::Result<T, E>;

/// A result as JSON.
#[derive(Debug)]
struct Reply<T>(StatusCode, T);

impl<T> Reply<T> {
    fn ok(value: T) -> Self {
        Self(StatusCode::OK, value)
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.1) {
            Ok(json) => {
                let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
                (self.0, headers, json).into_response()
            }
            Err(failure) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, &failure.to_string()).into_response(),
        }
    }
}
