//! Every command of the tutorial, as written.

mod common;

use common::{folder, succeed};

#[test]
fn the_commands_of_the_tutorial_work_in_their_order() {
    let text = include_str!("../../../docs/tutorial.md");
    let folder = folder();
    let mut commands = 0;
    for block in text.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines().filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[0], "cryo", "{line}");
            succeed(folder.path(), &words[1..]);
            commands += 1;
        }
    }
    assert_eq!(commands, 17);
    for name in [
        "pictures/ts1_rec.mrc.png",
        "run/report/index.html",
        "picks/ts1.mod",
        "picks/relion4.star",
        "filaments/all.star",
        "traced.star",
    ] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}
