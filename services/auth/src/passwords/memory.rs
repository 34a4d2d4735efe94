//! Argon2's working memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::Block;

/// Bytes above which glibc always gives memory back at once (DEFAULT_MMAP_THRESHOLD_MAX). Smaller blocks that are freed
/// often are kept, and a service at rest would weigh 40 MB more.
const GIVEN_BACK: usize = 33 * 1024 * 1024;

/// Memory that hashes hand on to each other while any follow at once, because to get 19 MiB from the system page by page
/// costs half as much as a hash. It is given back as soon as nobody hashes or waits.
#[derive(Default)]
pub(super) struct Memory {
    users: AtomicUsize,
    free: Mutex<Vec<Vec<Block>>>,
}

impl Memory {
    /// Keeps what is freed from now on, until the last lease ends.
    pub(super) fn lease(self: &Arc<Self>) -> Lease {
        self.users.fetch_add(1, Ordering::Relaxed);
        Lease(self.clone())
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A right to the memory.
pub(super) struct Lease(Arc<Memory>);

impl Lease {
    /// Runs `work` in so many blocks, whatever is in them.
    pub(super) fn with<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let taken = self.0.free().pop();
        let mut memory =
            taken.unwrap_or_else(|| Vec::with_capacity(blocks.max(GIVEN_BACK / Block::SIZE)));
        memory.resize(blocks, Block::default());
        let done = work(&mut memory);
        self.0.free().push(memory);
        done
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.0.users.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.free().clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_handed_on_and_given_back_after_the_last() {
        let memory = Arc::new(Memory::default());
        let (one, two) = (memory.lease(), memory.lease());
        let first = one.with(8, |blocks| blocks.as_ptr());
        assert_eq!(
            two.with(16, |blocks| (blocks.as_ptr(), blocks.len())),
            (first, 16)
        );
        drop(one);
        assert_eq!(memory.free().len(), 1);
        drop(two);
        assert_eq!(memory.free().len(), 0);
    }
}
