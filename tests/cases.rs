//! `tidegate test`: the cases of a policy's folder, by the built program.

use tidegate_harness::repository;
use tidegate_tests::tidegate;

#[test]
fn the_cases_of_the_example_pass_and_cover_it() {
    let folder = repository().join("examples/orders").display().to_string();
    let tested = tidegate(&["test", &folder], b"");
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    assert!(tested.out.contains("cases passed"), "{}", tested.out);
    assert!(!tested.out.contains("not tested"), "{}", tested.out);
}
