//! The fifteen roles of the domain guide (section 0), the pseudo-roles of its transitions, and the
//! actor who holds some of them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role a person can hold in an organisation (guide, section 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Service desk agent (服务台).
    Sd,
    /// Technician (技术支持).
    Te,
    /// Process owner (流程负责人).
    Po,
    /// Change manager (变更经理).
    Cm,
    /// Change advisory board member (变更咨询委员会).
    Cab,
    /// Service level manager (服务级别经理).
    Slm,
    /// Supplier manager (供应商经理).
    Sup,
    /// Budget owner (预算负责人).
    Bud,
    /// Information security officer (信息安全负责人).
    Sec,
    /// Internal auditor (内审员).
    Aud,
    /// Top management (最高管理者).
    Top,
    /// Management representative (管理者代表).
    Mr,
    /// Customer or requester (客户/用户).
    Cus,
    /// Administrator (系统管理员).
    Adm,
    /// Publisher of decision components (插件发布者).
    Pub,
}

impl Role {
    /// All roles, in the order of the guide's permission matrix.
    pub const ALL: [Self; 15] = [
        Self::Sd,
        Self::Te,
        Self::Po,
        Self::Cm,
        Self::Cab,
        Self::Slm,
        Self::Sup,
        Self::Bud,
        Self::Sec,
        Self::Aud,
        Self::Top,
        Self::Mr,
        Self::Cus,
        Self::Adm,
        Self::Pub,
    ];

    /// The role's code as records, tokens and kind files spell it, for example `SD`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sd => "SD",
            Self::Te => "TE",
            Self::Po => "PO",
            Self::Cm => "CM",
            Self::Cab => "CAB",
            Self::Slm => "SLM",
            Self::Sup => "SUP",
            Self::Bud => "BUD",
            Self::Sec => "SEC",
            Self::Aud => "AUD",
            Self::Top => "TOP",
            Self::Mr => "MR",
            Self::Cus => "CUS",
            Self::Adm => "ADM",
            Self::Pub => "PUB",
        }
    }

    /// The role's name in English and Chinese.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Sd => ("service desk agent", "服务台"),
            Self::Te => ("technician", "技术支持"),
            Self::Po => ("process owner", "流程负责人"),
            Self::Cm => ("change manager", "变更经理"),
            Self::Cab => ("change advisory board member", "变更咨询委员会"),
            Self::Slm => ("service level manager", "服务级别经理"),
            Self::Sup => ("supplier manager", "供应商经理"),
            Self::Bud => ("budget owner", "预算负责人"),
            Self::Sec => ("information security officer", "信息安全负责人"),
            Self::Aud => ("internal auditor", "内审员"),
            Self::Top => ("top management", "最高管理者"),
            Self::Mr => ("management representative", "管理者代表"),
            Self::Cus => ("customer", "客户/用户"),
            Self::Adm => ("administrator", "系统管理员"),
            Self::Pub => ("component publisher", "插件发布者"),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a role")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.code() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// Who a grant or a transition speaks of: a role, or one of the guide's pseudo-roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Holders of one role.
    Role(Role),
    /// Any signed-in member of staff: every role but the customer's.
    Any,
    /// The host itself, by timer or event.
    Auto,
    /// The approvers whom a decision named (handed in with the transition).
    Route,
    /// The user named in the record's `author`.
    Author,
    /// The user named in the record's `reviewer`.
    Reviewer,
    /// The user named in the record's `approver`.
    Approver,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => role.fmt(f),
            Self::Any => f.write_str("any"),
            Self::Auto => f.write_str("auto"),
            Self::Route => f.write_str("route"),
            Self::Author => f.write_str("author"),
            Self::Reviewer => f.write_str("reviewer"),
            Self::Approver => f.write_str("approver"),
        }
    }
}

impl FromStr for Who {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "any" => Self::Any,
            "auto" => Self::Auto,
            "route" => Self::Route,
            "author" => Self::Author,
            "reviewer" => Self::Reviewer,
            "approver" => Self::Approver,
            role => Self::Role(role.parse()?),
        })
    }
}

impl Serialize for Who {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Who is asking: a user of one organisation with the roles he holds there, or the host itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Id of the organisation; nothing an actor does reaches another one.
    pub org: String,
    /// The user's name in that organisation.
    pub user: String,
    /// The roles the user holds.
    pub roles: BTreeSet<Role>,
    /// Whether this is the host acting by timer or event (pseudo-role `auto`).
    pub auto: bool,
    /// What the user belongs to; empty until somebody looked it up, and where no grant asks for it.
    pub reach: Reach,
}

/// What grants may ask of a user beside his name and roles: whose user he is (guide, section 2: "own services").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Numbers of the customers that he belongs to.
    pub customers: BTreeSet<String>,
    /// Numbers of the services that those customers have.
    pub services: BTreeSet<String>,
}

/// The user name under which the host writes audit entries of its own.
pub const HOST_USER: &str = "mortise";

impl Actor {
    /// A user with some roles.
    pub fn user(org: impl Into<String>, user: impl Into<String>, roles: impl IntoIterator<Item = Role>) -> Self {
        let (org, user, roles) = (org.into(), user.into(), roles.into_iter().collect());
        Self { org, user, roles, auto: false, reach: Reach::default() }
    }

    /// The host itself: it may create, read and update everything in the organisation, and take
    /// the transitions marked `auto`.
    pub fn host(org: impl Into<String>) -> Self {
        Self { auto: true, ..Self::user(org, HOST_USER, []) }
    }

    /// The same user as if he held these roles only.
    #[must_use]
    pub fn only_as(&self, roles: impl IntoIterator<Item = Role>) -> Self {
        Self { roles: roles.into_iter().collect(), ..self.clone() }
    }

    /// Whether the actor holds the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The first staff role the actor holds; `None` for a mere customer and for the host.
    pub fn staff_role(&self) -> Option<Role> {
        self.roles.iter().copied().find(|role| *role != Role::Cus)
    }
}

/// The capacity in which an actor was allowed to do something; the audit entry keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// As the holder of a role.
    As(Role),
    /// As the host.
    Host,
}

impl fmt::Display for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::As(role) => role.fmt(f),
            Self::Host => f.write_str("auto"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn codes_round_trip() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
            assert_eq!(serde_json::to_value(role).unwrap(), role.code());
            assert_eq!(role.code().parse::<Who>().unwrap(), Who::Role(role));
        }
        for name in ["any", "auto", "route", "author", "reviewer", "approver"] {
            assert_eq!(name.parse::<Who>().unwrap().to_string(), name);
        }
        assert!("sd".parse::<Role>().is_err());
        assert!("everybody".parse::<Who>().is_err());
    }

    #[test]
    fn a_customer_is_not_staff() {
        assert_eq!(Actor::user("o", "u", [Role::Cus]).staff_role(), None);
        assert_eq!(Actor::user("o", "u", [Role::Cus, Role::Adm]).staff_role(), Some(Role::Adm));
        assert_eq!(Actor::host("o").staff_role(), None);
    }
}
