//! nginx: where each path goes, and what nginx does on its own. Most tests run an nginx of their own with the project's templates and
//! services that say what they received; the last ones ask the running stack.

use crate::edge::{Edge, Settings};
use crate::stack::{Stack, client};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn header(response: &Response, name: &str) -> String {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default()
}

async fn get(url: String) -> Response {
    client().get(url).send().await.unwrap()
}

/// Checks that an answer is a problem of nginx itself.
async fn assert_problem(response: Response, status: u16, code: &str) {
    let what = response.url().clone();
    assert_eq!(response.status().as_u16(), status, "{what}");
    assert_eq!(
        header(&response, "content-type"),
        "application/problem+json",
        "{what}"
    );
    assert_eq!(header(&response, "cache-control"), "no-store", "{what}");
    assert_eq!(
        header(&response, "x-content-type-options"),
        "nosniff",
        "{what}"
    );
    let id = header(&response, "x-request-id");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status, "{problem}");
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["request_id"], id.as_str(), "{problem}");
    assert_eq!(problem["type"], "about:blank");
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    assert_eq!(id.len(), 32);
}

#[tokio::test]
async fn each_path_goes_to_its_service() {
    let edge = Edge::start(Settings::default()).await;
    let table = [
        ("auth", "/api/auth/login"),
        ("auth", "/api/auth"),
        ("auth", "/api/auth/.well-known/jwks.json"),
        ("auth", "/api/users/me"),
        ("auth", "/api/users?q=a%20b"),
        ("product", "/api/products"),
        ("product", "/api/products?q=caf%C3%A9&limit=5"),
        ("product", "/api/products/a-slug/reviews"),
        ("product", "/api/products/1/images"),
        ("product", "/api/products/import"),
        ("product", "/api/inventory/locations"),
        ("product", "/api/inventory/stock-takes"),
        ("product", "/api/products/imports/1/retry"),
        ("product", "/api/products/export?format=shopify"),
        ("product", "/api/categories/1"),
        ("product", "/api/reviews/1"),
        ("product", "/api/wishlist"),
        ("product", "/api/wishlist/shared/s3cret"),
        ("order", "/api/cart"),
        ("order", "/api/cart/items/1"),
        ("order", "/api/orders"),
        ("order", "/api/orders/1/events"),
        ("order", "/api/orders/1/events/2"),
        ("order", "/api/orders/1/events/stream"),
        ("order", "/api/returns/1/approve"),
        ("order", "/api/payments/1/refund"),
        ("order", "/api/payment-methods/pm_1"),
        ("order", "/api/refunds/1/mark-paid"),
        ("order", "/api/disputes?state=open"),
        ("order", "/api/coupons"),
        ("order", "/api/promotions"),
        ("order", "/api/shipping-methods"),
        ("order", "/api/tax-rates"),
        ("order", "/api/shipments/1/deliver"),
        ("order", "/api/webhooks/stripe"),
        ("admin", "/api/notifications"),
        ("admin", "/api/notifications/stream"),
        ("admin", "/api/messages/1/messages"),
        ("admin", "/api/messages/1"),
        ("admin", "/admin"),
        ("admin", "/admin/orders?page=2"),
        ("admin", "/docs"),
        ("admin", "/docs/order.json"),
    ];
    for (service, path) in table {
        for base in [&edge.http, &edge.https] {
            let received: Value = get(format!("{base}{path}")).await.json().await.unwrap();
            assert_eq!(received["service"], service, "{path}");
            assert_eq!(received["uri"], path, "passed on unchanged");
        }
    }
    let unknown = [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/authx",
        "/api/cartoon",
        "/api/internal/orders",
        "/internal/reservations",
        "/api/auth/../../internal/jwks.json",
        "/metrics",
        "/health/ready",
        "/administrator",
        "/nothing",
        "/orders",
        "/orders/",
        "/orders/7",
        "/orders/0199a000-0000-7000-8000-000000000001/",
        "/orders/0199a000-0000-7000-8000-000000000001/events",
        "/verify-email/",
        "/reset-password/x",
        "/approve-email-change/",
        "/confirm-email-changes",
        "/unsubscribe/",
        "/wishlist/x",
        "/products",
        "/products/",
        "/products/a/b",
        "/media/nothing.webp",
        "/media/",
        "/media/../nginx.conf",
        "/media../tls.key",
        "/.env",
        "/__problem",
        "/__preflight",
    ];
    for path in unknown {
        let mut raw = raw(
            &edge.http,
            &format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"),
        )
        .await;
        raw.make_ascii_lowercase();
        assert!(
            raw.starts_with("http/1.1 404 ")
                || (path == "/media/" && raw.starts_with("http/1.1 403 ")),
            "{path}: {raw}"
        );
        assert!(
            raw.contains("content-type: application/problem+json"),
            "{path}: {raw}"
        );
    }
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ] {
        let response = client()
            .request(method.clone(), format!("{}/api/orders/1", edge.http))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{method}");
    }
}

