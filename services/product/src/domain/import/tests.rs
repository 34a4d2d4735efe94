//! Files from their bytes to what is to be done, without a database.

use std::collections::BTreeMap;

use primitives::{CategoryId, ProductId, Timestamp, UserId, VariantId};
use proptest::prelude::*;
use uuid::Uuid;

use super::columns::Columns;
use super::export::Layout;
use super::known::{Known, KnownVariant};
use super::merge::{Deed, Shop, merge};
use super::places::{Place, Places};
use super::reader::Reader;
use super::{Format, Row, RowError, plan};
use crate::domain::attributes::{AttributeValue, Kind, Rule};
use crate::domain::spec::Spec;
use crate::domain::status::{Life, Schedule, Status, Step};
use crate::domain::text::TaxClass;

fn shop_category() -> CategoryId {
    CategoryId::from(Uuid::from_u128(7))
}

fn places() -> Places {
    Places::new(&[Place {
        id: shop_category(),
        parent_id: None,
        slug: "shirts".to_owned(),
        name: "Shirts".to_owned(),
    }])
}

/// `weight` is a number in the one category, `organic` a boolean.
fn rules() -> BTreeMap<CategoryId, Vec<Rule>> {
    let rule = |key: &str, kind| Rule {
        key: key.to_owned(),
        kind,
        choices: Vec::new(),
        required: false,
    };
    BTreeMap::from([(
        shop_category(),
        vec![rule("organic", Kind::Boolean), rule("weight", Kind::Number)],
    )])
}

/// All products of a file: what is to be done with each, with what the shop has under the same address.
fn read(
    format: Format,
    bytes: &[u8],
    known: &[Known],
    may_approve: bool,
) -> Result<Vec<Result<Deed, Vec<RowError>>>, String> {
    let (mut reader, mut table) = (Reader::new(), Vec::new());
    reader
        .feed(bytes, &mut table)
        .map_err(|error| error.to_string())?;
    reader
        .finish(&mut table)
        .map_err(|error| error.to_string())?;
    let mut table = table.into_iter();
    let columns = Columns::new(format, table.next().unwrap_or_default())
        .map_err(|wrong| format!("{wrong:?}"))?;
    let rows: Vec<Row> = (2..)
        .zip(table)
        .map(|(number, cells)| Row { number, cells })
        .collect();
    let mut groups: Vec<(String, Vec<Row>)> = Vec::new();
    for row in rows {
        let handle = plan::group(&columns, &row);
        match groups.iter_mut().find(|(other, _)| *other == handle) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((handle, vec![row])),
        }
    }
    let (places, rules) = (places(), rules());
    let shop = Shop {
        places: &places,
        rules: &rules,
        currency: primitives::Currency::EUR,
        may_approve,
    };
    let deed = |(_, rows): (String, Vec<Row>)| {
        let patch = plan::patch(&columns, &rows)?;
        let known = known
            .iter()
            .find(|known| Some(&known.slug) == patch.handle.as_ref());
        merge(&columns, &patch, known, shop)
    };
    Ok(groups.into_iter().map(deed).collect())
}

