//! The same work for each of many items, on all cores. What comes of it does not depend on which core is faster. Knows nothing of the
//! work.

use std::{
    num::NonZero,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

/// What comes of each item, or the failure of the first one in their order that fails. `started` receives the items in their order;
/// none is begun after a failure.
pub(crate) fn try_map<T: Sync, R: Send, E: Send>(
    items: &[T],
    started: impl FnMut(&T) + Send,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let left = Mutex::new((items.iter().enumerate(), started));
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let take = || {
        let (items, started) = &mut *lock(&left);
        let (at, item) = items.next()?;
        started(item);
        Some((at, item))
    };
    let worker = || {
        while let Some((at, item)) = take() {
            let result = work(item);
            // Those before it are done or in work already: one of them may still be the first that fails.
            if result.is_err() {
                lock(&left).0 = [].iter().enumerate();
            }
            lock(&done).push((at, result));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(worker);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A panic of the work ends the scope anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::try_map;

    #[test]
    fn the_first_failure_in_the_order_of_the_items_counts() {
        let items: Vec<u64> = (0..40).collect();
        let mut started = Vec::new();
        let found = try_map(
            &items,
            |item| started.push(*item),
            |item| {
                // The first one that fails takes longest.
                thread::sleep(Duration::from_millis(if *item == 8 { 40 } else { 1 }));
                if *item < 8 { Ok(*item) } else { Err(*item) }
            },
        );
        assert_eq!(found, Err(8));
        assert!(started.is_sorted() && started.len() < items.len(), "{started:?}");
        let found: Result<Vec<u64>, ()> = try_map(&items, |_| {}, |item| Ok(*item));
        assert_eq!(found, Ok(items));
        assert_eq!(try_map(&[], |_: &u64| {}, |_| Err::<u64, _>(1)), Ok(Vec::new()));
    }
}