#[tokio::test]
async fn nginx_answers_itself_where_no_service_is_needed() {
    let edge = Edge::start(Settings::default()).await;
    let page = get(format!("{}/", edge.http)).await;
    assert_eq!(header(&page, "content-type"), "text/html");
    assert!(header(&page, "content-security-policy").contains("style-src 'self'"));
    let text = page.text().await.unwrap();
    assert!(text.contains("href=\"/docs\"") && text.contains("href=\"/admin\""));
    assert!(
        !text.contains("http://") && !text.contains("https://"),
        "no foreign assets"
    );
    assert_eq!(
        header(
            &get(format!("{}/style.css", edge.http)).await,
            "content-type"
        ),
        "text/css"
    );
    let health: Value = get(format!("{}/health", edge.http))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(health["status"], "ok");

    edge.put_picture("a1b2.webp", b"picture");
    let picture = get(format!("{}/media/a1b2.webp", edge.http)).await;
    assert_eq!(header(&picture, "content-type"), "image/webp");
    assert_eq!(
        header(&picture, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        header(&picture, "cross-origin-resource-policy"),
        "cross-origin"
    );
    assert!(
        header(&picture, "content-security-policy").starts_with("default-src 'none'"),
        "an uploaded SVG may run nothing"
    );
    assert_eq!(picture.text().await.unwrap(), "picture");
    let missing = get(format!("{}/media/gone.webp", edge.http)).await;
    assert_eq!(
        header(&missing, "cache-control"),
        "no-store",
        "an absence is not immutable"
    );
}

/// What mails link to, as auth, order and product write it.
const LINKS_OF_MAILS: [&str; 9] = [
    "/unsubscribe?token=s3cret",
    "/wishlist?token=s3cret",
    "/products/a-red-lamp-2",
    "/verify-email?token=s3cret",
    "/approve-email-change?token=s3cret",
    "/confirm-email-change?token=s3cret",
    "/reset-password?token=s3cret",
    "/orders/0199a000-0000-7000-8000-000000000001",
    "/orders/0199a000-0000-7000-8000-000000000001?token=s3cret",
];

#[tokio::test]
async fn links_of_mails_open_pages() {
    let edge = Edge::start(Settings::default()).await;
    for (base, link) in [&edge.http, &edge.https]
        .into_iter()
        .flat_map(|base| LINKS_OF_MAILS.map(|link| (base, link)))
    {
        let page = get(format!("{base}{link}")).await;
        assert_eq!(page.status(), StatusCode::OK, "{link}");
        assert_eq!(header(&page, "content-type"), "text/html", "{link}");
        assert_eq!(header(&page, "cache-control"), "no-cache", "{link}");
        assert_eq!(
            header(&page, "content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "{link}"
        );
        let text = page.text().await.unwrap();
        assert!(text.contains("<noscript>"), "{link}: readable without");
        for forbidden in [
            "http://", "https://", "<style", "style=", "<script>", "onclick=",
        ] {
            assert!(!text.contains(forbidden), "{link}: {forbidden}");
        }
        // Everything it names exists, as what it is.
        let mut named = 0;
        for attribute in ["src=\"", "href=\""] {
            for rest in text.split(attribute).skip(1) {
                let path = rest.split('"').next().unwrap_or_default();
                let file = get(format!("{base}{path}")).await;
                assert_eq!(file.status(), StatusCode::OK, "{link}: {path}");
                if path.ends_with(".js") {
                    assert_eq!(header(&file, "content-type"), "text/javascript", "{path}");
                    named += 1;
                }
            }
        }
        assert_eq!(named, 1, "{link}: one script");
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let refused = client()
                .request(method, format!("{base}{link}"))
                .send()
                .await
                .unwrap();
            assert_problem(refused, 405, "method_not_allowed").await;
        }
    }
    let log = serde_json::to_string(&edge.log()).unwrap();
    assert!(!log.contains("s3cret"), "tokens stay out of the log");
}

#[tokio::test]
async fn a_service_learns_who_asks_and_under_which_id() {
    let edge = Edge::start(Settings::default()).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let response = client()
        .get(format!("{}/api/orders", edge.https))
        .header("x-request-id", "forged")
        .header("x-real-ip", "203.0.113.9")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-proto", "gopher")
        .header("forwarded", "for=203.0.113.9")
        .header("baggage", "a=b")
        .header("traceparent", trace)
        .header("tracestate", "vendor=1")
        .send()
        .await
        .unwrap();
    let id = header(&response, "x-request-id");
    assert_eq!(
        response.headers().get_all("x-request-id").iter().count(),
        1,
        "nginx's, and not also the service's"
    );
    assert_eq!(header(&response, "etag"), "\"1\"", "stays strong");
    let received: Value = response.json().await.unwrap();
    let headers = &received["headers"];
    assert_eq!(headers["x-request-id"], id.as_str());
    assert_eq!(
        (&headers["x-real-ip"], &headers["x-forwarded-for"]),
        (&"127.0.0.1".into(), &"127.0.0.1".into())
    );
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["host"], edge.https.trim_start_matches("https://"));
    assert_eq!(
        (&headers["traceparent"], &headers["tracestate"]),
        (&trace.into(), &"vendor=1".into())
    );
    assert!(
        headers.get("forwarded").is_none()
            && headers.get("baggage").is_none()
            && headers.get("connection").is_none(),
        "{headers}"
    );

    // Without a trace the request id is one, and a broken one is no trace.
    for given in [
        None,
        Some("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
        Some("nonsense"),
    ] {
        let mut request = client()
            .get(format!("{}/api/orders", edge.http))
            .header("tracestate", "vendor=1");
        if let Some(given) = given {
            request = request.header("traceparent", given);
        }
        let response = request.send().await.unwrap();
        let id = header(&response, "x-request-id");
        let received: Value = response.json().await.unwrap();
        assert_eq!(
            received["headers"]["traceparent"],
            format!("00-{id}-{}-01", &id[..16])
        );
        assert!(received["headers"].get("tracestate").is_none());
    }

    // A Host that is no name is replaced, not passed on.
    let text = raw(
        &edge.http,
        "GET /api/orders HTTP/1.1\r\nHost: a,b\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(text.contains("\"host\":\"invalid\""), "{text}");
}

