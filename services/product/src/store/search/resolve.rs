//! The ids and codes of what filters name.

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::search::attribute_filter::{AttributeFilter, Wanted};
use crate::domain::search::facets::Narrowed;
use crate::store::listing::Filter;

/// A filter's ids and codes, in one statement, or in none if it names neither a category nor attributes. Ranges of numbers
/// become the codes of the numbers that there are.
pub(crate) async fn resolve(db: &mut PgConnection, filter: &Filter) -> sqlx::Result<Narrowed> {
    let mut narrowed = Narrowed {
        categories: None,
        min_price: filter.min_price,
        max_price: filter.max_price,
        rating: filter
            .rating
            .map(|stars| i32::try_from(stars * 1000).unwrap_or(i32::MAX)),
        seller: filter.seller.map(primitives::UserId::uuid),
        in_stock: filter.in_stock,
        attributes: Vec::new(),
    };
    if filter.category.is_none() && filter.attributes.is_empty() {
        return Ok(narrowed);
    }
    let (id, slug) = match &filter.category {
        Some(text) => match text.parse::<Uuid>() {
            Ok(id) => (Some(id), None),
            Err(_) => (None, Some(text.as_str())),
        },
        None => (None, None),
    };
    let asked: Vec<serde_json::Value> = filter.attributes.iter().map(asked).collect();
    let row = sqlx::query!(
        r#"SELECT ARRAY(SELECT c.descendant_id FROM category_closure c JOIN categories a ON a.id = c.ancestor_id
                         WHERE a.id = $1 OR a.slug = $2 ORDER BY 1) AS "categories!",
                  (SELECT coalesce(jsonb_agg(coalesce(codes, '[]') ORDER BY n), '[]')
                     FROM jsonb_array_elements($3) WITH ORDINALITY AS a (asked, n),
                          LATERAL (SELECT jsonb_agg(code) AS codes FROM (
                            SELECT search_code(asked ->> 'attribute', value) AS code FROM jsonb_array_elements_text(asked -> 'values') AS value
                            UNION
                            SELECT v.code FROM search_values v
                             WHERE asked -> 'values' = '[]' AND lower(v.attribute) = asked ->> 'attribute'
                               AND v.number BETWEEN coalesce((asked ->> 'from')::numeric, '-Infinity') AND coalesce((asked ->> 'to')::numeric, 'Infinity')) found) c
                  ) AS "codes!: Json<Vec<Vec<i64>>>""#,
        id,
        slug,
        serde_json::Value::Array(asked),
    )
    .fetch_one(db)
    .await?;
    if filter.category.is_some() {
        narrowed.categories = Some(row.categories);
    }
    narrowed.attributes = filter
        .attributes
        .iter()
        .map(|filter| filter.attribute.clone())
        .zip(row.codes.0)
        .collect();
    Ok(narrowed)
}

fn asked(filter: &AttributeFilter) -> serde_json::Value {
    let attribute = &filter.attribute;
    match &filter.wanted {
        Wanted::Values(values) => serde_json::json!({ "attribute": attribute, "values": values }),
        Wanted::Range(from, to) => {
            serde_json::json!({ "attribute": attribute, "values": [], "from": from, "to": to })
        }
    }
}
