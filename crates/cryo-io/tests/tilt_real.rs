//! Tilt metadata of real series, where the shared data are there.

use std::path::{Path, PathBuf};

use cryo_io::tilt::{self, mdoc, tlt, warp};

fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    cryo_fixtures::say_skipped(&format!("{name} is not there"));
    None
}

const SERIES: &str = "real/metadata_formats/cryocat_TS_017";

#[test]
fn mdoc_tlt_warp_and_dose_file_of_a_real_series_agree() {
    let Some(folder) = shared(SERIES) else { return };
    let recorded = tilt::read(folder.join("017.mdoc")).expect("readable");
    let aligned = tilt::read(folder.join("017.tlt")).expect("readable");
    let series = warp::read(folder.join("017.xml")).expect("readable");
    let doses = tlt::read(folder.join("017_corrected_dose.txt")).expect("numbers");
    assert_eq!(recorded.len(), 60);
    assert_eq!(aligned.len(), 60);
    // This Warp counted the image's own dose.
    let dose = warp::DoseCount::Including {
        exposure: 2.23843,
        share: 1.0,
    };
    let warped = series.table(None, dose).expect("a pixel size");
    let images = recorded.tilts.iter().zip(&aligned.tilts).zip(&warped.tilts);
    for (place, ((recorded, aligned), warped)) in images.enumerate() {
        assert!(
            (recorded.angle_deg - aligned.angle_deg).abs() < 0.03,
            "{place}"
        );
        assert!(
            (recorded.angle_deg - warped.angle_deg).abs() < 0.04,
            "{place}"
        );
        assert_eq!(
            recorded.acquisition_index, warped.acquisition_index,
            "{place}"
        );
        let before = recorded.dose_before.expect("PriorRecordDose");
        let ours = warped.dose_before.expect("Dose");
        // The recorded dose starts with 0.0728 of earlier images. Before the last two an exposure
        // was taken that is in no file, which Warp, adding up the images, does not see.
        let unseen = match recorded.acquisition_index {
            Some(58 | 59) => 2.23843,
            _ => 0.0,
        };
        let difference = before - 0.0728312 - unseen - ours;
        assert!(difference.abs() < 2e-3, "{place}: {before} {ours}");
        let after = doses.tilts[place].angle_deg;
        assert!(
            (before + 2.23843 - after).abs() < 6e-3,
            "{place}: {before} {after}"
        );
    }
    assert_eq!(recorded.pixel_size_angstrom, Some(1.971));
    assert_eq!(warped.pixel_size_angstrom, Some(1.971));
    let axes = (recorded.axis_angle_deg, warped.axis_angle_deg);
    assert!((axes.0.expect("a title") - 82.9).abs() < 1e-9);
    assert!((axes.1.expect("the same in all") - 83.22321).abs() < 1e-9);
    assert_eq!(recorded.image_names, warped.image_names);
}

#[test]
fn real_mdoc_round_trips_to_the_byte() {
    let Some(folder) = shared(SERIES) else { return };
    let path = folder.join("017.mdoc");
    let text = std::fs::read_to_string(&path).expect("there");
    let document = mdoc::read(&path).expect("readable");
    assert_eq!(document.to_string(), text);
    // The title's axis is 90° less than the angle that the images carry.
    let first = document.images().next().expect("60 images");
    let rotation = first.number("RotationAngle").expect("a number");
    assert_eq!(rotation, Some(172.9));
}

#[test]
fn real_tilt_com_leads_to_its_angles() {
    let Some(folder) = shared(SERIES) else { return };
    let table = tilt::read(folder.join("tilt.com")).expect("readable");
    assert_eq!(table.len(), 60);
    assert_eq!(table.image_shape, Some([4096, 4096]));
    assert!(table.excluded.iter().all(|&excluded| !excluded));
}

#[test]
fn real_files_have_no_errors() {
    let Some(folder) = shared(SERIES) else { return };
    for name in ["017.mdoc", "017.tlt", "017.xml", "tilt.com"] {
        let findings = tilt::validate(folder.join(name)).expect("readable");
        let errors = findings
            .iter()
            .filter(|f| f.severity == cryo_io::Severity::Error);
        assert_eq!(errors.count(), 0, "{name}: {findings:?}");
    }
    let findings = tilt::validate(folder.join("017.xml")).expect("readable");
    let places: Vec<&str> = findings
        .iter()
        .map(|finding| finding.place.as_str())
        .collect();
    assert_eq!(places, ["Dose", "GridMovement, GridVolumeWarp"]);
}

#[test]
fn angles_of_the_other_series_are_read() {
    let single = "real/pytom_single_particle_tilts/p1.tlt";
    if let Some(path) = shared(single) {
        let table = tilt::read(path).expect("readable");
        assert_eq!(table.tilts[0].angle_deg, -59.986);
    }
    for (name, count) in [("small01", 41), ("sim01", 41)] {
        let Some(path) = shared(&format!("simulated/{name}/{name}.tlt")) else {
            continue;
        };
        let table = tilt::read(path).expect("readable");
        assert_eq!(
            (table.len(), table.tilts[0].angle_deg),
            (count, -60.0),
            "{name}"
        );
    }
}
