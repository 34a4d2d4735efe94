use primitives::CategoryId;

super::events! {
    /// A category was made, changed, moved or deleted, or what it asks of its products; so the answers of its products may differ.
    CategoryChanged = "category.changed" about "category" (category_id) {
        /// Which.
        category_id: CategoryId,
        /// What it hangs below; absent at the top.
        parent_id: Option<CategoryId>,
        /// The readable part of its address.
        slug: String,
        /// Its name.
        name: String,
        /// Row version after the change.
        version: i32,
        /// Whether it is gone.
        deleted: bool,
    }
}
