//! `shipping_methods`.

use primitives::{Currency, Timestamp};
use serde::Deserialize;
use sqlx::types::Json;

use crate::domain::pricing::place::Place;
use crate::domain::pricing::shipping::{Method, ShippingTax, Step, Tariff, TariffKind};

/// What `tax_class` says when shipping is taxed as the goods are.
const AS_GOODS: &str = "goods";

/// A method as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) method: Method,
    /// Of all its amounts.
    pub(crate) currency: Currency,
    /// The lower, the more preferred.
    pub(crate) position: i32,
    pub(crate) active: bool,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// As [`super::terms`] reads it too.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    code: String,
    name: String,
    kind: String,
    currency: String,
    price: i64,
    steps: Json<Vec<Step>>,
    free_from: Option<i64>,
    tax_class: Option<String>,
    places: Vec<String>,
    except_places: Vec<String>,
    position: i32,
    active: bool,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let tariff = match super::parse(&row.kind)? {
            TariffKind::Flat => Tariff::Flat(row.price),
            TariffKind::ByWeight => Tariff::ByWeight(row.steps.0),
            TariffKind::BySubtotal => Tariff::BySubtotal(row.steps.0),
        };
        let tax = match row.tax_class {
            None => ShippingTax::None,
            Some(class) if class == AS_GOODS => ShippingTax::Goods,
            Some(class) => ShippingTax::Class(class),
        };
        Ok(Self {
            method: Method {
                code: row.code,
                name: row.name,
                tariff,
                free_from: row.free_from,
                tax,
                places: places(&row.places)?,
                except: places(&row.except_places)?,
            },
            currency: super::parse(&row.currency)?,
            position: row.position,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn places(texts: &[String]) -> Result<Vec<Place>, sqlx::Error> {
    texts.iter().map(|text| super::parse(text)).collect()
}
