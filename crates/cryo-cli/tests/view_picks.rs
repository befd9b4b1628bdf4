//! `cryo view RUN --picks`: particles come back to be looked at.

mod common;
#[path = "common/served.rs"]
mod served;

use std::{fs, path::Path};

use common::{fail, folder, succeed};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};
use cryo_io::mrc;
use served::Served;

/// A tomogram with dark balls; `picks.csv` has them.
fn tomogram(folder: &Path) {
    let mut params = PhantomParams::new([40, 96, 112], 10.0);
    params.noise = Noise::SignalToNoise(0.5);
    let mut builder = PhantomBuilder::new(params).expect("valid");
    let ball = Body::Sphere { radius_vox: 6.0 };
    builder.scatter("ball", ball, 20).expect("room");
    let phantom = builder.build(&()).expect("built");
    let volume = folder.join("one.mrc");
    mrc::write(volume, &phantom.volume, &mrc::WriteOptions::default()).expect("written");
    let mut text = "tomogram,x,y,z,score\n".to_owned();
    for item in &phantom.truth.items {
        let at = item.position;
        text += &format!("one,{:.3},{:.3},{:.3},0.9\n", at.x, at.y, at.z);
    }
    fs::write(folder.join("picks.csv"), text).expect("written");
}

#[test]
fn particles_are_embedded_with_the_runs_network_and_shown_until_they_change() {
    let folder = folder();
    let at = folder.path();
    tomogram(at);
    let explore = "explore run --data one.mrc --out run --epochs 2 --batch 8 --classes 3 --neighbours 5 --device cpu";
    succeed(at, &explore.split_whitespace().collect::<Vec<_>>());

    let before = common::contents(at);
    succeed(at, &["view", "run", "--picks", "picks.csv", "--dry-run"]);
    assert_eq!(common::contents(at), before);

    let served = Served::with(at, &["--picks", "picks.csv"]);
    let page = served.get("");
    assert_eq!(page.code, 200);
    served.expect_said("20 candidates");
    assert_eq!(served.stop(), Some(0));
    assert!(at.join("run/picks/picks/embedding.h5").exists());

    let served = Served::with(at, &["--picks", "picks.csv"]);
    served.expect_said("shown as before");
    served.stop();

    let text = fs::read_to_string(at.join("picks.csv")).expect("text");
    let fewer = text.lines().take(15).collect::<Vec<_>>().join("\n") + "\n";
    fs::write(at.join("picks.csv"), fewer).expect("written");
    let words = [
        "view",
        "run",
        "--picks",
        "picks.csv",
        "--port",
        "0",
        "--no-open",
    ];
    let error = fail(at, &words, 2);
    assert!(error.contains("--overwrite"), "{error}");
    let error = fail(at, &["view", "run", "--picks", "none.csv", "--no-open"], 3);
    assert!(error.contains("none.csv"), "{error}");
}
