//! The real binary: what it prints, what it refuses, and its exit codes.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Output, Stdio},
};

use crate::support::{
    ADMIN, Auth, BASE, fixtures_folder, node_id,
    process::{Server, VERSION, program, run, text},
};

/// Runs the program with one variable set.
fn run_with_variable(name: &str, value: &str) -> Output {
    program(&[]).env(name, value).output().expect("the program runs")
}

/// The one line that a failed start leaves on standard error, and nothing on standard output.
#[track_caller]
fn only_line(output: &Output, code: i32) -> String {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert_eq!(text(&output.stdout), "");
    let line = error.strip_suffix('\n').expect("a line");
    assert!(!line.contains('\n') && !line.trim().is_empty(), "not one line: {error}");
    line.to_owned()
}

#[track_caller]
fn assert_names(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

/// The flags of `--help`, each with its variable.
fn flags() -> Vec<(String, String)> {
    let output = run(&["--help"]);
    let words: Vec<_> = text(&output.stdout).split_whitespace().collect();
    let mut flags = Vec::new();
    let mut flag = None;
    for (index, word) in words.iter().enumerate() {
        if let Some(name) = word.strip_prefix("--").filter(|name| !name.is_empty()) {
            let name = name.trim_end_matches([',', '.', ';', '`', ')']);
            flag = Some(format!("--{name}"));
        } else if *word == "[env:" {
            let variable = words[index + 1].split('=').next().unwrap().trim_end_matches(']');
            flags.push((flag.take().expect("a flag before its variable"), variable.to_owned()));
        }
    }
    assert!(flags.len() > 10, "{flags:?}");
    flags
}

// The ready line

#[test]
fn the_ready_line_is_all_there_is_on_standard_output() {
    let server = Server::start(&[]);
    let port = server.address.port();
    let line = server.ready_line.clone();
    let nodes = line
        .strip_prefix(&format!("alfresco-downloads-mock {VERSION} ready on http://127.0.0.1:{port} ("))
        .and_then(|rest| rest.strip_suffix(" nodes, login admin/admin)\n"))
        .unwrap_or_else(|| panic!("{line:?}"));
    assert!(nodes.parse::<u64>().is_ok_and(|nodes| nodes > 8), "{nodes}");
    assert_eq!(server.get(&format!("{BASE}/probes/-ready-"), Auth::None).status, 200, "and then it is");
    assert_eq!(server.get(&format!("{BASE}/nodes/-root-"), ADMIN).status, 200);
    server.signal("TERM");
    let (status, rest) = server.wait();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}

#[test]
fn the_ready_line_counts_the_nodes() {
    let count = |files: &[(&str, &str)]| {
        let folder = fixtures_folder(files, "");
        let line = Server::start(&["--fixtures", path(folder.path())]).ready_line.clone();
        let (before, _) = line.split_once(" nodes").expect("a number of nodes");
        before.rsplit('(').next().and_then(|number| number.parse::<u64>().ok()).expect("a number")
    };
    let one = count(&[("a.txt", "a")]);
    assert_eq!(count(&[("a.txt", "a"), ("b/", ""), ("c/d.txt", "d")]), one + 3);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn serve_is_what_it_does_anyway() {
    let server = Server::spawn(program(&["serve", "--port", "0"]));
    assert_eq!(server.get(&format!("{BASE}/probes/-live-"), Auth::None).status, 200);
}

#[test]
fn the_port_file_holds_the_port_once_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("port");
    let server = Server::start(&["--port-file", path(&file)]);
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), server.address.port().to_string());
}

#[test]
fn it_listens_where_it_is_told_to() {
    for (bind, shown) in [("127.0.0.2", "http://127.0.0.2:"), ("localhost", "http://127.0.0.1:")] {
        let server = Server::start(&["--bind", bind]);
        assert!(server.ready_line.contains(shown), "{}", server.ready_line);
        assert_eq!(server.get(&format!("{BASE}/probes/-live-"), Auth::None).status, 200);
    }
}

