use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};

use crate::Shop;

/// Answers 503 `maintenance` to whoever would change something while the shop is closed. Paths that begin with one of `open` go on: news
/// from outside that nobody sends twice, and signing in.
pub fn closable<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    shop: Shop,
    open: &'static [&'static str],
) -> Router<S> {
    router.layer(from_fn_with_state((shop, open), guard))
}

async fn guard(
    State((shop, open)): State<(Shop, &'static [&'static str])>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let path = request.uri().path();
    if reads || open.iter().any(|prefix| path.starts_with(prefix)) {
        return next.run(request).await;
    }
    let Some(closed) = shop.now().maintenance.clone() else {
        return next.run(request).await;
    };
    http_kit::Error::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "maintenance",
        closed.message,
    )
    .header(
        header::RETRY_AFTER,
        HeaderValue::from(closed.retry_after_seconds.max(1)),
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use contracts::events::{Maintenance, SettingsChanged, ShopSettings};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_closed_shop_can_be_looked_at_and_hears_of_payments() {
        let shop = Shop::default();
        let router = Router::new().route("/{*any}", any(async || "done"));
        let router = closable(router, shop.clone(), &["/api/webhooks/"]);
        let ask = async |method: Method, path: &str| {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .body(Body::empty());
            router.clone().oneshot(request.unwrap()).await.unwrap()
        };
        assert_eq!(ask(Method::POST, "/api/cart").await.status(), 200);
        let closed = ShopSettings {
            maintenance: Some(Maintenance {
                message: "Back at noon.".to_owned(),
                retry_after_seconds: 600,
            }),
            ..ShopSettings::default()
        };
        shop.learn(SettingsChanged {
            version: 1,
            settings: closed,
        });
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = ask(method, "/api/cart").await;
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["retry-after"], "600");
            let body = axum::body::to_bytes(answer.into_body(), 10_000)
                .await
                .unwrap();
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&problem["code"], &problem["detail"]),
                (&"maintenance".into(), &"Back at noon.".into())
            );
        }
        assert_eq!(ask(Method::GET, "/api/cart").await.status(), 200);
        assert_eq!(ask(Method::HEAD, "/api/cart").await.status(), 200);
        assert_eq!(
            ask(Method::POST, "/api/webhooks/stripe").await.status(),
            200
        );
        shop.learn(SettingsChanged {
            version: 2,
            settings: ShopSettings::default(),
        });
        assert_eq!(ask(Method::POST, "/api/cart").await.status(), 200);
    }
}
