//! The admin panel in a real browser: the scripts in `e2e/browser` use it, with the mouse, with the keyboard alone and without
//! JavaScript, and look at every page. Each step is a line; one that failed names a picture of the page.

use std::path::PathBuf;
use std::process::Command;

use devstack::packages::Browser;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/run.mjs");

fn run(arguments: &[&str]) {
    let browser = Browser::find(None).expect("a browser");
    let tools = PathBuf::from(testkit::env::var("MERCATO_TEST_TOOLS"));
    let output = Command::new(tools.join("node"))
        .arg(SCRIPT)
        .args(arguments)
        .env("MERCATO_CHROMIUM", browser.program())
        .envs(browser.env().iter().map(|(name, value)| (name, value)))
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "\n{said}\n{complained}");
}

#[test]
fn every_page_is_for_everybody() {
    run(&["pages"]);
}

#[test]
fn every_answer_to_a_form_is_for_everybody() {
    run(&["answers"]);
}

#[test]
fn staff_sign_in() {
    run(&["tasks", "sign-in"]);
}

#[test]
fn staff_begin_their_day() {
    run(&["tasks", "home"]);
}

#[test]
fn staff_serve_orders() {
    run(&["tasks", "orders"]);
}

#[test]
fn staff_decide_on_products() {
    run(&["tasks", "products"]);
}

#[test]
fn staff_moderate_reviews() {
    run(&["tasks", "reviews"]);
}

#[test]
fn staff_find_customers() {
    run(&["tasks", "customers"]);
}

#[test]
fn staff_get_about() {
    run(&["tasks", "shell"]);
}

#[test]
fn staff_find_everything() {
    run(&["tasks", "search"]);
}

#[test]
fn staff_look_after_events() {
    run(&["tasks", "events"]);
}

#[test]
fn staff_price_carts() {
    run(&["tasks", "pricing"]);
}

#[test]
fn staff_tell_third_parties() {
    run(&["tasks", "webhooks"]);
}

#[test]
fn staff_edit_products_and_count_stock() {
    run(&["tasks", "editor"]);
}

#[test]
fn staff_import_products() {
    run(&["tasks", "imports"]);
}

#[test]
fn staff_answer_messages() {
    run(&["tasks", "inbox"]);
}

#[test]
fn staff_read_numbers() {
    run(&["tasks", "analytics"]);
}

#[test]
fn staff_read_the_audit_log() {
    run(&["tasks", "audit"]);
}

#[test]
fn staff_change_settings() {
    run(&["tasks", "settings"]);
}
