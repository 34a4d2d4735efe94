//! Frozen samples: what older processes have written must stay readable, and what we write must stay what others read.

use primitives::{Currency, EmailAddress, Money, Sku};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

fn id<I: From<Uuid>>(n: u128) -> I {
    Uuid::from_u128(n).into()
}

fn euro(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn email() -> EmailAddress {
    "anna@example.com".parse().unwrap()
}

fn sku() -> Sku {
    "TEE-M".parse().unwrap()
}

/// The envelope as JSON, after it has been read back and found equal.
fn sample<E: Event + PartialEq + std::fmt::Debug + Clone>(data: E) -> Value {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    let time = Timestamp::from_unix(1_800_000_000);
    let envelope = Envelope::new(id(1), "mercato/test", time, Some(trace), data);
    let json = serde_json::to_value(&envelope).unwrap();
    let back: Envelope<E> = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(back, envelope);
    json
}

fn lines() -> Vec<OrderLine> {
    vec![OrderLine {
        order_item_id: id(21),
        product_id: id(22),
        variant_id: id(23),
        sku: sku(),
        title: "Tee".to_owned(),
        quantity: 2,
        total: euro(3998),
    }]
}

fn cart_lines() -> Vec<CartLine> {
    vec![CartLine {
        product_id: id(22),
        variant_id: id(23),
        quantity: 2,
    }]
}

#[test]
fn events_keep_their_shape() {
    let (number, name, role) = (
        || "1000042".to_owned(),
        || "Anna".to_owned(),
        || "customer".to_owned(),
    );
    let samples = vec![
        sample(UserRegistered {
            user_id: id(2),
            email: email(),
            email_verified: false,
            name: name(),
            role: role(),
        }),
        sample(UserUpdated {
            user_id: id(2),
            email: email(),
            email_verified: true,
            name: name(),
            role: role(),
        }),
        sample(UserRoleChanged {
            user_id: id(2),
            before: role(),
            after: "support".into(),
            by: id(12),
        }),
        sample(UserDisabled { user_id: id(2) }),
        sample(UserDeleted { user_id: id(2) }),
        sample(ProductCreated {
            product_id: id(3),
            title: "Tee".into(),
            seller_id: id(2),
            status: "draft".into(),
            version: 1,
        }),
        sample(ProductUpdated {
            product_id: id(3),
            title: "Tee".into(),
            seller_id: id(2),
            status: "active".into(),
            version: 2,
        }),
        sample(ProductApproved {
            product_id: id(3),
            title: "Tee".into(),
            seller_id: id(2),
        }),
        sample(ProductDeleted {
            product_id: id(3),
            seller_id: id(2),
        }),
        sample(CategoryChanged {
            category_id: id(14),
            parent_id: Some(id(15)),
            slug: "shirts".into(),
            name: "Shirts".into(),
            version: 2,
            deleted: false,
        }),
        sample(InventoryLowStock {
            variant_id: id(4),
            product_id: id(3),
            sku: sku(),
            available: 5,
            threshold: 5,
        }),
        sample(InventoryReserved {
            order_id: id(5),
            lines: vec![StockLine {
                variant_id: id(4),
                quantity: 2,
                product_id: Some(id(3)),
            }],
        }),
        sample(InventoryRejected {
            order_id: id(5),
            lines: vec![ShortLine {
                variant_id: id(4),
                requested: 2,
                available: 1,
            }],
        }),
        sample(InventoryReleased {
            order_id: id(5),
            lines: vec![StockLine {
                variant_id: id(4),
                quantity: 2,
                product_id: Some(id(3)),
            }],
        }),
        sample(InventoryAdjusted {
            variant_id: id(4),
            product_id: id(3),
            sku: sku(),
            available_before: 0,
            available: 5,
        }),
        sample(CartUpdated {
            cart_id: id(6),
            user_id: Some(id(2)),
            version: 7,
            lines: cart_lines(),
            coupon: Some("SPRING".to_owned()),
        }),
        sample(CartAbandoned {
            cart_id: id(6),
            user_id: None,
            version: 7,
            lines: cart_lines(),
            changed_at: Timestamp::from_unix(1_799_990_000),
        }),
        sample(CartCheckedOut {
            cart_id: id(6),
            order_id: id(5),
        }),
        sample(OrderCreated {
            order_id: id(5),
            number: number(),
            user_id: Some(id(2)),
            email: email(),
            lines: lines(),
            total: euro(4488),
        }),
        sample(OrderConfirmed {
            order_id: id(5),
            number: number(),
            user_id: None,
            email: email(),
            lines: lines(),
            total: euro(4488),
            payment_id: Some(id(7)),
        }),
        sample(OrderShipped {
            order_id: id(5),
            number: number(),
            shipment_id: id(8),
            carrier: "DHL".into(),
            tracking_number: "JD01".into(),
        }),
        sample(OrderDelivered {
            order_id: id(5),
            number: number(),
        }),
        sample(OrderCancelled {
            order_id: id(5),
            number: number(),
            reason: "unpaid".into(),
            restock: None,
        }),
        sample(OrderCancelled {
            order_id: id(5),
            number: number(),
            reason: "staff".into(),
            restock: Some(false),
        }),
        sample(OrderUpdated {
            order_id: id(5),
            number: number(),
            changed: vec!["shipping_address".into()],
        }),
        sample(OrderReturned {
            order_id: id(5),
            number: number(),
            return_id: id(14),
            lines: vec![ReturnedLine {
                order_item_id: id(11),
                product_id: id(3),
                variant_id: id(4),
                quantity: 1,
                condition: "new".into(),
                restock: true,
            }],
            complete: false,
        }),
        sample(OrderRefunded {
            order_id: id(5),
            number: number(),
            amount: euro(500),
            fully: false,
        }),
        sample(PaymentProcessed {
            payment_id: id(7),
            order_id: id(5),
            amount: euro(4488),
            provider_ref: Some("pi_1".into()),
        }),
        sample(PaymentAuthorized {
            payment_id: id(7),
            order_id: id(5),
            amount: euro(4488),
        }),
        sample(PaymentDisputed {
            payment_id: id(7),
            order_id: id(5),
            amount: euro(4488),
        }),
        sample(PaymentDisputeClosed {
            payment_id: id(7),
            order_id: id(5),
            amount: euro(4488),
            won: true,
        }),
        sample(PaymentFailed {
            payment_id: id(7),
            order_id: id(5),
            amount: euro(4488),
            reason: "card_declined".into(),
        }),
        sample(PaymentRefunded {
            payment_id: id(7),
            order_id: id(5),
            refund_id: id(9),
            amount: euro(500),
        }),
        sample(PaymentRefundReversed {
            payment_id: id(7),
            order_id: id(5),
            refund_id: id(9),
            amount: euro(500),
            reason: Some("lost_or_stolen_card".into()),
        }),
        sample(ReviewCreated {
            review_id: id(10),
            product_id: id(3),
            user_id: id(2),
            rating: 5,
            status: None,
        }),
        sample(ReviewCreated {
            review_id: id(10),
            product_id: id(3),
            user_id: id(2),
            rating: 5,
            status: Some("pending".into()),
        }),
        sample(ReviewUpdated {
            review_id: id(10),
            product_id: id(3),
            user_id: id(2),
            rating: 4,
            status: "published".into(),
        }),
        sample(ReviewModerated {
            review_id: id(10),
            product_id: id(3),
            user_id: id(2),
            status: "hidden".into(),
            reason: Some("Insults".into()),
        }),
        sample(ReviewDeleted {
            review_id: id(10),
            product_id: id(3),
            user_id: id(2),
        }),
        sample(OrderClaimed {
            order_id: id(5),
            number: number(),
            user_id: id(2),
        }),
        sample(StaffActed {
            actor: StaffMember {
                user_id: id(12),
                email: Some(email()),
                role: "admin".into(),
            },
            through: "rest".into(),
            action: "user.change_role".into(),
            target: format!("user:{}", Uuid::from_u128(2)),
            before: json!({"role": "customer"}),
            after: json!({"role": "support"}),
            ip: Some("203.0.113.7".into()),
            request_id: Some("4bf92f3577b34da6".into()),
        }),
        sample(StaffActed {
            actor: StaffMember {
                user_id: id(12),
                email: None,
                role: "support".into(),
            },
            through: "admin".into(),
            action: "order.note".into(),
            target: format!("order:{}", Uuid::from_u128(5)),
            before: Value::Null,
            after: json!({"entry_id": Uuid::from_u128(13)}),
            ip: None,
            request_id: None,
        }),
        sample(SettingsChanged::default()),
        sample(SettingsChanged {
            version: 7,
            settings: ShopSettings {
                shop_name: Some("Lamps".into()),
                seller_name: Some("Lamps Ltd".into()),
                seller_address: Some("1 Main Street;Dublin".into()),
                seller_footer: Some("IE123".into()),
                mail_address: Some(email()),
                mail_name: Some("Lamps".into()),
                currency: Some(Currency::EUR),
                low_stock_threshold: Some(3),
                late_after_hours: Some(48),
                overdue_after_hours: Some(24),
                maintenance: Some(Maintenance {
                    message: "Back soon.".into(),
                    retry_after_seconds: 600,
                }),
            },
        }),
        sample(EmailNotification {
            mail_id: id(11),
            to: email(),
            mail: Mail::VerifyEmail {
                name: name(),
                url: "https://shop.test/verify".into(),
            },
        }),
    ];
    insta::assert_json_snapshot!(samples);
}

/// The payload alone, after it has been read back and found equal.
fn mail(mail: Mail) -> Value {
    let data = EmailNotification {
        mail_id: id(11),
        to: email(),
        mail,
    };
    let mut envelope = sample(data);
    envelope["data"].take()
}

#[test]
fn mails_about_accounts_keep_their_shape() {
    let (name, url) = (
        || "Anna".to_owned(),
        || "https://shop.test/x?token=t".to_owned(),
    );
    let at = Timestamp::from_unix(1_800_000_000);
    let mut samples = vec![
        mail(Mail::VerifyEmail {
            name: name(),
            url: url(),
        }),
        mail(Mail::ResetPassword {
            name: name(),
            url: url(),
        }),
        mail(Mail::PasswordChanged { name: name() }),
        mail(Mail::SessionReuse { name: name() }),
        mail(Mail::AccountExists {
            name: name(),
            sign_in_url: "https://shop.test/".into(),
            reset_url: url(),
        }),
        mail(Mail::EmailChangeApprove {
            name: name(),
            new_email: email(),
            url: url(),
        }),
        mail(Mail::EmailChangeConfirm {
            name: name(),
            url: url(),
        }),
        mail(Mail::EmailChanged {
            name: name(),
            new_email: email(),
        }),
        mail(Mail::NewDevice {
            name: name(),
            device: "Firefox on Linux".into(),
            ip: "203.0.113.7".into(),
            at,
        }),
        mail(Mail::IdentityLinked {
            name: name(),
            provider: "Contoso".into(),
        }),
        mail(Mail::ApiKeyCreated {
            name: name(),
            key_name: "stock import".into(),
            prefix: "mk_1a2b".into(),
        }),
        mail(Mail::DeletionScheduled {
            name: name(),
            deleted_at: at,
            url: url(),
        }),
        mail(Mail::AccountDeleted {
            name: name(),
            proved: true,
        }),
    ];
    use SecondFactorChange::*;
    for change in [
        TotpAdded,
        TotpRemoved,
        PasskeyAdded,
        PasskeyRemoved,
        RecoveryCodesReplaced,
        RecoveryCodeUsed,
        ResetByStaff,
    ] {
        samples.push(mail(Mail::SecondFactorChanged {
            name: name(),
            change,
        }));
    }
    insta::assert_json_snapshot!(samples);
}

/// As it was written before it said so.
#[test]
fn an_account_whose_address_is_not_said_to_be_proved_is_not() {
    let old = json!({"template": "account_deleted", "data": {"name": "Anna"}});
    let read: Mail = serde_json::from_value(old).unwrap();
    let expected = Mail::AccountDeleted {
        name: "Anna".into(),
        proved: false,
    };
    assert_eq!(read, expected);
}

#[test]
fn mails_about_orders_keep_their_shape() {
    let line = || MailLine {
        title: "Mug".into(),
        quantity: 1,
        total: euro(1299),
    };
    let number = || "1000042".to_owned();
    let url = || "https://shop.example/orders/1".to_owned();
    let samples = [
        mail(Mail::OrderShipped {
            number: number(),
            carrier: "DHL".into(),
            tracking_number: "JD01".into(),
            tracking_url: None,
            lines: vec![],
            url: url(),
        }),
        mail(Mail::OrderShipped {
            number: number(),
            carrier: "DHL".into(),
            tracking_number: "JD01".into(),
            tracking_url: Some("https://carrier.example/JD01".into()),
            lines: vec![line()],
            url: url(),
        }),
        mail(Mail::ReturnApproved {
            number: number(),
            return_number: "1000042-R1".into(),
            lines: vec![line()],
            address: Some("Shop, Street 1".into()),
            answer: None,
            url: url(),
        }),
        mail(Mail::ReturnRejected {
            number: number(),
            return_number: "1000042-R1".into(),
            answer: "It was worn.".into(),
            url: url(),
        }),
        mail(Mail::ReturnReceived {
            number: number(),
            return_number: "1000042-R1".into(),
            lines: vec![line()],
            url: url(),
        }),
    ];
    insta::assert_json_snapshot!(samples);
}

#[test]
fn mails_about_wishes_keep_their_shape() {
    let (name, product) = (|| "Anna".to_owned(), || "Tee".to_owned());
    let url = |page: &str| format!("https://shop.test/{page}?token=t");
    let samples = [
        mail(Mail::PriceDropped {
            name: name(),
            product: product(),
            before: euro(1999),
            now: euro(1499),
            url: "https://shop.test/products/tee".into(),
            unsubscribe_url: url("unsubscribe"),
            one_click_url: url("api/wishlist/unsubscribe"),
        }),
        mail(Mail::BackInStock {
            name: name(),
            product: product(),
            price: euro(1999),
            url: "https://shop.test/products/tee".into(),
            unsubscribe_url: url("unsubscribe"),
            one_click_url: url("api/wishlist/unsubscribe"),
        }),
    ];
    insta::assert_json_snapshot!(samples);
}

#[test]
fn queues_are_named_after_their_event_and_reader() {
    let names: Vec<String> = crate::topology::QUEUES
        .iter()
        .map(crate::topology::Queue::name)
        .collect();
    insta::assert_json_snapshot!(names);
}
