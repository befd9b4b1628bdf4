use std::process::{Command, Stdio};

/// Asks the desktop to open an address; false where there is none.
pub(super) fn open(address: &str) -> bool {
    let (program, there) = if cfg!(target_os = "macos") {
        ("open", std::env::var_os("SSH_CONNECTION").is_none())
    } else {
        let display = ["DISPLAY", "WAYLAND_DISPLAY"];
        let there = display
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        ("xdg-open", there)
    };
    let mut command = Command::new(program);
    command
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    there && command.spawn().is_ok()
}
