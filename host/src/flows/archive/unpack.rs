//! Reading an archive: everything in it is checked before any of it is used.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write as _};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::manifest::{ATTACHMENTS, COMPONENTS, FORMAT, Manifest, Member, NAME, SEAL_DIGITS, VERSION};
use crate::domain::canonical;
use crate::domain::refusal::Refusal;
use crate::store::archive::{Cell, RECORDS, TABLES, Table, Ty};
use crate::store::{StoreError, migrate};

/// Longest manifest, in bytes.
const MAX_MANIFEST: u64 = 16 << 20;
/// Longest component, in bytes.
const MAX_COMPONENT: u64 = 64 << 20;

/// An archive whose every byte was checked, its members unpacked into temporary files.
pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    /// SHA-256 of the archive up to its seal.
    pub(super) seal: String,
    members: BTreeMap<String, File>,
}

/// Checks and unpacks an archive; `name` is the file's, for messages.
pub(super) fn unpack(mut file: File, name: &str) -> Result<Unpacked, Refusal> {
    let seal = sealed(&mut file, name)?;
    let damaged = |why: String| damaged(name, why);
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(format!("it is no ZIP file: {e}")))?;
    let manifest = manifest(&mut zip, name)?;
    let known: Vec<&str> = manifest.members.iter().map(|member| member.name.as_str()).chain([NAME]).collect();
    let names: Vec<String> = zip.file_names().map(|name| name.map(|n| n.into_owned()).unwrap_or_default()).collect();
    if let Some(stranger) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(damaged(format!("it has a member '{stranger}' that its manifest does not name")));
    }
    let mut members = BTreeMap::new();
    for member in &manifest.members {
        check(member, name)?;
        let inside = zip.by_name(&member.name);
        let inside = inside.map_err(|e| damaged(format!("its member {} cannot be read: {e}", member.name)))?;
        let unpacked = copy(inside, member, name)?;
        if members.insert(member.name.clone(), unpacked).is_some() {
            return Err(damaged(format!("its manifest names {} twice", member.name)));
        }
    }
    Ok(Unpacked { manifest, seal, members })
}

fn damaged(name: &str, why: String) -> Refusal {
    Refusal::invalid("archive-damaged", "file", format!("{name}: {why}"))
}

fn unreadable(name: &str, error: &std::io::Error) -> Refusal {
    Refusal::invalid("archive-damaged", "file", format!("{name}: it cannot be read: {error}"))
}

/// Compares the file with the checksum at its end.
fn sealed(file: &mut File, name: &str) -> Result<String, Refusal> {
    let read = |e: std::io::Error| unreadable(name, &e);
    let digits = u64::try_from(SEAL_DIGITS).unwrap_or_default();
    let length = file.seek(SeekFrom::End(0)).map_err(read)?;
    let Some(body) = length.checked_sub(digits) else {
        return Err(damaged(name, "it is no archive of an organisation, or was cut".to_owned()));
    };
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    let mut hash = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 20, &*file).take(body);
    loop {
        let chunk = reader.fill_buf().map_err(read)?;
        if chunk.is_empty() {
            break;
        }
        hash.update(chunk);
        let length = chunk.len();
        reader.consume(length);
    }
    let mut seal = Vec::new();
    reader.into_inner().take(digits).read_to_end(&mut seal).map_err(read)?;
    let is = canonical::hex(&hash.finalize());
    if seal != is.as_bytes() {
        let why = "it was cut or changed: the checksum at its end is not that of its content";
        return Err(damaged(name, why.to_owned()));
    }
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    Ok(is)
}

