//! HTTPS, as a client that checks certificates sees it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
};

use alfresco_downloads_mock::Names;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, StatusCode, Version, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, ClientConnection, RootCertStore, StreamOwned,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use crate::support::{
    ADMIN, Auth, BASE, TestMock, node_id,
    process::{Server, program, run, text},
};

const LIVE: &str = "/alfresco/api/-default-/public/alfresco/versions/1/probes/-live-";

fn trusting(ca_pem: &str, versions: &[&[u8]]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = versions.iter().map(|version| version.to_vec()).collect();
    Arc::new(config)
}

/// Asks whether it lives, over HTTP/1.1: the whole answer, or why there is none.
fn ask(address: SocketAddr, name: &str, config: Arc<ClientConfig>) -> Result<String, String> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(config, name).map_err(|error| error.to_string())?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let request = format!("GET {LIVE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    Ok(answer)
}

fn with_tls(names: &[&str]) -> TestMock {
    TestMock::with(|config| {
        config.tls.tls_port = Some(0);
        config.tls.tls_names = Names(names.iter().map(|&name| name.to_owned()).collect());
    })
}

#[test]
fn whoever_trusts_its_authority_is_served_under_each_of_its_names() {
    let mock = with_tls(&["localhost", "alfresco.example.org", "127.0.0.1", "::1"]);
    let address = mock.tls_address().unwrap();
    let config = trusting(mock.ca_pem().unwrap(), &[]);
    for name in ["localhost", "alfresco.example.org", "127.0.0.1", "::1"] {
        let answer = ask(address, name, config.clone()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 \r\n") && answer.contains("\r\n\r\n"), "{name}: {answer}");
    }
    let refusal = ask(address, "other.example.org", config).unwrap_err();
    assert!(refusal.contains("not valid for name"), "{refusal}");
    assert_eq!(mock.get(LIVE, Auth::None).status, 200, "the plain port is there as ever");
    let served = mock.get("/__admin/ca.pem", Auth::None);
    assert_eq!(served.header("Content-Type"), Some("application/x-pem-file"));
    assert_eq!(Some(served.text()), mock.ca_pem());
}

#[test]
fn each_run_has_an_authority_of_its_own() {
    let (one, other) = (with_tls(&["localhost"]), with_tls(&["localhost"]));
    assert_ne!(one.ca_pem(), other.ca_pem());
    let refusal = ask(one.tls_address().unwrap(), "localhost", trusting(other.ca_pem().unwrap(), &[])).unwrap_err();
    assert!(refusal.contains("invalid peer certificate"), "{refusal}");
}

#[test]
fn without_a_port_there_is_no_https() {
    let mock = TestMock::start();
    assert_eq!((mock.tls_address(), mock.ca_pem()), (None, None));
    assert_eq!(mock.get("/__admin/ca.pem", Auth::None).status, 404);
}

#[test]
fn a_client_that_offers_http2_gets_it_and_a_whole_download() {
    let mock = with_tls(&["localhost"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(download_over_http2(&mock));
}

async fn download_over_http2(mock: &TestMock) {
    let config = trusting(mock.ca_pem().unwrap(), &[b"h2", b"http/1.1"]);
    let stream = tokio::net::TcpStream::connect(mock.tls_address().unwrap()).await.unwrap();
    let stream = TlsConnector::from(config).connect("localhost".try_into().unwrap(), stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let call = async |method: &str, path: &str, body: String| {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"))
            .header("Authorization", "Basic YWRtaW46YWRtaW4=")
            .header("Content-Type", "application/json")
            .body(Full::<bytes::Bytes>::from(body))
            .unwrap();
        let response = sender.clone().send_request(request).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        let (head, body) = response.into_parts();
        for name in ["connection", "keep-alive", "transfer-encoding"] {
            assert!(!head.headers.contains_key(name), "{name}: {:?}", head.headers);
        }
        (head.status, body.collect().await.unwrap().to_bytes())
    };
    let talk = async {
        let body = serde_json::json!({ "nodeIds": [node_id("Reports")] }).to_string();
        let (status, body) = call("POST", &format!("{BASE}/downloads"), body).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let entry: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let id = entry["entry"]["id"].as_str().unwrap().to_owned();
        mock.wait_until_done(&id);
        let (status, over_http2) = call("GET", &format!("{BASE}/nodes/{id}/content"), String::new()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(over_http2, mock.content(ADMIN, &id));
        // Many at once, on one connection.
        let many = (0..50).map(|_| call("GET", LIVE, String::new()));
        for (status, body) in futures_util::future::join_all(many).await {
            assert_eq!(status, StatusCode::OK);
            assert!(!body.is_empty());
        }
        let (status, _) = call("DELETE", &format!("{BASE}/nodes/{id}"), String::new()).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    };
    tokio::select! {
        () = talk => (),
        ended = connection => panic!("the connection ended: {ended:?}"),
    }
}

/// The address behind `https://` in the ready line.
fn encrypted_url(server: &Server) -> String {
    let (_, after) = server.ready_line.split_once(" and https://").expect("a second address");
    format!("https://{}", after.split(' ').next().unwrap())
}

#[test]
fn health_follows() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let server = Server::start(&["--tls-port", "0", "--tls", "self-signed", "--tls-ca-file", path(&ca)]);
    let url = encrypted_url(&server);
    let code = |arguments: &[&str]| run(&[&["health"], arguments].concat()).status.code();
    assert_eq!(code(&["--url", &url]), Some(0));
    assert_eq!(code(&["--url", &url, "--ca", path(&ca)]), Some(0));

    let other = tempfile::tempdir().unwrap();
    let other_ca = other.path().join("ca.pem");
    let _other = Server::start(&["--tls-port", "0", "--tls-ca-file", path(&other_ca)]);
    let output = run(&["health", "--url", &url, "--ca", path(&other_ca)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("invalid peer certificate"), "{}", text(&output.stderr));

    // With the server's own variables it looks at both ports.
    let ask_both = |port: &str, tls_port: &str| {
        let mut health = program(&["health"]);
        health.env("ALFRESCO_MOCK_PORT", port).env("ALFRESCO_MOCK_TLS_PORT", tls_port);
        health.output().unwrap()
    };
    let (plain, encrypted) = (server.address.port().to_string(), url.rsplit(':').next().unwrap());
    assert_eq!(ask_both(&plain, encrypted).status.code(), Some(0));
    let output = ask_both(&plain, &plain);
    assert_eq!(output.status.code(), Some(1), "that port has no HTTPS");
    assert!(text(&output.stderr).contains(&format!("https://127.0.0.1:{plain}")), "{}", text(&output.stderr));
}

#[test]
fn a_certificate_of_ones_own_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    let own = rcgen::generate_simple_self_signed(["own.example.org".to_owned()]).unwrap();
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let given = ["--tls-port", "0", "--tls-certificate", path(&certificate), "--tls-key", path(&key)];
    let server = Server::start(&given);
    let address = encrypted_url(&server)["https://".len()..].parse().unwrap();
    let answer = ask(address, "own.example.org", trusting(&own.cert.pem(), &[])).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // What cannot be used is named.
    let refused = |arguments: &[&str]| {
        let output = run(&[&["--port", "0"], arguments].concat());
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr).to_owned()
    };
    let nowhere = folder.path().join("nowhere");
    let mistake = refused(&["--tls-port", "0", "--tls-certificate", path(&nowhere), "--tls-key", path(&key)]);
    assert!(mistake.contains("--tls-certificate") && mistake.contains(path(&nowhere)), "{mistake}");
    let mistake = refused(&["--tls-port", "0", "--tls-certificate", path(&key), "--tls-key", path(&key)]);
    assert!(mistake.contains("--tls-certificate") && mistake.contains("no certificate"), "{mistake}");
    let mistake =
        refused(&["--tls-port", "0", "--tls-certificate", path(&certificate), "--tls-key", path(&certificate)]);
    assert!(mistake.contains("--tls-key") && mistake.contains("no private key"), "{mistake}");
    let other = rcgen::KeyPair::generate().unwrap();
    fs::write(&key, other.serialize_pem()).unwrap();
    let mistake = refused(&given);
    assert!(mistake.contains("--tls-certificate") && mistake.contains("--tls-key"), "{mistake}");
    let below = nowhere.join("ca.pem");
    let mistake = refused(&["--tls-port", "0", "--tls-ca-file", path(&below)]);
    assert!(mistake.contains("--tls-ca-file") && mistake.contains(path(&below)), "{mistake}");
}

#[test]
fn a_client_that_greets_and_stays_silent_does_not_hold_it() {
    let server = Server::start(&["--tls-port", "0"]);
    let address: SocketAddr = encrypted_url(&server)["https://".len()..].parse().unwrap();
    let mut silent = TcpStream::connect(address).unwrap();
    let mut odd = TcpStream::connect(address).unwrap();
    odd.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    odd.read_to_end(&mut Vec::new()).unwrap();
    server.signal("TERM");
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(silent.read_to_end(&mut Vec::new()).unwrap(), 0);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
