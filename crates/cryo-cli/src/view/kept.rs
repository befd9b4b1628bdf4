//! What a person did on the page, kept beside the run.

use std::{io::Write as _, path::Path};

use axum::{
    body::Bytes,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use cryo_io::{Overwrite, write_atomic};

const NAME: &str = "view.json";

pub(super) fn read(run: &Path) -> Response {
    match std::fs::read(run.join(NAME)) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => problem(&format!("{NAME}: {error}")),
    }
}

pub(super) fn write(run: &Path, text: &Bytes) -> Response {
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> =
        serde_json::from_slice(text);
    if let Err(error) = parsed {
        let why = format!("expected a JSON object: {error}\n");
        return (StatusCode::BAD_REQUEST, why).into_response();
    }
    let written = write_atomic(&run.join(NAME), Overwrite::Replace, |out| {
        out.write_all(text).map_err(cryo_io::Error::from)
    });
    match written {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => problem(&error.to_string()),
    }
}

fn problem(why: &str) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response()
}