fn write(layout: &Layout, products: &[Known]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(layout.header()).unwrap();
    for row in products.iter().flat_map(|product| layout.rows(product)) {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A new product as the shop would have it afterwards.
fn kept(deed: &Deed, like: &Known) -> Known {
    let Deed::Create { spec, step } = deed else {
        panic!("{deed:?}")
    };
    let spec: &Spec = spec;
    let status = match step {
        Some(Step::Approve) => Status::Active,
        Some(_) => Status::PendingReview,
        None => Status::Draft,
    };
    Known {
        slug: spec.slug.clone().unwrap(),
        title: spec.title.to_string(),
        description: spec.description.to_string(),
        life: Life {
            status,
            approved: *step == Some(Step::Approve),
            schedule: spec.schedule,
        },
        category: spec.category_id.map(|id| (id, "shirts".to_owned())),
        tax_class: spec.tax_class.unwrap(),
        seo_title: spec.seo_title.as_deref().map(str::to_owned),
        seo_description: spec.seo_description.as_deref().map(str::to_owned),
        currency: spec.offer.currency,
        option_names: spec.offer.option_names.clone(),
        attributes: spec.attributes.clone().into(),
        variants: spec
            .offer
            .variants
            .iter()
            .map(|draft| KnownVariant {
                id: VariantId::from(Uuid::nil()),
                sku: draft.sku.clone(),
                price: draft.price.money().amount(),
                compare_at_price: draft
                    .details
                    .compare_at_price
                    .map(|price| price.money().amount()),
                stock: draft.stock.unwrap().get(),
                barcode: draft.details.barcode.clone().map(String::from),
                weight_grams: draft.details.weight.map(|weight| weight.get()),
                millimetres: draft
                    .details
                    .dimensions
                    .map(|sides| [sides.length.get(), sides.width.get(), sides.height.get()]),
                options: draft.options.clone(),
            })
            .collect(),
        ..like.clone()
    }
}

fn text(most: usize) -> impl Strategy<Value = String> {
    // What is trimmed is not kept, and so does not come back.
    proptest::string::string_regex(&format!(
        "['=+@a-z;,\"ä€-]([-'=+@a-z;,\"\n ä€]{{0,{most}}}[a-z€'\"])?"
    ))
    .unwrap()
}

fn variant(number: usize, options: Vec<String>) -> impl Strategy<Value = KnownVariant> {
    let numbers = (
        0..10_000_000_i64,
        proptest::option::of(1..1000_i64),
        0..1_000_000_i32,
        proptest::option::of(0..10_000_i32),
        proptest::option::of([1..1000_i32, 1..1000, 1..1000]),
    );
    (
        numbers,
        "[A-Z./_-]{1,8}",
        proptest::option::of(text(8)),
        proptest::collection::vec(text(6), options.len()),
    )
        .prop_map(
            move |((price, more, stock, weight_grams, millimetres), sku, barcode, values)| {
                KnownVariant {
                    id: VariantId::from(Uuid::from_u128(number as u128)),
                    sku: format!("{sku}{number}").parse().unwrap(),
                    price,
                    compare_at_price: more.map(|more| price + more),
                    stock,
                    barcode,
                    weight_grams,
                    millimetres,
                    // The number tells variants apart.
                    options: options
                        .iter()
                        .cloned()
                        .zip(values.into_iter().map(|value| format!("{value}{number}")))
                        .collect(),
                }
            },
        )
}

fn attribute() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        text(10).prop_map(AttributeValue::Text),
        any::<i32>().prop_map(|number| AttributeValue::Number(number.into())),
        (-1.0e6..1.0e6_f64).prop_map(|number| AttributeValue::Number(
            serde_json::Number::from_f64(number).unwrap()
        )),
        any::<bool>().prop_map(AttributeValue::Boolean),
    ]
}

fn product() -> impl Strategy<Value = Known> {
    let options = proptest::collection::btree_set("[a-z=']{1,6}", 0..4)
        .prop_map(|names| names.into_iter().collect::<Vec<_>>());
    let variants = options.prop_flat_map(|names| {
        let most: usize = if names.is_empty() { 1 } else { 4 };
        (1..=most).prop_flat_map(move |count: usize| {
            let list: Vec<_> = (0..count)
                .map(|number| variant(number, names.clone()))
                .collect();
            (Just(names.clone()), list)
        })
    });
    let texts = (
        text(30),
        proptest::option::of(text(60)),
        proptest::option::of(text(20)),
        proptest::option::of(text(20)),
    );
    let life = (0..4_u8, proptest::option::of(1..1000_i64), any::<bool>());
    let attributes = proptest::collection::btree_map("[a-zA-Z=:' ]{0,6}[a-z]", attribute(), 0..4)
        .prop_map(|map| {
            map.into_iter()
                .map(|(key, value)| (key.trim().to_owned(), value))
                .collect::<BTreeMap<String, AttributeValue>>()
        });
    let rest = (
        any::<bool>(),
        prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")],
        prop_oneof![
            Just(TaxClass::Standard),
            Just(TaxClass::Reduced),
            Just(TaxClass::Zero)
        ],
    );
    (texts, life, variants, attributes, rest).prop_map(
        |(
            (title, description, seo_title, seo_description),
            (status, until, from),
            (option_names, variants),
            attributes,
            (placed, currency, tax_class),
        )| {
            let status = [
                Status::Draft,
                Status::PendingReview,
                Status::Active,
                Status::Draft,
            ][usize::from(status)];
            let moment = Timestamp::from_unix;
            Known {
                id: ProductId::from(Uuid::from_u128(1)),
                version: 1,
                seller_id: UserId::from(Uuid::from_u128(2)),
                slug: "a-product".to_owned(),
                title,
                description: description.unwrap_or_default(),
                life: Life {
                    status,
                    approved: status == Status::Active,
                    schedule: Schedule {
                        publish_at: from.then(|| moment(0)),
                        unpublish_at: until.map(moment),
                    },
                },
                category: placed.then(|| (shop_category(), "shirts".to_owned())),
                tax_class,
                seo_title,
                seo_description,
                currency: currency.parse().unwrap(),
                option_names,
                attributes,
                images: Vec::new(),
                variants,
            }
        },
    )
}

