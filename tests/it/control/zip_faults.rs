//! Faults inside a chosen part of the zip, and the real server's stalls.

use std::{io::Read as _, time::Duration};

use alfresco_downloads_mock::{Effect, Fault, InZip, Operation, ZipPart};
use serde_json::json;

use super::{faults::read_to_end, mock};
use crate::support::{ADMIN, BASE, TestMock, archive};

/// Two files of 13 bytes, zipped; its id and its bytes.
fn zipped(mock: &TestMock) -> (String, Vec<u8>) {
    let id = mock.ask_for(&["small.txt", "other.txt"]);
    mock.wait_until_done(&id);
    let zip = mock.content(ADMIN, &id);
    (id, zip)
}

/// Where a signature is found for the nth time, counted from one.
fn nth_signature(zip: &[u8], signature: &[u8], nth: usize) -> usize {
    let mut found = zip.windows(4).enumerate().filter(|(_, window)| *window == signature);
    found.nth(nth - 1).expect("it is there").0
}

/// Each part that a fault can be in, and where that begins.
fn parts(zip: &[u8]) -> Vec<(ZipPart, u64, usize)> {
    let local = |nth| nth_signature(zip, b"PK\x03\x04", nth);
    let data = |nth| {
        let header = local(nth);
        let length = |at: usize| usize::from(u16::from_le_bytes([zip[header + at], zip[header + at + 1]]));
        header + 30 + length(26) + length(28)
    };
    vec![
        (ZipPart::LocalHeader, 1, local(1)),
        (ZipPart::LocalHeader, 2, local(2)),
        (ZipPart::Data, 1, data(1)),
        (ZipPart::Data, 2, data(2)),
        (ZipPart::CentralDirectory, 1, nth_signature(zip, b"PK\x01\x02", 1)),
    ]
}

#[test]
fn a_byte_is_flipped_in_a_chosen_part() {
    let mock = mock();
    let (id, zip) = zipped(&mock);
    for (part, entry, start) in parts(&zip) {
        for offset in [0, 3] {
            let place = json!({ "part": part, "entry": entry, "offset": offset });
            let faults = json!([{ "operation": "getNodeContent", "effect": { "flip-in-zip": place } }]);
            mock.admin_json("PUT", "/faults", &faults.to_string(), 200);
            let spoiled = mock.content(ADMIN, &id);
            let mut expected = zip.clone();
            expected[start + offset] ^= 0xFF;
            assert!(spoiled == expected, "{place}");
        }
    }
    mock.admin_json("DELETE", "/faults", "", 204);
    assert_eq!(archive::names(&mock.content(ADMIN, &id)), ["small.txt", "other.txt"], "the zip itself is whole");
}

#[test]
fn a_zip_is_cut_in_a_chosen_part() {
    let mock = mock();
    let (id, zip) = zipped(&mock);
    for (part, entry, start) in parts(&zip) {
        let place = InZip { part, entry: Some(entry), offset: Some(2) };
        let _fault = mock.control().inject(Fault::on(Operation::GetNodeContent).with(Effect::CutInZip(place))).unwrap();
        let came = mock.came(&format!("{BASE}/nodes/{id}/content"));
        assert!(came.body() == Some(&zip[..start + 2]), "{place:?}: {:?}", came.body().map(<[u8]>::len));
        assert!(came.head().contains(&format!("Content-Length: {}", zip.len())));
    }
}

#[test]
fn a_part_that_a_range_leaves_out_is_not_spoiled() {
    let mock = mock();
    let (id, zip) = zipped(&mock);
    let second = parts(&zip)[1].2;
    let place = InZip { part: ZipPart::LocalHeader, entry: Some(2), offset: None };
    let _fault = mock.control().inject(Fault::on_all().with(Effect::FlipInZip(place))).unwrap();
    let range = |range: String| {
        mock.request("GET", &format!("{BASE}/nodes/{id}/content"), ADMIN, &[("Range", &range)], None).body
    };
    assert_eq!(range(format!("bytes=0-{}", second - 1)), zip[..second]);
    let mut expected = zip[second - 5..].to_vec();
    expected[5] ^= 0xFF;
    assert_eq!(range(format!("bytes={}-", second - 5)), expected);
}

#[test]
fn what_is_no_zip_and_has_no_such_entry_is_not_spoiled() {
    let mock = mock();
    let (id, zip) = zipped(&mock);
    for (entry, offset) in [(3, 0), (1, 1_000_000)] {
        let place = InZip { part: ZipPart::Data, entry: Some(entry), offset: Some(offset) };
        let _fault = mock.control().inject(Fault::on_all().with(Effect::FlipInZip(place))).unwrap();
        assert!(mock.content(ADMIN, &id) == zip);
        assert_eq!(mock.content(ADMIN, &crate::support::path_id("small.txt")).len(), 13);
    }
}

/// Section 5.5: more bytes are announced than follow, until the connection times out.
#[test]
fn the_real_servers_stalls_can_be_had() {
    let mock = mock();
    let (id, zip) = zipped(&mock);
    mock.control().freeze();
    let fault = json!({ "operation": "getNodeContent", "effect": "alfresco-stalls" }).to_string();
    mock.admin_json("POST", "/faults", &fault, 201);
    let size = zip.len() as u64;
    let path = format!("{BASE}/nodes/{id}/content");
    for (row, range, status, announced, body) in [
        ("a last byte beyond the end", "bytes=0-9999", 206, 10_000, &zip[..]),
        ("an unsatisfiable range", "bytes=9999-", 416, size, b""),
    ] {
        let mut stream = mock.ask_with(&path, &format!("Range: {range}\r\n"));
        let mut began = [0; 12];
        stream.read_exact(&mut began).unwrap();
        // Nothing but time ends it.
        mock.control().advance(Duration::from_secs(20));
        let came = read_to_end(stream);
        let head = format!("{}{}", String::from_utf8_lossy(&began), came.head());
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{row}: {head}");
        assert!(head.contains(&format!("Content-Length: {announced}\r\n")), "{row}: {head}");
        assert!(came.body() == Some(body), "{row}: {:?}", came.body().map(<[u8]>::len));
    }
    // A true length is left alone.
    assert!(mock.content(ADMIN, &id) == zip);
}