#[tokio::test]
async fn errors_of_nginx_are_problems() {
    let settings = Settings {
        admin_port: Some(1),
        ..Settings::default()
    };
    let edge = Edge::start(settings).await;
    let base = &edge.http;
    assert_problem(get(format!("{base}/api/nothing")).await, 404, "not_found").await;
    assert_problem(
        client().post(format!("{base}/")).send().await.unwrap(),
        405,
        "method_not_allowed",
    )
    .await;
    assert_problem(
        get(format!("{base}/api/products?q={}", "a".repeat(20_000))).await,
        414,
        "uri_too_long",
    )
    .await;
    let response = client()
        .get(format!("{base}/api/products"))
        .header("x-long", "a".repeat(20_000))
        .send()
        .await
        .unwrap();
    assert_problem(response, 431, "headers_too_large").await;
    let response = client()
        .post(format!("{base}/api/products"))
        .body(vec![b' '; 1_100_000])
        .send()
        .await
        .unwrap();
    assert_problem(response, 413, "payload_too_large").await;
    let response = client()
        .post(format!("{base}/api/products/1/images"))
        .body(vec![b' '; 9_000_000])
        .send()
        .await
        .unwrap();
    let received: Value = response.json().await.unwrap();
    assert_eq!(received["bytes"], 9_000_000, "pictures may be larger");

    let down = get(format!("{base}/admin")).await;
    assert_eq!(header(&down, "retry-after"), "2");
    assert_problem(down, 503, "unavailable").await;

    for broken in [
        "GET / HTTP/1.1\r\n\r\n",
        "\u{1}\u{2}\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: shop\r\n\r\n",
    ] {
        let answer = raw(base, broken).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ")
                && answer.contains("application/problem+json")
                && answer.contains("\"code\":\"bad_request\""),
            "{answer}"
        );
    }
    let plain = get(format!("{}/", edge.https.replace("https", "http"))).await;
    assert_problem(plain, 400, "bad_request").await;

    // The services' own answers pass as they are.
    for status in ["404", "422", "500", "503"] {
        let response = client()
            .get(format!("{base}/api/orders"))
            .header("x-answer", status)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_str(), status);
        let received: Value = response.json().await.unwrap();
        assert_eq!(received["service"], "order");
    }
}

