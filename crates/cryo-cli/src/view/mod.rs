//! `cryo view`: the page of a run in a browser, with the tomograms behind it.

mod browser;
mod guard;
mod kept;
mod picks;
mod selections;
mod server;
pub(crate) mod slices;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use clap::Args;

use crate::{
    exit::{Failure, Outcome, print},
    explored::Explored,
    options::Common,
};

/// Explore a run in a browser: map, classes, tomogram slices, selections.
#[derive(Debug, Args)]
#[command(after_help = "\
The address, with a secret in it, goes to standard output. It is answered to this machine only, one port is all that is used, and \
nothing is loaded from a network. On a server that you reach over SSH, give your own machine the port:\n\n  \
ssh -L 8377:127.0.0.1:8377 SERVER     then on SERVER: cryo view run --no-open\n\n\
Selections are written to RUN/selections/ (of --picks, RUN/picks/NAME/selections/), and what you did is kept in RUN/view.json. Ctrl-C ends it.")]
pub(crate) struct Arguments {
    /// The folder of a run that was clustered.
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Look at these particles instead of the candidates, for example what `cryo localize predict` found, in any coordinate format:
    /// embedded with the run's network and mapped anew, in RUN/picks/NAME. What is right or wrong is selected as usual, and
    /// `cryo localize train` learns from both selections.
    #[arg(long, value_name = "FILE")]
    picks: Option<PathBuf>,

    /// Port to listen on; 0 takes any that is free.
    #[arg(long, value_name = "PORT", default_value_t = 8377)]
    port: u16,

    /// Address to listen on. Any other than this machine's own lets others in who know the secret, unencrypted.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// Do not open a browser.
    #[arg(long)]
    no_open: bool,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let run = match &arguments.picks {
        Some(picks) => picks::prepared(&arguments.run, picks, common)?,
        None => Some(arguments.run.clone()),
    };
    let Some(run) = run else {
        return Ok(Outcome::Done);
    };
    let explored = Explored::read(&run, common.memory_bytes())?;
    if common.dry_run {
        common.say(&format!(
            "would show {} candidates on port {}",
            explored.len(),
            arguments.port
        ));
        return Ok(Outcome::Done);
    }
    let listener = listen(SocketAddr::new(arguments.bind, arguments.port))?;
    let place = listener
        .local_addr()
        .map_err(|error| Failure::Resources(format!("could not listen: {error}")))?;
    let session = server::Session::new(&run, explored)?;
    for missing in session.missing_tomograms() {
        common.say(&format!("{missing}; its slices cannot be shown"));
    }
    if !arguments.bind.is_loopback() {
        common.say(
            "warning: whoever can reach this port and knows the address can read the run and write selections",
        );
    }
    let address = format!("http://{place}/{}/", session.token());
    common.say(&format!(
        "{} candidates; open the address below, Ctrl-C ends",
        session.len()
    ));
    print(&format!("{address}\n"))?;
    if !arguments.no_open && !browser::open(&address) {
        common.say(
            "no browser was found here; over SSH, forward the port (cryo view --help says how)",
        );
    }
    server::serve(session, listener)?;
    Ok(Outcome::Done)
}

fn listen(place: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(place).map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "the port is in use, perhaps by another cryo view; choose another with --port, or --port 0 for any that is free"
                    .to_owned()
            }
            io::ErrorKind::PermissionDenied => {
                "the system keeps this port to itself; choose one above 1023 with --port".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => {
                "this machine has no such address; give one of its own to --bind".to_owned()
            }
            _ => format!("could not listen: {error}"),
        };
        Failure::Resources(format!("{place}: {what}"))
    })
}
