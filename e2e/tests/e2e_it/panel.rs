//! The admin panel as a browser without JavaScript uses it: cookies and forms.

use testkit::http::{Answer, Client};

use crate::shop::Shop;

/// A member of staff who is signed in.
pub(crate) struct Panel {
    client: Client,
    origin: String,
    cookies: String,
}

impl Panel {
    /// The administrator signs in.
    pub(crate) async fn sign_in(shop: &Shop) -> Self {
        let origin = shop.stack.base_url().to_owned();
        let form = shop.client.get("/admin/login").expect(200).await;
        let csrf = field(&form.text(), "csrf");
        let (email, password) = shop.admin_sign_in();
        let credentials = [("csrf", &csrf), ("email", &email), ("password", &password)];
        let signed_in = shop
            .client
            .post("/admin/login")
            .header("origin", &origin)
            .header("cookie", &cookies(&form))
            .form(&credentials)
            .expect(303)
            .await;
        assert_eq!(signed_in.header("location"), "/admin");
        Self {
            client: shop.client.clone(),
            origin,
            cookies: cookies(&signed_in),
        }
    }

    /// A page.
    pub(crate) async fn page(&self, path: &str) -> String {
        self.client
            .get(path)
            .header("cookie", &self.cookies)
            .expect(200)
            .await
            .text()
    }

    /// Sends the form on `page` that leads to `action`, with what is hidden in it and `fields`.
    pub(crate) async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let html = self.page(page).await;
        let marker = format!("method=\"post\" action=\"{action}\"");
        let (_, rest) = html
            .split_once(&marker)
            .unwrap_or_else(|| panic!("no form leads to {action}"));
        let form = rest.split("</form>").next().unwrap_or_default();
        let mut filled: Vec<(String, String)> = form
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .filter_map(|hidden| hidden.split('"').next())
            .map(|name| (name.to_owned(), field(form, name)))
            .collect();
        filled.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request = self
            .client
            .post(action)
            .header("cookie", &self.cookies)
            .header("origin", &self.origin);
        request.form(&filled).send().await
    }
}

/// The value of a hidden field.
fn field(html: &str, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let (_, rest) = html
        .split_once(&marker)
        .unwrap_or_else(|| panic!("no field {name} in {html}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The `Cookie` header that a browser would send after this answer.
fn cookies(answer: &Answer) -> String {
    let set = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let pairs: Vec<_> = set
        .filter(|cookie| !cookie.contains("Max-Age=0"))
        .map(|cookie| {
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite="),
                "{cookie}"
            );
            cookie.split(';').next().unwrap_or_default().to_owned()
        })
        .collect();
    assert!(!pairs.is_empty(), "no cookie was set");
    pairs.join("; ")
}
