//! The files that exports answer with.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use serde_json::Map;

use crate::command::{self, Answer, Command};
use crate::error::{DecodeError, DecodeErrorKind, Error};

/// A file that the shop made.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct File {
    /// What it is, by its bytes: the content types of PHP hosts are not to be relied on.
    pub kind: FileKind,
    /// The name that the shop gives it, without a path; it may have the group's name in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the shop calls its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The file itself, full of people's data. Written as JSON, their number stands for the bytes.
    #[serde(serialize_with = "number")]
    pub bytes: Vec<u8>,
}

fn number<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(bytes.len() as u64)
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("kind", &self.kind).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum FileKind {
    /// A spreadsheet, `.xlsx`.
    Xlsx,
    /// A spreadsheet of before 2007, `.xls`.
    Xls,
    /// An archive, in which there may be spreadsheets.
    Zip,
}

impl FileKind {
    fn of(bytes: &[u8]) -> Option<Self> {
        // The names of an archive's entries are not compressed, and a spreadsheet has this one.
        const CONTENTS: &[u8] = b"[Content_Types].xml";
        if bytes.starts_with(b"PK\x03\x04") {
            let is_sheet = bytes.windows(CONTENTS.len()).any(|window| window == CONTENTS);
            return Some(if is_sheet { Self::Xlsx } else { Self::Zip });
        }
        bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").then_some(Self::Xls)
    }

    /// Whether the file ends where such files end.
    fn is_whole(self, bytes: &[u8]) -> bool {
        match self {
            // An archive's list of contents stands at its end, behind it a comment of at most 65,535 bytes.
            Self::Xlsx | Self::Zip => {
                let end = &bytes[bytes.len().saturating_sub(22 + 65_535)..];
                end.len() >= 22 && end[..end.len() - 18].windows(4).any(|window| window == b"PK\x05\x06")
            }
            // In whole sectors, the first of them the head.
            Self::Xls => bytes.len() > 512 && bytes.len().is_multiple_of(512),
        }
    }
}

/// Reads an answer that should be a file.
pub(crate) fn receive<C: Command<Data = File>>(
    response: http::Response<Cow<'_, [u8]>>,
    secrets: &[&str],
) -> Result<Answer<File>, Error> {
    let body = response.body();
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let kind = FileKind::of(body);
    let problem = match kind {
        _ if response.status() != http::StatusCode::OK => None,
        Some(kind) if kind.is_whole(body) => None,
        Some(_) => Some((DecodeErrorKind::CutOff, "the file ends in the middle")),
        // A refusal, or nothing at all.
        None if text.is_empty() || text.starts_with(b"{") => None,
        None if text.starts_with(b"<") => Some((
            DecodeErrorKind::NoFile,
            "it is a page and no file: an error page, or one on which the shop shows how far it is with a long list, which is not \
             followed; ask for fewer rows by filters",
        )),
        None => Some((DecodeErrorKind::NoFile, "it is neither a spreadsheet nor a refusal")),
    };
    if let Some((kind, reason)) = problem {
        let (headers, reason) = (response.headers(), reason.to_owned());
        return Err(Error::Decode(Box::new(DecodeError::new(C::NAME, kind, reason, headers, body, secrets))));
    }
    let Some(kind) = kind.filter(|_| response.status() == http::StatusCode::OK) else {
        return command::receive::<C>(&response, secrets);
    };
    let (head, body) = response.into_parts();
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let file = File {
        kind,
        name: name(&head.headers),
        content_type: content_type.map(ToOwned::to_owned),
        bytes: body.into_owned(),
    };
    Ok(Answer { result: 1, msg: None, data: file, extra: Map::new() })
}

/// What a success is that brings JSON and no file.
pub(crate) fn no_file() -> (DecodeErrorKind, String) {
    (DecodeErrorKind::NoFile, "the shop says yes, and sends no file".to_owned())
}

/// The name in `Content-Disposition`, of which nothing is left that could lead out of a folder.
fn name(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let parameter = |wanted: &str| {
        text.split(';').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
        })
    };
    let encoded = parameter("filename*").and_then(|value| value.splitn(3, '\'').nth(2));
    let name = encoded.or_else(|| parameter("filename"))?;
    // Some hosts encode the plain form, too.
    let name = percent_decode_str(name).decode_utf8_lossy();
    let name: String = name.rsplit(['/', '\\']).next()?.chars().filter(|c| !c.is_control()).take(200).collect();
    let name = name.trim().trim_start_matches('.');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn names_lead_nowhere() {
        for (value, wanted) in [
            ("attachment; filename=\"members.xlsx\"", Some("members.xlsx")),
            ("attachment; filename=members.xlsx", Some("members.xlsx")),
            ("attachment; filename=\"a.xlsx\"; filename*=UTF-8''%E7%BE%A4.xlsx", Some("群.xlsx")),
            ("attachment; FileName=\"%E7%BE%A4.xlsx\"", Some("群.xlsx")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"..%2f..%5c.bashrc\"", Some("bashrc")),
            ("attachment; filename=\"a%0a%00b\"", Some("ab")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=", None),
            ("attachment", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            assert_eq!(name(&headers).as_deref(), wanted, "{value}");
        }
    }
}
