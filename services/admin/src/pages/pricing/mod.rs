//! What prices are made of: coupons, promotions, ways of sending, taxes; and benches that show what order makes of them.

mod bench;
mod coupons;
mod form;
mod keep;
mod kind;
mod preview;
mod promotions;
mod sheet;
mod shipping;
mod taxes;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

use self::form::{New, Remove, RowId, Switch};
use self::kind::Kind;
use crate::app::AppState;
use crate::input::{Path, Query, StaffForm};
use crate::session::Session;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/coupons", get(coupons::list))
        .route("/admin/coupons/{id}", get(coupons::detail))
        .route("/admin/promotions", get(promotions::list))
        .route("/admin/bench", get(bench::page))
        .route("/admin/shipping", get(shipping::list))
        .route("/admin/shipping/bench", get(shipping::bench))
        .route("/admin/taxes", get(taxes::list))
        .route("/admin/taxes/bench", get(taxes::bench))
        .merge(forms(Kind::Coupon, "/edit"))
        .merge(forms(Kind::Promotion, ""))
        .merge(forms(Kind::Method, ""))
        .merge(forms(Kind::Rate, ""))
}

type Sent = StaffForm<Vec<(String, String)>>;
type App = State<AppState>;

/// The forms of a kind of rows: the same for all.
fn forms(kind: Kind, edit: &str) -> Router<AppState> {
    let (all, one) = (kind.page(), kind.items());
    let router = Router::new()
        .route(
            &format!("{all}/new"),
            get(move |app: App, who: Session, new: Query<New>| form::new(kind, app, who, new))
                .post(move |app: App, sent: Sent| form::create(kind, app, sent)),
        )
        .route(
            &format!("{one}/{{id}}{edit}"),
            get(move |app: App, who: Session, id: Path<RowId>| form::edit(kind, app, who, id))
                .post(move |app: App, id: Path<RowId>, sent: Sent| form::save(kind, app, id, sent)),
        )
        .route(
            &format!("{one}/{{id}}/delete"),
            post(move |app: App, id: Path<RowId>, sent: StaffForm<Remove>| {
                form::remove(kind, app, id, sent)
            }),
        );
    // A tax rate is there or it is not.
    if kind == Kind::Rate {
        return router;
    }
    router.route(
        &format!("{one}/{{id}}/switch"),
        post(move |app: App, id: Path<RowId>, sent: StaffForm<Switch>| {
            form::switch(kind, app, id, sent)
        }),
    )
}
