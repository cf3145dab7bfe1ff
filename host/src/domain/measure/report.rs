//! What a service report fixes (guide, P50): the parts of its content, each with its measures.

use std::sync::LazyLock;

use serde::Deserialize;

const PARTS: &str = include_str!("../../../evidence/report.toml");

/// A part of a service report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportPart {
    /// Its name, as the content of a service report has it.
    pub name: String,
    /// Names of its measures.
    pub measures: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    part: Vec<ReportPart>,
}

/// The parts, in their order.
pub fn report_parts() -> &'static [ReportPart] {
    static FILE: LazyLock<File> = LazyLock::new(|| match toml::from_str(PARTS) {
        Ok(file) => file,
        // The file is part of the binary and a test reads it.
        Err(error) => unreachable!("embedded report: {error}"),
    });
    &FILE.part
}

#[cfg(test)]
mod tests {
    use super::super::Measures;
    use super::*;

    #[test]
    fn every_measure_of_a_report_is_defined() {
        let names: Vec<&String> = report_parts().iter().flat_map(|part| &part.measures).collect();
        assert!(names.len() > 20);
        for name in names {
            assert!(Measures::builtin().get(name).is_some(), "{name}");
        }
    }
}
