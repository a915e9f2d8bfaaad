//! Archives and entries beyond 4 GiB, where the real server's own writer needs zip64 records (wire reference, downloads,
//! sections 3.2 and 4.2).

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status as Inflated};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    ADMIN, BASE, OwnFixtures, TestMock, archive, archive::Directory, fixtures_folder, path_id, process::Server,
};

const LARGE: u64 = 6_000_000_000;

/// A small file on either side of one that deflate cannot make smaller.
const LARGE_NODES: &str = r#"{"nodes": [{"path": "f/before.txt", "sizeInBytes": 1000, "seed": 1},
    {"path": "f/large.bin", "sizeInBytes": 6000000000, "compressibility": 1, "seed": 2},
    {"path": "f/after.txt", "sizeInBytes": 2000, "seed": 3}]}"#;

/// A part of a node's content, and the size of the whole.
fn part(mock: &TestMock, id: &str, offset: u64, len: u64) -> (Vec<u8>, u64) {
    let range = format!("bytes={offset}-{}", offset + len - 1);
    let response = mock.request("GET", &format!("{BASE}/nodes/{id}/content"), ADMIN, &[("Range", &range)], None);
    assert_eq!((response.status, response.body.len() as u64), (206, len), "{range}");
    let content_range = response.header("Content-Range").expect("a range");
    let (stated, whole) = content_range.split_once('/').expect("a size");
    assert_eq!(stated, format!("bytes {offset}-{}", offset + len - 1));
    let whole = whole.parse().expect("a size");
    (response.body, whole)
}

#[test]
fn a_file_of_six_gigabytes_is_zipped_and_served_in_parts() {
    let mock = OwnFixtures::start(&[], LARGE_NODES);
    mock.change_downloads(|settings| settings.max_content_size = None);
    let id = mock.create_download(ADMIN, &[&path_id("f")]);
    let progress = mock.wait_until_done(&id);
    assert_eq!((progress.total_files, progress.total_bytes), (3, LARGE + 3000));

    let (_, size) = part(&mock, &id, 0, 1);
    assert_eq!(announced_length(&mock, &id), size, "Content-Length of the whole");
    let directory = Directory::read(size, |offset, len| part(&mock, &id, offset, len as u64).0);
    assert!(directory.is_zip64);
    let [folder, before, large, after] = &directory.entries[..] else { panic!("{directory:?}") };
    assert_eq!(
        [&folder.name, &before.name, &large.name, &after.name],
        ["f/", "f/before.txt", "f/large.bin", "f/after.txt"]
    );
    assert_eq!([folder.size, before.size, large.size, after.size], [0, 1000, LARGE, 2000]);
    assert!(after.offset > u64::from(u32::MAX) && large.compressed_size > u64::from(u32::MAX));

    // The local header says that the descriptor has sizes of eight bytes, or no streaming reader would know.
    let (header, _) = part(&mock, &id, large.offset, 30 + 11 + 20);
    let mut at = archive::Cursor::new(&header);
    assert_eq!((at.u32(), at.u16(), at.u16(), at.u16()), (0x0403_4B50, 45, 0x0808, 8));
    at.take(4);
    assert_eq!((at.u32(), at.u32(), at.u32()), (0, u32::MAX, u32::MAX));
    let (name_len, extra_len) = (u64::from(at.u16()), u64::from(at.u16()));
    assert_eq!(at.take(11), b"f/large.bin");
    assert_eq!((at.u16(), at.u16(), at.u64(), at.u64()), (1, 16, 0, 0));
    let data = large.offset + 30 + name_len + extra_len;
    let descriptor = data + large.compressed_size;
    assert_eq!(descriptor + 24, after.offset);
    let (bytes, _) = part(&mock, &id, descriptor, 24);
    let mut at = archive::Cursor::new(&bytes);
    assert_eq!((at.u32(), at.u32(), at.u64(), at.u64()), (0x0807_4B50, large.crc, large.compressed_size, LARGE));

    // What lies between is one block, again and again. It inflates to what the node itself serves.
    let (start, _) = part(&mock, &id, data, 2 << 20);
    let period = (1..1 << 20).find(|period| start[*period..] == start[..start.len() - period]).expect("a period");
    let block = inflate_some(&start[..period]);
    let raw = block.len() as u64;
    let large_id = path_id("f/large.bin");
    assert_eq!(part(&mock, &large_id, 0, raw).0, block);
    let repeated = |offset: u64, len: usize| {
        let from = usize::try_from((offset - data) % period as u64).unwrap();
        start[..period].iter().cycle().skip(from).take(len).copied().collect::<Vec<_>>()
    };
    let boundary = 1_u64 << 32;
    for offset in [boundary - 100_000, boundary, boundary - 1, data + large.compressed_size - (1 << 20)] {
        assert!(part(&mock, &id, offset, 200_000).0 == repeated(offset, 200_000), "200,000 bytes from {offset} on");
    }
    // The end: the last whole block begins a multiple of the period away, and is followed by the rest of the file.
    let (blocks, rest) = (LARGE / raw, LARGE % raw);
    let rest_at = data + blocks * period as u64;
    let (deflated_rest, _) = part(&mock, &id, rest_at, descriptor - rest_at);
    assert_eq!(archive::inflate(&deflated_rest), block[..usize::try_from(rest).unwrap()]);
    assert_eq!(part(&mock, &large_id, LARGE - rest, rest).0, block[..usize::try_from(rest).unwrap()]);
    let mut crc = Hasher::new();
    let mut crc_of_block = Hasher::new();
    crc_of_block.update(&block);
    (0..blocks).for_each(|_| crc.combine(&crc_of_block));
    crc.update(&block[..usize::try_from(rest).unwrap()]);
    assert_eq!(crc.finalize(), large.crc);
}

