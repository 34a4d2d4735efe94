//! Words by which staff find orders again.

use axum::extract::State;
use axum::http::Method;
use axum::response::Redirect;
use primitives::OrderId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{back, path};
use crate::app::AppState;
use crate::error::Result;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};

#[derive(Deserialize)]
pub(super) struct Tag {
    tag: String,
    /// Whether it is taken off.
    #[serde(default)]
    remove: bool,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Tag>,
) -> Result<Redirect> {
    let to = format!("/internal/orders/{id}/tags/{}", word(&form.tag));
    let method = if form.remove {
        Method::DELETE
    } else {
        Method::PUT
    };
    let behalf = session.on_behalf_of();
    let tag = Change {
        action: "order.tag",
        target: format!("order:{id}"),
        details: json!({ "tag": form.tag, "remove": form.remove }),
        call: app.order.call(method, &to, Some(&behalf))?,
        page: &path(id),
    };
    change::<Value>(&app, &session, tag).await?;
    Ok(back(id, "tags"))
}

/// As order takes tags: `Big gift` is `big-gift`. What is no such word is refused here by being none, not sent as another path.
pub(super) fn word(text: &str) -> String {
    let word = text.trim().to_lowercase().replace(' ', "-");
    word.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_tag_is_one_part_of_a_path() {
        assert_eq!(word(" Big gift "), "big-gift");
        assert_eq!(word("../../x?y#z"), "______x_y_z");
    }
}
