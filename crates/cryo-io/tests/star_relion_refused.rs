//! Particle tables of RELION and Warp that cannot be read or written, and what is said of them.

use cryo_core::{VoxelPos, VoxelSize};
use cryo_io::{
    ErrorKind, Frame, Frames, PicksOptions,
    star::{
        Document,
        relion::{self, Convention},
    },
};

#[test]
fn centred_coordinates_without_a_tomogram_size_are_refused() {
    let error = relion::read(
        cryo_fixtures::golden("star/relion5_poses.star"),
        &PicksOptions::default(),
    )
    .unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Needed { .. }));
    let message = error.to_string();
    assert!(message.ends_with(
        "relion5_poses.star: the size of tomogram \"ts_odd\", whose centre coordinates count from, is needed and is not in the file; give the tomogram, its shape or a tomograms.star with rlnTomoSize{X,Y,Z}"
    ), "{message}");
}

#[test]
fn pixels_of_unknown_size_are_refused() {
    let text = "data_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\nts 1 2 3\n";
    let document = Document::parse(text).unwrap();
    let message = relion::picks_from(&document, None, &PicksOptions::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "the tilt-series pixel size of tomogram \"ts\" is needed and is not in the file; give rlnTomoTiltSeriesPixelSize or a tomograms.star; a table in voxels of the tomogram is to be read as relion3"
    );
    let error = relion::picks_from(
        &document,
        Some(Convention::Relion3),
        &PicksOptions::default(),
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the voxel size of tomogram \"ts\" is needed")
    );
    let frame = Frame {
        voxel_size: VoxelSize::new(10.0),
        ..Frame::default()
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let picks = relion::picks_from(&document, Some(Convention::Relion3), &options).unwrap();
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(1.0, 2.0, 3.0)
    );
}

#[test]
fn tables_without_three_coordinates_are_refused() {
    let document =
        Document::parse("data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n").unwrap();
    let message = Convention::detect(&document).unwrap_err().to_string();
    assert_eq!(
        message,
        "no table with x, y and z coordinates of particles; there is rlnCoordinateX, rlnCoordinateY; expected rlnCenteredCoordinate{X,Y,Z}Angst, rlnCoordinate{X,Y,Z} or wrpCoordinate{X,Y,Z}1"
    );
}

fn refusal(text: &str) -> String {
    let frame = Frame {
        voxel_size: VoxelSize::new(10.0),
        ..Frame::default()
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    relion::picks_from(&Document::parse(text).unwrap(), None, &options)
        .unwrap_err()
        .to_string()
}

const THREE: &str =
    "data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n";

#[test]
fn bad_values_are_refused_with_their_line() {
    let message = refusal(&format!("{THREE}a 1 2 3\na 1 nan 3\n"));
    assert_eq!(
        message,
        "line 8: rlnCoordinateY: expected a finite number, got \"nan\""
    );
    let message = refusal(&format!("{THREE}_rlnClassNumber\na 1 2 3 x\n"));
    assert_eq!(
        message,
        "line 8: rlnClassNumber: expected a whole number, got \"x\""
    );
    let message = refusal(&format!("{THREE}_rlnPixelSize\na 1 2 3 4\na 1 2 3 5\n"));
    assert_eq!(
        message,
        "line 9: pixel size in tomogram \"a\": expected 4, got 5"
    );
    let message = refusal(&format!(
        "{THREE}_rlnClassNumber\n_cryoClassName\na 1 2 3 1 p\na 1 2 3 1 q\n"
    ));
    assert_eq!(
        message,
        "line 10: name of class 1: expected p, got q; give each class number one name"
    );
    let message = refusal(&format!("{THREE}_rlnPixelSize\na 1 2 3 0\n"));
    assert_eq!(message, "pixel size: expected a length above 0 Å, got 0");
    let message = refusal(&format!("{THREE}_rlnAutopickFigureOfMerit\na 1 2 3 inf\n"));
    assert_eq!(
        message,
        "line 8: rlnAutopickFigureOfMerit: expected a finite number or nan, got \"inf\""
    );
}

#[test]
fn particles_of_an_unknown_optics_group_are_refused() {
    let text = "data_optics\nloop_\n_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n1 2\n2 3\ndata_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnOpticsGroup\nt 1 2 3 1\nu 1 2 3 7\n";
    assert_eq!(
        refusal(text),
        "line 15: rlnOpticsGroup: expected a group of the optics block, got \"7\""
    );
    let picks = relion::picks_from(
        &Document::parse(text.replace(" 7", " 2")).unwrap(),
        None,
        &PicksOptions::default(),
    )
    .unwrap();
    assert_eq!(picks.sets[1].grid.voxel_size.isotropic(), Some(3.0));
    let document =
        relion::document_from(&picks, Convention::Relion4, &PicksOptions::default()).unwrap();
    let optics = document.require("optics").unwrap().require_table().unwrap();
    assert_eq!(
        optics.column_f64("rlnTomoTiltSeriesPixelSize").unwrap(),
        [2.0, 3.0]
    );
    let table = document
        .require("particles")
        .unwrap()
        .require_table()
        .unwrap();
    assert_eq!(table.column_i64("rlnOpticsGroup").unwrap(), [1, 2]);
}