/// Inflates the beginning of a deflated stream, as far as it goes.
fn inflate_some(data: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(4 << 20);
    let status =
        Decompress::new(false).decompress_vec(data, &mut content, FlushDecompress::Sync).expect("deflated data");
    assert_ne!(status, Inflated::StreamEnd);
    content
}

/// What a GET of the whole says of its length. The connection is dropped instead of read.
fn announced_length(mock: &TestMock, id: &str) -> u64 {
    let stream = TcpStream::connect(mock.address()).unwrap();
    let request =
        format!("GET {BASE}/nodes/{id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n");
    (&stream).write_all(request.as_bytes()).unwrap();
    read_head(&mut BufReader::new(stream))
}

/// Reads an answer up to its body; the length of that.
fn read_head(answer: &mut BufReader<TcpStream>) -> u64 {
    let mut length = None;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().ok();
        }
        if line == "\r\n" {
            return length.expect("a length");
        }
    }
}

/// A server process with the large file, and the folder that it was told of.
fn server_with_large_file(arguments: &[&str]) -> (Server, TempDir) {
    let folder = fixtures_folder(&[], LARGE_NODES);
    let common = ["--fixtures", folder.path().to_str().unwrap(), "--download-max-content-size", "-1"];
    (Server::start(&[&common, arguments].concat()), folder)
}

#[test]
fn six_gigabytes_take_less_than_64_mib_of_memory() {
    let (mut server, _folder) = server_with_large_file(&["--download-start-delay", "0s"]);
    let id = server.create_download(ADMIN, &[&path_id("f")]);
    server.wait_for_log(&format!("download {id} is DONE"));
    let path = format!("{BASE}/nodes/{id}/content");
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&server.get_request(&path, ADMIN)).unwrap();
    let mut answer = BufReader::with_capacity(1 << 20, stream);
    let length = read_head(&mut answer);
    assert!(length > LARGE);
    let read = std::io::copy(&mut answer.by_ref().take(400 << 20), &mut std::io::sink()).unwrap();
    assert_eq!(read, 400 << 20);
    for range in
        ["bytes=0-999999".to_owned(), "bytes=4294000000-4295999999".to_owned(), format!("bytes={}-", length - 999_999)]
    {
        let response = server.request("GET", &path, ADMIN, &[("Range", &range)], None);
        assert_eq!(response.status, 206, "{range}");
    }
    let peak = server.peak_memory_kib();
    assert!(peak < 64 << 10, "{peak} KiB");
}

/// Section 3.2: the real server cannot write such an entry, and says so to its log alone.
#[test]
fn a_large_entry_kills_its_job_when_told_to() {
    let (mut server, _folder) =
        server_with_large_file(&["--download-fail-large-entries", "--download-start-delay", "0s"]);
    let id = server.create_download(ADMIN, &[&path_id("f")]);
    server.wait_for_log(&format!("the job of download {id} died"));
    let path = format!("{BASE}/downloads/{id}");
    let entry = server.get(&path, ADMIN).json()["entry"].clone();
    assert_eq!(entry["status"], json!("IN_PROGRESS"));
    assert_eq!((&entry["filesAdded"], &entry["totalFiles"]), (&json!(1), &json!(3)));
    assert_eq!(entry["totalBytes"], json!(LARGE + 3000));
    let added = entry["bytesAdded"].as_u64().unwrap();
    assert!(added > LARGE - 500 * 20_480 && added <= LARGE + 1000, "{added}");
    assert_eq!(server.get(&format!("{BASE}/nodes/{id}/content"), ADMIN).status, 404);
    // Nobody looks at a cancel any more.
    assert_eq!(server.request("DELETE", &path, ADMIN, &[], None).status, 202);
    let other = server.create_download(ADMIN, &[&path_id("f/before.txt")]);
    server.wait_for_log(&format!("download {other} is DONE"));
    assert_eq!(server.get(&path, ADMIN).json()["entry"], entry, "for ever");
}
