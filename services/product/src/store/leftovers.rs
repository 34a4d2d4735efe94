//! Files of the media store that shall not stay: see `media_leftovers` in the migration.

use primitives::{ImageId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes files that go at a time, unless their picture is [`adopt`]ed before.
pub(crate) async fn note(
    db: &mut PgConnection,
    image: ImageId,
    file_names: &[String],
    due: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO media_leftovers (image_id, file_names, due_at) VALUES ($1, $2, $3)",
        image.uuid(),
        file_names,
        due as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The files belong to a picture from now on. False if their removal has begun already.
pub(crate) async fn adopt(db: &mut PgConnection, image: ImageId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM media_leftovers WHERE image_id = $1 AND NOT removing",
        image.uuid()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Files that are due.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) image_id: Uuid,
    pub(crate) file_names: Vec<String>,
}

/// Takes some that are due, for whoever asks and until a time; after that somebody else may.
pub(crate) async fn claim(
    db: &mut PgConnection,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Vec<Leftover>> {
    sqlx::query_as!(
        Leftover,
        "UPDATE media_leftovers SET removing = true, due_at = $2
          WHERE image_id IN (SELECT image_id FROM media_leftovers WHERE due_at <= $1
                              ORDER BY due_at LIMIT 20 FOR UPDATE SKIP LOCKED)
          RETURNING image_id, file_names",
        now as _,
        until as _
    )
    .fetch_all(db)
    .await
}

/// The files are gone.
pub(crate) async fn forget(db: &mut PgConnection, image: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM media_leftovers WHERE image_id = $1", image)
        .execute(db)
        .await?;
    Ok(())
}
