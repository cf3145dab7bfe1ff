//! What every component has: its card, its settings, and the log if granted.

wasmtime::component::bindgen!({
    path: ["../wit/types", "../wit/log", "../wit/plugin"],
    inline: "
        package mortise:host;

        world shared {
            import itsm:types/types@0.1.0;
            import itsm:log/log@0.1.0;
            export itsm:plugin/about@0.1.0;
            export itsm:plugin/settings@0.1.0;
        }
    ",
    imports: { default: trappable },
    exports: { default: async },
});

mortise_types::common_conversions!(crate::engine::bindings::shared::itsm);
