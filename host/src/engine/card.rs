//! Asking a component about itself: its card, its settings' schema and defaults,
//! and whether settings are good.

use wasmtime::Store;
use wasmtime::component::Instance;

use super::bindings::shared::SharedIndices;
use super::bindings::shared::exports::itsm::plugin::settings::Problem;
use super::call::Call;
use super::state::State;

/// What a component says about itself.
pub(super) struct Card {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) summary: String,
    /// Text of the JSON Schema of its settings.
    pub(super) schema: String,
    /// Text of its default settings.
    pub(super) defaults: String,
}

/// The call that asks for the card.
pub(super) struct Describe<'a>(pub(super) &'a SharedIndices);

impl Call for Describe<'_> {
    type Answer = Card;

    async fn call(self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Self::Answer> {
        let shared = self.0.load(&mut *store, instance)?;
        let about = shared.itsm_plugin_about().call_describe(&mut *store).await?;
        let schema = shared.itsm_plugin_settings().call_schema(&mut *store).await?;
        let defaults = shared.itsm_plugin_settings().call_defaults(&mut *store).await?;
        let (name, version, summary) = (about.name, about.version, about.summary);
        Ok(Card { name, version, summary, schema, defaults })
    }
}

/// The call that has settings checked.
pub(super) struct Validate<'a> {
    pub(super) shared: &'a SharedIndices,
    pub(super) settings: &'a str,
}

impl Call for Validate<'_> {
    type Answer = Result<(), Vec<Problem>>;

    async fn call(self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Self::Answer> {
        let shared = self.shared.load(&mut *store, instance)?;
        shared.itsm_plugin_settings().call_validate(store, self.settings).await
    }
}
