//! What people write, in English and Chinese.

use super::dice::Dice;

/// What services are called, in both languages.
pub(super) const SERVICES: [(&str, &str); 24] = [
    ("Mail", "邮件系统"),
    ("Identity", "统一身份认证"),
    ("Network", "网络接入"),
    ("File storage", "文件存储"),
    ("Telephony", "电话系统"),
    ("Printing", "打印服务"),
    ("Remote access", "远程接入"),
    ("Hospital records", "病历系统"),
    ("Payroll", "薪资系统"),
    ("Finance", "财务系统"),
    ("Purchasing", "采购系统"),
    ("Warehouse", "仓储系统"),
    ("Web shop", "网上商城"),
    ("Data warehouse", "数据仓库"),
    ("Backup", "备份服务"),
    ("Virtual machines", "虚拟机平台"),
    ("Databases", "数据库服务"),
    ("Video meetings", "视频会议"),
    ("Intranet", "内部门户"),
    ("Learning", "在线学习"),
    ("Field devices", "现场设备"),
    ("Laboratory", "检验系统"),
    ("Imaging", "影像系统"),
    ("Workplace", "桌面支持"),
];

const TROUBLE: [(&str, &str); 24] = [
    ("users cannot sign in", "用户无法登录"),
    ("answers slowly since this morning", "今天上午开始响应缓慢"),
    ("reports an expired certificate", "提示证书已过期"),
    ("loses its connection every few minutes", "每隔几分钟连接中断"),
    ("shows an empty page", "页面显示空白"),
    ("disk is nearly full", "磁盘空间即将用尽"),
    ("nightly job did not finish", "夜间任务未完成"),
    ("printer jams on the second tray", "打印机二号纸盒卡纸"),
    ("attachments cannot be opened", "附件无法打开"),
    ("memory keeps growing until it restarts", "内存持续增长直至重启"),
    ("wrong amounts on the invoice", "发票金额有误"),
    ("password reset does not arrive", "收不到密码重置邮件"),
    ("network switch port is down", "交换机端口故障"),
    ("packet loss between two buildings", "两栋楼之间网络丢包"),
    ("search finds nothing", "搜索没有结果"),
    ("calendar entries are doubled", "日程重复显示"),
    ("database connections are exhausted", "数据库连接数耗尽"),
    ("licence server cannot be reached", "许可服务器无法访问"),
    ("backup restore failed for one folder", "某文件夹备份恢复失败"),
    ("screen stays black after an update", "更新后屏幕黑屏"),
    ("voice is cut off in meetings", "会议中声音断续"),
    ("barcode scanner is not recognised", "扫码枪无法识别"),
    ("export stops at half of the rows", "导出到一半中断"),
    ("power supply of a rack failed", "机柜电源故障"),
];

const DETAIL: [(&str, &str); 20] = [
    ("The caller tried another workplace with the same result.", "来电人更换工位后情况相同。"),
    ("It began after the maintenance of last weekend.", "上周末维护之后开始出现。"),
    ("Monitoring shows a peak of the load at the same time.", "监控显示同一时间负载达到峰值。"),
    ("About thirty people of the department are affected.", "该部门约三十人受影响。"),
    ("A restart of the application server helped for an hour.", "重启应用服务器后恢复约一小时。"),
    ("The supplier was informed and has opened a case.", "已通知供应商并登记工单。"),
    ("Logs name a timeout of the storage network.", "日志显示存储网络超时。"),
    ("No data was lost.", "没有数据丢失。"),
    ("The route through the second data centre works.", "经第二数据中心的线路正常。"),
    ("Checked with the team that owns the platform.", "已与平台负责团队核对。"),
    ("A known error describes the same pattern.", "已知错误中有相同现象。"),
    ("The customer asks for an answer before the shift ends.", "客户要求在下班前答复。"),
    ("Firewall rules were compared and are unchanged.", "防火墙规则已比对，没有变化。"),
    ("The certificate chain was renewed and tested.", "证书链已更新并测试。"),
    ("Cables were replaced and the port was moved.", "已更换网线并调整端口。"),
    ("An index of the database was rebuilt.", "已重建数据库索引。"),
    ("Quota was raised by the administrator.", "管理员已提高配额。"),
    ("The workaround is written down in the knowledge base.", "临时方案已写入知识库。"),
    ("Evidence is attached to the record.", "相关证据已附在记录中。"),
    ("Reviewed by the process owner without remarks.", "流程负责人评审，无意见。"),
];

