//! Chromium without a window, driven over its DevTools protocol through two pipes.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(90);

/// A page in a browser that ends with it.
pub(crate) struct Browser {
    child: Child,
    commands: File,
    answers: Receiver<Value>,
    session: String,
    sent: u64,
    /// What the page said on its console, and what it threw.
    pub(crate) complaints: Vec<String>,
    _folder: tempfile::TempDir,
}

fn program() -> Option<PathBuf> {
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let paths = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.into_iter().find(|path| path.is_file())
}

impl Browser {
    /// `None`, and said so, where there is no browser; with `CRYO_BROWSER_TESTS=1` that is a failure.
    pub(crate) fn start(width: u32, height: u32) -> Option<Self> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os("CRYO_BROWSER_TESTS").is_none(),
                "CRYO_BROWSER_TESTS is set and there is no Chromium: cargo xtask setup --browser"
            );
            cryo_fixtures::say_skipped("no Chromium: cargo xtask setup --browser installs it");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pipe = |name: &str| folder.path().join(name);
        let (to, from) = (pipe("to"), pipe("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status();
        assert!(made.expect("mkfifo starts").success());
        let script = "exec \"$0\" \"$@\" 3<\"$TO_BROWSER\" 4>\"$FROM_BROWSER\"";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--no-first-run",
                "--disable-dev-shm-usage",
                "--remote-debugging-pipe",
                // WebGL without a graphics card.
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
            ])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", pipe("profile").display()))
            .arg("about:blank")
            .env("TO_BROWSER", &to)
            .env("FROM_BROWSER", &from)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let commands = OpenOptions::new().write(true).open(&to).expect("a pipe");
        let answers = listen(File::open(&from).expect("a pipe"));
        let mut browser = Self {
            child,
            commands,
            answers,
            session: String::new(),
            sent: 0,
            complaints: Vec::new(),
            _folder: folder,
        };
        let targets = browser.call("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array().expect("targets").clone();
        let page = targets
            .iter()
            .find(|target| target["type"] == "page")
            .expect("a page");
        let attached = browser.call(
            "Target.attachToTarget",
            json!({ "targetId": page["targetId"], "flatten": true }),
        );
        browser.session = attached["sessionId"].as_str().expect("an id").to_owned();
        browser.call("Page.enable", json!({}));
        browser.call("Runtime.enable", json!({}));
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        browser.call("Emulation.setDeviceMetricsOverride", metrics);
        Some(browser)
    }

    /// The answer to a command; events that come before it are kept if they are complaints.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.commands
            .write_all(&bytes)
            .expect("the browser listens");
        loop {
            let answer = self.answers.recv_timeout(PATIENCE);
            let answer = answer.unwrap_or_else(|_| panic!("no answer to {method}"));
            self.note(&answer);
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                let details = &params["exceptionDetails"];
                self.complaints.push(format!(
                    "{} {}",
                    details["text"], details["exception"]["description"]
                ));
            }
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => {
                self.complaints.push(params["args"].to_string());
            }
            _ => {}
        }
    }

    pub(crate) fn open(&mut self, address: &str) {
        self.call("Page.navigate", json!({ "url": address }));
        self.wait("document.documentElement.dataset.ready");
    }

    pub(crate) fn reload(&mut self) {
        self.evaluate("document.documentElement.removeAttribute('data-ready')");
        self.call("Page.reload", json!({}));
        self.wait("document.documentElement.dataset.ready");
    }

    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", params);
        assert!(
            result.get("exceptionDetails").is_none(),
            "{script}: {result}"
        );
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait(&mut self, condition: &str) {
        let started = Instant::now();
        let script = format!(
            "(() => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }})()"
        );
        while self.evaluate(&script) != json!(true) {
            assert!(
                started.elapsed() < PATIENCE,
                "still not {condition}: {:?}",
                self.complaints
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn text(&mut self, selector: &str) -> String {
        let script = format!("document.querySelector({}).textContent", json!(selector));
        self.evaluate(&script)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Left, top, width and height of an element.
    pub(crate) fn place(&mut self, selector: &str) -> [f64; 4] {
        let script = format!(
            "(() => {{ const b = document.querySelector({}).getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; }})()",
            json!(selector)
        );
        let values = self.evaluate(&script);
        [0, 1, 2, 3].map(|i| {
            values[i]
                .as_f64()
                .unwrap_or_else(|| panic!("{selector} is not there"))
        })
    }

    pub(crate) fn mouse(&mut self, kind: &str, [x, y]: [f64; 2], modifiers: u8) {
        let held = u8::from(kind != "mouseReleased");
        let button = if kind == "mouseMoved" && modifiers == 0 {
            "none"
        } else {
            "left"
        };
        self.call(
            "Input.dispatchMouseEvent",
            json!({
                "type": kind, "x": x, "y": y, "button": button, "buttons": if button == "none" { 0 } else { held },
                "clickCount": 1, "modifiers": modifiers,
            }),
        );
    }

    pub(crate) fn hover(&mut self, place: [f64; 2]) {
        self.mouse("mouseMoved", place, 0);
    }

    /// Moves onto the middle of an element, presses and lets go.
    pub(crate) fn click(&mut self, selector: &str) {
        let script = format!(
            "document.querySelector({}).scrollIntoView({{block: 'nearest'}})",
            json!(selector)
        );
        self.evaluate(&script);
        let [left, top, width, height] = self.place(selector);
        self.click_at([left + width / 2.0, top + height / 2.0]);
    }

    pub(crate) fn click_at(&mut self, place: [f64; 2]) {
        self.hover(place);
        self.mouse("mousePressed", place, 0);
        self.mouse("mouseReleased", place, 0);
    }

    /// Draws a closed line with the Shift key held.
    pub(crate) fn lasso(&mut self, corners: &[[f64; 2]]) {
        const SHIFT: u8 = 8;
        const STEPS: u32 = 10;
        // The lasso takes a point at most every 15 ms.
        let pause = Duration::from_millis(20);
        self.hover(corners[0]);
        self.mouse("mousePressed", corners[0], SHIFT);
        for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            for step in 1..=STEPS {
                let share = f64::from(step) / f64::from(STEPS);
                let place = [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share);
                self.mouse("mouseMoved", place, SHIFT);
                std::thread::sleep(pause);
            }
        }
        self.mouse("mouseReleased", corners[0], SHIFT);
    }

    pub(crate) fn key(&mut self, key: &str) {
        let text = if key.chars().count() == 1 {
            json!(key)
        } else {
            Value::Null
        };
        let mut down = json!({ "type": "keyDown", "key": key });
        if text.is_string() {
            down["text"] = text;
        }
        self.call("Input.dispatchKeyEvent", down);
        self.call(
            "Input.dispatchKeyEvent",
            json!({ "type": "keyUp", "key": key }),
        );
    }

    pub(crate) fn dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    pub(crate) fn download_to(&mut self, folder: &Path) {
        let params = json!({ "behavior": "allow", "downloadPath": folder });
        self.call("Browser.setDownloadBehavior", params);
    }

    /// The bytes of a file that is being downloaded, once they are all there.
    pub(crate) fn downloaded(&mut self, path: &Path) -> Vec<u8> {
        let started = Instant::now();
        while !path.is_file() {
            assert!(
                started.elapsed() < PATIENCE,
                "{} never came",
                path.display()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        std::fs::read(path).expect("readable")
    }

    /// Keeps a picture of the page among the build's artifacts.
    pub(crate) fn picture(&mut self, name: &str) -> Vec<u8> {
        // Two frames, so that what was just changed is painted.
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
        let result = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let png = decoded(result["data"].as_str().expect("base64"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
        std::fs::create_dir_all(&folder).expect("writable");
        std::fs::write(folder.join(format!("{name}.png")), &png).expect("writable");
        png
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let close = b"{\"id\":0,\"method\":\"Browser.close\"}\0";
        let closed = self.commands.write_all(close).is_ok();
        let started = Instant::now();
        while closed && started.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(from: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(from).split(0) {
            let Ok(message) = message else { return };
            let parsed = serde_json::from_slice(&message).expect("JSON of the browser");
            if sender.send(parsed).is_err() {
                return;
            }
        }
    });
    receiver
}

fn decoded(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.decode(text).expect("base64")
}
