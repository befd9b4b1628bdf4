//! Whom `cryo view` answers, and what it and `cryo report` say of runs that are not what they should be.

mod common;
#[path = "common/served.rs"]
mod served;
#[path = "common/run.rs"]
mod truth;

use std::{fs, path::Path};

use common::{fail, folder, succeed};
use cryo_io::{Overwrite, hdf5};
use served::Served;
use truth::{unlocked, write_run};

const PAGE: &str = "X-Cryo-Page: 1";

fn selection(served: &Served, name: &str, indices: &str, overwrite: bool) -> String {
    let document = served.get("").text();
    let mark = "\"candidates_fingerprint\":\"";
    let start = document.find(mark).expect("a fingerprint") + mark.len();
    let fingerprint = &document[start..start + 16];
    format!(
        "{{\"name\":{name:?},\"format\":\"relion5\",\"overwrite\":{overwrite},\"indices\":[{indices}],\"classes\":[],\"names\":[],\"candidates\":\"{fingerprint}\"}}"
    )
}

#[test]
fn only_who_knows_the_token_is_answered() {
    let place = folder();
    write_run(place.path());
    let served = Served::start(place.path());
    let token = served.base().trim_matches('/').to_owned();
    assert_eq!(token.len(), 32);
    let mut wrong = token.clone();
    wrong.replace_range(31.., if token.ends_with('0') { "1" } else { "0" });
    for path in [
        "/",
        "/state",
        "/thumbnails/0.png",
        &format!("/{wrong}/"),
        &format!("/{}/", &token[..31]),
        &format!("//{token}/"),
    ] {
        let answer = served.ask("GET", path, &[], "");
        assert_eq!(answer.code, 403, "{path}");
        assert!(
            answer
                .text()
                .contains("the whole address that cryo view printed"),
            "{path}"
        );
    }
    let page = served.get("");
    assert_eq!(page.code, 200);
    assert!(page.text().starts_with("<!doctype html>"));
    let head = page.head.to_lowercase();
    for rule in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "nosniff",
        "no-referrer",
    ] {
        assert!(head.contains(rule), "{rule}: {head}");
    }
    assert!(!head.contains("access-control-allow"));
    // Another run of the program has another secret.
    let again = Served::start(place.path());
    assert_ne!(again.base(), served.base());
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn nothing_but_the_run_and_its_tomograms_is_served() {
    let place = folder();
    write_run(place.path());
    fs::write(place.path().join("secret.txt"), "mine").expect("writable");
    let served = Served::start(place.path());
    for path in [
        "../secret.txt",
        "..%2fsecret.txt",
        "thumbnails/../../secret.txt",
        "thumbnails/..%2f..%2fsecret.txt",
        "thumbnails/%2e%2e/%2e%2e/secret.txt",
        "slices/..%2f..%2f/secret.txt",
        "slices/0/..%2fsecret.png",
        "candidates.star",
        "thumbnails/99.png",
        "slices/0/9999.png",
        "slices/9/0.png",
        "slices/-1/0.png",
    ] {
        let answer = served.get(path);
        assert!([403, 404].contains(&answer.code), "{path}: {answer:?}");
        assert!(!answer.text().contains("mine"), "{path}");
    }
    for path in [
        "thumbnails/0.png",
        "slices/1/51.png",
        "slices/0/0.png?denoise=1",
    ] {
        let answer = served.get(path);
        assert_eq!(answer.code, 200, "{path}: {}", answer.text());
        assert!(answer.body.starts_with(b"\x89PNG"), "{path}");
    }
}

#[test]
fn changes_come_from_the_page_only() {
    let place = folder();
    let at = place.path();
    write_run(at);
    let served = Served::start(at);
    let own = format!("Origin: http://{}", served.host());
    let state = format!("{}state", served.base());
    let refused: [&[&str]; 4] = [
        &[],
        &[PAGE, "Origin: http://evil.example"],
        &[PAGE, "Origin: null"],
        &[PAGE, &own, "Sec-Fetch-Site: cross-site"],
    ];
    for headers in refused {
        for method in ["PUT", "POST", "DELETE"] {
            let answer = served.ask(method, &state, headers, "{}");
            assert_eq!(answer.code, 403, "{method} {headers:?}");
        }
    }
    assert!(!at.join("run/view.json").exists());
    assert_eq!(served.get("state").code, 204);
    assert_eq!(
        served
            .ask(
                "PUT",
                &state,
                &[PAGE, &own, "Sec-Fetch-Site: same-origin"],
                "{\"a\":1}"
            )
            .code,
        204
    );
    assert_eq!(served.get("state").text(), "{\"a\":1}");
    assert_eq!(
        served.ask("PUT", &state, &[PAGE, &own], "no JSON").code,
        400
    );
    // A request that the browser sends beforehand gets no leave.
    let asked = served.ask(
        "OPTIONS",
        &state,
        &[
            "Origin: http://evil.example",
            "Access-Control-Request-Method: PUT",
        ],
        "",
    );
    assert!(asked.code >= 400 && !asked.head.to_lowercase().contains("access-control-allow"));
}