#[test]
fn variables_do_what_flags_do() {
    let folder = fixtures_folder(&[("only.txt", "only")], "");
    let port_file = folder.path().join("../").join(format!("{}.port", folder.path().file_name().unwrap().display()));
    let mut command = program(&[]);
    command
        .env("ALFRESCO_MOCK_PORT", "0")
        .env("ALFRESCO_MOCK_BIND", "127.0.0.2")
        .env("ALFRESCO_MOCK_PORT_FILE", &port_file)
        .env("ALFRESCO_MOCK_FIXTURES", folder.path())
        .env("ALFRESCO_MOCK_CORS", "off")
        .env("ALFRESCO_MOCK_BASIC_AUTH_SCHEME", "true")
        .env("ALFRESCO_MOCK_DISCOVERY_OFF", "1");
    let server = Server::spawn(command);
    assert!(server.address.ip().to_string() == "127.0.0.2" && server.address.port() != 0);
    assert_eq!(fs::read_to_string(&port_file).unwrap().trim(), server.address.port().to_string());
    fs::remove_file(&port_file).unwrap();
    let node = server.get(&format!("{BASE}/nodes/-root-?relativePath=only.txt"), ADMIN);
    assert_eq!(node.json()["entry"]["content"]["sizeInBytes"], 4);
    let origin = [("Origin", "http://localhost:4200")];
    let response = server.request("GET", &format!("{BASE}/nodes/-root-"), Auth::None, &origin, None);
    assert_eq!(response.header("Access-Control-Allow-Origin"), None);
    assert_eq!(response.header("WWW-Authenticate"), Some("Basic realm=\"Alfresco -default- tenant\""));
    assert_eq!(server.get("/alfresco/api/discovery", ADMIN).status, 501);
}

#[test]
fn default_fixtures_are_used_when_something_lies_there_and_none_are_named() {
    let folder = fixtures_folder(&[("mounted.txt", "m")], "");
    let named = fixtures_folder(&[("named.txt", "n")], "");
    let nowhere = folder.path().join("nowhere");
    let has = |arguments: &[&str], name: &str| {
        let server = Server::start(arguments);
        server.get(&format!("{BASE}/nodes/-root-?relativePath={name}"), ADMIN).status == 200
    };
    let mounted = ["--default-fixtures", path(folder.path())];
    assert!(has(&mounted, "mounted.txt"));
    assert!(has(&[&mounted[..], &["--fixtures", path(named.path())]].concat(), "named.txt"));
    assert!(has(&["--default-fixtures", path(&nowhere)], "Reports"), "the built-in ones");
}

#[test]
fn a_flag_wins_over_its_variable() {
    let mut command = program(&["--port", "0", "--cors", "any"]);
    command.env("ALFRESCO_MOCK_PORT", "1").env("ALFRESCO_MOCK_CORS", "off");
    let server = Server::spawn(command);
    let origin = [("Origin", "http://localhost:4200")];
    let response = server.request("GET", &format!("{BASE}/probes/-live-"), Auth::None, &origin, None);
    assert_eq!(response.header("Access-Control-Allow-Origin"), Some("http://localhost:4200"));
}

#[test]
fn the_log_is_plain_text_where_there_is_no_terminal() {
    let mut server = Server::start(&[]);
    server.create_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    let line = server.wait_for_log(" is DONE");
    assert!(line.contains(" DEBUG ") && !line.contains('\u{1b}'), "{line:?}");
}

#[test]
fn a_log_that_nobody_reads_holds_nothing_up() {
    let server = Server::start_logging("debug", &[]);
    let request = server.get_request(&format!("{BASE}/probes/-live-"), Auth::None);
    let mut connection = server.connect();
    // Several times what a pipe holds, at a line of some hundred bytes each.
    for _ in 0..3000 {
        connection.send(&request);
        assert_eq!(connection.receive("GET").status, 200);
    }
    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
}

