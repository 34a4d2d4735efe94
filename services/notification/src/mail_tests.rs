use primitives::{Currency, EmailAddress, Money};

use super::*;

fn euros(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn lines() -> Vec<MailLine> {
    vec![
        MailLine {
            title: "Tea <b>\"Darjeeling\"</b> & more".into(),
            quantity: 2,
            total: euros(1998),
        },
        MailLine {
            title: "A very long title that goes on and on and on and does not fit".into(),
            quantity: 10,
            total: euros(123_456),
        },
    ]
}

fn new_email() -> EmailAddress {
    "zoe.new@example.com".parse().unwrap()
}

/// One of each kind.
fn all() -> Vec<Mail> {
    let (name, url, number) = (
        || "Zoë <script>".to_owned(),
        || "https://shop.example/x?token=a&b=c".to_owned(),
        || "1000042".to_owned(),
    );
    vec![
        Mail::VerifyEmail {
            name: name(),
            url: url(),
        },
        Mail::ResetPassword {
            name: name(),
            url: url(),
        },
        Mail::PasswordChanged { name: name() },
        Mail::SessionReuse { name: name() },
        Mail::AccountExists {
            name: name(),
            sign_in_url: "https://shop.example/?a&b".to_owned(),
            reset_url: url(),
        },
        Mail::EmailChangeApprove {
            name: name(),
            new_email: new_email(),
            url: url(),
        },
        Mail::EmailChangeConfirm {
            name: name(),
            url: url(),
        },
        Mail::EmailChanged {
            name: name(),
            new_email: new_email(),
        },
        Mail::NewDevice {
            name: name(),
            device: "Firefox <i>on</i> Linux".into(),
            ip: "203.0.113.7".into(),
            at: Timestamp::from_unix(1_800_000_000),
        },
        Mail::SecondFactorChanged {
            name: name(),
            change: SecondFactorChange::TotpAdded,
        },
        Mail::IdentityLinked {
            name: name(),
            provider: "Contoso & Sons".into(),
        },
        Mail::ApiKeyCreated {
            name: name(),
            key_name: "stock <import>".into(),
            prefix: "mk_1a2b".into(),
        },
        Mail::DeletionScheduled {
            name: name(),
            deleted_at: Timestamp::from_unix(1_800_000_000),
            url: url(),
        },
        Mail::AccountDeleted {
            name: name(),
            proved: true,
        },
        Mail::OrderReceived {
            number: number(),
            lines: lines(),
            total: euros(125_944),
            url: url(),
        },
        Mail::OrderConfirmed {
            number: number(),
            lines: lines(),
            subtotal: euros(125_454),
            discount: euros(500),
            shipping: euros(490),
            tax: euros(500),
            total: euros(125_944),
            url: url(),
        },
        Mail::OrderShipped {
            number: number(),
            carrier: "DHL".into(),
            tracking_number: "JD01".into(),
            tracking_url: Some("https://carrier.example/?a=1&b=2".into()),
            lines: lines(),
            url: url(),
        },
        Mail::OrderDelivered {
            number: number(),
            url: url(),
        },
        Mail::OrderCancelled {
            number: number(),
            reason: "You asked for it.".into(),
            url: url(),
        },
        Mail::OrderRefunded {
            number: number(),
            amount: euros(1998),
            url: url(),
        },
        Mail::ReturnApproved {
            number: number(),
            return_number: "1000042-R1".into(),
            lines: lines(),
            address: Some("Shop & Sons\nStreet 1\n10115 Berlin".into()),
            answer: Some("The label is <attached>.".into()),
            url: url(),
        },
        Mail::ReturnRejected {
            number: number(),
            return_number: "1000042-R1".into(),
            answer: "It was worn.".into(),
            url: url(),
        },
        Mail::ReturnReceived {
            number: number(),
            return_number: "1000042-R1".into(),
            lines: lines(),
            url: url(),
        },
        Mail::PriceDropped {
            name: name(),
            product: "Tea \"Assam\" & <more>".into(),
            before: euros(1998),
            now: euros(1499),
            url: "https://shop.example/products/assam".to_owned(),
            unsubscribe_url: url(),
            one_click_url: url(),
        },
        Mail::BackInStock {
            name: name(),
            product: "Tea \"Assam\" & <more>".into(),
            price: euros(1998),
            url: "https://shop.example/products/assam".to_owned(),
            unsubscribe_url: url(),
            one_click_url: url(),
        },
    ]
}

#[test]
fn mails_look_as_they_should() {
    for mail in all() {
        let subject = subject(&mail).unwrap();
        let whole = format!(
            "Subject: {subject}\n\n{}\n========\n{}",
            text(&mail, "Mercato").unwrap(),
            html(&mail, "Mercato", &subject).unwrap()
        );
        insta::with_settings!({ snapshot_path => "../tests/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(kind(&mail), whole);
        });
    }
}

#[test]
fn every_change_of_second_factors_has_its_words() {
    use SecondFactorChange::*;
    let changes = [
        TotpAdded,
        TotpRemoved,
        PasskeyAdded,
        PasskeyRemoved,
        RecoveryCodesReplaced,
        RecoveryCodeUsed,
        ResetByStaff,
    ];
    let mails: Vec<String> = changes
        .into_iter()
        .map(|change| Mail::SecondFactorChanged {
            name: "Zoë".into(),
            change,
        })
        .map(|mail| {
            format!(
                "Subject: {}\n{}",
                subject(&mail).unwrap(),
                text(&mail, "Mercato").unwrap()
            )
        })
        .collect();
    insta::with_settings!({ snapshot_path => "../tests/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("changes_of_second_factors", mails.join("\n========\n"));
    });
}

/// A mail with other text in each of its texts.
fn refill(mail: &Mail, text: &str) -> Mail {
    let mut json = serde_json::to_value(mail).unwrap();
    for field in [
        "name",
        "device",
        "ip",
        "provider",
        "key_name",
        "prefix",
        "url",
        "reason",
        "answer",
        "address",
        "carrier",
        "tracking_number",
        "tracking_url",
        "product",
        "unsubscribe_url",
    ] {
        if let Some(place) = json["data"].get_mut(field) {
            *place = text.into();
        }
    }
    serde_json::from_value(json).unwrap()
}

proptest::proptest! {
    /// Whatever people call themselves and their things, it is text: on one line in a subject, and never a tag or an attribute.
    #[test]
    fn no_text_becomes_anything_else(text in "[\\PC\\r\\n<>\"'&]{0,40}") {
        for mail in all() {
            let (plain, filled) = (refill(&mail, ""), refill(&mail, &text));
            let subject = subject(&filled).unwrap();
            assert!(!subject.contains(['\r', '\n']), "{subject:?}");
            let tags = |mail: &Mail| {
                let html = html(mail, "Mercato", "").unwrap();
                ["<", ">", "\""].map(|mark| html.matches(mark).count())
            };
            assert_eq!(tags(&plain), tags(&filled), "{text:?}");
        }
    }
}

#[test]
fn kinds_are_the_names_in_events() {
    for mail in all() {
        assert_eq!(
            serde_json::to_value(&mail).unwrap()["template"],
            kind(&mail)
        );
    }
}

#[test]
fn a_subject_is_one_line() {
    let mail = Mail::OrderDelivered {
        number: "1\r\nBcc: x@example.com".into(),
        url: String::new(),
    };
    assert_eq!(
        subject(&mail).unwrap(),
        "Your order 1 Bcc: x@example.com has arrived"
    );
}

fn brand() -> Brand {
    Brand {
        shop: Shop::default(),
        from: "Mercato <shop@mercato.example>".parse().unwrap(),
        shop_name: "Mercato".to_owned(),
    }
}

#[tokio::test]
async fn staff_say_in_whose_name_mails_are_written() {
    use contracts::events::{SettingsChanged, ShopSettings};
    let id: EventId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let brand = brand();
    let shop = brand.shop.clone();
    let postbox = Postbox::new(&"smtp://127.0.0.1:1".into(), brand).unwrap();
    let raw = || {
        let message = postbox
            .message(id, "a@example.com", "x", &all()[0])
            .unwrap();
        String::from_utf8(message.formatted()).unwrap()
    };
    let before = raw();
    assert!(
        before.contains("From: \"Mercato\" <shop@mercato.example>")
            || before.contains("From: Mercato <shop@mercato.example>"),
        "{before}"
    );
    let settings = ShopSettings {
        shop_name: Some("Lamps & <Light>".to_owned()),
        mail_name: Some("Zoë, of Lamps".to_owned()),
        mail_address: Some("hello@lamps.example".parse().unwrap()),
        ..ShopSettings::default()
    };
    shop.learn(SettingsChanged {
        version: 1,
        settings,
    });
    let after = raw();
    assert!(after.contains("<hello@lamps.example>"), "{after}");
    assert!(
        after.contains("welcome to Lamps & <Light>.")
            && after.contains("welcome to Lamps &#38; &#60;Light&#62;."),
        "{after}"
    );
    assert!(
        after.contains("@mercato.example>\r\n"),
        "a mail that is tried again after the change is the same mail: {after}"
    );
}

#[tokio::test]
async fn every_try_is_the_same_mail() {
    let postbox = Postbox::new(&"smtp://127.0.0.1:1".into(), brand()).unwrap();
    let id: EventId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let message = postbox
        .message(id, "a@example.com", "x", &all()[0])
        .unwrap();
    let raw = String::from_utf8(message.formatted()).unwrap();
    assert!(
        raw.contains("Message-ID: <01890a5d-ac96-774b-bcce-b302099a8057@mercato.example>\r\n"),
        "{raw}"
    );
    assert!(raw.contains("Auto-Submitted: auto-generated\r\n"), "{raw}");
}

#[tokio::test]
async fn mails_that_can_be_ended_say_how_to_mail_programs() {
    let postbox = Postbox::new(&"smtp://127.0.0.1:1".into(), brand()).unwrap();
    let id: EventId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    for mail in all() {
        let message = postbox.message(id, "a@example.com", "x", &mail).unwrap();
        let raw = String::from_utf8(message.formatted()).unwrap();
        let expected = matches!(mail, Mail::PriceDropped { .. } | Mail::BackInStock { .. });
        let says = raw.contains("List-Unsubscribe: <https://shop.example/x?token=a&b=c>\r\n")
            && raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
        assert_eq!(says, expected, "{raw}");
        assert_eq!(raw.contains("List-Unsubscribe"), expected, "{raw}");
    }
}
