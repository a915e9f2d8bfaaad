//! What a zip, a request and a moment of the cleaner cost inside one process: `cargo bench`.
//!
//! What a user would pick instead is measured by `benches/compare/run`.

use std::{
    cell::RefCell,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use alfresco_downloads_mock::{
    Config, Mock,
    measured::{Folder, Zip, read_range},
};
use divan::{Bencher, black_box, counter::BytesCount};

const BASE: &str = "/alfresco/api/-default-/public/alfresco/versions/1";
/// `TestDownloads/docTest1.txt` of the built-in fixtures.
const FILE: &str = "00000000-0000-4000-8000-000000000021";

fn main() {
    divan::main();
}

/// Where everything in a zip lies is known when the job ends: this is all the work that is left then.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn lay_out(files: usize) -> u64 {
    Zip::of(black_box(files), 1500).size()
}

#[divan::bench(args = [10_000, 100_000])]
fn read_a_zip_of_small_files(bencher: Bencher, files: usize) {
    let zip = Zip::of(files, 1500);
    bencher.counter(BytesCount::new(zip.size())).bench_local(|| zip.read_from(0));
}

#[divan::bench(args = [1_000, 100_000])]
fn find_a_place_in_a_zip(bencher: Bencher, files: usize) {
    let zip = Zip::of(files, 1500);
    let middle = zip.size() / 2;
    bencher.bench_local(|| zip.piece_at(black_box(middle)));
}

/// From a folder to what a download of it has to zip.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn walk(bencher: Bencher, files: usize) {
    let folder = Folder::of(files);
    assert_eq!(folder.walk(), files as u64 * 4096);
    bencher.bench_local(|| folder.walk());
}

#[divan::bench(args = ["bytes=0-1023", "bytes=0-0,10-20,30-40,1000-"])]
fn read_a_range(value: &str) -> bool {
    read_range(black_box(value), black_box(1 << 20))
}

/// A mock, a connection to it, and a download that is done.
struct Client {
    mock: Mock,
    stream: RefCell<TcpStream>,
}

impl Client {
    fn new(mock: Mock) -> Self {
        let stream = TcpStream::connect(mock.address()).expect("the mock listens");
        stream.set_nodelay(true).expect("a socket that is open");
        Self { mock, stream: RefCell::new(stream) }
    }

    /// The answer's bytes, as far as one read brings them: all of it, for answers as short as these.
    fn ask(&self, request: &str) -> String {
        let mut stream = self.stream.borrow_mut();
        stream.write_all(request.as_bytes()).expect("a connection that is open");
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).expect("an answer");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Makes a download of a small file, and says its id.
    fn create(&self) -> String {
        let body = format!("{{\"nodeIds\":[\"{FILE}\"]}}");
        let answer = self.ask(&format!(
            "POST {BASE}/downloads HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let id = answer.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        id.unwrap_or_else(|| panic!("no download: {answer}")).to_owned()
    }

    fn finished(&self) -> String {
        let id = self.create();
        self.mock.wait_for(&id, |progress| progress.status.is_final()).expect("a download that ends");
        id
    }
}

fn mock() -> Mock {
    let mut config = Config::default();
    config.port = 0;
    config.download_start_delay = Duration::ZERO;
    config.limits.max_downloads = 2_000_000;
    Mock::start_with(config).expect("a mock starts")
}

#[divan::bench]
fn poll(bencher: Bencher) {
    let client = Client::new(mock());
    let id = client.finished();
    let request =
        format!("GET {BASE}/downloads/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n");
    assert!(client.ask(&request).contains("DONE"));
    bencher.bench_local(|| client.ask(&request));
}

#[divan::bench]
fn create_a_download_and_wait_for_it(bencher: Bencher) {
    let client = Client::new(mock());
    bencher.bench_local(|| client.finished());
}

#[divan::bench]
fn start_and_stop() {
    mock().stop();
}

#[divan::bench]
fn reset(bencher: Bencher) {
    let mock = mock();
    bencher.bench_local(|| mock.control().reset());
}

/// The clock moves by a millisecond while that many downloads are alive, and none is due.
#[divan::bench(args = [1_000, 1_000_000], sample_count = 20)]
fn a_moment_in_which_nothing_expires(bencher: Bencher, downloads: usize) {
    let client = Client::new(mock());
    let control = client.mock.control();
    control.freeze();
    for _ in 0..downloads {
        client.create();
    }
    bencher.bench_local(|| control.advance(Duration::from_millis(1)));
}
