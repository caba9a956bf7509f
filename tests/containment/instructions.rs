//! Policies of single instructions, for what a compiler of Rust does not write: tables that grow, and allocators and
//! answers that lie.

use rstest::rstest;
use tidegate_engine::{Engine, FaultKind, Isolation};
use wasm_encoder::{BlockType, HeapType, Instruction};

use super::{
    given::{assert_serves, engine, load, refused},
    raw::{Raw, answer},
};

/// Calls the raw code.
async fn kind(engine: &Engine, raw: &Raw) -> Option<FaultKind> {
    let policy = engine.load(&raw.policy()).await.expect("the policy loads");
    let ended = policy.json_validate("{}", "").await;
    assert_serves(&policy).await;
    match ended {
        Ok(answer) => {
            assert_eq!(answer, "ok");
            None
        }
        Err(fault) => Some(fault.kind),
    }
}

/// Grows its table by a thousand elements at a time until that is refused, and then traps.
fn grow_tables() -> Vec<Instruction<'static>> {
    vec![
        Instruction::Loop(BlockType::Empty),
        Instruction::RefNull(HeapType::FUNC),
        Instruction::I32Const(1000),
        Instruction::TableGrow(0),
        Instruction::I32Const(-1),
        Instruction::I32Ne,
        Instruction::BrIf(0),
        Instruction::End,
        Instruction::Unreachable,
    ]
}

fn spin() -> Vec<Instruction<'static>> {
    vec![
        Instruction::Loop(BlockType::Empty),
        Instruction::Br(0),
        Instruction::End,
        Instruction::Unreachable,
    ]
}

#[rstest]
#[case::honest(Raw::default(), None)]
#[case::allocator_points_out_of_memory(Raw { realloc: vec![Instruction::I32Const(-16)], ..Raw::default() }, Some(FaultKind::Answer))]
#[case::allocator_loops(Raw { realloc: spin(), ..Raw::default() }, Some(FaultKind::Deadline))]
#[case::allocator_traps(Raw { realloc: vec![Instruction::Unreachable], ..Raw::default() }, Some(FaultKind::Trap))]
#[case::answer_is_nowhere(Raw { validate: vec![Instruction::I32Const(-8)], ..Raw::default() }, Some(FaultKind::Answer))]
#[case::answer_is_askew(Raw { validate: vec![Instruction::I32Const(1)], ..Raw::default() }, Some(FaultKind::Answer))]
#[case::text_ends_nowhere(Raw { validate: answer(8, -1, *b"ok"), ..Raw::default() }, Some(FaultKind::Answer))]
#[case::text_is_no_text(Raw { validate: answer(8, 2, *b"\xc3("), ..Raw::default() }, Some(FaultKind::Answer))]
#[tokio::test]
async fn whatever_a_policy_is_made_of_it_only_faults(#[case] raw: Raw, #[case] expected: Option<FaultKind>) {
    for isolation in [Isolation::Fresh, Isolation::Reuse] {
        assert_eq!(kind(&engine(isolation), &raw).await, expected, "{isolation:?}");
    }
}

/// Policies that need more than one instance may use.
#[rstest]
#[case::grows_tables("grows-tables", Raw { validate: grow_tables(), ..Raw::default() })]
#[case::many_tables("many-tables", Raw { tables: vec![1; 5], ..Raw::default() })]
#[case::large_table("large-table", Raw { tables: vec![1_000_000], ..Raw::default() })]
#[case::tables_large_together("tables-large-together", Raw { tables: vec![15_000; 2], ..Raw::default() })]
#[case::two_memories("two-memories", Raw { memories: 1, ..Raw::default() })]
#[case::many_modules("many-modules", Raw { instances: 48, ..Raw::default() })]
#[tokio::test]
async fn a_policy_that_needs_too_much_of_the_engine_is_not_loaded(#[case] name: &str, #[case] raw: Raw) {
    let engine = engine(Isolation::Fresh);
    let neighbour = load(&engine, "calm").await;
    let (_, why) = refused(&engine, &raw.policy()).await;
    insta::assert_snapshot!(name, why);
    assert_serves(&neighbour).await;
}
