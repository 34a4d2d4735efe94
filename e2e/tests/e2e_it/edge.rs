//! An nginx of its own with the project's templates, in front of services that say what they received.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use devstack::packages::Tools;
use devstack::process::{Process, Spec};
use devstack::user::RunAs;
use devstack::{nginx, ports};
use serde_json::{Value, json};
use testkit::Served;

/// What a test may change.
pub(crate) struct Settings {
    pub(crate) rate_limits: bool,
    pub(crate) admin_allow: &'static str,
    pub(crate) hsts: &'static str,
    /// More servers of order's upstream, before its own.
    pub(crate) more_order_servers: String,
    /// The port of a server that takes admin's place.
    pub(crate) admin_port: Option<u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limits: false,
            admin_allow: "all",
            hsts: "",
            more_order_servers: String::new(),
            admin_port: None,
        }
    }
}

/// The instance. Dropping it stops it and removes its folder.
pub(crate) struct Edge {
    pub(crate) http: String,
    pub(crate) https: String,
    folder: PathBuf,
    process: Process,
    services: Vec<Served>,
}

impl Edge {
    pub(crate) async fn start(settings: Settings) -> Self {
        let mut services = Vec::new();
        for name in ["auth", "product", "order", "admin"] {
            services.push(testkit::serve(echo(name)).await);
        }
        let ports: Vec<u16> = services.iter().map(|service| service.addr.port()).collect();
        // Starting processes and waiting for them blocks.
        let (folder, process, http, https) =
            tokio::task::spawn_blocking(move || launch(&settings, &ports))
                .await
                .expect("nginx was launched");
        Self {
            http: format!("http://127.0.0.1:{http}"),
            https: format!("https://127.0.0.1:{https}"),
            folder,
            process,
            services,
        }
    }

    /// The access log so far, a JSON object a line.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("access.log")).unwrap_or_default();
        text.lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// Ends the services; nginx stays.
    pub(crate) fn without_services(&mut self) {
        self.services.clear();
    }

    /// Puts a picture where the product service would.
    pub(crate) fn put_picture(&self, name: &str, content: &[u8]) {
        fs::write(self.folder.join("media").join(name), content).expect("a picture");
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.process.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn launch(settings: &Settings, services: &[u16]) -> (PathBuf, Process, u16, u16) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "mercato-edge-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let (tools, run_as) = (
        Tools::find(None).expect("nginx is installed"),
        RunAs::detect().expect("a user for nginx"),
    );
    let folder = run_as
        .folder(&std::env::temp_dir().join(name))
        .expect("a folder");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::create_dir_all(folder.join("media")).expect("a folder");
    copy(&project.join("nginx/html"), &folder.join("html"));
    let path = |name: &str| folder.join(name).display().to_string();

    let certificate = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout tls.key -out tls.crt";
    let mut openssl = Spec::new(
        "openssl",
        &tools.openssl,
        &run_as,
        &folder,
        &folder.join("openssl.log"),
    );
    for arg in certificate.split(' ') {
        openssl = openssl.arg(if arg.starts_with("tls.") {
            path(arg)
        } else {
            arg.to_owned()
        });
    }
    openssl.run().expect("a certificate");

    let (http, https) = (ports::any().expect("a port"), ports::any().expect("a port"));
    let server = |port: u16| format!("server 127.0.0.1:{port};");
    let values = [
        ("NGINX_WORKERS", "1".to_owned()),
        ("NGINX_ERROR_LOG", "stderr".to_owned()),
        ("NGINX_ACCESS_LOG", path("access.log")),
        ("NGINX_HTTP_LISTEN", format!("127.0.0.1:{http}")),
        ("NGINX_HTTPS_LISTEN", format!("127.0.0.1:{https}")),
        ("NGINX_TLS_CERTIFICATE", path("tls.crt")),
        ("NGINX_TLS_CERTIFICATE_KEY", path("tls.key")),
        ("NGINX_TRUSTED_PROXY", "unix:".to_owned()),
        (
            "NGINX_CORS_ORIGINS",
            "https://shop.example http://localhost:3000".to_owned(),
        ),
        ("NGINX_HSTS", settings.hsts.to_owned()),
        (
            "NGINX_RATE_LIMITS",
            if settings.rate_limits { "on" } else { "off" }.to_owned(),
        ),
        ("NGINX_ADMIN_ALLOW", settings.admin_allow.to_owned()),
        ("NGINX_HTML_DIR", path("html")),
        ("NGINX_MEDIA_DIR", path("media")),
        ("NGINX_AUTH_SERVERS", server(services[0])),
        ("NGINX_PRODUCT_SERVERS", server(services[1])),
        (
            "NGINX_ORDER_SERVERS",
            format!("{}{}", settings.more_order_servers, server(services[2])),
        ),
        (
            "NGINX_ADMIN_SERVERS",
            server(settings.admin_port.unwrap_or(services[3])),
        ),
    ];
    render(&project.join("nginx/templates"), &folder, &values);
    let log = folder.join("nginx.log");
    let process = nginx::start(&tools, &run_as, &folder, "nginx.conf", &log, &[http, https])
        .unwrap_or_else(|error| {
            panic!(
                "{error:#}\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            )
        });
    (folder, process, http, https)
}

fn render(from: &Path, to: &Path, values: &[(&str, String)]) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("templates") {
        let path = entry.expect("a template").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        if path.is_dir() {
            render(&path, &to.join(name), values);
        } else if let Some(name) = name.strip_suffix(".template") {
            let mut text = fs::read_to_string(&path).expect("a template");
            for (variable, value) in values {
                text = text.replace(&format!("${{{variable}}}"), value);
            }
            fs::write(to.join(name), text).expect("a configuration file");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("files").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

/// A service that answers with what it received; `x-answer` chooses the status, `x-answer-caching` the `Cache-Control`.
fn echo(name: &'static str) -> Router {
    Router::new().fallback(move |request: Request| answer(name, request))
}

async fn answer(name: &'static str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let headers: serde_json::Map<String, Value> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                json!(String::from_utf8_lossy(value.as_bytes())),
            )
        })
        .collect();
    let status = parts
        .headers
        .get("x-answer")
        .and_then(|value| value.to_str().ok()?.parse::<u16>().ok())
        .unwrap_or(200);
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    let received = json!({"service": name, "method": parts.method.as_str(), "uri": parts.uri.to_string(), "headers": headers, "bytes": body.len()});
    let mut response = (
        status,
        [("x-request-id", "the service's own"), ("etag", "\"1\"")],
        Json(received),
    )
        .into_response();
    if let Some(caching) = parts.headers.get("x-answer-caching") {
        let name = axum::http::header::CACHE_CONTROL;
        response.headers_mut().insert(name, caching.clone());
    }
    response
}
