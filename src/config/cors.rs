//! Flags of pages on other origins: which may call, and what they may send and read.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use clap::Args;

/// Which pages on other origins may call, and how.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[non_exhaustive]
pub struct CorsConfig {
    /// Which web pages may call: `any`, `off` (the real server's default), or origins, separated by commas
    #[arg(long, env = "ALFRESCO_MOCK_CORS", value_name = "ORIGINS", default_value = "any", value_parser = origins)]
    pub cors: Origins,

    /// Methods that a foreign page may use
    #[arg(
        long,
        env = "ALFRESCO_MOCK_CORS_ALLOWED_METHODS",
        value_name = "METHODS",
        default_value = "GET,POST,HEAD,OPTIONS,PUT,DELETE",
        value_parser = tokens
    )]
    pub cors_allowed_methods: Tokens,

    /// Request headers that a foreign page may send [default: the real server's, and those of ranges and conditions]
    #[arg(
        long,
        env = "ALFRESCO_MOCK_CORS_ALLOWED_HEADERS",
        value_name = "HEADERS",
        default_value = "Authorization,Content-Type,Cache-Control,X-Requested-With,accept,Origin,\
                         Access-Control-Request-Method,Access-Control-Request-Headers,X-CSRF-Token,\
                         Range,Content-Range,If-Modified-Since,X-HTTP-Method-Override",
        hide_default_value = true,
        value_parser = tokens
    )]
    pub cors_allowed_headers: Tokens,

    /// Response headers that a foreign page may read [default: the real server's, and those of content]
    #[arg(
        long,
        env = "ALFRESCO_MOCK_CORS_EXPOSED_HEADERS",
        value_name = "HEADERS",
        default_value = "Access-Control-Allow-Origin,Access-Control-Allow-Credentials,Content-Disposition,\
                         Content-Length,Content-Range,Accept-Ranges,ETag,Last-Modified,WWW-Authenticate",
        hide_default_value = true,
        value_parser = tokens
    )]
    pub cors_exposed_headers: Tokens,

    /// How long a browser may remember a preflight's answer
    #[arg(
        long,
        env = "ALFRESCO_MOCK_CORS_PREFLIGHT_MAXAGE",
        value_name = "DURATION",
        default_value = "10s",
        value_parser = super::duration
    )]
    pub cors_preflight_maxage: Duration,
}

/// The origins of foreign pages that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every one: its own origin is echoed.
    Any,
    /// None: no `Access-Control-…` header is ever sent.
    Off,
    /// These; others are refused with 403.
    These(Vec<String>),
}

/// Methods or header names, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens(pub Vec<String>);

pub(super) fn origins(text: &str) -> Result<Origins, String> {
    match text {
        "any" => return Ok(Origins::Any),
        "off" => return Ok(Origins::Off),
        _ => (),
    }
    let origins: Vec<_> = text.split(',').map(|origin| origin.trim().trim_end_matches('/').to_owned()).collect();
    let valid = |origin: &String| {
        origin
            .split_once("://")
            .is_some_and(|(scheme, host)| !scheme.is_empty() && !host.is_empty() && !host.contains('/'))
            && HeaderValue::from_str(origin).is_ok()
    };
    if origins.iter().all(valid) {
        Ok(Origins::These(origins))
    } else {
        Err("expected `any`, `off`, or origins such as http://localhost:4200, separated by commas".to_owned())
    }
}

fn tokens(text: &str) -> Result<Tokens, String> {
    let tokens: Vec<_> = text.split(',').map(|token| token.trim().to_owned()).collect();
    if tokens.iter().all(|token| HeaderName::try_from(token.as_str()).is_ok()) {
        Ok(Tokens(tokens))
    } else {
        Err("expected names, separated by commas".to_owned())
    }
}