#[tokio::test]
async fn only_listed_origins_may_read_the_api() {
    let edge = Edge::start(Settings::default()).await;
    let ask = async |origin: &str, path: &str| {
        client()
            .get(format!("{}{path}", edge.http))
            .header("origin", origin)
            .send()
            .await
            .unwrap()
    };
    for origin in ["https://shop.example", "http://localhost:3000"] {
        // Also what nginx answers itself, or a shop could not read why it was refused.
        for path in ["/api/products", "/api/nothing"] {
            let response = ask(origin, path).await;
            assert_eq!(
                header(&response, "access-control-allow-origin"),
                origin,
                "{path}"
            );
            assert!(header(&response, "access-control-expose-headers").contains("X-Request-Id"));
            assert!(header(&response, "vary").contains("Origin"));
        }
    }
    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "http://localhost:300",
        "http://localhost:30000",
        "null",
        "https://shop.example|",
        "https://shop",
        "*",
        "",
    ] {
        let response = ask(origin, "/api/products").await;
        assert_eq!(
            header(&response, "access-control-allow-origin"),
            "",
            "{origin}"
        );
        assert!(
            header(&response, "vary").contains("Origin"),
            "caches must tell origins apart"
        );
    }

    let preflight = async |origin: &str| {
        let request = client()
            .request(
                Method::OPTIONS,
                format!("{}/api/orders/1/cancel", edge.http),
            )
            .header("origin", origin);
        request
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "authorization")
            .send()
            .await
            .unwrap()
    };
    let allowed = preflight("https://shop.example").await;
    assert_eq!(allowed.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        header(&allowed, "access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(header(&allowed, "access-control-allow-methods").contains("PUT"));
    for name in [
        "Authorization",
        "Idempotency-Key",
        "If-Match",
        "X-Cart-Token",
        "X-Order-Token",
    ] {
        assert!(
            header(&allowed, "access-control-allow-headers").contains(name),
            "{name}"
        );
    }
    assert_eq!(
        header(&allowed, "access-control-allow-credentials"),
        "",
        "tokens travel in headers, not in cookies"
    );
    let refused = preflight("https://evil.example").await;
    assert_eq!(header(&refused, "access-control-allow-origin"), "");
    assert_eq!(header(&refused, "access-control-allow-methods"), "");

    let admin = ask("https://shop.example", "/admin").await;
    assert_eq!(
        header(&admin, "access-control-allow-origin"),
        "",
        "the panel has cookies and no foreign pages"
    );
}

#[tokio::test]
async fn every_answer_carries_security_headers() {
    let edge = Edge::start(Settings {
        hsts: "max-age=300",
        ..Settings::default()
    })
    .await;
    for path in [
        "/",
        "/api/products",
        "/api/nothing",
        "/admin",
        "/docs",
        "/health",
        "/verify-email",
        "/reset-password",
        "/confirm-email-change",
        "/orders/0199a000-0000-7000-8000-000000000001",
    ] {
        let response = get(format!("{}{path}", edge.https)).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=300"),
            ("server", "nginx"),
        ] {
            assert_eq!(header(&response, name), value, "{path}");
            assert_eq!(
                response.headers().get_all(name).iter().count(),
                1,
                "{path}: {name}"
            );
        }
        assert!(
            header(&response, "content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        let plain = get(format!("{}{path}", edge.http)).await;
        assert_eq!(
            header(&plain, "strict-transport-security"),
            "",
            "never on plain HTTP"
        );
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_told_when_to_come_back() {
    let edge = Edge::start(Settings {
        rate_limits: true,
        ..Settings::default()
    })
    .await;
    let (client, login) = (client(), format!("{}/api/auth/login", edge.http));
    let mut refused = None;
    for _ in 0..60 {
        let response = client.post(&login).send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("sixty tries at once are too many");
    assert_eq!(header(&refused, "retry-after"), "5");
    assert_problem(refused, 429, "rate_limited").await;
    // The same address still shops, opens the sign-in form, and Stripe's webhooks are never refused.
    assert_eq!(
        get(format!("{}/api/products", edge.http)).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        get(format!("{}/admin/login", edge.http)).await.status(),
        StatusCode::OK
    );
    let form = client
        .post(format!("{}/admin/login", edge.http))
        .send()
        .await
        .unwrap();
    assert_eq!(
        form.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "the form's guesses count as well"
    );

    let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, url) = (client.clone(), format!("{}/api/products", edge.http));
        flood.spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..120 {
                statuses.push(client.get(&url).send().await.unwrap().status().as_u16());
            }
            statuses
        });
    }
    while let Some(result) = flood.join_next().await {
        for status in result.unwrap() {
            *statuses.entry(status).or_default() += 1;
        }
    }
    assert!(
        statuses.contains_key(&429) && statuses.get(&200).is_some_and(|served| *served >= 100),
        "{statuses:?}"
    );
    for _ in 0..300 {
        let webhook = client
            .post(format!("{}/api/webhooks/stripe", edge.http))
            .send()
            .await
            .unwrap();
        assert_eq!(webhook.status(), StatusCode::OK);
    }
    assert!(
        edge.log()
            .iter()
            .any(|line| line["limited"] == "REJECTED" && line["status"] == 429)
    );
}

#[tokio::test]
async fn limits_can_be_lifted_for_load_tests() {
    let edge = Edge::start(Settings::default()).await;
    let client = client();
    for _ in 0..400 {
        assert_eq!(
            client
                .post(format!("{}/api/auth/login", edge.http))
                .send()
                .await
                .unwrap()
                .status(),
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn the_panel_can_be_kept_to_some_networks() {
    let edge = Edge::start(Settings {
        admin_allow: "203.0.113.0/24",
        ..Settings::default()
    })
    .await;
    assert_problem(get(format!("{}/admin", edge.http)).await, 403, "forbidden").await;
    assert_eq!(
        get(format!("{}/docs", edge.http)).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_line_of_the_log_finds_the_request_and_betrays_nobody() {
    let edge = Edge::start(Settings::default()).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let url = format!(
        "{}/api/orders/7?token=s3cret&email=kim%40example.com",
        edge.http
    );
    let response = client()
        .delete(url)
        .header("traceparent", trace)
        .header("user-agent", "a \"quoted\" agent")
        .bearer_auth("s3cret")
        .send()
        .await
        .unwrap();
    let id = header(&response, "x-request-id");
    let refused = client()
        .put(format!("{}/api/nothing", edge.http))
        .send()
        .await
        .unwrap();
    let refused_id = header(&refused, "x-request-id");
    testkit::eventually("two lines", async || (edge.log().len() >= 2).then_some(())).await;

    let log = edge.log();
    let line = log
        .iter()
        .find(|line| line["request_id"] == id.as_str())
        .unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["status"]),
        (&"DELETE".into(), &"/api/orders/7".into(), &200.into())
    );
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(line["client"], "127.0.0.0/24");
    assert_eq!(line["user_agent"], "a \"quoted\" agent");
    assert!(
        line["upstream_status"] == "200" && line["seconds"].is_number(),
        "{line}"
    );
    let text = line.to_string();
    assert!(
        !text.contains("s3cret") && !text.contains("example.com") && !text.contains("127.0.0.1\""),
        "{text}"
    );
    let line = log
        .iter()
        .find(|line| line["request_id"] == refused_id.as_str())
        .unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["status"]),
        (&"PUT".into(), &"/api/nothing".into(), &404.into())
    );
}

/// A server that closes each connection after a request has come in, without an answer; it counts the requests.
async fn hangs_up() -> (u16, std::sync::Arc<std::sync::atomic::AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, seen) = (
        listener.local_addr().unwrap().port(),
        std::sync::Arc::<std::sync::atomic::AtomicU32>::default(),
    );
    let counter = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            if connection
                .read(&mut buffer)
                .await
                .is_ok_and(|count| count > 0)
            {
                counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
    });
    (port, seen)
}

