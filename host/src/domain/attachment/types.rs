//! Common endings of file names, with the media type and the form that go with them.

use super::form::Form;

/// Types of programs and installers: what a double click would run.
pub(super) const PROGRAMS: [&str; 8] = [
    "application/x-msdownload",
    "application/x-msi",
    "application/x-executable",
    "application/x-mach-binary",
    "application/java-archive",
    "application/x-bat",
    "application/x-powershell",
    "application/x-vbscript",
];

/// What senders say who know nothing about the file.
pub(super) const SAYS_NOTHING: [&str; 4] =
    ["", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"];

#[rustfmt::skip]
const ENDINGS: &[(&str, &str, Form)] = &[
    ("7z", "application/x-7z-compressed", Form::SevenZip),
    ("apk", "application/vnd.android.package-archive", Form::Zip),
    ("bat", "application/x-bat", Form::Text),
    ("bmp", "image/bmp", Form::Bmp),
    ("bz2", "application/x-bzip2", Form::Bzip2),
    ("cfg", "text/plain", Form::Text),
    ("cmd", "application/x-bat", Form::Text),
    ("com", "application/x-msdownload", Form::Windows),
    ("conf", "text/plain", Form::Text),
    ("css", "text/css", Form::Text),
    ("csv", "text/csv", Form::Text),
    ("dll", "application/x-msdownload", Form::Windows),
    ("doc", "application/msword", Form::Ole),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Form::Zip),
    ("eml", "message/rfc822", Form::Text),
    ("exe", "application/x-msdownload", Form::Windows),
    ("gif", "image/gif", Form::Gif),
    ("gz", "application/gzip", Form::Gzip),
    ("htm", "text/html", Form::Text),
    ("html", "text/html", Form::Text),
    ("ics", "text/calendar", Form::Text),
    ("ini", "text/plain", Form::Text),
    ("jar", "application/java-archive", Form::Zip),
    ("jpeg", "image/jpeg", Form::Jpeg),
    ("jpg", "image/jpeg", Form::Jpeg),
    ("js", "text/javascript", Form::Text),
    ("json", "application/json", Form::Text),
    ("jsonl", "application/jsonl", Form::Text),
    ("log", "text/plain", Form::Text),
    ("md", "text/markdown", Form::Text),
    ("mp3", "audio/mpeg", Form::Mp3),
    ("mp4", "video/mp4", Form::Mp4),
    ("msg", "application/vnd.ms-outlook", Form::Ole),
    ("msi", "application/x-msi", Form::Ole),
    ("odp", "application/vnd.oasis.opendocument.presentation", Form::Zip),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet", Form::Zip),
    ("odt", "application/vnd.oasis.opendocument.text", Form::Zip),
    ("pdf", "application/pdf", Form::Pdf),
    ("png", "image/png", Form::Png),
    ("ppt", "application/vnd.ms-powerpoint", Form::Ole),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", Form::Zip),
    ("ps1", "application/x-powershell", Form::Text),
    ("rar", "application/vnd.rar", Form::Rar),
    ("rtf", "application/rtf", Form::Rtf),
    ("scr", "application/x-msdownload", Form::Windows),
    ("sh", "application/x-sh", Form::Text),
    ("sql", "application/sql", Form::Text),
    ("svg", "image/svg+xml", Form::Text),
    ("tgz", "application/gzip", Form::Gzip),
    ("tif", "image/tiff", Form::Tiff),
    ("tiff", "image/tiff", Form::Tiff),
    ("toml", "application/toml", Form::Text),
    ("txt", "text/plain", Form::Text),
    ("vbs", "application/x-vbscript", Form::Text),
    ("vsdx", "application/vnd.ms-visio.drawing", Form::Zip),
    ("wasm", "application/wasm", Form::Wasm),
    ("wav", "audio/wav", Form::Wav),
    ("webp", "image/webp", Form::Webp),
    ("xls", "application/vnd.ms-excel", Form::Ole),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Form::Zip),
    ("xml", "application/xml", Form::Text),
    ("xz", "application/x-xz", Form::Xz),
    ("yaml", "application/yaml", Form::Text),
    ("yml", "application/yaml", Form::Text),
    ("zip", "application/zip", Form::Zip),
];

/// The media type and the form that a file name promises by its ending.
pub(super) fn by_name(name: &str) -> Option<(&'static str, Form)> {
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _, _)| *known == ending).map(|(_, media_type, form)| (*media_type, *form))
}

/// The form that files of a media type have; none where we do not know.
pub(super) fn expected(media_type: &str) -> Option<Form> {
    ENDINGS.iter().find(|(_, known, _)| *known == media_type).map(|(_, _, form)| *form)
}
