//! `cryo view` as a process, and requests to it without a browser.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::common::command;

/// A served run that ends with it.
pub(crate) struct Served {
    child: Option<Child>,
    /// With the token and a `/` at the end.
    pub(crate) address: String,
    said: Arc<Mutex<String>>,
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Served {
    /// Serves `run` in a folder on any free port.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::with(folder, &[])
    }

    /// With more options.
    pub(crate) fn with(folder: &Path, more: &[&str]) -> Self {
        let words = [&["view", "run", "--port", "0", "--no-open"], more].concat();
        let mut child = command(folder, &words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cryo starts");
        let said = Arc::new(Mutex::new(String::new()));
        let mut errors = child.stderr.take().expect("piped");
        let to = said.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(read @ 1..) = errors.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                to.lock().expect("not poisoned").push_str(&text);
            }
        });
        let mut address = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut address).expect("a line");
        assert!(
            address.starts_with("http://127.0.0.1:"),
            "{address:?} {said:?}"
        );
        Self {
            child: Some(child),
            address: address.trim().to_owned(),
            said,
        }
    }

    /// Waits until it has said that on standard error, which may arrive after the address on standard output.
    pub(crate) fn expect_said(&self, words: &str) {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().expect("not poisoned").clone();
            if said.contains(words) {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "expected {words:?}, got {said:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> &str {
        self.address["http://".len()..]
            .split('/')
            .next()
            .expect("a host")
    }

    /// `/TOKEN/`.
    pub(crate) fn base(&self) -> &str {
        &self.address["http://".len() + self.host().len()..]
    }

    /// Sends exactly this path and these headers.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.host()).expect("it listens");
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.host()
        );
        for header in headers {
            head += header;
            head += "\r\n";
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(body.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        let end = answer
            .windows(4)
            .position(|bytes| bytes == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Answer {
            code: code.expect("a code"),
            body: answer[end + 4..].to_vec(),
            head,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", &format!("{}{path}", self.base()), &[], "")
    }

    /// Ends it as Ctrl-C does, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let asked = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(asked.expect("kill starts").success());
        child.wait().expect("ended").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
