//! Heavy work: what takes a processor for milliseconds, such as writing out thousands of flags.
//!
//! In: a piece of work. Out: what came of it. It is done on a few threads of its own, fewer than
//! there are processors, which give way to all others where the system lets them: who asks for much
//! does not make those wait who are answered at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::oneshot;
use vexil_runtime::simulated;

use super::problem::Problem;

type Work = Box<dyn FnOnce() + Send>;

static THREADS: LazyLock<Sender<Work>> = LazyLock::new(|| {
    let (sender, receiver) = channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for _ in 0..processors.div_ceil(2) {
        let receiver = Arc::clone(&receiver);
        let thread = std::thread::Builder::new().name("heavy".to_owned());
        if let Err(error) = thread.spawn(move || work(&receiver)) {
            tracing::error!(%error, "a thread for heavy work cannot be started");
        }
    }
    sender
});

fn work(receiver: &Mutex<Receiver<Work>>) {
    give_way();
    loop {
        // Nobody panics while holding it; who waits for work holds it, and the others wait for that.
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        work();
    }
}

/// Lowers the priority of this thread; on other systems it would be the whole process's.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%error, "heavy work has the priority of all other");
    }
}

/// Does heavy work.
///
/// # Errors
/// `internal`: it panicked.
pub async fn off<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let broken = || {
        tracing::error!("work broke off");
        Problem::internal()
    };
    if simulated::is_on() {
        return simulated::spawn_blocking(work).await.map_err(|_| broken());
    }
    let (sender, done) = oneshot::channel();
    let span = tracing::Span::current();
    let work: Work = Box::new(move || {
        let done = span.in_scope(|| catch_unwind(AssertUnwindSafe(work)));
        if let Ok(done) = done {
            // The caller may have gone.
            let _ = sender.send(done);
        }
    });
    // The threads take work for as long as there is a sender.
    let _ = THREADS.send(work);
    done.await.map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn work_is_done_and_a_panic_ends_one_piece_of_it() {
        assert_eq!(off(|| 1 + 1).await.unwrap(), 2);
        let panics: Vec<_> = (0..8).map(|_| off(|| panic!("a bug"))).collect();
        for one in panics {
            let result: Result<(), Problem> = one.await;
            assert!(result.is_err());
        }
        assert_eq!(off(|| 2 + 2).await.unwrap(), 4);
    }
}
