//! Ids that are derived and never random, so that the same call gives the same id on every machine. Knows no events.

use uuid::Uuid;

/// The namespace of all ids that policies derive: the UUID (version 5) of `tidegate:policy` in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0xd2d8_18d9_d320_5ec2_87a0_1df0_f371_ce1a);

/// The UUID (version 5) of a purpose and some parts. The length of each part is included, so that no two lists of parts give the
/// same id.
pub(crate) fn derive(purpose: &str, parts: &[&[u8]]) -> String {
    let mut name = Vec::with_capacity(purpose.len() + parts.iter().map(|part| part.len() + 21).sum::<usize>());
    name.extend_from_slice(purpose.as_bytes());
    for part in parts {
        name.extend_from_slice(format!("\n{}:", part.len()).as_bytes());
        name.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &name).hyphenated().to_string()
}
