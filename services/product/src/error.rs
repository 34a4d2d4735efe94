//! What can go wrong in the workflows, and how clients hear of it.

use axum::http::StatusCode;
use contracts::internal::reservations::ShortLine;
use http_kit::{Error, FieldErrors, one_field};
use primitives::VariantId;
use serde_json::json;

use crate::domain::hold::Hold;
use crate::domain::import::columns::WrongHeading;
use crate::domain::import::reader::FileError;
use crate::domain::product::Wrong;
use crate::domain::status::Status;
use crate::store::category_attributes::{Contradiction, Twice};
use crate::store::imports;

/// Why stock was not held.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HoldError {
    #[error("not enough stock")]
    Short(Vec<ShortLine>),
    #[error("the order's reservation has other lines")]
    Mismatch,
    #[error("the order's reservation is {0:?}")]
    Closed(Hold),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// 409 `insufficient_stock` with every short line.
pub(crate) fn insufficient_stock(lines: &[ShortLine]) -> Error {
    Error::conflict(
        "insufficient_stock",
        "There are not enough units of some lines.",
    )
    .with("lines", lines)
}

impl From<HoldError> for Error {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Short(lines) => insufficient_stock(&lines),
            HoldError::Mismatch => Self::conflict(
                "reservation_mismatch",
                "This order has reserved other lines already.",
            ),
            HoldError::Closed(hold) => {
                Self::conflict("reservation_closed", "This order's reservation has ended.")
                    .with("status", hold.as_str())
            }
            HoldError::Database(error) => error.into(),
        }
    }
}

/// Why stock was not corrected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StockError {
    #[error("the count would be out of range")]
    OutOfRange,
    #[error("{reserved} units of {variant_id} are held for orders")]
    Reserved {
        variant_id: VariantId,
        reserved: i32,
    },
    #[error("no such place")]
    UnknownLocation,
    #[error("the place is inactive")]
    InactiveLocation,
    #[error("only {available} of {requested} units of {variant_id} can be moved")]
    Short {
        variant_id: VariantId,
        requested: i32,
        available: i32,
    },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl StockError {
    /// Named constraints say what the client did wrong.
    pub(crate) fn from_write(error: sqlx::Error) -> Self {
        match error
            .as_database_error()
            .and_then(|error| error.constraint())
        {
            Some("stock_levels_place_is_active") => Self::InactiveLocation,
            _ => error.into(),
        }
    }
}

impl From<StockError> for Error {
    fn from(error: StockError) -> Self {
        match error {
            StockError::OutOfRange => one_field(
                "delta",
                "out_of_range",
                "would leave fewer than 0 or more than 1000000 units",
            ),
            StockError::Reserved {
                variant_id,
                reserved,
            } => Self::conflict("stock_reserved", "Some of these units are held for orders.")
                .with("variant_id", variant_id)
                .with("reserved", reserved),
            StockError::UnknownLocation => {
                one_field("location_id", "unknown", "is not a place of this shop")
            }
            StockError::InactiveLocation => {
                Self::conflict("location_inactive", "Goods come only to active places.")
            }
            StockError::Short {
                variant_id,
                requested,
                available,
            } => insufficient_stock(&[ShortLine {
                variant_id,
                requested,
                available,
            }]),
            StockError::Database(error) => error.into(),
        }
    }
}

/// Why a product was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProductError {
    #[error("no such category")]
    UnknownCategory,
    #[error("the SKU is taken")]
    SkuTaken,
    #[error("the slug is taken")]
    SlugTaken,
    #[error("the attributes are not as the category asks: {0:?}")]
    Attributes(Vec<Wrong>),
    #[error("not possible while {0:?}")]
    Status(Status),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl ProductError {
    /// Named constraints say what the client did wrong.
    pub(crate) fn from_write(error: sqlx::Error) -> Self {
        match error
            .as_database_error()
            .and_then(|error| error.constraint())
        {
            Some("products_category_id_fkey") => Self::UnknownCategory,
            Some("product_variants_sku_key") => Self::SkuTaken,
            _ => error.into(),
        }
    }
}

/// 422 `validation_failed` with every bad field.
pub(crate) fn invalid(wrong: Vec<Wrong>) -> Error {
    let mut errors = FieldErrors::new();
    for wrong in wrong {
        errors.push(wrong.field, wrong.code, wrong.message);
    }
    Error::validation(errors)
}

