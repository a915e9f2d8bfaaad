//! Who may control the server: whoever has the token, and no page of somebody else's.
//!
//! A browser on the same machine shows pages of strangers, and they may send requests wherever they like. So a request that
//! a browser says to come from another origin is refused, unless that origin is allowed; and since a stranger's name may
//! be made to lead here (DNS rebinding), so is one that names a host which could be a stranger's.

use axum::http::{
    Method, StatusCode,
    header::{AUTHORIZATION, HOST, ORIGIN},
    request::Parts,
};

use super::Problem;
use crate::{
    config::{ControlConfig, Origins},
    secret,
};

/// Endings of names that nobody can buy.
const PRIVATE: [&str; 5] = [".localhost", ".local", ".internal", ".test", ".home.arpa"];

/// Decides about each request for control.
#[derive(Debug)]
pub(super) struct Guard {
    token: Option<String>,
    origins: Origins,
    hosts: Vec<String>,
}

impl Guard {
    pub(super) fn new(config: &ControlConfig) -> Self {
        let hosts =
            config.admin_hosts.iter().flat_map(|names| &names.0).map(|name| name.to_ascii_lowercase()).collect();
        Self { token: config.admin_token.clone(), origins: config.admin_cors.clone(), hosts }
    }

    /// Refuses those who may not.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Problem> {
        let forbidden = |detail: &str| Err(Problem::new(StatusCode::FORBIDDEN, detail));
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = parts.uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| header(HOST.as_str()));
        if let Some(origin) = header(ORIGIN.as_str()) {
            if !self.is_allowed(origin) && !is_of_host(origin, host) {
                return forbidden("pages on other origins may not control this server; see --admin-cors");
            }
        } else if header("sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site"))
            && !(parts.method == Method::GET && header("sec-fetch-mode") == Some("navigate"))
        {
            return forbidden("pages on other origins may not control this server; see --admin-cors");
        }
        if let Some(token) = &self.token {
            let stated = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
            // Whoever knows the token is no stranger, whatever the host is called.
            return if stated.is_some_and(|stated| secret::is_same(stated, token)) {
                Ok(())
            } else {
                Err(Problem::unauthorized())
            };
        }
        match host {
            Some(host) if !self.is_ours(host) => {
                forbidden("this server does not go by that name; see --admin-hosts and --admin-token")
            }
            _ => Ok(()),
        }
    }

    fn is_allowed(&self, origin: &str) -> bool {
        match &self.origins {
            Origins::Off => false,
            Origins::Any => true,
            Origins::These(origins) => origins.iter().any(|allowed| allowed == origin),
        }
    }

    /// Whether a host cannot be a stranger's: an address, a name that nobody can buy, or one that is allowed.
    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if host.starts_with('[') {
            return true;
        }
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).trim_end_matches('.');
        name.parse::<std::net::Ipv4Addr>().is_ok()
            || !name.contains('.')
            || PRIVATE.iter().any(|ending| name.ends_with(ending))
            || self.hosts.iter().any(|allowed| allowed == name)
    }
}

/// Whether a page of that origin was served by this host.
fn is_of_host(origin: &str, host: Option<&str>) -> bool {
    let Some((scheme, of_page)) = origin.split_once("://") else { return false };
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let plain = |host: &str| host.strip_suffix(usual).unwrap_or(host).to_ascii_lowercase();
    host.is_some_and(|host| plain(host) == plain(of_page))
}