// Mistakes

/// A value that each flag refuses, and what it says is allowed. Flags that take a path are refused by the start instead.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("--bind", "nowhere", "127.0.0.1"),
    ("--port", "70000", "65535"),
    ("--port", "-1", "65535"),
    ("--port", "http", "65535"),
    ("--download-max-content-size", "lots", "-1 for no limit"),
    ("--download-max-content-size", "-2", "-1 for no limit"),
    ("--download-max-content-size", "2GB", "-1 for no limit"),
    ("--download-cleaner-max-age", "60", "60m"),
    ("--download-cleaner-max-age", "-1s", "60m"),
    ("--download-start-delay", "fast", "50ms"),
    ("--max-nodes", "0", "from 1 to"),
    ("--max-nodes", "many", "from 1 to"),
    ("--max-requests", "0", "from 1 to"),
    ("--max-connections", "0", "from 1 to"),
    ("--head-timeout", "20", "60m"),
    ("--body-timeout", "long", "60m"),
    ("--write-timeout", "10", "60m"),
    ("--idle-timeout", "-1s", "60m"),
    ("--max-head-size", "64K", "from 1 to"),
    ("--max-headers", "10001", "from 1 to 10000"),
    ("--max-json-size", "16M", "from 1 to"),
    ("--max-json-depth", "1001", "from 1 to 1000"),
    ("--max-form-fields", "0", "from 1 to"),
    ("--max-upload-size", "-1", "from 1 to"),
    ("--max-upload-memory", "-1", "from 1 to"),
    ("--max-spool-size", "all", "from 1 to"),
    ("--max-downloads", "0", "from 1 to"),
    ("--max-download-entries", "-1", "from 1 to"),
    ("--max-networks", "0", "from 1 to"),
    ("--max-memory", "0", "from 1 to"),
    ("--fixtures-max-size", "8GB", "from 1 to"),
    ("--deflate-level", "0", "from 1 (quick) to 9 (small)"),
    ("--deflate-level", "10", "from 1 (quick) to 9 (small)"),
    ("--deflated-memory", "256M", "from 0 to"),
    ("--deflated-spool", "-1", "from 0 to"),
    ("--upload-memory", "-1", "from 0 to"),
    ("--upload-memory", "1MB", "from 0 to"),
    ("--download-pace", "0", "1 or more"),
    ("--download-pace", "-5", "1 or more"),
    ("--download-pace", "1MB", "1 or more"),
    ("--download-workers", "0", "from 1 to 1024"),
    ("--download-workers", "1025", "from 1 to 1024"),
    ("--download-archive-check-limit", "some", "-1 for no limit"),
    ("--download-archive-check-limit", "-2", "-1 for no limit"),
    ("--download-progress", "bar", "alfresco, smooth"),
    ("--admin", "perhaps", "on, off"),
    ("--admin-port", "70000", "65535"),
    ("--admin-token", "two words", "letters, digits"),
    ("--admin-cors", "localhost:4200", "`any`, `off`"),
    ("--admin-hosts", "two words", "commas"),
    ("--journal-size", "0", "from 1 to 1000000"),
    ("--journal-exchanges", "8M", "from 0 to"),
    ("--networks", "some", "any, strict"),
    ("--network-max-idle", "30", "60m"),
    ("--cors", "localhost", "http://localhost:4200"),
    ("--cors", "http://localhost:4200,evil", "http://localhost:4200"),
    ("--cors", "*", "any"),
    ("--cors-allowed-methods", "GET POST", "commas"),
    ("--cors-allowed-headers", "Content Type", "commas"),
    ("--cors-exposed-headers", ",", "commas"),
    ("--cors-preflight-maxage", "10", "2s"),
    ("--tls", "own", "self-signed"),
    ("--tls-names", "two words", "commas"),
    ("--tls-names", "localhost,", "commas"),
    ("--tls-port", "70000", "65535"),
    ("--replica", "3/3", "0/3"),
    ("--replica", "0/257", "at most 256"),
    ("--replica", "one", "0/3"),
    ("--ticket-secret", "short", "16 bytes"),
    ("--seed", "random", "a number from 0"),
    ("--seed", "-7", "a number from 0"),
    ("--log-format", "xml", "text, json"),
    ("--log", "a=b=c", "debug"),
];

