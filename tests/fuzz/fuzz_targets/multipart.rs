#![no_main]

#[path = "../targets.rs"]
mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static BENCH: LazyLock<targets::Bench> = LazyLock::new(targets::Bench::start);

fuzz_target!(|bytes: &[u8]| BENCH.run("multipart", bytes));
