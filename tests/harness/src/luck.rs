//! Bad luck that can be repeated: which calls fail is decided by a seed and a text, not by chance.

use sha2::{Digest, Sha256};

/// Whether `what` (an id and the number of the try, say) is among the `percent` of a hundred that fail with this seed.
pub fn unlucky(seed: u64, what: &str, percent: u8) -> bool {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(what)
        .finalize();
    let number = digest
        .iter()
        .take(4)
        .fold(0, |number, byte| number << 8 | u32::from(*byte));
    number % 100 < u32::from(percent)
}

#[cfg(test)]
mod tests {
    use super::unlucky;

    #[test]
    fn about_so_many_fail_and_always_the_same() {
        let count = |seed| (0..10_000).filter(|n| unlucky(seed, &format!("e-{n}/1"), 3)).count();
        assert!((200..400).contains(&count(7)), "{}", count(7));
        assert_eq!(count(7), count(7));
        let differs = (0..10_000).any(|n| unlucky(1, &n.to_string(), 3) != unlucky(2, &n.to_string(), 3));
        assert!(differs);
        assert!(!unlucky(1, "never", 0) && unlucky(1, "always", 100));
    }
}
