//! A fast, faithful stand-in for the Downloads API of Alfresco Content Services.
//!
//! A client posts node ids, the server zips those nodes' contents in the background, the client polls, fetches the zip
//! and deletes it. [`Mock`] is one running server:
//!
//! ```
//! use alfresco_downloads_mock::Mock;
//!
//! let mock = Mock::start()?;
//! let base = format!("{}/alfresco/api/-default-/public/alfresco/versions/1", mock.url());
//! // Point the client under test at `base`, with admin/admin.
//! # assert!(base.contains("/-default-/"));
//! # Ok::<(), alfresco_downloads_mock::StartError>(())
//! ```
//!
//! The map of the code and its invariants are in `ARCHITECTURE.md`.

mod api;
mod check;
mod clock;
mod config;
mod content;
mod downloads;
mod error;
mod health;
mod ids;
mod mock;
mod network;
mod repository;
mod server;
mod settings;
mod spelling;
mod tasks;
mod tls;

pub use self::{
    check::check,
    clock::{Clock, Timestamp},
    config::{
        Command, CommandLine, Config, ContentLimit, HealthArgs, LogFormat, Names, Origins, TlsConfig, TlsMode, Tokens,
        Usage,
    },
    downloads::download::{Progress, Status},
    health::{Unhealthy, health},
    mock::{Mock, StartError},
    repository::{
        fixture::FixtureError,
        node::{NodeId, NotANodeId, UserName},
    },
    settings::{DownloadSettings, Settings},
    tls::TlsError,
};

/// The README's Rust is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
