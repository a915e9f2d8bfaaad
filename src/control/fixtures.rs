//! Fixtures that are given while the server runs: to where the program's own file system has none.

use serde::Serialize;
use utoipa::ToSchema;

use super::Control;
use crate::{
    content::{Content, intake::Intake},
    network::Image,
    networks::NetworkError,
    repository::fixture::FixtureError,
};

/// What fixtures have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixturesView {
    /// How many nodes, with those that every Alfresco has.
    pub nodes: u64,
    /// How many people.
    pub people: u64,
}

/// Why fixtures were not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FixturesError {
    /// They cannot be: each mistake, with the file and what was expected.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<FixtureError>),
    /// The network cannot be: it was dropped, and there may be no more.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Fixtures given while it runs.
impl Control {
    /// Puts the network to a start with the fixtures in a zip, which looks as the one that the server may be started with.
    /// What ran in it ends, as with a [`reset`](Self::reset), which from now on leads back to these. The network has them
    /// until it is dropped.
    ///
    /// # Errors
    /// When anything is wrong with them; then nothing changes.
    pub fn load_fixtures(&self, zip: impl Into<Vec<u8>>) -> Result<FixturesView, FixturesError> {
        self.load(&in_memory(zip))
    }

    /// Makes the fixtures in a zip those of all networks: `-default-` is put to that start, all others are dropped and
    /// spring up anew.
    ///
    /// # Errors
    /// When anything is wrong with them; then nothing changes.
    pub fn load_fixtures_everywhere(&self, zip: impl Into<Vec<u8>>) -> Result<FixturesView, FixturesError> {
        self.load_everywhere(&in_memory(zip))
    }

    pub(crate) fn load(&self, archive: &Content) -> Result<FixturesView, FixturesError> {
        let image = self.image_of(archive)?;
        let view = FixturesView::of(&image);
        self.networks.begin_as(&self.name, image)?;
        Ok(view)
    }

    pub(crate) fn load_everywhere(&self, archive: &Content) -> Result<FixturesView, FixturesError> {
        let image = self.image_of(archive)?;
        let view = FixturesView::of(&image);
        self.networks.begin_all_as(image);
        Ok(view)
    }

    /// Where archives are received.
    pub(crate) fn intake(&self) -> &Intake {
        self.networks.archives().intake()
    }

    fn image_of(&self, archive: &Content) -> Result<Image, FixturesError> {
        self.networks.image_of(archive).map_err(FixturesError::Mistakes)
    }
}

impl FixturesView {
    fn of(image: &Image) -> Self {
        let (nodes, people) = image.population();
        Self { nodes: nodes as u64, people: people as u64 }
    }
}

fn in_memory(zip: impl Into<Vec<u8>>) -> Content {
    Content::memory(zip.into().into())
}