fn layout(format: Format, products: &[Known], sellers: bool) -> Layout {
    let keys: std::collections::BTreeSet<String> = products
        .iter()
        .flat_map(|product| product.attributes.keys().cloned())
        .collect();
    let options = products
        .iter()
        .map(|product| product.option_names.len())
        .max()
        .unwrap_or(0);
    Layout {
        format,
        sellers,
        attributes: keys.into_iter().collect(),
        options,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_exported_changes_nothing(product in product(), sellers: bool) {
        let products = [product];
        let file = write(&layout(Format::Mercato, &products, sellers), &products);
        let deeds = read(Format::Mercato, &file, &products, true).unwrap();
        prop_assert_eq!(deeds, vec![Ok(Deed::Nothing)], "{}", String::from_utf8_lossy(&file));
    }

    #[test]
    fn what_is_exported_can_be_imported_elsewhere_and_exported_again(product in product()) {
        // A number or truth that no category defines is a text elsewhere; it is written the same.
        let products = [product];
        let layout = layout(Format::Mercato, &products, false);
        let file = write(&layout, &products);
        let deeds = read(Format::Mercato, &file, &[], true).unwrap();
        let again = [kept(deeds[0].as_ref().map_err(|errors| TestCaseError::fail(format!("{errors:?}")))?, &products[0])];
        prop_assert_eq!(String::from_utf8(write(&layout, &again)).unwrap(), String::from_utf8(file).unwrap());
    }

    #[test]
    fn shopifys_export_changes_nothing_that_it_can_say(product in product()) {
        let mut product = product;
        // What Shopify has no column for, or keeps elsewhere.
        product.currency = primitives::Currency::EUR;
        for variant in &mut product.variants {
            variant.barcode = variant.barcode.take().filter(|barcode| !barcode.starts_with('\''));
        }
        product.attributes.retain(|key, _| ["vendor", "type", "tags"].contains(&key.as_str()));
        product.description = product.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let products = [product];
        let file = write(&layout(Format::Shopify, &products, false), &products);
        let deeds = read(Format::Shopify, &file, &products, true).unwrap();
        // A product in review is a draft there, and stays what it is.
        prop_assert_eq!(deeds, vec![Ok(Deed::Nothing)], "{}", String::from_utf8_lossy(&file));
    }

    #[test]
    fn any_table_is_done_or_refused(
        format in prop_oneof![Just(Format::Mercato), Just(Format::Shopify)],
        cells in proptest::collection::vec(proptest::collection::vec("[a-z0-9.,=' -]{0,6}|active|EUR|size|2026-01-31", 12), 0..6),
        known in proptest::option::of(product()),
    ) {
        let header = match format {
            Format::Mercato => "handle,title,status,category,currency,publish_at,attribute:weight,option1_name,option1_value,sku,price,stock\n",
            Format::Shopify => "Handle,Title,Body (HTML),Status,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Variant Inventory Qty,Variant Taxable\n",
        };
        let mut writer = csv::Writer::from_writer(header.as_bytes().to_vec());
        for row in &cells {
            writer.write_record(row).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let known: Vec<Known> = known.into_iter().collect();
        for deed in read(format, &file, &known, false).unwrap() {
            if let Err(errors) = deed {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|error| error.row >= 2));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'\n'), Just(b'"')], 0..300), shopify: bool) {
        let (format, header) = if shopify { (Format::Shopify, "Handle,Title,Variant SKU\n") } else { (Format::Mercato, "handle,title,sku\n") };
        let _ = read(format, &[header.as_bytes(), &bytes].concat(), &[], true);
        let _ = read(format, &bytes, &[], true);
    }
}

fn deed(format: Format, file: &str, known: &[Known]) -> Result<Deed, Vec<RowError>> {
    read(format, file.as_bytes(), known, false)
        .unwrap()
        .remove(0)
}

