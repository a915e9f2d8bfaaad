//! What handlers take from a request, refused as problems.

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Query as AxumQuery, RawPathParams, Request},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::Problem;
use crate::{Control, network::DEFAULT};

/// The largest body that is read.
const LARGEST: usize = 4 << 20;

/// Which network a call is for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfNetwork {
    /// The network that it is for [default: `-default-`]. One that is not there springs up, unless networks are strict.
    #[param(nullable = false, pattern = "^[A-Za-z0-9._-]{1,128}$")]
    network: Option<String>,
}

/// The control of the network that a call is for.
#[derive(Debug)]
pub(super) struct World(pub(super) Control);

impl FromRequestParts<Control> for World {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        let Query(OfNetwork { network }) = Query::from_request_parts(parts, control).await?;
        Ok(Self(control.existing_network(network.as_deref().unwrap_or(DEFAULT))?))
    }
}

/// The query. What is not known in it is not looked at.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Control> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        match AxumQuery::from_request_parts(parts, control).await {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(rejection) => Err(Problem::bad_request(&rejection.body_text())),
        }
    }
}

/// The id in the path.
#[derive(Debug)]
pub(super) struct Id(pub(super) String);

impl FromRequestParts<Control> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, control).await;
        let params = params.map_err(|rejection| Problem::bad_request(&rejection.body_text()))?;
        let id = params.iter().find(|(name, _)| *name == "id").map(|(_, id)| Self(id.to_owned()));
        id.ok_or_else(|| Problem::bad_request("there is no id in the address"))
    }
}

/// The number of a rule in the path.
#[derive(Debug)]
pub(super) struct Number(pub(super) u64);

impl FromRequestParts<Control> for Number {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        let Id(id) = Id::from_request_parts(parts, control).await?;
        id.parse().map(Self).map_err(|_| Problem::bad_request("an id is a number here"))
    }
}

/// A body that is a JSON object, whatever its content type says.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

/// A body that is a JSON array, whatever its content type says.
#[derive(Debug)]
pub(super) struct JsonList<T>(pub(super) Vec<T>);

impl<T: DeserializeOwned> FromRequest<Control> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Control) -> Result<Self, Problem> {
        let bytes = read(request).await?;
        // serde would take an array for an object's members in their order.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(Problem::bad_request("the body cannot be used: expected an object"));
        }
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Control> for JsonList<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Control) -> Result<Self, Problem> {
        parse(&read(request).await?).map(Self)
    }
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let broken = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 4 MiB, or was broken off");
    to_bytes(request.into_body(), LARGEST).await.map_err(broken)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::bad_request(&format!("the body cannot be used: {error}")))
}
