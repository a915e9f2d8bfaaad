//! Flags of deflated contents: how hard to try, where they are kept, and when they are made.

use clap::Args;

use super::numbers::within;

/// How contents are deflated, and where that is kept.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[non_exhaustive]
pub struct DeflateConfig {
    /// How hard contents are deflated: from 1, quick, to 9, small; the real server has 6
    #[arg(long, env = "ALFRESCO_MOCK_DEFLATE_LEVEL", value_name = "LEVEL", default_value = "6", value_parser = level)]
    pub deflate_level: u32,

    /// Deflated bytes that are kept in memory for other downloads of the same content; what is beyond goes to the temporary folder
    #[arg(
        long,
        env = "ALFRESCO_MOCK_DEFLATED_MEMORY",
        value_name = "BYTES",
        default_value = "268435456",
        value_parser = bytes
    )]
    pub deflated_memory: u64,

    /// Deflated bytes that are kept in the temporary folder for other downloads; what is beyond is made again when it is asked for
    #[arg(
        long,
        env = "ALFRESCO_MOCK_DEFLATED_SPOOL",
        value_name = "BYTES",
        default_value = "1073741824",
        value_parser = bytes
    )]
    pub deflated_spool: u64,

    /// Deflate all fixtures before the server is ready, and keep them as far as there is room
    #[arg(long, env = "ALFRESCO_MOCK_WARM", value_parser = clap::builder::BoolishValueParser::new())]
    pub warm: bool,
}

fn level(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(level) if (1..=9).contains(&level) => Ok(level),
        _ => Err("expected a level from 1 (quick) to 9 (small)".to_owned()),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    // Twice as much can be added without overflow.
    within(text, 0..=u64::MAX / 4, "a number of bytes")
}
