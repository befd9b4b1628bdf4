//! `cryo report` and `cryo view` in a real browser, driven by mouse and keyboard.

#[path = "common/browser.rs"]
mod browser;
mod common;
#[path = "common/served.rs"]
mod served;
#[path = "common/run.rs"]
mod truth;

use std::{collections::BTreeMap, fs, path::Path};

use browser::Browser;
use common::{folder, succeed};
use cryo_core::AngstromPos;
use cryo_io::{PicksOptions, read_picks, star::relion};
use served::Served;
use truth::{Truth, write_run};

/// Tomogram, ångström, score and class of each particle of a file, in a fixed order.
fn particles(path: &Path) -> Vec<(String, AngstromPos, f32, Option<u32>)> {
    let mut options = PicksOptions::default();
    if path
        .extension()
        .is_some_and(|extension| extension == "star")
    {
        options = relion::options_with_tomograms(path, &options).expect("readable");
    }
    let picks = read_picks(path, None, &options).expect("readable");
    let mut all = Vec::new();
    for set in picks.sets {
        for item in &set.items {
            let place = set.grid.angstrom_from_voxel(item.position);
            let score = item.score.expect("a score");
            all.push((set.tomogram.clone(), place, score, item.class));
        }
    }
    all.sort_by(|a, b| {
        (&a.0, a.1.x, a.1.y)
            .partial_cmp(&(&b.0, b.1.x, b.1.y))
            .expect("finite")
    });
    all
}

/// That a file holds exactly those candidates, where they truly are.
#[track_caller]
fn assert_holds(path: &Path, rows: &[&Truth]) {
    const VOXEL: f64 = 12.5;
    let found = particles(path);
    assert_eq!(found.len(), rows.len(), "{}", path.display());
    let mut left: Vec<&Truth> = rows.to_vec();
    for (tomogram, place, score, class) in found {
        let same = |truth: &&Truth| {
            let at = truth.position;
            let wanted = AngstromPos::xyz(at.x * VOXEL, at.y * VOXEL, at.z * VOXEL);
            truth.tomogram == tomogram && wanted.distance_to(place) < 1e-6
        };
        let Some(index) = left.iter().position(same) else {
            panic!("no candidate of {tomogram} at {place:?}")
        };
        let truth = left.remove(index);
        assert_eq!(truth.score, score);
        assert_eq!(class, u32::try_from(truth.kind).ok());
    }
}

/// Draws around the name of a class on the map, whose candidates lie within a disc around it.
fn lasso_class(browser: &mut Browser, text: &str) {
    browser.wait("document.querySelector('#labels span').style.transform");
    let script = format!(
        "(() => {{ const s = [...document.querySelectorAll('#labels span')].find((s) => s.textContent === {text:?}); \
         const b = s.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; }})()"
    );
    let middle = browser.evaluate(&script);
    let [x, y] = [0, 1].map(|axis| middle[axis].as_f64().expect("a number"));
    let [_, _, width, height] = browser.place("#map");
    // The kinds are some 8 units apart on a map of 10, and reach 0.8 around their middles.
    let reach = width.min(height) * 0.17;
    let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
    browser.lasso(&corners.map(|[dx, dy]| [x + dx * reach, y + dy * reach]));
}

fn selected(browser: &mut Browser, count: usize) {
    let text = format!("{count} candidates");
    browser.wait(&format!(
        "document.querySelector('#selected').textContent === {text:?}"
    ));
}

fn export(browser: &mut Browser, format: &str, name: &str) {
    browser.click("#export");
    browser.evaluate(&format!(
        "document.querySelector('#export-format').value = {format:?}; document.querySelector('#export-name').value = {name:?}; 1"
    ));
    browser.click("#export-download");
    browser.wait("/downloaded/.test(document.querySelector('#export-message').textContent)");
    browser.evaluate("document.querySelector('dialog').close(); 1");
}

/// The row of the candidate in the first tile of the gallery.
fn first_tile(browser: &mut Browser) -> usize {
    let row = browser.evaluate("Number(document.querySelector('#gallery li').dataset.index)");
    usize::try_from(row.as_u64().expect("a row")).expect("small")
}

fn of_kind(truth: &[Truth], kind: i32) -> Vec<usize> {
    (0..truth.len())
        .filter(|&row| truth[row].kind == kind)
        .collect()
}

fn rows<'a>(truth: &'a [Truth], rows: &[usize]) -> Vec<&'a Truth> {
    rows.iter().map(|&row| &truth[row]).collect()
}

