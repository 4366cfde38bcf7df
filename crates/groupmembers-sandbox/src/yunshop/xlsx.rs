//! A spreadsheet: an archive of five entries, none of them compressed.

use flate2::Crc;

/// One sheet with these rows of texts.
pub(crate) fn sheet(rows: &[Vec<String>]) -> Vec<u8> {
    let cell = |text: &String| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#)
    };
    let rows: String =
        rows.iter().map(|row| format!("<row>{}</row>", row.iter().map(cell).collect::<String>())).collect();
    const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const KIND: &str = "application/vnd.openxmlformats";
    archive(&[
        (
            "[Content_Types].xml",
            format!(
                r#"{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="{KIND}-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{KIND}-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}-officedocument.spreadsheetml.worksheet+xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels",
            format!(
                r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#),
        ),
    ])
}

/// Entries one behind the other, and a list of them at the end.
fn archive(entries: &[(&str, String)]) -> Vec<u8> {
    // 1980-01-01, the first day that the format can name.
    const DATE: u16 = 0x21;
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, text) in entries {
        let (offset, mut crc) = (bytes.len(), Crc::new());
        crc.update(text.as_bytes());
        let mut head = Vec::new();
        // Version 2.0, names in UTF-8, not compressed.
        for field in [20_u16, 0x800, 0, 0, DATE] {
            head.extend(field.to_le_bytes());
        }
        head.extend(crc.sum().to_le_bytes());
        head.extend(size(text.len()));
        head.extend(size(text.len()));
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&head);
        bytes.extend(name.as_bytes());
        bytes.extend(text.as_bytes());
        list.extend(b"PK\x01\x02\x14\0");
        list.extend(&head);
        list.extend([0; 10]);
        list.extend(size(offset));
        list.extend(name.as_bytes());
    }
    let number = (entries.len() as u16).to_le_bytes();
    let (begin, length) = (size(bytes.len()), size(list.len()));
    bytes.extend(&list);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(number);
    bytes.extend(number);
    bytes.extend(length);
    bytes.extend(begin);
    bytes.extend([0, 0]);
    bytes
}
