use axum::extract::State;
use http_kit::{Json, Page};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;

/// An identity provider that can sign people in.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderView {
    #[schema(example = "entra")]
    id: String,
    #[schema(example = "Microsoft")]
    name: String,
    /// Where a sign-in begins; a page adds `?return_to=`.
    #[schema(example = "/api/auth/oidc/entra/authorize")]
    authorize_path: String,
}

/// List the identity providers, for a page to sign in
#[utoipa::path(get, path = "/api/auth/oidc/providers", tag = "auth", responses((status = 200, body = Page<ProviderView>)))]
pub(crate) async fn list_providers(State(state): State<AppState>) -> Json<Page<ProviderView>> {
    let data = state.providers.iter().map(|provider| ProviderView {
        id: provider.config.id.clone(),
        name: provider.config.name.clone(),
        authorize_path: format!("/api/auth/oidc/{}/authorize", provider.config.id),
    });
    Json(Page {
        data: data.collect(),
        next_cursor: None,
    })
}
