//! The page at `/`.

/// The header by which a request says that the page has sent it.
pub(crate) const MARK: &str = "x-mock-page";
