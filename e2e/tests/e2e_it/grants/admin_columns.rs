//! What the admin service may read of the others' data, column by column. A column that is not here is refused.

/// Database, and for each table the columns.
pub(super) const LISTED: [(&str, &[(&str, &str)]); 3] = [
    (
        "auth_db",
        &[
            ("account_deletions", "user_id requested_at due_at"),
            (
                "addresses",
                "id user_id name line1 line2 city region postal_code country phone is_default_shipping is_default_billing created_at updated_at",
            ),
            (
                "api_keys",
                "id user_id name prefix scopes created_at last_used_at expires_at revoked_at",
            ),
            (
                "external_identities",
                "id user_id provider issuer created_at last_used_at",
            ),
            ("outbox", "seq id aggregate event_type created_at attempts"),
            ("passkeys", "user_id name created_at last_used_at"),
            (
                "sessions",
                "id user_id user_agent created_at last_used_at authenticated_at methods expires_at revoked_at revoked_why",
            ),
            ("totp_secrets", "user_id confirmed_at"),
            ("user_words", "id words"),
            (
                "users",
                "id email email_verified_at name role disabled_at created_at updated_at version disabled_reason",
            ),
        ],
    ),
    (
        "product_db",
        &[
            (
                "categories",
                "id parent_id slug name position version created_at updated_at description image",
            ),
            (
                "category_attributes",
                "category_id key label kind unit choices required filterable position",
            ),
            ("category_closure", "ancestor_id descendant_id"),
            ("category_counts", "id category_id products"),
            (
                "import_products",
                "import_id handle row rows outcome errors",
            ),
            (
                "imports",
                "id requested_by seller_id by_staff format dry_run currency status total_rows processed created updated unchanged failed created_at updated_at started_at finished_at",
            ),
            ("inbox", "consumer event_id processed_at"),
            ("low_stock", "variant_id product_id sold_out"),
            ("media_leftovers", "image_id due_at removing"),
            ("outbox", "seq id aggregate event_type created_at attempts"),
            (
                "price_history",
                "id variant_id price compare_at_price currency valid_from valid_until",
            ),
            (
                "product_decisions",
                "product_id approved decided_at content",
            ),
            (
                "product_images",
                "id product_id position file_name content_type bytes width height alt created_at sizes variant_ids",
            ),
            (
                "product_search",
                "product_id category_id price_min price_max in_stock",
            ),
            ("product_slugs", "slug product_id created_at"),
            (
                "product_variants",
                "id product_id sku options price position low_stock_threshold archived_at created_at updated_at seller_id compare_at_price barcode weight_grams length_mm width_mm height_mm backorder backorder_limit available_on preorder_limit",
            ),
            ("product_words", "id words title_begins skus_begins"),
            (
                "products",
                "id seller_id category_id slug title description status rejection_reason tax_class option_names attributes currency price_min price_max skus rating_sum rating_count rating_milli sold_count version created_at updated_at published_at search seo_title seo_description approved_at publish_at unpublish_at",
            ),
            (
                "purchases",
                "user_id product_id order_id quantity purchased_at",
            ),
            (
                "reservation_lines",
                "order_id variant_id location_id quantity owed",
            ),
            (
                "reservations",
                "order_id status expires_at created_at updated_at",
            ),
            ("review_words", "id words title_begins"),
            (
                "reviews",
                "id product_id user_id author_name rating title body version created_at updated_at status moderation_reason moderated_by moderated_at verified_purchase helpful_count reply_body reply_from reply_by reply_at",
            ),
            (
                "stock_ledger_differences",
                "variant_id location_id on_hand ledger_on_hand reserved ledger_reserved owed ledger_owed",
            ),
            (
                "stock_levels",
                "variant_id location_id on_hand reserved updated_at owed",
            ),
            (
                "stock_locations",
                "id code name created_at position deactivated_at version",
            ),
            (
                "stock_movements",
                "id seq variant_id location_id kind on_hand_delta reserved_delta order_id reason actor_id created_at owed_delta transfer_id stock_take_id return_id",
            ),
        ],
    ),
    (
        "order_db",
        &[
            (
                "cart_items",
                "id cart_id product_id variant_id quantity added_at seen_price",
            ),
            (
                "carts",
                "id user_id currency coupon status version told_version abandoned_version created_at updated_at",
            ),
            (
                "coupon_redemptions",
                "coupon_id order_id customer amount redeemed_at",
            ),
            (
                "coupons",
                "id code kind percent amount currency min_subtotal usage_limit per_customer_limit used starts_at ends_at active version created_at max_discount product_ids category_ids",
            ),
            (
                "disputes",
                "id payment_id provider_ref status state reason amount evidence_due_at opened_at closed_at updated_at",
            ),
            (
                "documents",
                "kind serial number order_id refund_id issued_at",
            ),
            ("erased_users", "user_id erased_at done_at"),
            (
                "ledger_entries",
                "id posting_id order_id payment_id kind account amount currency at reference",
            ),
            (
                "order_adjustments",
                "order_id position order_item_id kind source_id label amount",
            ),
            ("order_carts", "cart_id order_id"),
            (
                "order_events",
                "id order_id type at actor message data seq trace_id",
            ),
            (
                "order_items",
                "id order_id position product_id variant_id seller_id sku title options quantity shipped unit_price discount tax total tax_rate returned included_tax",
            ),
            ("order_numbers", "number order_id"),
            ("order_tags", "order_id tag actor added_at"),
            (
                "order_taxes",
                "order_id position order_item_id name rate_ppm base amount",
            ),
            (
                "orders",
                "id number cart_id user_id email status payment_status fulfillment_status currency subtotal discount shipping tax total coupon shipping_method shipping_address billing_address note placed_at confirmed_at cancelled_at cancel_reason updated_at version anonymised_at disputed charged_back prices_include_tax included_tax shipping_tax shipping_method_name invoice_number",
            ),
            (
                "outbox",
                "seq id aggregate event_type created_at claimed_until attempts",
            ),
            ("payment_cancellations", "payment_id attempts next_try_at"),
            (
                "payment_captures",
                "id payment_id status amount actor failure attempts next_try_at created_at updated_at",
            ),
            ("payment_customers", "user_id created_at erase_at"),
            (
                "payments",
                "id order_id status provider provider_ref currency amount amount_refunded failure checked_at created_at updated_at version method attempt capture session_ref amount_authorized amount_captured due_at fee_next_try_at",
            ),
            (
                "promotions",
                "id name kind rule currency min_subtotal product_ids category_ids priority exclusive starts_at ends_at active version created_at updated_at",
            ),
            (
                "reconciliation_differences",
                "id reconciliation_id kind subject order_id reference outcome ours theirs at",
            ),
            (
                "reconciliations",
                "id kind status from_at until_at position_at started_at heartbeat_at finished_at payments refunds disputes strangers healed raised error",
            ),
            ("refund_items", "refund_id order_item_id quantity amount"),
            (
                "refunds",
                "id payment_id status amount reason actor provider_ref failure attempts next_try_at created_at updated_at credit_note_number",
            ),
            (
                "return_items",
                "return_id order_item_id quantity reason received condition restock",
            ),
            (
                "returns",
                "id order_id position status comment actor answer refund_id requested_at decided_at received_at updated_at",
            ),
            (
                "saga_steps",
                "order_id step subject status attempts next_try_at error created_at updated_at trace_id",
            ),
            ("shipment_items", "shipment_id order_item_id quantity"),
            (
                "shipments",
                "id order_id carrier tracking_number tracking_url status shipped_at delivered_at",
            ),
            (
                "shipping_methods",
                "code name currency price free_from active kind steps tax_class places except_places position version created_at updated_at",
            ),
            (
                "tax_rates",
                "country tax_class rate id region name rate_ppm adds version created_at updated_at",
            ),
            (
                "webhook_events",
                "id type received_at processed_at outcome attempts next_try_at error api_version trace_id subject order_id",
            ),
            (
                "work_items",
                "id kind subject order_id details status seen raised_at last_seen_at resolution note resolved_by resolved_at",
            ),
        ],
    ),
];
