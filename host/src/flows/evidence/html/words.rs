//! The document's own words in both languages.

use super::super::found::{DecisionFound, Language};
use crate::domain::Kinds;
use crate::domain::evidence::Standing;
use crate::domain::measure::Unit;

#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) Language);

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        impl Words {
            $(pub(super) fn $name(self) -> &'static str { self.pick($en, $zh) })*
        }
    };
}

words! {
    title: "Evidence of conformity", "符合性证据";
    standard: "Service management system · ISO/IEC 20000-1:2018", "服务管理体系 · ISO/IEC 20000-1:2018";
    period: "Period", "期间";
    as_of: "As of", "数据截至";
    generated: "Generated", "生成时间";
    trail: "Audit trail", "审计记录链";
    head: "Head of the trail (SHA-256)", "链头哈希（SHA-256）";
    readiness: "Certification file", "认证材料";
    verified: "verified: every entry fits the one before it", "已验证：每条记录均与前一条相符";
    broken: "BROKEN", "已损坏";
    not_verified: "not verified for this document", "本文件未验证";
    contents: "Clauses", "条款目录";
    clause: "Clause", "条款";
    clauses: "Evidence by clause", "按条款的证据";
    standing: "Status", "状态";
    evidence: "Evidence", "证据";
    number: "Number", "编号";
    name: "Title", "标题";
    state: "State", "记录状态";
    owner: "Owner", "负责人";
    dates: "Dates", "日期";
    decision: "Decision", "决策";
    digest: "Component (SHA-256)", "组件（SHA-256）";
    at: "At", "时间";
    outcome: "Outcome", "结果";
    component: "Component", "组件";
    process: "Process", "流程";
    loaded: "Loaded", "加载";
    active: "active", "启用";
    inactive: "not active", "未启用";
    file: "Certification file", "认证材料清单";
    item: "Item", "材料项";
    shown_by: "Shown by", "证据";
    preconditions: "Preconditions", "前提条件";
    met: "met", "满足";
    unmet: "not met", "不满足";
    why: "Because", "依据";
    restricted: "Some of these records are restricted; they are counted, not listed.", "部分记录受限，仅计数不列出。";
    nothing_happened: "Nothing of the kind in the period.", "期间未发生。";
    all_clauses: "Rows of the clause matrix, by status", "按状态统计的条款行";
    present_means: "All that is required is there.", "要求的内容齐备。";
    overdue_means: "All that is required is there; some of it is late.", "要求的内容齐备，但部分已逾期。";
    partial_means: "Some of what is required is missing, or too little of it is covered.", "部分要求缺失，或覆盖不足。";
    missing_means: "None of what is required is there.", "要求的内容全部缺失。";
    no_value: "no data", "无数据";
    foot: "Made from live records. The number of each record leads to its full history; a decision can be run again on the component that its digest names. Times are UTC.", "由实时记录生成。每条记录的编号可追溯其完整历史；每项决策可用其哈希所指的组件重新执行。时间均为UTC。";
}

