//! The golden cases, natively: `cargo test` needs no WebAssembly.

#[test]
fn golden_cases_agree() {
    let cases = include_str!("../golden/{{process}}.json");
    mortise_sdk::testing::golden::<{{crate}}::Policy>(cases).unwrap().assert_agrees();
}
