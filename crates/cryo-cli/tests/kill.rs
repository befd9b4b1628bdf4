//! `kill -9` at random moments of exploration and localization: `--resume` gives what an undisturbed run gives.

mod common;
#[path = "common/scene.rs"]
mod scene;
#[path = "common/whole.rs"]
mod whole;

use std::{
    env, fs,
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use common::{command, folder, succeed};
use whole::{assert_same_results, assert_whole, gone, leftovers};

/// Of the moments; they are fractions of the time that the undisturbed run took.
const SEED: u64 = 8;

/// SplitMix64 (Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195).
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A tomogram with dark balls of two sizes, and the first twelve in `NAME.star`.
fn tomogram(folder: &Path, name: &str, seed: u64) {
    let kinds = [("ball", 5.0, 10), ("dot", 3.0, 10)];
    let phantom = scene::balls([32, 84, 92], 20.0, 1.0, seed, &kinds);
    scene::write_volume(folder, name, &phantom.volume);
    let mut truth = phantom.truth;
    truth.tomogram = name.to_owned();
    truth.items.retain(|item| item.class == Some(1));
    scene::write_star(folder, name, truth);
}

fn two_tomograms() -> tempfile::TempDir {
    let place = folder();
    tomogram(place.path(), "one", 1);
    tomogram(place.path(), "two", 2);
    place
}

fn split(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Runs commands one after another; whether they came to their end before the moment at which one was killed.
fn until(at: &Path, lines: &[String], moment: Duration) -> bool {
    let begun = Instant::now();
    for line in lines {
        let mut child = command(at, &split(line))
            .stderr(Stdio::null())
            .spawn()
            .expect("cryo starts");
        loop {
            if let Some(status) = child.try_wait().expect("a child") {
                assert!(status.success(), "{line}: {status}");
                break;
            }
            if begun.elapsed() >= moment {
                // On Unix this is kill -9.
                child.kill().expect("killed");
                child.wait().expect("ended");
                return false;
            }
            sleep(Duration::from_millis(2));
        }
    }
    true
}

/// Commands in which `OUT` stands for the folder of the results, without and with `--resume`.
struct Work<'a> {
    at: &'a Path,
    lines: &'a [&'a str],
}

impl Work<'_> {
    fn lines(&self, out: &str, more: &str) -> Vec<String> {
        let line = |line: &&str| format!("{}{more}", line.replace("OUT", out));
        self.lines.iter().map(line).collect()
    }

    /// The time that it takes undisturbed, into the folder `straight`.
    fn straight(&self) -> Duration {
        let begun = Instant::now();
        // Under the name that the others have: the page says it.
        for line in self.lines("killed", "") {
            succeed(self.at, &split(&line));
        }
        let took = begun.elapsed();
        fs::rename(self.at.join("killed"), self.at.join("straight")).expect("renamed");
        took
    }

    /// Kills it at random moments. `each`: after every kill it is resumed to its end and compared; else one kill
    /// follows another until it has come to its end.
    fn disturbed(&self, kills: usize, each: bool) {
        let took = self.straight();
        assert_whole(&self.at.join("straight"));
        let mut random = Random(SEED);
        let out = self.at.join("killed");
        let resumed = self.lines("killed", " --resume");
        let mut killed = 0;
        while killed < kills {
            let moment = took.mul_f64(random.next());
            let ended = until(self.at, &resumed, moment);
            killed += usize::from(!ended);
            assert_whole(&out);
            if ended || each || killed == kills {
                for line in &resumed {
                    succeed(self.at, &split(line));
                }
                assert_same_results(&self.at.join("straight"), &out);
                assert_eq!(leftovers(&out), Vec::<std::path::PathBuf>::new());
                gone(&out);
            }
        }
        fs::remove_dir_all(self.at.join("straight")).expect("removed");
    }
}

const EXPLORE: [&str; 1] = [
    "explore run --data one.mrc two.mrc --out OUT --epochs 24 --batch 16 --box 16 \
    --classes 3 --neighbours 8 --device cpu --threads 1",
];

const LOCALIZE: [&str; 2] = [
    "localize train --data one.mrc --coords one.star --diameter 200 --out OUT/run --epochs 6 --steps 6 --batch 4 \
     --working-voxel 25 --device cpu --threads 1",
    "localize predict --run OUT/run --data one.mrc two.mrc --out OUT/picks --heatmaps --device cpu --threads 1",
];

/// Kills in a row of one test; `CRYO_KILLS` says another number.
fn kills() -> usize {
    let given = env::var("CRYO_KILLS").ok();
    given.map_or(5, |text| text.parse().expect("CRYO_KILLS: a number"))
}

#[test]
fn exploration_killed_again_and_again_ends_as_if_undisturbed() {
    let place = two_tomograms();
    let work = Work {
        at: place.path(),
        lines: &EXPLORE,
    };
    work.disturbed(kills(), false);
}

#[test]
fn localization_killed_again_and_again_ends_as_if_undisturbed() {
    let place = two_tomograms();
    let work = Work {
        at: place.path(),
        lines: &LOCALIZE,
    };
    work.disturbed(kills(), false);
}

#[test]
#[ignore = "minutes: every kill is followed by a run to the end"]
fn exploration_killed_once_at_any_moment_ends_as_if_undisturbed() {
    let place = two_tomograms();
    let work = Work {
        at: place.path(),
        lines: &EXPLORE,
    };
    work.disturbed(4 * kills(), true);
}

#[test]
#[ignore = "minutes: every kill is followed by a run to the end"]
fn localization_killed_once_at_any_moment_ends_as_if_undisturbed() {
    let place = two_tomograms();
    let work = Work {
        at: place.path(),
        lines: &LOCALIZE,
    };
    work.disturbed(4 * kills(), true);
}