impl Words {
    pub(super) fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self.0 {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    pub(super) fn status(self, standing: Standing) -> (&'static str, &'static str) {
        match standing {
            Standing::Present => ("present", self.pick("Present", "齐备")),
            Standing::Overdue => ("overdue", self.pick("Overdue", "逾期")),
            Standing::Partial => ("partial", self.pick("Partial", "部分具备")),
            Standing::Missing => ("missing", self.pick("Missing", "缺失")),
        }
    }

    /// The badge of a status: a word as well as a colour.
    pub(super) fn badge(self, standing: Standing) -> String {
        let (class, word) = self.status(standing);
        format!("<span class=\"status {class}\">{word}</span>")
    }

    /// The badge of an item of the certification file.
    pub(super) fn item_state(self, state: &str) -> String {
        let (class, word) = match state {
            "ready" => ("present", self.pick("Ready", "就绪")),
            "submitted" => ("present", self.pick("Submitted", "已提交")),
            "accepted" => ("present", self.pick("Accepted", "已接受")),
            _ => ("missing", self.pick("Open", "未就绪")),
        };
        format!("<span class=\"status {class}\">{word}</span>")
    }

    /// A process that components decide for, by its slug.
    pub(super) fn process_name(self, slug: &str) -> &str {
        match slug {
            "sla" => self.pick("service levels", "服务级别"),
            "change-risk" => self.pick("change risk", "变更风险"),
            "budget" => self.pick("budget", "预算"),
            "supplier" => self.pick("suppliers", "供应商"),
            other => other,
        }
    }

    /// How a decision ended.
    pub(super) fn decided(self, status: &str) -> &str {
        match status {
            "ok" => self.pick("ok", "正常"),
            "refused" => self.pick("refused", "拒绝"),
            "failed" => self.pick("failed", "失败"),
            other => other,
        }
    }

    /// What happened to the record that was decided about.
    pub(super) fn event(self, decision: &DecisionFound) -> String {
        let (what, which) = decision.event.split_once(':').unwrap_or((&decision.event, ""));
        match what {
            "create" => self.pick("made", "创建").to_owned(),
            "update" => self.pick("changed", "更新").to_owned(),
            "transition" => {
                let kind = Kinds::builtin().of_number(&decision.number);
                let label = kind.and_then(|kind| kind.state(which)).map(|state| &state.label);
                format!("→ {}", label.map_or(which, |label| self.pick(&label.en, &label.zh)))
            }
            "timer" => format!("{} {which}", self.pick("timer", "计时器")),
            "decide" => self.pick("decided by a person", "人工决定").to_owned(),
            "retry" => self.pick("asked once more", "重新决策").to_owned(),
            "recompute" => self.pick("decided again", "重新计算").to_owned(),
            _ => decision.event.clone(),
        }
    }

    pub(super) fn counted(self, count: i64, overdue: i64) -> String {
        let late = match (overdue, self.0) {
            (0, _) => String::new(),
            (n, Language::En) => format!(", {n} overdue"),
            (n, Language::Zh) => format!("，{n}项逾期"),
        };
        match self.0 {
            Language::En if count == 1 => format!("1 record{late}"),
            Language::En => format!("{count} records{late}"),
            Language::Zh => format!("{count}项{late}"),
        }
    }

    pub(super) fn decisions(self, count: i64) -> String {
        match self.0 {
            Language::En if count == 1 => "1 decision".to_owned(),
            Language::En => format!("{count} decisions"),
            Language::Zh => format!("{count}项决策"),
        }
    }

    pub(super) fn more(self, count: i64) -> String {
        match self.0 {
            Language::En => format!("… and {count} more"),
            Language::Zh => format!("……另有{count}项"),
        }
    }

    pub(super) fn entries(self, count: i64) -> String {
        match self.0 {
            Language::En => format!("{count} entries"),
            Language::Zh => format!("{count}条"),
        }
    }

    pub(super) fn ready(self, ready: usize, of: usize, percent: &str) -> String {
        match self.0 {
            Language::En => format!("{ready} of {of} items ready ({percent} %)"),
            Language::Zh => format!("{of}项中{ready}项就绪（{percent}%）"),
        }
    }

    pub(super) fn value(self, value: Option<&str>, unit: Unit) -> String {
        let Some(value) = value else { return self.no_value().to_owned() };
        let sign = match unit {
            Unit::PerThousand => self.pick("per 1,000", "‰"),
            unit => unit.sign(),
        };
        if sign.is_empty() { value.to_owned() } else { format!("{value} {sign}") }
    }

    pub(super) fn least(self, least: &str) -> String {
        match self.0 {
            Language::En => format!(" (at least {least} asked for)"),
            Language::Zh => format!("（要求不低于{least}）"),
        }
    }
}
