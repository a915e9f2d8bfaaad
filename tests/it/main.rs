//! Black-box tests: through `Mock` and real HTTP, one module per area.
//!
//! The law is the wire reference; each table row has a name, which a failure states. Nothing here sleeps or polls: a
//! test waits for an end, or moves the clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

mod authentication;
mod children;
mod cleaner;
mod cli;
mod content;
mod control;
mod cors;
mod create;
mod discovery;
mod downloads;
mod errors;
mod fixtures;
mod fuzzed;
mod groups;
mod large;
mod layout;
mod limits;
mod links;
mod locks;
mod machine;
mod map;
mod model;
mod nodes;
mod page;
mod panics;
mod people;
mod permissions;
mod readme;
mod relocate;
mod replicas;
mod routing;
mod scenarios;
mod sites;
mod stop;
mod telemetry;
mod tls;
mod trash;
mod update;
mod upload;
mod zip;
