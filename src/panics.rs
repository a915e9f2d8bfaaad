//! Panics: bugs of ours, which must touch nothing but what they happen in.

use std::{any::Any, backtrace::Backtrace, panic, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;
use tracing::error;

/// Code that panicked.
#[derive(Debug, thiserror::Error)]
#[error("a panic: {0}")]
pub(crate) struct Panicked(String);

/// Runs `future`, and comes back when it panics. What it had in hand is dropped.
///
/// Not an `async fn`, which would keep room for the future twice: as its argument, and as what it waits for.
pub(crate) fn caught<F: Future>(future: F) -> impl Future<Output = Result<F::Output, Panicked>> {
    AssertUnwindSafe(future).catch_unwind().map(|ended| ended.map_err(|payload| Panicked(text(&*payload))))
}

/// Writes every panic of this process to the log, with where it happened and the way there, instead of to standard error.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let way = Backtrace::force_capture();
        error!("{} {panic}\n{way}", thread.name().unwrap_or("a thread"));
    }));
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    #[tokio::test]
    async fn what_panics_is_told_and_what_does_not_is_left_alone() {
        assert_eq!(caught(async { 7 }).await.unwrap(), 7);
        let (plain, formatted) = (caught(async { panic!("plain") }).await, caught(async { panic!("{}", 8) }).await);
        let (plain, formatted): (Result<(), _>, Result<(), _>) = (plain, formatted);
        assert_eq!(plain.unwrap_err().to_string(), "a panic: plain");
        assert_eq!(formatted.unwrap_err().to_string(), "a panic: 8");
        let odd: Result<(), _> = caught(async { panic::panic_any(9) }).await;
        assert_eq!(odd.unwrap_err().to_string(), "a panic: without a text");
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_the_way_there() {
        let written = Written::default();
        let writer = written.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let usual = panic::take_hook();
        log_panics();
        tracing::subscriber::with_default(log, || drop(panic::catch_unwind(|| panic!("on purpose"))));
        panic::set_hook(usual);
        let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("ERROR") && log.contains("on purpose"), "{log}");
        assert!(log.contains("panics.rs:") && log.contains("a_panic_is_logged"), "{log}");
    }
}
