//! A call of the API: what of a request is read once, for all who have to do with it.

use std::{
    borrow::Cow,
    convert::Infallible,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{
        HeaderValue, Method, Uri,
        header::{ACCEPT_LANGUAGE, AUTHORIZATION},
        request::Parts,
        uri::PathAndQuery,
    },
};

use super::{
    Services,
    address::{self, Address},
    authentication::{self, Credentials},
    extract::{Id, Parameters, Query, Related},
};
use crate::{
    error::{Error, Result},
    journal::Arrival,
    layers::Told,
    network::{self, Network},
    networks::Networks,
    operation::Operation,
    repository::access::Caller,
};

/// What handlers are called with beside the request itself. Clones are the same call.
#[derive(Clone, Debug)]
pub(super) struct Call(Arc<Inner>);

/// What was asked, of whom and where.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) network: Network,
    /// The name in the path by which it chose its network.
    pub(super) network_name: Cow<'static, str>,
    /// Whether there is such a network. If not, the request came to the default one, where nobody of another network
    /// is let in.
    pub(super) is_known: bool,
    pub(super) operation: Option<Operation>,
    /// The method that it stands for.
    pub(super) method: Method,
    /// Where it went, as it was sent.
    uri: Uri,
    /// The id in the path; empty where there is none.
    pub(super) id: Box<str>,
    /// The id behind the relation in the path; empty where there is none.
    pub(super) related: Box<str>,
    pub(super) query: Query,
    pub(super) credentials: Credentials,
    /// The languages that the client accepts.
    pub(super) languages: Option<HeaderValue>,
    services: Arc<Services>,
    told: Mutex<Told>,
}

impl Deref for Call {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Call {
    /// What a request asks at that address.
    pub(super) fn of(parts: &Parts, address: &Address<'_>, networks: &Networks, services: &Arc<Services>) -> Self {
        let found = networks.at(address.network());
        let method = address::method(parts);
        let segments = address.segments();
        let segment = |place: usize| segments.get(place).copied().unwrap_or_default().into();
        Self(Arc::new(Inner {
            is_known: found.is_some(),
            network: found.unwrap_or_else(|| networks.default()),
            network_name: match address.network() {
                network::DEFAULT => network::DEFAULT.into(),
                other => other.to_owned().into(),
            },
            operation: Operation::of(method.as_str(), segments),
            method,
            uri: parts.uri.clone(),
            id: segment(5),
            related: segment(7),
            query: Query::of(parts),
            credentials: Credentials::of(parts.headers.get(AUTHORIZATION)),
            languages: parts.headers.get(ACCEPT_LANGUAGE).cloned(),
            services: services.clone(),
            told: Mutex::default(),
        }))
    }

    /// What testers want to know of it, `path` being the decoded one.
    pub(super) fn arrival<'a>(
        &'a self,
        method: &'a str,
        path: Option<&'a str>,
        address: &Address<'a>,
        user: Option<&'a str>,
        is_of_page: bool,
    ) -> Arrival<'a> {
        let node = match address.segments() {
            [_, _, _, _, collection, id, ..] if ["downloads", "nodes", "deleted-nodes"].contains(collection) => {
                Some(*id)
            }
            _ => None,
        };
        Arrival {
            method,
            target: self.uri.path_and_query().map_or("", PathAndQuery::as_str),
            path: path.unwrap_or_default(),
            operation: self.operation,
            node,
            user,
            is_of_page,
        }
    }

    /// Tells those who watch of the answer.
    pub(super) fn tell(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// What they were told last.
    pub(super) fn told(&self) -> Told {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The path as it was sent, without the query.
    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }
}

impl FromRef<Call> for Services {
    fn from_ref(call: &Call) -> Self {
        Self::clone(&call.services)
    }
}

impl FromRequestParts<Call> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self, Infallible> {
        Ok(call.clone())
    }
}

/// The network that the request came to.
impl FromRequestParts<Call> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self, Infallible> {
        Ok(call.network.clone())
    }
}

impl FromRequestParts<Call> for Caller {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self> {
        authentication::authenticate(call)
    }
}

impl FromRequestParts<Call> for Id {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self, Infallible> {
        Ok(Self((*call.id).to_owned()))
    }
}

impl FromRequestParts<Call> for Related {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self, Infallible> {
        Ok(Self((*call.related).to_owned()))
    }
}

impl FromRequestParts<Call> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self, Infallible> {
        Ok(call.query.clone())
    }
}

impl FromRequestParts<Call> for Parameters {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, call: &Call) -> Result<Self> {
        Self::read(&call.query)
    }
}