/// Groups that work is given to.
pub(super) const GROUPS: [&str; 12] = [
    "service desk",
    "network",
    "servers",
    "databases",
    "workplace",
    "applications",
    "storage",
    "security",
    "telephony",
    "field service",
    "data centre",
    "identity",
];
/// What an incident is about.
pub(super) const CATEGORIES: [&str; 10] =
    ["access", "mail", "network", "hardware", "software", "printing", "storage", "performance", "data", "telephony"];
/// How people get in touch.
pub(super) const CHANNELS: [&str; 5] = ["phone", "portal", "mail", "chat", "walk-in"];
/// Where things are.
pub(super) const PLACES: [&str; 8] =
    ["Beijing DC1", "Shanghai DC2", "Guangzhou", "Chengdu", "Building A", "Building B", "Hospital east", "Warehouse 3"];
/// Types of configuration items.
pub(super) const CI_TYPES: [&str; 10] = [
    "server",
    "virtual machine",
    "database",
    "application",
    "switch",
    "router",
    "storage array",
    "workstation",
    "printer",
    "licence",
];

const SURNAMES: [&str; 20] = [
    "wang", "li", "zhang", "liu", "chen", "yang", "huang", "zhao", "wu", "zhou", "xu", "sun", "ma", "zhu", "hu", "guo",
    "he", "lin", "gao", "luo",
];
const GIVEN: [&str; 16] = [
    "wei", "fang", "min", "jing", "lei", "yan", "jun", "jie", "tao", "ming", "hong", "xin", "bo", "ying", "hao", "ning",
];

/// The name of the n-th user.
pub(super) fn user(n: usize) -> String {
    let (surname, given) = (SURNAMES[n % SURNAMES.len()], GIVEN[n / SURNAMES.len() % GIVEN.len()]);
    match n / (SURNAMES.len() * GIVEN.len()) {
        0 => format!("{given}.{surname}"),
        more => format!("{given}.{surname}{}", more + 1),
    }
}

/// The language of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Language {
    pub(super) fn of(self, pair: (&'static str, &'static str)) -> &'static str {
        match self {
            Self::En => pair.0,
            Self::Zh => pair.1,
        }
    }
}

fn any(dice: &mut Dice, language: Language, all: &[(&'static str, &'static str)]) -> &'static str {
    language.of(dice.pick(all).copied().unwrap_or_default())
}

/// One line about something that is wrong or wanted.
pub(super) fn title(dice: &mut Dice, language: Language) -> String {
    let (service, trouble) = (any(dice, language, &SERVICES), any(dice, language, &TROUBLE));
    match language {
        Language::En => format!("{service}: {trouble}"),
        Language::Zh => format!("{service}：{trouble}"),
    }
}

/// A few sentences; now and then one that names a host or a code that nothing else names.
pub(super) fn text(dice: &mut Dice, language: Language) -> String {
    let mut parts = Vec::new();
    for _ in 0..=dice.below(3) {
        parts.push(any(dice, language, &DETAIL).to_owned());
    }
    if dice.percent(40) {
        let host = dice.below(9_000) + 1_000;
        parts.push(match language {
            Language::En => format!("Seen on host srv-{host}."),
            Language::Zh => format!("发生在主机 srv-{host}。"),
        });
    }
    if dice.percent(10) {
        parts.push(format!("E{:05}", dice.below(100_000)));
    }
    parts.join(if language == Language::En { " " } else { "" })
}

/// A short phrase.
pub(super) fn phrase(dice: &mut Dice, language: Language) -> String {
    any(dice, language, &TROUBLE).to_owned()
}
