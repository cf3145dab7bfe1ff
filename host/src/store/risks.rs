//! Changes of earlier versions kept the identifier of the decision about their risk, where the field asks for its number.

use super::tx::{Bind, execute_built};
use super::{StoreError, Tx};

/// The decisions that changes of an organisation name so.
const NAMED: &str = "FROM records r JOIN decisions d ON d.org = r.org AND d.number = r.number
     WHERE r.org = $1 AND r.kind = 'change' AND r.data LIKE '%\"risk\":\"' || d.id || '\"%'";

/// Gives the changes of an organisation the numbers of the decisions that they name by identifier. The audit trail keeps
/// what it said; verifying knows both for one.
pub(super) async fn name(tx: &mut Tx, org: &str) -> Result<(), StoreError> {
    for statement in [
        format!("INSERT INTO reindex (record_id) SELECT r.id {NAMED} ON CONFLICT DO NOTHING"),
        format!("DELETE FROM links WHERE org = $1 AND rel = 'risk' AND source_id IN (SELECT r.id {NAMED})"),
        format!(
            "INSERT INTO links (org, source_id, source, rel, target, redundancy)
             SELECT r.org, r.id, r.number, 'risk', d.decision_number, '' {NAMED}"
        ),
        // Last, since what is to be replaced tells which they are.
        format!(
            "UPDATE records SET data = (
                 SELECT replace(records.data, '\"risk\":\"' || d.id || '\"', '\"risk\":\"' || d.decision_number || '\"')
                 {NAMED} AND r.id = records.id)
             WHERE id IN (SELECT r.id {NAMED})"
        ),
    ] {
        execute_built(tx, statement, vec![Bind::Text(org.to_owned())]).await?;
    }
    Ok(())
}
