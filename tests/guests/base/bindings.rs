//! What `wit-bindgen` makes of `wit/`: the types of the contract, and what exports them.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unsafe_code,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "policy",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "tidegate_guests::bindings",
    additional_derives: [serde::Serialize],
    additional_type_attributes: {
        "tidegate:policy/gate@0.2.0/decision": [#[serde(rename_all = "kebab-case")]],
    },
});
