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

mod admin;
mod api;
mod changes;
mod check;
mod clock;
mod config;
mod content;
mod control;
mod downloads;
mod duration;
mod error;
mod events;
mod faults;
mod health;
mod ids;
mod journal;
mod layers;
mod line;
#[doc(hidden)]
pub mod measured;
mod memory;
mod mock;
mod network;
mod networks;
mod operation;
mod outage;
mod page;
mod panics;
mod replica;
mod repository;
mod rules;
mod secret;
mod server;
mod settings;
mod spelling;
mod tasks;
mod telemetry;
mod tls;

pub use self::{
    check::check,
    clock::{Clock, NotATimestamp, Timestamp},
    config::{
        Command, CommandLine, Config, ContentLimit, ControlConfig, CorsConfig, DeflateConfig, HealthArgs, LimitsConfig,
        LogFormat, Names, NetworkStyle, Origins, Replica, ReplicaConfig, Switch, TlsConfig, TlsMode, Tokens, Usage,
    },
    control::{
        ClockView, Condition, Control, DownloadView, Event, Expectations, FaultGuard, FaultRule, FixturesError,
        FixturesView, GateGuard, GateOrder, GateRule, JobError, JobMatch, JournalFilter, OrderError, OrdersView,
        OutageOrder, OutageView, OutcomeGuard, OutcomeOrder, OutcomeRule, ReportView, SettingsError, SettingsPatch,
        SettingsView, Unmet, WaitError, Watch, WatchedEvent, ZipEntries, ZipEntryView,
    },
    downloads::{
        download::{Progress, Status},
        gate::{Point, Step},
        orders::Outcome,
        report::Deletion,
    },
    duration::{DurationText, NotADuration},
    faults::{Delay, Effect, Fault, InZip, InjectedError, Spread, ZipPart},
    health::{Unhealthy, health},
    journal::{
        DecidedBy, Decision, JournalEntry, JournalPage,
        exchange::{Exchange, HeaderLine, Message},
    },
    mock::{Mock, MockBuilder, StartError},
    networks::NetworkError,
    operation::Operation,
    outage::OutageKind,
    panics::log_panics,
    repository::{
        fixture::FixtureError,
        node::{NodeId, NotANodeId, UserName},
    },
    settings::{DownloadSettings, ProgressStyle, Settings},
    tls::TlsError,
};

/// The README's Rust is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