fn manifest(zip: &mut ZipArchive<BufReader<File>>, name: &str) -> Result<Manifest, Refusal> {
    let damaged = |why: String| damaged(name, why);
    let mut text = Vec::new();
    let inside = zip.by_name(NAME).map_err(|e| damaged(format!("it has no {NAME}: {e}")))?;
    inside.take(MAX_MANIFEST).read_to_end(&mut text).map_err(|e| unreadable(name, &e))?;
    // The version is looked at first: another one may say other things.
    let loose: Value = serde_json::from_slice(&text).map_err(|e| damaged(format!("its {NAME} is not JSON: {e}")))?;
    if loose["format"] != FORMAT {
        return Err(damaged("it is no archive of an organisation".to_owned()));
    }
    let other = |what: String| Refusal::invalid("archive-version", "file", format!("{name}: {what}"));
    if loose["version"] != VERSION {
        let what = format!("its format has version {}; this server reads version {VERSION}", loose["version"]);
        return Err(other(what));
    }
    let manifest: Manifest =
        serde_json::from_value(loose).map_err(|e| damaged(format!("its {NAME} cannot be read: {e}")))?;
    if manifest.schema > migrate::newest() {
        return Err(other(format!(
            "it was made from tables of version {}, newer than this server's {}: restore it with Mortise {} or newer",
            manifest.schema,
            migrate::newest(),
            manifest.made_with
        )));
    }
    Ok(manifest)
}

/// Refuses a member that is neither rows of a table that we know nor a component.
fn check(member: &Member, name: &str) -> Result<(), Refusal> {
    let Some(table) = &member.table else {
        let digest = Some(member.sha256.as_str());
        let component = member.name.strip_prefix(COMPONENTS).and_then(|rest| rest.strip_suffix(".wasm")) == digest;
        let attachment = member.name.strip_prefix(ATTACHMENTS) == digest;
        if attachment || (component && member.bytes <= MAX_COMPONENT) {
            return Ok(());
        }
        return Err(damaged(name, format!("its member {} is neither a component nor an attachment", member.name)));
    };
    let Some(table) = table_of(table) else {
        return Err(damaged(name, format!("its member {} is for a table {table} that there is not", member.name)));
    };
    let known = |column: &String| table.archived().any(|(known, _)| known == column);
    match member.columns.iter().find(|column| !known(column)) {
        None => Ok(()),
        Some(column) => Err(damaged(name, format!("{} has no column {column}", table.name))),
    }
}

