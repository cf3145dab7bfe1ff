//! The prefixes that references may name.

/// The prefixes of the domain guide's 94 record types, in its order.
///
/// A kind may refer to a type that has no kind file yet: the reference is then checked for the form
/// of that type's numbers only, since there is no record it could point to.
pub const DICTIONARY: [&str; 94] = [
    "ACT", "DEC", "CLN", "CTX", "IPT", "SCP", "ACK", "ROL", "RAC", "RSK", "OBJ", "SMP", "RES", "SKL", "TRN", "COM",
    "DOC", "RET", "KNW", "PRC", "SVC", "REQ", "PLN", "CRV", "OTH", "SEL", "CAT", "AST", "PUR", "STK", "REP", "CI",
    "BSL", "CAU", "CST", "SRV", "CMP", "SUR", "SLA", "OLA", "UC", "SPL", "CON", "EVL", "BRC", "DSP", "BGT", "BLN",
    "CMT", "CEN", "ALC", "CLS", "DMD", "CAP", "CHG", "MDL", "BLK", "TRA", "ACC", "REL", "CTC", "INC", "MIR", "SRQ",
    "PRB", "AVR", "OUT", "BCP", "DRT", "INV", "SRK", "CTL", "NDA", "SIN", "ACR", "MPL", "MWO", "BKP", "RST", "EVT",
    "KPI", "KPV", "AUP", "IAU", "FND", "MRV", "RPT", "NCR", "IMP", "PRF", "OBL", "CRT", "STD", "PLG",
];

/// Whether the dictionary has a record type of this prefix.
pub fn is_known(prefix: &str) -> bool {
    DICTIONARY.contains(&prefix)
}
