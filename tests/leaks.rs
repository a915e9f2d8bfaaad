//! What a dropped mock leaves behind, in a process where nothing else goes on: nothing.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use alfresco_downloads_mock::{Condition, JobMatch, Mock, Point};

const RUNS: usize = 50;

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// A job that is held, a connection that is open, another network; and then no mock any more.
fn run() {
    let mock = Mock::start().unwrap();
    let control = mock.control();
    let _gate = control.hold(Point::Pending, JobMatch::every()).unwrap();
    control.network("other").unwrap();
    let mut stream = TcpStream::connect(mock.address()).unwrap();
    let body = r#"{"nodeIds":["00000000-0000-4000-8000-000000000001"]}"#;
    let path = "/alfresco/api/-default-/public/alfresco/versions/1/downloads";
    let head = "Host: mock\r\nAuthorization: Basic YWRtaW46YWRtaW4=";
    let request = format!("POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 12]).unwrap();
    control.wait_blocking(None, Condition::held(), std::time::Duration::from_secs(60)).unwrap();
    drop(mock);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}

#[test]
fn a_dropped_mock_leaves_neither_threads_nor_files() {
    run();
    let before = (count("/proc/self/task"), count("/proc/self/fd"));
    for _ in 0..RUNS {
        run();
    }
    let after = (count("/proc/self/task"), count("/proc/self/fd"));
    // Each has two threads and four files at the least. A few threads of the last ones may be about to end.
    assert!(after.0 < before.0 + RUNS && after.1 < before.1 + RUNS, "{before:?} became {after:?}");
}
