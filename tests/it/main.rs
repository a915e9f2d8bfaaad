//! Black-box tests: through `Mock` and real HTTP, one module per area.
//!
//! The law is the wire reference; each table row has a name, which a failure states. Nothing here sleeps or polls: a
//! test waits for an end, or moves the clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

mod authentication;
mod cleaner;
mod cli;
mod content;
mod cors;
mod discovery;
mod downloads;
mod errors;
mod fixtures;
mod groups;
mod large;
mod layout;
mod nodes;
mod people;
mod routing;
mod scenarios;
mod sites;
mod stop;
mod trash;
mod zip;