#[tokio::test]
async fn a_replica_that_is_gone_costs_no_request() {
    let gone = devstack::ports::any().unwrap();
    let servers = format!("server 127.0.0.1:{gone} max_fails=0;");
    let edge = Edge::start(Settings {
        more_order_servers: servers,
        ..Settings::default()
    })
    .await;
    for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
        for _ in 0..20 {
            let response = client()
                .request(method.clone(), format!("{}/api/orders", edge.http))
                .body("x")
                .send()
                .await
                .unwrap();
            assert_eq!(
                response.status(),
                StatusCode::OK,
                "{method}: it was never sent, so it may go elsewhere"
            );
        }
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let (port, seen) = hangs_up().await;
    let servers = format!("server 127.0.0.1:{port} weight=1000 max_fails=0;");
    let edge = Edge::start(Settings {
        more_order_servers: servers,
        ..Settings::default()
    })
    .await;
    let response = client()
        .post(format!("{}/api/orders", edge.http))
        .body("x")
        .send()
        .await
        .unwrap();
    assert_problem(response, 503, "unavailable").await;
    assert_eq!(
        seen.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "a POST is sent once"
    );
    let response = get(format!("{}/api/orders", edge.http)).await;
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "a GET may be asked of the other one"
    );
}

#[tokio::test]
async fn events_pass_as_they_come() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = connection.read(&mut buffer).await.unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n").await.unwrap();
        // The second event exists only after the first one was read.
        wait.await.unwrap();
        connection
            .write_all(b"8\r\ndata: 2\n\r\n0\r\n\r\n")
            .await
            .unwrap();
    });
    let servers = format!("server 127.0.0.1:{port} weight=1000;");
    let edge = Edge::start(Settings {
        more_order_servers: servers,
        ..Settings::default()
    })
    .await;
    let mut response = client()
        .get(format!("{}/api/orders/1/events", edge.http))
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: 1\n");
    go.send(()).unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: 2\n");
}

