//! The tables of an organisation.

/// Type of a column, and how it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// Text.
    Text,
    /// Whole number.
    Int,
    /// Not archived: it is 0 in a restored row.
    Zero,
    /// Not archived: it has no value in a restored row.
    Null,
    /// Not archived: a restored row is given a value of its own.
    Own,
}

/// A table whose rows belong to an organisation.
#[derive(Debug)]
pub struct Table {
    /// Its name; the archive's member has the same.
    pub name: &'static str,
    /// Columns that identify a row within the organisation, in the order of their index.
    pub key: &'static [&'static str],
    /// Every column but `org`.
    pub columns: &'static [(&'static str, Ty)],
}

impl Table {
    /// The columns that travel.
    pub fn archived(&self) -> impl Iterator<Item = &'static (&'static str, Ty)> {
        self.columns.iter().filter(|(_, ty)| matches!(ty, Ty::Text | Ty::Int))
    }
}

use Ty::{Int, Null, Own, Text, Zero};

/// Every table that an archive contains, in the order in which it is restored.
#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    Table {
        name: "counters",
        key: &["prefix", "year"],
        columns: &[("prefix", Text), ("year", Int), ("last", Int)],
    },
    Table {
        name: "settings_texts",
        key: &["hash"],
        columns: &[("hash", Text), ("body", Text)],
    },
    Table {
        name: "components",
        key: &["digest"],
        columns: &[
            ("digest", Text), ("process", Text), ("name", Text), ("version", Text), ("manifest", Text),
            ("grants", Text), ("signatures", Text), ("lookup_grant", Text), ("uploaded_at", Int), ("uploaded_by", Text), ("uploaded_as", Text), ("number", Text),
            ("state", Text), ("revision", Int), ("changed_at", Int),
        ],
    },
    Table {
        name: "trust_policies",
        key: &["unsigned"],
        columns: &[
            ("unsigned", Text), ("allowed", Text), ("revision", Int), ("changed_at", Int), ("changed_by", Text),
        ],
    },
    Table {
        name: "publisher_keys",
        key: &["id"],
        columns: &[
            ("id", Text), ("name", Text), ("public_key", Text), ("processes", Text), ("valid_from", Int),
            ("valid_until", Int), ("revoked_at", Int), ("revoked_because", Text), ("revision", Int), ("added_at", Int),
            ("added_by", Text),
        ],
    },
    Table {
        name: "generations",
        key: &["process"],
        columns: &[("process", Text), ("generation", Int)],
    },
    Table {
        name: "activations",
        key: &["id"],
        columns: &[
            ("id", Text), ("process", Text), ("scope", Text), ("scope_value", Text), ("digest", Text),
            ("settings_hash", Text), ("generation", Int), ("at", Int), ("actor", Text), ("reason", Text),
            ("ended_generation", Int), ("mode", Text), ("percent", Int), ("effective_from", Int),
            ("opened_after", Int), ("before_generation", Int), ("on_failure", Text), ("explanation", Text),
        ],
    },
    Table {
        name: "shadow_figures",
        key: &["activation", "against"],
        columns: &[
            ("activation", Text), ("against", Text), ("same", Int), ("differs", Int), ("flips", Int), ("fails", Int),
            ("dropped", Int), ("fuel_decided", Int), ("fuel_candidate", Int), ("us_decided", Int),
            ("us_candidate", Int), ("first_at", Int), ("last_at", Int),
        ],
    },
    Table {
        name: "shadow_groups",
        key: &["activation", "against", "change_group"],
        columns: &[("activation", Text), ("against", Text), ("change_group", Text), ("count", Int)],
    },
    Table {
        name: "shadow_decisions",
        key: &["activation", "decision"],
        columns: &[
            ("activation", Text), ("decision", Text), ("against", Text), ("number", Text), ("at", Int),
            ("sort", Text), ("change_group", Text), ("money", Text), ("differences", Text), ("output", Text),
        ],
    },
    Table {
        name: "records",
        key: &["id"],
        columns: &[
            ("id", Text), ("kind", Text), ("number", Text), ("title", Text), ("state", Text), ("owner", Text),
            ("revision", Int), ("created_at", Int), ("created_by", Text), ("updated_at", Int), ("data", Text), ("key", Own), ("kind_version", Int),
        ],
    },
    Table {
        name: "kind_versions",
        key: &["slug", "version"],
        columns: &[
            ("slug", Text), ("version", Int), ("prefix", Text), ("body", Text), ("at", Int), ("actor", Text),
            ("reason", Text), ("base", Int), ("ended_at", Int),
        ],
    },
    Table {
        name: "baseline_contents",
        key: &["baseline", "number"],
        columns: &[("baseline", Text), ("number", Text), ("content", Text)],
    },
    Table {
        name: "comments",
        key: &["id"],
        columns: &[
            ("id", Text), ("number", Text), ("at", Int), ("author", Text), ("role", Text), ("visibility", Text),
            ("body", Text), ("first_answer", Int), ("retracted_at", Int), ("retracted_by", Text),
            ("retract_reason", Text),
        ],
    },
    Table {
        name: "attachments",
        key: &["id"],
        columns: &[
            ("id", Text), ("number", Text), ("at", Int), ("author", Text), ("role", Text), ("visibility", Text),
            ("name", Text), ("media_type", Text), ("size", Int), ("sha256", Text), ("retracted_at", Int),
            ("retracted_by", Text), ("retract_reason", Text),
        ],
    },
    Table {
        name: "watchers",
        key: &["number", "user_name"],
        columns: &[("number", Text), ("user_name", Text), ("since", Int), ("added_by", Text)],
    },
    Table {
        name: "views",
        key: &["id"],
        columns: &[
            ("id", Text), ("owner", Text), ("name", Text), ("kind", Text), ("query", Text), ("columns", Text),
            ("shared", Text), ("revision", Int), ("created_at", Int), ("updated_at", Int),
        ],
    },
    Table {
        name: "decisions",
        key: &["id"],
        columns: &[
            ("id", Text), ("number", Text), ("process", Text), ("event", Text), ("at", Int), ("component", Text),
            ("component_name", Text), ("settings_hash", Text), ("activation", Text), ("generation", Int),
            ("status", Text), ("input", Text), ("output", Text), ("fuel", Int), ("took_us", Int),
            ("decision_number", Text), ("fallback", Int), ("lookups", Text),
        ],
    },
    Table {
        name: "timers",
        key: &["number", "name"],
        columns: &[
            ("id", Text), ("number", Text), ("name", Text), ("due_at", Int), ("claimed_by", Null),
            ("claimed_until", Zero),
        ],
    },
    Table {
        name: "manual_queue",
        key: &["id"],
        columns: &[
            ("id", Text), ("number", Text), ("process", Text), ("reason", Text), ("decision", Text),
            ("created_at", Int), ("resolved_at", Int), ("step", Text), ("resolved_by", Text),
        ],
    },
    Table {
        name: "sample_runs",
        key: &["source", "metric"],
        columns: &[
            ("source", Text), ("metric", Text), ("at", Int), ("high", Int), ("low", Int), ("total", Int),
            ("episode", Text),
        ],
    },
    Table {
        name: "accesses",
        key: &["id"],
        columns: &[
            ("id", Text), ("at", Int), ("number", Text), ("user_name", Text), ("role", Text), ("action", Text),
        ],
    },
    Table {
        name: "report_snapshots",
        key: &["hash"],
        columns: &[("hash", Text), ("body", Text), ("at", Int)],
    },
    Table {
        name: "audit",
        key: &["seq"],
        columns: &[
            ("seq", Int), ("at", Int), ("number", Text), ("actor", Text), ("role", Text), ("action", Text),
            ("before_value", Text), ("after_value", Text), ("reason", Text), ("seal", Text), ("prev_hash", Text),
            ("hash", Text),
        ],
    },
    Table {
        name: "events",
        key: &["seq"],
        columns: &[("seq", Int), ("at", Int), ("type", Text), ("number", Text), ("data", Text)],
    },
];

/// The table whose rows are written as records are, with everything that is derived from them.
pub const RECORDS: &str = "records";

/// Every table that an archive does not contain as rows, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("backtest_batches", "belong to jobs"),
    ("backtest_decisions", "belong to jobs"),
    ("breakers", "say how components fare on this installation's nodes"),
    ("component_bytes", "each component is a member of its own, by its digest"),
    ("facets", "made from the records"),
    ("field_index", "made from the records"),
    ("idempotency", "keys belong to the clients of this installation"),
    ("index_layouts", "says how this installation's index was made"),
    ("job_items", "belong to jobs"),
    ("jobs", "work of this installation's nodes; what it did to records is in the audit trail"),
    ("kind_leases", "say which node of this installation is at work"),
    ("links", "made from the records"),
    ("organisations", "the organisation is described in the manifest"),
    ("reindex", "says what this installation has still to do"),
    ("relation_guards", "counts the writes of this installation"),
    ("schema_versions", "belongs to the database, not to an organisation"),
    ("tokens", "tokens are good for this installation only"),
    ("words", "made from the records"),
];
