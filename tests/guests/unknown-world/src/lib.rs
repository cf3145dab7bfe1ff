//! A component in good order, for a process that does not exist.

// Natively there is nothing to export to.
#![cfg(target_arch = "wasm32")]

#[allow(unsafe_code, missing_docs, unreachable_pub, rust_2018_idioms)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package itsm:weather@0.1.0;

            interface evaluator {
                forecast: func(day: s32) -> string;
            }

            world policy {
                export evaluator;
            }
        ",
    });

    use super::Weather;

    export!(Weather);
}

/// Knows the weather.
struct Weather;

impl bindings::exports::itsm::weather::evaluator::Guest for Weather {
    fn forecast(day: i32) -> String {
        format!("rain on day {day}")
    }
}