/// Flags with nothing behind them: only their variables have values to be wrong about.
const SWITCHES: &[&str] = &["--basic-auth-scheme", "--discovery-off", "--download-fail-large-entries", "--warm"];

/// Flags that any text fits: what lies there is looked at when the server starts.
const PATHS: &[&str] = &[
    "--default-fixtures",
    "--fixtures",
    "--port-file",
    "--temp-dir",
    "--tls-ca-file",
    "--tls-certificate",
    "--tls-key",
];

#[test]
fn every_flag_refuses_what_it_cannot_use() {
    let flags = flags();
    for (flag, variable) in &flags {
        let has_row = MISTAKES.iter().any(|(with_row, ..)| with_row == flag);
        let is_known = has_row || SWITCHES.contains(&flag.as_str()) || PATHS.contains(&flag.as_str());
        assert!(is_known, "no wrong value of {flag} ({variable}) is tested");
    }
    for (flag, value, allowed) in MISTAKES {
        let line = only_line(&run(&[&format!("{flag}={value}")]), 2);
        assert_names(&line, &[flag, value, allowed]);
        let (_, variable) = flags.iter().find(|(name, _)| name == flag).unwrap_or_else(|| panic!("{flag} is unknown"));
        let line = only_line(&run_with_variable(variable, value), 2);
        assert_names(&line, &[flag, value, allowed]);
    }
    for flag in SWITCHES {
        let (_, variable) = flags.iter().find(|(name, _)| name == flag).unwrap_or_else(|| panic!("{flag} is unknown"));
        let line = only_line(&run_with_variable(variable, "perhaps"), 2);
        assert_names(&line, &[flag, "perhaps"]);
        let line = only_line(&run(&[&format!("{flag}=perhaps")]), 2);
        assert_names(&line, &[flag, "perhaps"]);
    }
}

#[test]
fn what_is_no_flag_and_no_command_is_named() {
    for (arguments, named) in [
        (&["--prot", "8080"][..], "--prot"),
        (&["-x"], "-x"),
        (&["start"], "start"),
        (&["--port"], "--port"),
        (&["--port", "0", "--port", "1"], "--port"),
        (&["--replica", "0/3"], "--ticket-secret"),
        (&["--tls", "self-signed"], "--tls-port"),
        (&["--tls-port", "0", "--tls-certificate", "own.pem"], "--tls-key"),
        (&["--tls-port", "0", "--tls-key", "own.pem"], "--tls-certificate"),
        (&["--tls-port", "0", "--tls", "self-signed", "--tls-certificate", "a", "--tls-key", "b"], "--tls-certificate"),
        (&["health", "--wait", "10"], "--wait"),
        (&["check"], "<PATH>"),
    ] {
        assert_names(&only_line(&run(arguments), 2), &[named]);
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_names(&only_line(&run(&["--port", &port]), 1), &[&format!("127.0.0.1:{port}")]);
}

#[test]
fn what_is_not_on_this_machine_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let nowhere = path(&nowhere);
    let below = format!("{nowhere}/port");
    for (arguments, named) in [
        (["--fixtures", nowhere], nowhere),
        (["--temp-dir", nowhere], nowhere),
        (["--port-file", &below], nowhere),
        (["--bind", "192.0.2.1"], "192.0.2.1"),
    ] {
        assert_names(&only_line(&run(&[&["--port", "0"][..], &arguments].concat()), 1), &[named]);
    }
}

