//! Clients that are slow, and those that only hold a connection: they are cut, and nobody else.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread::{self, park_timeout},
    time::Duration,
};

use alfresco_downloads_mock::{Fault, Operation};

use super::{PATIENCE, limited};
use crate::support::{ADMIN, BASE, TestMock, node_id};

/// Waits until the mock has closed or reset the connection; what came by then.
fn rest_of(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut rest);
    rest
}

fn dial(mock: &TestMock) -> TcpStream {
    let stream = TcpStream::connect(mock.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[test]
fn a_head_that_comes_byte_by_byte_is_cut_and_others_are_not() {
    let mock = limited(|limits| limits.head_timeout = Duration::from_millis(300));
    let mut other = mock.connect();
    let probe = format!("GET {BASE}/probes/-live- HTTP/1.1\r\nHost: a\r\n\r\n");
    other.send(probe.as_bytes());
    assert_eq!(other.receive("GET").status, 200);
    // One begins its first request slowly, one its second.
    for is_second in [false, true] {
        let mut slow = dial(&mock);
        if is_second {
            slow.write_all(probe.as_bytes()).unwrap();
            let mut first = [0; 1000];
            assert!(slow.read(&mut first).unwrap() > 0);
        }
        let mut dripping = slow.try_clone().unwrap();
        thread::scope(|scope| {
            let drip = scope.spawn(move || {
                // Fails when the connection is gone.
                while dripping.write_all(b"G").is_ok() {
                    park_timeout(Duration::from_millis(20));
                }
            });
            assert_eq!(rest_of(slow), b"", "no answer to what is not a request");
            drip.join().unwrap();
        });
    }
    other.send(probe.as_bytes());
    assert_eq!(other.receive("GET").status, 200, "who asks for nothing is not slow");
}

#[test]
fn a_connection_without_a_request_is_cut_and_one_with_a_long_answer_is_not() {
    let mock = limited(|limits| limits.idle_timeout = Duration::from_millis(200));
    let _fault = mock.control().inject(Fault::on(Operation::GetNode).delay(Duration::from_secs(1))).unwrap();
    let mut waiting = mock.connect();
    waiting.send(format!("GET {BASE}/nodes/-root- HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    assert_eq!(rest_of(dial(&mock)), b"");
    assert_eq!(waiting.receive("GET").status, 401);
}

#[test]
fn a_body_that_stops_or_drips_is_refused() {
    let mock = limited(|limits| limits.body_timeout = Duration::from_millis(300));
    let post = |content_type: &str, path: &str| {
        format!(
            "POST {BASE}{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\
             Content-Type: {content_type}\r\nContent-Length: 100000\r\n\r\n"
        )
    };
    for (content_type, path) in
        [("application/json", "/downloads"), ("multipart/form-data; boundary=b", "/nodes/-my-/children")]
    {
        let slow = dial(&mock);
        let mut dripping = slow.try_clone().unwrap();
        dripping.write_all(post(content_type, path).as_bytes()).unwrap();
        thread::scope(|scope| {
            let drip = scope.spawn(move || {
                while dripping.write_all(b" ").is_ok() {
                    park_timeout(Duration::from_millis(20));
                }
            });
            let answer = String::from_utf8(rest_of(slow)).unwrap();
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            assert!(answer.contains("the body has stopped coming: less than 1024 bytes of it in 300ms"), "{answer}");
            drip.join().unwrap();
        });
    }
    assert_eq!(mock.get(&format!("{BASE}/nodes/-root-"), ADMIN).status, 200);
}

#[test]
fn a_client_that_takes_nothing_is_cut_and_one_that_takes_little_is_not() {
    let mock = TestMock::with(|config| {
        config.limits.write_timeout = Duration::from_millis(400);
        config.fixtures = None;
    });
    let ask = |stream: &mut TcpStream| {
        let video = node_id("Big/video.bin");
        let get = format!(
            "GET {BASE}/nodes/{video}/content HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n"
        );
        stream.write_all(get.as_bytes()).unwrap();
    };
    let (mut none, mut drop_by_drop, mut little) = (dial(&mock), dial(&mock), dial(&mock));
    ask(&mut none);
    ask(&mut drop_by_drop);
    ask(&mut little);
    thread::scope(|scope| {
        let dripping = scope.spawn(move || {
            // A system takes no notice of clients that make room so slowly, and so this is next to nothing.
            for _ in 0..100 {
                if drop_by_drop.read(&mut [0; 1]).is_err() {
                    break;
                }
                park_timeout(Duration::from_millis(20));
            }
            rest_of(drop_by_drop).len()
        });
        let mut buffer = vec![0; 1 << 20];
        // Several times as long as a client may take nothing.
        for _ in 0..80 {
            little.read_exact(&mut buffer).expect("it is not cut");
            park_timeout(Duration::from_millis(20));
        }
        // What the buffers hold comes, and then nothing: six gigabytes would take a while.
        assert!(rest_of(none).len() < 100 << 20);
        assert!(dripping.join().unwrap() < 100 << 20);
    });
}

#[test]
fn beyond_the_connections_that_there_may_be_others_wait() {
    let mock = limited(|limits| limits.max_connections = 2);
    let probe = format!("GET {BASE}/probes/-live- HTTP/1.1\r\nHost: a\r\n\r\n");
    let open: Vec<_> = (0..2)
        .map(|_| {
            let mut connection = mock.connect();
            connection.send(probe.as_bytes());
            assert_eq!(connection.receive("GET").status, 200);
            connection
        })
        .collect();
    let mut third = dial(&mock);
    third.write_all(probe.as_bytes()).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(third.read(&mut [0; 100]).is_err(), "nobody reads it yet");
    drop(open);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = [0; 12];
    third.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}
