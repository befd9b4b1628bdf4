//! Inputs that make the most of each byte: of every format the files whose contents take the most memory
//! for their length.

/// Lines of a table of many rows.
fn rows(head: &str, count: usize, row: impl Fn(usize) -> String) -> Vec<u8> {
    let rows: String = (0..count).map(row).collect();
    format!("{head}{rows}").into_bytes()
}

/// A number in few letters.
fn short(mut number: usize) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    let mut text = String::new();
    loop {
        text.push(char::from(letters[number % letters.len()]));
        number /= letters.len();
        if number == 0 {
            return text;
        }
    }
}

/// Name of a reader, what is special, bytes.
pub(crate) fn files() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let coordinates = "_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n";
    let picks = |head: &str| format!("data_\nloop_\n{head}{coordinates}");
    let one = |_: usize| "1 1 1\n".to_owned();
    let json = |points: &str, more: &str| {
        format!(r#"{{"pickable_object_name":"a","user_id":"b","session_id":"0","points":[{points}]{more}}}"#)
            .into_bytes()
    };
    let point = r#"{"location":{"x":1,"y":1,"z":1}},"#;
    let last = r#"{"location":{"x":1,"y":1,"z":1}}"#;
    let dynamo = |extra: &str, tomogram: &dyn Fn(usize) -> usize| {
        rows("", 4000, |row| {
            let tomogram = tomogram(row);
            format!("{}{tomogram} {}{extra}\n", "1 ".repeat(19), "1 ".repeat(6))
        })
    };
    vec![
        (
            "star",
            "blocks",
            rows("", 20_000, |i| format!("data_{}\n", short(i))),
        ),
        (
            "star",
            "single values",
            rows("data_\n", 20_000, |i| format!("_{} 1\n", short(i))),
        ),
        (
            "star",
            "tables",
            rows("data_\n", 10_000, |i| format!("loop_\n_{}\n", short(i))),
        ),
        (
            "star",
            "tables with odd rows",
            rows("data_\n", 10_000, |i| {
                format!("loop_\n_{}\n1\n\n1\n", short(i))
            }),
        ),
        (
            "star",
            "columns",
            rows("data_\nloop_\n", 4096, |i| format!("_{}\n", short(i))),
        ),
        (
            "star",
            "values",
            rows("data_\nloop_\n_a\n", 50_000, |_| "1\n".to_owned()),
        ),
        ("relion", "particles", rows(&picks(""), 20_000, one)),
        (
            "relion",
            "tomograms",
            rows(&picks("_rlnTomoName\n"), 20_000, |i| {
                format!("{} 1 1 1\n", short(i))
            }),
        ),
        (
            "relion",
            "classes",
            rows(&picks("_cryoClassName\n"), 20_000, |i| {
                format!("{} 1 1 1\n", short(i))
            }),
        ),
        (
            "relion",
            "extra",
            rows(
                &picks(
                    &(0..100)
                        .map(|i| format!("_{}\n", short(i)))
                        .collect::<String>(),
                ),
                500,
                |_| format!("{}\n", "1 ".repeat(103)),
            ),
        ),
        (
            "relion",
            "tilts",
            rows("data_\nloop_\n_wrpAngleTilt\n", 50_000, |_| {
                "1\n".to_owned()
            }),
        ),
        (
            "relion",
            "set",
            rows("data_\nloop_\n_rlnTomoName\n", 50_000, |i| {
                format!("{}\n", short(i))
            }),
        ),
        ("angles", "angles", rows("", 50_000, |_| "1\n".to_owned())),
        (
            "transforms",
            "zeros",
            rows("", 10_000, |_| "0 0 0 0 0 0\n".to_owned()),
        ),
        (
            "mdoc",
            "sections",
            rows("", 10_000, |_| "[ZValue=]\nTiltAngle=1\n".to_owned()),
        ),
        (
            "mdoc",
            "empty sections",
            rows("", 20_000, |_| "[=]\n".to_owned()),
        ),
        ("mdoc", "lines", rows("a=\n", 50_000, |_| "\n".to_owned())),
        (
            "mdoc",
            "section lines",
            rows("", 20_000, |_| "[=]\n\n".to_owned()),
        ),
        (
            "aretomo",
            "images",
            rows("", 10_000, |i| format!("{i} 1 1 1 1 1 1 1 1 1\n")),
        ),
        (
            "aretomo",
            "dark",
            rows("1 1 1 1 1 1 1 1 1 1\n", 10_000, |i| {
                format!("#DarkFrame=0 {} 1\n", i + 2)
            }),
        ),
        (
            "warp",
            "nodes",
            rows("<TiltSeries>", 20_000, |_| "<a/>".to_owned()),
        ),
        (
            "warp",
            "attributes",
            rows("<TiltSeries>", 5_000, |_| {
                "<a a='' b='' c='' d=''/>".to_owned()
            }),
        ),
        ("warp", "angles", {
            let mut t = rows("<TiltSeries><Angles>", 50_000, |_| "1 ".to_owned());
            t.extend(b"</Angles></TiltSeries>");
            t
        }),
        ("warp", "paths", {
            let mut t = rows("<TiltSeries><Angles>1</Angles><MoviePath>", 50_000, |_| {
                "a\n".to_owned()
            });
            t.extend(b"</MoviePath></TiltSeries>");
            t
        }),
        (
            "tilt_com",
            "ranges",
            rows("EXCLUDELIST ", 50_000, |_| "1,".to_owned()),
        ),
        (
            "imod",
            "points",
            imod(
                &[
                    b"CONT".as_slice(),
                    &10_000_i32.to_be_bytes(),
                    &[0; 12],
                    &[0; 120_000],
                ]
                .concat(),
            ),
        ),
        (
            "imod",
            "contours",
            imod(&[b"CONT".as_slice(), &[0; 16]].concat().repeat(10_000)),
        ),
        (
            "imod",
            "contours of one",
            imod(
                &[b"CONT".as_slice(), &1_i32.to_be_bytes(), &[0; 24]]
                    .concat()
                    .repeat(10_000),
            ),
        ),
        ("imod", "chunks", imod(&b"ABCD\0\0\0\0".repeat(20_000))),
        (
            "imod",
            "chunks of the model",
            imod(&b"VIEW\0\0\0\0".repeat(20_000)),
        ),
        (
            "imod",
            "contours with a chunk",
            imod(
                &[b"CONT".as_slice(), &[0; 16], b"ABCD\0\0\0\0"]
                    .concat()
                    .repeat(10_000),
            ),
        ),
        ("copick", "points", json(&(point.repeat(5000) + last), "")),
        (
            "copick",
            "numbers",
            json("", &format!(r#","a":[{}0]"#, "0,".repeat(50_000))),
        ),
        (
            "copick",
            "fields",
            json(
                "",
                &(0..20_000)
                    .map(|i| format!(r#","{}":0"#, short(i)))
                    .collect::<String>(),
            ),
        ),
        (
            "copick",
            "objects",
            json("", &format!(r#","a":[{}0]"#, r#"{"":0},"#.repeat(20_000))),
        ),
        (
            "copick",
            "empty objects",
            json("", &format!(r#","a":[{}0]"#, r#"{},"#.repeat(20_000))),
        ),
        (
            "copick",
            "lists",
            json("", &format!(r#","a":[{}0]"#, "[0],".repeat(20_000))),
        ),
        (
            "copick",
            "session",
            format!(r#"{{"session_id":[{}0]"#, r#"{"":0},"#.repeat(20_000)).into_bytes(),
        ),
        (
            "copick",
            "objects of a point",
            json(
                &format!(
                    r#"{{"location":{{"x":1,"y":1,"z":1}},"a":[{}0]}}"#,
                    r#"{"":0},"#.repeat(20_000)
                ),
                "",
            ),
        ),
        (
            "copick",
            "points with a field",
            json(
                &(r#"{"location":{"x":1,"y":1,"z":1},"":0},"#.repeat(5000) + last),
                "",
            ),
        ),
        ("dynamo", "rows", dynamo("", &|_| 1)),
        ("dynamo", "tomograms", dynamo("", &|row| row)),
        ("dynamo", "columns", dynamo(&" 1".repeat(100), &|_| 1)),
        ("em", "list of bytes", em(1, [20, 5000, 1], 100_000)),
        ("em", "list", em(5, [20, 5000, 1], 400_000)),
        ("em", "volume of bytes", em(1, [100, 100, 10], 100_000)),
        (
            "tables",
            "rows",
            rows("x y z\n", 20_000, |_| "1 1 1\n".to_owned()),
        ),
        (
            "tables",
            "comma rows",
            rows("x,y,z\n", 20_000, |_| "1,1,1\n".to_owned()),
        ),
        (
            "tables",
            "tomograms",
            rows("tomo x y z\n", 20_000, |i| format!("{} 1 1 1\n", short(i))),
        ),
        (
            "tables",
            "classes",
            rows("class x y z\n", 20_000, |i| format!("{} 1 1 1\n", short(i))),
        ),
        (
            "tables",
            "tomograms and classes",
            rows("tomo class x y z\n", 20_000, |i| {
                format!("{0} {0} 1 1 1\n", short(i))
            }),
        ),
        (
            "tables",
            "columns",
            rows("x,y,z", 20_000, |i| format!(",{}", short(i))),
        ),
        ("tables", "empty extra", {
            let mut t = b"x,y,z".to_vec();
            for i in 0..300 {
                t.extend(format!(",q{}", short(i)).bytes());
            }
            t.push(b'\n');
            for _ in 0..300 {
                t.extend(b"1,1,1");
                t.extend(b",".repeat(300));
                t.push(b'\n');
            }
            t
        }),
        (
            "tables",
            "one long line of separators",
            b",".repeat(100_000),
        ),
        ("tables", "lines", b"\n".repeat(100_000)),
        (
            "pickers",
            "bare rows",
            rows("", 20_000, |_| "1 1 1\n".to_owned()),
        ),
        (
            "pickers",
            "objects of a tomogram each",
            rows("<objlist>", 20_000, |i| {
                let end = if i == 19_999 { "</objlist>" } else { "" };
                format!("<object tomo_idx='{i}' x='1' y='1' z='1'/>{end}")
            }),
        ),
        (
            "datasets",
            "entries",
            rows("name,tomogram\n", 20_000, |i| {
                format!("{0},{0}\n", short(i))
            }),
        ),
        (
            "datasets",
            "toml entries",
            rows("", 5_000, |i| {
                format!("[[entry]]\nname='{0}'\ntomogram='{0}'\n", short(i))
            }),
        ),
        ("datasets", "toml inline", {
            let mut t = rows("entry=[", 5_000, |i| {
                format!("{{name='{0}',tomogram='{0}'}},", short(i))
            });
            t.push(b']');
            t
        }),
        ("datasets", "toml extra keys", {
            let keys: String = (0..60).map(|i| format!("q{}=1\n", short(i))).collect();
            let mut t = format!("[[entry]]\nname='1'\ntomogram='1'\n{keys}").into_bytes();
            t.extend(rows("", 5_000, |i| {
                format!("[[entry]]\nname='{0}'\ntomogram='{0}'\n", short(i))
            }));
            t
        }),
        ("datasets", "toml numbers", {
            let mut t = rows("a=[", 50_000, |_| "1,".to_owned());
            t.push(b']');
            t
        }),
        ("datasets", "toml tables", {
            let mut t = rows("a=[", 20_000, |_| "{a=1},".to_owned());
            t.push(b']');
            t
        }),
        (
            "datasets",
            "toml keys",
            rows("", 20_000, |i| format!("{}=1\n", short(i))),
        ),
        (
            "datasets",
            "toml headers",
            rows("", 20_000, |i| format!("[{}]\n", short(i))),
        ),
        (
            "datasets",
            "toml dotted",
            rows("", 20_000, |i| format!("{}.a.a.a=1\n", short(i))),
        ),
        ("mrc_permissive", "bytes", mrc(0, [50, 40, 50])),
        ("mrc_permissive", "packed4", mrc(101, [50, 40, 100])),
        ("mrc_permissive", "complex", mrc(3, [50, 40, 50])),
        ("mrc", "bytes", mrc(0, [50, 40, 50])),
    ]
}

fn imod(chunks: &[u8]) -> Vec<u8> {
    let model = cryo_fixtures::imod_files().swap_remove(0).bytes;
    let to_contours = 240 + 4 + 176;
    let mut bytes = model[..to_contours].to_vec();
    bytes.extend(chunks);
    bytes.extend(b"IEOF");
    bytes
}

fn em(code: u8, sizes: [i32; 3], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; 512 + length];
    bytes[0] = 6;
    bytes[3] = code;
    for (axis, size) in sizes.into_iter().enumerate() {
        bytes[4 + 4 * axis..8 + 4 * axis].copy_from_slice(&size.to_le_bytes());
    }
    bytes
}

fn mrc(mode: i32, shape: [i32; 3]) -> Vec<u8> {
    let files = cryo_fixtures::mrc_files();
    let mut bytes = files
        .into_iter()
        .find(|file| file.name == "int8.mrc")
        .unwrap()
        .bytes;
    bytes.truncate(1024);
    let [z, y, x] = shape;
    for (place, word) in [x, y, z, mode].into_iter().enumerate() {
        bytes[4 * place..4 * place + 4].copy_from_slice(&word.to_le_bytes());
    }
    bytes.resize(1024 + 4 * 100_000, 1);
    let length = match mode {
        0 => x * y * z,
        101 => (x + 1) / 2 * y * z,
        _ => 4 * x * y * z,
    };
    bytes.truncate(1024 + length as usize);
    bytes
}
