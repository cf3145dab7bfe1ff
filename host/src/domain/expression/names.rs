//! What an expression names.

use std::collections::BTreeSet;

use cel::Program;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use super::functions;

/// Loops in one another at most: each multiplies what the one around it does.
const MAX_LOOPS: usize = 2;

/// The variables of an expression, and the members read of `record`, `before` and `policy`.
#[derive(Debug, Default)]
pub(in crate::domain) struct Names {
    /// Variables that are not bound by a loop.
    pub(in crate::domain) variables: BTreeSet<String>,
    /// Variable and member: `record.impact`.
    pub(in crate::domain) members: BTreeSet<(String, String)>,
}

/// Refuses functions that there are not, decimal fractions, and loops too deep in one another.
pub(super) fn check(program: &Program) -> Result<(), String> {
    let references = program.references();
    let unknown = references.functions().into_iter().find(|name| !functions::is_known(name));
    if let Some(name) = unknown {
        return Err(format!("there is no function '{name}'"));
    }
    walk(&mut Walk::default(), program.expression(), 0)
}

pub(super) fn of(program: &Program) -> Names {
    let mut seen = Walk::default();
    // Checked when it was compiled.
    let _ = walk(&mut seen, program.expression(), 0);
    seen.names
}

#[derive(Default)]
struct Walk {
    names: Names,
    bound: Vec<String>,
}

fn walk(seen: &mut Walk, node: &IdedExpr, loops: usize) -> Result<(), String> {
    match &node.expr {
        Expr::Unspecified => {}
        Expr::Literal(LiteralValue::Double(_)) => {
            return Err("decimal fractions are written as texts and compared with micro()".to_owned());
        }
        Expr::Literal(_) => {}
        Expr::Ident(name) => {
            // The accumulators of loops are the compiler's own.
            if !seen.bound.contains(name) && !name.starts_with('@') {
                seen.names.variables.insert(name.clone());
            }
        }
        Expr::Select(select) => {
            if let Expr::Ident(name) = &select.operand.expr
                && !seen.bound.contains(name)
            {
                seen.names.members.insert((name.clone(), select.field.clone()));
            }
            walk(seen, &select.operand, loops)?;
        }
        Expr::Call(call) => {
            for part in call.target.as_deref().into_iter().chain(&call.args) {
                walk(seen, part, loops)?;
            }
        }
        Expr::List(list) => {
            for element in &list.elements {
                walk(seen, element, loops)?;
            }
        }
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    walk(seen, &entry.key, loops)?;
                    walk(seen, &entry.value, loops)?;
                }
            }
        }
        Expr::Struct(_) => return Err("there are no types to construct".to_owned()),
        Expr::Comprehension(inner) => {
            if loops == MAX_LOOPS {
                return Err(format!("more than {MAX_LOOPS} loops are in one another"));
            }
            walk(seen, &inner.iter_range, loops)?;
            walk(seen, &inner.accu_init, loops)?;
            let bound = seen.bound.len();
            seen.bound.extend([inner.iter_var.clone(), inner.accu_var.clone()]);
            seen.bound.extend(inner.iter_var2.clone());
            for part in [&inner.loop_cond, &inner.loop_step, &inner.result] {
                walk(seen, part, loops + 1)?;
            }
            seen.bound.truncate(bound);
        }
    }
    Ok(())
}
