//! The description of control: a document beside this file.
//!
//! It is made from the code, and a test makes it again and compares. The program carries the text, not what makes it.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};

const DOCUMENT: &str = include_str!("openapi.json");

/// The answer that describes all of this.
pub(super) fn document() -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], DOCUMENT).into_response()
}

#[cfg(test)]
pub(super) use self::tests::beginning;

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde_json::{Value, json};
    use utoipa::OpenApi;

    use super::{
        super::{description, problem::Problem},
        DOCUMENT,
    };

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
    pub(in super::super) fn beginning() -> utoipa::openapi::OpenApi {
        let mut document = Beginning::openapi();
        env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
        document
    }

    /// The document as it is served: with the problems that any operation may answer.
    fn finish(document: utoipa::openapi::OpenApi) -> String {
        let mut document = serde_json::to_value(document).unwrap();
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
        serde_json::to_string_pretty(&document).unwrap() + "\n"
    }

    /// Problems are described where they are stated, by their text alone.
    fn fill_in(response: &mut Value) {
        let is_problem = response["description"].as_str().is_some_and(|text| text.starts_with("Problem: "));
        if is_problem {
            response["content"] =
                json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        }
    }

    /// The document is that of the code. If it is not, the right one is left below `target/`.
    #[test]
    fn the_document_describes_the_code() {
        let made = finish(description());
        if made != DOCUMENT {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/openapi.json");
            fs::write(&file, made).unwrap();
            panic!("src/admin/openapi.json is not what the code says: {} is", file.display());
        }
    }
}
