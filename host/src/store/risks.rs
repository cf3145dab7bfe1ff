//! Changes of earlier versions kept the identifier of the decision about their risk, where the field asks for its number.

use super::tx::execute;
use super::{StoreError, Tx};

/// Gives the changes of an organisation the numbers of the decisions that they name by identifier. The audit trail keeps
/// what it said; verifying knows both for one.
pub(super) async fn name(tx: &mut Tx, org: &str) -> Result<(), StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO reindex (record_id)
         SELECT l.source_id FROM links l JOIN decisions d ON d.id = l.target AND d.org = l.org
         WHERE l.org = $1 AND l.rel = 'risk' ON CONFLICT DO NOTHING",
        org
    )?;
    execute!(
        &mut *tx,
        "UPDATE records SET data = (
             SELECT replace(records.data, '\"risk\":\"' || l.target || '\"', '\"risk\":\"' || d.decision_number || '\"')
             FROM links l JOIN decisions d ON d.id = l.target AND d.org = l.org
             WHERE l.org = records.org AND l.source_id = records.id AND l.rel = 'risk')
         WHERE id IN (
             SELECT l.source_id FROM links l JOIN decisions d ON d.id = l.target AND d.org = l.org
             WHERE l.org = $1 AND l.rel = 'risk')",
        org
    )?;
    execute!(
        &mut *tx,
        "UPDATE links SET target = (SELECT d.decision_number FROM decisions d WHERE d.id = links.target)
         WHERE org = $1 AND rel = 'risk' AND target IN (SELECT d.id FROM decisions d WHERE d.org = $1)",
        org
    )?;
    Ok(())
}
