//! `cryo report`: the page of a run as one file.

use std::path::PathBuf;

use clap::Args;
use cryo_embed_viz::{Delivery, Page, PageParams};
use cryo_io::write_atomic;

use crate::{
    exit::{Failure, Outcome},
    explored::Explored,
    options::Common,
};

/// Beyond as many candidates a file with thumbnails takes a browser's patience.
const MOST_WITH_THUMBNAILS: usize = 150_000;

/// Write the page of a run as one file that opens in a browser, without a server or a network.
#[derive(Debug, Args)]
#[command(after_help = "\
The page has the map, the classes, thumbnails, selections and their export; the slices of the tomograms are only in cryo view. What \
you select is kept in the browser.\n\n\
Examples:\n  cryo report run -o run.html\n  cryo report run -o small.html --thumbnails 24")]
pub(crate) struct Arguments {
    /// The folder of a run that was clustered.
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// The file.
    #[arg(short, long, value_name = "FILE.html")]
    out: PathBuf,

    /// Pixels along a side of the thumbnails, 0 for none; more make a larger file [default: 32, and none
    /// beyond 150,000 candidates].
    #[arg(long, value_name = "PIXELS")]
    thumbnails: Option<usize>,
}

impl Arguments {
    /// The page that a run keeps in its own folder.
    pub(crate) fn of_run(run: &std::path::Path) -> Self {
        Self {
            run: run.to_owned(),
            out: run.join("report").join("index.html"),
            thumbnails: None,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    if arguments.out.exists() && !common.overwrite {
        return Err(Failure::usage(format!(
            "{}: the file exists and is not overwritten; ask to --overwrite",
            arguments.out.display()
        )));
    }
    let explored = Explored::read(&arguments.run, common.memory_bytes())?;
    let many = explored.len() > MOST_WITH_THUMBNAILS;
    if many && arguments.thumbnails.is_none() && explored.has_patches() {
        common.say("no thumbnails, as the file would be large; --thumbnails 24 asks for them");
    }
    let params = PageParams {
        thumbnail_px: arguments.thumbnails.unwrap_or(if many { 0 } else { 32 }),
        ..PageParams::default()
    };
    let page = Page::new(explored.page()?, &params).map_err(failure)?;
    if common.dry_run {
        common.say(&format!(
            "would write the page of {} candidates to {}",
            explored.len(),
            arguments.out.display()
        ));
        return Ok(Outcome::Done);
    }
    write_atomic(&arguments.out, common.overwrite(), |out| {
        page.write(Delivery::File, out)
            .map_err(|error| cryo_io::Error::from(std::io::Error::other(error)))
    })?;
    common.say(&format!(
        "{} candidates in {}; open it in a browser",
        explored.len(),
        arguments.out.display()
    ));
    Ok(Outcome::Done)
}

/// The failure that an error of the page is.
pub(crate) fn failure(error: cryo_embed_viz::Error) -> Failure {
    match error {
        cryo_embed_viz::Error::Parameter { .. } => Failure::usage(error.to_string()),
        other => Failure::Input(other.to_string()),
    }
}
