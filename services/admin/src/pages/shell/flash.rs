/// What the last form did, as a sentence; `?done=` of a page's address names it.
pub(super) fn sentence(done: &str) -> Option<&'static str> {
    Some(match done {
        "approve" => "The product is public.",
        "cancel" => "The order is cancelled.",
        "deliver" => "The shipment is marked as delivered.",
        "refund" => "The refund is on its way.",
        "reject" => "The product is rejected, and the seller sees why.",
        "ship" => "The shipment is recorded, and the customer gets a mail.",
        "totp" => "The authenticator app is set up.",
        "totp_removed" => "The authenticator app is removed.",
        "view" => "The view is saved.",
        "view_removed" => "The view is removed.",
        _ => return None,
    })
}
