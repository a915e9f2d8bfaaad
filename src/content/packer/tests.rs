//! Tests of the packer.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::DeflateDecoder;

use super::*;

const LIMITS: Limits = Limits { level: 6, memory: 256 << 20, spooled_ahead: 1 << 30, remembers: false };

fn packer() -> Packer {
    packer_with(LIMITS)
}

fn packer_with(limits: Limits) -> Packer {
    let spool = Spool::in_folder(&std::env::temp_dir(), u64::MAX).unwrap();
    Packer::new(Tasks::new(tokio::runtime::Handle::current()), spool, limits)
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
    let all = packer.reserve(LIMITS.memory).unwrap();
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

#[tokio::test]
async fn a_higher_level_makes_less_of_the_same() {
    let bytes = text(300_000);
    let mut lengths = Vec::new();
    for level in [1, 6, 9] {
        let whole = packer_with(Limits { level, ..LIMITS }).packed(&Content::memory(bytes.clone())).await.unwrap();
        check(&whole, &bytes);
        lengths.push(whole.len());
    }
    assert!(lengths[0] > lengths[1] && lengths[1] >= lengths[2], "{lengths:?}");
}

#[tokio::test]
async fn without_memory_and_spool_contents_are_deflated_and_not_kept() {
    let packer = packer_with(Limits { memory: 0, spooled_ahead: 0, ..LIMITS });
    let bytes = text(2_000_000);
    let content = Content::memory(bytes.clone());
    let whole = packer.packed(&content).await.unwrap();
    assert_eq!(whole.spooled(), whole.len());
    check(&whole, &bytes);
    drop(whole);
    assert_eq!((packer.kept().contents, packer.kept().spooled_bytes), (0, 0));
    check(&packer.packed(&content).await.unwrap(), &bytes);
    assert_eq!(packer.kept().deflated, 2);
}

#[tokio::test]
async fn what_was_warmed_is_there_and_stays() {
    let packer = packer_with(Limits { remembers: true, ..LIMITS });
    let mut contents: Vec<_> = (0..600).map(|number| Content::memory(text(number))).collect();
    contents.push(Content::memory(text(3_000_000)));
    contents.push(Content::file("/nonexistent/file".into(), 10));
    packer.warm(&contents).await;
    packer.forget();
    for content in &contents[..601] {
        check(&content.slot().packed().expect("deflated"), &content.read(0, content.size()).unwrap());
    }
    assert!(contents[601].slot().packed().is_none());
}

#[tokio::test]
async fn memory_is_used_first_then_the_spool_then_the_oldest_make_room() {
    let packer = packer_with(Limits { memory: 100_000, spooled_ahead: 100_000, ..LIMITS });
    let contents: Vec<_> = (0..10).map(|seed| Content::memory(noise(40_000, seed))).collect();
    for content in &contents {
        packer.packed(content).await.unwrap();
        let kept = packer.kept();
        assert!(kept.memory_bytes <= 100_000 && kept.spooled_bytes <= 100_000, "{kept:?}");
    }
    assert!(packer.kept().spooled_bytes > 0);
    let is_kept = |content: &Content| content.slot().packed().is_some();
    assert!(!is_kept(&contents[0]) && is_kept(&contents[9]));
}

/// Text of which deflate makes about half.
fn noise(len: u64, seed: u64) -> Bytes {
    Content::declared(Declared { size: len, seed, compressibility: 2 }).read(0, len).unwrap()
}
