//! Searching: what somebody asks for, how typing errors are mended, and how matches are counted.

pub(crate) mod attribute_filter;
pub(crate) mod facets;
pub(crate) mod marking;
pub(crate) mod snapshot;
pub(crate) mod spelling;
pub(crate) mod text;
