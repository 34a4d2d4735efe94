/// What the last form did, as a sentence; `?done=` of a page's address names it.
pub(super) fn sentence(done: &str) -> Option<&'static str> {
    Some(match done {
        "approve" => "The product is public.",
        "cancel" => "The order is cancelled.",
        "deliver" => "The shipment is marked as delivered.",
        "price" => "The price is changed.",
        "refund" => "The refund is on its way.",
        "reject" => "The product is rejected, and the seller sees why.",
        "ship" => "The shipment is recorded, and the customer gets a mail.",
        "stock" => "The stock is changed.",
        "totp" => "The authenticator app is set up.",
        "totp_removed" => "The authenticator app is removed.",
        "replayed" => "It is on its way again.",
        "replayed_none" => "Nothing failed since then.",
        "webhook_deleted" => "The endpoint is removed, with its deliveries.",
        "webhook_off" => "The endpoint is switched off.",
        "webhook_on" => "The endpoint is switched on. What waited for it is on its way.",
        "webhook_updated" => "The endpoint is changed.",
        "undone" => "The last change is taken back.",
        "view" => "The view is saved.",
        "view_removed" => "The view is removed.",
        _ => return None,
    })
}
