//! Tests of the packer.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::DeflateDecoder;

use super::*;

fn packer() -> Packer {
    Packer::new(Tasks::new(tokio::runtime::Handle::current()), Spool::in_folder(&std::env::temp_dir()).unwrap())
}

fn bytes_of(whole: &Packed) -> Vec<u8> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < whole.len() {
        bytes.extend_from_slice(&whole.piece_at(bytes.len() as u64, whole.len()).read().unwrap());
    }
    bytes
}

#[track_caller]
fn check(whole: &Packed, content: &[u8]) {
    let mut inflated = Vec::new();
    DeflateDecoder::new(&bytes_of(whole)[..]).read_to_end(&mut inflated).unwrap();
    assert!(inflated == content, "{} bytes inflate to {}", content.len(), inflated.len());
    assert_eq!(whole.crc, crc32fast::hash(content));
    assert_eq!(whole.size, content.len() as u64);
}

fn text(len: usize) -> Bytes {
    (0_u32..).flat_map(|n| format!("line {} of {}\n", n, n % 7).into_bytes()).take(len).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn contents_of_any_size_inflate_to_themselves() {
    let packer = packer();
    for len in [0, 1, 13, 20_480, to_usize(BLOCK), to_usize(BLOCK) + 1, 3_000_000] {
        let bytes = text(len);
        let whole = packer.packed(&Content::memory(bytes.clone())).await.unwrap();
        check(&whole, &bytes);
    }
}

#[tokio::test]
async fn declared_contents_inflate_to_what_is_read() {
    let packer = packer();
    for size in [0, 5, declared::BLOCK, 5 * declared::BLOCK + 77] {
        let content = Content::declared(Declared { size, seed: 9, compressibility: 3 });
        let whole = packer.packed(&content).await.unwrap();
        check(&whole, &content.read(0, size).unwrap());
    }
}

#[tokio::test]
async fn a_content_is_deflated_once_for_all_who_want_it() {
    let packer = packer();
    let content = Content::memory(text(2_000_000));
    let (one, other) = tokio::join!(packer.packed(&content), packer.packed(&content));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    assert!(Arc::ptr_eq(&one, &packer.packed(&content).await.unwrap()));
}

#[tokio::test]
async fn an_unreadable_content_is_an_error_and_leaves_its_batch_alone() {
    let packer = packer();
    let gone = Content::file("/nonexistent/file".into(), 10);
    let good = Content::memory(text(100));
    let run = packer.begin([&gone, &good].into_iter()).unwrap();
    check(&packer.packed(&good).await.unwrap(), &text(100));
    assert_eq!(packer.packed(&gone).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    drop(run);
}

#[tokio::test]
async fn deflated_bytes_beyond_the_budget_go_to_the_spool_and_come_back() {
    let packer = packer();
    let all = packer.reserve(MEMORY).unwrap();
    let bytes = text(1_500_000);
    let whole = packer.packed(&Content::memory(bytes.clone())).await.unwrap();
    assert_eq!(whole.spooled(), whole.len());
    check(&whole, &bytes);
    drop(all);
}

#[tokio::test]
async fn what_is_forgotten_costs_nothing_unless_it_is_in_use() {
    let packer = packer();
    let (used, unused) = (Content::memory(text(1000)), Content::memory(text(2_000_000)));
    let whole = packer.packed(&used).await.unwrap();
    drop(packer.packed(&unused).await.unwrap());
    let taken = || packer.0.memory.load(Ordering::Relaxed);
    let before = taken();
    packer.forget();
    assert!(0 < taken() && taken() < before, "{} of {before}", taken());
    assert!(Arc::ptr_eq(&whole, &packer.packed(&used).await.unwrap()));
    drop(whole);
    assert_eq!(taken(), 0);
}
