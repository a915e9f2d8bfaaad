//! Settings: what may change while the server runs.

use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Control;
use crate::{DownloadSettings, ProgressStyle, duration::DurationText};

/// The settings of a network. The names are those of the flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// Uncompressed bytes beyond which a download ends as `MAX_CONTENT_SIZE_EXCEEDED`; null for no limit.
    pub download_max_content_size: Option<u64>,
    /// How long a download lives after its last change.
    pub download_cleaner_max_age: DurationText,
    /// How long a job stays `PENDING` before it begins.
    pub download_start_delay: DurationText,
    /// Uncompressed bytes per second at which a job proceeds; null for as fast as it can.
    pub download_pace: Option<u64>,
    /// How many jobs run at once.
    pub download_workers: u64,
    /// How many nodes are looked at for archived content when a download is created; null for all.
    pub download_archive_check_limit: Option<u64>,
    /// Whether a file of 4 GiB or more kills its job, as on the real server.
    pub download_fail_large_entries: bool,
    /// When the counters of a job are updated.
    pub download_progress: ProgressStyle,
}

/// A change of settings: what is not stated stays as it is, null lifts a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SettingsPatch {
    /// Uncompressed bytes, 1 or more; null for no limit.
    #[serde(deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub download_max_content_size: Option<Option<u64>>,
    /// How long a download lives after its last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub download_cleaner_max_age: Option<DurationText>,
    /// How long a job stays `PENDING` before it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub download_start_delay: Option<DurationText>,
    /// Uncompressed bytes per second, 1 or more; null for as fast as it can.
    #[serde(deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub download_pace: Option<Option<u64>>,
    /// How many jobs run at once, 1 to 1024.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1024)]
    pub download_workers: Option<u64>,
    /// How many nodes are looked at for archived content; null for all.
    #[serde(deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub download_archive_check_limit: Option<Option<u64>>,
    /// Whether a file of 4 GiB or more kills its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_fail_large_entries: Option<bool>,
    /// When the counters of a job are updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub download_progress: Option<ProgressStyle>,
}

/// Tells null, which lifts a limit, from nothing, which leaves it.
#[expect(clippy::option_option, reason = "null and nothing are not the same in a patch")]
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Settings that cannot be, a sentence for each mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsError(pub Vec<String>);

impl From<DownloadSettings> for SettingsView {
    fn from(settings: DownloadSettings) -> Self {
        Self {
            download_max_content_size: settings.max_content_size.map(NonZeroU64::get),
            download_cleaner_max_age: settings.cleaner_max_age.into(),
            download_start_delay: settings.start_delay.into(),
            download_pace: settings.pace.map(NonZeroU64::get),
            download_workers: settings.workers as u64,
            download_archive_check_limit: settings.archive_check_limit,
            download_fail_large_entries: settings.fail_large_entries,
            download_progress: settings.progress,
        }
    }
}

impl SettingsPatch {
    /// The settings with this change.
    fn apply(&self, settings: &mut DownloadSettings) -> Result<(), SettingsError> {
        let mut mistakes = Vec::new();
        let mut positive = |name: &str, stated: Option<Option<u64>>, there: &mut Option<NonZeroU64>| match stated {
            None => (),
            Some(None) => *there = None,
            Some(Some(number)) => match NonZeroU64::new(number) {
                Some(number) => *there = Some(number),
                None => mistakes.push(format!("{name} is 1 or more, or null for no limit")),
            },
        };
        positive("downloadMaxContentSize", self.download_max_content_size, &mut settings.max_content_size);
        positive("downloadPace", self.download_pace, &mut settings.pace);
        if let Some(workers) = self.download_workers {
            match usize::try_from(workers) {
                Ok(workers) if (1..=1024).contains(&workers) => settings.workers = workers,
                _ => mistakes.push("downloadWorkers goes from 1 to 1024".to_owned()),
            }
        }
        if let Some(DurationText(age)) = self.download_cleaner_max_age {
            settings.cleaner_max_age = age;
        }
        if let Some(DurationText(delay)) = self.download_start_delay {
            settings.start_delay = delay;
        }
        if let Some(limit) = self.download_archive_check_limit {
            settings.archive_check_limit = limit;
        }
        settings.fail_large_entries = self.download_fail_large_entries.unwrap_or(settings.fail_large_entries);
        settings.progress = self.download_progress.unwrap_or(settings.progress);
        if mistakes.is_empty() { Ok(()) } else { Err(SettingsError(mistakes)) }
    }
}

/// The settings in force.
impl Control {
    /// The settings of downloads.
    pub fn settings(&self) -> DownloadSettings {
        self.world().settings().downloads()
    }

    /// Replaces them as a whole.
    ///
    /// # Errors
    /// When the number of workers is none that there can be; then nothing changes.
    pub fn set_settings(&self, settings: DownloadSettings) -> Result<(), SettingsError> {
        let workers = SettingsPatch { download_workers: Some(settings.workers as u64), ..SettingsPatch::default() };
        workers.apply(&mut settings.clone())?;
        self.world().settings().set_downloads(settings);
        Ok(())
    }

    /// Changes what is stated, as a whole: all of it or, when anything is wrong, nothing.
    ///
    /// # Errors
    /// When anything is wrong.
    pub fn change_settings(&self, patch: &SettingsPatch) -> Result<SettingsView, SettingsError> {
        let world = self.world();
        let mut settings = world.settings().downloads();
        patch.apply(&mut settings)?;
        world.settings().set_downloads(settings.clone());
        Ok(settings.into())
    }
}