#[test]
fn fixtures_that_cannot_be_used_name_the_file_and_the_node() {
    let folder = fixtures_folder(&[("a.txt", "a")], r#"{"nodes": [{"path": "nosuch/b.txt"}]}"#);
    let line = only_line(&run(&["--port", "0", "--fixtures", path(folder.path())]), 1);
    assert_names(&line, &["fixtures.json", "nosuch/b.txt"]);
    let folder = fixtures_folder(&[("a.txt", "a")], "{\n  \"nodes\": [,]\n}");
    let line = only_line(&run(&["--port", "0", "--fixtures", path(folder.path())]), 1);
    assert_names(&line, &["fixtures.json:2:"]);
    let folder = fixtures_folder(&[("a.txt", "a")], r#"{"nosuch": []}"#);
    let line = only_line(&run(&["--port", "0", "--fixtures", path(folder.path())]), 1);
    assert_names(&line, &["fixtures.json", "nosuch"]);
}

// Commands

#[test]
fn health_asks_a_running_server() {
    let server = Server::start(&[]);
    let port = server.address.port().to_string();
    let url = format!("http://127.0.0.1:{port}");
    for arguments in
        [&["--url", &url][..], &["--url", &format!("{url}/")], &["--port", &port], &["--url", &url, "--wait", "5s"]]
    {
        let output = run(&[&["health"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    }
    let output = program(&["health"]).env("ALFRESCO_MOCK_PORT", &port).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "the server's own variable: {}", text(&output.stderr));
}

#[test]
fn health_fails_when_nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for arguments in [&["health", "--url", &url][..], &["health", "--url", &url, "--wait", "100ms"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_names(text(&output.stderr), &[&url]);
    }
}

#[test]
fn health_fails_when_the_server_is_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let child = program(&["health", "--url", &url]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.extend_from_slice(&byte);
    }
    assert!(request.starts_with(format!("GET {BASE}/probes/-ready- HTTP/1.1\r\n").as_bytes()));
    stream.write_all(b"HTTP/1.1 503 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    drop(stream);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_names(text(&output.stderr), &["503"]);
}

#[test]
fn health_waits_for_a_server_that_is_about_to_start() {
    let listener = TcpListener::bind("127.0.0.3:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let url = format!("http://127.0.0.3:{port}");
    let health =
        program(&["health", "--url", &url, "--wait", "60s"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let _server = Server::spawn(program(&["--bind", "127.0.0.3", "--port", &port]));
    let output = health.unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn check_says_what_would_be_loaded() {
    let folder = fixtures_folder(&[("a.txt", "a"), ("b/c.txt", "c")], "");
    let output = run(&["check", path(folder.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_names(text(&output.stdout), &["nodes"]);
}

#[test]
fn check_lists_every_mistake() {
    let json = r#"{"nodes": [
        {"path": "nosuch/b.txt"},
        {"path": "a.txt", "createdAt": "tomorrow"},
        {"path": "a.txt/c.txt", "sizeInBytes": 1}
    ]}"#;
    let folder = fixtures_folder(&[("a.txt", "a")], json);
    let output = run(&["check", path(folder.path())]);
    assert_eq!(output.status.code(), Some(1));
    assert_names(text(&output.stderr), &["fixtures.json", "nosuch/b.txt", "tomorrow", "a.txt/c.txt"]);
    let output = run(&["check", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    assert_names(text(&output.stderr), &["/nowhere/at/all"]);
}

#[test]
fn the_version_is_the_packages() {
    for flag in ["--version", "-V"] {
        let output = run(&[flag]);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(text(&output.stdout), format!("alfresco-downloads-mock {VERSION}\n"));
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn help_lists_the_commands() {
    for flag in ["--help", "-h"] {
        let output = run(&[flag]);
        assert_eq!(output.status.code(), Some(0));
        assert_names(text(&output.stdout), &["serve", "health", "check", "--port", "--fixtures"]);
        assert_eq!(text(&output.stderr), "");
    }
    for command in ["serve", "health", "check"] {
        let output = run(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert_names(text(&output.stdout), &["Usage:"]);
    }
}
