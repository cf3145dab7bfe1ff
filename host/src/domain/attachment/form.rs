//! What the first bytes of a file say about it.

use std::fmt;

/// The form of a file, as its first bytes show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Empty,
    Pdf,
    Png,
    Jpeg,
    Gif,
    Webp,
    Bmp,
    Tiff,
    /// Also the newer office documents.
    Zip,
    Gzip,
    Bzip2,
    Xz,
    SevenZip,
    Rar,
    /// The older office documents, and messages.
    Ole,
    Rtf,
    Mp3,
    Mp4,
    Wav,
    /// A program for Windows.
    Windows,
    /// A program for Linux.
    Linux,
    /// A program for macOS.
    Mac,
    Wasm,
    /// No known sign, and no byte that text does not have.
    Text,
    /// None of these.
    Unknown,
}

/// Signs at the beginning of a file.
const SIGNS: [(&[u8], Form); 29] = [
    (b"%PDF-", Form::Pdf),
    (b"\x89PNG\r\n\x1a\n", Form::Png),
    (b"\xff\xd8\xff", Form::Jpeg),
    (b"GIF87a", Form::Gif),
    (b"GIF89a", Form::Gif),
    (b"BM", Form::Bmp),
    (b"II*\0", Form::Tiff),
    (b"MM\0*", Form::Tiff),
    (b"PK\x03\x04", Form::Zip),
    (b"PK\x05\x06", Form::Zip),
    (b"\x1f\x8b", Form::Gzip),
    (b"BZh", Form::Bzip2),
    (b"\xfd7zXZ\0", Form::Xz),
    (b"7z\xbc\xaf\x27\x1c", Form::SevenZip),
    (b"Rar!\x1a\x07", Form::Rar),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Form::Ole),
    (b"{\\rtf", Form::Rtf),
    (b"ID3", Form::Mp3),
    (b"\xff\xfb", Form::Mp3),
    (b"\xff\xf3", Form::Mp3),
    (b"\xff\xf2", Form::Mp3),
    (b"MZ", Form::Windows),
    (b"\x7fELF", Form::Linux),
    (b"\xcf\xfa\xed\xfe", Form::Mac),
    (b"\xce\xfa\xed\xfe", Form::Mac),
    (b"\xfe\xed\xfa\xcf", Form::Mac),
    (b"\xfe\xed\xfa\xce", Form::Mac),
    (b"\xca\xfe\xba\xbe", Form::Mac),
    (b"\0asm", Form::Wasm),
];

/// Signs that plain text can begin with as well.
const LETTERS: [Form; 3] = [Form::Bmp, Form::Windows, Form::Mp3];

impl Form {
    /// The form of a file that begins with these bytes.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self::Empty;
        }
        let plain = is_text(head);
        if let Some((_, form)) = SIGNS.iter().find(|(sign, _)| head.starts_with(sign))
            && !(plain && LETTERS.contains(form))
        {
            return *form;
        }
        match (head.get(..4), head.get(4..8), head.get(8..12)) {
            (Some(b"RIFF"), _, Some(b"WEBP")) => Self::Webp,
            (Some(b"RIFF"), _, Some(b"WAVE")) => Self::Wav,
            (_, Some(b"ftyp"), _) => Self::Mp4,
            _ if plain => Self::Text,
            _ => Self::Unknown,
        }
    }

    /// Whether a file of this form can be what is expected.
    pub(super) fn fits(self, expected: Self) -> bool {
        // An empty text is a text.
        self == expected || (expected == Self::Text && matches!(self, Self::Empty | Self::Rtf))
    }

    /// The media type that the form alone gives; none where it can be many.
    pub(super) fn media_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Zip => "application/zip",
            Self::Gzip => "application/gzip",
            Self::Bzip2 => "application/x-bzip2",
            Self::Xz => "application/x-xz",
            Self::SevenZip => "application/x-7z-compressed",
            Self::Rar => "application/vnd.rar",
            Self::Rtf => "application/rtf",
            Self::Mp3 => "audio/mpeg",
            Self::Mp4 => "video/mp4",
            Self::Wav => "audio/wav",
            Self::Windows => "application/x-msdownload",
            Self::Linux => "application/x-executable",
            Self::Mac => "application/x-mach-binary",
            Self::Wasm => "application/wasm",
            Self::Ole | Self::Text | Self::Empty | Self::Unknown => return None,
        })
    }
}

/// Whether bytes can be text in some encoding: UTF-16 with its mark, or anything without a zero byte that is mostly
/// no control characters (GBK has no marks to know it by).
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let odd = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    !head.contains(&0) && head.iter().filter(odd).count() * 50 <= head.len()
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Pdf => "a PDF document",
            Self::Png => "a PNG image",
            Self::Jpeg => "a JPEG image",
            Self::Gif => "a GIF image",
            Self::Webp => "a WebP image",
            Self::Bmp => "a bitmap image",
            Self::Tiff => "a TIFF image",
            Self::Zip => "a ZIP archive",
            Self::Gzip => "a gzip file",
            Self::Bzip2 => "a bzip2 file",
            Self::Xz => "an xz file",
            Self::SevenZip => "a 7-Zip archive",
            Self::Rar => "a RAR archive",
            Self::Ole => "an older office document",
            Self::Rtf => "an RTF document",
            Self::Mp3 => "an MP3 recording",
            Self::Mp4 => "an MP4 recording",
            Self::Wav => "a WAV recording",
            Self::Windows => "a program for Windows",
            Self::Linux => "a program for Linux",
            Self::Mac => "a program for macOS or a Java class",
            Self::Wasm => "a WebAssembly module",
            Self::Text => "plain text",
            Self::Unknown => "of another form",
        })
    }
}
