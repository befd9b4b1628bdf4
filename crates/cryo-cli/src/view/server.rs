//! The server behind the page: it answers what the page asks for by number, never a path.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as Segments, RawQuery, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use cryo_embed_viz::{Delivery, Page, PageParams};

use super::{guard, kept, selections, slices::Slices};
use crate::{exit::Failure, explored::Explored, options::is_interrupted, report};

/// Pixels of a thumbnail; they are fetched as they are looked at.
const THUMBNAIL_PX: usize = 64;
/// Largest request that is read: ten numbers of seven digits for each of some million candidates.
const MOST_BYTES: usize = 64 << 20;

/// A run that is being looked at.
pub(super) struct Session {
    run: PathBuf,
    token: String,
    document: Bytes,
    fingerprint: String,
    page: Page<'static>,
    explored: &'static Explored,
    slices: Slices,
}

pub(super) type Shared = Arc<Session>;

impl Session {
    pub(super) fn new(run: &Path, explored: Explored) -> Result<Self, Failure> {
        // It is served until the program ends.
        let explored: &'static Explored = Box::leak(Box::new(explored));
        let params = PageParams {
            thumbnail_px: THUMBNAIL_PX,
            fine_thumbnails: usize::MAX,
            ..PageParams::default()
        };
        let page = Page::new(explored.page()?, &params).map_err(report::failure)?;
        let mut document = Vec::new();
        page.write(Delivery::Served { slices: true }, &mut document)
            .map_err(report::failure)?;
        let grids = explored.tomograms.iter().map(|tomogram| tomogram.grid);
        Ok(Self {
            run: run.to_owned(),
            token: guard::token()?,
            document: document.into(),
            fingerprint: page.fingerprint(),
            slices: Slices::new(
                explored.entries.clone(),
                grids.map(|grid| grid.shape).collect(),
            ),
            page,
            explored,
        })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn len(&self) -> usize {
        self.explored.len()
    }

    /// Tomograms that are not where the run's list says.
    pub(super) fn missing_tomograms(&self) -> Vec<String> {
        let named = self.explored.tomograms.iter().zip(&self.explored.entries);
        let missing = named.filter_map(|(tomogram, entry)| match entry {
            None => Some(format!(
                "tomogram {:?} is not in dataset.tsv",
                tomogram.name
            )),
            Some(entry) if !entry.tomogram.is_file() => {
                Some(format!("{}: no such file", entry.tomogram.display()))
            }
            Some(_) => None,
        });
        missing.collect()
    }
}

/// Answers until the user stops it.
pub(super) fn serve(session: Session, listener: TcpListener) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Resources(format!("could not serve: {error}"));
    listener.set_nonblocking(true).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    let app = router(Arc::new(session));
    let serving = runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, app).await
    });
    while !is_interrupted() && !serving.is_finished() {
        std::thread::sleep(Duration::from_millis(50));
    }
    if serving.is_finished() {
        let ended = runtime.block_on(serving);
        return ended
            .map_err(|error| Failure::Resources(format!("could not serve: {error}")))?
            .map_err(failed);
    }
    // What is being written is finished.
    runtime.shutdown_timeout(Duration::from_secs(5));
    Ok(())
}

fn router(session: Shared) -> Router {
    Router::new()
        .route(
            "/{token}",
            get(|State(shared): State<Shared>| async move {
                Redirect::permanent(&format!("/{}/", shared.token))
            }),
        )
        .route("/{token}/", get(document))
        .route("/{token}/state", get(state).put(keep))
        .route("/{token}/selections", post(select))
        .route("/{token}/thumbnails/{file}", get(thumbnails))
        .route("/{token}/slices/{tomogram}/{file}", get(slice))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is nothing of that name\n") })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(
            session.clone(),
            guard::guard,
        ))
        .with_state(session)
}

async fn document(State(shared): State<Shared>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, shared.document.clone()).into_response()
}

/// Runs what takes its time where it holds up nobody.
async fn aside(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        let why = format!("the request failed: {error}\n");
        (StatusCode::INTERNAL_SERVER_ERROR, why).into_response()
    })
}

async fn state(State(shared): State<Shared>) -> Response {
    aside(move || kept::read(&shared.run)).await
}

async fn keep(State(shared): State<Shared>, text: Bytes) -> Response {
    aside(move || kept::write(&shared.run, &text)).await
}

async fn select(State(shared): State<Shared>, text: Bytes) -> Response {
    aside(move || {
        let wanted: selections::Wanted = match serde_json::from_slice(&text) {
            Ok(wanted) => wanted,
            Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}")).into_response(),
        };
        match selections::write(&shared.run, shared.explored, &shared.fingerprint, &wanted) {
            Ok(said) => said.into_response(),
            Err(refusal) => refusal.into_response(),
        }
    })
    .await
}

async fn thumbnails(
    State(shared): State<Shared>,
    Segments((_, file)): Segments<(String, String)>,
) -> Response {
    let Some(page) = numbered(&file).filter(|page| *page < shared.page.thumbnail_pages()) else {
        return (StatusCode::NOT_FOUND, "there are no such thumbnails\n").into_response();
    };
    aside(move || {
        picture(
            shared
                .page
                .thumbnails(page)
                .map_err(|error| error.to_string()),
        )
    })
    .await
}

async fn slice(
    State(shared): State<Shared>,
    Segments((_, tomogram, file)): Segments<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let (Ok(tomogram), Some(z)) = (tomogram.parse(), numbered(&file)) else {
        return (StatusCode::NOT_FOUND, "expected slices/TOMOGRAM/Z.png\n").into_response();
    };
    let denoised = query.as_deref() == Some("denoise=1");
    aside(move || picture(shared.slices.png(tomogram, z, denoised))).await
}

fn numbered(file: &str) -> Option<usize> {
    file.strip_suffix(".png")?.parse().ok()
}

fn picture(png: Result<Vec<u8>, String>) -> Response {
    match png {
        Ok(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Err(why) => (StatusCode::NOT_FOUND, why).into_response(),
    }
}
