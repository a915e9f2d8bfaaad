//! The real binary, as a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio},
};

use super::{Auth, BASE, Connection, Response, http};

/// What the program shows as its version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The program with these arguments, and without any of the variables that it reads.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alfresco-downloads-mock"));
    command.env_clear().args(arguments).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program runs")
}

/// What the program wrote, as text.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output in UTF-8")
}

/// A server that runs until it is told to stop, or is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// The first line of its standard output, with its end.
    pub(crate) ready_line: String,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The program with these arguments, on a free port and with a log that tells of each download's end.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_logging("warn,alfresco_downloads_mock::downloads=debug", arguments)
    }

    /// The same with another log, of which no more than a pipe holds is kept until the test reads it.
    pub(crate) fn start_logging(filter: &str, arguments: &[&str]) -> Self {
        Self::spawn(program(&[&["--port", "0", "--log", filter], arguments].concat()))
    }

    /// Waits for the ready line of that command.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut stderr = BufReader::new(child.stderr.take().expect("its log"));
        let mut ready_line = String::new();
        stdout.read_line(&mut ready_line).expect("a line of text");
        let address = ready_line.split_once("http://").and_then(|(_, after)| after.split(' ').next()?.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let mut log = String::new();
            let _ = stderr.read_to_string(&mut log);
            panic!("not a ready line: {ready_line:?}; log: {log}");
        };
        Self { child, stdout, stderr, ready_line, address }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    /// Sends a request over a connection of its own, which is closed after the answer.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        auth: Auth<'_>,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Response {
        let mut connection = self.connect();
        connection.send(&http::request(method, path, self.address, auth, headers, body));
        let response = connection.receive(method);
        connection.finish();
        response
    }

    pub(crate) fn get(&self, path: &str, auth: Auth<'_>) -> Response {
        self.request("GET", path, auth, &[], None)
    }

    /// Asks for a download of these nodes, which must be accepted; its id.
    pub(crate) fn create_download(&self, auth: Auth<'_>, node_ids: &[&str]) -> String {
        let body = serde_json::json!({ "nodeIds": node_ids }).to_string();
        let response = self.request("POST", &format!("{BASE}/downloads"), auth, &[], Some(body.as_bytes()));
        assert_eq!(response.status, 202, "{}", response.text());
        response.json()["entry"]["id"].as_str().expect("an id").to_owned()
    }

    /// Reads the log up to the first line that holds `text`, which it returns.
    pub(crate) fn wait_for_log(&mut self, text: &str) -> String {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.stderr.read_line(&mut line).expect("a line of text") > 0, "the log ended before {text:?}");
        }
        line
    }

    /// The bytes of a request, for [`Connection::send`].
    pub(crate) fn get_request(&self, path: &str, auth: Auth<'_>) -> Vec<u8> {
        http::request("GET", path, self.address, auth, &[], None)
    }

    /// The most memory that was resident at any time, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().strip_suffix(" kB").and_then(|number| number.parse().ok()).expect("a number of KiB")
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processor time that it has used so far, in hundredths of a second.
    pub(crate) fn processor_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("a running process");
        let (_, behind_name) = stat.rsplit_once(") ").expect("a name");
        behind_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum()
    }

    /// Sends it a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().expect("a shell runs").success(), "{script}");
    }

    /// Asks it to end, by SIGTERM, and waits until it has: how it ended, and what it logged that no test has read.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        self.signal("TERM");
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).expect("text");
        (self.child.wait().expect("it ends"), log)
    }

    /// Waits for its end: how it ended, and what it wrote to its standard output after the ready line.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it ends");
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("text");
        (status, rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