impl From<ProductError> for Error {
    fn from(error: ProductError) -> Self {
        match error {
            ProductError::UnknownCategory => {
                one_field("category_id", "unknown", "is not a category of this shop")
            }
            ProductError::SkuTaken => Self::conflict(
                "sku_taken",
                "Another of your products has this SKU already.",
            ),
            ProductError::SlugTaken => {
                Self::conflict("slug_taken", "Another product has, or had, this slug.")
            }
            ProductError::Attributes(wrong) => invalid(wrong),
            ProductError::Status(status) => Self::conflict(
                "invalid_status",
                "The product's status does not allow this.",
            )
            .with("status", status.as_str()),
            ProductError::Stock(error) => error.into(),
            ProductError::Database(error) => error.into(),
        }
    }
}

/// Why a category was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CategoryError {
    #[error("no such category")]
    NotFound,
    #[error("{products} products and {children} categories are in it")]
    NotEmpty { products: i64, children: usize },
    #[error("there is no category above it")]
    NoParent,
    #[error("products contradict it")]
    Contradictions(Vec<Contradiction>),
    #[error("attributes would be defined twice")]
    DefinedTwice(Vec<Twice>),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl CategoryError {
    /// Somebody put something into it meanwhile.
    pub(crate) fn from_delete(error: sqlx::Error) -> Self {
        match error
            .as_database_error()
            .and_then(|error| error.constraint())
        {
            Some("products_category_id_fkey") => Self::NotEmpty {
                products: 1,
                children: 0,
            },
            _ => error.into(),
        }
    }
}

impl From<CategoryError> for Error {
    fn from(error: CategoryError) -> Self {
        match error {
            CategoryError::NotFound => Self::not_found("category"),
            CategoryError::NotEmpty { products, children } => Self::conflict(
                "category_not_empty",
                "There are products or categories in it: say with `products` and `children` what becomes of them.",
            )
            .with("products", products)
            .with("children", children),
            CategoryError::NoParent => one_field(
                "products",
                "no_parent",
                "cannot be move_to_parent: there is no category above this one",
            ),
            CategoryError::Contradictions(found) => {
                let all = found.first().map_or(0, |first| first.all);
                let told: Vec<_> = found
                    .iter()
                    .map(|found| {
                        json!({
                            "product_id": found.product_id,
                            "title": found.title,
                            "field": format!("attributes.{}", found.key),
                            "code": found.code,
                        })
                    })
                    .collect();
                Self::conflict(
                    "products_contradict",
                    "Attributes of some products are not as the category would ask. Change these products first.",
                )
                .with("count", all)
                .with("contradictions", told)
            }
            CategoryError::DefinedTwice(twice) => {
                let told: Vec<_> = twice
                    .iter()
                    .map(|twice| {
                        json!({ "key": twice.key, "above": twice.above, "below": twice.below })
                    })
                    .collect();
                Self::conflict(
                    "attribute_defined_twice",
                    "A category and one below it would define the same attribute.",
                )
                .with("attributes", told)
            }
            CategoryError::Database(error) => error.into(),
        }
    }
}

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// Its bytes did not come.
    #[error("the upload broke off: {0}")]
    Body(Error),
    /// Its key was another request's, say.
    #[error(transparent)]
    Refused(#[from] Error),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the header is wrong: {0:?}")]
    Header(Vec<WrongHeading>),
    #[error("there is no row after the header")]
    NoRows,
    #[error("there are more than {0} rows")]
    TooManyRows(i32),
    #[error("not possible while {0:?}")]
    Status(imports::Status),
    #[error("there is no such import")]
    Gone,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Body(error) | ImportError::Refused(error) => error,
            ImportError::File(error) => {
                let code = match error {
                    FileError::NotUtf8 { .. } => "not_utf8",
                    FileError::NotText { .. } => "not_text",
                    FileError::RowTooLong { .. } => "row_too_long",
                    FileError::TooManyColumns { .. } => "too_many_columns",
                    FileError::Empty => "empty_file",
                };
                Self::unprocessable(code, error.to_string())
            }
            ImportError::Header(list) => {
                let mut errors = FieldErrors::new();
                for wrong in list {
                    errors.push(wrong.heading, wrong.code, wrong.message);
                }
                Self::validation(errors)
            }
            ImportError::NoRows => {
                Self::unprocessable("empty_file", "The file has a header, and no row after it.")
            }
            ImportError::TooManyRows(most) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_many_rows",
                format!("A file may have {most} rows; send the others in another file."),
            ),
            ImportError::Status(status) => Self::conflict(
                "import_not_finished",
                "Rows can be mended once the import has finished.",
            )
            .with("status", status),
            ImportError::Gone => Self::not_found("import"),
            ImportError::Database(error) => error.into(),
        }
    }
}
