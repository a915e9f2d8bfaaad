//! How the process ends when it is told to.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::support::{ADMIN, Auth, BASE, fixtures_folder, process::Server};

/// How long a server with nothing to finish may take to end.
const AT_ONCE: Duration = Duration::from_millis(100);

/// How long a server may take that a client keeps waiting.
const GRACE: Duration = Duration::from_secs(3);

/// More than the buffers of a connection hold.
const LARGE: u64 = 64 << 20;

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// How long it takes from the signal to the end, which must be a clean one.
fn time_to_end(server: Server, signal: &str) -> Duration {
    let start = now();
    server.signal(signal);
    let (status, _) = server.wait();
    let took = now() - start;
    assert_eq!(status.code(), Some(0), "after SIG{signal}");
    took
}

/// One of a few tries must be quick enough: the other tests are at work on the same cores.
#[track_caller]
fn assert_at_once(attempt: impl Fn() -> Duration) {
    let mut tries = Vec::new();
    while tries.len() < 8 {
        let took = attempt();
        if took <= AT_ONCE {
            return;
        }
        tries.push(took);
    }
    panic!("not within {AT_ONCE:?}: {tries:?}");
}

/// A server with one large file.
fn with_large_file() -> (Server, TempDir) {
    let folder = fixtures_folder(&[], "");
    File::create(folder.path().join("large.bin")).unwrap().set_len(LARGE).unwrap();
    let server = Server::start(&["--fixtures", folder.path().to_str().unwrap()]);
    (server, folder)
}

/// A connection over which the large file is being sent, and of which only the beginning was read.
fn slow_client(server: &Server) -> TcpStream {
    let node = server.get(&format!("{BASE}/nodes/-root-?relativePath=large.bin"), ADMIN);
    let id = node.json()["entry"]["id"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&server.get_request(&format!("{BASE}/nodes/{id}/content"), ADMIN)).unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    stream
}

/// A connection that waits for its next request.
fn idle_client(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&server.get_request(&format!("{BASE}/probes/-live-"), Auth::None)).unwrap();
    stream.read_exact(&mut [0; 100]).unwrap();
    stream
}

/// Reads what is left until the server closes the connection; how much that was.
fn read_to_end(stream: &mut TcpStream) -> u64 {
    std::io::copy(stream, &mut std::io::sink()).unwrap_or_default()
}

#[test]
fn an_idle_server_ends_at_once() {
    for signal in ["TERM", "INT"] {
        assert_at_once(|| time_to_end(Server::start(&[]), signal));
    }
}

#[test]
fn open_connections_do_not_hold_it() {
    assert_at_once(|| {
        let server = Server::start(&[]);
        let mut idle: Vec<_> = (0..5).map(|_| idle_client(&server)).collect();
        let mut silent = TcpStream::connect(server.address).unwrap();
        let took = time_to_end(server, "TERM");
        for stream in &mut idle {
            assert!(read_to_end(stream) < 1000);
        }
        assert_eq!(read_to_end(&mut silent), 0);
        took
    });
}

#[test]
fn running_jobs_do_not_hold_it() {
    assert_at_once(|| {
        let folder = fixtures_folder(&[("a.txt", "some text")], "");
        let arguments = ["--fixtures", folder.path().to_str().unwrap(), "--download-pace", "1"];
        let server = Server::start(&[&arguments[..], &["--download-start-delay", "0s"]].concat());
        let node = server.get(&format!("{BASE}/nodes/-root-?relativePath=a.txt"), ADMIN).json();
        server.create_download(ADMIN, &[node["entry"]["id"].as_str().unwrap()]);
        time_to_end(server, "TERM")
    });
}

#[test]
fn a_body_on_its_way_gets_a_grace_period() {
    let (server, _folder) = with_large_file();
    let mut idle = idle_client(&server);
    let mut slow = slow_client(&server);
    server.signal("TERM");
    assert!(read_to_end(&mut idle) < 1000, "the signal has arrived");
    assert!(read_to_end(&mut slow) > LARGE - 1000, "all of it");
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_grace_period_ends() {
    let (server, _folder) = with_large_file();
    let _stuck = slow_client(&server);
    let mut half = TcpStream::connect(server.address).unwrap();
    half.write_all(b"POST /alfresco/api/-default-/public/alfresco/versions/1/downloads HTTP/1.1\r\nHost: x\r\nCont")
        .unwrap();
    let took = time_to_end(server, "TERM");
    assert!(took < GRACE, "{took:?}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT")] {
        assert_at_once(|| {
            let (server, _folder) = with_large_file();
            let mut idle = idle_client(&server);
            let _stuck = slow_client(&server);
            server.signal(first);
            // Two signals of a kind may become one, unless the first has been seen.
            read_to_end(&mut idle);
            let start = now();
            server.signal(second);
            server.wait();
            now() - start
        });
    }
}
