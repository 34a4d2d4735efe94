//! nginx, in front of all.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use devstack::nginx as nginx_server;

use super::Stack;
use crate::stack::{certificate, nginx};

impl Stack {
    pub(super) fn start_nginx(&mut self, limits: bool) -> Result<()> {
        if let Some(mut process) = self.nginx.take() {
            process.stop()?;
        }
        let folder = self.servers_folder.join("nginx");
        let (certificate, key) =
            certificate::ensure(&self.tools, &self.run_as, &self.servers_folder.join("tls"))?;
        let _ = fs::remove_dir_all(folder.join("snippets"));
        nginx::copy(&self.project.join("nginx/html"), &folder.join("html"))?;
        let media = self.servers_folder.join("media");
        let server = |service: &str| {
            self.ports
                .public(service)
                .map(|port| format!("server 127.0.0.1:{port} max_fails=0;"))
                .unwrap_or_default()
        };
        let variables = BTreeMap::from([
            ("NGINX_WORKERS", "2".to_owned()),
            ("NGINX_ERROR_LOG", "stderr".to_owned()),
            (
                "NGINX_ACCESS_LOG",
                folder.join("access.log").display().to_string(),
            ),
            ("NGINX_TRUSTED_PROXY", "unix:".to_owned()),
            (
                "NGINX_HTTP_LISTEN",
                format!("127.0.0.1:{}", self.ports.http),
            ),
            (
                "NGINX_HTTPS_LISTEN",
                format!("127.0.0.1:{}", self.ports.https),
            ),
            (
                "NGINX_RATE_LIMITS",
                if limits { "on" } else { "off" }.to_owned(),
            ),
            (
                "NGINX_CORS_ORIGINS",
                self.environment
                    .get("CORS_ORIGINS")
                    .unwrap_or_else(|| "http://localhost:3000 http://localhost:5173".into()),
            ),
            ("NGINX_HSTS", String::new()),
            ("NGINX_HTML_DIR", folder.join("html").display().to_string()),
            ("NGINX_MEDIA_DIR", media.display().to_string()),
            ("NGINX_ADMIN_ALLOW", "all".to_owned()),
            ("NGINX_TLS_CERTIFICATE", certificate.display().to_string()),
            ("NGINX_TLS_CERTIFICATE_KEY", key.display().to_string()),
            ("NGINX_AUTH_SERVERS", server("auth")),
            ("NGINX_PRODUCT_SERVERS", server("product")),
            ("NGINX_ORDER_SERVERS", server("order")),
            ("NGINX_ADMIN_SERVERS", server("admin")),
        ]);
        nginx::render(&self.project.join("nginx/templates"), &folder, &variables)?;
        let ports = [self.ports.http, self.ports.https];
        self.nginx = Some(nginx_server::start(
            &self.tools,
            &self.run_as,
            &folder,
            "nginx.conf",
            &self.place.log("nginx"),
            &ports,
        )?);
        Ok(())
    }
}
