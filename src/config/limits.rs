//! Flags of how much is taken, from clients and fixtures that nobody knows.
//!
//! The defaults are far beyond what tests need, and within what a developer's machine has.

use std::time::Duration;

use clap::Args;

use super::numbers::within;
use crate::{content::intake::Taken, line::Patience, repository::fixture::Bounds};

/// How much is taken, and for how long is waited.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// Connections that may be open at once, for each port; others wait until one is closed
    #[arg(
        long,
        env = "ALFRESCO_MOCK_MAX_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "10000",
        value_parser = number
    )]
    pub max_connections: usize,

    /// How long a client may take for the head of a request, once that has begun, before it is cut
    #[arg(long, env = "ALFRESCO_MOCK_HEAD_TIMEOUT", value_name = "DURATION", default_value = "20s", value_parser = super::duration)]
    pub head_timeout: Duration,

    /// How long a client may take for each KiB of a body before it is answered with 400
    #[arg(long, env = "ALFRESCO_MOCK_BODY_TIMEOUT", value_name = "DURATION", default_value = "1m", value_parser = super::duration)]
    pub body_timeout: Duration,

    /// How long a client may take nothing of an answer before it is cut; one that a debugger holds takes nothing, too
    #[arg(long, env = "ALFRESCO_MOCK_WRITE_TIMEOUT", value_name = "DURATION", default_value = "30m", value_parser = super::duration)]
    pub write_timeout: Duration,

    /// How long a connection may be open without a request before it is cut
    #[arg(long, env = "ALFRESCO_MOCK_IDLE_TIMEOUT", value_name = "DURATION", default_value = "30m", value_parser = super::duration)]
    pub idle_timeout: Duration,

    /// Requests that may be under way at once; others are answered with 503, save those for /__admin
    #[arg(long, env = "ALFRESCO_MOCK_MAX_REQUESTS", value_name = "NUMBER", default_value = "10000", value_parser = number)]
    pub max_requests: usize,

    /// Bytes that a request's address and headers may have; others are answered with 431
    #[arg(long, env = "ALFRESCO_MOCK_MAX_HEAD_SIZE", value_name = "BYTES", default_value = "65536", value_parser = bytes)]
    pub max_head_size: u64,

    /// Headers that a request may have; others are answered with 431
    #[arg(long, env = "ALFRESCO_MOCK_MAX_HEADERS", value_name = "NUMBER", default_value = "100", value_parser = headers)]
    pub max_headers: usize,

    /// Bytes that a JSON body may have; others are answered with 413
    #[arg(long, env = "ALFRESCO_MOCK_MAX_JSON_SIZE", value_name = "BYTES", default_value = "16777216", value_parser = bytes)]
    pub max_json_size: u64,

    /// Arrays and objects that may lie in each other in a JSON body; others are answered with 400
    #[arg(long, env = "ALFRESCO_MOCK_MAX_JSON_DEPTH", value_name = "NUMBER", default_value = "1000", value_parser = depth)]
    pub max_json_depth: usize,

    /// Fields and files that a form may have; others are answered with 413
    #[arg(
        long,
        env = "ALFRESCO_MOCK_MAX_FORM_FIELDS",
        value_name = "NUMBER",
        default_value = "10000",
        value_parser = number
    )]
    pub max_form_fields: usize,

    /// Bytes that an uploaded content may have; others are answered with 413
    #[arg(
        long,
        env = "ALFRESCO_MOCK_MAX_UPLOAD_SIZE",
        value_name = "BYTES",
        default_value = "5368709120",
        value_parser = bytes
    )]
    pub max_upload_size: u64,

    /// Bytes of all uploaded contents, and of bodies under way, that stay in memory; what is beyond goes to the temporary folder, JSON is answered with 503
    #[arg(
        long,
        env = "ALFRESCO_MOCK_MAX_UPLOAD_MEMORY",
        value_name = "BYTES",
        default_value = "268435456",
        value_parser = bytes
    )]
    pub max_upload_memory: u64,

    /// Bytes that the temporary folder may hold; beyond, uploads are answered with 507, and jobs die
    #[arg(
        long,
        env = "ALFRESCO_MOCK_MAX_SPOOL_SIZE",
        value_name = "BYTES",
        default_value = "68719476736",
        value_parser = bytes
    )]
    pub max_spool_size: u64,

    /// Nodes that a network may have, its trash can included, and that a zip of fixtures may have; beyond, making more is answered with 507
    #[arg(long, env = "ALFRESCO_MOCK_MAX_NODES", value_name = "NUMBER", default_value = "1000000", value_parser = number)]
    pub max_nodes: usize,

    /// Bytes that all files of a zip of fixtures may have together, unfolded
    #[arg(
        long,
        env = "ALFRESCO_MOCK_FIXTURES_MAX_SIZE",
        value_name = "BYTES",
        default_value = "8589934592",
        value_parser = bytes
    )]
    pub fixtures_max_size: u64,

    /// Downloads that a network may have; beyond, making more is answered with 507
    #[arg(long, env = "ALFRESCO_MOCK_MAX_DOWNLOADS", value_name = "NUMBER", default_value = "100000", value_parser = number)]
    pub max_downloads: usize,

    /// Files and folders that a download may have; one with more ends as MAX_CONTENT_SIZE_EXCEEDED
    #[arg(
        long,
        env = "ALFRESCO_MOCK_MAX_DOWNLOAD_ENTRIES",
        value_name = "NUMBER",
        default_value = "2000000",
        value_parser = number
    )]
    pub max_download_entries: usize,

    /// Networks that there may be; beyond, a new name is answered as one that is unknown
    #[arg(long, env = "ALFRESCO_MOCK_MAX_NETWORKS", value_name = "NUMBER", default_value = "10000", value_parser = number)]
    pub max_networks: usize,

    /// Bytes of memory that may be in use; beyond, making anything that lasts is answered with 507, and requests are forgotten earlier [default: nine tenths of what the machine or its container has]
    #[arg(long, env = "ALFRESCO_MOCK_MAX_MEMORY", value_name = "BYTES", value_parser = bytes)]
    pub max_memory: Option<u64>,
}

impl LimitsConfig {
    /// How long a client may take.
    pub(crate) fn patience(&self) -> Patience {
        Patience { head: self.head_timeout, idle: self.idle_timeout, write: self.write_timeout }
    }

    /// How much a zip of fixtures may hold.
    pub(crate) fn fixtures(&self) -> Bounds {
        Bounds { nodes: self.max_nodes, bytes: self.fixtures_max_size }
    }

    /// How much of a body is taken; `in_memory` bytes of one content stay in memory.
    pub(crate) fn taken(&self, in_memory: usize) -> Taken {
        Taken {
            in_memory,
            all_in_memory: self.max_upload_memory,
            content: self.max_upload_size,
            json: self.max_json_size,
            json_depth: self.max_json_depth,
            fields: self.max_form_fields,
        }
    }
}

fn number(text: &str) -> Result<usize, String> {
    within(text, 1..=1 << 30, "a number")
}

fn headers(text: &str) -> Result<usize, String> {
    within(text, 1..=10_000, "a number")
}

/// No more than what the real server's Jackson takes.
fn depth(text: &str) -> Result<usize, String> {
    within(text, 1..=1000, "a number")
}

fn bytes(text: &str) -> Result<u64, String> {
    within(text, 1..=1 << 60, "a number of bytes")
}
