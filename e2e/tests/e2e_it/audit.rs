//! The panel and the services tell the audit log of the same acts: their words must be the same, or one act stands there as two.

use testkit::eventually_within;

use crate::panel::Panel;
use crate::shop::{PATIENCE, Shop, unique};

#[tokio::test]
async fn an_act_in_the_panel_is_one_act_in_the_log() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 5).await;
    let customer = shop.register("Nora").await;
    let order = shop.buy(&customer, &product, 1).await;
    let panel = Panel::sign_in(&shop).await;
    let send = async |page: &str, form: &str, fields: &[(&str, &str)]| {
        let done = panel.submit(page, form, fields).await;
        assert_eq!(done.status, 303, "{form}: {}", done.text());
        done.header("location").to_owned()
    };

    let order = order["id"].as_str().unwrap();
    let page = format!("/admin/orders/{order}");
    let tags = format!("{page}/tags");
    send(&page, &tags, &[("tag", "traced")]).await;
    send(&page, &tags, &[("remove", "true")]).await;
    let note = [("message", "Called them")];
    send(&page, &format!("{page}/notes"), &note).await;
    let parcel = [
        ("quantity", "1"),
        ("carrier", "DHL"),
        ("tracking_number", "T1"),
    ];
    let form = format!("{page}/ship");
    send(&form, &form, &parcel).await;
    let form = format!("{page}/returns");
    let wish = [("quantity", "1"), ("reason", "unwanted")];
    send(&form, &form, &wish).await;
    let html = panel.page(&page).await;
    let (back, _) = html
        .split_once("/approve\"")
        .expect("the return can be approved");
    let back = format!("{page}/returns/{}", back.rsplit('/').next().unwrap());
    send(&page, &format!("{back}/approve"), &[]).await;
    let form = format!("{back}/receive");
    let came = [("quantity", "1"), ("condition", "new")];
    send(&form, &form, &came).await;
    let form = format!("{back}/refund");
    send(&form, &form, &[]).await;
    are_whole(&panel, &format!("order:{order}"), 8).await;

    let user = format!("/admin/customers/{}", customer.id);
    let why = [("reason", "They asked")];
    send(&user, &format!("{user}/disable"), &why).await;
    send(&user, &format!("{user}/enable"), &why).await;
    are_whole(&panel, &format!("user:{}", customer.id), 2).await;

    let page = format!("/admin/products/{}", product.id);
    let price = format!("{page}/price");
    send(&price, &price, &[("price", "21.00")]).await;
    let counted = [("units", "9"), ("reason", "Counted")];
    send(&format!("{page}/stock"), &format!("{page}/stock"), &counted).await;
    send(&page, &format!("{page}/archive"), &[]).await;
    are_whole(&panel, &format!("product:{}", product.id), 3).await;

    // Nobody knows its id when they wish for it.
    let tree = "/admin/categories";
    let name = unique();
    let made = send(tree, tree, &[("name", name.as_str())]).await;
    let page = made.split('?').next().unwrap();
    let attribute = [("v0.key", "watts"), ("v0.kind", "number")];
    send(page, &format!("{page}/attributes"), &attribute).await;
    send(page, &format!("{page}/delete"), &[]).await;
    let category = format!("category:{}", page.rsplit('/').next().unwrap());
    are_whole(&panel, &category, 2).await;
    eventually_within(PATIENCE, "its creation is one act", async || {
        let log = panel.page("/admin/audit?action=category.create").await;
        let acts = asked(&log);
        let made = acts.iter().find(|act| act.contains(&category))?;
        made.contains(">changed</a>").then_some(())
    })
    .await;
}

/// Waits until as many acts on something were asked for in the panel as were sent, and each says what it changed.
async fn are_whole(panel: &Panel, target: &str, sent: usize) {
    let path = format!("/admin/audit?target={target}");
    eventually_within(PATIENCE, &format!("{sent} acts on {target}"), async || {
        let log = panel.page(&path).await;
        let acts = asked(&log);
        let whole = acts.iter().all(|act| act.contains(">changed</a>"));
        (whole && acts.len() == sent).then_some(())
    })
    .await;
}

/// The rows of the page that are of the panel.
fn asked(log: &str) -> Vec<&str> {
    log.split("<tr>")
        .filter(|row| row.contains(">asked</a>"))
        .collect()
}