fn table_of(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Unpacks a member into a temporary file, and holds it against the manifest.
fn copy(inside: impl Read, member: &Member, name: &str) -> Result<File, Refusal> {
    let no_room = |error: std::io::Error| {
        tracing::error!(%error, "an archive cannot be unpacked");
        Refusal::unavailable("temporary-file", format!("{name} cannot be unpacked here: {error}"))
    };
    let mut out = BufWriter::new(tempfile::tempfile().map_err(no_room)?);
    let mut reader = BufReader::with_capacity(256 << 10, inside.take(member.bytes.saturating_add(1)));
    let (mut hash, mut length, mut lines) = (Sha256::new(), 0_u64, 0_u64);
    loop {
        let chunk = reader.fill_buf();
        let chunk = chunk.map_err(|e| damaged(name, format!("its member {} cannot be read: {e}", member.name)))?;
        if chunk.is_empty() {
            break;
        }
        hash.update(chunk);
        lines += chunk.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        out.write_all(chunk).map_err(no_room)?;
        let read = chunk.len();
        length += u64::try_from(read).unwrap_or_default();
        reader.consume(read);
    }
    let whole = length == member.bytes && canonical::hex(&hash.finalize()) == member.sha256;
    if !whole || (member.table.is_some() && lines != member.rows) {
        return Err(damaged(name, format!("its member {} is not what its manifest says", member.name)));
    }
    let mut file = out.into_inner().map_err(|e| no_room(e.into_error()))?;
    file.seek(SeekFrom::Start(0)).map_err(no_room)?;
    Ok(file)
}

impl Unpacked {
    /// A table's rows as objects, from the first one.
    pub(super) fn objects(&self, table: &str) -> Result<Objects, StoreError> {
        let member = self.manifest.members.iter().find(|member| member.table.as_deref() == Some(table));
        let Some(member) = member else { return Ok(Objects { lines: None, name: table.to_owned(), row: 0 }) };
        Ok(Objects { lines: Some(self.open(&member.name)?), name: member.name.clone(), row: 0 })
    }

    fn open(&self, name: &str) -> Result<BufReader<File>, StoreError> {
        let broken = |why: std::io::Error| StoreError::Corrupt { what: name.to_owned(), why: why.to_string() };
        let Some(file) = self.members.get(name) else { return Err(broken(std::io::ErrorKind::NotFound.into())) };
        let mut file = file.try_clone().map_err(broken)?;
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        Ok(BufReader::new(file))
    }

    /// The bytes of a component.
    pub(super) fn component(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let name = format!("{COMPONENTS}{digest}.wasm");
        let mut bytes = Vec::new();
        let broken = |why: std::io::Error| StoreError::Corrupt { what: name.clone(), why: why.to_string() };
        self.open(&name)?.read_to_end(&mut bytes).map_err(broken)?;
        Ok(bytes)
    }

    /// Digests of the components whose bytes are in the archive.
    pub(super) fn digests(&self) -> Vec<String> {
        self.below(COMPONENTS)
    }

    /// SHA-256 of the attachments whose bytes are in the archive.
    pub(super) fn attachments(&self) -> Vec<String> {
        self.below(ATTACHMENTS)
    }

    fn below(&self, folder: &str) -> Vec<String> {
        let below = self.manifest.members.iter().filter(|member| member.name.starts_with(folder));
        below.map(|member| member.sha256.clone()).collect()
    }

    /// The bytes of an attachment, from the first one.
    pub(super) fn attachment(&self, sha256: &str) -> Result<BufReader<File>, StoreError> {
        self.open(&format!("{ATTACHMENTS}{sha256}"))
    }

    /// The members that hold rows other than records, with their tables.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&'static Table, &Member)> {
        TABLES.iter().filter(|table| table.name != RECORDS).filter_map(|table| {
            let member = self.manifest.members.iter().find(|member| member.table.as_deref() == Some(table.name))?;
            Some((table, member))
        })
    }
}

/// The rows of a member, as objects.
pub(super) struct Objects {
    lines: Option<BufReader<File>>,
    name: String,
    row: u64,
}

impl Iterator for Objects {
    type Item = Result<Map<String, Value>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row += 1;
        let mut line = String::new();
        let broken = |why: String| StoreError::Corrupt { what: format!("{}, line {}", self.name, self.row), why };
        match self.lines.as_mut()?.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).map_err(|e| broken(e.to_string()))),
            Err(e) => Some(Err(broken(e.to_string()))),
        }
    }
}

impl Objects {
    /// The same rows as cells of these columns.
    pub(super) fn cells(
        self,
        table: &'static Table,
        columns: Vec<String>,
    ) -> impl Iterator<Item = Result<Vec<Cell>, StoreError>> + Send {
        let name = self.name.clone();
        (1_u64..).zip(self).map(move |(row, object)| {
            let object = object?;
            let cell = |column: &String| {
                let ty = table.archived().find(|(known, _)| known == column).map(|(_, ty)| *ty);
                match (object.get(column), ty) {
                    (Some(Value::Null), _) => Ok(Cell::Null),
                    (Some(Value::String(text)), Some(Ty::Text)) => Ok(Cell::Text(text.clone())),
                    (Some(Value::Number(number)), Some(Ty::Int)) if number.is_i64() => {
                        Ok(Cell::Int(number.as_i64().unwrap_or_default()))
                    }
                    _ => Err(StoreError::Corrupt {
                        what: format!("{name}, line {row}"),
                        why: format!("{column} is missing, or of another type"),
                    }),
                }
            };
            columns.iter().map(cell).collect()
        })
    }
}