#[test]
fn the_file_selects_by_mouse_and_exports_the_truth() {
    let place = folder();
    let at = place.path();
    let truth = write_run(at);
    succeed(at, &["report", "run", "-o", "page.html"]);
    let html = fs::read_to_string(at.join("page.html")).expect("text");
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http"));
    let Some(mut browser) = Browser::start(1400, 860) else {
        return;
    };
    browser.download_to(at);
    let address = format!("file://{}", at.join("page.html").display());
    browser.dark(false);
    browser.open(&address);
    assert_eq!(
        browser.text("#about"),
        format!("{} candidates · 2 tomograms", truth.len())
    );

    lasso_class(&mut browser, "2");
    let kind = of_kind(&truth, 2);
    selected(&mut browser, kind.len());
    browser.hover([700.0, 400.0]);
    let light = browser.picture("file-light");

    // One is rejected by its cross, taken back, and rejected again by keyboard.
    let rejected = first_tile(&mut browser);
    assert!(kind.contains(&rejected));
    browser.click("#gallery li .reject");
    selected(&mut browser, kind.len() - 1);
    assert_eq!(browser.text("#negative-count"), "1");
    browser.key("z");
    selected(&mut browser, kind.len());
    assert_eq!(first_tile(&mut browser), rejected);
    browser.evaluate("document.querySelector('#gallery .look').focus(); 1");
    browser.key("x");
    selected(&mut browser, kind.len() - 1);
    let kept: Vec<usize> = kind
        .iter()
        .copied()
        .filter(|row| *row != rejected)
        .collect();

    export(&mut browser, "relion5", "kept");
    browser.downloaded(&at.join("kept.star"));
    assert_holds(&at.join("kept.star"), &rows(&truth, &kept));
    export(&mut browser, "csv", "kept");
    browser.downloaded(&at.join("kept.csv"));
    assert_holds(&at.join("kept.csv"), &rows(&truth, &kept));
    export(&mut browser, "copick", "kept");
    let zip = browser.downloaded(&at.join("kept.zip"));
    for name in [
        "ExperimentRuns/ts one/Picks/cryo_0_class-2.json",
        "ExperimentRuns/ts_two/Picks/cryo_0_class-2.json",
    ] {
        assert!(
            zip.windows(name.len())
                .any(|bytes| bytes == name.as_bytes()),
            "{name}"
        );
    }

    // Half of them are positives; more like those are the other half, but for the rejected one.
    browser.key("p");
    browser.wait(&format!(
        "document.querySelector('#positive-count').textContent === '{}'",
        kept.len()
    ));
    browser.reload();
    selected(&mut browser, kept.len());
    assert_eq!(browser.text("#positive-count"), kept.len().to_string());
    assert_eq!(browser.text("#negative-count"), "1");

    browser.evaluate("document.querySelector('#theme').click(); 1");
    browser.wait("document.documentElement.dataset.theme === 'dark'");
    let dark = browser.picture("file-dark");
    assert!(brightness(&light) > 180.0 && brightness(&dark) < 80.0);
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn classes_are_merged_named_and_found_again() {
    let place = folder();
    let at = place.path();
    let truth = write_run(at);
    succeed(at, &["report", "run", "-o", "page.html"]);
    let Some(mut browser) = Browser::start(1300, 800) else {
        return;
    };
    browser.download_to(at);
    browser.open(&format!("file://{}", at.join("page.html").display()));
    let count = |kind: i32| of_kind(&truth, kind).len();

    browser.click("#class-list [data-label='1'] input[type=checkbox]");
    browser.click("#class-list [data-label='3'] input[type=checkbox]");
    browser.click("#merge");
    browser.wait("document.querySelectorAll('#class-list li').length === 2");
    browser.evaluate(
        "(() => { const n = document.querySelector(\"#class-list [data-label='1'] .name\"); n.value = 'ribo some'; n.dispatchEvent(new Event('change')); })()",
    );
    browser.wait(
        "[...document.querySelectorAll('#labels span')].some((s) => s.textContent === 'ribo some')",
    );
    browser.click("#class-list [data-label='1'] .pick");
    selected(&mut browser, count(1) + count(3));
    browser.picture("file-merged");
    export(&mut browser, "relion5", "merged");
    browser.downloaded(&at.join("merged.star"));
    let merged = particles(&at.join("merged.star"));
    assert!(merged.iter().all(|(_, _, _, class)| *class == Some(1)));
    let text = fs::read_to_string(at.join("merged.star")).expect("text");
    assert!(text.contains("cryoClassName") && text.contains("\"ribo some\""));
    browser.key("z");
    browser.key("z");
    browser.key("z");
    browser.wait("document.querySelectorAll('#class-list li').length === 3");

    // A few of one kind bring the rest of that kind first.
    browser.key("Escape");
    browser.click("#class-list [data-label='3'] .pick");
    selected(&mut browser, count(3));
    for _ in 0..4 {
        browser.click("#gallery li .reject");
    }
    selected(&mut browser, count(3) - 4);
    browser.click("#select-negative");
    selected(&mut browser, 4);
    browser.key("u");
    browser.wait("document.querySelector('#negative-count').textContent === '0'");
    browser.evaluate("document.querySelector('#more-count').value = 3; 1");
    browser.click("#more");
    selected(&mut browser, 7);
    let found = browser.evaluate(
        "[...document.querySelectorAll('#gallery li')].map((li) => Number(li.dataset.index))",
    );
    let kinds: BTreeMap<i32, usize> =
        found
            .as_array()
            .expect("rows")
            .iter()
            .fold(BTreeMap::new(), |mut kinds, row| {
                let row = usize::try_from(row.as_u64().expect("a row")).expect("small");
                *kinds.entry(truth[row].kind).or_default() += 1;
                kinds
            });
    assert_eq!(kinds, BTreeMap::from([(3, 7)]));

    for mode in ["place", "tomogram", "score", "outlier", "set", "class"] {
        browser.evaluate(&format!(
            "(() => {{ const m = document.querySelector('#mode'); m.value = '{mode}'; m.dispatchEvent(new Event('change')); }})()"
        ));
        assert_eq!(
            browser.evaluate("document.querySelector('#mode').value"),
            mode
        );
        browser.picture(&format!("file-colour-{mode}"));
    }
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn the_served_session_shows_slices_and_saves_into_the_run() {
    let place = folder();
    let at = place.path();
    let truth = write_run(at);
    let served = Served::start(at);
    let Some(mut browser) = Browser::start(1600, 900) else {
        return;
    };
    browser.download_to(at);
    browser.dark(true);
    browser.open(&served.address);
    browser.wait("document.querySelector('#slice').dataset.shown === '0/22/0'");

    lasso_class(&mut browser, "3");
    let kind = of_kind(&truth, 3);
    selected(&mut browser, kind.len());
    // A patch leads to its slice.
    let row = first_tile(&mut browser);
    browser.click("#gallery li .look");
    let z = truth[row].position.z.round();
    let tomogram = usize::from(truth[row].tomogram != truth[0].tomogram);
    browser.wait(&format!(
        "document.querySelector('#slice').dataset.shown === '{tomogram}/{z}/0'"
    ));
    browser.evaluate("document.querySelector('#slice-denoise').click(); 1");
    browser.wait(&format!(
        "document.querySelector('#slice').dataset.shown === '{tomogram}/{z}/1'"
    ));
    browser.picture("served-dark");

    // A candidate is clicked on the slice, at the place where it truly is.
    let other = &truth[kind[0]];
    let other_tomogram = usize::from(other.tomogram != truth[0].tomogram);
    browser.evaluate(&format!(
        "(() => {{ const t = document.querySelector('#slice-tomogram'); t.value = {other_tomogram}; t.dispatchEvent(new Event('change')); \
         const s = document.querySelector('#slice-z'); s.value = {}; s.dispatchEvent(new Event('input')); }})()",
        other.position.z
    ));
    let z = other.position.z.round();
    browser.wait(&format!(
        "document.querySelector('#slice').dataset.shown === '{other_tomogram}/{z}/1'"
    ));
    let size = browser.evaluate(
        "[document.querySelector('#slice').width, document.querySelector('#slice').height]",
    );
    let [columns, lines] = [0, 1].map(|axis| size[axis].as_f64().expect("a number"));
    let [left, top, width, height] = browser.place("#slice");
    // The picture keeps its shape within the element.
    let scale = (width / columns).min(height / lines);
    let spot = [
        left + (width - columns * scale) / 2.0 + (other.position.x + 0.5) * scale,
        top + (height - lines * scale) / 2.0 + (other.position.y + 0.5) * scale,
    ];
    browser.click_at(spot);
    browser.wait("document.querySelector('#selected').textContent === '1 candidate'");
    assert_eq!(first_tile(&mut browser), kind[0]);
    browser.dark(false);
    browser.picture("served-light");

    browser.key("z");
    selected(&mut browser, kind.len());
    let rejected = first_tile(&mut browser);
    browser.click("#gallery li .reject");
    selected(&mut browser, kind.len() - 1);
    let kept: Vec<usize> = kind
        .iter()
        .copied()
        .filter(|row| *row != rejected)
        .collect();

    export(&mut browser, "relion5", "mine");
    browser.downloaded(&at.join("mine.star"));
    browser.click("#export");
    browser.evaluate("document.querySelector('#export-name').value = 'mine'; 1");
    browser.picture("served-export");
    browser.click("#export-save");
    browser.wait("/written to/.test(document.querySelector('#export-message').textContent)");
    let saved = at.join("run/selections/mine.star");
    assert_holds(&saved, &rows(&truth, &kept));
    // What the page writes itself is what cryo-io writes, to the byte.
    let page = fs::read_to_string(at.join("mine.star")).expect("text");
    assert_eq!(page, fs::read_to_string(&saved).expect("text"));
    browser.click("#export-save");
    browser.wait("/exists already/.test(document.querySelector('#export-message').textContent)");
    browser.evaluate("document.querySelector('dialog').close(); 1");

    browser.wait("document.querySelector('#kept').textContent === 'changes are kept'");
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert!(at.join("run/view.json").is_file());
    browser.reload();
    selected(&mut browser, kept.len());
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    assert_eq!(served.stop(), Some(0));
}

/// Mean grey level of a picture.
fn brightness(png: &[u8]) -> f64 {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut pixels).expect("a PNG");
    let bytes = &pixels[..info.buffer_size()];
    bytes.iter().map(|&byte| f64::from(byte)).sum::<f64>() / bytes.len() as f64
}
