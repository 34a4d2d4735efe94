//! What every service's OpenAPI document says alike, so that no operation has to.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};

const PROBLEM: &str = "application/problem+json";

/// Adds the answers that the stack around the handlers gives, and gives problems their own content type (RFC 9457).
pub fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add_problems(operation);
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    name_problem(response);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn add_problems(operation: &mut Operation) {
    let mut add = |status: &str, description: &str| {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(problem(description)));
    };
    add(
        "429",
        "`rate_limited`: come back after `Retry-After` seconds",
    );
    add(
        "503",
        "`unavailable`: something that this needs is away; try again. `maintenance`, for what changes something: the shop is closed; `detail` says why, `Retry-After` when to come back",
    );
    if operation.request_body.is_some() {
        add(
            "400",
            "`malformed_json`: the body is not what its `Content-Type` says",
        );
        add("413", "`payload_too_large`");
        add("415", "`unsupported_media_type`");
        add("422", "`validation_failed`: `errors` names every bad field");
    }
}

fn problem(description: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM, Content::new(Some(schema)))
        .build()
}

/// A problem that a handler documents as plain JSON.
fn name_problem(response: &mut Response) {
    let is_problem = |content: &RefOr<Content>| {
        matches!(
            content,
            RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) if schema.ref_location.ends_with("/Problem")
        )
    };
    if response
        .content
        .get("application/json")
        .is_some_and(is_problem)
        && let Some(content) = response.content.shift_remove("application/json")
    {
        response.content.insert(PROBLEM.to_owned(), content);
    }
}
