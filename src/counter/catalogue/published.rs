//! Reading the province's published list: a CSV table with a row a material, or JSON.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::read::whole_file;
use crate::domain::catalogue::{PublishedItem, PublishedMaterial};
use crate::domain::{MaterialCode, TaskCode};
use crate::strict::{FileError, FileProblem};

/// A published list that cannot be read: every problem with its line.
pub type PublishedError = FileError;

/// A row of the table. An item's first columns stand in each of its rows; an item without materials has one row whose
/// last four columns are empty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    task_code: TaskCode,
    item_name: String,
    legal_days: Option<u16>,
    promised_days: Option<u16>,
    material_code: Option<MaterialCode>,
    material_name: Option<String>,
    originals: Option<u8>,
    copies: Option<u8>,
}

/// Reads the list in `bytes`, the content of the file called `file`. What begins with `[` is JSON, all else CSV.
pub fn read_published(file: &str, bytes: &[u8]) -> Result<Vec<PublishedItem>, PublishedError> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        let message = "不是 UTF-8 编码；请另存为 UTF-8 it is not UTF-8; save it as UTF-8";
        whole_file(file, message.to_owned())
    })?;
    // Spreadsheets put a byte order mark before a table.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut problems = Vec::new();
    let items = if text.trim_start().starts_with('[') {
        read_json(text, &mut problems)
    } else {
        read_csv(text, &mut problems)
    };
    find_twins(&items, &mut problems);
    if problems.is_empty() {
        return Ok(items);
    }
    let file = file.to_owned();
    Err(FileError { file, problems })
}

fn problem(line: usize, message: impl Into<String>) -> FileProblem {
    let message = message.into();
    FileProblem { line, message }
}

fn read_json(text: &str, problems: &mut Vec<FileProblem>) -> Vec<PublishedItem> {
    serde_json::from_str(text).unwrap_or_else(|error| {
        problems.push(problem(error.line(), error.to_string()));
        Vec::new()
    })
}

fn read_csv(text: &str, problems: &mut Vec<FileProblem>) -> Vec<PublishedItem> {
    let mut items: Vec<PublishedItem> = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    for row in reader.deserialize::<Row>() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(1, |place| place.line());
                problems.push(problem(line as usize, error.to_string()));
                continue;
            }
        };
        let known = items
            .iter()
            .position(|item| item.task_code == row.task_code);
        let place = known.unwrap_or_else(|| {
            items.push(PublishedItem {
                task_code: row.task_code.clone(),
                name: row.item_name.clone(),
                legal_days: row.legal_days,
                promised_days: row.promised_days,
                materials: Vec::new(),
            });
            items.len() - 1
        });
        let Some(item) = items.get_mut(place) else {
            continue;
        };
        let head = (&item.name, item.legal_days, item.promised_days);
        if head != (&row.item_name, row.legal_days, row.promised_days) {
            let message = format!(
                "事项 {} 各行的名称或时限不一致；请更正 the rows of item {} differ in name or limits; correct them",
                row.task_code, row.task_code
            );
            problems.push(problem(1, message));
        }
        match (
            row.material_code,
            row.material_name,
            row.originals,
            row.copies,
        ) {
            (Some(code), Some(name), Some(originals), Some(copies)) => {
                item.materials.push(PublishedMaterial {
                    code,
                    name,
                    originals,
                    copies,
                });
            }
            (None, None, None, None) => {}
            _ => {
                let message = format!(
                    "事项 {}：材料四列须全部填写或全部留空 item {}: give all four columns of a material, or none",
                    row.task_code, row.task_code
                );
                problems.push(problem(1, message));
            }
        }
    }
    items
}

fn find_twins(items: &[PublishedItem], problems: &mut Vec<FileProblem>) {
    let mut seen = BTreeSet::new();
    for item in items {
        let task = &item.task_code;
        if !seen.insert(task.as_str().to_owned()) {
            let message = format!("事项 {task} 重复；请删去其一 item {task} stands here twice");
            problems.push(problem(1, message));
        }
        for material in &item.materials {
            if !seen.insert(format!("{task}/{}", material.code)) {
                let message = format!(
                    "事项 {task} 的材料 {0} 重复；请删去其一 material {0} of item {task} stands here twice",
                    material.code
                );
                problems.push(problem(1, message));
            }
        }
    }
}
