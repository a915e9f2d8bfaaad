//! Ranges (wire reference, downloads, section 5.5).

use std::ops::Range;

use super::{DATE, DISPOSITION, FRAME, NO_CACHE, ZIP_TYPE, content_of, hundred, mock};
use crate::support::{ADMIN, OwnFixtures, path_id};

/// What comes of a range.
#[derive(Clone, Debug)]
enum Expected {
    /// 200.
    Whole,
    /// 206 with that `Content-Range`, and these bytes of the hundred.
    Part(&'static str, Range<usize>),
    /// 206 with the bare bytes of several ranges.
    Parts(&'static [Range<usize>]),
    /// 416.
    Refused,
}

#[test]
fn ranges_are_read_as_the_real_server_reads_them() {
    use Expected::{Part, Parts, Refused, Whole};
    const BOTH: &[Range<usize>] = &[0..5, 10..15];
    const OVERLAPPING: &[Range<usize>] = &[50..60, 0..60, 99..100];
    let rows: &[(&[(&str, &str)], Expected)] = &[
        (&[("Range", "bytes=0-9")], Part("bytes 0-9/100", 0..10)),
        (&[("Range", "bytes=0-0")], Part("bytes 0-0/100", 0..1)),
        (&[("Range", "bytes=99-99")], Part("bytes 99-99/100", 99..100)),
        (&[("Range", "bytes=0-99")], Part("bytes 0-99/100", 0..100)),
        (&[("Range", "bytes=5-")], Part("bytes 5-99/100", 5..100)),
        (&[("Range", "bytes=99-")], Part("bytes 99-99/100", 99..100)),
        (&[("Range", "bytes=-")], Part("bytes 0-99/100", 0..100)),
        // Not the last ten bytes.
        (&[("Range", "bytes=-10")], Part("bytes 0-10/100", 0..11)),
        (&[("Range", "bytes=-0")], Part("bytes 0-0/100", 0..1)),
        (&[("Range", "bytes=-500")], Part("bytes 0-500/100", 0..100)),
        (&[("Range", "bytes=0-999")], Part("bytes 0-999/100", 0..100)),
        (&[("Range", "bytes=90-100")], Part("bytes 90-100/100", 90..100)),
        (&[("Range", "bytes=100-200")], Part("bytes 100-200/100", 100..100)),
        (&[("Range", "bytes=0-9/100")], Part("bytes 0-9/100", 0..10)),
        (&[("Range", "bytes=0-9/7-8")], Part("bytes 0-9/100", 0..10)),
        // The first six characters are not looked at.
        (&[("Range", "items=0-4")], Part("bytes 0-4/100", 0..5)),
        (&[("Range", "bytes 0-4")], Part("bytes 0-4/100", 0..5)),
        (&[("Range", "BYTES=0-4")], Part("bytes 0-4/100", 0..5)),
        (&[("Range", "byte=0-4")], Part("bytes 0-4/100", 0..5)),
        (&[("Range", "1234567-")], Part("bytes 7-99/100", 7..100)),
        (&[("Range", "bytes=")], Whole),
        (&[("Range", "bytes")], Whole),
        (&[("Range", "0-4")], Whole),
        (&[("Range", "")], Whole),
        (&[("Content-Range", "bytes=1-10")], Part("bytes 1-10/100", 1..11)),
        (&[("Content-Range", "bytes 1-10/100")], Part("bytes 1-10/100", 1..11)),
        (&[("Range", "bytes=0-4"), ("Content-Range", "bytes=1-10")], Part("bytes 1-10/100", 1..11)),
        (&[("Range", "bytes=0-4"), ("Content-Range", "bytes=")], Whole),
        (&[("Range", "bytes=100-")], Refused),
        (&[("Range", "bytes=9-0")], Refused),
        (&[("Range", "bytes=200-150")], Refused),
        (&[("Range", "bytes=5")], Refused),
        (&[("Range", "bytes=abc")], Refused),
        (&[("Range", "bytes=a-b")], Refused),
        (&[("Range", "bytes=0-b")], Refused),
        (&[("Range", "bytes= 0-4")], Refused),
        (&[("Range", "bytes=0 -4")], Refused),
        (&[("Range", "bytes=0-4-8")], Refused),
        (&[("Range", "bytes=--4")], Refused),
        (&[("Range", "bytes=99999999999999999999-")], Refused),
        (&[("Range", "bytes=0-4,10-14")], Parts(BOTH)),
        (&[("Content-Range", "bytes=0-4,10-14")], Parts(BOTH)),
        (&[("User-Agent", "curl/8.14.1"), ("Range", "bytes=50-59,-59,99-")], Parts(OVERLAPPING)),
        (&[("Range", "bytes=0-4,100-")], Refused),
        (&[("Range", "bytes=a,0-4")], Refused),
    ];
    let mock = mock();
    let hundred = hundred().into_bytes();
    for (headers, expected) in rows {
        let response = mock.request("GET", &content_of(&path_id("hundred.txt")), ADMIN, headers, None);
        let (status, content_range, body) = match expected {
            Whole => (200, Some("bytes 0-99/100"), hundred.clone()),
            Part(content_range, range) => (206, Some(*content_range), hundred[range.clone()].to_vec()),
            Parts(ranges) => (206, None, ranges.iter().flat_map(|range| hundred[range.clone()].to_vec()).collect()),
            Refused => (416, Some("\"*\""), Vec::new()),
        };
        assert_eq!(response.status, status, "{headers:?}");
        assert_eq!(response.body, body, "{headers:?}");
        assert_eq!(response.header("Content-Length"), Some(body.len().to_string().as_str()), "{headers:?}");
        if let Parts(_) = expected {
            let multipart = "multipart/byteranges; boundary=<ALF4558907921887235966L>;charset=UTF-8";
            assert_eq!(response.header("Content-Type"), Some(multipart), "{headers:?}");
        } else {
            assert_eq!(response.header("Content-Range"), content_range, "{headers:?}");
        }
    }
}

/// The example exchanges 12.11 and 12.10, over the zip of 12.3.
#[test]
fn parts_and_refusals_have_the_real_servers_headers_in_their_order() {
    let mock = mock();
    let id = mock.finished_download(ADMIN, &[&path_id("docTest1.txt")]);
    let whole = mock.get(&content_of(&id), ADMIN).body;
    let len = whole.len();
    let ask = |query: &str, range: &str| {
        mock.request("GET", &format!("{}{query}", content_of(&id)), ADMIN, &[("Range", range)], None)
    };

    let part = ask("", "bytes=0-9");
    let expected = format!(
        "HTTP/1.1 206 {FRAME}{NO_CACHE}{DISPOSITION}\nAccept-Ranges: bytes\nContent-Range: bytes 0-9/{len}{ZIP_TYPE}\
         \nContent-Length: 10{DATE}"
    );
    assert_eq!(part.head(), expected);
    assert_eq!(part.body, whole[..10]);
    assert_eq!(ask("?attachment=false", "bytes=0-9").head(), expected.replace(DISPOSITION, ""));

    let refused = ask("", &format!("bytes={len}-"));
    let expected = format!(
        "HTTP/1.1 416 {FRAME}{NO_CACHE}{DISPOSITION}\nAccept-Ranges: bytes\nContent-Range: \"*\"{ZIP_TYPE}\
         \nContent-Length: 0{DATE}"
    );
    assert_eq!(refused.head(), expected);
}

#[test]
fn nothing_has_no_part() {
    let mock = mock();
    let response = mock.request("GET", &content_of(&path_id("empty.txt")), ADMIN, &[("Range", "bytes=0-")], None);
    assert_eq!((response.status, response.header("Content-Range")), (416, Some("\"*\"")));
    assert_eq!(response.header("Content-Length"), Some("0"));
}

/// Any two parts put together are the whole, wherever the cut lies: the ranges of a zip cross headers and contents.
#[test]
fn a_zip_can_be_fetched_in_parts() {
    let mock = OwnFixtures::start(&[("a/b/c.txt", "some text"), ("a/empty.txt", ""), ("a/z.txt", "more of it")], "");
    let id = mock.finished_download(ADMIN, &[&path_id("a")]);
    let whole = mock.get(&content_of(&id), ADMIN).body;
    for cut in (1..whole.len()).step_by(7) {
        let ask = |range: String| {
            let response = mock.request("GET", &content_of(&id), ADMIN, &[("Range", &range)], None);
            assert_eq!(response.status, 206, "{range}");
            response.body
        };
        let (head, tail) = (ask(format!("bytes=0-{}", cut - 1)), ask(format!("bytes={cut}-")));
        assert_eq!([head, tail].concat(), whole, "cut at {cut}");
    }
}