#[test]
fn selections_stay_in_their_folder_and_are_not_lost() {
    let place = folder();
    let at = place.path();
    write_run(at);
    let served = Served::start(at);
    let target = format!("{}selections", served.base());
    let post = |body: &str| served.ask("POST", &target, &[PAGE], body);
    for name in [
        "../outside",
        "/outside",
        ".hidden",
        "",
        "a/b",
        "a b",
        "a\\nb",
    ] {
        let answer = post(&selection(&served, name, "0,1", false));
        assert_eq!(answer.code, 400, "{name}: {}", answer.text());
    }
    for indices in ["", "100000", "3,3"] {
        let answer = post(&selection(&served, "x", indices, false));
        assert_eq!(answer.code, 400, "{indices}: {}", answer.text());
    }
    assert!(!at.join("run/selections/x.star").exists());
    let stale =
        selection(&served, "x", "0", false).replace("\"candidates\":\"", "\"candidates\":\"0");
    assert_eq!(post(&stale).code, 412);
    assert_eq!(post("{}").code, 400);

    assert_eq!(post(&selection(&served, "x", "0,1,2", false)).code, 200);
    let before = fs::read(at.join("run/selections/x.star")).expect("written");
    let again = post(&selection(&served, "x", "4", false));
    assert_eq!(again.code, 409);
    assert!(again.text().contains("exists already"), "{}", again.text());
    assert_eq!(
        fs::read(at.join("run/selections/x.star")).expect("there"),
        before
    );
    assert_eq!(post(&selection(&served, "x", "4", true)).code, 200);
    assert_ne!(
        fs::read(at.join("run/selections/x.star")).expect("there"),
        before
    );
    let copick = selection(&served, "x", "0,1", false).replace("relion5", "copick");
    assert_eq!(post(&copick).code, 200);
    assert!(
        at.join("run/selections/x/ExperimentRuns/ts one/Picks")
            .is_dir()
    );
    assert_eq!(post(&copick.replace("false", "true")).code, 200);
    let left = fs::read_dir(at.join("run/selections"))
        .expect("a folder")
        .count();
    assert_eq!(left, 2, "nothing half-written stays");
}

#[test]
fn a_port_in_use_is_said() {
    let place = folder();
    write_run(place.path());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("free");
    let port = taken.local_addr().expect("an address").port().to_string();
    let message = fail(
        place.path(),
        &["view", "run", "--no-open", "--port", &port],
        4,
    );
    assert!(
        message.contains(&format!("127.0.0.1:{port}: the port is in use")),
        "{message}"
    );
    assert!(message.contains("--port 0"), "{message}");
    let message = fail(
        place.path(),
        &["view", "run", "--no-open", "--bind", "192.0.2.1"],
        4,
    );
    assert!(
        message.contains("no such address") && message.contains("--bind"),
        "{message}"
    );
}

/// The table of the run, changed.
fn change(at: &Path, change: impl FnOnce(&mut hdf5::Embeddings)) {
    let path = at.join("run/embedding.h5");
    let mut table =
        hdf5::read_embeddings(&path, &hdf5::EmbeddingsOptions::default()).expect("readable");
    change(&mut table);
    hdf5::write_embeddings(&path, &table, Overwrite::Replace).expect("written");
    unlocked(&path);
}

#[test]
fn what_is_wrong_with_a_run_is_said() {
    let place = folder();
    let at = place.path();
    let both = |expected: &str| {
        for words in [
            &["view", "run", "--no-open", "--port", "0"][..],
            &["report", "run", "-o", "x.html"],
        ] {
            let message = fail(at, words, 3);
            assert!(message.contains(expected), "{words:?}: {message}");
        }
        assert!(!at.join("x.html").exists());
    };
    both("run: expected the folder of a run, got nothing");
    fs::write(at.join("run"), "a file").expect("writable");
    both("run: expected the folder of a run, got a file");
    fs::remove_file(at.join("run")).expect("there");
    write_run(at);

    let path = at.join("run/embedding.h5");
    let whole = fs::read(&path).expect("readable");
    fs::write(&path, &whole[..whole.len() / 2]).expect("writable");
    both("run/embedding.h5: ");
    fs::write(&path, "no HDF5 at all").expect("writable");
    both("run/embedding.h5: ");
    fs::remove_file(&path).expect("there");
    both("expected embedding.h5 in it, got none; run cryo explore run");
    fs::write(&path, &whole).expect("writable");
    change(at, |table| table.umap2 = None);
    both("expected a map, /umap2, got none; run cryo explore cluster run first");
    fs::write(&path, &whole).expect("writable");
    change(at, |table| table.tomogram = None);
    both("expected a dataset \"tomogram\", got none");
    fs::write(&path, &whole).expect("writable");
    let star = at.join("run/candidates.star");
    let text = fs::read_to_string(&star).expect("text");
    fs::write(&star, text.replace("rlnTomoName", "rlnTomoNama")).expect("writable");
    both("run/candidates.star: ");
    fs::remove_file(&star).expect("there");
    fs::remove_file(at.join("run/dataset.tsv")).expect("there");
    both("neither candidates.star nor dataset.tsv names it");
}

#[test]
fn a_missing_tomogram_is_named_and_the_rest_works() {
    let place = folder();
    let at = place.path();
    write_run(at);
    fs::remove_file(at.join("ts_two.mrc")).expect("there");
    let served = Served::start(at);
    served.expect_said("ts_two.mrc: no such file; its slices cannot be shown");
    assert_eq!(served.get("slices/0/3.png").code, 200);
    let answer = served.get("slices/1/3.png");
    assert_eq!(answer.code, 404);
    assert!(answer.text().contains("ts_two.mrc"), "{}", answer.text());
    // A tomogram of another size is not what the candidates were counted in.
    fs::copy(at.join("ts_one.mrc"), at.join("ts_two.mrc")).expect("copied");
    let answer = served.get("slices/1/3.png");
    assert!(
        answer.text().contains("expected [52, 180, 140] voxels"),
        "{}",
        answer.text()
    );
    // A report needs no tomogram.
    fs::remove_file(at.join("ts_two.mrc")).expect("there");
    succeed(at, &["report", "run", "-o", "page.html"]);
    let message = fail(at, &["report", "run", "-o", "page.html"], 2);
    assert!(message.contains("not overwritten"), "{message}");
}
