//! What an organisation decides about the host's own part in a process.
//!
//! Constants of a decision are settings of the component that takes it. What is left to the host
//! (who must approve, how far an impact is followed) stands here; every value is a default of the
//! domain guide (DEF) and can be changed in the configuration.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Deserializer, Serialize};

use super::breaker::BreakerPolicy;
use super::constant::Constants;
use super::role::Role;
use super::time::zone_name;

/// The host's part in each process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Change management (guide, P30).
    pub change: ChangePolicy,
    /// Service level management (guide, P25).
    pub service_level: ServiceLevelPolicy,
    /// Incidents and service requests (guide, P35 and P37).
    pub ticket: TicketPolicy,
    /// Measures (guide, P47).
    pub measure: MeasurePolicy,
    /// Contracts with suppliers (guide, P26).
    pub contract: ContractPolicy,
    /// Constants of the guide that kind files read, where they differ from its defaults.
    pub constants: Constants,
    /// Configuration management (guide, P21).
    pub configuration: ConfigurationPolicy,
    /// Components that decide (guide, P57).
    pub component: ComponentPolicy,
}

/// The host's part in the life of components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComponentPolicy {
    /// Whether a component decides only once a process owner has approved it (guide, P57: verified→approved \[PO\]). By
    /// default it does; tried in shadow and in dry runs it can be before.
    pub approval_required: bool,
    /// Decisions that may flip, in shadow or in the dry run that is named, before an activation needs an explanation.
    /// By default none (guide, P57 d: differences are explained before activation).
    pub unexplained_flips: u32,
    /// When a component that fails is replaced by the last good one.
    pub breaker: BreakerPolicy,
}

impl Default for ComponentPolicy {
    fn default() -> Self {
        Self { approval_required: true, unexplained_flips: 0, breaker: BreakerPolicy::default() }
    }
}

/// The host's part in configuration management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigurationPolicy {
    /// Fields of a live configuration item that change only while an approved change names the item.
    pub controlled: Vec<String>,
    /// Records at which the search for a circle of dependencies gives up.
    pub circle_records: u32,
    /// Steps that an impact is followed when the caller does not say.
    pub impact_depth: u32,
    /// Days that an action item of a configuration audit has.
    pub correction_days: u32,
    /// Differences of one configuration audit that are listed and get an action item; those beyond are counted.
    pub audit_differences: u32,
}

impl Default for ConfigurationPolicy {
    fn default() -> Self {
        let controlled = [
            "title",
            "description",
            "type",
            "unique_id",
            "relations",
            "criticality",
            "version",
            "attributes",
            "location",
            "support_group",
            "services",
        ];
        Self {
            controlled: controlled.map(str::to_owned).into(),
            circle_records: 100_000,
            impact_depth: 16,
            correction_days: 30,
            audit_differences: 1_000,
        }
    }
}

/// The host's part in service level management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceLevelPolicy {
    /// Seconds until the first answer beyond which a target is looser than the baseline.
    pub baseline_response_s: i64,
    /// Seconds until restoration beyond which a target is looser than the baseline.
    pub baseline_resolution_s: i64,
}

impl Default for ServiceLevelPolicy {
    fn default() -> Self {
        Self { baseline_response_s: 30 * 60, baseline_resolution_s: 4 * 3600 }
    }
}

/// The host's part in incident and request management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketPolicy {
    /// Working days after which what was resolved or fulfilled is closed.
    pub auto_close_working_days: u32,
}

impl Default for TicketPolicy {
    fn default() -> Self {
        Self { auto_close_working_days: 3 }
    }
}

/// The host's part in measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeasurePolicy {
    /// IANA name of the zone whose days, weeks and months measured values cover.
    #[serde(deserialize_with = "known_zone")]
    pub time_zone: String,
}

impl Default for MeasurePolicy {
    fn default() -> Self {
        Self { time_zone: "UTC".to_owned() }
    }
}

fn known_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    zone_name(&name).map_err(serde::de::Error::custom)
}

/// The host's part in supplier management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContractPolicy {
    /// Days before its end from which a contract counts as expiring.
    pub notice_days: u32,
}

impl Default for ContractPolicy {
    fn default() -> Self {
        Self { notice_days: 60 }
    }
}

/// The host's part in change management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChangePolicy {
    /// Members of the change advisory board who must approve what goes to the board.
    pub cab_quorum: NonZeroU32,
    /// Conditions of a decision that are met by an approval, each with the role that gives it.
    pub approved_by: BTreeMap<String, Role>,
    /// Conditions of a decision that must be gone before the change is scheduled.
    pub resolved_first: Vec<String>,
    /// Conditions of a decision that are met by the review after implementation. All others are
    /// met when the approvers, who knew of them, have approved.
    pub met_by_review: Vec<String>,
    /// Steps from one configuration item or service to the next that an impact is followed.
    pub impact_steps: u32,
    /// Configuration items at which following an impact stops.
    pub impact_items: u32,
    /// Closed changes, the newest, that count as the history of a model or class of items.
    pub history_changes: u32,
}

impl Default for ChangePolicy {
    fn default() -> Self {
        const QUORUM: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
        Self {
            cab_quorum: QUORUM,
            approved_by: BTreeMap::from([
                ("budget-owner-approval".to_owned(), Role::Bud),
                ("infosec-assessment".to_owned(), Role::Sec),
            ]),
            resolved_first: vec!["reschedule-outside-blackout".to_owned(), "resolve-collision".to_owned()],
            met_by_review: vec![
                "cab-ratification-within-2-working-days".to_owned(),
                "post-implementation-review".to_owned(),
            ],
            impact_steps: 16,
            impact_items: 10_000,
            history_changes: 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_said_has_its_default() {
        let policy: Policy = serde_json::from_value(json!({ "change": { "cab_quorum": 3 } })).unwrap();
        assert_eq!(policy.change.cab_quorum.get(), 3);
        assert_eq!(policy.change.approved_by["infosec-assessment"], Role::Sec);
        assert_eq!(ChangePolicy::default().cab_quorum.get(), 2);
    }

    #[test]
    fn a_board_without_members_and_unknown_keys_are_refused() {
        for wrong in [json!({ "change": { "cab_quorum": 0 } }), json!({ "change": { "quorum": 2 } })] {
            assert!(serde_json::from_value::<Policy>(wrong).is_err());
        }
    }
}
