//! Who may ask for what.

use std::fmt::Write as _;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::server::Shared;
use crate::exit::Failure;

/// The page runs the program that it holds, which makes functions at run time, and talks to nobody else.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
     img-src 'self' blob: data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// 128 bits from the system, in hexadecimal.
pub(super) fn token() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::Resources(format!("the system gave no random numbers: {error}"))
    })?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Answers only to those who know the token, and takes changes only from the page itself.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let first = request.uri().path().split('/').nth(1).unwrap_or_default();
    let mut answer = if !same(first.as_bytes(), shared.token().as_bytes()) {
        refuse("the secret is missing or wrong: open the whole address that cryo view printed")
    } else if let Err(why) = from_the_page(request.method(), request.headers()) {
        refuse(why)
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    let all = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn refuse(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
}

/// Takes as long wherever the first difference lies.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    let differences = given
        .iter()
        .zip(wanted)
        .fold(0, |seen, (a, b)| seen | (a ^ b));
    given.len() == wanted.len() && differences == 0
}

/// What another site makes a browser send has another origin, or lacks the header, which it may not set unasked.
fn from_the_page(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !headers.contains_key("x-cryo-page") {
        return Err("changes are taken from the page only: the header x-cryo-page is missing");
    }
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err("changes are taken from the page only, not from another site");
    }
    let own = text("host").map(|host| format!("http://{host}"));
    match headers.get("origin") {
        Some(origin) if origin.to_str().ok() != own.as_deref() => {
            Err("changes are taken from the page only, not from another origin")
        }
        _ => Ok(()),
    }
}
