//! Fixtures over HTTP: for containers that are there before the files are.

use axum::{extract::Request, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Problem, Reply, Result, extract::Query};
use crate::{Control, FixturesView, content::intake::NotReceived};

/// Whose fixtures they are.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The network whose fixtures they are; when it is not stated, they are those of all networks.
    #[param(nullable = false, pattern = "^[A-Za-z0-9._-]{1,128}$")]
    network: Option<String>,
}

/// Loads a zip of fixtures and begins anew with them. Whose they are is put to that start, which a reset leads back to; when
/// they are for all, networks other than `-default-` are dropped. When anything is wrong with them, nothing changes.
#[utoipa::path(
    put, path = "/fixtures", tag = "fixtures", params(Whose),
    request_body(content_type = "application/zip", description = "A zip of a folder, as `--fixtures` takes it"),
    responses(
        (status = 200, body = FixturesView),
        (status = 400, description = "Problem: what is wrong, file by file, in `errors`"),
        (status = 507, description = "Problem: the temporary folder is full")
    )
)]
pub(super) async fn load_fixtures(
    State(control): State<Control>,
    Query(whose): Query<Whose>,
    request: Request,
) -> Result<Reply<FixturesView>> {
    let network = whose.network.map(|name| control.existing_network(&name)).transpose()?;
    let archive = control.intake().receive(request.into_body().into_data_stream()).await?.content;
    let loading = control.apart(move |control| match network {
        Some(network) => network.load(&archive),
        None => control.load_everywhere(&archive),
    });
    Ok(Reply::ok(loading.await?))
}

impl From<NotReceived> for Problem {
    fn from(failure: NotReceived) -> Self {
        let status = match failure {
            NotReceived::BrokenOff(_) => StatusCode::BAD_REQUEST,
            NotReceived::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            NotReceived::Storage(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self::new(status, &failure.to_string())
    }
}