/// What comes back for these very bytes.
async fn raw(base: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(base.trim_start_matches("http://"))
        .await
        .unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(
        std::time::Duration::from_secs(5),
        connection.read_to_end(&mut answer),
    )
    .await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn the_stack_answers_on_every_route() {
    let stack = Stack::running();
    let base = stack.base_url();
    for (path, statuses) in [
        ("/", &[200][..]),
        ("/health", &[200]),
        ("/docs", &[200, 301, 302, 303, 307, 308]),
        ("/admin", &[200, 301, 302, 303, 307, 308]),
        ("/verify-email", &[200]),
        ("/reset-password", &[200]),
        ("/approve-email-change", &[200]),
        ("/confirm-email-change", &[200]),
        ("/orders/0199a000-0000-7000-8000-000000000001", &[200]),
        ("/api/products", &[200]),
        ("/api/categories", &[200]),
        ("/api/auth/.well-known/jwks.json", &[200]),
        ("/api/users/me", &[401]),
        ("/api/orders", &[401]),
        ("/unsubscribe", &[200]),
        ("/wishlist", &[200]),
        ("/products/nothing", &[200]),
        ("/api/reviews", &[401]),
        ("/api/wishlist", &[401]),
        ("/api/notifications", &[401, 404]),
        ("/api/cart", &[200, 401, 404]),
    ] {
        let response = get(format!("{base}{path}")).await;
        assert!(
            statuses.contains(&response.status().as_u16()),
            "{path}: {}",
            response.status()
        );
        assert_eq!(header(&response, "x-request-id").len(), 32, "{path}");
        if path.starts_with("/api") && response.status().is_client_error() {
            assert_eq!(
                header(&response, "content-type"),
                "application/problem+json",
                "{path}"
            );
            let id = header(&response, "x-request-id");
            let problem: Value = response.json().await.unwrap();
            assert_eq!(
                problem["request_id"],
                id.as_str(),
                "{path}: nginx's id reaches the service and comes back"
            );
        }
    }
    assert_problem(get(format!("{base}/api/nothing")).await, 404, "not_found").await;
    assert_eq!(
        get(format!(
            "{}/health",
            stack.text("/https_url").trim_end_matches('/')
        ))
        .await
        .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn internal_listeners_cannot_be_reached_through_nginx() {
    let stack = Stack::running();
    for path in [
        "/internal/jwks.json",
        "/api/internal/jwks.json",
        "/api/auth/internal/jwks.json",
        "/health/ready",
        "/metrics",
        "/api/orders/../../internal/orders",
    ] {
        let answer = raw(
            stack.base_url(),
            &format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"),
        )
        .await;
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(status == "404" || status == "401", "{path}: {answer}");
    }
}
