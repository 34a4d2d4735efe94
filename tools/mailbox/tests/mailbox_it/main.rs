//! Mail goes in by SMTP and comes out as JSON and pages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use mailbox::{Store, smtp, web};
use primitives::{Clock, Random};
use testkit::{Served, serve};
use tokio::net::TcpListener;

struct Peer {
    web: Served,
    smtp: AsyncSmtpTransport<Tokio1Executor>,
}

async fn start(store: Store) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(smtp::serve(listener, store.clone()));
    let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(port)
        .build();
    Peer {
        web: serve(web::router(store)).await,
        smtp,
    }
}

fn mail(to: &str, subject: &str) -> Message {
    Message::builder()
        .from("Mercato <shop@mercato.example>".parse().unwrap())
        .to(Mailbox::new(Some("Zoë".into()), to.parse().unwrap()))
        .subject(subject)
        .multipart(MultiPart::alternative_plain_html(
            format!("Grüße\n.dot\n{}", "long ".repeat(60)),
            "<h1>Grüße</h1><script>alert(1)</script>".to_owned(),
        ))
        .unwrap()
}

#[tokio::test]
async fn mails_are_decoded_listed_filtered_and_deleted() {
    let peer = start(Store::in_memory()).await;
    peer.smtp
        .send(mail("a@example.com", "Bestellung № 1 – bestätigt"))
        .await
        .unwrap();
    peer.smtp
        .send(mail("b@example.com", "second"))
        .await
        .unwrap();
    let client = peer.web.client();

    let all = client.get("/api/messages").expect(200).await.value();
    assert_eq!(all[0]["subject"], "second");
    assert_eq!(all[1]["subject"], "Bestellung № 1 – bestätigt");
    assert_eq!(all[1]["from"], "shop@mercato.example");
    assert_eq!(all[1]["to"], serde_json::json!(["a@example.com"]));
    assert!(
        all[1]["text"]
            .as_str()
            .unwrap()
            .starts_with("Grüße\n.dot\nlong "),
        "{}",
        all[1]
    );
    assert_eq!(all[1]["html"], "<h1>Grüße</h1><script>alert(1)</script>");
    let mut keys: Vec<_> = all[0].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(
        keys,
        ["from", "html", "id", "received_at", "subject", "text", "to"]
    );

    let some = client
        .get("/api/messages?to=A@example.com")
        .expect(200)
        .await
        .value();
    assert_eq!(some.as_array().unwrap().len(), 1);
    client.delete("/api/messages").expect(204).await;
    assert_eq!(
        client.get("/api/messages").expect(200).await.value(),
        serde_json::json!([])
    );
}

#[tokio::test]
async fn pages_show_mail_without_running_it() {
    let peer = start(Store::in_memory()).await;
    peer.smtp
        .send(mail("a@example.com", "<b>bold</b>"))
        .await
        .unwrap();
    let client = peer.web.client();
    let id = client.get("/api/messages").expect(200).await.value()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = client.get("/").expect(200).await.text();
    assert!(
        list.contains("a@example.com") && !list.contains("<b>bold"),
        "{list}"
    );
    let page = client.get(&format!("/messages/{id}")).expect(200).await;
    assert!(page.text().contains("sandbox=") && !page.text().contains("<script>"));
    assert!(
        client
            .get(&format!("/messages/{id}?as=text"))
            .expect(200)
            .await
            .text()
            .contains("Grüße")
    );
    let framed = client
        .get(&format!("/messages/{id}/html"))
        .expect(200)
        .await;
    assert!(
        framed
            .header("content-security-policy")
            .starts_with("sandbox")
    );
    assert!(
        client
            .get(&format!("/messages/{id}/source"))
            .expect(200)
            .await
            .text()
            .contains("MIME-Version: 1.0")
    );
    client
        .get("/messages/00000000-0000-7000-8000-000000000000")
        .expect(404)
        .await;
}

#[tokio::test]
async fn some_addresses_are_refused_on_purpose() {
    let peer = start(Store::in_memory()).await;
    assert!(
        peer.smtp
            .send(mail("refused@example.com", "x"))
            .await
            .unwrap_err()
            .is_permanent()
    );
    assert!(
        peer.smtp
            .send(mail("busy@example.com", "x"))
            .await
            .unwrap_err()
            .is_transient()
    );
    assert_eq!(
        peer.web
            .client()
            .get("/api/messages")
            .expect(200)
            .await
            .value(),
        serde_json::json!([])
    );
}

#[tokio::test]
async fn a_folder_keeps_mail_between_runs() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        Store::open(
            Some(folder.path().to_owned()),
            Clock::system(),
            Random::system(),
        )
        .unwrap()
    };
    let peer = start(open()).await;
    for number in 0..3 {
        peer.smtp
            .send(mail("a@example.com", &format!("mail {number}")))
            .await
            .unwrap();
    }
    let before = peer
        .web
        .client()
        .get("/api/messages")
        .expect(200)
        .await
        .value();
    let again = start(open()).await;
    assert_eq!(
        again
            .web
            .client()
            .get("/api/messages")
            .expect(200)
            .await
            .value(),
        before
    );
    again.web.client().delete("/api/messages").expect(204).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
