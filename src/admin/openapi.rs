//! The description of control, made from the code.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::problem::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Control of alfresco-downloads-mock",
        description = "Everything that a tester may do to a running mock. Each call is for one network.",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "/__admin")),
    components(schemas(Problem))
)]
struct Beginning;

/// What all operations are added to.
pub(super) fn beginning() -> utoipa::openapi::OpenApi {
    let mut document = Beginning::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document
}

/// The document as it is served: with the problems that any operation may answer.
pub(super) fn finish(document: utoipa::openapi::OpenApi) -> Vec<u8> {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let problem = |what: &str| {
        json!({
            "description": what,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    for path in document["paths"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        for operation in path.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
            let has_body = operation.get("requestBody").is_some();
            if let Some(responses) = operation["responses"].as_object_mut() {
                responses.entry("400").or_insert_with(|| problem("Something in the request cannot be used"));
                responses.entry("401").or_insert_with(|| problem("The token is missing or wrong"));
                responses.entry("404").or_insert_with(|| problem("There is no such thing, or no such network"));
                if has_body {
                    responses.entry("413").or_insert_with(|| problem("The body is too large"));
                }
                for response in responses.values_mut() {
                    fill_in(response);
                }
            }
        }
    }
    serde_json::to_vec(&document).unwrap_or_default()
}

/// Problems are described where they are stated, by their text alone.
fn fill_in(response: &mut Value) {
    let is_problem = response["description"].as_str().is_some_and(|text| text.starts_with("Problem: "));
    if is_problem {
        response["content"] =
            json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    }
}

/// The answer that describes all of this.
pub(super) fn document(document: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], document).into_response()
}
