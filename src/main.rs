//! The program: reads the command line, starts, waits for a signal, stops. Exit codes: 0 when all went well, 1 when it
//! could not be done, 2 for a mistake on the command line.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use alfresco_downloads_mock::{Command, CommandLine, Config, LogFormat, Mock, Usage, check, health, log_panics};
use tokio::signal;
use tracing::debug;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

const MISTAKE: u8 = 2;

/// Log lines that wait while nobody reads what was written; what comes then is dropped.
const WAITING_LINES: usize = 4096;

fn main() -> ExitCode {
    let line = match CommandLine::read() {
        Ok(line) => line,
        Err(Usage::Asked(text)) => return say(text.trim_end()),
        Err(Usage::Mistake(text)) => return fail(MISTAKE, text),
    };
    match line.command {
        None => serve(&line.config),
        Some(Command::Serve(config)) => serve(&config),
        Some(Command::Health(args)) => match runtime().block_on(health(&args)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(unhealthy) => fail(1, unhealthy),
        },
        Some(Command::Check { path }) => match check(&path) {
            Ok(description) => say(&description),
            Err(error) => fail(1, error),
        },
    }
}

fn serve(config: &Config) -> ExitCode {
    let _written_at_the_end = log_as(config);
    log_panics();
    let runtime = runtime();
    // Before the ready line: whoever reads that may send a signal at once.
    let mut signals = match runtime.block_on(async { Signals::listen() }) {
        Ok(signals) => signals,
        Err(error) => return fail(1, format!("cannot listen for signals: {error}")),
    };
    let mock = match Mock::start_with(config.clone()) {
        Ok(mock) => mock,
        Err(error) => return fail(1, error),
    };
    let version = env!("CARGO_PKG_VERSION");
    let encrypted = mock.tls_address().map_or_else(String::new, |address| format!(" and https://{address}"));
    let ready = format!(
        "alfresco-downloads-mock {version} ready on {}{encrypted} ({} nodes, login admin/admin)",
        mock.url(),
        mock.nodes()
    );
    say(&ready);
    debug!(server.url = mock.url(), server.nodes = mock.nodes(), "ready on {}", mock.url());
    runtime.block_on(async {
        signals.next().await;
        debug!("stopping, as a signal asks");
        mock.stop_unless(signals.next()).await;
    });
    ExitCode::SUCCESS
}

/// Logs to standard error by way of a thread, which no request waits for. Dropping the guard writes out what waits.
fn log_as(config: &Config) -> WorkerGuard {
    // Checked by the command line already.
    let filter: Targets = config.log.parse().unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    let colours = io::stderr().is_terminal();
    let waiting = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    let (writer, guard) = waiting.thread_name("mock-log").finish(io::stderr());
    match config.log_format {
        LogFormat::Text => registry.with(fmt::layer().with_ansi(colours).with_writer(writer)).init(),
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(writer)).init(),
    }
    guard
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread needs nothing")
}

/// Prints a line and flushes it: somebody waits for it.
fn say(line: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(code: u8, reason: impl Display) -> ExitCode {
    complain(reason);
    ExitCode::from(code)
}

fn complain(reason: impl Display) {
    let _ = writeln!(io::stderr(), "{}: {reason}", env!("CARGO_PKG_NAME"));
}

/// The signals that ask a process to end.
#[cfg(unix)]
struct Signals {
    terminate: signal::unix::Signal,
    interrupt: signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}

/// The signal that asks a process to end.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = signal::ctrl_c().await;
    }
}
