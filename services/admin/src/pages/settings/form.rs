use askama::Template;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::AppState;
use crate::config::Defaults;
use crate::domain::settings::{Fields, Problems};
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::read::snapshot;
use crate::session::{May, Session};
use crate::store;
use crate::store::audit_rows::{AuditFilter, AuditRow};

/// Changes that are shown beside the form.
const HISTORY: i64 = 5;

#[derive(Template)]
#[template(path = "settings/form.html")]
pub(super) struct Page {
    shell: Shell,
    fields: Fields,
    problems: Problems,
    /// What another currency would break, to be confirmed.
    warning: Option<String>,
    version: i64,
    defaults: Defaults,
    shop_name: String,
    history: Vec<AuditRow>,
}

impl Page {
    /// What is wrong with a field.
    fn problem(&self, name: &str) -> Option<&str> {
        let problem = self.problems.iter().find(|problem| problem.0 == name);
        problem.map(|problem| problem.1.as_str())
    }

    fn invalid(&self, name: &str) -> bool {
        self.problem(name).is_some()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageSettings>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = app.pool.acquire().await?;
    let known = store::settings::read(&mut db).await?;
    drop(db);
    let form = Form {
        fields: Fields::of(&known.settings),
        version: known.version,
        problems: vec![],
        warning: None,
    };
    let shell = Shell::new(&session, "/admin/settings", params.done.as_deref());
    Ok(Html(form.render(&app, shell).await?))
}

/// The form as it stands on the page.
pub(super) struct Form {
    pub(super) fields: Fields,
    pub(super) version: i64,
    pub(super) problems: Problems,
    pub(super) warning: Option<String>,
}

impl Form {
    async fn render(self, app: &AppState, shell: Shell) -> Result<String> {
        let mut db = snapshot(&app.pool).await?;
        let filter = AuditFilter {
            action: "settings.change".to_owned(),
            ..AuditFilter::default()
        };
        let history = store::audit_rows::list(&mut db, &filter, None, HISTORY).await?;
        drop(db);
        let page = Page {
            shell,
            fields: self.fields,
            problems: self.problems,
            warning: self.warning,
            version: self.version,
            defaults: app.defaults.clone(),
            shop_name: app.shop_name.clone(),
            history,
        };
        Ok(page.render()?)
    }

    /// The form again, as it was filled in, with what is wrong.
    pub(super) async fn refused(self, app: &AppState, session: &Session) -> Result<Response> {
        let shell = Shell::new(session, "/admin/settings", None);
        let page = self.render(app, shell).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
    }
}
