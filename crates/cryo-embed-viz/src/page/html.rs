use std::{collections::BTreeMap, io::Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::{
    PageData, PageParams,
    atlas::{self, Averages},
    blocks::{self, Block},
    manifest::{self, Parts},
    reduce::reduced,
};
use crate::{Error, error::require};

const PROGRAM: &str = include_str!("bundle/page.js");
const STYLE: &str = include_str!("bundle/page.css");
const BODY: &str = include_str!("bundle/body.html");
const LICENCES: &str = include_str!("bundle/LICENSES.txt");

/// Nothing may be loaded but what the document holds. The drawing library makes functions at run time.
const FILE_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
     img-src blob: data:; worker-src blob:; base-uri 'none'; form-action 'none'";

/// How the page reaches its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// A file that holds everything, thumbnails included, and keeps its state in the browser.
    File,
    /// A server that answers, beside the document, `thumbnails/N.png` ([`Page::thumbnails`]), `state` (GET and
    /// PUT of JSON), `selections` (POST), and `slices/TOMOGRAM/Z.png` where there are `slices`.
    Served {
        /// Whether slices of the tomograms can be asked for.
        slices: bool,
    },
}

/// The interactive page, ready to be written.
pub struct Page<'a> {
    data: PageData<'a>,
    params: PageParams,
    classes: BTreeMap<u32, usize>,
    first: Vec<Block>,
    rest: Vec<Block>,
    averages: Option<Averages>,
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("candidates", &self.data.len())
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl<'a> Page<'a> {
    /// The page of some candidates.
    ///
    /// Computes class averages and the first principal components of the embedding, on all threads; the
    /// result does not depend on their number.
    ///
    /// # Errors
    /// [`Error::Parameter`]; [`Error::TooFew`] without a candidate; [`Error::Length`] if parts have different
    /// lengths; [`Error::NotFinite`] for the map or the embedding.
    ///
    /// # Examples
    /// ```
    /// use cryo_core::{Grid, VoxelPos, VoxelSize};
    /// use cryo_embed_viz::{Delivery, Page, PageData, PageParams, PageTomogram};
    /// let grid = Grid::new([40, 90, 100], VoxelSize::new(10.0).expect("valid"));
    /// let tomograms = [PageTomogram { name: "ts_01".to_owned(), grid }];
    /// let map = ndarray::array![[0.0, 0.0], [1.0, 2.0]];
    /// let places = [VoxelPos::xyz(10.0, 20.0, 30.0), VoxelPos::xyz(60.0, 50.0, 20.0)];
    /// let data = PageData {
    ///     title: "two candidates".to_owned(),
    ///     map: map.view(),
    ///     labels: Some(&[1, 2]),
    ///     names: [(1, "ribosome".to_owned())].into(),
    ///     tomograms: &tomograms,
    ///     tomogram: &[0, 0],
    ///     positions: &places,
    ///     scores: None,
    ///     outliers: None,
    ///     patches: None,
    ///     embedding: None,
    /// };
    /// let mut html = Vec::new();
    /// Page::new(data, &PageParams::default())?.write(Delivery::File, &mut html)?;
    /// assert!(html.starts_with(b"<!doctype html>"));
    /// # Ok::<(), cryo_embed_viz::Error>(())
    /// ```
    pub fn new(data: PageData<'a>, params: &PageParams) -> Result<Self, Error> {
        params.validate()?;
        data.check()?;
        let mut classes = BTreeMap::new();
        for &label in data.labels.unwrap_or_default() {
            *classes.entry(label).or_insert(0) += 1;
        }
        let numbers: Vec<u32> = classes.keys().copied().collect();
        let averages = atlas::averages(&data, params, &numbers)?;
        let embedding = data
            .embedding
            .map(|vectors| reduced(vectors, params.components));
        let rest = blocks::of_rest(&data, embedding.transpose()?);
        Ok(Self {
            first: blocks::of_map(&data),
            rest,
            averages,
            classes,
            params: params.clone(),
            data,
        })
    }

    /// A mark of the candidates and their places, as the page states it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        manifest::candidates_fingerprint(&self.data)
    }

    /// Number of PNGs that the thumbnails take.
    #[must_use]
    pub fn thumbnail_pages(&self) -> usize {
        atlas::side(&self.data, &self.params).map_or(0, |_| atlas::pages(self.data.len()))
    }

    /// PNG number `page` of the thumbnails.
    ///
    /// # Errors
    /// [`Error::Parameter`] beyond [`thumbnail_pages`](Self::thumbnail_pages), [`Error::Png`].
    pub fn thumbnails(&self, page: usize) -> Result<Vec<u8>, Error> {
        let rule = "a number below that of the pages";
        let known = self.thumbnail_pages();
        require(page < known, "page", rule, page as f64)?;
        let side = atlas::side(&self.data, &self.params);
        match (self.data.patches, side) {
            (Some(patches), Some(side)) => {
                let fine = self.data.len() <= self.params.fine_thumbnails;
                atlas::thumbnails(patches, side, page, fine)
            }
            _ => require(false, "page", rule, page as f64).map(|()| Vec::new()),
        }
    }

    /// Writes the document.
    ///
    /// What the map needs comes first, so that it is on the screen before the rest is read.
    ///
    /// # Errors
    /// [`Error::Write`] if `out` cannot be written, [`Error::Png`].
    pub fn write(&self, delivery: Delivery, out: impl Write) -> Result<(), Error> {
        let mut out = std::io::BufWriter::new(out);
        self.write_head(delivery, &mut out)?;
        for block in &self.first {
            write_block(block, &mut out)?;
        }
        writeln!(out, "{BODY}<script>{PROGRAM}</script>")?;
        for block in &self.rest {
            write_block(block, &mut out)?;
        }
        if let Some(averages) = &self.averages {
            let text = STANDARD.encode(&averages.png);
            write_element("averages", "image/png", &text, &mut out)?;
        }
        write_element("end-of-data", "text/plain", "", &mut out)?;
        if delivery == Delivery::File {
            self.write_thumbnails(&mut out)?;
        }
        writeln!(out, "</body>\n</html>")?;
        out.flush()?;
        Ok(())
    }

    fn write_head(&self, delivery: Delivery, out: &mut impl Write) -> Result<(), Error> {
        let served = match delivery {
            Delivery::File => Value::Null,
            Delivery::Served { slices } => json!({ "slices": slices }),
        };
        let parts = Parts {
            data: &self.data,
            classes: &self.classes,
            blocks: self.first.iter().chain(&self.rest).collect(),
            thumbnail_px: atlas::side(&self.data, &self.params),
            averages: self.averages.as_ref(),
            served,
        };
        writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>")?;
        writeln!(out, "<meta charset=\"utf-8\">")?;
        if delivery == Delivery::File {
            writeln!(
                out,
                "<meta http-equiv=\"content-security-policy\" content=\"{FILE_POLICY}\">"
            )?;
        }
        writeln!(
            out,
            "<meta name=\"viewport\" content=\"width=device-width\">"
        )?;
        writeln!(out, "<!--\n{LICENCES}-->")?;
        writeln!(out, "<title>cryo</title>\n<style>{STYLE}</style>\n</head>")?;
        writeln!(out, "<body>")?;
        let manifest = manifest::manifest(&parts);
        writeln!(
            out,
            "<script type=\"application/json\" id=\"manifest\">{manifest}</script>"
        )?;
        Ok(())
    }

    fn write_thumbnails(&self, out: &mut impl Write) -> Result<(), Error> {
        // A few at a time: all of them would be in memory twice.
        const AT_ONCE: usize = 16;
        let pages: Vec<usize> = (0..self.thumbnail_pages()).collect();
        for pages in pages.chunks(AT_ONCE) {
            let encode = |&page: &usize| Ok(STANDARD.encode(self.thumbnails(page)?));
            let texts: Result<Vec<String>, Error> = pages.par_iter().map(encode).collect();
            for (page, text) in pages.iter().zip(texts?) {
                write_element(&format!("thumbnails-{page}"), "image/png", &text, out)?;
            }
        }
        Ok(())
    }
}

fn write_block(block: &Block, out: &mut impl Write) -> Result<(), Error> {
    let id = format!("block-{}", block.name);
    write_element(&id, "application/octet-stream", &block.base64(), out)
}

/// An element that holds data: a browser runs no script of such a type.
fn write_element(id: &str, kind: &str, text: &str, out: &mut impl Write) -> Result<(), Error> {
    writeln!(out, "<script type=\"{kind}\" id=\"{id}\">{text}</script>")?;
    Ok(())
}
