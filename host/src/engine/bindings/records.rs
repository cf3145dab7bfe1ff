//! Looking records up (`itsm:records`), if granted.

wasmtime::component::bindgen!({
    path: ["../wit/records"],
    inline: "
        package mortise:lookups;

        world lookups {
            import itsm:records/lookup@0.1.0;
        }
    ",
    imports: {
        "itsm:records/lookup.select": async | trappable,
        default: trappable,
    },
    with: {
        "itsm:records/lookup.rows": crate::engine::lookup::Rows,
    },
});
