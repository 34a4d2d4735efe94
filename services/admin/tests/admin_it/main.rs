//! The panel in process, on real databases with the rights it has in production; the services it calls are small stand-ins.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod actions;
mod analytics;
mod api_authorisation;
mod audit_chain;
mod audit_pages;
mod broker;
mod catalogue;
mod customers;
mod events;
mod home;
mod html;
mod inbox_pages;
mod messages;
mod notifications;
mod openapi;
mod order_timeline;
mod orders;
mod pages;
mod panel;
mod payment_events;
mod peer;
mod pricing;
mod products;
mod rights;
mod search;
mod security;
mod seed;
mod sellers;
mod sessions;
mod settings;
mod shop;
mod sign_in;
mod webhook_pages;
mod webhook_receiver;
mod webhooks;
