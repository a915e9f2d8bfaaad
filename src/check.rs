//! Saying what fixtures would load, without serving them.

use std::path::Path;

use crate::{
    clock::Clock,
    config::Config,
    content::spool::Spool,
    mock::StartError,
    repository::fixture::{self, Loaded},
};

/// Loads a fixtures folder, or a zip of one, and describes its nodes.
///
/// # Errors
/// Every mistake in the fixtures, or why they could not be looked at.
pub fn check(path: &Path) -> Result<String, StartError> {
    let config = Config::default();
    let folder = config.temp_folder();
    let spool = Spool::in_folder(&folder, config.limits.max_spool_size)
        .map_err(|source| StartError::TempDir { folder, source })?;
    let loaded: Loaded =
        fixture::load(path, &spool, config.limits.fixtures(), Clock::system().now()).map_err(StartError::Fixtures)?;
    let mut description = String::new();
    // Writing to a string cannot fail.
    let _ = fixture::describe(&loaded, &mut description);
    Ok(description.trim_end().to_owned())
}