fn cup() -> Known {
    let file = "handle,title,sku,price,stock,attribute:weight\ncup,Cup,CUP,5,3,\n";
    let like = Known {
        id: ProductId::from(Uuid::from_u128(1)),
        version: 1,
        seller_id: UserId::from(Uuid::nil()),
        slug: String::new(),
        title: String::new(),
        description: String::new(),
        life: Life::draft(Schedule::default()),
        category: None,
        tax_class: TaxClass::Standard,
        seo_title: None,
        seo_description: None,
        currency: primitives::Currency::EUR,
        option_names: Vec::new(),
        attributes: BTreeMap::new(),
        images: Vec::new(),
        variants: Vec::new(),
    };
    kept(&deed(Format::Mercato, file, &[]).unwrap(), &like)
}

#[test]
fn a_column_that_is_not_there_changes_nothing() {
    let known = [cup()];
    let of_stock = |units: i32| {
        deed(
            Format::Mercato,
            &format!("handle,sku,stock\ncup,CUP,{units}\n"),
            &known,
        )
        .unwrap()
    };
    assert_eq!(of_stock(3), Deed::Nothing);
    let Deed::Change {
        spec: None,
        stock,
        step: None,
    } = of_stock(4)
    else {
        panic!("more than stock")
    };
    assert_eq!(stock[0].1.get(), 4);
    let Deed::Change {
        spec: Some(spec),
        stock,
        ..
    } = deed(
        Format::Mercato,
        "handle,sku,price\ncup,CUP,\"6,50\"\n",
        &known,
    )
    .unwrap()
    else {
        panic!("no new price")
    };
    assert_eq!(
        (spec.offer.price_range(), &*spec.title, stock.len()),
        ((650, 650), "Cup", 0)
    );
}

#[test]
fn a_variant_that_the_file_does_not_name_stays() {
    let known = [cup()];
    let file =
        "handle,option1_name,option1_value,sku,price\ncup,size,small,CUP,\ncup,,large,CUP-L,7\n";
    let Deed::Change {
        spec: Some(spec), ..
    } = deed(Format::Mercato, file, &known).unwrap()
    else {
        panic!("no change")
    };
    assert_eq!(spec.offer.skus(), "CUP CUP-L");
    let wrong = deed(Format::Mercato, "handle,sku,price\ncup,CUP-L,7\n", &known).unwrap_err();
    assert_eq!(
        (wrong[0].column.as_str(), &*wrong[0].code),
        ("", "required"),
        "two variants and no option"
    );
}

#[test]
fn status_goes_forward_and_never_back() {
    let mut known = cup();
    let step = |known: &Known, status: &str, may_approve| match read(
        Format::Mercato,
        format!("handle,sku,status\ncup,CUP,{status}\n").as_bytes(),
        std::slice::from_ref(known),
        may_approve,
    )
    .unwrap()
    .remove(0)
    .unwrap()
    {
        Deed::Change { step, .. } => step,
        _ => None,
    };
    assert_eq!(
        (
            step(&known, "active", true),
            step(&known, "active", false),
            step(&known, "draft", true)
        ),
        (Some(Step::Approve), Some(Step::Submit), None)
    );
    known.life.status = Status::Rejected;
    assert_eq!(
        (
            step(&known, "active", false),
            step(&known, "rejected", false)
        ),
        (None, None)
    );
    known.life = Life {
        status: Status::Active,
        approved: true,
        ..known.life
    };
    assert_eq!(
        (
            step(&known, "draft", true),
            step(&known, "active", false),
            step(&known, "active", true)
        ),
        (None, None, None)
    );
}

#[test]
fn every_wrong_cell_is_named_with_its_column() {
    let file = "handle,title,status,category,tax_class,seo_title,publish_at,unpublish_at,currency,attribute:weight,sku,price,compare_at_price,stock,weight_grams,length_mm\n\
                cup,,later,shoes,high,ok,soon,2026-01-01,EURO,heavy,CUP,cheap,1,-1,light,3\n";
    let wrong = deed(Format::Mercato, file, &[]).unwrap_err();
    let columns: Vec<&str> = wrong.iter().map(|error| error.column.as_str()).collect();
    for column in [
        "title",
        "status",
        "category",
        "tax_class",
        "publish_at",
        "currency",
        "price",
        "stock",
        "weight_grams",
    ] {
        assert!(columns.contains(&column), "{column} in {columns:?}");
    }
    assert!(wrong.iter().all(|error| error.row == 2));
}
