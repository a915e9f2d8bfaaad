//! Flags of how much is taken, from fixtures that nobody knows.
//!
//! The defaults are far beyond what tests need, and within what a developer's machine has.

use clap::Args;

use crate::repository::fixture::Bounds;

/// How much is taken.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// Files and folders that a zip of fixtures may have
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
}

impl LimitsConfig {
    /// How much a zip of fixtures may hold.
    pub(crate) fn fixtures(&self) -> Bounds {
        Bounds { nodes: self.max_nodes, bytes: self.fixtures_max_size }
    }
}

fn number(text: &str) -> Result<usize, String> {
    const MOST: usize = 1 << 30;
    match text.parse() {
        Ok(number) if (1..=MOST).contains(&number) => Ok(number),
        _ => Err(format!("expected a number from 1 to {MOST}")),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    const MOST: u64 = 1 << 60;
    match text.parse() {
        Ok(bytes) if (1..=MOST).contains(&bytes) => Ok(bytes),
        _ => Err(format!("expected a number of bytes from 1 to {MOST}")),
    }
}
